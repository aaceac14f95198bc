"""What people do with warnings. Every act names who and why, is checked against all that came before, and is recorded.

A warning goes signal → review → official → stood down. It becomes official only by `approve`, by somebody who wrote
none of what is approved; there is no other way, and nothing here acts by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from khien.watch.warn.content import Content, check, person, reason, same_person
from khien.watch.warn.findings import WarnError, WarnFinding, refuse
from khien.watch.warn.journal import Entry, Journal
from khien.watch.warn.states import OPEN, Desk, Record, desk

_SENDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:/-]{2,119}")
_RECEIVER: Final = re.compile(r"\d{2}|\d{5}|[a-z][a-z0-9]*(-[a-z0-9]+)+")


def open_journal(
    journal: Journal, sender: str, name_vi: str, name_en: str, *, by: str, now: datetime | None = None
) -> Entry:
    """Begin a journal: who sends its warnings (a domain name or address, for CAP) and under which name.

    Raises:
        WarnError: it is open already, or the sender cannot stand in a CAP message.
    """

    if not _SENDER.fullmatch(sender):
        raise refuse("not-a-sender", "journal", "sender", sender)
    told = {"sender": sender, "name_vi": person(name_vi), "name_en": person(name_en)}

    def decide(entries: Sequence[Entry]) -> tuple[str, str, Mapping[str, Any]]:
        if entries:
            raise refuse("already-open", value=journal.folder)
        return "open", "", told

    return journal.append(person(by), decide, now, begin=True)


def propose(
    journal: Journal, content: Content, *, by: str, why: str, despite: str | None = None, now: datetime | None = None
) -> Entry:
    """Record a signal: something that may become a warning.

    Args:
        despite: id of an open warning of the same hazard, an area and a time in common, which this one does not repeat.

    Raises:
        WarnError: the content is wrong, or repeats a warning that is open.
    """
    moment = _now(now)
    kept, because = check(content, moment), reason(why)

    def decide(entries: Sequence[Entry]) -> tuple[str, str, Mapping[str, Any]]:
        known = desk(entries)
        _refuse_repeats(known, kept, moment, besides=despite)
        told = {"content": kept.to_dict(), "reason": because, "despite": despite}
        return "propose", _next_id(known, moment, kept), told

    return journal.append(person(by), decide, now)


def review(journal: Journal, id: str, *, by: str, why: str, now: datetime | None = None) -> Entry:
    """Take what is pending into review."""

    def allowed(found: Record) -> None:
        if found.pending is None:
            raise refuse("nothing-pending", id)
        if found.under_review:
            raise refuse("already-under-review", id)

    return _act(journal, "review", id, by, why, allowed, now)


def approve(journal: Journal, id: str, *, by: str, why: str, now: datetime | None = None) -> Entry:
    """Make what is under review official: the one way in which a warning becomes so.

    Raises:
        WarnError: nothing is under review, its time is over, or whoever approves wrote a part of it.
    """
    moment = _now(now)

    def allowed(found: Record) -> None:
        if found.pending is None or not found.under_review:
            raise refuse("not-under-review", id)
        if any(same_person(by, writer) for writer in found.writers):
            raise refuse("own-proposal", id, "by", by)
        if found.pending.expires <= moment:
            raise refuse("already-over", id, "expires", found.pending.expires.isoformat())

    return _act(journal, "approve", id, by, why, allowed, now)


def update(journal: Journal, id: str, content: Content, *, by: str, why: str, now: datetime | None = None) -> Entry:
    """Write new content for a warning. What is official holds until the new content is reviewed and approved.

    Raises:
        WarnError: the content is wrong, changes the hazard, or turns a drill into a warning or the other way.
    """
    moment = _now(now)
    kept = check(content, moment)

    def allowed(found: Record) -> None:
        for name in ("hazard", "exercise"):
            if getattr(kept, name) != getattr(found.content, name):
                raise refuse("cannot-change", id, name, getattr(kept, name))
        if kept == (found.pending or found.official):
            raise refuse("nothing-new", id)

    return _act(journal, "update", id, by, why, allowed, now, content=kept.to_dict())


def cancel(journal: Journal, id: str, *, by: str, why: str, now: datetime | None = None) -> Entry:
    """Take an official warning back: it should not have been sent."""

    def allowed(found: Record) -> None:
        if found.official is None:
            raise refuse("not-official", id)

    return _act(journal, "cancel", id, by, why, allowed, now)


def stand_down(journal: Journal, id: str, *, by: str, why: str, now: datetime | None = None) -> Entry:
    """End a warning because the danger is over, or lay a signal aside."""
    return _act(journal, "stand-down", id, by, why, lambda found: None, now)


def sent(journal: Journal, id: str, receivers: Sequence[str], *, by: str, now: datetime | None = None) -> Entry:
    """Record to which posts and communes an official warning was sent."""
    return _reach(journal, "sent", id, receivers, by, now)


def confirmed(journal: Journal, id: str, receivers: Sequence[str], *, by: str, now: datetime | None = None) -> Entry:
    """Record which posts and communes confirmed that they have it."""
    return _reach(journal, "confirmed", id, receivers, by, now)


def _act(
    journal: Journal, act: str, id: str, by: str, why: str, allowed: Any, now: datetime | None, **data: Any
) -> Entry:
    who, because = person(by), reason(why)

    def decide(entries: Sequence[Entry]) -> tuple[str, str, Mapping[str, Any]]:
        found = desk(entries).get(id)
        if found.state not in OPEN:
            raise refuse("closed", id, value=found.state)
        allowed(found)
        return act, id, {"reason": because, **data}

    return journal.append(who, decide, now)


def _reach(
    journal: Journal, act: str, id: str, receivers: Sequence[str], by: str, now: datetime | None
) -> Entry:
    """Receivers are posts (`doan-bien-phong-1`) and places (code of a province or commune), never private persons."""
    wrong = [WarnFinding("not-a-receiver", id, "receivers", r[:80]) for r in receivers if not _RECEIVER.fullmatch(r)]
    if wrong or not receivers:
        raise WarnError(wrong or [WarnFinding("no-receiver", id, "receivers")])

    def decide(entries: Sequence[Entry]) -> tuple[str, str, Mapping[str, Any]]:
        if desk(entries).get(id).official is None:
            raise refuse("not-official", id)
        return act, id, {"receivers": sorted(set(receivers))}

    return journal.append(person(by), decide, now)


def repeats(known: Desk, content: Content, now: datetime) -> list[str]:
    """Open warnings of the same hazard (both drills or neither) with an area and a time in common."""
    found = []
    for other in known.warnings.values():
        if other.state in OPEN and not other.expired(now):
            said = [there for there in (other.official, other.pending) if there is not None]
            if any(_same_matter(there, content) for there in said):
                found.append(other.id)
    return found


def _same_matter(one: Content, other: Content) -> bool:
    alike = one.hazard == other.hazard and one.exercise == other.exercise
    meet = one.onset < other.expires and other.onset < one.expires
    return alike and meet and bool(set(one.areas) & set(other.areas))


def _refuse_repeats(known: Desk, content: Content, now: datetime, besides: str | None) -> None:
    if besides is not None:
        known.get(besides)
    if others := [other for other in repeats(known, content, now) if other != besides]:
        raise refuse("repeats", value=", ".join(others), first=others[0])


def _next_id(known: Desk, now: datetime, content: Content) -> str:
    """Year, running number and hazard: ``2026-0007-storm``; drills are marked in the id as well."""
    number = sum(key.startswith(f"{now.year}-") for key in known.warnings) + 1
    return f"{now.year}-{number:04}-{content.hazard}" + ("-exercise" if content.exercise else "")


def _now(now: datetime | None) -> datetime:
    return datetime.now(UTC) if now is None else now.astimezone(UTC)


def changed(content: Content, **changes: Any) -> Content:
    """The content with some fields changed; those that are None stay."""
    return replace(content, **{name: value for name, value in changes.items() if value is not None})
