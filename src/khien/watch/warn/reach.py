"""Who was reached by a warning, and who confirmed it: posts and places, never private persons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from khien.watch.warn.states import Record
from khien.watch.warn.statistics import median_time


@dataclass(frozen=True)
class Reach:
    """How far one warning got.

    Attributes:
        sent: to how many posts and places it was sent.
        confirmed: how many of them confirmed.
        unsent: who confirmed though no sending to them is recorded (they had it from elsewhere).
        silent: who did not confirm, longest waiting first.
        median_time: time to confirmation that half of those who confirmed needed at most; None if nobody did.
    """

    warning: str
    sent: int
    confirmed: int
    unsent: tuple[str, ...]
    silent: tuple[str, ...]
    median_time: timedelta | None

    @property
    def share(self) -> float | None:
        """Share of those it was sent to who confirmed; None if it was sent to nobody."""
        return self.confirmed / self.sent if self.sent else None


def reach(record: Record) -> Reach:
    """How far a warning got, from what is recorded."""
    sent = {who: times for who, times in record.reached.items() if "sent" in times}
    answered = {who: times for who, times in sent.items() if "confirmed" in times}
    waits = [max(timedelta(0), times["confirmed"] - times["sent"]) for times in answered.values()]
    silent = sorted((who for who in sent if who not in answered), key=lambda who: (sent[who]["sent"], who))
    unsent = tuple(sorted(who for who in record.reached if who not in sent))
    return Reach(record.id, len(sent), len(answered), unsent, tuple(silent), median_time(waits))
