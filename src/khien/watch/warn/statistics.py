"""Hits, misses and false alarms: what official warnings were worth, by hazard.

The unit is a warning in one area. See docs/methods/warnings.md for the table worked by hand.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from khien.watch.warn.states import Desk, Record


@dataclass(frozen=True)
class Contingency:
    """Hits, false alarms, misses and quiet occasions (None when it is not known how many there were)."""

    hits: int
    false_alarms: int
    misses: int
    quiet: int | None = None

    @property
    def pod(self) -> float | None:
        """Probability of detection: hits / (hits + misses)."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float | None:
        """False alarm ratio: false alarms / (hits + false alarms)."""
        return _share(self.false_alarms, self.hits + self.false_alarms)

    @property
    def csi(self) -> float | None:
        """Critical success index: hits / (hits + misses + false alarms)."""
        return _share(self.hits, self.hits + self.misses + self.false_alarms)

    @property
    def bias(self) -> float | None:
        """Warnings / events."""
        return _share(self.hits + self.false_alarms, self.hits + self.misses)

    @property
    def ets(self) -> float | None:
        """Equitable threat score: CSI less what chance would hit; None without the number of quiet occasions."""
        if self.quiet is None:
            return None
        total = self.hits + self.false_alarms + self.misses + self.quiet
        if not total:
            return None
        chance = (self.hits + self.misses) * (self.hits + self.false_alarms) / total
        below = self.hits + self.misses + self.false_alarms - chance
        return (self.hits - chance) / below if below else None

    def to_dict(self) -> dict[str, Any]:
        """Counts and scores, with a 95 % interval (Wilson) of POD and FAR."""
        told: dict[str, Any] = {"hits": self.hits, "false_alarms": self.false_alarms, "misses": self.misses}
        told |= {"quiet": self.quiet, "pod": self.pod, "far": self.far, "csi": self.csi, "ets": self.ets}
        told |= {"bias": self.bias, "pod_95": wilson(self.hits, self.hits + self.misses)}
        return told | {"far_95": wilson(self.false_alarms, self.hits + self.false_alarms)}


@dataclass(frozen=True)
class Event:
    """What really happened: hazard, province, beginning, level (None: not known, counts for every level)."""

    hazard: str
    place: str
    onset: datetime
    level: int | None = None


@dataclass(frozen=True)
class Tally:
    """One hazard's record.

    Attributes:
        leads: time from the first official message to the onset of each event that was hit.
        late: events that were warned of only after they had begun; they are among the misses.
        waiting: warnings whose time is not over and which nothing has followed yet; they are not counted.
    """

    hazard: str
    table: Contingency
    leads: tuple[timedelta, ...]
    late: int
    waiting: int

    @property
    def median_lead(self) -> timedelta | None:
        """Half of the hits had at least this lead time."""
        return median_time(self.leads)


def tally(
    desk: Desk, events: Sequence[Event], now: datetime, *, level: int = 1, occasions: int | None = None
) -> list[Tally]:
    """Compare official warnings (never drills) with what happened.

    Args:
        level: only warnings and events of this level or higher.
        occasions: how many (place, period) pairs of one hazard there were in all; without it ETS is unknown.

    Returns:
        One tally for each hazard that was warned of or happened, by name.
    """
    warned = [r for r in desk.warnings.values() if r.messages and not r.exercise and _level(r) >= level]
    happened = [e for e in events if e.level is None or e.level >= level]
    hazards = sorted({r.content.hazard for r in warned} | {e.hazard for e in happened})
    return [_tally(name, warned, happened, now, occasions) for name in hazards]


def _tally(
    hazard: str, warned: Sequence[Record], happened: Sequence[Event], now: datetime, occasions: int | None
) -> Tally:
    pairs = [(record, area) for record in warned if record.content.hazard == hazard for area in _areas(record)]
    events = [event for event in happened if event.hazard == hazard]
    leads, late, used = [], 0, set()
    for event in events:
        meeting = [pair for pair in pairs if pair[1] == event.place and _meets(pair[0], event)]
        used |= {(record.id, area) for record, area in meeting}
        ahead = [event.onset - record.messages[0].at for record, _ in meeting]
        in_time = [lead for lead in ahead if lead >= timedelta(0)]
        if in_time:
            leads.append(max(in_time))
        else:
            late += bool(meeting)
    idle = [(record, area) for record, area in pairs if (record.id, area) not in used]
    waiting = sum(_running(record, now) for record, _ in idle)
    hits, false = len(leads), len(idle) - waiting
    misses = len(events) - hits
    quiet = None if occasions is None else max(0, occasions - hits - false - misses)
    return Tally(hazard, Contingency(hits, false, misses, quiet), tuple(sorted(leads)), late, waiting)


def _level(record: Record) -> int:
    return max(message.content.level for message in record.messages)


def _areas(record: Record) -> list[str]:
    """Every area that any message named."""
    return sorted({area for message in record.messages for area in message.content.areas})


def _meets(record: Record, event: Event) -> bool:
    """Whether an event begins while the warning stands: up to its end, and not before it was even foreseen to begin.

    One that was cancelled or stood down ended then, whatever it had said before.
    """
    contents = [m.content for m in record.messages]
    begin, end = min(min(c.onset for c in contents), record.messages[0].at), max(c.expires for c in contents)
    if record.messages[-1].kind in ("Cancel", "AllClear"):
        end = min(end, record.messages[-1].at)
    return begin <= event.onset <= end


def _running(record: Record, now: datetime) -> bool:
    return record.state == "official" and now < record.content.expires


def median_time(times: Sequence[timedelta]) -> timedelta | None:
    """The middle of some times; None of none."""
    return timedelta(seconds=statistics.median(t.total_seconds() for t in times)) if times else None


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """95 % interval of a share; None of nothing."""
    if not whole:
        return None
    z, share = 1.959964, part / whole
    centre = share + z * z / (2 * whole)
    half = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    scale = 1 + z * z / whole
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
