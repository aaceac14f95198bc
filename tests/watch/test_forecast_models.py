"""Forecasts keep their laws: ordered, never negative, blind to the future, the same again, and alike in any unit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khien.watch.forecast import (
    Panel,
    Record,
    averaged,
    climatology,
    persistence,
    pool,
    prior,
    stretch,
    stretched,
    waves,
)
from khien.watch.forecast import endemic as endemic_module
from khien.watch.forecast.endemic import endemic
from khien.watch.forecast.ensemble import weights_by_record
from khien.watch.forecast.epidemics import seasons
from khien.watch.forecast.features import features, filled, scaled, season_of, whole_of
from khien.watch.forecast.forest import fit, weighted_quantiles
from khien.watch.forecast.frames import LEVELS, moved
from khien.watch.forecast.models import ENDEMIC, MEMBERS, PERSISTENCE, PRIOR, combine, members
from khien.watch.forecast.pooled import slowed

STEPS = (1, 2, 3)


def panel(weeks: int = 110, places: int = 4, seed: int = 0, *, every: str = "week") -> Panel:
    """A few places with a yearly wave; the first is the sum of the others."""
    rng = np.random.default_rng(seed)
    t = np.arange(weeks)
    year = 52 if every == "week" else 12
    wave = np.exp(2.5 * np.cos(2 * np.pi * (t - 0.3 * year) / year))
    people = rng.uniform(1e6, 8e6, places)
    parts = rng.poisson(wave * rng.uniform(0.5, 2, (places, 1)) * people[:, None] / 1e6).astype(float)
    values = np.concatenate([parts.sum(0, keepdims=True), parts])
    names = ("all", *(f"p{i}" for i in range(places)))
    return Panel(values, names, date(2024, 1, 6), every, np.concatenate([[people.sum()], people]), 0)  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def few_winters() -> Iterator[None]:
    """Twelve made-up winters instead of 150 and six pasts instead of 120: the laws are the same, the test is quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prior, "SEASONS", 12)
        patch.setattr(endemic_module, "PASTS", 6)
        for module in (prior, endemic_module):
            module.learnt.cache_clear()
        yield
    for module in (prior, endemic_module):
        module.learnt.cache_clear()


@pytest.fixture(scope="module")
def made(few_winters: None) -> dict[str, np.ndarray]:
    return members(panel(), STEPS)


def test_every_member_and_baseline_says_ordered_quantiles_that_are_never_negative(made: dict[str, np.ndarray]) -> None:
    assert set(MEMBERS) - set(made) == {ENDEMIC}, "more than a year of weeks is known, and less than ten"
    for name, values in {**made, **combine(made).values}.items():
        assert values.shape == (5, 3, 23), name
        assert np.isfinite(values).all(), name
        assert (values >= 0).all(), name
        assert (np.diff(values, axis=-1) >= -1e-9).all(), name


def test_the_same_again_and_nothing_of_the_future(made: dict[str, np.ndarray]) -> None:
    longer = panel()
    planted = np.concatenate([longer.values, np.full((5, 4), 1e6)], axis=1)
    later = Panel(planted, longer.places, moved(longer.last, 4, "week"), "week", longer.population, 0)
    again = members(later.until(longer.periods), STEPS)
    for name, values in made.items():
        np.testing.assert_allclose(again[name], values, err_msg=name)


def test_features_and_seasons_look_back_only() -> None:
    p = panel(weeks=400)
    space = scaled(p)
    at = 300
    changed = space.z.copy()
    changed[:, at + 1 :] += 5
    for other in (space.z, changed):
        seen = features(other, other[:1])[:, at]
        np.testing.assert_allclose(seen, features(space.z, space.z[:1])[:, at])
    with_calendar = season_of(p, STEPS, p.periods)
    # The season of a shorter panel has another spread; its mean change is compared on one scale.
    short = season_of(p.until(at + 1), STEPS, at + 1)
    factor = scaled(p.until(at + 1)).spread / space.spread
    np.testing.assert_allclose(with_calendar[0, :, at, 4], short[0, :, at, 4] * factor[:, 0], atol=0.05)


def test_gaps_are_joined_and_short_series_made_longer() -> None:
    values = np.array([[np.nan, 2.0, np.nan, 4.0], [np.nan] * 4])
    out = filled(values)
    assert out.shape == (2, 16)
    assert out[0, -4:].tolist() == [2, 2, 3, 4]
    assert (out[1] == 0).all()


def test_two_values_are_enough_for_a_forecast(few_winters: None) -> None:
    p = panel().until(2)
    found = members(p, (1, 2, 3, 4))
    assert ENDEMIC in found
    assert PRIOR not in found, "how far a season reaches is not known from two values"
    assert set(combine(found).weights) == {ENDEMIC, PERSISTENCE}
    assert np.isfinite(combine(found).values["khien-ensemble"]).all()
    for name, said in found.items():
        assert said.shape == (5, 4, 23), name
        assert (said >= 0).all(), name
        assert (np.diff(said, axis=-1) >= 0).all(), name


@pytest.mark.parametrize("every", ["week", "month"])
def test_a_young_series_can_be_asked_far_ahead(few_winters: None, every: str) -> None:
    p = Panel(np.array([[3.0, 4.0, 6.0]]), ("a",), date(2024, 1, 6), every)  # type: ignore[arg-type]
    said = endemic(p, scaled(p), (1, 110))
    assert said.shape == (1, 2, 23)
    assert np.isfinite(said).all()


def test_a_young_series_of_months_is_also_told_by_made_up_waves(few_winters: None) -> None:
    weekly = panel()
    young = Panel(weekly.values[:, :30], weekly.places, date(2014, 6, 1), "month")
    old = Panel(np.tile(weekly.values[:, :60], 2), weekly.places, date(2014, 6, 1), "month")
    assert ENDEMIC in members(young, (1, 2))
    assert ENDEMIC not in members(old, (1, 2))


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000), st.floats(0.001, 1000))
def test_rates_in_another_unit_are_forecast_alike(few_winters: None, seed: int, unit: float) -> None:
    """Counts are told by their size; of rates only the shape counts."""
    values = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.2, (3, 20)), axis=1)) + 0.123
    said = [
        endemic(p, scaled(p), (1, 2))
        for p in (Panel(values * k, ("a", "b", "c"), date(2024, 1, 6), "week") for k in (1.0, unit))
    ]
    np.testing.assert_allclose(said[1], said[0] * unit, rtol=1e-3, atol=1e-6 * unit)


@pytest.mark.slow  # all made-up pasts are learnt from: six of them do not teach it
def test_what_grows_goes_on_growing_and_what_falls_goes_on_falling() -> None:
    weeks = np.arange(10)
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(endemic_module, "PASTS", 120)
        endemic_module.learnt.cache_clear()
        for growth in (0.3, 0.1, -0.1, -0.3):
            values = np.round(np.stack([200 * np.exp(growth * weeks), 300 * np.exp(growth * weeks)]))
            p = Panel(values, ("a", "b"), date(2024, 1, 6), "week")
            said.append(endemic(p, scaled(p), (1,))[0, 0, 11] / values[0, -1])
    endemic_module.learnt.cache_clear()
    assert said == pytest.approx([1.31, 1.13, 0.92, 0.81], abs=0.15)


def test_made_up_pasts_are_the_same_again_and_know_no_calendar() -> None:
    made = waves.pasts(60, 3, 104)
    assert all((one >= 0).all() and (one == np.round(one)).all() and one.shape == (3, 104) for one in made)
    np.testing.assert_array_equal(made[7], waves.pasts(60, 3, 104)[7])
    tops = np.array([one.sum(axis=0).argmax() for one in made]) % 52
    assert np.abs(np.exp(2j * np.pi * tops / 52).mean()) < 0.3, "peaks come at any time of the year"
    weekly = np.ones((2, 104))
    assert waves.months(weekly).sum(axis=1) == pytest.approx([100, 100], abs=4)
    assert set(waves.months(weekly)[0]) <= {4.0, 5.0}


def test_nearly_empty_series_do_not_explode() -> None:
    rng = np.random.default_rng(5)
    values = rng.poisson(0.03, (6, 200)).astype(float)
    values[0] = rng.poisson(40 * np.exp(np.sin(np.arange(200) / 8.3)))
    values[3, 150] = 900
    found = members(Panel(values, tuple("abcdef"), date(2024, 1, 6), "week"), STEPS)
    for name, said in found.items():
        assert said.max() <= 5 * values.max(), name


def test_persistence_stays_and_climatology_remembers() -> None:
    p = panel()
    np.testing.assert_allclose(persistence(p, STEPS)[:, :, 11], np.repeat(p.values[:, -1:], 3, axis=1), atol=1e-9)
    monthly = Panel(np.array([[1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] * 3]), ("a",), date(2024, 12, 1), "month")
    assert climatology(monthly, (1, 7))[0, :, 11].tolist() == [1, 7]


def test_weighted_quantiles_by_brute_force() -> None:
    import scipy.sparse as sp

    rng = np.random.default_rng(3)
    values, weights = rng.normal(size=40), rng.integers(0, 4, (3, 40)).astype(float)
    found = weighted_quantiles(values, sp.csr_matrix(weights), np.array([0.1, 0.5, 0.9]))
    for row, w in zip(found, weights, strict=True):
        order = [(v, k) for v, k in sorted(zip(values, w, strict=True)) if k > 0]
        rank, total = [], 0.0
        for _, k in order:
            rank.append((total + k / 2) / w.sum())
            total += k
        np.testing.assert_allclose(row, np.interp([0.1, 0.5, 0.9], rank, [v for v, _ in order]))


def test_a_forest_finds_the_spread_that_depends_on_what_is_seen() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (4000, 2))
    y = 2 * x[:, 0] + rng.normal(size=4000) * np.where(x[:, 1] > 0, 1.0, 0.1)
    one = np.ones(4000, dtype=np.int64)
    model = fit(x, y, one, np.ones(4000), leaf=20)
    q = model(np.array([[0.5, 0.5], [0.5, -0.5]]), one[:2], np.array([0.1, 0.5, 0.9]))
    assert q[:, 1] == pytest.approx([1, 1], abs=0.3)
    assert q[0, 2] - q[0, 0] == pytest.approx(2.56, rel=0.25)
    assert q[1, 2] - q[1, 0] < 0.8


def test_the_worked_table_of_the_ensemble() -> None:
    weights = weights_by_record(np.tile([10.0, 20.0], (200, 1)))
    assert weights == pytest.approx([0.721, 0.279], abs=1e-3)
    assert averaged([np.array([100.0]), np.array([140.0])], weights) == pytest.approx(111.2, abs=0.05)
    widths = np.linspace(-1, 1, 23)
    past = np.tile(np.log(100) + widths * 0.405, (300, 1))
    off = np.zeros(300)
    off[:15] = 1.44 * 0.405 * 0.95  # one in twenty beyond the 95 % interval: 1.44 times as wide would hold it
    grown = stretched(past[:1], np.full(11, 1.2))
    assert grown[0, -1] == pytest.approx(np.log(100) + 1.2 * 0.405)
    assert stretch(past, np.log(100) + off).shape == (11,)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 3))
def test_stretching_finds_a_wrong_width(seed: int, wrong: float) -> None:
    rng = np.random.default_rng(seed)
    past = np.tile(np.quantile(rng.normal(size=20_000), LEVELS) * wrong, (4000, 1))
    factor = stretch(past, rng.normal(size=4000))
    assert factor[3:8] == pytest.approx(np.clip(1 / wrong, 0.8, 2.0), rel=0.15)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_pool_of_equal_forecasts_is_that_forecast_and_else_wider_than_their_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = np.sort(rng.normal(size=(2, 23)), axis=-1)
    np.testing.assert_allclose(pool([a, a])[:, 2:-2], a[:, 2:-2], atol=0.12)
    b = a + 6
    mixed, mean = pool([a, b]), averaged([a, b])
    assert (mixed[:, -2] - mixed[:, 1] >= mean[:, -2] - mean[:, 1] - 1e-6).all()


def test_made_up_winters_are_the_same_again_and_peak_in_winter() -> None:
    rates = seasons(30, 3)
    assert rates.shape == (30, 4, 52)
    np.testing.assert_array_equal(rates, seasons(30, 3))
    assert (rates >= 0).all()
    assert 15 < np.median(rates[:, 0].argmax(1)) < 32


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 8), st.integers(1, 40), st.integers(0, 1000))
def test_a_period_is_one_witness_however_many_places_it_has(times: int, periods: int, seed: int) -> None:
    """The same outcomes in copies of every place widen intervals no more."""
    rng = np.random.default_rng(seed)
    few, many = Record(), Record()
    for _ in range(periods):
        said = np.exp(np.tile(np.linspace(3, 4, 23), (40, 1, 1)))
        came = np.exp(rng.normal(3.5, 0.5, (40, 1)))
        few.add({}, said, came)
        many.add({}, np.tile(said, (times, 1, 1)), np.tile(came, (times, 1)))
    np.testing.assert_allclose(many.factors(0), few.factors(0), rtol=0.03)


def test_slower_is_slower() -> None:
    z = np.arange(10.0)[None]
    assert slowed(z, 2.0)[0].tolist() == np.arange(0, 9.5, 0.5).tolist()


def test_a_record_prefers_what_was_better_and_months_are_months() -> None:
    record = Record()
    came = np.full((600, 3), 50.0)
    good, bad = np.tile(np.linspace(40, 60, 23), (600, 3, 1)), np.tile(np.linspace(140, 160, 23), (600, 3, 1))
    assert record.weights(("a", "b"), 1).tolist() == [0.5, 0.5]
    first = record.add({"a": good, "b": bad}, good, np.where(np.arange(600)[:, None] < 9, came, np.nan))
    early = record.weights(("a", "b"), 1)[0]
    record.complete(first, came)
    assert (record.came[first] == 50).all()
    a, b = record.weights(("a", "b"), 1)
    assert a == pytest.approx(early)
    assert a > 0.51 > b, "all places of a period are one witness"
    for _ in range(60):
        record.add({"a": good, "b": bad}, good, came)
    assert record.weights(("a", "b"), 1)[0] > 0.8
    alone = record.weights(("a", "b"), 1)
    record.add({"a": good}, good, came)
    assert record.weights(("a", "b"), 1).tolist() == alone.tolist(), "where one was silent they are not compared"
    assert record.weights(("a", "c"), 1).tolist() == [0.5, 0.5]
    assert moved(date(2024, 1, 31), 1, "month") == date(2024, 2, 29)
    assert moved(date(2024, 1, 31), -2, "month") == date(2023, 11, 30)
    assert moved(date(2024, 1, 6), 2, "week") == date(2024, 1, 6) + timedelta(weeks=2)
    assert whole_of(panel(), np.ones((5, 3))).shape == (1, 3)
