"""Reports in a file: cases by onset and report, a reporting triangle, or what was issued when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import numpy as np
import polars as pl

from khien.programme.findings import Finding
from khien.watch.feeds.bounded import LIMITS
from khien.watch.feeds.reading import Reading
from khien.watch.feeds.tables import ROW, iso_times, load_frame, tell
from khien.watch.forecast.triangle import DAYS, DelayError, Period, Triangle, from_cases, known_cells
from khien.watch.observe.findings import BatchRefused, WatchFindings

Form = Literal["cases", "triangle", "issues"]
COLUMNS: Final[dict[Form, tuple[str, ...]]] = {
    "cases": ("onset", "reported", "cases"),
    "triangle": ("start",),
    "issues": ("valid", "issued", "value"),
}
"""What each form needs; a triangle has a column for each delay besides, named 0, 1, 2, …"""
PLACE: Final = "place"
ALL: Final = "all"
"""The place of a file that names none."""
MOST_DELAYS: Final = 400
LONGEST: Final = 8
"""The last delay in periods, where nobody says it."""
WANTED: Final = {PLACE, *(c for columns in COLUMNS.values() for c in columns), *map(str, range(MOST_DELAYS))}


@dataclass(frozen=True)
class Reports:
    """What stands in a file.

    Attributes:
        form: "cases" (onset, reported, cases), "triangle" (start and a column for each delay), "issues" (valid, issued,
            value).
        frame: its rows with `place` and typed columns.
        delays: of a triangle, the columns of its delays.
        findings: what is doubtful, as rows without one of the dates, which are left out.
    """

    form: Form
    frame: pl.DataFrame
    delays: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def only(self, places: Collection[str], indicator: str, findings: WatchFindings) -> Reports:
        """The reports of some places; those that there are none of are told."""
        for place in sorted(set(places) - set(self.frame[PLACE])):
            findings.note("nowcast-nothing", indicator, value=place)
        return replace(self, frame=self.frame.filter(pl.col(PLACE).is_in(list(places))))

    def last_day(self, period: Period) -> date:
        """The last day that the file can know of: of a triangle the end of its last period."""
        column = {"cases": "reported", "triangle": "start", "issues": "issued"}[self.form]
        last = self.frame[column].max()
        assert isinstance(last, date)
        return last + timedelta(days=DAYS[period] - 1) if self.form == "triangle" else last

    def triangles(
        self, now: date, period: Period, longest: int | None, indicator: str, findings: WatchFindings
    ) -> dict[str, Triangle]:
        """Triangles by place as known at the end of a day; a place that has none by then is told.

        `longest` is the last delay; left out, 8, or that of the last column of a triangle.
        """
        found = {}
        for (place,), part in sorted(self.frame.group_by([PLACE], maintain_order=True), key=lambda one: str(one[0][0])):
            try:
                if self.form == "cases":
                    found[str(place)] = from_cases(part, now, period=period, longest=longest or LONGEST)
                else:
                    found[str(place)] = _wide(part, self.delays[: (longest or MOST_DELAYS) + 1], now, period)
            except DelayError as error:
                if not error.code:
                    raise
                findings.note(error.code, indicator, None, None, str(place), **error.fields)
        return found


def read_reports(path: Path) -> Reports:
    """Read a CSV (comma, UTF-8) or Parquet file of reports; which form it has is seen by its columns.

    Raises:
        BatchRefused: everything that is wrong with it, with lines, columns and values.
    """
    reading = Reading("table", path.name)
    frame = load_frame(path, ",", LIMITS["table"], reading.findings, WANTED)
    if frame is None:
        raise BatchRefused(reading.findings)
    frame = frame.with_columns(_as_text(frame[name]) for name in frame.columns)
    form = next((form for form, columns in COLUMNS.items() if set(columns) <= set(frame.columns)), None)
    delays = _delays(frame) if form == "triangle" else ()
    if form is None or (form == "triangle" and len(delays) < 2):
        reading.findings.note("nowcast-columns", path.name, 1, value=", ".join(c for c in frame.columns if c != ROW))
        raise BatchRefused(reading.findings)
    dates = [c for c in COLUMNS[form] if c not in ("cases", "value")]
    counts = [*delays, *(c for c in COLUMNS[form] if c not in dates)]
    typed = frame.with_columns(
        [_dates(frame, name, reading) for name in dates] + [_counts(frame, name, reading) for name in counts]
    )
    for name in [*dates, *(["cases"] if form == "cases" else [])]:
        if lacking := frame[name].null_count():
            row = int(frame.filter(frame[name].is_null())[ROW][0])
            if form == "cases" and name != "cases":
                reading.findings.note("skipped", path.name, row, name, count=lacking, reason=f"watch_why_no_{name}")
            else:
                reading.findings.note("required", path.name, row, name, count=lacking)
    if PLACE not in typed.columns:
        typed = typed.with_columns(pl.lit(ALL).alias(PLACE))
    typed = typed.with_columns(pl.col(PLACE).cast(pl.String).fill_null(ALL)).drop_nulls(dates)
    if typed.is_empty() and not reading.findings.errors:
        reading.findings.note("nothing", path.name, value=path.name)
    if reading.findings.errors or typed.is_empty():
        raise BatchRefused(reading.findings)
    return Reports(form, typed, delays, tuple(reading.findings))


def _delays(frame: pl.DataFrame) -> tuple[str, ...]:
    """Columns 0, 1, 2, … as far as they go without a gap."""
    count = next(d for d in range(MOST_DELAYS + 1) if str(d) not in frame.columns)
    return tuple(map(str, range(count)))


def _as_text(cells: pl.Series) -> pl.Series:
    """A column of Parquet that holds neither texts, numbers nor days (lists, spans of time) as the text of its cells,
    which is then told like any other that cannot be read."""
    kind = cells.dtype
    if kind in (pl.String, pl.Date, pl.Datetime, pl.Boolean, pl.Null, pl.Categorical, pl.Enum) or kind.is_numeric():
        return cells
    return pl.Series(cells.name, [None if cell is None else str(cell)[:80] for cell in cells.to_list()], pl.String)


def _dates(frame: pl.DataFrame, name: str, reading: Reading) -> pl.Series:
    cells = frame[name]
    if cells.dtype.is_temporal():
        return cells.cast(pl.Date)
    texts = cells.cast(pl.String)
    found = iso_times(texts.str.strip_chars()).dt.date().alias(name)
    tell("time", frame, texts.is_not_null() & found.is_null(), name, reading)
    return found


def _counts(frame: pl.DataFrame, name: str, reading: Reading) -> pl.Series:
    """Finite numbers from 0 on; empty cells stay empty."""
    cells = frame[name]
    found = cells.cast(pl.Float64, strict=False)
    tell("number", frame, cells.is_not_null() & found.is_null(), name, reading)
    bad = (found.is_not_null() & ~((found >= 0) & found.is_finite())).fill_null(False)
    tell("nowcast-count", frame, bad, name, reading)
    return found.set(bad, None)


def _wide(rows: pl.DataFrame, delays: Sequence[str], now: date, period: Period) -> Triangle:
    """The triangle of rows with a column for each delay, as it was at the end of a day; later cells are not looked at.

    Raises:
        DelayError: a period is missing or stands twice, or a cell is empty although its time has passed.
    """
    step = DAYS[period]
    rows = rows.sort("start").filter(pl.col("start") + timedelta(days=step - 1) <= now)
    if rows.is_empty():
        raise DelayError(f"no period ends by {now}", "nowcast-not-live")
    starts = rows["start"].to_list()
    for before, start in pairwise(starts):
        if (start - before).days != step:
            raise DelayError("periods must follow one another", "nowcast-step", step=step, day=start.isoformat())
    counts = rows.select(delays).to_numpy().astype(float)
    known = known_cells(*counts.shape)
    empty = np.argwhere(known & np.isnan(counts))
    if len(empty):
        t, d = (int(i) for i in empty[0])
        told = {"count": len(empty), "line": rows[ROW][t], "day": starts[t].isoformat(), "delay": delays[d]}
        raise DelayError("a cell is empty although its time has passed", "nowcast-empty", **told)
    return Triangle(np.where(known, counts, np.nan), tuple(starts), period)


__all__ = ["LONGEST", "Reports", "read_reports"]
