"""What keeps promises out of the ledger, or the ledger from being read: findings, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from khien.words import t

SHOWN: Final = 20
"""Rows of one kind of mistake that are named one by one; the rest is counted."""


@dataclass(frozen=True)
class LedgerFinding:
    """One thing that is wrong: code, the file or table, its line (the header is 1), the column and the value."""

    code: str
    table: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)

    severity = "error"

    def message(self, lang: str | None = None) -> str:
        """What is wrong."""
        return t(f"ledger_bad_{self.code}", lang, **self._words())

    def way_out(self, lang: str | None = None) -> str:
        """What to do about it."""
        return t(f"ledger_way_{self.code}", lang, **self._words())

    @property
    def place(self) -> str:
        """Where it is, as far as known."""
        row = None if self.row is None else str(self.row)
        return ":".join(part for part in (self.table, row, self.column) if part)

    def line(self, lang: str | None = None) -> str:
        """One line for a terminal."""
        return (f"{self.place}: " if self.place else "") + f"{self.message(lang)} {self.way_out(lang)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the texts in both languages."""
        told = {name: getattr(self, name) for name in ("code", "severity", "table", "row", "column", "value")}
        told |= {f"message_{lang}": self.message(lang) for lang in ("vi", "en")}
        return told | {f"way_out_{lang}": self.way_out(lang) for lang in ("vi", "en")}

    def _words(self) -> dict[str, Any]:
        known = {"table": self.table, "row": self.row, "column": self.column, "value": self.value}
        return {**known, **self.fields}


class LedgerError(Exception):
    """Nothing was done; `findings` says everything that is wrong."""

    def __init__(self, findings: Iterable[LedgerFinding]) -> None:
        self.findings = list(findings)
        super().__init__("\n".join(finding.line("en") for finding in self.findings))


def refuse(code: str, table: str | None = None, value: object = None, **fields: Any) -> LedgerError:
    """An error with one finding."""
    shown = None if value is None else str(value)[:80]
    return LedgerError([LedgerFinding(code, table, None, None, shown, fields)])


def typed(frame: pl.DataFrame, name: str, dtype: pl.DataType, table: str) -> tuple[pl.DataFrame, list[LedgerFinding]]:
    """The frame with one column of the type wanted, or what in it cannot be so, row by row."""
    column = pl.col(name)
    if dtype == pl.Date and frame[name].dtype == pl.String:
        cast = column.str.to_date("%Y-%m-%d", strict=False)
    else:
        cast = column.cast(dtype, strict=False)
    try:
        made = frame.with_columns(cast.alias(name))
    except pl.exceptions.PolarsError:
        return frame, named(frame, pl.lit(True), "column-type", table, name)
    lost = made[name].is_null() & frame[name].is_not_null()
    return made, named(frame.with_columns(lost=lost), pl.col("lost"), "column-type", table, name)


def named(frame: pl.DataFrame, wrong: pl.Expr, code: str, table: str, column: str) -> list[LedgerFinding]:
    """A finding for each row that is wrong, as far as they are shown, and one for how many more there are."""
    rows = frame.filter(wrong.fill_null(False))
    shown = rows.select("row", column).head(SHOWN).iter_rows()
    found = [LedgerFinding(code, table, row, column, None if v is None else str(v)[:80]) for row, v in shown]
    if rows.height > SHOWN:
        fields = {"count": rows.height - SHOWN}
        found.append(LedgerFinding("more", table, None, column, None, fields))
    return found
