"""The smallest change of success chance: counted by hand in the futures that were drawn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.plan.teams import teams
from tests.plan.tiny import changed_rows

from khien.plan.ask.reasons import reasons
from khien.plan.settings import PlanSettings
from khien.plan.solver import plan_programme
from khien.programme import Programme

FUTURES = 50


def two(chance_a: float, chance_b: float) -> Programme:
    """The two teams, of which only one can work."""
    programme = changed_rows(teams(), "options", pl.col("id") == "own-a", success_share=chance_a)
    return changed_rows(programme, "options", pl.col("id") == "own-b", success_share=chance_b)


@pytest.mark.parametrize("chance", [0.1, 0.3, 0.5])
def test_b_comes_in_when_it_succeeds_in_a_quarter_more_futures_than_a(chance: float) -> None:
    """A brings 5 where B brings 4: with m successes of A, B needs 5 m / 4, rounded up."""
    programme = two(0.6, chance)
    asked = PlanSettings(work=800, scenarios=FUTURES, tail_weight=0.0)
    plan = plan_programme(programme, asked)
    assert plan.choices["option"].to_list() == ["own-a"]
    flips = {f["kind"]: f for f in reasons(programme, plan, steps=200).flips.to_dicts() if f["project"] == "make-b"}
    flip = flips["success"]
    dice = np.random.default_rng(asked.seed)
    luck = {name: np.sort(dice.random(FUTURES)) for name in programme.projects["id"].to_list()}
    needed = -(-5 * int((luck["make-a"] < 0.6).sum()) // 4)

    def successes(share: float) -> int:
        return int((luck["make-b"] < chance + share * (1.0 - chance)).sum())

    assert successes(flip["refused_at"]) < needed <= successes(flip["share"])
    assert flip["change"] == pytest.approx(100 * (1 - chance) * flip["share"])
    assert flip["confirmed"]
    surer = changed_rows(programme, "options", pl.col("id") == "own-b", success_share=chance + flip["change"] / 100)
    assert plan_programme(surer, asked).choices["option"].to_list() == ["own-b"]


def test_no_chance_is_enough_where_certainty_is_not() -> None:
    programme = two(1.0, 0.5)
    plan = plan_programme(programme, PlanSettings(work=800, scenarios=FUTURES, tail_weight=0.0))
    told = reasons(programme, plan, steps=200)
    assert "success" not in told.flips.filter(project="make-b")["kind"].to_list()


def test_without_sampled_futures_chances_play_no_part() -> None:
    programme = two(0.9, 0.1)
    told = reasons(programme, plan_programme(programme, PlanSettings(work=800)), steps=200)
    assert "success" not in told.flips["kind"].to_list()
