"""Rows of a programme as pages show them: searched, beside their sources, in the words of the table."""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import polars as pl

from khien.programme import TABLES, Programme, Table
from khien.programme.compare import row_key
from khien.programme.quarters import quarter_number

_STROKES: Final = str.maketrans("đĐ", "dD")


@dataclass(frozen=True)
class Shown:
    """A row on a page: its key, its cells in the order of the columns, each with the name of the row that it refers to
    ("" where it refers to none), and where its values come from."""

    key: str
    cells: list[tuple[Any, str]]
    facts: list[dict[str, Any]]


def plain(text: str) -> str:
    """Text without diacritics and case, for searching: "Đà Nẵng" and "da nang" are the same."""
    folded = unicodedata.normalize("NFD", text.translate(_STROKES))
    return "".join(c for c in folded if not unicodedata.combining(c)).casefold()


def search(programme: Programme, table: Table, wanted: str) -> list[dict[str, Any]]:
    """The rows in which every word of the search stands somewhere; all rows when nothing is searched."""
    frame, words = programme.frames[table.name], plain(wanted).split()
    if not words:
        return list(frame.iter_rows(named=True))
    texts = _folded(programme, table)
    found = [n for n, text in enumerate(texts) if all(word in text for word in words)]
    return list(frame[found].iter_rows(named=True))


_KEPT: Final = 12
_texts: OrderedDict[tuple[str, str], list[str]] = OrderedDict()
_lock = Lock()


def _folded(programme: Programme, table: Table) -> list[str]:
    """Each row of a table as one folded text; those of the tables searched last are kept."""
    key = (programme.hash, table.name)
    with _lock:
        if key in _texts:
            _texts.move_to_end(key)
            return _texts[key]
    rows = programme.frames[table.name].iter_rows()
    texts = [plain(" ".join(str(value) for value in row if value is not None)) for row in rows]
    with _lock:
        _texts[key] = texts
        while len(_texts) > _KEPT:
            _texts.popitem(last=False)
    return texts


def shown(programme: Programme, table: Table, rows: list[dict[str, Any]], lang: str) -> list[Shown]:
    """Rows ready for a page."""
    facts, called = _facts(programme, table.name), _called(programme, table, rows, lang)
    found = []
    for row in rows:
        key = row_key(table, row)
        cells = [(value, called.get(name, {}).get(value, "")) for name, value in row.items()]
        found.append(Shown(key, cells, [*facts.get(key, []), *facts.get("*", [])]))
    return found


def _called(
    programme: Programme, table: Table, rows: list[dict[str, Any]], lang: str
) -> dict[str, dict[str | None, str]]:
    """By column that refers to other tables, what the rows that it names are called."""
    found: dict[str, dict[str | None, str]] = {}
    for column in table.columns.values():
        wanted = [row[column.name] for row in rows if row.get(column.name)] if column.to else []
        for other in column.to if wanted else ():
            frame = programme.frames[other]
            if {"id", f"name_{lang}"} <= set(frame.columns):
                names = frame.filter(pl.col("id").is_in(wanted)).select("id", f"name_{lang}").drop_nulls()
                found.setdefault(column.name, {}).update(names.iter_rows())
    return found


def _facts(programme: Programme, name: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of `sources_of_facts` for a table, by the key of the row that they speak of."""
    found: dict[str, list[dict[str, Any]]] = {}
    for fact in programme.sources_of_facts.iter_rows(named=True):
        if fact["table"] == name:
            found.setdefault(str(fact["row"]), []).append(fact)
    return found


def statuses(programme: Programme) -> dict[str, int]:
    """How many sourced facts have which status; what has no line there is not counted."""
    counts: dict[str, int] = {}
    for status in programme.sources_of_facts["status"]:
        counts[str(status)] = counts.get(str(status), 0) + 1
    return counts


def overview(programme: Programme, lang: str) -> Iterator[tuple[Table, str, int]]:
    """Every table that has rows, with its title and how many."""
    for name, table in TABLES.items():
        if count := programme.frames[name].height:
            yield table, table.title(lang), count


def due_obligations(programme: Programme, years: int = 3) -> list[dict[str, Any]]:
    """Obligations that fall due within so many years of the programme's first quarter, the nearest first."""
    last = programme.settings.first + 4 * years
    rows = [row for row in programme.obligations.iter_rows(named=True) if row["due"]]
    near = [row for row in rows if quarter_number(row["due"]) <= last]
    return sorted(near, key=lambda row: row["due"])
