"""The probability that a value exceeds a level, from the quantiles of a forecast.

Between two quantiles the distribution is a straight line; above the last and below the first it falls off
exponentially, as fast as the two outermost quantiles on that side say. See docs/methods/warnings.md.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from khien.watch.warn.findings import WarnError, WarnFinding

Array = NDArray[np.float64]
SERIES: Final = ("indicator", "place", "reference", "horizon", "target", "model")
"""Columns that name one forecast; together with `quantile` and `value` they are the frame of forecasts."""


def exceed_probability(
    quantiles: ArrayLike, values: ArrayLike, at: ArrayLike, *, floor: float | None = None, reach: bool = False
) -> Array:
    """P(X > x), or P(X >= x) with `reach`.

    Args:
        quantiles: shape (n,), n >= 2, rising, inside 0 to 1.
        values: shape (n,), finite; where they cross they are sorted first (rearrangement).
        at: thresholds x, any shape; infinite ones give 0 or 1.
        floor: least value that X can have, for example 0 for cases.
        reach: count values that only reach the threshold; it matters where the distribution has a jump.

    Returns:
        Probabilities of the shape of `at`, never rising with x.

    Raises:
        ValueError: quantiles or values are not as said, or a threshold is NaN.
    """
    q, v = _checked(quantiles, values)
    x = np.asarray(at, dtype=np.float64)
    if np.isnan(x).any():
        raise ValueError("a threshold is not a number")
    below = np.searchsorted(v, x, side="left" if reach else "right")
    found = np.empty(x.shape)
    first, last = below == 0, below == len(v)
    inside = ~(first | last)
    i = below[inside]
    step = (x[inside] - v[i - 1]) / np.where(v[i] > v[i - 1], v[i] - v[i - 1], 1.0)
    found[inside] = 1.0 - (q[i - 1] + (q[i] - q[i - 1]) * step)
    found[first] = 1.0 - q[0] * _tail(v[0] - x[first], v[1] - v[0], q[1] / q[0])
    found[last] = (1.0 - q[-1]) * _tail(x[last] - v[-1], v[-1] - v[-2], (1.0 - q[-2]) / (1.0 - q[-1]))
    if floor is not None:
        found = np.where(x <= floor if reach else x < floor, 1.0, found)
    return np.clip(found, 0.0, 1.0)


def exceedance(forecasts: pl.DataFrame, thresholds: pl.DataFrame, *, floor: float | None = 0.0) -> pl.DataFrame:
    """The probability of exceeding each level, for every forecast of a frame.

    Args:
        forecasts: columns `indicator, place, reference, horizon, target, model` (one forecast each), `quantile` (inside
            0 to 1) and `value`; at least two quantiles each, none twice.
        thresholds: columns `level` (any whole number) and `threshold`, and as many of `indicator`, `place`, `target` as
            it depends on.
        floor: least value that can be; None for none.

    Returns:
        The columns of a forecast, `level`, `threshold`, `probability` (0 to 1) and `lead_days` (target - reference).

    Raises:
        WarnError: columns are missing, values null or not finite, quantiles outside, twice or too few; all at once.
    """
    check_forecasts(forecasts, thresholds)
    shared = [name for name in ("indicator", "place", "target") if name in thresholds.columns]
    curves = forecasts.sort("quantile").group_by(SERIES, maintain_order=True).agg("quantile", "value")
    how: Any = "inner" if shared else "cross"
    asked = curves.join(thresholds.select(*shared, "level", "threshold"), on=shared or None, how=how)
    rows = asked.select("quantile", "value", "threshold").iter_rows()
    probability = [float(exceed_probability(q, v, x, floor=floor)) for q, v, x in rows]
    lead = (pl.col("target") - pl.col("reference")).dt.total_days().alias("lead_days")
    made = asked.drop("quantile", "value").with_columns(pl.Series("probability", probability, pl.Float64), lead)
    return made.sort([*SERIES, "level"])


def check_forecasts(forecasts: pl.DataFrame, thresholds: pl.DataFrame | None = None) -> None:
    """Raise WarnError with everything that keeps a frame of forecasts (and one of thresholds) from being used."""
    findings = _missing("forecasts", forecasts, (*SERIES, "quantile", "value"))
    if thresholds is not None:
        findings += _missing("thresholds", thresholds, ("level", "threshold"))
    if findings := findings or _frame_findings(forecasts, thresholds):
        raise WarnError(findings)


def _missing(table: str, frame: pl.DataFrame, columns: tuple[str, ...]) -> list[WarnFinding]:
    return [WarnFinding("column-missing", table, column) for column in columns if column not in frame.columns]


def _checked(quantiles: ArrayLike, values: ArrayLike) -> tuple[Array, Array]:
    q, v = np.asarray(quantiles, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if q.ndim != 1 or q.shape != v.shape or len(q) < 2:
        raise ValueError("quantiles and values must be two lists of the same length, at least 2")
    if not (np.isfinite(v).all() and (q > 0).all() and (q < 1).all() and (np.diff(q) > 0).all()):
        raise ValueError("quantiles must rise inside 0 to 1, values must be finite")
    return q, np.sort(v)


def _tail(beyond: Array, width: float, ratio: float) -> Array:
    """What is left of an outermost probability so far beyond its quantile, from the last two quantiles of that side.

    Two equal outermost quantiles leave nothing beyond them.
    """
    if width <= 0.0:
        return np.where(beyond > 0, 0.0, 1.0)
    with np.errstate(over="ignore"):  # two quantiles that all but meet: so far beyond them nothing is left
        kept: Array = np.exp(-beyond * np.log(ratio) / width)
    return kept


def _frame_findings(forecasts: pl.DataFrame, thresholds: pl.DataFrame | None) -> list[WarnFinding]:
    kinds = [(c, forecasts.schema[c]) for c in ("reference", "target", "quantile", "value")]
    found = [
        WarnFinding("wrong-kind", "forecasts", column, str(kind))
        for column, kind in kinds
        if not (kind == pl.Date if column in ("reference", "target") else kind.is_numeric())
    ]
    if thresholds is not None and not thresholds.schema["threshold"].is_numeric():
        found.append(WarnFinding("wrong-kind", "thresholds", "threshold", str(thresholds.schema["threshold"])))
    if found:
        return found
    for column in ("quantile", "value"):
        bad = forecasts.filter(pl.col(column).is_null() | ~pl.col(column).cast(pl.Float64).is_finite()).height
        if bad:
            found.append(WarnFinding("not-finite", "forecasts", column, str(bad)))
    outside = forecasts.filter((pl.col("quantile") <= 0) | (pl.col("quantile") >= 1)).height
    if outside:
        found.append(WarnFinding("quantile-outside", "forecasts", "quantile", str(outside)))
    twice = forecasts.select(*SERIES, "quantile").is_duplicated().sum()
    if twice:
        found.append(WarnFinding("quantile-twice", "forecasts", "quantile", str(twice)))
    few = forecasts.group_by(SERIES).len().filter(pl.col("len") < 2).height
    if few:
        found.append(WarnFinding("quantiles-too-few", "forecasts", "quantile", str(few)))
    line = pl.col("threshold")
    if thresholds is not None and thresholds.filter(line.is_null() | line.cast(pl.Float64).is_nan()).height:
        found.append(WarnFinding("not-finite", "thresholds", "threshold"))
    return found
