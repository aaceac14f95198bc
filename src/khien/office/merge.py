"""Two edits of one programme put together: row by row, cell by cell; what both changed differently is a conflict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from khien.programme import TABLES, Change, Programme, Settings, diff
from khien.programme.compare import SETTINGS, row_key

Cell = tuple[str, str, str | None]
"""Table, key of the row, column (None for the whole row)."""


@dataclass(frozen=True)
class Conflict:
    """One place that both edits changed, and not to the same.

    Attributes:
        table, key, column: the place; `column` is None when one edit removed a row that the other changed, or when
            both added a row with this key.
        base, ours, theirs: the value (or whole row as a dict) before, in the one and in the other; None for none.
    """

    table: str
    key: str
    column: str | None
    base: Any
    ours: Any
    theirs: Any


def merge(base: Programme, ours: Programme, theirs: Programme) -> Programme | list[Conflict]:
    """`ours` with everything that `theirs` changed since `base`; or all conflicts, when there are any.

    Changes of different cells merge, also in one row. Both making the same change is no conflict.

    Raises:
        ProgrammeError: each edit alone is sound, and both together are not (a row removed here, referred to there).
    """
    mine = {_place(change): change for change in diff(base, ours)}
    other = {_place(change): change for change in diff(base, theirs)}
    conflicts = [*_cells(mine, other), *_rows(mine, other), *_rows(other, mine, swapped=True)]
    if conflicts:
        return sorted(conflicts, key=lambda c: (c.table, c.key, c.column or ""))
    fresh = [change for place, change in other.items() if place not in mine]
    frames = {name: _with(ours.frames[name], name, fresh) for name in {c.table for c in fresh} - {SETTINGS}}
    return ours.replace(settings=_settings(ours.settings, fresh), **frames)


def _place(change: Change) -> Cell:
    return change.table, change.key, change.column


def _cells(mine: dict[Cell, Change], other: dict[Cell, Change]) -> list[Conflict]:
    """The same cell changed to different values, or the same key added with different content."""
    both = [(mine[place], other[place]) for place in mine.keys() & other.keys()]
    return [Conflict(a.table, a.key, a.column, a.before, a.after, b.after) for a, b in both if a.after != b.after]


def _rows(removing: dict[Cell, Change], changing: dict[Cell, Change], swapped: bool = False) -> list[Conflict]:
    """Rows that one side removed while the other changed a cell of them."""
    gone = {(c.table, c.key): c for c in removing.values() if c.kind == "removed" and c.column is None}
    hit = {(c.table, c.key): c for c in changing.values() if c.column is not None and (c.table, c.key) in gone}
    told = []
    for (table, key), change in hit.items():
        row = gone[table, key].before
        changed = row | {c.column: c.after for c in changing.values() if (c.table, c.key) == (table, key)}
        ours, theirs = (changed, None) if swapped else (None, changed)
        told.append(Conflict(change.table, change.key, None, row, ours, theirs))
    return told


def _with(frame: pl.DataFrame, name: str, changes: list[Change]) -> pl.DataFrame:
    """The table with these changes made; new rows come last."""
    table = TABLES[name]
    rows = {row_key(table, row): row for row in frame.iter_rows(named=True)}
    for change in changes:
        if change.table != name:
            continue
        if change.column is not None:
            rows[change.key] = rows[change.key] | {change.column: change.after}
        elif change.kind == "removed":
            rows.pop(change.key, None)
        else:
            rows[change.key] = change.after
    return pl.DataFrame(list(rows.values()), schema=table.schema, orient="row")


def _settings(ours: Settings, changes: list[Change]) -> Settings:
    """The settings with these changes made: values, and where they come from."""
    plain, facts = ours.values(), {name: fact.model_dump() for name, fact in ours.facts.items()}
    for change in changes:
        if change.table != SETTINGS:
            continue
        if change.column != "value":
            facts[change.key] = facts.get(change.key, {}) | {str(change.column): change.after}
        elif change.after is None:  # a rate that was taken out
            plain.pop(change.key, None)
        else:
            plain[change.key] = change.after
    rates = {name.partition(".")[2]: plain.pop(name) for name in list(plain) if name.startswith("rates.")}
    told = {name: fact for name, fact in facts.items() if any(fact.values())}
    return Settings.model_validate(plain | {"rates": rates, "facts": told})
