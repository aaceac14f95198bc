"""What a forecast is made from and what it is: a panel of places and periods, and quantiles for each target."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Every = Literal["week", "month"]

QUANTILES: Final = (0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 20)), 0.975, 0.99)
"""The 23 levels that forecast hubs ask for."""

LEVELS: Final[Floats] = np.array(QUANTILES)

FORECASTS: Final = pl.Schema(
    {
        "indicator": pl.String(),
        "place": pl.String(),
        "reference": pl.Date(),
        "horizon": pl.Int32(),
        "target": pl.Date(),
        "quantile": pl.Float64(),
        "value": pl.Float64(),
        "model": pl.String(),
    }
)
"""One quantile of one forecast: the value that the outcome at `target` stays below with probability `quantile`."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One indicator in many places, as it was known at one moment.

    Attributes:
        values: [places, periods], never negative; NaN where nothing is known.
        places: their codes.
        last: date of the last period.
        every: "week" or "month" from one period to the next.
        population: people by place; None where unknown, then places are compared with their own mean.
        total: row of the place that is the sum of the others; None if there is none.
    """

    values: Floats
    places: tuple[str, ...]
    last: date
    every: Every = "week"
    population: Floats | None = None
    total: int | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[0] != len(self.places) or self.values.shape[1] == 0:
            raise ValueError(f"values are {self.values.shape}, not [{len(self.places)} places, periods]")

    @property
    def periods(self) -> int:
        """How many periods it shows."""
        return int(self.values.shape[1])

    @property
    def a_year(self) -> int:
        """Periods a year."""
        return 52 if self.every == "week" else 12

    def at(self, steps: int) -> date:
        """The date so many periods after the last one."""
        return moved(self.last, steps, self.every)

    def dates(self) -> list[date]:
        """The date of every period."""
        return [self.at(i - self.periods + 1) for i in range(self.periods)]

    def until(self, periods: int) -> Panel:
        """The first so many periods alone: what was known then, if nothing had been revised."""
        return replace(self, values=self.values[:, :periods], last=self.at(periods - self.periods))

    def hash(self) -> str:
        """SHA-256 of all that a forecast is made from; the same hash, seed and version give the same forecast."""
        known = hashlib.sha256()
        for part in (self.places, self.last.isoformat(), self.every, self.total, self.values.shape):
            known.update(repr(part).encode())
        known.update(np.ascontiguousarray(self.values).tobytes())
        if self.population is not None:
            known.update(np.ascontiguousarray(self.population).tobytes())
        return known.hexdigest()

    def size(self) -> Floats:
        """What values are divided by to make places alike: hundred thousands of people, else the place's mean."""
        if self.population is not None:
            return np.asarray(self.population, dtype=float) / 1e5
        known = np.isfinite(self.values)
        mean = np.where(known, self.values, 0).sum(1) / np.maximum(known.sum(1), 1)
        return np.asarray(np.where(mean > 0, mean, 1.0), dtype=float)


def moved(day: date, steps: int, every: Every) -> date:
    """A date so many periods later; a month keeps the day as far as it has it."""
    if every == "week":
        return day + timedelta(days=7 * steps)
    month = day.year * 12 + day.month - 1 + steps
    year, month = divmod(month, 12)
    ends = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, ends))


def as_frame(
    values: Floats, panel: Panel, steps: tuple[int, ...], indicator: str, reference: date, model: str, first: int = 0
) -> pl.DataFrame:
    """Quantiles [places, steps, 23] as rows; the horizon of the first step is `first`."""
    places, count, levels = values.shape
    targets = [panel.at(step) for step in steps]
    return pl.DataFrame(
        {
            "indicator": [indicator] * values.size,
            "place": np.repeat(np.array(panel.places), count * levels),
            "reference": [reference] * values.size,
            "horizon": np.tile(np.repeat(np.arange(first, first + count), levels), places),
            "target": np.tile(np.repeat(np.array(targets, dtype="datetime64[D]"), levels), places),
            "quantile": np.tile(LEVELS, places * count),
            "value": values.ravel(),
            "model": [model] * values.size,
        },
        schema_overrides=dict(FORECASTS),
    )
