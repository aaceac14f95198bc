"""What differs between two programmes, row by row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import polars as pl

from khien.programme.columns import Table
from khien.programme.document import Programme
from khien.programme.settings import Settings
from khien.programme.tables import TABLES

SETTINGS = "settings"


@dataclass(frozen=True)
class Change:
    """One difference between two programmes.

    Attributes:
        kind: the row was added, removed, or one cell of it changed.
        table: name of the table, or "settings".
        key: key of the row, its parts joined by "|"; for settings the name of the setting.
        column: the cell that changed; None for a whole row.
        before, after: the cell's values, or the whole row as a dict; None where there is none.
    """

    kind: Literal["added", "removed", "changed"]
    table: str
    key: str
    column: str | None
    before: Any
    after: Any

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; dates become text."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def diff(a: Programme, b: Programme) -> list[Change]:
    """Every difference from `a` to `b`: settings first, then table by table, in the order of keys.

    Order of rows and columns does not count. `diff(a, b)` is empty exactly when the hashes are equal.
    """
    changes = _settings_changes(a.settings, b.settings)
    for name, table in TABLES.items():
        before, after = a.frames[name], b.frames[name]
        if not before.equals(after):
            changes.extend(_table_changes(table, before, after))
    return changes


def _settings_changes(a: Settings, b: Settings) -> list[Change]:
    before, after = _stated(a), _stated(b)
    names = [*before, *(n for n in after if n not in before)]
    return [
        Change(
            _kind(before.get(n), after.get(n)),
            SETTINGS,
            n.partition("#")[0],
            n.partition("#")[2] or "value",
            before.get(n),
            after.get(n),
        )
        for n in names
        if before.get(n) != after.get(n)
    ]


def _stated(settings: Settings) -> dict[str, Any]:
    """Values by name, sources and statuses by name#source and name#status."""
    facts: dict[str, str | None] = {}
    for name, fact in settings.facts.items():
        facts |= {f"{name}#source": fact.source, f"{name}#status": fact.status}
    return settings.values() | {name: value for name, value in facts.items() if value is not None}


def _table_changes(table: Table, before: pl.DataFrame, after: pl.DataFrame) -> list[Change]:
    old, new = _by_key(table, before), _by_key(table, after)
    changes = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is None or now is None:
            changes.append(Change(_kind(was, now), table.name, key, None, was, now))
        elif was != now:
            cells = (c for c in table.columns if was[c] != now[c])
            changes.extend(Change("changed", table.name, key, c, was[c], now[c]) for c in cells)
    return changes


def _by_key(table: Table, frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row_key(table, row): row for row in frame.iter_rows(named=True)}


def row_key(table: Table, row: dict[str, Any]) -> str:
    """The key of a row as text, its parts joined by "|" and missing ones empty."""
    return "|".join("" if row[c] is None else str(row[c]) for c in table.key)


def _kind(was: Any, now: Any) -> Literal["added", "removed", "changed"]:
    if was is None:
        return "added"
    return "removed" if now is None else "changed"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else value
