"""Revisions: what a published value will be once its publisher has stopped changing it, up or down.

Where only totals are published, issue after issue, the ratio of the final value to the one known after d periods is
learnt from earlier periods of all places. See docs/methods/reporting-delay.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from khien.watch.forecast.triangle import DAYS, Array, DelayError, Period

if TYPE_CHECKING:
    import polars as pl

OFFSET: Final = 0.5
"""Added to counts before their logarithm."""
PLACE: Final = 30.0
"""For how many periods of a place all places together count."""
LARGEST: Final = 2.0
"""A larger jump of the logarithm counts as this: mostly a value that was withdrawn or a mistake that was mended."""
FEWEST: Final = 20
"""Pairs of values without which a delay has no quantiles."""


@dataclass(frozen=True)
class Vintages:
    """Values by period and delay: `values[t, d]` was known of period t after d periods; NaN where nothing was."""

    values: Array
    starts: tuple[date, ...]
    period: Period = "week"


def read_vintages(
    frame: pl.DataFrame, now: date, *, period: Period = "week", longest: int = 8, lag: int = 0
) -> Vintages:
    """The values of one place by period and delay, as known at the end of a day.

    Args:
        frame: columns `valid` (the day that names a period), `issued` (dates), `value`; missing values are passed over.
        now: issues after it are not known.
        period: "day" or "week".
        longest: the last delay, in periods; what was known then is the final value.
        lag: days from `valid` to the end of delay 0: 6 for weeks named by their first day and published on the last.

    Raises:
        DelayError: nothing is known, or a day that names a period is out of step with the first.
    """
    import polars as pl

    step = DAYS[period]
    days = [pl.col(name).cast(pl.Date) for name in ("valid", "issued")]
    rows = frame.select(*days, pl.col("value").cast(pl.Float64)).drop_nulls().filter(pl.col("issued") <= now)
    first, last = rows["valid"].min(), rows["valid"].max()
    if not isinstance(first, date) or not isinstance(last, date):
        raise DelayError(f"no value was issued by {now}", "nowcast-not-live")
    ages = (rows["valid"] - first).dt.total_days().to_numpy()
    if (ages % step).any():
        odd = (first + timedelta(days=int(ages[ages % step > 0][0]))).isoformat()
        text = f"the periods do not follow every {step} days from {first}"
        raise DelayError(text, "nowcast-step", step=step, day=odd)
    values = np.full(((last - first).days // step + 1, longest + 1), np.nan)
    waited = (rows["issued"] - rows["valid"]).dt.total_days().to_numpy() - lag
    delays = np.maximum(-(-waited // step), 0)
    order = np.argsort(waited, kind="stable")
    order = order[delays[order] <= longest]
    values[ages[order] // step, delays[order]] = rows["value"].to_numpy()[order]
    for d in range(1, longest + 1):
        values[:, d] = np.where(np.isnan(values[:, d]), values[:, d - 1], values[:, d])
    starts = tuple(first + timedelta(step * k) for k in range(len(values)))
    over = np.array([[(now - s).days >= lag + step * d for d in range(longest + 1)] for s in starts])
    values[~over] = np.nan
    return Vintages(values, starts, period)


@dataclass(frozen=True)
class Revisions:
    """How values are revised after each delay, as learnt from many places.

    Attributes:
        shift: place to shape (D + 1,): middle log ratio of the final value to the known one.
        steady, scarce: shape (D + 1,): its variance is steady + scarce / (known + 1).
        spread: shape (D + 1, levels): quantiles of the standardised rest.
        levels: their levels.
    """

    shift: Mapping[str, Array]
    steady: Array
    scarce: Array
    spread: Array
    levels: tuple[float, ...]

    def final(self, place: str, known: float, delay: int) -> Array:
        """Quantiles of the final value, shape (levels,), never below 0 and never falling.

        Args:
            place: one that was not learnt from has the shift of all.
            known: the value that is known, 0 or more.
            delay: periods since; from the last one on nothing changes any more.
        """
        if delay >= len(self.steady) - 1:
            return np.full(len(self.levels), float(known))
        width = np.sqrt(self.steady[delay] + self.scarce[delay] / (known + 1))
        middle = self.shift.get(place, self.shift[""])[delay]
        values: Array = (known + OFFSET) * np.exp(middle + width * self.spread[delay]) - OFFSET
        return np.maximum(values, 0.0)


def learn(places: Mapping[str, Vintages], levels: Sequence[float], *, window: int = 12) -> Revisions:
    """Learn how values are revised.

    Args:
        places: vintages by place; the periods whose final value is known are learnt from.
        levels: rising, inside 0 to 1.
        window: how many of them count, the newest; more where there are too few places for that.

    Raises:
        DelayError: fewer than 20 pairs of a known and a final value for some delay.
    """
    delays = next(iter(places.values())).values.shape[1]
    window = max(window, -(-FEWEST // len(places)))
    shift = {place: np.zeros(delays) for place in ("", *places)}
    steady, scarce = np.zeros(delays), np.zeros(delays)
    spread = np.zeros((delays, len(levels)))
    for d in range(delays - 1):
        pairs = {place: _pairs(one, d, window) for place, one in places.items()}
        together = np.concatenate(list(pairs.values()))
        if len(together) < FEWEST:
            text = f"only {len(together)} values are known both after {d} and after {delays - 1} periods"
            told = {"pairs": len(together), "delay": d, "longest": delays - 1, "needed": FEWEST}
            raise DelayError(text, "nowcast-pairs", **told)
        shift[""][d] = np.median(together[:, 1])
        rest = []
        for place, rows in pairs.items():
            own = np.median(rows[:, 1]) if len(rows) else 0.0
            shift[place][d] = (len(rows) * own + PLACE * shift[""][d]) / (len(rows) + PLACE)
            rest.append(np.column_stack([rows[:, 0], rows[:, 1] - shift[place][d]]))
        steady[d], scarce[d], spread[d] = _spread(np.concatenate(rest), levels)
    return Revisions(shift, steady, scarce, spread, tuple(levels))


def _pairs(one: Vintages, delay: int, window: int) -> Array:
    """Known value and log ratio of the final one to it, of the newest periods that have both."""
    both = one.values[:, [delay, -1]]
    both = both[np.isfinite(both).all(axis=1)][-window:]
    ratio = np.log((both[:, 1] + OFFSET) / (both[:, 0] + OFFSET))
    return np.column_stack([both[:, 0], np.clip(ratio, -LARGEST, LARGEST)])


def _spread(rows: Array, levels: Sequence[float]) -> tuple[float, float, Array]:
    """Variance as steady + scarce / (known + 1), and quantiles of what is left when it is divided out."""
    from scipy.optimize import nnls

    known, rest = rows.T
    parts = np.column_stack([np.ones(len(known)), 1 / (known + 1)])
    # A squared rest is about as uncertain as it is large, so that rows are weighted by a first guess of the variance.
    guess = np.maximum(parts @ nnls(parts, rest**2)[0], 1e-8)
    steady, scarce = nnls(parts / guess[:, None], rest**2 / guess)[0]
    width = np.sqrt(np.maximum(parts @ np.array([steady, scarce]), 1e-12))
    return float(steady), float(scarce), np.quantile(rest / width, levels, method="median_unbiased")


__all__ = ["Revisions", "Vintages", "learn", "read_vintages"]
