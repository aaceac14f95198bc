"""Every kind of run, from what is asked to the page that shows the answer, on the island."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from khien import Programme
from khien.board.asking import number
from khien.office.acts import queue
from khien.office.acts.imports import ask_import
from khien.office.acts.record import Actor
from khien.office.acts.runs import ask_run, restart_run
from khien.office.acts.trouble import Trouble
from khien.office.archive import pack
from khien.office.jobs import child
from khien.office.jobs.kinds import KINDS
from khien.office.jobs.told import spoken
from khien.office.models import Run, User, Version
from khien.office.rights import Role

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

ASKED: dict[str, dict[str, Any]] = {
    "whatif": {"budget_factor": 1.1, "time_limit": 2.0},
    "stress": {"draws": 200},
    "reliance": {"year": 2029, "country": "xi"},
    "frontier": {"points": 2, "time_limit": 4.0},
    "report": {},
    "explain": {},
}


def done(actor: Actor, kind: str, version: Version, asked: dict[str, Any], source: Run | None = None) -> Run:
    """A run of this kind, asked for and worked to its end in this process."""
    return worked(ask_run(actor, kind, version, asked, source=source))


def worked(run: Run) -> Run:
    """The run as a worker in this process leaves it."""
    claim = queue.take_next("here")
    assert claim is not None
    child.do(claim)
    run.refresh_from_db()
    assert run.state == Run.State.DONE, (run.kind, run.trouble_en, run.log)
    return run


def test_every_kind_comes_to_an_answer_that_both_languages_show(
    actor: Callable[..., Actor], person: Callable[..., User], visit: Callable[..., Client], first: Version,
    isle: Programme,
) -> None:  # fmt: skip
    analyst = actor(Role.ANALYST)
    plan = done(analyst, "plan", first, {"work": 500})
    runs = {"plan": plan}
    for kind, asked in ASKED.items():
        runs[kind] = done(analyst, kind, first, asked, plan if KINDS[kind].sources else None)
    runs["import"] = worked(ask_import(analyst, first, "p.zip", pack(isle)))
    assert set(runs) == set(KINDS)
    browser, who = visit(Role.ANALYST), person(Role.ANALYST)
    for lang in ("vi", "en"):
        User.objects.filter(pk=who.pk).update(language=lang)
        for kind, run in runs.items():
            page = browser.get(f"/runs/{run.pk}/")
            text = page.content.decode()
            assert page.status_code == 200, kind
            assert f'lang="{lang}"' in text
            assert not [word for word in ("office_told_", "board_", "cli_stress_") if word in text], (kind, lang)
            for artefact in run.artefacts.all()[:40]:
                assert browser.get(f"/runs/{run.pk}/files/{artefact.name}").status_code == 200, artefact.name
    names = set(runs["report"].artefacts.values_list("name", flat=True))
    assert {"report.vi.html", "report.en.html", "report.vi.pdf", "report.en.pdf", "results.xlsx"} <= names
    assert runs["whatif"].headline["value"] >= plan.headline["value"] - 1e-9


@pytest.mark.parametrize("state", [Run.State.LOST, Run.State.CANCELLED, Run.State.FAILED])
def test_every_kind_can_be_started_again(
    actor: Callable[..., Actor], first: Version, isle: Programme, state: str
) -> None:
    analyst = actor(Role.ANALYST)
    plan = done(analyst, "plan", first, {"work": 300})
    quick = {kind: ASKED[kind] for kind in ("stress", "reliance", "frontier", "whatif")}
    sources = {kind: plan if KINDS[kind].sources else None for kind in quick}
    runs = [ask_run(analyst, kind, first, asked, source=sources[kind]) for kind, asked in quick.items()]
    runs.append(ask_import(analyst, first, "p.zip", pack(isle)))
    for run in runs:
        # A worker took it and was killed.
        Run.objects.filter(pk=run.pk).update(state=state, attempt=1, worker="gone", cancel_asked=state == "cancelled")
        restart_run(analyst, run)
        again = worked(run)
        assert (again.state, again.attempt, again.worker) == (Run.State.DONE, 2, "here")


def test_ids_in_sentences_stand_by_their_names_and_words_stay() -> None:
    names = {"ground-sensor": {"vi": "Cảm biến", "en": "Ground sensor"}, "data": {"vi": "x", "en": "x"}}
    told = {"en": "it waits for ground-sensor (never), data stay", "vi": "phải chờ ground-sensor-2"}
    assert spoken(told, names) == told | {"en": "it waits for Ground sensor (never), data stay"}


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "1_0", "much"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Trouble):
        number(text)
