"""Pages with every answer there is about a plan: what moved, why, in which futures, at what price."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from tests.office.test_kinds import done

from khien import Programme
from khien.office.acts.record import Actor
from khien.office.models import Run, User, Version
from khien.office.rights import Role

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@dataclass
class Asked:
    """A plan and what was asked about it."""

    plan: Run
    whatif: Run
    stress: Run
    explain: Run
    frontier: Run


@pytest.fixture
def asked(actor: Callable[..., Actor], first: Version, isle: Programme) -> Asked:
    """All questions, answered."""
    analyst = actor(Role.ANALYST)
    shock = isle.shocks["id"].to_list()[:1]
    plan = done(analyst, "plan", first, {"work": 500})
    made: dict[str, Any] = {"plan": plan}
    made["whatif"] = done(analyst, "whatif", first, {"budget_factor": 1.2, "time_limit": 2.0}, plan)
    made["stress"] = done(analyst, "stress", first, {"draws": 200, **({"shocks": shock} if shock else {})}, plan)
    made["explain"] = done(analyst, "explain", first, {}, plan)
    made["frontier"] = done(analyst, "frontier", first, {"points": 2, "time_limit": 4.0})
    return Asked(**made)


def test_every_answer_has_its_page_in_both_languages(
    visit: Callable[..., Client], person: Callable[..., User], asked: Asked, isle: Programme
) -> None:
    browser, who = visit(Role.ANALYST), person(Role.ANALYST)
    plan, taken = asked.plan.pk, isle.projects["id"].to_list()
    pages = [
        f"/plan/{plan}/", f"/plan/{plan}/why/", f"/plan/{plan}/frontier/", f"/stress/{asked.stress.pk}/", "/stress/",
        f"/what-if/{asked.whatif.pk}/", f"/what-if/{asked.whatif.pk}/?form", f"/plan/{asked.whatif.pk}/",
        f"/plan/compare/?a={plan}&b={asked.whatif.pk}", *(f"/plan/{plan}/projects/{name}/" for name in taken),
    ]  # fmt: skip
    for lang in ("vi", "en"):
        User.objects.filter(pk=who.pk).update(language=lang)
        for path in pages:
            answer = browser.get(path, follow=True)
            text = answer.content.decode()
            assert answer.status_code == 200, path
            assert f'lang="{lang}"' in text
            plain = re.sub(r"<[^>]+>", " ", text)
            assert not re.search(r"\b(?:pages|board|draw|office|cli)_[a-z]+_?[a-z]*\b", plain), path
            for source in re.findall(r'(?:src|srcset)="(/pictures/[^"]+)"', text):
                assert browser.get(source).status_code == 200, source
            for source in re.findall(r'href="(/pictures/[^"]+\.csv)"', text):
                assert list(csv.reader(io.StringIO(browser.get(source).content.decode("utf-8-sig")))), source


def test_pages_say_what_the_answers_say(
    visit: Callable[..., Client], person: Callable[..., User], asked: Asked, isle: Programme
) -> None:
    browser, plan = visit(Role.VIEWER), asked.plan.pk
    why = browser.get(f"/plan/{plan}/why/").content.decode()
    assert all(f"/plan/{plan}/projects/{name}/" in why for name in isle.projects["id"].to_list())
    reasons = [browser.get(f"/plan/{plan}/projects/{name}/").content.decode() for name in isle.projects["id"].to_list()]
    assert any("value falls by" in text for text in reasons)
    head = browser.get(f"/plan/{plan}/").content.decode()
    assert "In the stress test, coverage in" in head
    moved = browser.get(f"/what-if/{asked.whatif.pk}/").content.decode()
    assert "Budget factor" in moved
    assert "1.2" in moved
    stress = browser.get(f"/stress/{asked.stress.pk}/").content.decode()
    assert re.search(r'src="/pictures/\d+/stress/fan-coverage', stress)
    assert "200" in stress
    assert re.search(r'src="/pictures/\d+/frontier/frontier\.', browser.get(f"/plan/{plan}/frontier/").content.decode())


def test_only_the_shocks_that_were_chosen_happen(asked: Asked, isle: Programme) -> None:
    import polars as pl

    from khien.board.charts.sight import sight_of

    chosen = asked.stress.settings.get("shocks")
    ranking = sight_of(asked.plan, asked.stress).results().frame("stress_ranking")
    hurt = ranking.filter(pl.col("kind") == "shock")["id"].to_list()
    assert chosen is None or set(hurt) <= set(chosen)
