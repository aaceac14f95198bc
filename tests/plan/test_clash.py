"""What cannot hold together is named, in both languages, and nothing more than that."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import random_programme

from khien.plan.clash import NoPlan, fixed_clash, missed
from khien.plan.core import state
from khien.plan.model import compile_programme
from khien.plan.settings import PlanSettings
from khien.plan.solver import plan_programme
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


@pytest.mark.parametrize("seed", range(4))
def test_commitments_above_the_money_are_a_certain_clash(seed: int) -> None:
    clash = refused(drawn(seed), budget_factor=0.0)
    assert clash.certain
    assert {rule.table for rule in clash.clash} == {"money"}


def test_commitments_above_the_people_are_a_certain_clash() -> None:
    programme = drawn(1)
    supply = programme.skill_supply.with_columns(people=pl.lit(0, dtype=pl.Int64))
    frames = {**programme.frames, "skill_supply": supply, "training": programme.training.clear()}
    clash = refused(Programme(programme.settings, frames))
    assert clash.certain
    assert {rule.table for rule in clash.clash} == {"skill_supply"}


def test_a_pin_that_money_forbids_names_both_and_no_other_pin() -> None:
    programme = drawn(2)
    name = programme.projects.filter(pl.col("status") == "candidate")["id"][0]
    own = programme.options["project"] == name
    dear = [
        pl.when(own).then(pl.lit(10**7, dtype=pl.Int64)).otherwise(pl.col(c)).alias(c)
        for c in ("cost_low_mvnd", "cost_mode_mvnd", "cost_high_mvnd")
    ]
    dear_programme = Programme(
        programme.settings, {**programme.frames, "options": programme.options.with_columns(dear)}
    )
    clash = refused(dear_programme, pins=(name,))
    assert not clash.certain
    assert ("projects", name) in {(rule.table, rule.row) for rule in clash.clash}
    assert len(clash.clash) <= 2


def test_a_promise_beyond_reach_is_named() -> None:
    programme = drawn(3)
    promised = pl.when(pl.col("id") == "ready").then(pl.lit(999.0)).otherwise(pl.col("amount")).alias("amount")
    frames = {**programme.frames, "obligations": programme.obligations.with_columns(promised)}
    clash = refused(Programme(programme.settings, frames))
    assert [(rule.table, rule.row) for rule in clash.clash] == [("obligations", "ready")]


@pytest.mark.parametrize("seed", range(6))
def test_programmes_that_hold_have_no_clash(seed: int) -> None:
    c = compile_programme(drawn(seed), PlanSettings())
    assert fixed_clash(c) == []
    assert missed(c, state.new_state(c.problem).level) == 0.0
