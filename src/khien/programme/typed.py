"""Frames made in Python, brought to the schema of their table."""

from __future__ import annotations

import polars as pl

from khien.programme.columns import Column, Table
from khien.programme.findings import Findings
from khien.programme.guesses import guess
from khien.programme.text_files import trimmed


def as_typed(table: Table, frame: pl.DataFrame | None, findings: Findings) -> pl.DataFrame:
    """The frame with the table's columns and types; findings for columns that do not fit."""
    if frame is None or not frame.width:
        return pl.DataFrame(schema=table.schema)
    for name in frame.columns:
        if name not in table.columns:
            findings.note("unknown-column", table.name, 1, name, name, guess=guess(name, table.columns))
    columns = [_cast(table, column, frame, findings) for column in table.columns.values()]
    return pl.DataFrame(columns, schema=table.schema)


def _cast(table: Table, column: Column, frame: pl.DataFrame, findings: Findings) -> pl.Series:
    if column.name not in frame.columns:
        if column.required and frame.height:
            findings.note("missing-column", table.name, 1, column.name)
        return pl.Series(column.name, [None] * frame.height, dtype=column.dtype)
    values = frame[column.name]
    if values.dtype == column.dtype:
        if column.dtype == pl.String():
            return trimmed(values)
        return values + 0.0 if column.kind == "number" else values  # -0.0 becomes 0.0
    cast = values.cast(column.dtype, strict=False)
    if column.kind == "int" and values.dtype.is_float():
        cast = pl.select(pl.when(values == values.round(0)).then(cast)).to_series()
    code = {
        "int": "not-whole" if values.dtype.is_float() else "not-a-number",
        "number": "not-a-number",
        "bool": "not-a-bool",
        "date": "not-a-date",
    }
    for index in (values.is_not_null() & cast.is_null()).arg_true():
        findings.note(
            code.get(column.kind, "not-a-slug"), table.name, int(index) + 2, column.name, values[int(index)]
        )
    return cast.alias(column.name)
