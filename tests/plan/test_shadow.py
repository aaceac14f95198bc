"""Shadow prices: those of the hand-worked table, those of the relaxation, and what they predict."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tests.plan.small_programmes import random_programme
from tests.plan.teams import A, B, teams

import khien
from khien.plan.ask.shadow import Program, ShadowPrices, resources, shadow_prices
from khien.plan.core.layout import layout
from khien.plan.model import compile_programme
from khien.plan.settings import PlanSettings, apply
from khien.plan.solver import plan_programme
from khien.programme import Programme

WORK = 800


def priced(programme: Programme, **asked: object) -> ShadowPrices:
    plan = plan_programme(programme, PlanSettings(work=WORK, **asked))  # type: ignore[arg-type]
    return shadow_prices(programme, plan)


def test_one_engineer_more_is_worth_half_of_the_second_team() -> None:
    """Three engineers are one and a half teams: the relaxation is worth A and half of B."""
    told = priced(teams())
    assert told.exact
    assert told.value == pytest.approx(A + B / 2)
    (row,) = told.prices.to_dicts()
    assert (row["kind"], row["what"], row["unit"]) == ("people", "engineers", "person")
    assert row["price"] == pytest.approx(B / 2)
    assert row["step_up"] == row["step_down"] == 0.2
    assert row["gained"] == pytest.approx(row["predicted"])
    assert told.by_year["price"].to_list() == [pytest.approx(B / 2)]


def test_money_and_ceilings_have_prices_where_they_are_scarce() -> None:
    (money,) = priced(teams(engineers=9, money=15)).prices.to_dicts()
    assert (money["kind"], money["what"]) == ("money", "2026")
    assert money["price"] == pytest.approx(B / 10)
    (limit,) = priced(teams(engineers=9, ceiling=15)).prices.to_dicts()
    assert (limit["kind"], limit["what"]) == ("limit", "korea")
    assert limit["price"] == pytest.approx(B / 10)
    assert priced(teams(engineers=9)).prices.is_empty()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_prices_predict_the_relaxation_inside_their_step(seed: int) -> None:
    programme = random_programme(np.random.default_rng(seed), 12, check=False)
    told = priced(programme)
    assert told.exact
    assert (told.prices["worth"].diff().drop_nulls() <= 1e-12).all()
    for row in told.prices.filter(told.prices["step_up"] > 0).to_dicts():
        assert row["gained"] == pytest.approx(row["predicted"], rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_relaxation_bounds_every_plan_and_more_never_hurts(seed: int) -> None:
    programme = random_programme(np.random.default_rng(seed), 10, check=False)
    plan = plan_programme(programme, PlanSettings(work=WORK))
    c = compile_programme(apply(programme, plan.settings), plan.settings)
    lay = layout(c.problem)
    program = Program(c.problem, lay)
    value, theta = program.solved(np.zeros(lay.size))
    assert value >= plan.value - 1e-7
    for r in resources(c, plan):
        more = np.zeros(lay.size)
        more[r.at] = 0.05 * r.available * r.per
        gained = program.solved(more)[0] - value
        assert -1e-7 <= gained <= r.price(theta) * 0.05 * r.available + 1e-7


def test_a_floor_on_self_reliance_has_a_price(island: Path) -> None:
    programme = khien.read(island)
    asked = PlanSettings(work=4000, reliance_weight=0.0, min_reliance=0.77, min_reliance_from=2029)
    plan = plan_programme(programme, asked)
    told = shadow_prices(programme, plan)
    assert "reliance" in told.prices["kind"].to_list()


def test_a_programme_too_large_to_be_written_out_says_so(island: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("khien.plan.ask.shadow.promising", lambda p, lay: False)
    programme = khien.read(island)
    plan = plan_programme(programme, PlanSettings(work=4000))
    told = shadow_prices(programme, plan)
    assert not told.exact
    assert told.prices["step_up"].null_count() == told.prices.height > 0
    bare = shadow_prices(programme, dataclasses.replace(plan, certificate=None))
    assert bare.prices.is_empty()
