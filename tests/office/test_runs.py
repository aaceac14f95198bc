"""Runs as rows: asked for once, taken once, ended once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from khien.office.acts import queue
from khien.office.acts.record import Actor
from khien.office.acts.runs import ask_run, cancel_run, restart_run
from khien.office.acts.trouble import Trouble
from khien.office.doors import Refused
from khien.office.jobs.plan import no_plan
from khien.office.models import Artefact, Entry, Run, Version
from khien.office.rights import Role
from khien.plan.clash import NoPlan, Rule

Act = Callable[..., Actor]


@pytest.fixture
def run(actor: Act, first: Version) -> Run:
    """A plan that waits."""
    return ask_run(actor(Role.ANALYST), "plan", first, {"time_limit": 1.0})


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder of results."""
    (tmp_path / "plan.json").write_text("{}")
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "money.csv").write_text("year\n")
    return tmp_path


def state(run: Run) -> str:
    return Run.objects.values_list("state", flat=True).get(pk=run.pk)


def fall_silent(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(beat=timezone.now() - queue.SILENCE - timedelta(seconds=1))


def test_the_same_request_is_the_same_run(actor: Act, first: Version, run: Run) -> None:
    assert ask_run(actor(Role.ANALYST, "second"), "plan", first, {"time_limit": 1.0, "budget_factor": 1.0}) == run
    assert ask_run(actor(Role.ANALYST), "plan", first, {"time_limit": 1.0}, seed=1) != run
    assert ask_run(actor(Role.ANALYST), "plan", first, {"time_limit": 2.0}) != run
    assert Entry.objects.filter(act="run.ask").count() == 3


def test_a_stored_result_is_given_again_and_a_failure_is_not(actor: Act, first: Version, run: Run, out: Path) -> None:
    claim = queue.take_next("w")
    assert claim is not None
    assert queue.hand_in(claim, {"value": 1.0}, out)
    assert ask_run(actor(Role.ANALYST), "plan", first, {"time_limit": 1.0}) == run
    Run.objects.filter(pk=run.pk).update(state=Run.State.FAILED)
    assert ask_run(actor(Role.ANALYST), "plan", first, {"time_limit": 1.0}) != run


@pytest.mark.parametrize(
    "wrong", [{"time_limit": -1.0}, {"time_limit": 1e6}, {"no_such": 1}, {"budget_factor": "much"}]
)
def test_wrong_settings_are_refused_in_words(actor: Act, first: Version, wrong: dict[str, object]) -> None:
    with pytest.raises(Trouble) as trouble:
        ask_run(actor(Role.ANALYST), "plan", first, wrong)
    assert trouble.value.message("vi") != trouble.value.message("en")
    assert not Run.objects.exists()


def test_who_may_not_start_is_refused(actor: Act, first: Version) -> None:
    with pytest.raises(Refused):
        ask_run(actor(Role.VIEWER), "plan", first, {})


def test_a_report_needs_a_finished_plan(actor: Act, first: Version, run: Run) -> None:
    with pytest.raises(Trouble, match="finished plan"):
        ask_run(actor(Role.ANALYST), "report", first, {}, source=run)
    with pytest.raises(Trouble, match="finished plan"):
        ask_run(actor(Role.ANALYST), "report", first, {})


def test_a_run_is_taken_once(run: Run) -> None:
    claim = queue.take_next("one")
    assert claim == queue.Claim(run.pk, "one", 1)
    assert queue.take_next("two") is None
    assert queue.beat(queue.Claim(run.pk, "two", 1)) is False


def test_what_came_out_is_stored_with_the_end_in_the_log(run: Run, out: Path) -> None:
    claim = queue.take_next("w")
    assert claim is not None
    queue.tell(claim, 0.5, "half")
    assert queue.hand_in(claim, {"value": 1.0}, out, "told")
    run.refresh_from_db()
    assert (run.state, run.share, run.headline, run.log) == ("done", 1.0, {"value": 1.0}, "told")
    assert list(Artefact.objects.values_list("name", flat=True)) == ["charts/money.csv", "plan.json"]
    last = Entry.objects.order_by("-seq").first()
    assert last is not None
    assert (last.act, last.actor_name) == ("run.end", "")
    assert queue.hand_in(claim, {"value": 2.0}, out) is False


def test_a_silent_worker_loses_its_run_and_cannot_hand_it_in(actor: Act, run: Run, out: Path) -> None:
    old = queue.take_next("old")
    assert old is not None
    assert queue.find_lost() == 0
    fall_silent(run)
    assert queue.find_lost() == 1
    assert state(run) == "lost"
    assert queue.hand_in(old, {"value": 1.0}, out) is False
    restart_run(actor(Role.ANALYST, "second"), Run.objects.get(pk=run.pk))
    new = queue.take_next("new")
    assert new == queue.Claim(run.pk, "new", 2)
    assert queue.hand_in(old, {"value": 1.0}, out) is False
    assert queue.hand_in(new, {"value": 2.0}, out)
    assert Run.objects.get(pk=run.pk).headline == {"value": 2.0}


def test_cancelling(actor: Act, run: Run, out: Path) -> None:
    with pytest.raises(Refused):
        cancel_run(actor(Role.ANALYST, "second"), run)
    claim = queue.take_next("w")
    assert claim is not None
    assert queue.beat(claim)
    cancel_run(actor(Role.ANALYST), run)
    assert queue.beat(claim) is False
    assert queue.hand_in(claim, {}, out) is False
    assert queue.give_up(claim, Run.State.CANCELLED)
    with pytest.raises(Refused, match="over"):
        cancel_run(actor(Role.ANALYST), Run.objects.get(pk=run.pk))


def test_an_administrator_stops_what_waits_at_once(actor: Act, run: Run) -> None:
    cancel_run(actor(Role.ADMINISTRATOR), run)
    assert state(run) == "cancelled"
    assert queue.take_next("w") is None
    with pytest.raises(Refused):
        restart_run(actor(Role.VIEWER), Run.objects.get(pk=run.pk))


@pytest.mark.parametrize("smallest", [True, False])
def test_a_run_without_a_plan_claims_a_clash_only_where_one_was_found(smallest: bool) -> None:
    clash, missed = Rule("mọi quy tắc", "every rule", "limits", "*"), Rule("một quy tắc", "one rule", "limits", "a")
    answer = no_plan(NoPlan([clash], certain=False, smallest=smallest, missed=[missed]))
    assert ("cannot hold together" in answer.en) == smallest
    assert ("không thể cùng giữ" in answer.vi) == smallest
    assert answer.en.endswith("every rule" if smallest else "one rule")
    assert answer.vi.endswith("mọi quy tắc" if smallest else "một quy tắc")
