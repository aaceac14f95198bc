"""What cannot hold together is named, in both languages, and nothing more than that."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import STATEMENTS, plan_of, random_programme

from khien.plan import feasible, solver
from khien.plan.clash import NoPlan, fixed_clash, missed, rescued
from khien.plan.core import state
from khien.plan.core.problem import Problem
from khien.plan.core.solve import Outcome, solve
from khien.plan.model import compile_programme
from khien.plan.settings import PlanSettings, apply
from khien.plan.solver import plan_programme
from khien.plan.verify import verify
from khien.programme import Programme


def drawn(seed: int) -> Programme:
    return random_programme(np.random.default_rng(seed), 5, check=False)


def refused(programme: Programme, **asked: object) -> NoPlan:
    with pytest.raises(NoPlan) as error:
        plan_programme(programme, PlanSettings(work=400, **asked))  # type: ignore[arg-type]
    assert error.value.clash
    for rule in error.value.clash:
        assert rule.vi
        assert rule.en
        assert rule.vi != rule.en
    return error.value


def named(clash: NoPlan) -> list[tuple[str, str]]:
    return [(rule.table, rule.row) for rule in clash.clash]


@pytest.mark.parametrize("seed", range(4))
def test_commitments_above_the_money_are_a_certain_clash(seed: int) -> None:
    clash = refused(drawn(seed), budget_factor=0.0)
    assert clash.certain
    assert [rule.table for rule in clash.clash] == ["money"]


def test_an_interrupt_before_any_plan_keeps_the_rules_is_passed_on_and_no_clash_is_told() -> None:
    def interrupt(state: object) -> None:
        raise KeyboardInterrupt

    programme, name = too_dear()
    with pytest.raises(KeyboardInterrupt):
        plan_programme(programme, PlanSettings(work=400, pins=(name,)), progress=interrupt)


def test_commitments_above_the_people_are_a_certain_clash() -> None:
    programme = drawn(1)
    supply = programme.skill_supply.with_columns(people=pl.lit(0, dtype=pl.Int64))
    frames = {**programme.frames, "skill_supply": supply, "training": programme.training.clear()}
    clash = refused(Programme(programme.settings, frames))
    assert clash.certain
    assert [rule.table for rule in clash.clash] == ["skill_supply"]


def test_a_pin_that_money_forbids_names_both_and_no_other_pin() -> None:
    programme, name = too_dear()
    clash = refused(programme, pins=(name,))
    assert clash.certain
    assert clash.smallest
    assert named(clash) == [("projects", name), ("money", "*")]


def too_dear() -> tuple[Programme, str]:
    """A programme, and a project that the tables' money never pays for."""
    programme = drawn(2)
    name = programme.projects.filter(pl.col("status") == "candidate")["id"][0]
    costs = [f"cost_{kind}_mvnd" for kind in ("low", "mode", "high")]
    dear = pl.when(pl.col("project") == name).then(pl.lit(10**7, dtype=pl.Int64))
    options = programme.options.with_columns(dear.otherwise(pl.col(c)).alias(c) for c in costs)
    return Programme(programme.settings, {**programme.frames, "options": options}), name


def test_when_time_runs_out_the_set_that_is_left_is_named_and_said_not_to_be_the_smallest() -> None:
    programme, name = too_dear()
    settings = PlanSettings(work=400, pins=(name,))
    c = compile_programme(apply(programme, settings), settings)
    out = solve(c.problem, work=400)
    told: list[str] = []
    with pytest.raises(NoPlan) as error:
        rescued(c, out, 0.0, lambda step: told.append(step.stage))
    assert not error.value.smallest
    assert {("projects", name), ("money", "*")} <= set(named(error.value))
    assert set(told) == {"clash"}


def test_ctrl_c_while_the_smallest_set_is_sought_names_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    programme, name = too_dear()

    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("khien.plan.clash._Court.judge", pressed)
    with pytest.raises(NoPlan) as error:
        plan_programme(programme, PlanSettings(work=400, pins=(name,)))
    assert not error.value.smallest
    assert ("projects", name) in named(error.value)


def test_a_search_that_is_stopped_says_so_and_has_a_plan() -> None:
    p = compile_programme(drawn(1), PlanSettings()).problem
    asked_already = iter(range(10**9))
    out = solve(p, work=10**9, stop=lambda: next(asked_already) > 20)
    assert out.why == "stop"
    assert out.penalty == 0.0


@pytest.mark.slow
def test_a_promise_beyond_reach_is_named() -> None:
    programme = drawn(3)
    promised = pl.when(pl.col("id") == "ready").then(pl.lit(999.0)).otherwise(pl.col("amount")).alias("amount")
    frames = {**programme.frames, "obligations": programme.obligations.with_columns(promised)}
    clash = refused(Programme(programme.settings, frames))
    assert clash.certain
    assert named(clash) == [("obligations", "ready")]


@pytest.mark.parametrize("seed", range(6))
def test_programmes_that_hold_have_no_clash(seed: int) -> None:
    c = compile_programme(drawn(seed), PlanSettings())
    assert fixed_clash(c) == []
    assert missed(c, state.new_state(c.problem).level) == 0.0


def asked(seed: int) -> tuple[Programme, PlanSettings]:
    """Four projects in two years, two of them pinned, one forbidden, and little money: mostly too much."""
    rng = np.random.default_rng(seed)
    made = random_programme(rng, 4, years=2, max_options=2, check=False)
    projects = made.projects.with_columns(pl.lit(None, dtype=pl.String).alias("pin"))
    free = projects.filter(pl.col("status") == "candidate")["id"].to_list()
    rng.shuffle(free)
    programme = Programme(made.settings, {**made.frames, "training": made.training.clear(), "projects": projects})
    factor = float(rng.choice([0.5, 0.7, 1.0]))
    return programme, PlanSettings(work=400, pins=tuple(free[:2]), forbids=tuple(free[2:3]), budget_factor=factor)


def only(programme: Programme, settings: PlanSettings, kept: set[tuple[str, str]]) -> tuple[Programme, PlanSettings]:
    """The same question with these rules alone."""
    limits = [("limits", name) in kept for name in programme.limits["id"].to_list()]
    promised = [("obligations", name) in kept for name in programme.obligations["id"].to_list()]
    amount = pl.when(pl.Series(promised, dtype=pl.Boolean)).then(pl.col("amount")).otherwise(None).alias("amount")
    frames = dict(programme.frames) | {
        "limits": programme.limits.filter(pl.Series(limits, dtype=pl.Boolean)),
        "obligations": programme.obligations.with_columns(amount),
    }
    if ("money", "*") not in kept:
        frames["money"] = programme.money.with_columns(amount_mvnd=pl.lit(10**8, dtype=pl.Int64))
    if ("skill_supply", "*") not in kept:
        frames["skill_supply"] = programme.skill_supply.with_columns(people=pl.lit(10**4, dtype=pl.Int64))
    pins, forbids = (
        tuple(name for name in names if ("projects", name) in kept) for names in (settings.pins, settings.forbids)
    )
    return Programme(programme.settings, frames), dataclasses.replace(settings, pins=pins, forbids=forbids)


def possible(programme: Programme, settings: PlanSettings) -> bool:
    """Whether some plan keeps every rule, by trying every option at every start of every candidate."""
    programme = apply(programme, settings)
    ways: list[list[tuple[str, str, int] | None]] = []
    for row in programme.projects.filter(pl.col("status") == "candidate").to_dicts():
        options = programme.options.filter(pl.col("project") == row["id"])["id"].to_list()
        starts = itertools.product([row["id"]], options, range(programme.n_quarters))
        ways.append(([] if row["pin"] == "must" else [None]) + ([] if row["pin"] == "must_not" else list(starts)))
    return any(
        all(v.rule in STATEMENTS for v in verify(programme, plan_of(programme, [p for p in picks if p], value=0.0)))
        for picks in itertools.product(*ways)
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(16))
def test_every_clash_is_one_and_a_smallest_one_by_trying_every_plan(seed: int) -> None:
    programme, settings = asked(seed)
    if possible(programme, settings):
        assert verify(programme, plan_programme(programme, settings)) == []
        return
    clash = refused_by(programme, settings)
    rules = set(named(clash))
    assert clash.certain
    assert len(rules) == len(clash.clash) > 0
    if any(row != "*" for table, row in rules if table in ("money", "skill_supply")):
        return  # what is fixed clashes by itself
    assert not possible(*only(programme, settings, rules))
    for one in rules:
        assert possible(*only(programme, settings, rules - {one}))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 5, 7, 12])
def test_prices_alone_prove_many_clashes_of_programmes_too_large_for_a_tree(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme, settings = asked(seed)
    sure = named(refused_by(programme, settings))
    monkeypatch.setattr(feasible, "promising", lambda *_: False)
    clash = refused_by(programme, settings)
    assert clash.certain
    assert named(clash) == sure


def refused_by(programme: Programme, settings: PlanSettings) -> NoPlan:
    with pytest.raises(NoPlan) as error:
        plan_programme(programme, settings)
    return error.value


@pytest.mark.slow
def test_without_a_proof_a_clash_is_said_to_be_found_by_searching(monkeypatch: pytest.MonkeyPatch) -> None:
    programme, settings = asked(12)
    monkeypatch.setattr(feasible, "PARTS", 0)
    clash = refused_by(programme, settings)
    assert not clash.certain
    assert clash.clash


@pytest.mark.parametrize("seed", [11, 13])
def test_a_plan_that_the_search_had_missed_is_found(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    programme, settings = asked(seed)
    good = plan_programme(programme, settings)

    def misses(p: Problem, **given: Any) -> Outcome:
        out = solve(p, **given)
        return dataclasses.replace(out, x=np.full_like(out.x, -1), penalty=1.0)

    monkeypatch.setattr(solver, "solve", misses)
    plan = plan_programme(programme, settings)
    assert verify(programme, plan) == []
    assert plan.value <= good.bound


def test_a_clash_over_futures_is_that_of_the_plan_as_it_is_meant_to_go() -> None:
    programme, settings = asked(12)
    over = refused_by(programme, dataclasses.replace(settings, scenarios=10))
    assert named(over) == named(refused_by(programme, settings))
    assert over.certain
