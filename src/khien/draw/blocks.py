"""What a report is made of: sections of text, facts, figures and tables, free of any file format.

The page and the PDF lay out the same blocks, so that neither can say what the other does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from khien.draw.charts.common import Chart

Draw = Callable[[int], Chart]
"""Draws a picture for a total width in px."""


@dataclass(frozen=True)
class Text:
    """A paragraph; a quiet one is small print."""

    text: str
    quiet: bool = False


@dataclass(frozen=True)
class Notice:
    """A paragraph that must not be overlooked."""

    title: str
    text: str


@dataclass(frozen=True)
class Fact:
    """A number with its name and, in small print, what it means."""

    label: str
    value: str
    hint: str = ""


@dataclass(frozen=True)
class Facts:
    """Numbers side by side."""

    facts: Sequence[Fact]


@dataclass(frozen=True)
class Pairs:
    """Names and values below each other."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Figure:
    """A picture, the numbers behind it, and the words around it.

    Attributes
    ----------
    id
        Name of its files; unique in a report.
    note
        How to read it.
    alt
        What it shows, for people who do not see it.
    data
        The numbers behind it, written as CSV.
    draw
        None when there is nothing to show; then ``note`` is replaced by a sentence that says so.
    landscape
        Printed across a wide page, in ``parts`` when it is too long for one.
    half
        Small enough that two stand side by side.
    """

    id: str
    title: str
    note: str
    alt: str
    data: pl.DataFrame
    draw: Draw | None
    landscape: bool = False
    parts: Sequence[Draw] = ()
    half: bool = False


@dataclass(frozen=True)
class Table:
    """A table of cells that are already written in the reader's language.

    ``numeric`` names the columns (by position) that are aligned right. ``long`` tables are folded
    on the page and can be filtered there.
    """

    id: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset({0})
    long: bool = False
    empty: str = ""


@dataclass(frozen=True)
class Fold:
    """Blocks behind a line that opens and closes."""

    id: str
    title: str
    detail: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Code:
    """Commands to type."""

    text: str


Block = Text | Notice | Facts | Pairs | Figure | Table | Fold | Code


@dataclass(frozen=True)
class Section:
    """A chapter of the report."""

    id: str
    title: str
    lead: str
    blocks: Sequence[Block] = field(default_factory=tuple)


def figures(blocks: Sequence[Block]) -> list[Figure]:
    """Return all figures among blocks, also those inside folds, in order."""
    found: list[Figure] = []
    for block in blocks:
        if isinstance(block, Figure):
            found.append(block)
        elif isinstance(block, Fold):
            found += figures(block.blocks)
    return found
