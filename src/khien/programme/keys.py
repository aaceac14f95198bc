"""Checks on keys and references: no two rows alike, and every reference points to something."""

from __future__ import annotations

from typing import Final

import polars as pl

from khien.programme.guesses import guess
from khien.programme.sheet import Desk, Sheet

SUBJECT_SPACE: Final = ("technologies", "products", "items")


def check_keys(desk: Desk) -> None:
    """Report duplicate keys, ids that two tables share, and references that point nowhere."""
    for sheet in desk.sheets.values():
        _duplicates(desk, sheet)
    _name_clashes(desk)
    for sheet in desk.sheets.values():
        for column, tables in sheet.table.references.items():
            _dangling(desk, sheet, column, tables)


def _duplicates(desk: Desk, sheet: Sheet) -> None:
    key = list(sheet.table.key)
    needed = [c for c in key if sheet.table.columns[c].required]
    frame = (
        sheet.frame.select(key)
        .with_row_index("_index")
        .filter(pl.all_horizontal(pl.col(needed).is_not_null()))
    )
    doubles = frame.filter(~pl.struct(key).is_first_distinct())
    if doubles.is_empty():
        return
    first = frame.unique(key, keep="first", maintain_order=True).rename({"_index": "_first"})
    for index, *values, at in doubles.join(first, on=key, nulls_equal=True).sort("_index").iter_rows():
        shown = "|".join("" if v is None else str(v) for v in values)
        name = sheet.table.name
        desk.note(
            "duplicate-key",
            name,
            sheet.line(index),
            key[0] if len(key) == 1 else None,
            shown,
            first=sheet.line(at),
            key=", ".join(key),
        )


def _name_clashes(desk: Desk) -> None:
    seen: dict[str, str] = {}
    for name in SUBJECT_SPACE:
        own: set[str] = set()
        for line, value in desk[name].rows("id"):
            if value in seen and value not in own:
                desk.note("name-clash", name, line, "id", value, other=seen[value])
            elif value is not None:
                own.add(value)
        seen |= dict.fromkeys(own - seen.keys(), name)


def _dangling(desk: Desk, sheet: Sheet, column: str, tables: tuple[str, ...]) -> None:
    values = sheet.frame[column]
    if values.null_count() == len(values):
        return
    if any(t in desk.broken for t in tables):
        return  # it is there, and why it cannot be read has been told
    if not any(desk[t].here for t in tables):
        if any(f.code == "table-missing" and f.table == tables[0] for f in desk.findings):
            return
        line = next(li for li, v in sheet.rows(column) if v is not None)
        desk.note(
            "table-missing", tables[0], None, None, None, by=sheet.table.name, by_row=line, by_column=column
        )
        return
    known = desk.ids(*tables)
    bad = values.is_not_null() & ~values.is_in(list(known))
    for index in bad.arg_true():
        value = values[int(index)]
        desk.note(
            "dangling-reference",
            sheet.table.name,
            sheet.line(int(index)),
            column,
            value,
            tables=", ".join(tables),
            guess=guess(value, known),
        )
