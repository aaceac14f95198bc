"""Reading an XLSX workbook: one sheet a table, and the sheet `settings`. Cells come out as trimmed text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from khien.programme.findings import Findings
from khien.programme.folder import is_note
from khien.programme.guesses import guess
from khien.programme.raw import RawProgramme, RawTable
from khien.programme.tables import TABLES
from khien.programme.text_files import TOLD, columns_of
from khien.programme.toml_settings import SHEET
from khien.programme.workbook_scan import SheetScan, scan_workbook
from khien.programme.workbook_xml import Cell, HugeWorkbook, Value, Workbook

MAX_COLUMNS: Final = 128
"""Cells further to the right are not looked at; no table is a quarter as wide."""


def read_workbook(path: Path, findings: Findings) -> RawProgramme | None:
    """All tables and the settings of a workbook, as text; None, with a finding, when it cannot be opened."""
    try:
        with Workbook(path) as book:
            scans = scan_workbook(book, findings)
            return None if scans is None else _read(book, scans, findings)
    except HugeWorkbook as error:
        findings.note("workbook-too-large", value=path.name, size=error.size // 2**20)
        return None
    except Exception as error:  # parsers on a foreign file may raise anything
        findings.note("workbook-unreadable", value=path.name, reason=f"{type(error).__name__}: {error}"[:200])
        return None


def _read(book: Workbook, scans: Mapping[str, SheetScan], findings: Findings) -> RawProgramme:
    raw = RawProgramme()
    for name in book.sheets:
        if name in TABLES or name == SHEET:
            _tell_merged_cells(scans[name], name, findings)
            if name == SHEET:
                raw.settings = _settings(book, findings)
            elif (table := _table(book, name, findings)) is not None:
                raw.tables[name] = table
            else:
                raw.broken.add(name)
        elif not is_note(name) and any(True for _ in book.rows(name, MAX_COLUMNS)):
            findings.note("unknown-table", value=name, guess=guess(name, [*TABLES, SHEET]))
    if raw.settings is None:
        findings.note("settings-missing", "settings", value=SHEET)
    return raw


def _tell_merged_cells(scan: SheetScan, name: str, findings: Findings) -> None:
    for where in scan.merged:
        line = re.search(r"[0-9]+", where)
        findings.note("merged-cells", name, int(line[0]) if line else None, value=where)


def _table(book: Workbook, name: str, findings: Findings) -> RawTable | None:
    lines: list[int] = []
    rows: list[list[str]] = []
    for line, cells in _lines(book, name, findings):
        lines.append(line)
        rows.append(cells)
    if not rows:
        findings.note("empty-file", name)
        return None
    head = [cell.strip() for cell in rows[0]]
    columns = columns_of(head, rows[1:], lines[1:], name, findings)
    told = {c: values == TOLD for c, values in columns.items() if values.eq(TOLD).any()}
    columns |= {c: columns[c].replace(TOLD, None) for c in told}
    return RawTable(name, columns, lines[1:], told=told)


def _lines(book: Workbook, name: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of every row that holds something; findings for formulas and errors."""
    for line, cells in book.rows(name, MAX_COLUMNS):
        row = [""] * (cells[-1][0] + 1)
        for cell in cells:
            row[cell[0]] = cell_text(cell[1]) if not cell[2] else _told(cell, line, name, findings)
        if any(row):
            yield line, row


def _told(cell: Cell, line: int, name: str, findings: Findings) -> str:
    code = "formula" if cell[2] == "f" else "cell-error"
    findings.note(code, name, line, _letters(cell[0]), cell[1])
    return TOLD


def _letters(column: int) -> str:
    """The name that a spreadsheet gives to a column counted from 0."""
    return (_letters(column // 26 - 1) if column >= 26 else "") + chr(ord("A") + column % 26)


def cell_text(value: Value) -> str:
    """The text of a cell's value, as a CSV file would have it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _settings(book: Workbook, findings: Findings) -> dict[str, Any]:
    """Name to value, source and status; the columns of the sheet may stand in any order."""
    head: dict[str, int] | None = None
    stated: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for line, cells in book.rows(SHEET, MAX_COLUMNS):
        values = {cell[0]: _plain(cell, line, findings) for cell in cells}
        if head is None:
            words = {str(v).strip(): i for i, v in values.items()}
            head = {k: words[k] for k in ("name", "value", "source", "status") if k in words}
            continue
        entry = {k: values[i] for k, i in head.items() if values.get(i) not in (None, "")}
        name = str(entry.pop("name", "")).strip()
        if not name or "value" not in entry:
            continue
        if name in stated:
            findings.note("duplicate-key", SHEET, line, "name", name, key="name", first=lines[name])
        stated[name], lines[name] = entry, line
    for column in ("name", "value"):
        if column not in (head or {}):
            findings.note("missing-column", SHEET, 1, column)
    return stated


def _plain(cell: Cell, line: int, findings: Findings) -> Any:
    """A setting keeps its type: a number stays a number, text is trimmed."""
    if cell[2]:
        _told(cell, line, SHEET, findings)
        return None
    return cell_text(cell[1]).strip() if isinstance(cell[1], str | date) else cell[1]
