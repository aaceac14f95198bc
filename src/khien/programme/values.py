"""Checks on the cells of one typed table: filled, well written, within bounds.

All tests of a table run in one pass; only what fails is looked at again to say where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import polars as pl

from khien.programme.columns import LARGEST_INT, QUARTER, SLUG, Column
from khien.programme.findings import Findings
from khien.programme.guesses import guess
from khien.programme.sheet import Sheet
from khien.programme.tables import TABLES

LONGEST_TEXT: Final = 4000
_CONTROL: Final = r"[\x00-\x08\x0b-\x1f\x7f\x{fffe}\x{ffff}]"
Unread = Callable[[str], pl.Series | None]
"""For a column, which cells held something that could not be read (they have a finding already)."""


@dataclass(frozen=True)
class _Test:
    """A condition that no cell of a column may meet."""

    code: str
    column: Column
    bad: pl.Expr
    fields: dict[str, Any] = field(default_factory=dict)


def check_values(sheet: Sheet, unread: Unread, findings: Findings) -> pl.DataFrame:
    """Report every cell that its column does not allow.

    Returns:
        The frame with defaults filled in and forbidden cells emptied: later checks need not look again.
    """
    frame, table = sheet.frame, sheet.table
    tests = _tests(table.name)
    hits = frame.select(test.bad.any().alias(str(i)) for i, test in enumerate(tests)).row(0)
    forbidden: dict[str, pl.Expr] = {}
    for test, hit in zip(tests, hits, strict=True):
        if hit:
            _report(sheet, test, unread, findings)
            name = test.column.name
            forbidden[name] = forbidden[name] | test.bad if name in forbidden else test.bad
    if forbidden:
        kept = (
            pl.when(~bad.fill_null(False)).then(pl.col(name)).alias(name) for name, bad in forbidden.items()
        )
        frame = frame.with_columns(*kept)
    defaults = [c for c in table.columns.values() if c.default is not None]
    return frame.with_columns(pl.col(c.name).fill_null(c.default) for c in defaults) if defaults else frame


def _report(sheet: Sheet, test: _Test, unread: Unread, findings: Findings) -> None:
    name = test.column.name
    bad = sheet.frame.select(test.bad.fill_null(False)).to_series()
    if test.code == "required-empty" and (known := unread(name)) is not None:
        bad &= ~known
    values = sheet.frame[name]
    for index in bad.arg_true():
        value = values[int(index)]
        fields = dict(test.fields)
        if test.code == "not-a-choice":
            fields["guess"] = guess(value, test.column.choices)
        findings.note(test.code, sheet.table.name, sheet.line(int(index)), name, value, **fields)


@cache
def _tests(table: str) -> tuple[_Test, ...]:
    return tuple(test for column in TABLES[table].columns.values() for test in _tests_of(column))


def _tests_of(column: Column) -> Iterator[_Test]:
    cell = pl.col(column.name)
    if column.required:
        yield _Test("required-empty", column, cell.is_null())
    if column.kind in ("int", "number"):
        yield from _number_tests(column, cell)
    elif column.kind == "choice":
        choices = ", ".join(column.choices)
        yield _Test("not-a-choice", column, ~cell.is_in(list(column.choices)), {"choices": choices})
    elif column.kind == "slug":
        yield _Test("not-a-slug", column, ~cell.str.contains(SLUG))
    elif column.kind == "quarter":
        yield _Test("not-a-quarter", column, ~cell.str.contains(QUARTER))
    elif column.kind in ("text", "shares", "list"):
        yield _Test("text-too-long", column, cell.str.len_chars() > LONGEST_TEXT)
        yield _Test("control-character", column, cell.str.contains(_CONTROL))


def _number_tests(column: Column, cell: pl.Expr) -> Iterator[_Test]:
    finite = pl.lit(True)
    if column.kind == "number":
        finite = cell.is_finite()
        yield _Test("not-finite", column, ~finite)
    if column.ge == 0:
        yield _Test("negative-value", column, finite & (cell < 0))
    outside = []
    if column.ge is not None and column.ge != 0:
        outside.append(cell < column.ge)
    if column.gt is not None:
        outside.append(cell <= column.gt)
    if column.le is not None:
        outside.append(cell > column.le)
    if outside:
        low = (
            f"> {column.gt:g}" if column.gt is not None else ("-∞" if column.ge is None else f"{column.ge:g}")
        )
        high = "∞" if column.le is None or column.le >= LARGEST_INT else f"{column.le:g}"
        yield _Test("out-of-range", column, finite & pl.any_horizontal(outside), {"low": low, "high": high})
