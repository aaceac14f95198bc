"""Writing an XLSX workbook: a sheet a table, with drop-downs, comments and formats; filled, or a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import polars as pl
import xlsxwriter

from khien.programme.columns import Column, Table
from khien.programme.document import Programme
from khien.programme.settings import Fact, Settings
from khien.programme.tables import TABLES
from khien.programme.toml_settings import SHEET, STATUSES
from khien.words import t

HELP: Final = "_help"
LISTS: Final = "_lists"
SPARE_ROWS: Final = 1000
"""Rows below the data that still have drop-downs."""
_CREATED: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - a fixed date keeps equal programmes equal byte by byte
_FORMATS: Final = {
    "slug": "@",
    "text": "@",
    "quarter": "@",
    "shares": "@",
    "list": "@",
    "choice": "@",
    "int": "#,##0",
    "number": "General",
    "bool": "General",
    "date": "yyyy-mm-dd",
}


class _Exact(float):
    """A number that is written with all its digits; the library's own 16 lose the last bit of some."""

    def __format__(self, spec: str) -> str:
        return repr(float(self))


def write_workbook(programme: Programme, path: Path, lang: str = "en") -> None:
    """Write all tables and settings of a programme to a workbook."""
    path.write_bytes(_Book(lang).fill(programme.settings, programme.frames))


def write_template(path: Path, lang: str) -> None:
    """Write an empty workbook to fill in."""
    path.write_bytes(_Book(lang).fill(None, {}))


class _Book:
    """A workbook while it is written."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.buffer = BytesIO()
        self.book = xlsxwriter.Workbook(self.buffer, {"default_date_format": "yyyy-mm-dd", "in_memory": True})
        self.book.set_properties({"created": _CREATED})
        self.formats = {kind: self.book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        look = {"bold": True, "bottom": 1, "valign": "top"}
        self.needed = self.book.add_format({**look, "bg_color": "#F9DDB1"})
        self.optional = self.book.add_format({**look, "bg_color": "#DCE9F5"})
        self.wrap = self.book.add_format({"text_wrap": True, "valign": "top"})

    def fill(self, settings: Settings | None, frames: Mapping[str, pl.DataFrame]) -> bytes:
        """Write every sheet; the bytes of the file."""
        self._settings(settings)
        for name, table in TABLES.items():
            self._table(table, frames.get(name))
        self._help()
        self._lists()
        self.book.close()
        return self.buffer.getvalue()

    def _settings(self, settings: Settings | None) -> None:
        sheet = self.book.add_worksheet(SHEET)
        sheet.freeze_panes(1, 1)
        heads = ("name", "value", "source", "status", "unit", "meaning_vi", "meaning_en")
        for index, (head, width) in enumerate(zip(heads, (22, 24, 40, 14, 18, 44, 44), strict=True)):
            sheet.set_column(index, index, width)
            sheet.write_string(0, index, head, self.needed if head in ("name", "value") else self.optional)
        rows = list(_setting_rows(settings))
        for line, (name, value, fact, told) in enumerate(rows, 1):
            sheet.write_string(line, 0, name)
            _put(sheet, line, 1, value, None)
            _put(sheet, line, 2, fact.source, None)
            _put(sheet, line, 3, fact.status, None)
            for index, key in enumerate(("unit", "vi", "en"), 4):
                _put(sheet, line, index, told.get(key) or None, None)
        allowed = {"validate": "list", "source": list(STATUSES), "error_type": "warning"}
        sheet.data_validation(1, 3, len(rows) + 50, 3, allowed)

    def _table(self, table: Table, frame: pl.DataFrame | None) -> None:
        sheet = self.book.add_worksheet(table.name)
        sheet.freeze_panes(1, 1)
        height = 0 if frame is None else frame.height
        if not height:
            sheet.set_tab_color("#BBBBBB")
        for index, column in enumerate(table.columns.values()):
            look = self.formats[column.kind]
            sheet.set_column(index, index, _width(column), look)
            sheet.write_string(0, index, column.name, self.needed if column.required else self.optional)
            sheet.write_comment(0, index, self._comment(column), {"x_scale": 2.2, "y_scale": 1.4})
            if allowed := self._allowed(column):
                sheet.data_validation(
                    1, index, height + SPARE_ROWS, index, {**allowed, "error_type": "warning"}
                )
            if frame is not None:
                for line, value in enumerate(frame[column.name], 1):
                    if value is not None:
                        _put(sheet, line, index, value, look)

    def _comment(self, column: Column) -> str:
        lines = [column.meaning(self.lang)]
        if column.unit:
            lines.append(t("workbook.unit", self.lang, unit=column.unit))
        if column.choices:
            lines.append(t("workbook.choices", self.lang, choices=", ".join(column.choices)))
        if column.to:
            lines.append(t("workbook.points-to", self.lang, tables=", ".join(column.to)))
        if column.required:
            lines.append(t("workbook.needed", self.lang))
        elif column.default is not None:
            lines.append(t("workbook.default", self.lang, default=str(column.default).lower()))
        else:
            lines.append(t("workbook.may-be-empty", self.lang))
        return "\n".join(lines)

    def _allowed(self, column: Column) -> dict[str, Any] | None:
        """The drop-down or bounds of a column."""
        if column.choices:
            return {"validate": "list", "source": list(column.choices)}
        if column.kind == "bool":
            return {"validate": "list", "source": ["TRUE", "FALSE"]}
        if column.to:
            return {"validate": "list", "source": _range_of(column.to)}
        if column.kind in ("int", "number"):
            return _bounds(column)
        return None

    def _help(self) -> None:
        """What every table and column means, in both languages."""
        sheet = self.book.add_worksheet(HELP)
        sheet.freeze_panes(1, 0)
        for index, width in enumerate((18, 24, 12, 16, 60, 60, 40)):
            sheet.set_column(index, index, width)
        for index, key in enumerate(("table", "column", "needed", "unit", "vi", "en", "allowed")):
            sheet.write_string(0, index, key, self.optional)
        for line, (is_head, cells) in enumerate(_help_rows(), 1):
            for index, text in enumerate(cells):
                sheet.write_string(line, index, text, self.optional if is_head else self.wrap)

    def _lists(self) -> None:
        """Where a column may point to several tables: their ids below each other, for the drop-down."""
        sheet = self.book.add_worksheet(LISTS)
        sheet.hide()
        for index, tables in enumerate(_unions()):
            sheet.write_string(0, index, ", ".join(tables))
            for line in range(1, SPARE_ROWS + 1):
                sheet.write_formula(line, index, _union_formula(tables, line), None, "")


def _help_rows() -> Iterator[tuple[bool, tuple[str, ...]]]:
    """For every table a heading, and what each of its columns means and allows."""
    for table in TABLES.values():
        about_vi, about_en = f"{table.title_vi}: {table.about_vi}", f"{table.title_en}: {table.about_en}"
        yield True, (table.name, "", "", "", about_vi, about_en, "")
        for column in table.columns.values():
            needed = "✓" if column.required else ""
            allowed = ", ".join(column.choices or column.to)
            yield False, (table.name, column.name, needed, column.unit, column.vi, column.en, allowed)


def _setting_rows(settings: Settings | None) -> list[tuple[str, Any, Fact, dict[str, Any]]]:
    """Name, value, fact and explanation of every setting, in the order of the class."""
    told = {name: dict(info.json_schema_extra or {}) for name, info in Settings.model_fields.items()}  # type: ignore[arg-type]
    if settings is None:
        defaults = {n: None if i.is_required() else i.default for n, i in Settings.model_fields.items()}
        return [(n, defaults[n], Fact(), told[n]) for n in defaults if n not in ("rates", "facts")]
    return [
        (name, value, settings.facts.get(name, Fact()), told["rates" if name.startswith("rates.") else name])
        for name, value in settings.values().items()
    ]


def _put(sheet: Any, line: int, index: int, value: Any, look: Any) -> None:
    if value is None:
        return
    if isinstance(value, str):
        sheet.write_string(line, index, value, look)
    elif isinstance(value, bool):
        sheet.write_boolean(line, index, value, look)
    elif isinstance(value, int | float):
        sheet.write_number(line, index, _Exact(value) if isinstance(value, float) else value, look)
    else:
        sheet.write_datetime(line, index, value, look)


def _width(column: Column) -> int:
    by_kind = {"text": 30, "slug": 22, "choice": 14, "date": 12, "list": 20, "shares": 16}
    return max(len(column.name) + 2, by_kind.get(column.kind, 10))


def _bounds(column: Column) -> dict[str, Any] | None:
    kind = "integer" if column.kind == "int" else "decimal"
    low = column.ge if column.ge is not None else column.gt
    if low is None and column.le is None:
        return None
    if column.le is None or column.le >= 2**53 - 1:
        return {"validate": kind, "criteria": ">=" if column.gt is None else ">", "value": low}
    return {"validate": kind, "criteria": "between", "minimum": low, "maximum": column.le}


def _unions() -> list[tuple[str, ...]]:
    """Every set of several tables that some column may point to."""
    found = {c.to for table in TABLES.values() for c in table.columns.values() if len(c.to) > 1}
    return sorted(found)


def _range_of(tables: tuple[str, ...]) -> str:
    """The cells that hold the ids of tables, as far as they are filled."""
    counts = "+".join(f"COUNTA({name}!$A:$A)-1" for name in tables)
    if len(tables) == 1:
        return f"=OFFSET({tables[0]}!$A$2,0,0,MAX(1,{counts}),1)"
    column = chr(ord("A") + _unions().index(tables))
    return f"=OFFSET('{LISTS}'!${column}$2,0,0,MAX(1,MIN({SPARE_ROWS},{counts})),1)"


def _union_formula(tables: tuple[str, ...], line: int) -> str:
    """The id on a line of the tables put below each other."""
    formula, before = '""', [f"COUNTA({name}!$A:$A)-1" for name in tables]
    for place in reversed(range(len(tables))):
        skipped = "+".join(["0", *before[:place]])
        upto = "+".join(before[: place + 1])
        formula = f"IF({line}<={upto},INDEX({tables[place]}!$A:$A,{line}+1-({skipped})),{formula})"
    return "=" + formula
