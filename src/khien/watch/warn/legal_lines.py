"""The epidemic rule as thresholds: what a forecast of monthly cases must exceed to be a warning or an epidemic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import floor

import polars as pl

from khien.watch.levels.epidemic import Baseline, baseline
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
        Columns `place`, `target`, `level` (1 warning, 2 epidemic), `threshold` (cases), `line` (mean + SD, cases). The
        threshold lies half a case below the first whole count that fulfils the rule: forecasts are continuous, cases
        are not, and a count between 0 and 1 is no case. Targets without five earlier years are left out.

    Raises:
        WarnError: no target has five earlier years.
    """
    rows: list[tuple[str, date, int, float, float]] = []
    for place, target in targets.select("place", "target").unique().sort("place", "target").iter_rows():
        month = f"{target.month:02}"
        past = counts.get((place, month)) or counts.get(("", month)) or {}
        against = baseline(past, target.year, epidemic_years)
        if against is not None:
            for level in (WARNING, EPIDEMIC):
                rows.append((place, target, level, first_count(against, level) - 0.5, against.line(level)))
    if not rows:
        raise refuse("no-lines", "counts")
    return pl.DataFrame(rows, schema=["place", "target", "level", "threshold", "line"], orient="row")


def first_count(against: Baseline, level: int) -> int:
    """The least whole count that is a warning (from mean + 1 SD on) or an epidemic (above mean + 2 SD)."""
    count = max(0, floor(against.line(level)) - 1)
    while not (against.reaches(count, 1) if level == WARNING else against.above(count, 2)):
        count += 1
    return count
