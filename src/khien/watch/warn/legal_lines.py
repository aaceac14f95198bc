"""The epidemic rule as thresholds: what a forecast of monthly cases must exceed to be a warning or an epidemic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from khien.watch.levels.epidemic import baseline
from khien.watch.levels.epidemic_file import Slot
from khien.watch.warn.findings import refuse

WARNING, EPIDEMIC = 1, 2
"""Levels of the thresholds: mean + 1 SD and mean + 2 SD of the same month of the last five non-epidemic years."""


def epidemic_lines(
    counts: Mapping[Slot, Mapping[int, int | None]], targets: pl.DataFrame, epidemic_years: Sequence[int] = ()
) -> pl.DataFrame:
    """Thresholds for `exceedance`, from the counts of earlier years alone.

    Args:
        counts: as `khien.watch.levels.epidemic_file.read_counts` gives them: (place, month) to year to cases. A file
            without places is used for every place.
        targets: columns `place` and `target` (a date in the month that is forecast).
        epidemic_years: years that are left out.

    Returns:
        Columns `place`, `target`, `level` (1 warning, 2 epidemic), `threshold` (cases). Targets without five earlier
        years are left out.

    Raises:
        WarnError: no target has five earlier years.
    """
    rows: list[tuple[str, date, int, float]] = []
    for place, target in targets.select("place", "target").unique().sort("place", "target").iter_rows():
        month = f"{target.month:02}"
        past = counts.get((place, month)) or counts.get(("", month)) or {}
        against = baseline(past, target.year, epidemic_years)
        if against is not None:
            rows += [(place, target, level, against.line(level)) for level in (WARNING, EPIDEMIC)]
    if not rows:
        raise refuse("no-lines", "counts")
    return pl.DataFrame(rows, schema=["place", "target", "level", "threshold"], orient="row")
