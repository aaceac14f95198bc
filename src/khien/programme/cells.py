"""From cells as text to typed columns: numbers with point or comma, dates, yes and no."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from khien.programme.columns import LARGEST_INT, Column, Table
from khien.programme.findings import Findings
from khien.programme.raw import RawTable

_WHOLE: Final = r"^[+-]?[0-9]{1,15}$"
_POINTED: Final = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$"
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_BLANK: Final = r"[ \u00a0\u202f]"
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
# Three digits after the only mark may be a fraction or thousands: only other cells of the file can tell.
_EITHER: Final = {m: rf"^[+-]?[1-9][0-9]{{0,2}}\{m}[0-9]{{3}}$" for m in ".,"}
_YES: Final = ("true", "1", "yes", "x", "có", "đúng")
_NO: Final = ("false", "0", "no", "không", "sai")


@dataclass(frozen=True)
class Marks:
    """How a file writes numbers: its decimal mark, or "?" when its cells do not tell.

    `mixed` files use both marks; `plain` ones can be read without looking at single cells.
    """

    decimal: str
    mixed: bool = False
    plain: bool = False

    @property
    def thousands(self) -> str:
        """The other mark."""
        return "." if self.decimal == "," else ","


@dataclass(frozen=True)
class _Reading:
    """A column while it is read."""

    table: str
    column: Column
    lines: Sequence[int]
    marks: Marks
    findings: Findings

    def note(self, code: str, index: int, text: str, **fields: object) -> None:
        self.findings.note(code, self.table, self.lines[index], self.column.name, text, **fields)


def typed_table(table: Table, raw: RawTable, findings: Findings) -> pl.DataFrame:
    """The raw table as a typed frame with all its columns; what cannot be read is null and has a finding."""
    marks = _plain_marks(table, raw) or number_marks(table, raw, findings)
    columns = []
    for column in table.columns.values():
        cells = raw.columns.get(column.name)
        if cells is None and column.required:
            findings.note("missing-column", table.name, 1, column.name)
        if cells is None or cells.null_count() == len(cells):
            columns.append(pl.Series(column.name, [None] * len(raw.lines), dtype=column.dtype))
        else:
            reading = _Reading(table.name, column, raw.lines, marks, findings)
            columns.append(_READERS.get(column.kind, _text)(reading, cells).alias(column.name))
    return pl.DataFrame(columns, schema=table.schema)


def _plain_marks(table: Table, raw: RawTable) -> Marks | None:
    """Marks of a table whose number cells all read as they stand, which most do; else None."""
    if raw.default_mark != ".":
        return None
    for column in table.columns.values():
        cells = raw.columns.get(column.name)
        if (
            column.kind in ("int", "number")
            and cells is not None
            and cells.cast(column.dtype, strict=False).null_count() != cells.null_count()
        ):
            return None
    return Marks(".", plain=True)


def number_marks(table: Table, raw: RawTable, findings: Findings) -> Marks:
    """Find out from all number cells of a table which decimal mark it uses."""
    seen: dict[str, tuple[int, str, str]] = {}
    either = whole = False
    for column in table.columns.values():
        cells = raw.columns.get(column.name)
        if cells is None or column.kind not in ("int", "number"):
            continue
        odd = cells.str.contains(r"[.,]").fill_null(False)
        for index in odd.arg_true() if odd.any() else ():
            mark = _decimal_of(cells[index])
            either |= mark == "?"
            whole |= mark == "?" and column.kind == "int"
            if mark in (".", ",") and mark not in seen:
                seen[mark] = (raw.lines[index], column.name, cells[index])
            if len(seen) == 2:
                (line, name, value), (row, other_name, other) = seen[","], seen["."]
                findings.note(
                    "mixed-decimal-marks",
                    table.name,
                    line,
                    name,
                    value,
                    other=other,
                    other_row=row,
                    other_column=other_name,
                )
                return Marks("?", mixed=True)
    if seen:
        return Marks(next(iter(seen)))
    # Nobody writes three decimals where whole numbers are wanted: 60.000 is taken neither for 60 nor for 60 thousand.
    return Marks("?" if whole else raw.default_mark if either else ".")


def _decimal_of(text: str) -> str:
    """The decimal mark that a cell proves: "." or ","; "?" when it may be either, "" when none."""
    digits = re.sub(_BLANK, "", text).lstrip("+-")
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        last = max(digits.rfind("."), digits.rfind(","))
        return digits[last] if digits.count(digits[last]) == 1 else ""
    mark = "." if points else ","
    if points + commas > 1:  # 1.234.567: the mark groups thousands, so the other one is the decimal mark
        return (
            ("," if mark == "." else ".")
            if re.fullmatch(rf"[0-9]{{1,3}}(\{mark}[0-9]{{3}})+", digits)
            else ""
        )
    if re.fullmatch(_EITHER[mark], text):
        return "?"
    return mark if re.fullmatch(rf"[0-9]*\{mark}[0-9]*([eE][+-]?[0-9]+)?", digits) else ""


def _number(reading: _Reading, cells: pl.Series) -> pl.Series:
    if reading.marks.plain:
        values = cells.cast(reading.column.dtype)
        if reading.column.kind == "int" or values.is_finite().all():
            return values if reading.column.kind == "int" else values + 0.0
    usual = _WHOLE if reading.column.kind == "int" or reading.marks.decimal != "." else _POINTED
    plain = cells.str.contains(usual)
    values = pl.select(pl.when(plain).then(cells)).to_series().cast(reading.column.dtype)
    if reading.column.kind == "number":
        values = pl.select(pl.when(values.is_finite()).then(values + 0.0)).to_series()
    left = cells.is_not_null() & values.is_null()
    if not left.any():
        return values
    rest = {int(i): _one_number(reading, int(i), cells[int(i)]) for i in left.arg_true()}
    slow = pl.Series([rest.get(i) for i in range(len(cells))], dtype=reading.column.dtype)
    return pl.select(pl.coalesce(values, slow)).to_series()


def _one_number(reading: _Reading, index: int, text: str) -> float | int | None:
    """An unusual number cell; None, with a finding, when it is no number that the column can hold."""
    plain = _ungrouped(text, reading.marks)
    if _NOT_FINITE.fullmatch(text):
        reading.note("not-finite", index, text)
    elif reading.marks.decimal == "?" and _decimal_of(text) == "?":
        if not reading.marks.mixed:
            reading.note("number-ambiguous", index, text)
    elif plain is None or not _NUMBER.fullmatch(plain):
        reading.note("not-a-number", index, text)
    elif abs(value := float(plain)) == float("inf"):
        reading.note("not-finite", index, text)
    elif reading.column.kind == "number":
        return value + 0.0
    elif value != int(value):
        reading.note("not-whole", index, text)
    elif abs(value) > LARGEST_INT:
        reading.note("out-of-range", index, text, low=-LARGEST_INT, high=LARGEST_INT)
    else:
        return int(value)
    return None


def _ungrouped(text: str, marks: Marks) -> str | None:
    """The number with a decimal point and without thousands separators; None when they are out of place."""
    decimal = marks.decimal
    if decimal == "?":
        proven = _decimal_of(text)
        decimal = proven if proven in (".", ",") else "."
    thousands = "." if decimal == "," else ","
    whole, mark, fraction = text.partition(decimal)
    for group in (thousands, " ", "\u00a0", "\u202f"):
        if group in whole:
            if not re.fullmatch(rf"[+-]?[0-9]{{1,3}}({re.escape(group)}[0-9]{{3}})+", whole):
                return None
            whole = whole.replace(group, "")
    return whole + ("." + fraction if mark else "")


def _bool(reading: _Reading, cells: pl.Series) -> pl.Series:
    lower = cells.str.to_lowercase()
    known = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
    values = lower.replace_strict(known, default=None, return_dtype=pl.Boolean)
    for index in (cells.is_not_null() & values.is_null()).arg_true():
        reading.note("not-a-bool", int(index), cells[int(index)])
    return values


def _date(reading: _Reading, cells: pl.Series) -> pl.Series:
    iso = cells.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    values = pl.select(pl.when(iso).then(cells)).to_series().str.to_date("%Y-%m-%d", strict=False)
    for index in (cells.is_not_null() & values.is_null()).arg_true():
        reading.note("not-a-date", int(index), cells[int(index)])
    return values


def _text(reading: _Reading, cells: pl.Series) -> pl.Series:
    return cells


_READERS: Final[dict[str, Callable[[_Reading, pl.Series], pl.Series]]] = {
    "int": _number,
    "number": _number,
    "bool": _bool,
    "date": _date,
}
