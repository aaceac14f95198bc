"""Planning values and spending curves: by hand, against integration and sampling, and by law."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta
from tests.plan.tiny import option, tiny, with_tables

from khien.programme import Programme
from khien.programme.planned import charged_spend, pert_quantile, planning_values, profile_parts, quarter_spend

triples = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6)).map(sorted)
shares = st.floats(0.5, 0.95)
profiles = st.one_of(
    st.none(),
    st.lists(st.integers(0, 20), min_size=1, max_size=6)
    .filter(lambda parts: sum(parts) > 0)
    .map(lambda parts: ";".join(str(part / 100) for part in parts)),
)


def values_of(programme: Programme) -> pl.DataFrame:
    """Option, quarters and cost."""
    return planning_values(programme.options, programme.settings).drop("project")


def test_durations_and_costs_by_hand() -> None:
    """The table of docs/methods/planning-values.md."""
    assert pert_quantile(4, 6, 12, 0.8) == pytest.approx(7.92, abs=0.005)
    assert pert_quantile(100, 100, 180, 0.8) == pytest.approx(100 + 80 * (1 - 0.2 ** (1 / 5)))
    assert pert_quantile(5, 5, 5, 0.8) == 5
    row = option("o", "drone-buy", 1, 1) | {
        "duration_low_quarters": 4,
        "duration_mode_quarters": 6,
        "duration_high_quarters": 12,
        "cost_low_mvnd": 100,
        "cost_mode_mvnd": 100,
        "cost_high_mvnd": 180,
    }
    programme = tiny(planning_quantile=0.8)
    programme = with_tables(
        programme, options=pl.DataFrame([row], schema=programme.options.schema, orient="row")
    )
    assert values_of(programme).rows() == [("o", 8, 123)]


def test_a_quantile_on_a_whole_number_is_not_rounded_up() -> None:
    """The median of a symmetric estimate is its mode, whatever the last bit of the quantile says."""
    rows = [
        option(f"o{m}", "drone-buy", 1, 1)
        | {
            "duration_low_quarters": m - 1,
            "duration_mode_quarters": m,
            "duration_high_quarters": m + 1,
            "cost_low_mvnd": 0,
            "cost_mode_mvnd": 999_983 * m,
            "cost_high_mvnd": 2 * 999_983 * m,
        }
        for m in range(2, 100)
    ]
    programme = tiny()
    programme = with_tables(
        programme, options=pl.DataFrame(rows, schema=programme.options.schema, orient="row")
    )
    assert [row[1:] for row in values_of(programme).iter_rows()] == [
        (m, 999_983 * m) for m in range(2, 100)
    ]


@pytest.mark.parametrize("low, mode, high", [(4, 6, 12), (0, 0, 10), (3, 10, 10), (1, 2, 30)])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_quantiles_against_integration_of_the_density(
    low: float, mode: float, high: float, share: float
) -> None:
    a, b = 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)
    reached = (float(pert_quantile(low, mode, high, share)) - low) / (high - low)
    mass, _ = quad(lambda x: x ** (a - 1) * (1 - x) ** (b - 1) / beta(a, b), 0, reached)
    assert mass == pytest.approx(share, abs=1e-8)


def test_quantiles_against_sampling() -> None:
    drawn = 4 + 8 * np.random.default_rng(0).beta(2, 4, size=200_000)
    assert float(pert_quantile(4, 6, 12, 0.8)) == pytest.approx(float(np.quantile(drawn, 0.8)), abs=0.02)


@given(triples, shares, shares)
def test_the_quantile_lies_between_low_and_high_and_grows(three: list[int], one: float, two: float) -> None:
    low, high = sorted((one, two))
    first, second = float(pert_quantile(*three, low)), float(pert_quantile(*three, high))
    assert three[0] <= first <= second <= three[2]


@pytest.mark.parametrize(
    "three, share", [((2, 1, 3), 0.5), ((1, 4, 3), 0.5), ((1, 2, 3), 1.5), ((1, 2, float("nan")), 0.5)]
)
def test_nonsense_is_refused(three: tuple[float, float, float], share: float) -> None:
    with pytest.raises(ValueError):
        pert_quantile(*three, share)


@pytest.mark.parametrize(
    "cost, duration, profile, spend",
    [
        (100, 6, "0.5;0.3;0.2", [25, 25, 15, 15, 10, 10]),
        (100, 7, None, [14, 14, 14, 15, 14, 14, 15]),
        (10, 4, "0.5;0.3;0.2", [3, 3, 2, 2]),
        (10, 1, "0.5;0.3;0.2", [10]),
        (0, 3, None, [0, 0, 0]),
        (1, 3, None, [0, 0, 1]),
        (7, 2, "0;1", [0, 7]),
        (10, 4, " 0.25 ; 0.75 ", [1, 1, 4, 4]),
    ],
)
def test_spending_by_hand(cost: int, duration: int, profile: str | None, spend: list[int]) -> None:
    assert quarter_spend(cost, duration, profile) == spend


def test_a_third_is_not_lost_to_binary_fractions() -> None:
    """0.1 + 0.2 is 0.3 here: three tenths of 10 are 3, not 2."""
    assert quarter_spend(10, 10, "0.1;0.2;0.3;0.4")[:4] == [0, 0, 1, 1]
    assert sum(quarter_spend(10, 10, "0.1;0.2;0.3;0.4")[:5]) == 3


@given(st.integers(0, 10**9), st.integers(1, 80), profiles)
def test_spending_loses_and_makes_nothing(cost: int, duration: int, profile: str | None) -> None:
    spend = quarter_spend(cost, duration, profile)
    assert len(spend) == duration
    assert sum(spend) == cost
    assert min(spend) >= 0


@given(st.integers(0, 10**6), st.integers(1, 40), profiles)
def test_spending_follows_the_curve(cost: int, duration: int, profile: str | None) -> None:
    """After every quarter within one million of the straight lines between the profile's points."""
    parts = np.array(profile_parts(profile), dtype=float)
    points = np.concatenate([[0.0], np.cumsum(parts) / parts.sum()])
    curve = cost * np.interp(np.arange(1, duration + 1) / duration, np.linspace(0, 1, len(points)), points)
    spent = np.cumsum(quarter_spend(cost, duration, profile))
    assert np.all(spent <= curve + 1e-6)
    assert np.all(spent > curve - 1 - 1e-6)


@pytest.mark.parametrize("profile", ["-0.5;1.5", "0;0", "nan;1", "inf"])
def test_a_profile_that_is_none_is_refused(profile: str) -> None:
    with pytest.raises(ValueError):
        quarter_spend(10, 2, profile)


@pytest.mark.parametrize("cost, duration", [(-1, 2), (1, 0)])
def test_spending_out_of_range_is_refused(cost: int, duration: int) -> None:
    with pytest.raises(ValueError):
        quarter_spend(cost, duration)


def test_running_projects_by_hand() -> None:
    assert charged_spend(100, 6, None, -2) == (0, [17, 16, 17, 17])
    assert charged_spend(100, 6, None, -2, 40) == (0, [15, 15, 15, 15])
    assert charged_spend(100, 6, None, -2, 140) == (0, [0, 0, 0, 0])
    assert charged_spend(100, 6, None, -6, 40) == (0, [])
    assert charged_spend(100, 2, None, 3, 40) == (3, [30, 30])


def test_values_come_in_the_order_of_the_options() -> None:
    programme = tiny()
    values = values_of(programme)
    assert values["option"].to_list() == programme.options["id"].to_list()
    assert values.schema == {"option": pl.String, "duration_quarters": pl.Int64, "cost_mvnd": pl.Int64}
    none = with_tables(programme, options=programme.options.clear())
    assert values_of(none).is_empty()
