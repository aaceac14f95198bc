"""Statistical models of single series, each place for itself: exponential smoothing, Theta, seasonal naive.

The library statsforecast (extra `forecast`) fits them to the logarithm; its prediction intervals give the quantiles.
See docs/methods/series.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from khien.watch.forecast.forest import ModelsMissing
from khien.watch.forecast.frames import QUANTILES, Floats

if TYPE_CHECKING:
    import polars as pl

Period = Literal["day", "week", "month"]
Model = Literal["ets", "theta", "naive", "mean"]
SEASON: Final = {"day": 7, "week": 52, "month": 12}
LONGEST_SMOOTHED: Final = 24
"""Seasons longer than that have too many states for exponential smoothing; it is fitted without a season then."""
FEWEST: Final = 10
"""Values with which a model is fitted; with fewer the last one goes on as a random walk."""
MOST: Final = 100.0
"""No quantile is above so many times the largest value seen."""
MEMBERS: Final = ("ets", "theta")
"""Of the mean. The seasonal naive is not among them: it made the mean worse on every disease measured."""
HALF: Final = len(QUANTILES) // 2


def forecast_series(
    frame: pl.DataFrame, period: Period, horizons: Sequence[int], model: Model = "ets"
) -> Floats:
    """Quantiles of every place, each from its own past alone.

    Args:
        frame: a column of dates (the first one), one row for each period in order without gaps, and a column of values
            for each place, 0 or more. A missing value is one that is not known: gaps are bridged in the logarithm, and
            a place whose last values are missing is forecast from its last known one on.
        period: what a row is: "day" (a season is a week), "week" or "month" (a season is a year).
        horizons: periods after the last row, 1 or more.
        model: "ets" (chosen by AICc), "theta", "naive" (the season before), or "mean" of the quantiles of the
            first two.

    Returns:
        Shape [places, horizons, 23]: never below 0, never falling, finite; NaN for a place without any value.

    Raises:
        ModelsMissing: the extra `forecast` is not installed.
        ValueError: a value is below 0 or infinite, dates are out of order, or a horizon is below 1.
    """
    models = _models()
    values = _values(frame)
    if not horizons or min(horizons) < 1:
        raise ValueError("horizons count periods after the last row: 1 or more")
    steps = np.asarray(horizons)
    found = np.full((len(values), len(steps), len(QUANTILES)), np.nan)
    for i, one in enumerate(values):
        if np.isfinite(one).any():
            members = MEMBERS if model == "mean" else (model,)
            found[i] = np.mean([_one(models, one, SEASON[period], steps, name) for name in members], axis=0)
    return found


def _models() -> Any:
    try:
        # Importing it touches optional plotting libraries that warn about themselves.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from statsforecast import models
    except ImportError as gone:
        raise ModelsMissing("statsforecast is missing; it comes with the extra: pip install khien[forecast]") from gone
    return models


def _values(frame: pl.DataFrame) -> Floats:
    """Values [places, periods], NaN where missing."""
    import polars as pl

    dates, places = frame.columns[0], frame.columns[1:]
    if frame[dates].null_count() or not (frame[dates].is_sorted() and frame[dates].is_unique().all()):
        raise ValueError("dates must rise from row to row, none missing")
    values = frame.select(pl.col(places).cast(pl.Float64).fill_null(float("nan"))).to_numpy().T
    if (values < 0).any() or np.isinf(values).any():
        raise ValueError("values must be finite and 0 or more")
    return np.asarray(values, dtype=float)


def _one(models: Any, seen: Floats, season: int, steps: Any, name: str) -> Floats:
    """Quantiles [horizons, 23] of one series, which has at least one value."""
    known = np.flatnonzero(np.isfinite(seen))
    waited = len(seen) - 1 - int(known[-1])
    offset = unit_of(seen[known])
    whole = np.arange(known[0], known[-1] + 1)
    y = np.interp(whole, known, np.log(seen[known] + offset))
    made = _fitted(models, y, season, int(steps.max()) + waited, name) if len(y) >= FEWEST and np.ptp(y) > 0 else None
    if made is None:
        made = _walk(y, int(steps.max()) + waited)
    largest = np.log(MOST) + np.log(seen[known].max() + offset)
    values = np.exp(np.minimum(made[steps + waited - 1], largest)) - offset
    return np.sort(np.maximum(values, 0.0), axis=1)


def unit_of(values: Floats) -> float:
    """What is added to known values before the logarithm: 1 to counts, a tenth of the mean to shares and rates."""
    if (values == np.round(values)).all():
        return 1.0
    return 0.1 * float(values[values > 0].mean())


def _fitted(models: Any, y: Floats, season: int, ahead: int, name: str) -> Floats | None:
    """Quantiles [ahead, 23] of the logarithm from the library; None where it cannot fit this series."""
    long = len(y) > 2 * season
    if name == "ets":
        fit = models.AutoETS(season_length=season if long and season <= LONGEST_SMOOTHED else 1)
    elif name == "theta":
        fit = models.AutoTheta(season_length=season if long else 1, decomposition_type="additive")
    elif name == "naive":
        fit = models.SeasonalNaive(season_length=season) if long else models.Naive()
    else:
        raise ValueError(f"{name!r} is no model of series")
    levels = [round(100 * (1 - 2 * q)) for q in QUANTILES[:HALF]]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = fit.forecast(y=y, h=ahead, level=levels)
    except (ValueError, ZeroDivisionError, FloatingPointError, RuntimeError, np.linalg.LinAlgError):
        return None
    names = [f"lo-{level}" for level in levels] + ["mean"] + [f"hi-{level}" for level in levels[::-1]]
    columns = [made[name] for name in names]
    quantiles = np.column_stack([np.asarray(column, dtype=float) for column in columns])
    return quantiles if np.isfinite(quantiles).all() else None


def _walk(y: Floats, ahead: int) -> Floats:
    """Quantiles [ahead, 23] of a random walk from the last value, as wide as the steps so far.

    With fewer than two steps, halving or doubling within a period is taken to be one standard deviation.
    """
    from scipy.special import ndtri

    spread = float(np.std(np.diff(y))) if len(y) > 2 else float(np.log(2))
    width = np.sqrt(np.arange(1, ahead + 1))[:, None] * spread
    return np.asarray(y[-1] + width * ndtri(np.asarray(QUANTILES))[None, :])


__all__ = ["ModelsMissing", "forecast_series"]
