"""Statistical models of single series: laws on any series, known answers, and a real one."""

from __future__ import annotations

import builtins
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data import data_path

from khien.watch.forecast import series
from khien.watch.forecast.baseline import persistence
from khien.watch.forecast.forest import ModelsMissing
from khien.watch.forecast.frames import Panel
from khien.watch.forecast.score import wis
from khien.watch.forecast.series import forecast_series

MODELS = ("ets", "theta", "naive", "mean")


def weeks(**places: Any) -> pl.DataFrame:
    """A frame of weekly values."""
    count = len(next(iter(places.values())))
    return pl.DataFrame({"date": [date(2020, 1, 4) + timedelta(7 * n) for n in range(count)], **places})


def drawn(seed: int, count: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.poisson(np.exp(3 + np.cumsum(draw.normal(0, 0.2, count)))).astype(float)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 10**6), st.floats(0, 1e6)), min_size=1, max_size=70),
    st.sampled_from(MODELS),
    st.sampled_from(("day", "week", "month")),
)
def test_laws_on_any_series(values: list[float | None], model: Any, period: Any) -> None:
    found = forecast_series(weeks(a=pl.Series(values, dtype=pl.Float64, strict=False)), period, (1, 2, 4), model)
    assert found.shape == (1, 3, 23)
    if all(value is None for value in values):
        assert np.isnan(found).all()
        return
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (np.diff(found, axis=2) >= 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_a_series_that_stands_still_is_forecast_as_it_is(model: Any) -> None:
    found = forecast_series(weeks(a=[7.0] * 30), "week", (1, 4), model)
    assert found == pytest.approx(7.0)


@pytest.mark.parametrize("model", MODELS)
def test_places_do_not_touch_each_other_and_gaps_are_bridged(model: Any) -> None:
    a, b = drawn(1, 80), drawn(2, 80)
    alone = forecast_series(weeks(a=a), "week", (1, 3), model)
    both = forecast_series(weeks(b=b, a=a), "week", (1, 3), model)
    assert both[1] == pytest.approx(alone[0])
    holes = a.copy()
    holes[[5, 40, 41]] = np.nan
    bridged = forecast_series(weeks(a=holes), "week", (1, 3), model)
    assert bridged[0, :, 11] == pytest.approx(alone[0, :, 11], rel=0.2)


def test_missing_last_values_are_waited_for() -> None:
    a = drawn(3, 60)
    late = np.concatenate([a, [np.nan, np.nan]])
    assert forecast_series(weeks(a=late), "week", (1,), "ets") == pytest.approx(
        forecast_series(weeks(a=a), "week", (3,), "ets")
    )


def test_the_season_before_comes_again() -> None:
    months = np.tile(np.arange(1.0, 13.0) ** 2, 6)
    found = forecast_series(weeks(a=months), "month", (1, 6, 12), "naive")
    assert found[0, :, 11] == pytest.approx([1, 36, 144])
    smoothed = forecast_series(weeks(a=months + drawn(5, 72) % 3), "month", (1, 6, 12), "ets")
    assert smoothed[0, :, 11] == pytest.approx([2, 37, 145], rel=0.5)


def test_the_random_walk_of_a_short_series_by_hand() -> None:
    # Logarithms of 1 + value: ln 2, ln 4, ln 2: steps of ± ln 2, standard deviation ln 2.
    found = forecast_series(weeks(a=[1.0, 3.0, 1.0]), "week", (1, 4), "ets")
    assert found[0, :, 11] == pytest.approx(1.0)
    assert found[0, 0, -2] == pytest.approx(2 ** (1 + 1.959964) - 1, rel=1e-5)
    assert found[0, 1, -2] == pytest.approx(2 ** (1 + 2 * 1.959964) - 1, rel=1e-5)


def test_what_cannot_be_a_series_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for frame, horizons in (
        (weeks(a=[1.0, -2.0]), (1,)),
        (weeks(a=[1.0, float("inf")]), (1,)),
        (weeks(a=[1.0, 2.0]).reverse(), (1,)),
        (weeks(a=[1.0, 2.0]), (0,)),
        (weeks(a=[1.0, 2.0]), ()),
    ):
        with pytest.raises(ValueError):
            forecast_series(frame, "week", horizons)
    load = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("statsforecast"):
            raise ImportError(name)
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelsMissing, match="statsforecast"):
        forecast_series(weeks(a=[1.0, 2.0]), "week", (1,))
    assert series.SEASON["week"] == 52


@pytest.mark.slow
def test_real_monthly_dengue_is_better_than_persistence() -> None:
    frame = pl.read_parquet(data_path("watch", "epi", "vn_gdpm_monthly_province.parquet"))
    rows = frame.filter(pl.col("disease").cast(pl.String) == "dengue", pl.col("year") >= 2002)
    rows = rows.group_by(date=pl.date("year", "month", 1)).agg(pl.col("cases").sum().cast(pl.Float64)).sort("date")
    ours = theirs = 0.0
    for now in range(120, 150, 4):
        seen = rows.head(now)
        truth = rows["cases"].to_numpy()[None, now : now + 3]
        ours += wis(truth, forecast_series(seen, "month", (1, 2, 3), "ets")).sum()
        panel = Panel(seen["cases"].to_numpy()[None], ("vn",), seen["date"].to_list()[-1], "month")
        theirs += wis(truth, persistence(panel, (1, 2, 3))).sum()
    assert ours < 0.9 * theirs
