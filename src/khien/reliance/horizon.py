"""The quarters of a programme as arrays: which year each lies in, how far into that year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from khien.programme import Programme

NEVER = 1 << 20
"""A quarter that does not come: later than any horizon."""


@dataclass(frozen=True)
class Horizon:
    """Quarters 0..quarters-1 with their calendar years.

    `year_of[t]` is the year, `first_of[t]` the first quarter of that year inside the horizon and
    `into_year[t]` how many quarters after it t lies (0..3).
    """

    quarters: int
    year_of: NDArray[np.int64]
    first_of: NDArray[np.int64]
    years: list[int]

    @property
    def into_year(self) -> NDArray[np.int64]:
        """Quarters since the first quarter of the year."""
        return np.arange(self.quarters, dtype=np.int64) - self.first_of

    def after_cut(self, end: int) -> int:
        """Quarter from which an option with a foreign partner counts when its year may be cut.

        It counts from `end` where that is the first quarter of a year (or lies before the
        horizon), else from the first quarter of the next year; NEVER after the horizon.
        """
        if end <= 0:
            return 0
        if end >= self.quarters:
            return NEVER
        if self.first_of[end] == end:
            return end
        later = np.flatnonzero(self.year_of > self.year_of[end])
        return int(later[0]) if len(later) else NEVER

    def quarters_of(self, from_year: int | None, to_year: int | None) -> NDArray[np.bool_]:
        """Mask of the quarters in `from_year`..`to_year`; a missing end is open."""
        mask = np.ones(self.quarters, dtype=np.bool_)
        if from_year is not None:
            mask &= self.year_of >= from_year
        if to_year is not None:
            mask &= self.year_of <= to_year
        return mask


def horizon(programme: Programme) -> Horizon:
    """The quarters of a programme, from its settings."""
    year_of = np.array([programme.year(t) for t in range(programme.n_quarters)], dtype=np.int64)
    first_of = np.searchsorted(year_of, year_of, side="left").astype(np.int64)
    return Horizon(programme.n_quarters, year_of, first_of, programme.years)
