"""By when something must be reported: cyber incidents, personal data, epidemics, and the yearly reports.

A clock starts at a moment in UTC and ends in Viet Nam's time, which is seven hours ahead all year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

from khien.watch.levels.findings import LevelError, LevelFinding
from khien.watch.levels.tables import Words, clocks_table

VIET_NAM: Final = timezone(timedelta(hours=7), "ICT")
"""Indochina time, without summer time since 1975; a fixed offset needs no time-zone data on the machine."""

DAILY: Final = "daily"


@dataclass(frozen=True)
class Due:
    """One duty: what, to whom, by when. `due` is in Viet Nam's time; `at_once` means without delay from `start`."""

    id: str
    words: Words
    source: Words
    status: str
    due: datetime
    at_once: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        told = {"id": self.id, "due": self.due.isoformat(), "at_once": self.at_once}
        told |= {"due_utc": self.due.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        told |= {"what_vi": self.words.vi, "what_en": self.words.en, "source_vi": self.source.vi}
        return told | {"source_en": self.source.en, "status": self.status, "verified": self.status == "text"}


def clocks(group: str, start: datetime, *, marks: Sequence[str] = ()) -> list[Due]:
    """When each duty of a group is due.

    Args:
        group: "cyber", "personal-data", "cyber-yearly" or "epidemic".
        start: the moment that starts the clock (discovery of the incident, the case, the death ...), with a zone.
        marks: what further is true of it; "serious" (harm to national security or serious disruption) adds the notice
            that is due at once.

    Returns:
        Duties by due time. A yearly one falls due at the end of its next day of the year in Viet Nam.

    Raises:
        LevelError: an unknown group or mark, or a moment without a zone.
    """
    table = clocks_table()
    known = {mark for row in table for mark in row.get("marks", [])}
    if wrong := sorted(set(marks) - known):
        fields = {"choices": ", ".join(sorted(known))}
        raise LevelError([LevelFinding("not-a-choice", group, "marks", ", ".join(wrong), fields=fields)])
    if start.tzinfo is None:
        raise LevelError([LevelFinding("no-zone", group, "at", start.isoformat())])
    rows = [row for row in table if row["group"] == group]
    if not rows:
        fields = {"choices": ", ".join(dict.fromkeys(row["group"] for row in table))}
        raise LevelError([LevelFinding("not-a-choice", "clock", "group", group, fields=fields)])
    begun = start.astimezone(VIET_NAM)
    made = [_due(row, begun) for row in rows if set(row.get("marks", [])) <= set(marks)]
    return sorted(made, key=lambda due: due.due)


def _due(row: dict[str, Any], begun: datetime) -> Due:
    if "day" in row:
        due = _next(begun, *row["day"])
    elif row.get("each") == DAILY:
        due = _end_of(begun.date())
    else:
        due = begun + timedelta(hours=row["hours"])
    words, source = Words(row["vi"], row["en"]), Words(row["source_vi"], row["source_en"])
    return Due(row["id"], words, source, row["status"], due, row.get("hours") == 0)


def _next(begun: datetime, month: int, day: int) -> datetime:
    this = date(begun.year, month, day)
    return _end_of(this if begun.date() <= this else date(begun.year + 1, month, day))


def _end_of(day: date) -> datetime:
    """The last second of a day in Viet Nam."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=VIET_NAM)
