"""Alternatives: good enough, different, sound, and the farthest where all plans can be looked at."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from tests.plan.small_programmes import random_programme
from tests.plan.teams import A, B, teams
from tests.plan.test_solver import sound

import khien
from khien.plan.ask.alternatives import Alternatives, alternatives, distance
from khien.plan.ask.desk import Choice
from khien.plan.settings import PlanSettings
from khien.plan.solver import plan_programme
from khien.programme import Programme


def lawful(programme: Programme, told: Alternatives, within: float) -> None:
    best = told.plans[0].value
    for row, plan in zip(told.table.to_dicts(), told.plans, strict=True):
        sound(programme, plan)
        assert plan.value >= best * (1 - within) - 1e-9
        assert plan.value == pytest.approx(row["value"])
        assert row["nearest"] > 0 or row["plan"] == 0
        assert row["nearest"] <= row["distance"] + 1e-12 <= 1 + 1e-12
    for one, other in itertools.combinations(told.plans, 2):
        assert not one.choices.equals(other.choices)


def test_the_other_team_is_the_one_alternative() -> None:
    """Plan B is worth 12/36 to the 15/36 of plan A: a fifth less, and wholly different."""
    programme = teams()
    plan = plan_programme(programme, PlanSettings(work=800))
    told = alternatives(programme, plan, 3, within=0.25, steps=200)
    lawful(programme, told, 0.25)
    assert told.table["value"].to_list() == [pytest.approx(A), pytest.approx(B)]
    assert told.table["distance"].to_list() == [0.0, 1.0]
    assert told.differences.rows() == [(1, "make-a", "out"), (1, "make-b", "in")]
    assert len(alternatives(programme, plan, 3, within=0.1, steps=200).plans) == 1


def test_the_island_has_other_plans_that_are_nearly_as_good(island: Path) -> None:
    programme = khien.read(island)
    plan = plan_programme(programme, PlanSettings(work=16_000))
    told = alternatives(programme, plan, 3, within=0.05, steps=500)
    lawful(programme, told, 0.05)
    assert len(told.plans) > 2
    assert told.plans[0] is plan


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_alternatives_of_random_programmes_are_sound_and_repeat(seed: int) -> None:
    programme = random_programme(np.random.default_rng(seed), 12, check=False)
    plan = plan_programme(programme, PlanSettings(work=800))
    told = alternatives(programme, plan, 2, within=0.1, steps=300)
    lawful(programme, told, 0.1)
    assert told.table.equals(alternatives(programme, plan, 2, within=0.1, steps=300).table)


def choice(*places: tuple[int, int]) -> Choice:
    x, s = (np.array(column, dtype=np.int64) for column in zip(*places, strict=True))
    return Choice(x, s, np.zeros((0, 8), dtype=np.int64))


def test_distance_is_the_mean_over_the_projects_of_either_plan() -> None:
    """One the same, one in another option (½), one a year later (¼), one in one plan only (1), one in neither."""
    a = choice((0, 0), (2, 1), (4, 2), (6, 0), (-1, 0))
    b = choice((0, 1), (3, 1), (4, 6), (-1, 0), (-1, 0))
    assert distance(a, b) == distance(b, a) == pytest.approx((0 + 0.5 + 0.25 + 1) / 4)
    assert distance(a, a) == 0.0


@pytest.mark.parametrize(("count", "within"), [(0, 0.01), (3, 1.0), (3, -0.1)])
def test_nonsense_is_refused(count: int, within: float) -> None:
    programme = teams()
    plan = plan_programme(programme, PlanSettings(work=100))
    with pytest.raises(ValueError, match="range"):
        alternatives(programme, plan, count, within)
