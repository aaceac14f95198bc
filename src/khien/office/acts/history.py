"""The history of one row, along the line of versions on which one stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from khien.office.acts.programme_store import programme_of
from khien.office.acts.record import Actor
from khien.office.doors import require
from khien.office.doors import versions as door
from khien.office.models import Version
from khien.programme import TABLES
from khien.programme.compare import row_key

FARTHEST: Final = 30
"""Versions that are looked back on at once: each has to be opened."""


@dataclass(frozen=True)
class Step:
    """A version in which the row came to be as it then was: cell by cell what it held before and after."""

    version: Version
    kind: str
    cells: list[tuple[str, Any, Any]]


def row_history(actor: Actor, version: Version, table: str, key: str) -> list[Step]:
    """The versions that changed a row, the newest first; at most the last `FARTHEST` versions are looked at.

    Raises:
        Refused: the person may not read the programme.
    """
    require(door.may_read(actor.person))
    steps: list[Step] = []
    now, row, seen = version, _row(version, table, key), 0
    while seen < FARTHEST:
        seen += 1
        before = now.parent
        old = None if before is None else _row(before, table, key)
        if row != old:
            names = list(TABLES[table].columns)
            cells = [(n, (old or {}).get(n), (row or {}).get(n)) for n in names]
            kind = "added" if old is None else "removed" if row is None else "changed"
            steps.append(Step(now, kind, [c for c in cells if c[1] != c[2]]))
        if before is None:
            break
        now, row = before, old
    return steps


def _row(version: Version, table: str, key: str) -> dict[str, Any] | None:
    rows = programme_of(version).frames[table].iter_rows(named=True)
    return next((row for row in rows if row_key(TABLES[table], row) == key), None)
