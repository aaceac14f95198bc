"""What the newest values will be once their publisher has stopped changing them: forecasts start from there.

The newest week mostly looks low, because reports are still on the way. A forecast that takes it as it is sees a fall
that is none. Formula and a table by hand: docs/methods/forecasts.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from khien.watch.forecast.frames import Every, Floats, Panel
from khien.watch.forecast.series import unit_of

OLDEST: Final = 8  # periods after which a value no longer changes
NEWEST: Final = 3  # values of each place that may still change
WINDOW: Final = 12  # periods of a place that are learnt from, the newest
OWN: Final = 4.0  # periods of a place that what all places show counts for
NOUGHTS: Final = 3  # so many periods without any revision are taken to have been seen before
PERIOD: Final = {"week": 7.0, "month": 365.25 / 12}
SCHEMA: Final = pl.Schema(
    {"location": pl.String(), "date": pl.Date(), "as_of": pl.Date(), "value": pl.Float64(), "age": pl.Int64()}
)


@dataclass(frozen=True, slots=True)
class Young:
    """Every value as it was published in its first periods.

    Attributes:
        rows: columns `location, date, as_of, value, age` by `as_of`; the age is in whole periods.
        every: what a period is.
    """

    rows: pl.DataFrame
    every: Every

    def settled(self, panel: Panel, as_of: date) -> Panel:
        """The panel with the revisions that its newest values are still to see, as known on a day.

        Each place's three newest values are multiplied by e to the shift of their age, see :func:`shifts`. Counts
        stay whole numbers; where nothing was ever revised nothing changes.
        """
        seen, known = self._until(panel, as_of)
        if known is None:
            return panel
        values = panel.values.copy()
        whole = values[np.isfinite(values)]
        unit = unit_of(whole)
        counts = bool((whole == np.round(whole)).all())
        days = panel.dates()
        moves = [shifts(known, age, unit) for age in range(OLDEST)]
        for row, place in enumerate(panel.places):
            for period in np.flatnonzero(np.isfinite(values[row]))[-NEWEST:]:
                age = int((as_of - days[period]).days // PERIOD[self.every])
                if place in seen and 0 <= age < OLDEST:
                    value = (values[row, period] + unit) * np.exp(moves[age][seen[place]]) - unit
                    values[row, period] = max(round(value) if counts else value, 0.0)
        return replace(panel, values=values)

    def _until(self, panel: Panel, as_of: date) -> tuple[dict[str, int], Floats | None]:
        """Places, and [places, dates, ages] as published by a day; None where no value was published twice."""
        rows = self.rows.filter(pl.col("as_of") <= as_of, pl.col("location").is_in(panel.places))
        if rows["age"].n_unique() < 2:
            return {}, None
        places = {name: i for i, name in enumerate(sorted(rows["location"].unique()))}
        days = rows["date"].unique().sort()
        known = np.full((len(places), len(days), OLDEST + 1), np.nan)
        where = rows.select(
            pl.col("location").replace_strict(places, return_dtype=pl.Int64),
            pl.col("date").rank("dense").cast(pl.Int64) - 1,
            "age",
        ).to_numpy()
        known[where[:, 0], where[:, 1], where[:, 2]] = rows["value"].to_numpy()  # of one age the newest comes last
        return places, known


def young(truth: pl.DataFrame, every: Every) -> Young:
    """The first periods of every value out of all vintages: columns `location, date, as_of, value`."""
    age = ((pl.col("as_of") - pl.col("date")).dt.total_days() / PERIOD[every]).floor().cast(pl.Int64)
    rows = truth.filter(pl.col("value").is_not_null()).with_columns(age.alias("age"))
    rows = rows.filter(pl.col("age").is_between(0, OLDEST)).sort("as_of", maintain_order=True)
    return Young(rows.select(*SCHEMA), every)


def shifts(known: Floats, age: int, unit: float) -> Floats:
    """[places]: how far ln(value + unit) of so young a value still moves.

    Of each place the median of three noughts and its newest 12 periods that were published again later; it is drawn to
    that of all places by as much as 4 periods count. All places of one period are one witness, by their median: what
    moves them together in one week, such as a fault that is mended, is no habit.

    Args:
        known: values [places, dates, ages]; NaN where nothing was published.
        age: in periods.
        unit: one case.
    """
    last = known[:, :, age + 1]
    for older in range(age + 2, known.shape[2]):
        last = np.where(np.isfinite(known[:, :, older]), known[:, :, older], last)
    ratio = np.log((last + unit) / (known[:, :, age] + unit))
    together = [np.median(column[np.isfinite(column)]) for column in ratio.T if np.isfinite(column).any()]
    usual, _ = _habit(np.array(together))
    own = [_habit(row[np.isfinite(row)]) for row in ratio]
    return np.array([(count * move + OWN * usual) / (count + OWN) for move, count in own])


def _habit(moves: Floats) -> tuple[float, int]:
    """Median of the newest moves and three noughts, and how many moves they are."""
    newest = moves[-WINDOW:]
    return float(np.median(np.concatenate([newest, np.zeros(NOUGHTS)]))), len(newest)
