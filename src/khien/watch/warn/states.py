"""From entries of the journal to warnings and what state they are in. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from khien.watch.warn.content import Content, person, same_person
from khien.watch.warn.findings import WarnError, refuse
from khien.watch.warn.journal import Entry

State = Literal["signal", "review", "official", "stood-down", "cancelled"]
MessageType = Literal["Alert", "Update", "Cancel", "AllClear"]
OPEN: tuple[State, ...] = ("signal", "review", "official")
"""States in which something may still be done."""


@dataclass(frozen=True)
class Step:
    """One act on a warning: moment, who, what, why."""

    at: datetime
    by: str
    act: str
    reason: str


@dataclass(frozen=True)
class Message:
    """What left the house: number within the warning, kind, moment, content, and the entry that made it."""

    number: int
    kind: MessageType
    at: datetime
    content: Content
    by: str
    reason: str
    entry: int


@dataclass
class Record:
    """A warning with its whole history.

    Attributes:
        state: "official" stays until somebody stands it down or cancels it; see `expired`.
        official: the content that holds; None before the first approval.
        pending: content that waits for approval; None when nothing does.
        under_review: whether somebody took the pending content into review.
        writers: who wrote the pending content; none of them may approve it.
        messages: what was sent out, in order.
        reached: receiver to the moments of sending and of confirmation.
    """

    id: str
    state: State
    pending: Content | None
    official: Content | None = None
    under_review: bool = False
    writers: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    reached: dict[str, dict[str, datetime]] = field(default_factory=dict)

    @property
    def content(self) -> Content:
        """What holds, or what was last written if nothing holds yet."""
        found = self.official or self.pending
        if found is None:
            raise ValueError(f"{self.id} says nothing")
        return found

    @property
    def exercise(self) -> bool:
        """Whether it is a drill."""
        return self.content.exercise

    def expired(self, now: datetime) -> bool:
        """Whether its time has run out, though nobody stood it down."""
        return self.state == "official" and now >= self.content.expires


@dataclass(frozen=True)
class Desk:
    """All warnings of a journal, and who sends them."""

    sender: str
    name_vi: str
    name_en: str
    warnings: dict[str, Record]

    def get(self, id: str) -> Record:
        """A warning by its id. Raises WarnError with the nearest id."""
        if id not in self.warnings:
            import difflib

            near = difflib.get_close_matches(id, self.warnings, n=1)
            raise refuse("no-such-warning", value=id, guess=near[0] if near else None)
        return self.warnings[id]


def desk(entries: Sequence[Entry]) -> Desk:
    """Fold the entries of a journal, in order.

    Raises:
        WarnError: the journal was never opened, or holds an act that this version does not know or that could not have
            been done (somebody made up a whole chain).
    """
    if not entries or entries[0].act != "open":
        raise refuse("not-opened")
    opened, warnings = entries[0].data, dict[str, Record]()
    for entry in entries[1:]:
        if entry.act not in _APPLY:
            raise refuse("act-unknown", "journal", value=entry.act, line=entry.seq)
        _fold(warnings, entry)
    return Desk(opened["sender"], opened["name_vi"], opened["name_en"], warnings)


def _fold(warnings: dict[str, Record], entry: Entry) -> None:
    """Apply one entry. A sound chain around an act that could not have been done is a forged one: nobody's rights are
    taken from a file."""
    try:
        _APPLY[entry.act](warnings, entry)
    except (KeyError, TypeError, ValueError, AttributeError, WarnError):
        raise refuse("entry-not-allowed", "journal", value=entry.act, line=entry.seq) from None


def _must(allowed: bool) -> None:
    if not allowed:
        raise ValueError("an act that could not have been done")


def _propose(warnings: dict[str, Record], entry: Entry) -> None:
    content = Content.from_dict(entry.data["content"])
    _must(bool(entry.warning) and entry.warning not in warnings and bool(person(entry.by)))
    warnings[entry.warning] = Record(entry.warning, "signal", content, writers=[entry.by], steps=[_step(entry)])


def _review(warnings: dict[str, Record], entry: Entry) -> None:
    found = _on(warnings, entry)
    _must(found.pending is not None and not found.under_review)
    found.under_review = True
    if found.official is None:
        found.state = "review"


def _approve(warnings: dict[str, Record], entry: Entry) -> None:
    found = _on(warnings, entry)
    _must(found.pending is not None and found.under_review)
    _must(not any(same_person(entry.by, writer) for writer in found.writers))
    first = found.official is None
    found.official, found.pending, found.under_review, found.writers = found.pending, None, False, []
    found.state = "official"
    _send(found, entry, "Alert" if first else "Update")


def _update(warnings: dict[str, Record], entry: Entry) -> None:
    found = _on(warnings, entry)
    content = Content.from_dict(entry.data["content"])
    _must((content.hazard, content.exercise) == (found.content.hazard, found.content.exercise))
    found.pending, found.under_review = content, False
    if found.official is None:
        found.state = "signal"
    found.writers.append(entry.by)


def _cancel(warnings: dict[str, Record], entry: Entry) -> None:
    found = _on(warnings, entry)
    _must(found.official is not None)
    found.state, found.pending = "cancelled", None
    _send(found, entry, "Cancel")


def _stand_down(warnings: dict[str, Record], entry: Entry) -> None:
    found = _on(warnings, entry)
    found.state = "stood-down"
    if found.official is not None:
        found.pending = None
        _send(found, entry, "AllClear")


def _sent(warnings: dict[str, Record], entry: Entry) -> None:
    found = _on(warnings, entry)
    for receiver in entry.data["receivers"]:
        found.reached.setdefault(receiver, {}).setdefault("sent", entry.at)


def _confirmed(warnings: dict[str, Record], entry: Entry) -> None:
    found = _on(warnings, entry)
    for receiver in entry.data["receivers"]:
        found.reached.setdefault(receiver, {}).setdefault("confirmed", entry.at)


def _on(warnings: dict[str, Record], entry: Entry) -> Record:
    found = warnings[entry.warning]
    _must(bool(person(entry.by)))
    if entry.act in ("sent", "confirmed"):
        _must(found.official is not None)
    else:
        _must(found.state in OPEN and bool(entry.data["reason"]))
    found.steps.append(_step(entry))
    return found


def _step(entry: Entry) -> Step:
    return Step(entry.at, entry.by, entry.act, entry.data.get("reason", ""))


def _send(found: Record, entry: Entry, kind: MessageType) -> None:
    reason = entry.data["reason"]
    made = Message(len(found.messages) + 1, kind, entry.at, found.content, entry.by, reason, entry.seq)
    found.messages.append(made)


_APPLY: dict[str, Any] = {
    "propose": _propose,
    "review": _review,
    "approve": _approve,
    "update": _update,
    "cancel": _cancel,
    "stand-down": _stand_down,
    "sent": _sent,
    "confirmed": _confirmed,
}
