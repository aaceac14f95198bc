"""What if: the new plan is sound, known by hand on the island, and every move has its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.small_programmes import random_programme
from tests.plan.test_solver import bare, best_by_hand, sound

import khien
from khien.plan.ask.desk import Desk, choice_of
from khien.plan.ask.start import begin, carried
from khien.plan.ask.whatif import WhatIf, asked, what_if
from khien.plan.clash import NoPlan
from khien.plan.core import state
from khien.plan.core.layout import layout
from khien.plan.frames import PlanMismatch
from khien.plan.model import compile_programme
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings, SettingsError, apply
from khien.plan.solver import plan_programme
from khien.programme import Programme

WORK = 800


@pytest.fixture(scope="module")
def by_hand(island: Path) -> tuple[Programme, Plan]:
    """The island and its best plan, worth 312 points (docs/start/island.md)."""
    programme = khien.read(island)
    plan = plan_programme(programme, PlanSettings(work=20_000))
    assert plan.value == pytest.approx(7.8)
    return programme, plan


def ask(by_hand: tuple[Programme, Plan], **changes: object) -> WhatIf:
    programme, plan = by_hand
    told = what_if(programme, plan, asked(plan, work=4000, **changes))
    sound(programme, told.after)
    return told


def test_the_same_question_gives_the_same_plan(by_hand: tuple[Programme, Plan]) -> None:
    told = ask(by_hand)
    assert told.after.choices.equals(by_hand[1].choices)
    assert told.moves.is_empty()
    assert told.freed.is_empty()


def test_without_boats_the_island_keeps_water_and_guard(by_hand: tuple[Programme, Plan]) -> None:
    """114 + 128 + 24 points: with no boats in the way the sentry is made at the earliest, in 2028Q1."""
    told = ask(by_hand, forbids=("boat-make",))
    assert told.after.value == pytest.approx(266 / 40)
    rows = {r["project"]: r for r in told.moves.to_dicts()}
    assert {n: r["change"] for n, r in rows.items()} == {
        "boat-make": "out",
        "boat-upkeep": "out",
        "sentry-make": "moved",
    }
    assert rows["boat-make"]["because"] == "asked"
    assert rows["boat-upkeep"]["because"] == "rule"
    assert rows["sentry-make"]["quarters"] == -2
    assert rows["boat-make"]["cost_mvnd"] == -48_000
    money = told.freed.filter(kind="money")
    assert money["freed"].sum() == 48_000 + 40_000


def test_what_does_not_count_is_not_done(by_hand: tuple[Programme, Plan]) -> None:
    assert ask(by_hand, reliance_weight=0.0).after.value == pytest.approx(4.4)


def test_a_pinned_project_is_put_in_and_room_is_made(by_hand: tuple[Programme, Plan]) -> None:
    programme, plan = by_hand
    told = ask(by_hand, forbids=("boat-upkeep",))
    again = what_if(programme, told.after, asked(told.after, pins=("boat-upkeep",)))
    sound(programme, again.after)
    assert again.after.value == pytest.approx(plan.value)
    row = again.moves.row(by_predicate=pl.col("project") == "boat-upkeep", named=True)
    assert (row["change"], row["because"]) == ("in", "asked")


def test_with_nothing_to_choose_nothing_is_done(by_hand: tuple[Programme, Plan]) -> None:
    names = by_hand[1].choices.filter(~pl.col("fixed"))["project"].to_list()
    assert ask(by_hand, forbids=tuple(names)).after.value == pytest.approx(2.85)


def test_what_cannot_be_is_refused(by_hand: tuple[Programme, Plan]) -> None:
    programme, plan = by_hand
    with pytest.raises(NoPlan):
        what_if(programme, plan, asked(plan, work=400, pins=("boat-upkeep",), forbids=("boat-make",)))
    with pytest.raises(SettingsError):
        what_if(programme, plan, asked(plan, work=400, limits=(("no-such", 1.0),)))
    other = apply(programme, PlanSettings(budget_factor=0.9))
    with pytest.raises(PlanMismatch):
        what_if(other, plan, plan.settings)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 11, 13])
def test_the_best_plan_of_another_question_is_found(seed: int) -> None:
    programme = bare(seed)
    plan = plan_programme(programme, PlanSettings(work=WORK))
    for factor in (1.0, 1.3):
        told = what_if(programme, plan, asked(plan, budget_factor=factor))
        changed = apply(programme, told.after.settings)
        assert told.after.value == pytest.approx(best_by_hand(changed), abs=1e-9)


@pytest.mark.slow
@given(seed=st.integers(0, 200), factor=st.sampled_from([0.9, 1.0, 1.2]), out=st.booleans())
@settings(max_examples=8)
def test_answers_keep_every_rule_and_more_is_never_worse(seed: int, factor: float, out: bool) -> None:
    programme = random_programme(np.random.default_rng(seed), 8, check=False)
    plan = plan_programme(programme, PlanSettings(work=400))
    gone = ("aa",) if out else ()
    try:
        told = what_if(programme, plan, asked(plan, budget_factor=factor, without_country=gone))
    except NoPlan:
        assert factor < 1.0 or out
        return
    sound(programme, told.after)
    if factor >= 1.0 and not out:
        assert told.after.value >= plan.value - 1e-9
    assert told.moves["why_vi"].str.len_chars().min() != 0
    for row in told.moves.to_dicts():
        assert (row["before"] is None) == (row["change"] == "in")
        assert (row["after"] is None) == (row["change"] == "out")


def test_prices_find_their_places_by_name_and_stay_a_bound() -> None:
    programme = random_programme(np.random.default_rng(4), 10, check=False)
    plan = plan_programme(programme, PlanSettings(work=WORK))
    assert plan.certificate is not None
    same = compile_programme(programme, plan.settings)
    theta = np.zeros(layout(same.problem).size)
    theta[plan.certificate["at"]] = plan.certificate["price"]
    assert np.array_equal(carried(same, same, theta), theta)
    free = plan.choices.filter(~pl.col("fixed"))["project"].to_list()
    asked_for = PlanSettings(work=WORK, forbids=(free[0],))
    other = compile_programme(apply(programme, asked_for), asked_for)
    moved = Desk.of(other, carried(same, other, theta))
    best = plan_programme(programme, asked_for)
    assert best.value - 1e-9 <= moved.bound <= Desk.of(other, None).bound


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_mended_start_breaks_nothing_that_is_hard(seed: int) -> None:
    programme = random_programme(np.random.default_rng(seed), 12, check=False)
    plan = plan_programme(programme, PlanSettings(work=400))
    asked_for = PlanSettings(work=400, budget_factor=0.85, without_partner=("partner-a",))
    c = compile_programme(apply(programme, asked_for), asked_for)
    out = begin(programme, plan, c)
    state_of = state.new_state(c.problem)
    state.rebuild(c.problem, state_of, out.x, out.s, out.cohorts)
    if (c.problem.funds >= 0).all() and (c.problem.cap >= 0).all():
        assert (state_of.slack >= 0).all()
        assert (state_of.rem >= 0).all()
    kept = {(int(o), int(s)) for o, s in zip(out.x, out.s, strict=True) if o >= 0}
    mine = choice_of(c, plan)
    assert kept <= {(int(o), int(s)) for o, s in zip(mine.x, mine.s, strict=True) if o >= 0}
