"""Forecasts start from what the newest values will be: learnt from earlier revisions, and from nothing later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khien.watch.forecast.hub import Hub
from khien.watch.forecast.settling import OLDEST, shifts

FIRST = date(2024, 1, 6)
COLUMNS = ["location", "date", "as_of", "value"]


def hub(final: np.ndarray, share: float, places: tuple[str, ...] = ("a", "b", "c")) -> Hub:
    """Every Wednesday a vintage; of the newest week only a share is known, which the next vintage makes good."""
    weeks = final.shape[1]
    rows = []
    for v in range(2, weeks):
        as_of = FIRST + timedelta(weeks=v, days=4)
        for place, series in zip(places, final, strict=True):
            known = [*series[:v], np.floor(series[v] * share) if share < 1 else series[v]]
            rows += [(place, FIRST + timedelta(weeks=i), as_of, float(x)) for i, x in enumerate(known)]
    truth = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    return Hub("x", truth, pl.DataFrame(), pl.DataFrame(), days={h: 7 * h for h in range(4)})


def day(week: int) -> date:
    return FIRST + timedelta(weeks=week, days=4)


def test_the_worked_table() -> None:
    known = np.full((2, 5, OLDEST + 1), np.nan)
    known[0, :4, 0], known[0, :4, 1] = 89, 98
    known[1, :4, 0], known[1, :4, 1] = 49, 49
    known[:, 4, 0] = 109, 49
    found = shifts(known, 0, 1.0)
    # Each week's median of 0.0953 and 0 is 0.0477, and so is that of all; each place's own four count as much as that.
    assert found == pytest.approx([0.0715, 0.0238], abs=1e-4)
    assert shifts(known, 1, 1.0).tolist() == [0, 0], "nothing was published twice at that age"
    rows = [
        (place, FIRST + timedelta(weeks=w), FIRST + timedelta(weeks=w + age, days=4), known[p, w, age])
        for p, place in enumerate("ab") for w in range(5) for age in (0, 1) if np.isfinite(known[p, w, age])
    ]  # fmt: skip
    truth = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    told = Hub("x", truth, pl.DataFrame(), pl.DataFrame(), whole=False).expected(day(4))
    assert told is not None
    assert told.values[:, -1].tolist() == [117, 50]  # 110 · e^0.0715 − 1, 50 · e^0.0238 − 1


def test_what_is_still_to_be_reported_is_foreseen() -> None:
    final = np.random.default_rng(0).poisson(400, (3, 30)).astype(float)
    late = hub(final, 0.8)
    seen, told = late.known(day(29 - 1)), late.expected(day(29 - 1))
    assert seen is not None
    assert told is not None
    np.testing.assert_allclose(told.values[:, -1], final[:, 28], rtol=0.06)
    assert (seen.values[:, -1] < 0.85 * final[:, 28]).all()
    np.testing.assert_array_equal(told.values[:, :-3], seen.values[:, :-3])


def test_one_week_that_was_wrong_everywhere_teaches_nothing() -> None:
    known = np.full((50, 4, OLDEST + 1), np.nan)
    known[:, :, 0], known[:, :, 1] = 100, 100
    known[:, 2, 0] = 230
    assert (shifts(known, 0, 1.0) == 0).all()
    assert (shifts(known[:, 2:3], 0, 1.0) == 0).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_where_nothing_was_ever_revised_nothing_changes(seed: int, counts: bool) -> None:
    rng = np.random.default_rng(seed)
    final = rng.poisson(5, (3, 16)).astype(float) if counts else rng.gamma(2, 3, (3, 16))
    calm = hub(final, 1.0)
    for week in (2, 9, 15):
        seen, told = calm.known(day(week)), calm.expected(day(week))
        assert seen is not None
        assert told is not None
        np.testing.assert_allclose(told.values, seen.values, rtol=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 0.99))
def test_counts_stay_whole_and_later_vintages_are_not_seen(seed: int, share: float) -> None:
    late = hub(np.random.default_rng(seed).poisson(60, (3, 20)).astype(float), share)
    wild = pl.when(pl.col("as_of") > day(12)).then(pl.col("value") * 50).otherwise(pl.col("value"))
    told, again = late.expected(day(12)), replace(late, truth=late.truth.with_columns(wild), _young=[], _expected={})
    assert told is not None
    assert (told.values == np.round(told.values)).all()
    after = again.expected(day(12))
    assert after is not None
    np.testing.assert_array_equal(after.values, told.values)


def test_a_season_begins_with_what_earlier_ones_taught() -> None:
    final = np.random.default_rng(1).poisson(400, (3, 30)).astype(float)
    late = hub(final, 0.8)
    begun = replace(late, truth=late.truth.filter(pl.col("as_of") >= day(28)), _young=[], _expected={})
    alone, taught = begun.expected(day(28)), begun.after(late).expected(day(28))
    assert alone is not None
    assert taught is not None
    np.testing.assert_array_equal(alone.values[:, -1], np.floor(final[:, 28] * 0.8))
    np.testing.assert_allclose(taught.values[:, -1], final[:, 28], rtol=0.06)
