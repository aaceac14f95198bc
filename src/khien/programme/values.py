"""Checks on the cells of one typed table: filled, well written, within bounds."""

from __future__ import annotations

from typing import Final

import polars as pl

from khien.programme.columns import QUARTER, SLUG, Column
from khien.programme.findings import Findings
from khien.programme.guesses import guess
from khien.programme.sheet import Sheet

LONGEST_TEXT: Final = 4000
_CONTROL: Final = "[\\x00-\\x08\\x0b-\\x1f\\x7f\\x{d800}-\\x{dfff}\\x{fffe}\\x{ffff}]".replace(
    "\\x{d800}-\\x{dfff}", ""
)


def check_values(sheet: Sheet, unread: dict[str, pl.Series], findings: Findings) -> pl.DataFrame:
    """Report every cell that its column does not allow.

    Args:
        sheet: the table.
        unread: per column, which cells held something that could not be read (they have a finding already).
        findings: where to report.

    Returns:
        The frame with defaults filled in and forbidden cells emptied: later checks need not look again.
    """
    columns = []
    for column in sheet.table.columns.values():
        values = sheet.frame[column.name]
        if column.required:
            _check_filled(sheet, column, values, unread.get(column.name), findings)
        if values.null_count() < len(values):
            values = _check_column(sheet, column, values, findings)
        if column.default is not None:
            values = values.fill_null(column.default)
        columns.append(values)
    return pl.DataFrame(columns, schema=sheet.table.schema)


def _check_filled(
    sheet: Sheet, column: Column, values: pl.Series, unread: pl.Series | None, findings: Findings
) -> None:
    empty = values.is_null()
    if unread is not None:
        empty &= ~unread
    for index in empty.arg_true():
        findings.note("required-empty", sheet.table.name, sheet.line(int(index)), column.name)


def _check_column(sheet: Sheet, column: Column, values: pl.Series, findings: Findings) -> pl.Series:
    if column.kind in ("int", "number"):
        return _check_numbers(sheet, column, values, findings)
    if column.kind in ("bool", "date"):
        return values
    if column.kind == "choice":
        return _check_choices(sheet, column, values, findings)
    pattern = {"slug": SLUG, "quarter": QUARTER}.get(column.kind)
    if pattern:
        bad = ~values.str.contains(pattern)
        return _report(sheet, column, values, bad, f"not-a-{column.kind}", findings)
    values = _report(sheet, column, values, values.str.len_chars() > LONGEST_TEXT, "text-too-long", findings)
    return _report(sheet, column, values, values.str.contains(_CONTROL), "control-character", findings)


def _check_choices(sheet: Sheet, column: Column, values: pl.Series, findings: Findings) -> pl.Series:
    bad = ~values.is_in(list(column.choices))
    for index in bad.fill_null(False).arg_true():
        value = values[int(index)]
        findings.note(
            "not-a-choice",
            sheet.table.name,
            sheet.line(int(index)),
            column.name,
            value,
            choices=", ".join(column.choices),
            guess=guess(value, column.choices),
        )
    return _emptied(values, bad)


def _check_numbers(sheet: Sheet, column: Column, values: pl.Series, findings: Findings) -> pl.Series:
    if column.kind == "number":
        values = _report(sheet, column, values, ~values.is_finite(), "not-finite", findings)
    if column.ge == 0:
        values = _report(sheet, column, values, values < 0, "negative-value", findings)
    bad = pl.Series([False]).new_from_index(0, len(values))
    for bound, limit in (("ge", column.ge), ("gt", column.gt), ("le", column.le), ("lt", column.lt)):
        if limit is not None:
            bad |= _breaks(values, bound, limit)
    low, high = _shown_bounds(column)
    return _report(sheet, column, values, bad, "out-of-range", findings, low=low, high=high)


def _breaks(values: pl.Series, bound: str, limit: float) -> pl.Series:
    bad = {"ge": values < limit, "gt": values <= limit, "le": values > limit, "lt": values >= limit}[bound]
    return bad.fill_null(False)


def _shown_bounds(column: Column) -> tuple[str, str]:
    low = f"> {column.gt:g}" if column.gt is not None else ("-∞" if column.ge is None else f"{column.ge:g}")
    high = "∞" if column.le is None or column.le >= 2**53 - 1 else f"{column.le:g}"
    return low, high


def _report(
    sheet: Sheet,
    column: Column,
    values: pl.Series,
    bad: pl.Series,
    code: str,
    findings: Findings,
    **fields: object,
) -> pl.Series:
    bad = bad.fill_null(False)
    if not bad.any():
        return values
    for index in bad.arg_true():
        findings.note(
            code, sheet.table.name, sheet.line(int(index)), column.name, values[int(index)], **fields
        )
    return _emptied(values, bad)


def _emptied(values: pl.Series, bad: pl.Series) -> pl.Series:
    keep = ~bad.fill_null(False)
    return pl.select(pl.when(keep).then(values).alias(values.name)).to_series()
