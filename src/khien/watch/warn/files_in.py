"""Small files that people bring: events that happened, feeds and when they last spoke, thresholds, forecasts."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from khien.watch.warn.findings import WarnError, WarnFinding, refuse
from khien.watch.warn.silence import PERIOD, Feed
from khien.watch.warn.statistics import Event

if TYPE_CHECKING:
    import polars as pl

Row = TypeVar("Row")
LARGEST_FILE: Final = 64 * 2**20
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
"""What a text begins with that a spreadsheet saved as "Unicode text"."""


def read_events(path: Path) -> list[Event]:
    """Events from CSV: `hazard`, `place` (code of a province), `onset` (with zone), and `level` (1 to 5, may be empty).

    Raises:
        WarnError: everything that is wrong with it.
        OSError: it cannot be read.
    """

    def event(row: dict[str, str]) -> Event:
        level = row.get("level") or None
        if level is not None and level not in ("1", "2", "3", "4", "5"):
            raise _Wrong("level", level)
        for column in ("hazard", "place"):
            if not row[column]:
                raise _Wrong(column, "")
        return Event(row["hazard"], row["place"], _moment(row, "onset"), None if level is None else int(level))

    return _read(path, ("hazard", "place", "onset"), event)


def read_feeds(path: Path) -> list[Feed]:
    """Feeds from CSV: `indicator`, `frequency`, `last_received` (empty: never), and `last_valid`, `place` if known.

    Raises:
        WarnError: everything that is wrong with it.
        OSError: it cannot be read.
    """

    def feed(row: dict[str, str]) -> Feed:
        if not row["indicator"]:
            raise _Wrong("indicator", "")
        if row["frequency"] not in PERIOD:
            raise _Wrong("frequency", row["frequency"])
        received = _moment(row, "last_received") if row["last_received"] else None
        valid = _moment(row, "last_valid") if row.get("last_valid") else None
        return Feed(row["indicator"], row["frequency"], received, valid, row.get("place", ""))

    return _read(path, ("indicator", "frequency", "last_received"), feed)


def read_frame(path: Path) -> pl.DataFrame:
    """A frame from Parquet, or CSV with dates as 2026-09-30.

    Raises:
        WarnError: it is neither.
        OSError: it cannot be read.
    """
    import polars as pl

    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(UTF_16):
        raise refuse("not-utf8", path.name, value="UTF-16")
    try:
        if start == b"PAR1":
            return pl.read_parquet(path)
        texts = {"indicator": pl.String, "place": pl.String, "model": pl.String}
        return pl.read_csv(path, try_parse_dates=True, schema_overrides=texts, raise_if_empty=False)
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from None
    except (pl.exceptions.PolarsError, ValueError) as error:
        if "utf-8" in str(error).lower():
            raise refuse("not-utf8", path.name, value="–") from None
        raise refuse("not-a-table", path.name, value=str(error).splitlines()[0]) from None


def _not_utf8(path: Path, error: UnicodeDecodeError) -> WarnError:
    if error.object.startswith(UTF_16):
        return refuse("not-utf8", path.name, value="UTF-16")
    line = error.object.count(b"\n", 0, error.start) + 1
    return WarnError([WarnFinding("not-utf8", path.name, value=f"0x{error.object[error.start]:02x}", row=line)])


class _Wrong(ValueError):
    """A cell that cannot be used."""


def _moment(row: dict[str, str], column: str) -> datetime:
    try:
        found = datetime.fromisoformat(row[column])
    except ValueError:
        raise _Wrong(column, row[column]) from None
    if found.tzinfo is None:
        raise _Wrong(column, row[column])
    return found


def _read(path: Path, columns: tuple[str, ...], make: Callable[[dict[str, str]], Row]) -> list[Row]:
    findings: list[WarnFinding] = []
    made = []
    for number, row in _rows(path, columns):
        try:
            made.append(make(row))
        except _Wrong as wrong:
            column, value = wrong.args
            findings.append(WarnFinding("wrong-cell", path.name, column, value[:80], number))
    if findings:
        raise WarnError(findings)
    return made


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    if path.stat().st_size > LARGEST_FILE:
        raise refuse("not-a-table", path.name, value=">64 MB")
    try:
        reader = csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True)
        header = [cell.strip() for cell in next(reader, [])]
        if missing := [column for column in columns if column not in header]:
            raise WarnError([WarnFinding("column-missing", path.name, column) for column in missing])
        for number, cells in enumerate(reader, 2):
            if any(cell.strip() for cell in cells):
                whole = [*(cell.strip() for cell in cells), *[""] * len(header)]
                yield number, dict(zip(header, whole, strict=False))
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from None
    except csv.Error as error:
        raise refuse("not-a-table", path.name, value=str(error)) from None
