"""Editing rows: tables are changed as text and read again, so that an edit meets exactly the checks of a file."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from khien.office.intake import Intake, take_in_folder
from khien.programme import TABLES, Programme, Table, write
from khien.programme.compare import row_key
from khien.programme.writing import csv_text

NEW: Final = "+"
"""What the keys of rows that are to be added begin with."""


class NoSuchRow(KeyError):
    """The table has no row with that key."""


def cells_of(programme: Programme, table: Table, key: str) -> dict[str, str]:
    """A row as text, as it stands in the CSV file.

    Raises:
        NoSuchRow: there is none.
    """
    index = _index(programme, table, key)
    return next(iter(csv.DictReader(io.StringIO(csv_text(programme.frames[table.name][index])))))


def text_rows(programme: Programme, table: Table) -> dict[str, dict[str, str]]:
    """All rows as text, by key, in their order."""
    frame = programme.frames[table.name]
    keys = [row_key(table, row) for row in frame.iter_rows(named=True)]
    return dict(zip(keys, csv.DictReader(io.StringIO(csv_text(frame))), strict=True))


def with_row(programme: Programme, table: Table, key: str | None, cells: Mapping[str, str] | None) -> Intake:
    """The programme with one row changed, added (`key` None) or removed (`cells` None), checked as a whole.

    Raises:
        NoSuchRow: there is none with that key.
    """
    return with_rows(programme, {table.name: {f"{NEW}1" if key is None else key: cells}})


def with_rows(programme: Programme, changes: Mapping[str, Mapping[str, Mapping[str, str] | None]]) -> Intake:
    """The programme with many rows changed, checked as a whole.

    Args:
        changes: by table, by key of the row (of rows to be added: `NEW` and a number), the cells as text; None to
            remove the row. Rows that are added come last, in the order of their numbers.

    Raises:
        NoSuchRow: a table has no row with one of the keys.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "programme"
        write(programme, folder)
        for name, rows in changes.items():
            _change(programme, TABLES[name], rows, folder / f"{name}.csv")
        return take_in_folder(folder)


def _change(
    programme: Programme, table: Table, changes: Mapping[str, Mapping[str, str] | None], file: Path
) -> None:
    rows: list[dict[str, str] | None] = []
    if file.exists():
        with file.open(encoding="utf-8", newline="") as source:
            rows = list(csv.DictReader(source))
    places = {row_key(table, row): n for n, row in enumerate(programme.frames[table.name].iter_rows(named=True))}
    for key in sorted(changes, key=_order):
        cells = changes[key]
        row = None if cells is None else {name: cells.get(name, "").strip() for name in table.columns}
        if is_new(key):
            rows.append(row)
        elif key in places:
            rows[places[key]] = row
        else:
            raise NoSuchRow(key)
    kept = [row for row in rows if row is not None]
    if not kept:
        file.unlink(missing_ok=True)
        return
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(table.columns))
        writer.writeheader()
        writer.writerows(kept)


def is_new(key: str) -> bool:
    """Whether the key is that of a row to be added: no id begins so."""
    return key.startswith(NEW) and key[1:].isdigit()


def _order(key: str) -> tuple[int, int, str]:
    return (1, int(key[1:]), "") if is_new(key) else (0, 0, key)


def _index(programme: Programme, table: Table, key: str) -> int:
    for index, row in enumerate(programme.frames[table.name].iter_rows(named=True)):
        if row_key(table, row) == key:
            return index
    raise NoSuchRow(key)
