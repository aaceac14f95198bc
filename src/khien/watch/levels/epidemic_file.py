"""Case counts from a file, judged month by month and week by week under the rule for endemic diseases."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from khien.watch.levels.epidemic import Baseline, State, baseline, judge
from khien.watch.levels.findings import LevelError, LevelFinding

_PERIOD: Final = re.compile(r"(\d{4})-(?:(0[1-9]|1[0-2])|W(0[1-9]|[1-4]\d|5[0-3]))")
_COUNT: Final = re.compile(r"\d{1,9}")
LARGEST_FILE: Final = 64 * 2**20
OWN: Final = "own"
"""In place of named years: leave out, month by month, the years in which that month itself was above the line."""

Slot = tuple[str, str]
"""Place ("" for none) and month or week within the year: ``("48", "05")``, ``("", "W20")``."""


@dataclass(frozen=True)
class Judged:
    """One month or week of one place: its count, what it was compared with, what it is.

    `against` is None, and the state "unknown", when fewer than five non-epidemic years come before it.
    """

    place: str
    period: str
    cases: int | None
    against: Baseline | None
    state: State

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; lines in cases."""
        told: dict[str, Any] = {"place": self.place or None, "period": self.period, "cases": self.cases}
        known = self.against
        told |= {"mean": None, "sd": None, "warning_from": None, "epidemic_above": None, "years": []}
        if known is not None:
            told |= {"mean": float(known.mean), "sd": known.sd, "years": list(known.years)}
            told |= {"warning_from": known.line(1), "epidemic_above": known.line(2)}
        return told | {"state": self.state}


def read_counts(path: Path) -> dict[Slot, dict[int, int | None]]:
    """Counts by place and month (week), then by year.

    The file is CSV in UTF-8 with the columns `period` (``2024-05`` or ``2024-W20``), `cases` (whole, empty: not
    reported) and, if it holds several places, `place`. Other columns are left alone.

    Raises:
        LevelError: everything that is wrong with it.
        OSError: it cannot be read.
    """
    name = path.name
    if path.stat().st_size > LARGEST_FILE:
        raise LevelError([LevelFinding("file-too-large", name, fields={"limit": LARGEST_FILE // 2**20})])
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise LevelError([LevelFinding("not-utf-8", name, row=None, value=str(error.start))]) from None
    reader = csv.reader(lines, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise LevelError([LevelFinding("not-csv", name, value=str(error))]) from None
    if missing := [column for column in ("period", "cases") if column not in header]:
        fields = {"have": ", ".join(header)[:200] or "–"}
        raise LevelError([LevelFinding("column-missing", name, column, row=1, fields=fields) for column in missing])
    return _collect(name, header, reader)


def alerts(
    counts: Mapping[Slot, Mapping[int, int | None]], epidemic_years: Sequence[int] | str = ()
) -> list[Judged]:
    """Judge every month and week, in order of place and time.

    Args:
        counts: as `read_counts` gives them.
        epidemic_years: the years that were epidemic and are left out of every comparison; or "own": for each month or
            week apart, the earlier years in which it was itself above mean + 2 SD.
    """
    found = []
    for (place, slot), by_year in counts.items():
        own: list[int] = []
        for year in sorted(by_year):
            left_out = own if isinstance(epidemic_years, str) else epidemic_years
            against = baseline(by_year, year, left_out)
            count = by_year[year]
            state = judge(count, against, monthly=not slot.startswith("W"))
            if count is not None and against is not None and against.above(count, 2):
                own.append(year)
            found.append(Judged(place, f"{year}-{slot}", count, against, state))
    return sorted(found, key=lambda judged: (judged.place, judged.period))


def _collect(name: str, header: list[str], reader: Iterator[list[str]]) -> dict[Slot, dict[int, int | None]]:
    findings: list[LevelFinding] = []
    counts: dict[Slot, dict[int, int | None]] = defaultdict(dict)
    try:
        for row, cells in enumerate(reader, 2):
            if any(cell.strip() for cell in cells):
                _take(name, row, dict(zip(header, (cell.strip() for cell in cells), strict=False)), counts, findings)
    except csv.Error as error:
        findings.append(LevelFinding("not-csv", name, value=str(error)))
    if not counts and not findings:
        findings.append(LevelFinding("file-empty", name))
    if findings:
        raise LevelError(findings)
    return counts


def _take(
    name: str,
    row: int,
    cells: Mapping[str, str],
    counts: dict[Slot, dict[int, int | None]],
    findings: list[LevelFinding],
) -> None:
    period, cases = cells.get("period", ""), cells.get("cases", "")
    found = _PERIOD.fullmatch(period)
    if not found:
        findings.append(LevelFinding("not-a-period", name, "period", period[:40], row))
    if cases and not _COUNT.fullmatch(cases):
        findings.append(LevelFinding("not-a-count", name, "cases", cases[:40], row))
        return
    if not found:
        return
    slot = (cells.get("place", ""), found[2] or f"W{found[3]}")
    if int(found[1]) in counts[slot]:
        findings.append(LevelFinding("period-twice", name, "period", period, row, {"place": slot[0] or "–"}))
        return
    counts[slot][int(found[1])] = int(cases) if cases else None
