"""Editing one row: tables are changed as text and read again, so that an edit meets exactly the checks of a file."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

from khien.office.intake import Intake, take_in_folder
from khien.programme import Programme, Table, write
from khien.programme.compare import row_key
from khien.programme.writing import csv_text


class NoSuchRow(KeyError):
    """The table has no row with that key."""


def cells_of(programme: Programme, table: Table, key: str) -> dict[str, str]:
    """A row as text, as it stands in the CSV file.

    Raises:
        NoSuchRow: there is none.
    """
    index = _index(programme, table, key)
    return next(iter(csv.DictReader(io.StringIO(csv_text(programme.frames[table.name][index])))))


def with_row(programme: Programme, table: Table, key: str | None, cells: Mapping[str, str] | None) -> Intake:
    """The programme with one row changed, added (`key` None) or removed (`cells` None), checked as a whole.

    Raises:
        NoSuchRow: there is none with that key.
    """
    with tempfile.TemporaryDirectory() as place:
        file, rows = _laid_out(programme, table, Path(place))
        if key is None:
            rows.append({})
        index = len(rows) - 1 if key is None else _index(programme, table, key)
        if cells is None:
            del rows[index]
        else:
            rows[index] = {name: cells.get(name, "").strip() for name in table.columns}
        if rows:
            with file.open("w", encoding="utf-8", newline="") as target:
                writer = csv.DictWriter(target, list(table.columns))
                writer.writeheader()
                writer.writerows(rows)
        else:
            file.unlink()
        return take_in_folder(Path(place) / "programme")


def _laid_out(programme: Programme, table: Table, place: Path) -> tuple[Path, list[dict[str, str]]]:
    folder = place / "programme"
    write(programme, folder)
    file = folder / f"{table.name}.csv"
    if not file.exists():
        return file, []
    with file.open(encoding="utf-8", newline="") as source:
        return file, list(csv.DictReader(source))


def _index(programme: Programme, table: Table, key: str) -> int:
    for index, row in enumerate(programme.frames[table.name].iter_rows(named=True)):
        if row_key(table, row) == key:
            return index
    raise NoSuchRow(key)
