"""Reading a folder of CSV files: encodings, delimiters, lines. Cells come out as trimmed text."""

from __future__ import annotations

import csv
import io
import itertools
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from khien.programme.findings import Findings
from khien.programme.guesses import guess
from khien.programme.raw import RawTable
from khien.programme.tables import TABLES

MAX_BYTES = 512 * 2**20
"""Largest CSV file that is read."""
_VIETNAMESE_8BIT = set("ăĂđĐơƠưƯ₫")
_TONES = set("\u0300\u0301\u0303\u0309\u0323")


def read_csv_table(path: Path, name: str, findings: Findings) -> RawTable | None:
    """One table from a CSV file; None, with findings, when the file cannot be used at all."""
    try:
        if path.stat().st_size > MAX_BYTES:
            findings.note("file-unreadable", name, value=path.name, reason=f"> {MAX_BYTES // 2**20} MiB")
            return None
        data = path.read_bytes()
    except OSError as error:
        findings.note("file-unreadable", name, value=path.name, reason=error.strerror or str(error))
        return None
    text = decoded(data, name, findings)
    if text is None:
        return None
    if not text.strip():
        findings.note("empty-file", name, value=path.name)
        return None
    delimiter, skipped, text = _delimiter(text, name, findings)
    return None if delimiter is None else _parse(text, delimiter, skipped, name, findings)


def decoded(data: bytes, name: str, findings: Findings) -> str | None:
    """The text of a file that must be UTF-8; another encoding is named in a finding."""
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" not in data[:4096]:
        try:
            return composed(data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            findings.note("encoding", name, line, value=_eight_bit(data))
            return None
    findings.note("encoding", name, value=_wide(data))
    return None


def _wide(data: bytes) -> str:
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "UTF-32"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:4096].count(b"\0") * 4 > len(data[:4096]):
        return "UTF-16"
    return "binary"


def _eight_bit(data: bytes) -> str:
    """Windows-1258 writes tones as marks after the vowel, which no other 8-bit encoding does."""
    text = data.decode("cp1258", errors="replace")
    tones = sum(1 for a, b in itertools.pairwise(text) if b in _TONES and a.isalpha())
    letters = sum(1 for c in text if c in _VIETNAMESE_8BIT)
    other = sum(1 for c in text if ord(c) > 127) - tones - letters
    if tones + letters > 0 and tones + letters >= other * 0.3:
        return "Windows-1258"
    return "Windows-1252"


def _delimiter(text: str, name: str, findings: Findings) -> tuple[str | None, int, str]:
    """The delimiter, how many lines to skip for it (`sep=;`), and the rest of the text."""
    blank = len(text) - len(text.lstrip("\n"))
    head, _, rest = text[blank:].partition("\n")
    if head.strip().lower() in ("sep=,", "sep=;"):
        return head.strip()[-1], blank + 1, rest
    known = TABLES[name].schema
    scores = {mark: len({_clean(cell) for cell in head.split(mark)} & set(known)) for mark in ",;"}
    found = max(scores, key=lambda mark: (scores[mark], head.count(mark)))
    if not head.count(found):
        findings.note("delimiter", name, 1, value=head.strip())
        return None, 0, text
    return found, 0, text


def _parse(text: str, delimiter: str, skipped: int, name: str, findings: Findings) -> RawTable | None:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    count = skipped
    try:
        for row in reader:
            count += 1
            if row and any(row):
                rows.append(row)
                lines.append(count)
    except csv.Error as error:
        findings.note("csv-broken", name, count + 1, reason=str(error))
        return None
    if not rows:
        findings.note("empty-file", name)
        return None
    columns = columns_of(rows[0], rows[1:], lines[1:], name, findings)
    return RawTable(name, columns, lines[1:], "." if delimiter == "," else "?")


TOLD = "\0"
"""Stands for a cell that has a finding already."""


def columns_of(
    head: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[int], name: str, findings: Findings
) -> dict[str, pl.Series]:
    """Rows turned into known columns; findings for what does not fit the header or the table."""
    wanted = head_columns(head, name, findings)
    width = len(head)
    padded = [
        row if len(row) == width else _fitted(row, width, line, name, findings)
        for row, line in zip(rows, lines, strict=True)
    ]
    cells = list(zip(*padded, strict=True)) if padded else [()] * width
    for index in range(width):
        if index not in wanted and not head[index].strip() and any(c.strip() for c in cells[index]):
            line = next(li for c, li in zip(cells[index], lines, strict=True) if c.strip())
            findings.note("nameless-column", name, line, value=next(c for c in cells[index] if c.strip()))
    return {
        column: pl.Series(column, [cell.strip() or None for cell in cells[index]], dtype=pl.String)
        for index, column in wanted.items()
    }


def head_columns(head: Sequence[str], name: str, findings: Findings) -> dict[int, str]:
    """Position to column for the columns that the table has; findings for the others."""
    table = TABLES[name]
    wanted: dict[int, str] = {}
    for index, cell in enumerate(head):
        column = _clean(cell)
        if not column:
            continue
        if column not in table.columns:
            findings.note("unknown-column", name, 1, column, column, guess=guess(column, table.columns))
        elif column in wanted.values():
            findings.note("duplicate-column", name, 1, column, column)
        else:
            wanted[index] = column
    return wanted


def composed(text: str) -> str:
    """Text in composed Unicode (NFC), with one kind of line end."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def trimmed(cells: pl.Series) -> pl.Series:
    """Cells without blanks around them, in composed Unicode, with one kind of line end; empty is null."""
    plain = cells.str.strip_chars()
    if plain.str.contains(r"[^\x20-\x7e]").any():
        plain = plain.str.normalize("NFC").str.replace_all(r"\r\n?", "\n")
    return plain.replace("", None)


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.strip().strip('"')).strip()


def _fitted(row: Sequence[str], width: int, line: int, name: str, findings: Findings) -> list[str]:
    """A short row ends in empty cells (spreadsheets leave them off); a long one is a finding."""
    if any(cell.strip() for cell in row[width:]):
        findings.note("row-too-long", name, line, value=len(row), width=width)
    return [*row[:width], *([""] * (width - len(row)))]
