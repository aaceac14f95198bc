"""Reading an XLSX workbook: one sheet a table, and the sheet `settings`. Cells come out as trimmed text."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from khien.programme.findings import Findings
from khien.programme.folder import is_note
from khien.programme.guesses import guess
from khien.programme.raw import RawProgramme, RawTable
from khien.programme.tables import TABLES
from khien.programme.text_files import TOLD, columns_of, composed
from khien.programme.toml_settings import SHEET

MAX_UNPACKED: Final = 384 * 2**20
"""Most bytes that a workbook may unpack to."""
MAX_ROWS: Final = 200_000
"""Most rows of a sheet; a larger table belongs in a folder of CSV files."""
MAX_COLUMNS: Final = 128
_CHUNK: Final = 2**20
_ROW = re.compile(rb"<(?:\w+:)?row[ />]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([^"]{1,40})"')
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_workbook(path: Path, findings: Findings) -> RawProgramme | None:
    """All tables and the settings of a workbook, as text; None, with a finding, when it cannot be opened."""
    if not _is_safe(path, findings):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of decoration that it does not know
            return _read(path, findings)
    except Exception as error:  # a foreign parser on a foreign file may raise anything
        reason = f"{type(error).__name__}: {error}"[:200]
        findings.note("workbook-unreadable", value=path.name, reason=reason)
        return None


def _is_safe(path: Path, findings: Findings) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        findings.note("workbook-unreadable", value=path.name, reason=str(error))
        return False
    if size > MAX_UNPACKED:
        findings.note("workbook-too-large", value=path.name, size=size // 2**20)
        return False
    return True


def _read(path: Path, findings: Findings) -> RawProgramme:
    import openpyxl  # slow to import, and not needed for folders

    raw = RawProgramme()
    book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    try:
        for sheet in book.worksheets:
            name = sheet.title
            if name in TABLES or name == SHEET:
                if not _is_plain(path, sheet, name, findings):
                    raw.broken.add(name)
                elif name == SHEET:
                    raw.settings = _settings(sheet, findings)
                elif (table := _table(sheet, name, findings)) is not None:
                    raw.tables[name] = table
                else:
                    raw.broken.add(name)
            elif not is_note(name) and any(True for _ in _lines(sheet, name, Findings())):
                findings.note("unknown-table", value=name, guess=guess(name, [*TABLES, SHEET]))
    finally:
        book.close()
    if raw.settings is None and SHEET not in raw.broken:
        findings.note("settings-missing", "settings", value=SHEET)
    return raw


def _is_plain(path: Path, sheet: Any, name: str, findings: Findings) -> bool:
    """Count rows and find merged cells in the bytes of a sheet, before anything is built from it."""
    rows, merged, tail = 0, [], b""
    with zipfile.ZipFile(path) as archive, archive.open(sheet._worksheet_path) as stream:
        while chunk := stream.read(_CHUNK):
            # The tail is cut at the last tag, so that nothing is counted twice.
            data, cut = tail + chunk, (tail + chunk).rfind(b"<")
            tail = data[cut:] if cut >= 0 and len(data) - cut < _CHUNK else b""
            data = data[: len(data) - len(tail)]
            rows += sum(1 for _ in _ROW.finditer(data))
            merged += [found.decode() for found in _MERGED.findall(data)]
            if rows > MAX_ROWS:
                findings.note("too-many-rows", name, value=rows, most=MAX_ROWS)
                return False
    merged += [found.decode() for found in _MERGED.findall(tail)]
    for where in merged:
        line = re.search(r"[0-9]+", where)
        findings.note("merged-cells", name, int(line[0]) if line else None, value=where)
    return True


def _lines(sheet: Any, name: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of every row that holds something; findings for formulas and errors."""
    sheet.reset_dimensions()  # what a file says about its own size may be wrong
    for line, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), 1):
        cells = [_text(cell, line, name, findings) if cell.value is not None else "" for cell in row]
        if any(cells):
            yield line, cells


def _text(cell: Any, line: int, name: str, findings: Findings) -> str:
    value = cell.value
    if cell.data_type == "f":
        findings.note("formula", name, line, cell.column_letter, getattr(value, "text", value))
        return TOLD
    if cell.data_type == "e":
        findings.note("cell-error", name, line, cell.column_letter, value)
        return TOLD
    return cell_text(value)


def cell_text(value: object) -> str:
    """The text of a cell's value, as a CSV file would have it."""
    if isinstance(value, str):
        return composed(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _table(sheet: Any, name: str, findings: Findings) -> RawTable | None:
    rows = list(_lines(sheet, name, findings))
    if not rows:
        findings.note("empty-file", name)
        return None
    (_, head), *rest = rows
    width = max(index for index, cell in enumerate(head) if cell) + 1
    lines = [line for line, _ in rest]
    cells = [_squeezed(row, width) for _, row in rest]
    columns = columns_of(head[:width], cells, lines, name, findings)
    told = {c: values == TOLD for c, values in columns.items() if values.eq(TOLD).any()}
    columns |= {c: columns[c].replace(TOLD, None) for c in told}
    return RawTable(name, columns, lines, told=told)


def _squeezed(row: list[str], width: int) -> list[str]:
    """The row without the empty cells to the right of the header."""
    while len(row) > width and not row[-1]:
        row.pop()
    return row + [""] * (width - len(row))


def _settings(sheet: Any, findings: Findings) -> dict[str, Any]:
    """Name to value, source and status; the columns of the sheet may stand in any order."""
    head: dict[str, int] = {}
    stated: dict[str, Any] = {}
    sheet.reset_dimensions()
    for line, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), 1):
        values = [_plain(cell, line, findings) for cell in row]
        if not head:
            head = {str(v).strip(): i for i, v in enumerate(values) if v is not None}
            continue
        entry = {
            k: values[i]
            for k, i in head.items()
            if k in ("name", "value", "source", "status") and i < len(values)
        }
        name = entry.pop("name", None)
        if name is None or entry.get("value") is None:
            continue
        if str(name) in stated:
            findings.note("duplicate-key", SHEET, line, "name", name, key="name", first="?")
        stated[str(name).strip()] = {k: v for k, v in entry.items() if v is not None}
    for column in {"name", "value"} - head.keys():
        findings.note("missing-column", SHEET, 1, column)
    return stated


def _plain(cell: Any, line: int, findings: Findings) -> Any:
    if cell.value is None:
        return None
    if cell.data_type in ("f", "e"):
        _text(cell, line, SHEET, findings)
        return None
    return cell_text(cell.value).strip() if isinstance(cell.value, str | date) else cell.value
