"""What really happened, by which warnings are judged: told, or taken back, by people, each in the log.

It is the file `events.csv` beside the journal, which may also be written by hand.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Final

from django.db import transaction
from django.utils import timezone

from khien.office import watching
from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble, reason_of
from khien.office.acts.warnings import NotSound
from khien.office.doors import require
from khien.office.doors import watch as door
from khien.watch.places import provinces
from khien.watch.warn import WarnError
from khien.watch.warn.statistics import Event
from khien.watch.warn.threats import known_threats

COLUMNS: Final = ("hazard", "place", "onset", "level")
LEVELS: Final = (None, 1, 2, 3, 4, 5)
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class _Subject:
    """What the log speaks of; an event is no row of the database."""

    pk: str
    _meta: ClassVar[Any] = SimpleNamespace(model_name="event")


def tell(actor: Actor, event: Event, reason: str) -> None:
    """Add something that happened.

    Raises:
        Refused: the person may not.
        Trouble: no hazard or province that is known, a time to come, a level that is none, it is told already, or no
            reason.
        NotSound: the file is wrong as it is.
    """
    require(door.may_tell(actor.person))
    why = reason_of(reason)
    if event.hazard not in known_threats() or event.place not in provinces() or event.level not in LEVELS:
        raise Trouble("lookout_trouble_event")
    if event.onset > timezone.now():
        raise Trouble("lookout_trouble_event_future")

    def added(rows: Rows) -> Rows:
        if event in watching.watch().events_now():
            raise Trouble("lookout_trouble_event_twice")
        return [*rows, _row(event)]

    _change(actor, "event.tell", event, why, added)


def take_back(actor: Actor, event: Event, reason: str) -> None:
    """Take out what was told wrongly; raises as `tell`, and Trouble when it is not there (any more)."""
    require(door.may_tell(actor.person))
    why = reason_of(reason)

    def without(rows: Rows) -> Rows:
        found = watching.watch().events_now()
        if event not in found:
            raise Trouble("lookout_trouble_no_event")
        at = found.index(event)
        return [*rows[:at], *rows[at + 1 :]]

    _change(actor, "event.take-back", event, why, without)


def _row(event: Event) -> dict[str, str]:
    level = "" if event.level is None else str(event.level)
    return dict(zip(COLUMNS, (event.hazard, event.place, event.onset.isoformat(), level), strict=True))


def _change(actor: Actor, act: str, event: Event, why: str, change: Callable[[Rows], Rows]) -> None:
    """The file is written last of all that the transaction holds: without a log entry nothing is changed."""
    path = watching.watch().folder / watching.EVENTS
    try:
        with transaction.atomic(), _locked(path.parent):
            heads, rows = _read(path)
            rows = change(rows)
            subject: Any = _Subject(f"{event.hazard} {event.place} {event.onset.date()}")
            record(actor, act, subject, None, _row(event) | {"reason": why})
            _write(path, heads, rows)
    except WarnError as error:
        raise NotSound(error) from error
    except OSError as error:
        raise Trouble("lookout_trouble_disk", what=error.strerror or str(error)) from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else writes in the meantime; the lock is on the folder, for the file itself is put in place anew."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> tuple[list[str], Rows]:
    """Heads and rows as they stand, with columns of which we know nothing; lines without a cell are left out."""
    if not path.exists():
        return list(COLUMNS), []
    lines = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    heads = [cell.strip() for cell in next(lines, [])]
    rows = [dict(zip(heads, cells, strict=False)) for cells in lines if any(cell.strip() for cell in cells)]
    return [*heads, *(["level"] if "level" not in heads else [])], rows


def _write(path: Path, heads: list[str], rows: Rows) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, heads, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(out.getvalue())
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def moment_of(text: str) -> datetime:
    """A moment as a form sends it back.

    Raises:
        Trouble: it is none.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Trouble("lookout_trouble_time", value=text[:40] or "–") from None
