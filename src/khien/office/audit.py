"""Checking the log from outside: reads the database with its own driver, and nothing of the office but the chain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from khien.office.chain import FIELDS, START, entry_hash

_QUERY = f"SELECT {', '.join(FIELDS)}, hash FROM office_log ORDER BY seq"


@dataclass(frozen=True)
class Fault:
    """One place where the chain does not hold.

    Attributes:
        seq: number of the entry.
        kind: "missing" (entries before it are gone), "altered" (its own hash does not fit), "unlinked" (it does not
            follow the entry before), or "head" (a published hash is not there).
    """

    seq: int
    kind: str


@dataclass(frozen=True)
class Audit:
    """What the check found: how many entries, the last one, and every fault."""

    entries: int
    head: str
    faults: list[Fault]


def verify(rows: Iterable[Mapping[str, Any]], published: tuple[int, str] | None = None) -> Audit:
    """Walk the whole chain.

    Args:
        rows: entries in order, with the columns of `FIELDS` and `hash`.
        published: number and hash of a head that was published earlier; without one, entries cut off at the end
            leave no trace.
    """
    faults: list[Fault] = []
    due, previous, count = 1, START, 0
    seen = published is None
    for row in rows:
        seq = int(row["seq"])
        if seq != due:
            faults.append(Fault(seq, "missing"))
        if row["previous"] != previous:
            faults.append(Fault(seq, "unlinked"))
        if entry_hash(row) != row["hash"]:
            faults.append(Fault(seq, "altered"))
        seen = seen or (published is not None and (seq, row["hash"]) == published)
        due, previous, count = seq + 1, str(row["hash"]), count + 1
    if not seen and published is not None:
        faults.append(Fault(published[0], "head"))
    return Audit(count, previous, faults)


def rows_of(database: str) -> Iterator[dict[str, Any]]:
    """All entries of a database: a path of SQLite, or an address postgresql://…

    Raises:
        FileNotFoundError: there is no such file.
        sqlite3.DatabaseError, psycopg.Error: it cannot be read, or holds no log.
    """
    if database.startswith(("postgresql://", "postgres://")):
        import psycopg

        with psycopg.connect(database) as link, link.cursor() as cursor:
            yield from rows_in(cursor)
        return
    if not Path(database).is_file():
        raise FileNotFoundError(database)
    # Read-only: checking must not be able to change what it checks.
    with closing(sqlite3.connect(f"{Path(database).absolute().as_uri()}?mode=ro", uri=True)) as file:
        yield from _named(file.execute(_QUERY))


def rows_in(cursor: Any) -> Iterator[dict[str, Any]]:
    """All entries that a cursor sees, in its own transaction."""
    return _named(cursor.execute(_QUERY))


def _named(rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    return (dict(zip((*FIELDS, "hash"), row, strict=True)) for row in rows)
