"""The solver against the verifier, against brute force, and against itself."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import STATEMENTS, plan_of, random_programme

from khien.plan.clash import NoPlan
from khien.plan.core.solve import Progress
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings, apply
from khien.plan.solver import plan_programme
from khien.plan.verify import nothing_value, recomputed_value, verify
from khien.plan.verify.bound import verify_bound
from khien.programme import Programme

WORK = 800


def drawn(seed: int, **given: Any) -> Programme:
    rng = np.random.default_rng(seed)
    return random_programme(rng, 4 + seed % 3, check=False, **given)


def sound(programme: Programme, plan: Plan) -> None:
    """Every rule holds, and the plan says the truth about itself."""
    assert verify(programme, plan) == []
    assert plan.value == pytest.approx(recomputed_value(programme, plan), abs=1e-7)
    assert plan.nothing == pytest.approx(nothing_value(programme, plan), abs=1e-7)
    assert plan.bound >= plan.value >= plan.nothing - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_plans_of_random_programmes_keep_every_rule(seed: int) -> None:
    programme = drawn(seed, first_quarter="2026Q3" if seed % 4 == 3 else "2026Q1")
    plan = plan_programme(programme, PlanSettings(work=WORK, seed=seed))
    sound(programme, plan)
    assert verify_bound(programme, plan) == []
    assert plan.why_stopped in ("optimal", "work")
    assert not plan.clocked


def bare(seed: int) -> Programme:
    """Few candidates, two years, no training: small enough to try every plan."""
    rng = np.random.default_rng(seed)
    made = random_programme(rng, 4, years=2, max_options=2, check=False)
    return Programme(made.settings, {**made.frames, "training": made.training.clear()})


def best_by_hand(programme: Programme) -> float:
    """Value of the best plan, by trying every option at every start of every candidate."""
    wanted = programme.projects.filter(pl.col("status") == "candidate")["id"].to_list()
    ways = []
    for project in wanted:
        options = programme.options.filter(pl.col("project") == project)["id"].to_list()
        ways.append([None, *itertools.product([project], options, range(programme.n_quarters))])
    best = -np.inf
    for picks in itertools.product(*ways):
        plan = plan_of(programme, [p for p in picks if p is not None], value=0.0, nothing=0.0)
        if all(v.rule in STATEMENTS for v in verify(programme, plan)):
            best = max(best, recomputed_value(programme, plan))
    return best


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 11, 13])
def test_the_best_plan_of_very_small_programmes_is_found(seed: int) -> None:
    programme = bare(seed)
    plan = plan_programme(programme, PlanSettings(work=WORK))
    sound(programme, plan)
    assert plan.value == pytest.approx(best_by_hand(programme), abs=1e-9)


def test_equal_seeds_and_work_give_equal_plans() -> None:
    programme = drawn(5)
    told = []
    for _ in range(2):
        plain = plan_programme(programme, PlanSettings(work=WORK, seed=3)).to_dict()
        del plain["seconds"], plain["history"]["seconds"], plain["seal"]  # the seal is of the seconds too
        told.append(plain)
    assert told[0] == told[1]


def test_no_plan_where_commitments_cannot_be_paid() -> None:
    programme = drawn(2)
    with pytest.raises(NoPlan) as error:
        plan_programme(programme, PlanSettings(work=WORK, budget_factor=0.01))
    assert error.value.certain
    assert {rule.table for rule in error.value.clash} == {"money"}


@pytest.mark.slow
@pytest.mark.parametrize("factor", [0.9, 1.5])
def test_the_budget_factor_is_kept(factor: float) -> None:
    programme = drawn(4)
    asked = PlanSettings(work=WORK, budget_factor=factor)
    try:
        plan = plan_programme(programme, asked)
    except NoPlan:
        assert verify(programme, plan_of(programme, [], settings=asked)) != []
    else:
        sound(programme, plan)


@pytest.mark.slow
def test_no_free_project_has_a_partner_of_a_country_left_out() -> None:
    seen = 0
    for seed in range(4):
        programme = drawn(seed)
        asked = PlanSettings(work=WORK, without_country=("aa",))
        plan = plan_programme(programme, asked)
        sound(programme, plan)
        left = set(apply(programme, asked).options["id"].to_list())
        free = plan.choices.filter(~pl.col("fixed"))
        assert set(free["option"].to_list()) <= left
        seen += len(programme.options) - len(left)
    assert seen > 0


def free_of(plan: Plan) -> list[str]:
    names: list[str] = plan.choices.filter(~pl.col("fixed"))["project"].to_list()
    return names


@pytest.mark.slow
def test_pins_and_forbids_are_kept() -> None:
    forbidden = pinned = 0
    for seed in (1, 5):
        programme = drawn(seed)
        plain = plan_programme(programme, PlanSettings(work=WORK))
        chosen = free_of(plain)
        if chosen:
            without = plan_programme(programme, PlanSettings(work=WORK, forbids=(chosen[0],)))
            sound(programme, without)
            assert chosen[0] not in free_of(without)
            assert without.value <= plain.bound + 1e-9
            forbidden += 1
        for name in programme.projects.filter(pl.col("status") == "candidate")["id"].to_list():
            if name in chosen:
                continue
            try:
                forced = plan_programme(programme, PlanSettings(work=WORK, pins=(name,)))
            except NoPlan:
                continue
            sound(programme, forced)
            assert name in free_of(forced)
            assert forced.value <= plain.bound + 1e-9
            pinned += 1
            break
    assert forbidden
    assert pinned


@pytest.mark.slow
def test_a_floor_of_self_reliance_is_reached_or_said_to_be_out_of_reach() -> None:
    reached, refused = 0, []
    for seed in (0,):
        programme = drawn(seed)
        for floor in (0.05, 0.99):
            asked = PlanSettings(work=WORK, min_reliance=floor, min_reliance_from=2028)
            try:
                plan = plan_programme(programme, asked)
            except NoPlan as error:
                refused += [rule.table for rule in error.clash]
            else:
                sound(programme, plan)
                reached += 1
    assert reached
    assert "settings" in refused


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_promised_survival_is_kept_or_said_to_be_out_of_reach(seed: int) -> None:
    programme = drawn(seed)
    refused: set[str] = set()
    for months, level in ((3.0, 0.05), (6.0, 0.2), (24.0, 0.99)):
        asked = PlanSettings(work=WORK, min_survival_months=months, survival_level=level, min_reliance_from=2028)
        try:
            plan = plan_programme(programme, asked)
        except NoPlan as error:
            refused |= {rule.table for rule in error.clash}
        else:
            sound(programme, plan)
    assert refused <= {"settings", "money", "skill_supply", "limits", "obligations"}


def test_sampled_futures_are_told() -> None:
    programme = drawn(3)
    plan = plan_programme(programme, PlanSettings(work=WORK, scenarios=20))
    assert verify(programme, plan) == []
    sound(programme, plan)
    assert plan.details["scenarios"] == 20
    assert plan.details["tail_value"] <= plan.value + 1e-9 <= plan.details["expected_value"] + 2e-9
    assert plan.details["expected_value"] <= plan.details["planned_value"] + 1e-9


def test_an_interrupt_gives_the_best_plan_so_far() -> None:
    programme = drawn(6)
    calls = []

    def stop(now: Progress) -> None:
        calls.append(now)
        if len(calls) == 3:
            raise KeyboardInterrupt

    plan = plan_programme(programme, PlanSettings(work=10**6), stop)
    if len(calls) < 3:
        assert plan.why_stopped == "optimal"
        pytest.fail("the search ended before it could be interrupted")
    assert plan.why_stopped == "interrupt"
    sound(programme, plan)
