"""The indicators that are watched: any set of rows of the programme's table `indicators`."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl
from pydantic import ValidationError

from khien.programme import TABLES, Finding, Programme, ProgrammeError
from khien.programme.cells import typed_table
from khien.programme.findings import Findings
from khien.programme.tables.records import Indicator
from khien.programme.text_files import read_csv_table
from khien.watch.observe.findings import BatchRefused, WatchFindings

TABLE: Final = TABLES["indicators"]
SHOULD_HAVE: Final = ("feed", "threat", "level_rule")
"""Columns that may be empty in the table, but without which nobody is warned."""


class Indicators:
    """A set of indicators, by id. It does not change; what adds to it returns a new one."""

    def __init__(self, frame: pl.DataFrame | None = None) -> None:
        self.frame = pl.DataFrame(schema=TABLE.schema) if frame is None else frame.select(*TABLE.schema)

    @classmethod
    def of(cls, programme: Programme) -> Indicators:
        """Those of a programme."""
        return cls(programme.indicators)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]], table: str = "indicators") -> Indicators:
        """Those given as mappings of column to value; optional columns may be missing.

        Raises:
            ProgrammeError: a row does not fit the table; all rows are told.
        """
        findings, good = WatchFindings(), []
        for number, row in enumerate(rows, 2):
            try:
                good.append(Indicator(**row).model_dump())
            except ValidationError as error:
                for part in error.errors():
                    column = str(part["loc"][0]) if part["loc"] else None
                    value = row.get(column or "")
                    findings.note("indicator-row", table, number, column, value, id=row.get("id"), reason=part["msg"])
        ids = [row["id"] for row in good]
        for twice in sorted({name for name in ids if ids.count(name) > 1}):
            findings.note("indicator-row", table, None, "id", twice, id=twice, reason="watch_why_twice")
        if findings:
            raise ProgrammeError(findings)
        return cls(pl.DataFrame(good, schema=TABLE.schema))

    @classmethod
    def read(cls, path: str | Path) -> Indicators:
        """Those of a CSV file of the form of the programme's table.

        Raises:
            ProgrammeError: with everything that is wrong with the file.
        """
        findings = Findings()
        raw = read_csv_table(Path(path), TABLE.name, findings)
        frame = None if raw is None else typed_table(TABLE, raw, findings)
        if frame is None or any(f.severity == "error" for f in findings):
            raise ProgrammeError(findings)
        return cls(frame)

    @classmethod
    def from_csv(cls, data: bytes) -> Indicators:
        """Those written by :meth:`to_csv`."""
        return cls(pl.read_csv(io.BytesIO(data), schema=TABLE.schema))

    def to_csv(self) -> bytes:
        """As CSV in UTF-8."""
        return self.frame.write_csv().encode()

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[Indicator]:
        return (Indicator(**row) for row in self.frame.iter_rows(named=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Indicators) and self.frame.sort("id").equals(other.frame.sort("id"))

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, name: object) -> bool:
        return name in self.units

    def __getitem__(self, name: str) -> Indicator:
        """One of them.

        Raises:
            KeyError: there is none of this id.
        """
        found = self.frame.filter(pl.col("id") == name)
        if not found.height:
            raise KeyError(name)
        return Indicator(**found.row(0, named=True))

    @property
    def units(self) -> dict[str, str]:
        """Id to unit."""
        return dict(self.frame.select("id", "unit").iter_rows())

    def joined(self, others: Indicators) -> Indicators:
        """These and others; of an id that stands in both, the row of the others counts.

        Raises:
            BatchRefused: an id stands in both with different units.
        """
        findings, mine = WatchFindings(), self.units
        for name, unit in others.units.items():
            if name in mine and mine[name] != unit:
                findings.note("indicator-changed", "indicators", None, "unit", unit, id=name, wanted=mine[name])
        if findings:
            raise BatchRefused(findings)
        kept = self.frame.filter(~pl.col("id").is_in(others.frame["id"].implode()))
        return Indicators(pl.concat([kept, others.frame]))

    def besides(self, known: Indicators) -> Indicators:
        """Those of which another set knows nothing.

        Raises:
            BatchRefused: an id stands in both with different units.
        """
        known.joined(self)
        return Indicators(self.frame.filter(~pl.col("id").is_in(known.frame["id"].implode())))

    def gaps(self) -> list[Finding]:
        """A warning for every indicator and column that is empty although the watch needs it."""
        findings = WatchFindings()
        for number, row in enumerate(self.frame.iter_rows(named=True), 2):
            for column in SHOULD_HAVE:
                if row[column] is None:
                    findings.note("indicator-gap", "indicators", number, column, None, id=row["id"])
        return list(findings)
