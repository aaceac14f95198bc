"""Reading a CSV file from outside: any usual delimiter, columns by any of their names, never a traceback."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from khien.programme.imports.findings import ImportFindings
from khien.programme.text_files import MAX_BYTES, decoded

LONGEST_CELL = 8 * 2**20
DELIMITERS = (",", ";", "\t", "|")
_NUMBER = re.compile(r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$")


@dataclass(frozen=True)
class Record:
    """One record of a file: its number (the header is 1) and its cells by our names, trimmed."""

    row: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")


def read_records(
    path: Path,
    columns: Mapping[str, Sequence[str]],
    needed: Sequence[str],
    findings: ImportFindings,
) -> list[Record] | None:
    """All records of a file, or None, with findings, when it cannot be used.

    Args:
        path: the file; UTF-8, with commas, semicolons, tabs or bars.
        columns: our name of a column to the names it may have, in lower case.
        needed: columns without which the file is of no use.
        findings: what is wrong with the file is added here.
    """
    text = _text(path, findings)
    if text is None:
        return None
    csv.field_size_limit(LONGEST_CELL)
    head = text.lstrip().split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        findings.note("csv-broken", path.name, reason=str(error))
        return None
    places = _places(rows[0], columns)
    for name in columns:
        if name not in places:
            code = "import-column-missing" if name in needed else "import-column-absent"
            findings.note(code, path.name, column=name, names=", ".join(columns[name]))
    if any(name not in places for name in needed):
        return None
    return _records(rows, places, path.name, findings)


def _text(path: Path, findings: ImportFindings) -> str | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            findings.note("file-unreadable", path.name, value=path.name, reason=f"> {MAX_BYTES // 2**20} MiB")
            return None
        data = path.read_bytes()
    except OSError as error:
        findings.note("file-unreadable", path.name, value=str(path), reason=error.strerror or str(error))
        return None
    text = decoded(data, path.name, findings)
    if text is not None and not text.strip():
        findings.note("empty-file", path.name, value=path.name)
        return None
    return text


def _places(header: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Our name of a column to its place in the file."""
    found = {name.strip().lower(): i for i, name in reversed(list(enumerate(header)))}
    return {
        name: found[alias]
        for name, aliases in columns.items()
        for alias in reversed(aliases)
        if alias in found
    }


def _records(
    rows: Sequence[Sequence[str]], places: Mapping[str, int], file: str, findings: ImportFindings
) -> list[Record]:
    width = len(rows[0])
    out = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            if number < len(rows):
                findings.note("import-row-empty", file, number)
            continue
        if len(row) != width:
            findings.note("import-row-short", file, number, value=len(row), width=width)
            if len(row) <= max(places.values()):
                continue
        cells = {name: " ".join(row[i].split()) for name, i in places.items()}
        out.append(Record(number, cells))
    return out


def number(record: Record, column: str, file: str, findings: ImportFindings) -> float | None:
    """A number of zero or more, or None; what cannot be read is a finding and counts as missing.

    Accepted: decimal point, or decimal comma when nothing else can be meant; spaces between thousands.
    """
    text = record[column].replace("\u00a0", "").replace(" ", "")
    if not text or text.lower() in ("nan", "null", "none", "na", "n/a", "-"):
        return None
    if "," in text and "." not in text and text.count(",") == 1:
        text = text.replace(",", ".")
    if not _NUMBER.match(text):
        findings.note("import-number", file, record.row, column, record[column])
        return None
    value = float(text)
    if not 0 <= value < 1e15:
        findings.note("import-number", file, record.row, column, record[column])
        return None
    return value


def day(record: Record, column: str, file: str, findings: ImportFindings) -> date | None:
    """An ISO date, with or without a time, or None; what cannot be read is a finding."""
    text = record[column]
    if not text or text.lower() in ("nan", "null", "none"):
        return None
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        findings.note("import-date", file, record.row, column, text)
        return None
    if not 1950 <= found.year <= 2100:
        findings.note("import-date", file, record.row, column, text)
        return None
    return found
