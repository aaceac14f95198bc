"""What a reader hands to the checker: cells as text, with the line they stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass(frozen=True)
class RawTable:
    """A table as read: every cell trimmed text or null.

    Attributes:
        name: name of the table.
        columns: header to cells, in the order of the file.
        lines: the line of each row as a spreadsheet shows it.
        default_mark: the decimal mark that the form of the file implies ("." or "?" for not known).
        told: per column, the cells that were emptied because a finding speaks of them already.
    """

    name: str
    columns: dict[str, pl.Series]
    lines: Sequence[int]
    default_mark: str = "."
    told: dict[str, pl.Series] = field(default_factory=dict)


@dataclass
class RawProgramme:
    """All tables as read, and the settings as the file states them (None: not there or not readable).

    `broken` names the tables that are there but could not be read, so that nobody reports them as missing.
    """

    tables: dict[str, RawTable] = field(default_factory=dict)
    settings: dict[str, Any] | None = None
    broken: set[str] = field(default_factory=set)
