"""A first look at a workbook's bytes, before anything is built from them: rows and merged cells."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import Final

from khien.programme.findings import Findings
from khien.programme.workbook_xml import Workbook

MAX_ROWS: Final = 200_000
"""Most rows of a sheet; a larger table belongs in a folder of CSV files."""
_CHUNK: Final = 2**20
_ROW = re.compile(rb"<(?:\w+:)?row[ />]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([^"]{1,40})"')


@dataclass
class SheetScan:
    """What the bytes of a sheet say."""

    rows: int = 0
    merged: list[str] = field(default_factory=list)


def scan_workbook(book: Workbook, findings: Findings) -> dict[str, SheetScan] | None:
    """Scan every sheet; None, with findings, when the workbook has too many rows."""
    scans = {sheet: _scan(book.archive, member) for sheet, member in book.sheets.items()}
    long = [sheet for sheet, scan in scans.items() if scan.rows > MAX_ROWS]
    for sheet in long:
        findings.note("too-many-rows", sheet, value=f"> {MAX_ROWS}", most=MAX_ROWS)
    return None if long else scans


def _scan(archive: zipfile.ZipFile, member: str) -> SheetScan:
    scan, tail = SheetScan(), b""
    with archive.open(member) as stream:
        while (chunk := stream.read(_CHUNK)) and scan.rows <= MAX_ROWS:
            data = tail + chunk
            cut = data.rfind(b"<")  # a tag may be cut in two: keep its beginning for the next chunk
            data, tail = (data[:cut], data[cut:]) if cut >= 0 and len(data) - cut < _CHUNK else (data, b"")
            _count(scan, data)
    _count(scan, tail)
    return scan


def _count(scan: SheetScan, data: bytes) -> None:
    scan.rows += sum(1 for _ in _ROW.finditer(data))
    scan.merged += [found.decode() for found in _MERGED.findall(data)]
