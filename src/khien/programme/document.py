"""The programme as a document: frozen, checked as a whole, with a content hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import polars as pl
import polars.selectors as cs

from khien.programme.columns import Table
from khien.programme.findings import Finding
from khien.programme.hashing import content_hash
from khien.programme.quarters import quarter_number, quarter_text, quarter_year
from khien.programme.settings import Settings
from khien.programme.tables import TABLES


@dataclass(frozen=True, eq=False)
class Programme:
    """All tables and settings of one programme. Each table is an attribute: `programme.projects`.

    Changing one makes another (`replace`). Two programmes are equal when their content is.

    Attributes:
        settings: the settings, plain values.
        frames: table name to Polars frame; every table is there, possibly empty.
        findings: warnings that checking left (never errors).
    """

    settings: Settings
    frames: Mapping[str, pl.DataFrame] = field(repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        frames = {name: _shaped(table, self.frames.get(name)) for name, table in TABLES.items()}
        object.__setattr__(self, "frames", MappingProxyType(frames))

    def __getattr__(self, name: str) -> pl.DataFrame:
        frames: Mapping[str, pl.DataFrame] = self.__dict__.get("frames", {})
        if name in frames:
            return frames[name]
        raise AttributeError(f"a programme has no {name!r}; its tables are {', '.join(frames)}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Programme, (self.settings, dict(self.frames), self.findings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Programme) and self.hash == other.hash

    def __hash__(self) -> int:
        return int(self.hash[:15], 16)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content; independent of the order of rows and columns and of the file's form."""
        return content_hash(self.settings, self.frames)

    @property
    def n_quarters(self) -> int:
        """Number of quarters in the horizon."""
        return self.settings.last - self.settings.first + 1

    @property
    def years(self) -> list[int]:
        """The calendar years that the horizon touches."""
        return list(range(quarter_year(self.settings.first), quarter_year(self.settings.last) + 1))

    def quarter(self, text: str) -> int:
        """Index of a quarter written like 2026Q3; 0 is the first quarter, earlier ones are negative."""
        return quarter_number(text) - self.settings.first

    def label(self, index: int) -> str:
        """The quarter with an index, written like 2026Q3."""
        return quarter_text(self.settings.first + index)

    def year(self, index: int) -> int:
        """The calendar year of the quarter with an index."""
        return quarter_year(self.settings.first + index)

    def replace(self, *, settings: Settings | None = None, **frames: pl.DataFrame) -> Programme:
        """A new programme with some tables or the settings exchanged, checked as a whole.

        Raises:
            ProgrammeError: the new programme has an error.
            TypeError: no table has that name.
        """
        from khien.programme.checking import (
            checked_programme,
        )  # checking makes programmes: the cycle ends here

        return checked_programme(settings or self.settings, {**self.frames, **frames})

    def to_dict(self) -> dict[str, Any]:
        """Settings and rows as plain values for JSON, dates as text; empty tables left out."""
        frames = {
            name: f.with_columns(cs.date().dt.to_string()) for name, f in self.frames.items() if f.height
        }
        tables = {name: frame.to_dicts() for name, frame in frames.items()}
        return {"settings": self.settings.model_dump(mode="json"), "tables": tables}


def _shaped(table: Table, frame: pl.DataFrame | None) -> pl.DataFrame:
    """The frame with exactly the table's columns, in order."""
    if frame is None:
        return pl.DataFrame(schema=table.schema)
    return frame.select(list(table.schema))
