"""Feeds that have fallen silent, and feeds that still speak but of old things."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from khien.watch.warn.findings import refuse

PERIOD: Final = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=31),
    "quarter": timedelta(days=92),
    "year": timedelta(days=366),
}
"""Longest time between two values of an indicator that comes so often."""

Health = Literal["speaks", "late", "silent", "stale", "never"]


@dataclass(frozen=True)
class Feed:
    """What is known of one indicator's feed: how often it should come, when something last came (received), and of when
    the newest value is (valid). None: nothing ever came."""

    indicator: str
    frequency: str
    last_received: datetime | None
    last_valid: datetime | None = None
    place: str = ""


@dataclass(frozen=True)
class Alarm:
    """How a feed is: `late` after one and a half periods without anything, `silent` after three; `stale` when messages
    come but the newest value is older than three periods; `never` when nothing ever came. `overdue` is the time since
    it should have come (zero if it speaks)."""

    feed: Feed
    health: Health
    overdue: timedelta


def alarms(
    feeds: Iterable[Feed], now: datetime, *, late: float = 1.5, silent: float = 3.0, stale: float = 3.0
) -> list[Alarm]:
    """Judge every feed; the worst first (never, silent, stale, late, speaks), longest overdue first among equals.

    Args:
        late, silent, stale: periods without news; see `Alarm`.

    Raises:
        WarnError: a frequency that is not known, or a moment without a zone.
    """
    made = [_judge(feed, now, late, silent, stale) for feed in feeds]
    order: tuple[Health, ...] = ("never", "silent", "stale", "late", "speaks")
    return sorted(made, key=lambda alarm: (order.index(alarm.health), -alarm.overdue, alarm.feed.indicator))


def _judge(feed: Feed, now: datetime, late: float, silent: float, stale: float) -> Alarm:
    period = PERIOD.get(feed.frequency)
    if period is None:
        raise refuse("not-a-frequency", feed.indicator, "frequency", feed.frequency, known=", ".join(PERIOD))
    for name in ("last_received", "last_valid"):
        moment = getattr(feed, name)
        if moment is not None and moment.tzinfo is None:
            raise refuse("no-zone", feed.indicator, name, moment.isoformat())
    if feed.last_received is None:
        return Alarm(feed, "never", timedelta(0))
    quiet = now - feed.last_received
    overdue = max(timedelta(0), quiet - period)
    if quiet > silent * period:
        return Alarm(feed, "silent", overdue)
    if feed.last_valid is not None and now - feed.last_valid > stale * period:
        return Alarm(feed, "stale", now - feed.last_valid - period)
    return Alarm(feed, "late", overdue) if quiet > late * period else Alarm(feed, "speaks", timedelta(0))
