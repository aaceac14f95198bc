"""The XML inside an XLSX file: sheets, shared strings, styles. Reads cells as they are, exactly and quickly.

Written for one purpose, because general readers keep dates, formulas and escaped text in ways that do not
give back every cell, and are several times slower. No part may declare a document type: nothing expands.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Final
from xml.etree.ElementTree import Element
from xml.etree.ElementTree import fromstring as fromstring_trusted

from defusedxml.ElementTree import fromstring

from khien.programme.text_files import composed

MAX_UNPACKED: Final = 384 * 2**20
"""Most bytes that a workbook may unpack to."""
Value = str | int | float | bool | date
Cell = tuple[int, Value, str]
"""Column counted from 0, value, and "" or "f" for a formula (its text), "e" for a spreadsheet error."""

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_NOT_FORMAT = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_DATE_IDS: Final = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_DIGITS: Final = "0123456789"
_CHUNK: Final = 2**20


class BadWorkbook(Exception):
    """The file is no workbook that can be read; the text says why."""


class HugeWorkbook(Exception):
    """The file would unpack to more than is read; `size` is in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Workbook:
    """An open workbook. `sheets` gives the file of every worksheet by its name."""

    def __init__(self, path: Path) -> None:
        self.archive = zipfile.ZipFile(path)
        try:
            self._open()
        except BaseException:
            self.archive.close()
            raise

    def _open(self) -> None:
        size = sum(info.file_size for info in self.archive.infolist())
        if size > MAX_UNPACKED:
            raise HugeWorkbook(size)
        self.names = set(self.archive.namelist())
        book = fromstring(self._bytes("xl/workbook.xml"))
        self.sheets = self._sheets(book)
        self.since = date(1904, 1, 1) if _uses_1904(book) else date(1899, 12, 30)
        self._strings: list[str] | None = None
        self._dates: set[str] | None = None

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.archive.close()

    def rows(self, sheet: str, most_columns: int) -> Iterator[tuple[int, list[Cell]]]:
        """Line and filled cells of every row that has any; cells to the far right are left out."""
        line = 0
        with self.archive.open(self.sheets[sheet]) as stream:
            for element in _elements(stream, "row", ("worksheet", "sheetData")):
                line = int(element.get("r") or line + 1)
                cells = list(self._cells(element, most_columns))
                if cells:
                    yield line, cells

    def _cells(self, row: Element, most_columns: int) -> Iterator[Cell]:
        column = -1
        for cell in row:
            where = cell.get("r")
            column = _column(where.rstrip(_DIGITS)) if where else column + 1
            if column < most_columns and len(cell) and (found := self._cell(cell)) is not None:
                yield column, found[0], found[1]

    def _cell(self, cell: Element) -> tuple[Value, str] | None:
        kind, text = cell.get("t", "n"), None
        for part in cell:
            tag = part.tag.rpartition("}")[2]
            if tag == "f":
                return "=" + (part.text or ""), "f"
            if tag == "v":
                text = part.text
            elif tag == "is":
                return _unescaped(_plain_text(part)), ""
        if text is None:
            return None
        if kind == "s":
            return self.strings[int(text)], ""
        if kind == "n":
            return self._number(text, cell.get("s", "")), ""
        if kind == "b":
            return text.strip() == "1", ""
        return _unescaped(text), "e" if kind == "e" else ""

    def _number(self, text: str, style: str) -> Value:
        if style and style in self.dates:
            return self._date(float(text))
        try:
            return int(text)
        except ValueError:
            return float(text)

    def _date(self, serial: float) -> date:
        """The day that a serial number means; with a time of day when it has a fraction."""
        if self.since.year < 1900 and serial < 60:
            serial += 1  # spreadsheets believe in 29 February 1900
        whole = self.since + timedelta(days=int(serial))
        if serial == int(serial):
            return whole
        return datetime(whole.year, whole.month, whole.day) + timedelta(days=serial - int(serial))  # noqa: DTZ001

    @property
    def strings(self) -> list[str]:
        """The shared strings, read when the first one is needed."""
        if self._strings is None:
            self._strings = []
            if "xl/sharedStrings.xml" in self.names:
                with self.archive.open("xl/sharedStrings.xml") as stream:
                    for element in _elements(stream, "si", ("sst",)):
                        self._strings.append(_unescaped(_plain_text(element)))
        return self._strings

    @property
    def dates(self) -> set[str]:
        """The numbers of the cell styles that show a date."""
        if self._dates is None:
            self._dates = set()
            if "xl/styles.xml" in self.names:
                self._dates = _date_styles(fromstring(self._bytes("xl/styles.xml")))
        return self._dates

    def _bytes(self, member: str) -> bytes:
        if member not in self.names:
            raise BadWorkbook(f"{member} is missing")
        return self.archive.read(member)

    def _sheets(self, book: Element) -> dict[str, str]:
        links = fromstring(self._bytes("xl/_rels/workbook.xml.rels"))
        targets = {
            k.get("Id"): k.get("Target", "") for k in links if k.get("Type", "").endswith("/worksheet")
        }
        found = {}
        for sheet in book.iter():
            if sheet.tag.rpartition("}")[2] == "sheet":
                target = targets.get(
                    next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None), ""
                )
                member = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
                if target and member in self.names:
                    found[str(sheet.get("name"))] = member
        return found


def _uses_1904(book: Element) -> bool:
    tags = (e for e in book.iter() if e.tag.rpartition("}")[2] == "workbookPr")
    return any(e.get("date1904") in ("1", "true") for e in tags)


def _elements(stream: IO[bytes], tag: str, parents: tuple[str, ...]) -> Iterator[Element]:
    """Every element with a tag, which hangs below the parents; parsed in batches, each a small document.

    A parser that reports element by element takes three times as long.
    """
    chunks = _guarded(stream)
    data = next(chunks, b"")
    while not (found := re.search(rb"<(\w+:)?" + tag.encode() + rb"[ />]", data)):
        if (more := next(chunks, None)) is None:
            return
        data += more
    prefix = found[1] or b""
    head, data = data[: found.start()], data[found.start() :]
    foot = b"".join(b"</" + prefix + parent.encode() + b">" for parent in reversed(parents))
    end = b"</" + prefix + tag.encode() + b">"
    for more in chunks:
        if cut := data.rfind(end) + 1:
            cut += len(end) - 1
            yield from _parsed(head + data[:cut] + foot, tag)
            data = data[cut:]
        data += more
    if closed := data.find(b"</" + prefix + parents[-1].encode()) + 1:
        yield from _parsed(head + data[: closed - 1] + foot, tag)
    else:
        raise BadWorkbook("its XML is cut off")


def _parsed(document: bytes, tag: str) -> Iterator[Element]:
    """The elements of one document with a tag that hang lowest but in order."""
    element = fromstring_trusted(document)
    while len(element) and element[-1].tag.rpartition("}")[2] != tag:
        element = element[-1]
    return iter(element)


def _guarded(stream: IO[bytes]) -> Iterator[bytes]:
    """Chunks of XML in UTF-8 without a document type; anything else is refused while reading."""
    tail: bytes | None = None
    while data := stream.read(_CHUNK):
        if tail is None:
            named = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
            if b"\0" in data[:64] or (named and named[1].lower() not in (b"utf-8", b"us-ascii")):
                raise BadWorkbook("its XML is not in UTF-8")
        if b"<!DOCTYPE" in (tail or b"") + data:
            raise BadWorkbook("its XML declares a document type")
        tail = data[-16:]
        yield data


def _plain_text(element: Element) -> str:
    """The text of a string with or without formats; reading aids (`rPh`) are left out."""
    parts = []
    for child in element:
        tag = child.tag.rpartition("}")[2]
        if tag == "t":
            parts.append(child.text or "")
        elif tag == "r":
            parts.append(_plain_text(child))
    return "".join(parts)


def _unescaped(text: str) -> str:
    if "_x" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return composed(text)


@cache
def _column(letters: str) -> int:
    """Column counted from 0 for the letters of a cell's name."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _date_styles(styles: Element) -> set[str]:
    custom = {}
    found: set[str] = set()
    for element in styles:
        tag = element.tag.rpartition("}")[2]
        if tag == "numFmts":
            custom = {f.get("numFmtId"): f.get("formatCode", "") for f in element}
        elif tag == "cellXfs":
            for number, look in enumerate(element):
                code = look.get("numFmtId", "0")
                shown = _NOT_FORMAT.sub("", custom.get(code, "")).lower()
                if set(shown) & set("ymdhs") if code in custom else int(code) in _DATE_IDS:
                    found.add(str(number))
    return found
