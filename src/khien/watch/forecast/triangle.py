"""Reporting triangles: how many of a period's cases were reported how many periods later, and as known when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[np.float64]
Period = Literal["day", "week"]
DAYS: Final = {"day": 1, "week": 7}


class DelayError(ValueError):
    """There is too little to learn the delays from, or the triangle cannot be one.

    Attributes:
        code: of the finding that says so to a reader; empty where the caller is at fault.
        fields: what that finding names.
    """

    def __init__(self, text: str, code: str = "", **fields: object) -> None:
        super().__init__(text)
        self.code = code
        self.fields = fields


@dataclass(frozen=True)
class Triangle:
    """Counts by period and delay, as known at the end of the last period.

    Attributes:
        counts: shape (T, D + 1): cases of period t that were reported d periods later. NaN where t + d lies in the
            future; 0 is a count.
        starts: first day of each period, T of them, without gaps.
        period: how long one is.
    """

    counts: Array
    starts: tuple[date, ...]
    period: Period = "week"

    def __post_init__(self) -> None:
        if self.counts.ndim != 2 or len(self.starts) != len(self.counts) or self.counts.shape[1] < 2:
            raise DelayError("counts must be periods × delays (at least two), with one start for each period")
        known = known_cells(*self.counts.shape)
        good = np.isfinite(self.counts) & (self.counts >= 0)
        if (known & ~good).any() or (~known & ~np.isnan(self.counts)).any():
            raise DelayError("counts must be 0 or more where known, and NaN where they lie in the future")

    @property
    def reported(self) -> Array:
        """Shape (T,): what is known of each period."""
        total: Array = np.nansum(self.counts, axis=1)
        return total

    @property
    def complete(self) -> int:
        """How many periods, from the first on, have all delays behind them."""
        periods, delays = self.counts.shape
        return max(int(periods) - int(delays) + 1, 0)

    def as_of(self, last: int) -> Triangle:
        """The triangle as it was when period `last` (counted from 0) had just ended."""
        counts = self.counts[: last + 1].copy()
        counts[~known_cells(*counts.shape)] = np.nan
        return Triangle(counts, self.starts[: last + 1], self.period)


def known_cells(periods: int, delays: int) -> NDArray[np.bool_]:
    """Which cells of a triangle are known when its last period has just ended."""
    known: NDArray[np.bool_] = np.add.outer(np.arange(periods), np.arange(delays)) < periods
    return known


def from_cases(
    frame: pl.DataFrame, now: date, *, period: Period = "week", longest: int = 8, since: date | None = None
) -> Triangle:
    """The triangle of cases by onset and report, as known at the end of a day.

    Args:
        frame: columns `onset` and `reported` (dates) and `cases` (counts). A report before the onset counts as delay 0;
            rows without one of the dates are left out.
        now: the last day that is known. The triangle ends with the last whole period up to it.
        period: "day" or "week" (from Monday).
        longest: the last delay D, in periods. Later reports are left out: the final value is that after D periods.
        since: first onset that counts; the first of the frame if left out.

    Raises:
        DelayError: no row is left, or an amount of cases is missing or below 0.
    """
    import polars as pl

    step = DAYS[period]
    end = now - timedelta((now.weekday() + 1) % 7 if period == "week" else 0)
    early = pl.lit(True) if since is None else pl.col("onset") >= since
    rows = frame.filter(pl.col("onset") <= end, pl.col("reported") <= end, early)
    if rows.is_empty():
        raise DelayError(f"no case with an onset and a report up to {end}", "nowcast-not-live")
    unit = "1w" if period == "week" else "1d"
    begins = [pl.col(name).cast(pl.Date).dt.truncate(unit) for name in ("onset", "reported")]
    rows = rows.select(*begins, pl.col("cases").cast(pl.Float64))
    if rows["cases"].null_count() or rows.filter(~(pl.col("cases") >= 0)).height:
        raise DelayError("cases must be 0 or more in every row")
    first = rows["onset"].min()
    assert isinstance(first, date)
    t = (rows["onset"] - first).dt.total_days().to_numpy() // step
    d = (rows["reported"] - rows["onset"]).dt.total_days().clip(lower_bound=0).to_numpy() // step
    periods = (end - first).days // step + 1
    counts = np.zeros((periods, longest + 1))
    kept = d <= longest
    np.add.at(counts, (t[kept], d[kept]), rows["cases"].to_numpy()[kept])
    counts[~known_cells(*counts.shape)] = np.nan
    return Triangle(counts, tuple(first + timedelta(step * k) for k in range(periods)), period)


def from_vintages(
    frame: pl.DataFrame, now: date, *, period: Period = "week", longest: int = 8, lag: int = 0
) -> Triangle:
    """The triangle behind the vintages of one place: what each issue added to the one before.

    Args:
        frame: columns `valid` (first day of a period), `issued` (dates) and `value` (counts known then); several issues
            for each period. A period without any issue in a delay keeps the value of the issue before.
        now: issues after it are not known.
        period: "day" or "week".
        longest: the last delay, in periods.
        lag: days from the first day of a period to the end of delay 0; a publisher who counts a week on the tenth day
            after it began has 10.

    Raises:
        DelayError: nothing is known, or a value was lowered by an issue: such series need :mod:`revision`.
    """
    from khien.watch.forecast.revision import read_vintages

    known = read_vintages(frame, now, period=period, longest=longest, lag=lag)
    counts = np.diff(np.nan_to_num(known.values), axis=1, prepend=0.0)
    counts[~known_cells(*counts.shape)] = np.nan
    if (counts < 0).any():
        raise DelayError("an issue lowered a value: use the model of revisions")
    return Triangle(counts, known.starts, period)
