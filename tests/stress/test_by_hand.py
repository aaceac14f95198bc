"""The examples that docs/methods/stress.md works out by hand, on the tiny programme."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.plan.tiny import good_plan, tiny
from tests.stress.futures import replayed

from khien.programme import TABLES
from khien.stress import future
from khien.stress.build import make_case
from khien.stress.chances import duration_steps
from khien.stress.result import StressResult
from khien.stress.settings import StressSettings


def korea(begin: str, quarters: int) -> pl.DataFrame:
    """Korea is away for sure."""
    row = {"id": "away", "name_vi": "x", "name_en": "x", "kind": "country", "key": "kr", "chance_share": 1.0}
    row |= {"from_quarter": begin, "duration_quarters": quarters}
    return pl.DataFrame([row], schema=TABLES["shocks"].schema)


@pytest.mark.parametrize(
    "binds, repair, drone, boat, value",
    [
        (True, False, (3, 5), (2, 4), 1.375),
        (False, True, (3, 5), (5, 7), 0.625),
        (True, True, (None, None), (2, 4), 1.0),
    ],
)
def test_a_partner_who_is_away_delays_what_he_does(
    binds: bool, repair: bool, drone: tuple[int | None, int | None], boat: tuple[int, int], value: float
) -> None:
    programme = tiny(agreements_bind=binds)
    found = future(programme, good_plan(programme), 0, korea("2026Q2", 2), repair=repair, vary=("shocks",))
    runs = {row["project"]: (row["start"], row["end"]) for row in found.projects.to_dicts()}
    assert (runs["drone-buy"], runs["boat-make"]) == (drone, boat)
    assert (runs["boat-design"], runs["engine-up"]) == ((0, 2), (3, 5))
    assert found.plan.value == pytest.approx(value)


def test_supplies_that_stop_take_output_once_stocks_have_run_out() -> None:
    programme = tiny()
    case = make_case(programme, good_plan(programme), korea("2027Q2", 2), StressSettings(vary=("shocks",), draws=1))
    draws = replayed(case, 1, repair=True)
    assert draws.coverage[:, 0].tolist() == pytest.approx([0.125, (1 + 1 + 0.75 + 1) / 4])
    assert draws.value[0] == pytest.approx(1.875)


def test_the_chances_of_a_duration() -> None:
    low, places = duration_steps(4, 6, 12)
    shares = np.diff([0, *places, 2**20]) / 2**20
    assert low == 4
    assert shares.tolist() == pytest.approx(
        [0, 0.1207, 0.2465, 0.2513, 0.1940, 0.1183, 0.0536, 0.0145, 0.0011], abs=6e-5
    )
    assert shares.sum() == pytest.approx(1)


def test_mean_and_tail_of_forty_values() -> None:
    values = np.concatenate([[1.0, 2.0], np.full(38, 5.0)])
    fields = dict.fromkeys(("coverage", "money", "finish", "worth", "ranking", "promises", "shocks"), pl.DataFrame())
    result = StressResult(
        settings=StressSettings(draws=40),
        draws=40,
        why_stopped="draws",
        seconds=0.0,
        programme_hash="",
        plan_hash="",
        version="",
        planned_value=5.0,
        values=values,
        **fields,
    )
    assert result.expected_value == pytest.approx(4.825)
    assert result.tail_value == pytest.approx(1.5)
