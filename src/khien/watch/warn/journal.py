"""The record of all warnings: lines of JSON that are only ever added, each with the hash of the one before.

An entry is confirmed when `append` returns: it is then on the disk (fsync) whole. If the machine stops in the middle of
a line, that line was never confirmed; readers pass it over, and the next writer puts it aside. A line that was
changed, dropped or put in later breaks the chain, and nothing is read from a broken journal.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from khien.watch.warn.findings import refuse

FILE: Final = "warnings.jsonl"
START: Final = "0" * 64
"""What stands in place of the hash before the first entry."""

FIELDS: Final = ("seq", "at", "by", "act", "warning", "data", "previous")
"""What the hash of an entry covers, in this order."""


@dataclass(frozen=True)
class Entry:
    """One act: number, moment (UTC), who did it, what, on which warning ("" for none), with what."""

    seq: int
    at: datetime
    by: str
    act: str
    warning: str
    data: Mapping[str, Any]
    previous: str
    hash: str


Decide = Callable[[Sequence[Entry]], tuple[str, str, Mapping[str, Any]]]
"""From all entries so far to act, warning and data of the next one; raises when it may not be."""


class Journal:
    """The journal in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE

    def read(self) -> list[Entry]:
        """All confirmed entries.

        Raises:
            WarnError: the chain is broken (line and reason are named), or there is no journal.
            OSError: it cannot be read.
        """
        if not self.path.exists():
            raise refuse("no-journal", value=self.folder)
        return _chain(self.path.read_bytes(), self.path.name)[0]

    def append(self, by: str, decide: Decide, now: datetime | None = None, *, begin: bool = False) -> Entry:
        """Add one entry under a lock: no other writer comes between what `decide` sees and what is written.

        Args:
            by: post or person; checked by `decide`.
            decide: looks at all entries and says what the next one is, or raises.
            now: moment of the act; the clock's if left out.
            begin: whether a journal that is not there may be begun.

        Returns:
            The entry, which is on the disk.
        """
        if not begin and not self.path.exists():
            raise refuse("no-journal", value=self.folder)
        with self._locked() as handle:
            entries, sound = _chain(_all(handle), self.path.name)
            act, warning, data = decide(entries)
            at = (datetime.now(UTC) if now is None else now.astimezone(UTC)).replace(microsecond=0)
            previous = entries[-1].hash if entries else START
            entry = _made(len(entries) + 1, at, by, act, warning, data, previous)
            self._put_aside(handle, sound)
            _write(handle, _line(entry))
            return entry

    @contextmanager
    def _locked(self) -> Iterator[int]:
        new = not self.path.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if new:
                _sync_folder(self.folder)
            yield handle
        finally:
            os.close(handle)

    def _put_aside(self, handle: int, sound: int) -> None:
        """Move what a stopped writer left of a line into a file of its own, so that the next line stands alone."""
        rest = _all(handle)[sound:]
        if rest:
            aside = self.path.with_suffix(f".torn-{sound}")
            aside.write_bytes(rest)
            os.truncate(handle, sound)


def entry_hash(entry: Mapping[str, Any]) -> str:
    """SHA-256 in hex over the fields of an entry as canonical JSON."""
    plain = json.dumps([entry[name] for name in FIELDS], ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(b"khien warnings 1\n" + plain.encode("ascii")).hexdigest()


def _chain(raw: bytes, name: str) -> tuple[list[Entry], int]:
    """The entries of a file and the number of bytes that hold them; an unfinished last line is not among them."""
    entries: list[Entry] = []
    place = 0
    for line in raw.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        entries.append(_checked(line, entries, name))
        place += len(line)
    return entries, place


def _checked(line: bytes, before: Sequence[Entry], name: str) -> Entry:
    row = len(before) + 1
    previous = before[-1].hash if before else START
    try:
        found = json.loads(line)
        if set(found) != {*FIELDS, "hash"} or entry_hash(found) != found["hash"]:
            raise ValueError("hash")
        if found["seq"] != row or found["previous"] != previous:
            raise ValueError("order")
        at = datetime.fromisoformat(found["at"])
    except (ValueError, TypeError, RecursionError):
        raise refuse("journal-broken", name, value=f"{row}", line=row) from None
    return Entry(row, at, found["by"], found["act"], found["warning"], found["data"], previous, found["hash"])


def _made(
    seq: int, at: datetime, by: str, act: str, warning: str, data: Mapping[str, Any], previous: str
) -> Entry:
    plain: dict[str, Any] = {"seq": seq, "at": at.isoformat(), "by": by, "act": act, "warning": warning}
    plain |= {"data": json.loads(json.dumps(data)), "previous": previous}
    return Entry(seq, at, by, act, warning, plain["data"], previous, entry_hash(plain))


def _line(entry: Entry) -> bytes:
    plain: dict[str, Any] = {name: getattr(entry, name) for name in FIELDS} | {"at": entry.at.isoformat()}
    return (json.dumps({**plain, "hash": entry.hash}, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _all(handle: int) -> bytes:
    size = os.fstat(handle).st_size
    return os.pread(handle, size, 0) if size else b""


def _write(handle: int, line: bytes) -> None:
    """Write a whole line and wait until the disk has it; on a full disk what was begun is taken back."""
    size = os.fstat(handle).st_size
    try:
        done = 0
        while done < len(line):
            done += os.write(handle, line[done:])
        os.fsync(handle)
    except OSError:
        os.truncate(handle, size)
        raise


def _sync_folder(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
