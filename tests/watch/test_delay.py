"""Reporting delays: the tables worked by hand, brute force, laws, and real reports of dengue."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.data import data_path

from khien.watch.forecast.delay import (
    Coming,
    DelayError,
    Delays,
    Level,
    Motion,
    Part,
    fit,
    nowcast,
    shares_through,
    still_to_come,
)
from khien.watch.forecast.frames import FORECASTS, QUANTILES
from khien.watch.forecast.revision import learn, read_vintages
from khien.watch.forecast.triangle import Triangle, from_cases, from_vintages, known_cells

NAN = float("nan")
HAND = np.array([[10, 8, 2], [12, 6, 2], [16, 10, 4], [18, 12, NAN], [15, NAN, NAN]])
MONDAY = date(2024, 1, 1)


def made(counts: np.ndarray) -> Triangle:
    """A triangle of weeks."""
    return Triangle(counts, tuple(MONDAY + timedelta(7 * t) for t in range(len(counts))))


def drawn(seed: int, periods: int, level: float = 40.0) -> np.ndarray:
    """A whole table of counts with a wandering level."""
    draw = np.random.default_rng(seed)
    levels = level * np.exp(np.cumsum(draw.normal(0, 0.1, periods)))
    share = (0.5, 0.3, 0.15, 0.05)
    return np.array([draw.multinomial(draw.poisson(one), share) for one in levels], dtype=float)


def seen(counts: np.ndarray) -> np.ndarray:
    """What is known of it at the end of its last period."""
    return np.where(known_cells(*counts.shape), counts, NAN)


def test_the_shares_of_the_table_worked_by_hand() -> None:
    g2 = (8 + 50 * 9 / 73) / (70 + 50)
    g1 = (36 + 50 * 37 / 94) / (92 + 50)
    assert shares_through(HAND, 52)[-1] == pytest.approx([(1 - g2) * (1 - g1), 1 - g2, 1])
    assert shares_through(HAND, 52)[-1] == pytest.approx([0.536, 0.882, 1], abs=5e-4)


def test_what_is_to_come_of_the_table_worked_by_hand() -> None:
    found = still_to_come(15, 0.536, 1e7, [Part(1.0, 4.0, 0.2)])
    assert found.mean == pytest.approx(11.98, abs=5e-3)
    exact = stats.nbinom(19, 0.736 / 1.2)
    assert 15 + found.quantiles((0.025, 0.5, 0.975)) == pytest.approx(15 + exact.ppf((0.025, 0.5, 0.975)))
    assert list(15 + found.quantiles((0.025, 0.5, 0.975))) == [19, 27, 37]


def test_without_a_level_it_is_the_chain_ladder() -> None:
    found = still_to_come(15, 0.536, 1e7, [Part(1.0, 1e-9, 1e-9)])
    assert found.mean == pytest.approx(15 * 0.464 / 0.536, rel=1e-4)


@pytest.mark.parametrize("known", [0, 3, 40])
def test_against_brute_force(known: int) -> None:
    """All shares and levels on a fine grid, every count that may come: Bayes' rule and nothing else."""
    share, precision, parts = 0.45, 9.0, [Part(0.9, 3.0, 0.1), Part(0.1, 0.4, 0.01)]
    p = (np.arange(400) + 0.5) / 400
    levels = np.geomspace(1e-9, 3000, 2000)
    prior = sum(w * stats.gamma(a, scale=1 / b).pdf(levels) for w, a, b in parts) * np.gradient(levels)
    both = stats.beta(precision * share, precision * (1 - share)).pdf(p)[:, None] * prior[None, :]
    both = both * stats.poisson.pmf(known, p[:, None] * levels[None, :])
    both /= both.sum()
    counts = np.array([0, 2, 10, 40, 160])
    exact = [float((both * stats.poisson.cdf(r, (1 - p)[:, None] * levels[None, :])).sum()) for r in counts]
    found = still_to_come(known, share, precision, parts)
    assert found.below(counts.astype(float)) == pytest.approx(exact, abs=0.002)
    assert found.mean == pytest.approx(float((both * ((1 - p)[:, None] * levels[None, :])).sum()), rel=0.02)


def test_the_level_of_cases_is_carried_as_by_hand() -> None:
    motion = Motion(0.2, 0.0, 0.0, 1.0, 1.0)
    # Mean 10 and variance 4: relative variance 0.04, and 0.04 of the step besides: shape 1 / 0.08.
    (part,) = motion.ahead(Level(10, 4, 10))
    assert part == pytest.approx((1.0, 12.5, 1.25))
    grown = Motion(0.5, 0.5, 0.1, 2.0, 0.1).ahead(Level(10, 4, 2))
    assert grown[0].shape / grown[0].rate == pytest.approx(10 * (10.5 / 2.5) ** 0.5)
    assert (grown[0].weight, grown[1]) == (0.9, Part(0.1, 2.0, 0.1))


def test_shares_at_the_end_of_a_period_do_not_know_the_next() -> None:
    counts = drawn(1, 60)
    whole = shares_through(seen(counts), 8)
    for last in (10, 30, 59):
        assert shares_through(seen(counts[: last + 1]), 8)[-1] == pytest.approx(whole[last])


def test_a_report_of_tomorrow_changes_nothing() -> None:
    counts, later = drawn(2, 80), drawn(2, 80)
    later[~known_cells(80, 4)] += 1000
    later[np.add.outer(np.arange(80), np.arange(4)) > 76] += 1000
    before, after = (nowcast(made(seen(whole)).as_of(76)) for whole in (counts, later))
    assert (before.values == after.values).all()
    assert (nowcast(made(seen(counts))).values != nowcast(made(seen(later))).values).any()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 5000), st.floats(0.01, 1.0), st.floats(0.5, 1e5), st.floats(0.01, 100.0), st.floats(1e-3, 100.0)
)
def test_laws_of_what_is_to_come(known: int, share: float, precision: float, shape: float, rate: float) -> None:
    found = still_to_come(known, share, precision, [Part(0.95, shape, rate), Part(0.05, 0.2, 0.01)])
    values = found.quantiles(QUANTILES)
    assert (values >= 0).all()
    assert (np.diff(values) >= 0).all()
    assert np.isfinite(values).all()
    assert (values == np.floor(values)).all()
    assert (found.below(values) >= np.array(QUANTILES) - 1e-9).all()
    short = values > 0
    assert (found.below(values - 1)[short] < np.array(QUANTILES)[short] + 1e-9).all()
    mean, variance = found.level
    assert found.mean >= 0
    assert mean > 0
    assert variance > 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.3, 200.0))
def test_laws_of_a_nowcast(seed: int, level: float) -> None:
    counts = seen(drawn(seed, 40, level=level))
    found = nowcast(made(counts))
    assert found.values.shape == (3, 23)
    assert list(found.delays) == [2, 1, 0]
    assert (found.values >= found.reported[:, None]).all()
    assert (np.diff(found.values, axis=1) >= 0).all()
    frame = found.frame("dengue", "TW", date(2024, 10, 6))
    assert frame.schema == FORECASTS
    assert frame.height == 69
    assert frame["horizon"].unique().sort().to_list() == [-2, -1, 0]


def test_intervals_hold_what_they_say_on_drawn_series() -> None:
    inside = []
    for seed in range(60):
        counts = drawn(seed, 70)
        found = nowcast(made(seen(counts)), levels=(0.05, 0.5, 0.95))
        truth = counts[-3:].sum(axis=1)
        inside += list((found.values[:, 0] <= truth) & (truth <= found.values[:, 2]))
    assert 0.84 < np.mean(inside) < 0.98  # 90 % of 180, with whole numbers a little more


def test_too_little_to_learn_from_says_so() -> None:
    with pytest.raises(DelayError, match="3 complete periods"):
        fit(made(HAND))
    with pytest.raises(DelayError, match="no case"):
        fit(made(seen(np.zeros((40, 3)))))
    with pytest.raises(DelayError, match="0 or more"):
        made(np.array([[1.0, -2.0], [1.0, NAN]]))
    with pytest.raises(DelayError, match="future"):
        made(np.array([[1.0, 2.0], [1.0, 2.0]]))


def test_cases_become_a_triangle_as_known_on_a_day() -> None:
    rows = [
        ("2024-01-01", "2024-01-03", 2), ("2024-01-02", "2024-01-09", 3), ("2024-01-10", "2024-01-08", 1),
        ("2024-01-16", "2024-01-25", 9), ("2024-01-02", "2024-03-01", 7),
    ]  # fmt: skip
    days = [pl.col("onset", "reported").str.to_date()]
    frame = pl.DataFrame(rows, schema=["onset", "reported", "cases"], orient="row").with_columns(days)
    found = from_cases(frame, date(2024, 1, 24), longest=1)
    assert found.starts == (date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 15))
    assert found.counts == pytest.approx(np.array([[2, 3], [1, 0], [0, NAN]]), nan_ok=True)
    assert found.complete == 2
    with pytest.raises(DelayError, match="no case"):
        from_cases(frame, date(2023, 12, 1))


def issues(values: dict[int, dict[int, float]]) -> pl.DataFrame:
    """Vintages: week to day of issue (from the week's first) to value."""
    day = [MONDAY + timedelta(n) for n in range(7 * len(values) + 60)]
    rows = [(day[7 * t], day[7 * t + d], v) for t, by in values.items() for d, v in by.items()]
    return pl.DataFrame(rows, schema=["valid", "issued", "value"], orient="row")


def test_vintages_become_a_triangle() -> None:
    frame = issues({0: {6: 10, 12: 14, 30: 20}, 1: {6: 5}, 2: {6: 8}})
    known = read_vintages(frame, MONDAY + timedelta(20), longest=2, lag=6)
    assert known.values == pytest.approx(np.array([[10, 14, 14], [5, 5, NAN], [8, NAN, NAN]]), nan_ok=True)
    counts = from_vintages(frame, MONDAY + timedelta(20), longest=2, lag=6).counts
    assert counts == pytest.approx(np.array([[10, 4, 0], [5, 0, NAN], [8, NAN, NAN]]), nan_ok=True)
    moments = frame.with_columns(pl.col("valid", "issued").cast(pl.Datetime("us", "UTC")))
    assert (read_vintages(moments, MONDAY + timedelta(20), longest=2, lag=6).values[:, 0] == [10, 5, 8]).all()
    with pytest.raises(DelayError, match="lowered"):
        from_vintages(issues({0: {6: 10, 13: 9}, 1: {6: 5}, 2: {6: 8}}), MONDAY + timedelta(20), longest=2, lag=6)
    with pytest.raises(DelayError, match="no value"):
        read_vintages(frame, date(2023, 1, 1))


def revised(seed: int, periods: int = 60) -> pl.DataFrame:
    """Values that grow by a tenth in their second week, give or take, and stay."""
    draw = np.random.default_rng(seed)
    first = draw.integers(50, 500, periods)
    later = np.round(first * np.exp(draw.normal(0.1, 0.05, periods)))
    return issues({t: {6: float(first[t]), 13: float(later[t])} for t in range(periods)})


def test_revisions_are_learnt_and_hold() -> None:
    now = MONDAY + timedelta(7 * 60)
    model = learn({str(n): read_vintages(revised(n), now, longest=2, lag=6) for n in range(6)}, QUANTILES)
    values = model.final("3", 200.0, 0)
    assert values[11] == pytest.approx(200 * np.exp(0.1), rel=0.03)
    assert values[1] == pytest.approx(200 * np.exp(0.1 - 1.96 * 0.05), rel=0.04)
    assert (np.diff(values) >= 0).all()
    assert (model.final("3", 200.0, 2) == 200).all()
    assert (model.final("unseen", 0.0, 0) >= 0).all()
    with pytest.raises(DelayError, match="only"):
        learn({"1": read_vintages(revised(1, 10), now, longest=2, lag=6)}, QUANTILES)


@pytest.mark.slow
def test_real_dengue_reports_are_foreseen_better_than_reported() -> None:
    frame = pl.read_parquet(data_path("watch", "epi", "dengue_taiwan_reporting_delay.parquet"))
    frame = frame.filter(~pl.col("imported")).rename({"onset_date": "onset", "notification_date": "reported"})
    whole = from_cases(frame, date(2015, 12, 31), longest=8, since=date(1998, 1, 1))
    truth = whole.counts.sum(axis=1)
    ours = reported = 0.0
    for t in range(len(whole.starts) - 40, len(whole.starts) - 10, 3):
        found = nowcast(whole.as_of(t))
        ours += abs(found.values[-1, 11] - truth[t])
        reported += abs(found.reported[-1] - truth[t])
    assert ours < 0.6 * reported


def test_a_mixture_is_what_scipy_says() -> None:
    mixed = Coming(np.array([0.3, 0.7]), np.array([2.0, 5.0]), np.array([0.5, 1.5]), np.array([0.5, 0.2]))
    r = np.arange(12.0)
    exact = 0.3 * stats.nbinom(2, 0.5).cdf(r) + 0.7 * stats.nbinom(5, 1.5 / 1.7).cdf(r)
    assert mixed.below(r) == pytest.approx(exact)
    assert isinstance(fit(made(seen(drawn(3, 60)))), Delays)
