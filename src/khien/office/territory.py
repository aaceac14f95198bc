"""Which province a row belongs to, and what of a change lies outside of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from khien.programme import TABLES, Change, Programme
from khien.programme.compare import row_key

OWN_TABLES: Final = ("places", "sites", "depots", "stocks", "forces", "vehicles")
"""Tables whose rows lie in one place; a row of any other table belongs to no province."""


def outside(changes: Iterable[Change], before: Programme, after: Programme, province: str) -> list[Change]:
    """The changes that a province's officer may not make: rows that, before or after, are not of that province.

    A province is its own row and those of its communes. A row that moves into it or out of it is not its own either.
    """
    old, new = _Map(before), _Map(after)
    return [c for c in changes if not (_own(c, old, province, "before") and _own(c, new, province, "after"))]


def _own(change: Change, world: _Map, province: str, side: str) -> bool:
    if change.table not in OWN_TABLES:
        return False
    if change.column is not None:
        row = world.row(change.table, change.key)
    else:
        row = getattr(change, side)
    return row is None or world.province(change.table, row) == province


class _Map:
    """The places of a programme, and the rows of the tables that lie in them."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.above = dict(programme.places.select("id", "parent").iter_rows())
        self.level = dict(programme.places.select("id", "level").iter_rows())
        self.depots = dict(programme.depots.select("id", "place").iter_rows())
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}

    def row(self, table: str, key: str) -> dict[str, Any] | None:
        """A row by its key."""
        if table not in self.rows:
            frame = self.programme.frames[table]
            self.rows[table] = {row_key(TABLES[table], row): row for row in frame.iter_rows(named=True)}
        return self.rows[table].get(key)

    def province(self, table: str, row: Mapping[str, Any]) -> str | None:
        """The province in which a row lies; None for a country, or where the place is unknown."""
        if table == "places":
            place = row["id"] if row["level"] == "province" else row["parent"]
        else:
            place = self.depots.get(row["depot"]) if table == "stocks" else row["place"]
        seen: set[str] = set()
        while place is not None and place not in seen:
            if self.level.get(place) == "province":
                return str(place)
            seen.add(place)
            place = self.above.get(place)
        return None
