"""A typed table with the line of each row: what the checks after reading work on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from khien.programme.columns import Table
from khien.programme.findings import Findings
from khien.programme.settings import Settings


@dataclass(frozen=True)
class Sheet:
    """One typed table while it is checked.

    Attributes:
        table: what the table is.
        frame: typed rows; columns as in the class.
        lines: line of each row; None means rows follow the header without a gap.
        here: whether the programme has this table at all.
    """

    table: Table
    frame: pl.DataFrame
    lines: Sequence[int] | None = None
    here: bool = True

    def line(self, index: int) -> int:
        """The line on which a row stands."""
        return index + 2 if self.lines is None else self.lines[index]

    def rows(self, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Line and values of the named columns, row by row."""
        for index, values in enumerate(self.frame.select(columns).iter_rows()):
            yield (self.line(index), *values)

    def where(self, condition: pl.Expr, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Like `rows`, only where a condition holds."""
        found = self.frame.with_row_index("_index").filter(condition).select("_index", *columns)
        for index, *values in found.iter_rows():
            yield (self.line(index), *values)


@dataclass(frozen=True)
class Desk:
    """Everything a rule may look at, and the list it writes to. Settings that cannot be read are None."""

    sheets: dict[str, Sheet]
    settings: Settings | None
    findings: Findings
    broken: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> Sheet:
        return self.sheets[name]

    def frame(self, name: str) -> pl.DataFrame:
        """The typed frame of a table."""
        return self.sheets[name].frame

    def ids(self, *tables: str) -> set[str]:
        """All ids of some tables."""
        return {i for name in tables for i in self.frame(name)["id"].drop_nulls()}

    def note(
        self, code: str, table: str, row: int | None, column: str | None, value: object = None, **fields: Any
    ) -> None:
        """Add a finding."""
        self.findings.note(code, table, row, column, value, **fields)
