"""What people do with warnings in the office: door, journal and log, in one transaction.

The journal is a file of its own beside the database, so that it can be read, checked and moved without the office. An
entry that a stop of the machine left in the journal alone, or that the command line wrote, is told in the log before
the next act: see `catch_up`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Final

from django.db import transaction
from django.utils import timezone

from khien.office import watching
from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble, reason_of
from khien.office.doors import Verdict, require
from khien.office.doors import watch as door
from khien.office.models import Entry, User
from khien.watch import warn
from khien.watch.warn import Content, Journal, Record, WarnError
from khien.watch.warn.journal import Entry as Noted

KIND: Final = "warning"
NONE: Final = "journal"
"""What the log calls the journal itself: the object of acts on no single warning."""


@dataclass(frozen=True)
class _Subject:
    """What the log speaks of; a warning is no row of the database."""

    pk: str
    _meta: ClassVar[Any] = SimpleNamespace(model_name=KIND)


class NotSound(Trouble):
    """What was written cannot be a warning; `findings` says everything that is wrong with it."""

    def __init__(self, error: WarnError) -> None:
        self.findings = error.findings
        told = {lang: " ".join(f"{f.message(lang)} {f.way_out(lang)}" for f in error.findings) for lang in ("vi", "en")}
        super().__init__("lookout_trouble_refused", what=told)


def begin(actor: Actor, sender: str, name_vi: str, name_en: str) -> None:
    """Begin the journal: under which name the office warns.

    Raises:
        Refused: the person may not.
        NotSound: it is open already, or the sender cannot stand in a CAP message.
    """
    require(door.may_open(actor.person))
    by = door.signature(actor.person)
    with _writing(actor) as journal:
        entry = warn.open_journal(journal, sender.strip(), name_vi, name_en, by=by)
        _log(actor, "open", entry, None, {"sender": entry.data["sender"], "name": entry.data["name_vi"]})


def propose(actor: Actor, content: Content, reason: str, despite: str | None = None) -> str:
    """Record a signal; return the id of the warning that it may become.

    Raises:
        Refused: the person may not.
        NotSound: everything that is wrong with it, or that it repeats another.
        Trouble: no reason.
    """
    require(door.may_propose(actor.person))
    why, by = reason_of(reason), door.signature(actor.person)
    with _writing(actor) as journal:
        entry = warn.propose(journal, content, by=by, why=why, despite=despite)
        _log(actor, "propose", entry, None, {"state": "signal", **_brief(content), "reason": why})
    return entry.warning


def update(actor: Actor, id: str, content: Content, reason: str, seen: int | None = None) -> None:
    """Write new content, which waits until somebody else approves it; raises as `propose`."""

    def act(journal: Journal, by: str, why: str) -> Noted:
        return warn.update(journal, id, content, by=by, why=why)

    _do(actor, "update", id, reason, seen, door.may_update, act, _brief(content))


def review(actor: Actor, id: str, reason: str, seen: int | None = None) -> None:
    """Take what waits into review."""

    def act(journal: Journal, by: str, why: str) -> Noted:
        return warn.review(journal, id, by=by, why=why)

    _do(actor, "review", id, reason, seen, door.may_review, act)


def approve(actor: Actor, id: str, reason: str, seen: int | None = None) -> None:
    """Make what is under review official: the one way in which a warning becomes so.

    Args:
        seen: how many steps the warning had when the person looked at it; with more of them now nothing is done.
    """

    def may(user: User, found: Record) -> Verdict:
        return door.may_approve(user, found, timezone.now())

    def act(journal: Journal, by: str, why: str) -> Noted:
        return warn.approve(journal, id, by=by, why=why)

    _do(actor, "approve", id, reason, seen, may, act)


def stand_down(actor: Actor, id: str, reason: str, seen: int | None = None) -> None:
    """End a warning because the danger is over, or lay a signal aside."""

    def act(journal: Journal, by: str, why: str) -> Noted:
        return warn.stand_down(journal, id, by=by, why=why)

    _do(actor, "stand-down", id, reason, seen, door.may_stand_down, act)


def cancel(actor: Actor, id: str, reason: str, seen: int | None = None) -> None:
    """Take an official warning back: it should not have been sent."""

    def act(journal: Journal, by: str, why: str) -> Noted:
        return warn.cancel(journal, id, by=by, why=why)

    _do(actor, "cancel", id, reason, seen, door.may_cancel, act)


def catch_up() -> int:
    """Tell in the log what stands in the journal and not yet there; return how many entries."""
    with transaction.atomic():
        return _catch_up(Actor(None))


def _do(
    actor: Actor, verb: str, id: str, reason: str, seen: int | None, may: Callable[[User, Record], Verdict],
    act: Callable[[Journal, str, str], Noted], more: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """One act on one warning: the door is asked about what the warning is now, under the lock of the transaction."""
    why, by = reason_of(reason), door.signature(actor.person)
    with _writing(actor) as journal:
        found = warn.desk(journal.read()).get(id)
        require(may(actor.person, found))
        if seen is not None and seen != len(found.steps):
            raise Trouble("lookout_trouble_moved")
        before = {"state": found.state, **_brief(found.content)}
        entry = act(journal, by, why)
        now = warn.desk(journal.read()).get(id)
        after = {"state": now.state, **(more or _brief(now.content)), "messages": len(now.messages), "reason": why}
        _log(actor, verb, entry, before, after)


@contextmanager
def _writing(actor: Actor) -> Iterator[Journal]:
    """The journal inside a transaction; what it refuses or cannot write becomes a trouble, and nothing is logged."""
    journal = watching.watch().journal
    try:
        with transaction.atomic():
            _catch_up(actor)
            yield journal
    except WarnError as error:
        raise NotSound(error) from error
    except OSError as error:
        raise Trouble("lookout_trouble_disk", what=error.strerror or str(error)) from error


def _catch_up(actor: Actor) -> int:
    journal = watching.watch().journal
    number, kept = _told()
    entries = journal.read() if journal.path.exists() else []
    if number and (len(entries) < number or entries[number - 1].hash != kept):
        raise Trouble("lookout_trouble_forged", no=number)
    missing = entries[number:]
    for entry in missing:
        after = {"act": entry.act, "by": entry.by, "at": entry.at.isoformat(), "reason": entry.data.get("reason", "")}
        _log(Actor(None, actor.request), "found", entry, None, after)
    return len(missing)


def _told() -> tuple[int, str]:
    """Number and hash of the journal's entry that the log told last; zero before any."""
    last = Entry.objects.filter(kind=KIND).order_by("-seq").values_list("after", flat=True).first()
    if not last:
        return 0, ""
    told = json.loads(last)
    return int(told["entry"]), str(told["entry_hash"])


def _log(actor: Actor, verb: str, entry: Noted, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
    """The log names the journal's entry and its hash, so that each can be checked against the other."""
    subject: Any = _Subject(entry.warning or NONE)
    record(actor, f"warning.{verb}", subject, before, {**after, "entry": entry.seq, "entry_hash": entry.hash})


def _brief(content: Content) -> dict[str, Any]:
    told = {"hazard": content.hazard, "level": content.level, "areas": ",".join(content.areas)}
    told |= {"onset": content.onset.isoformat(), "expires": content.expires.isoformat()}
    return told | {"headline": content.headline_vi, "exercise": content.exercise}
