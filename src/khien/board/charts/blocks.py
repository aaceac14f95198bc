"""Blocks of a report as the pages of the board lay them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from khien.board.charts.about import Teller
from khien.board.charts.pictures import Drawing
from khien.draw.blocks import Block, Code, Facts, Figure, Fold, Notice, Pairs, Section, Table, Text


@dataclass(frozen=True)
class Cell:
    """A cell of a grid: its text, and how dark it is (0-6; None: not known)."""

    text: str
    shade: int | None = None
    says: str = ""


@dataclass(frozen=True)
class Grid:
    """A heat map as a table: every cell says in text what its shade says."""

    id: str
    title: str
    note: str
    corner: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    legend: Sequence[Cell] = ()
    csv: str = ""


Shown = Block | Drawing | Grid


@dataclass
class Layout:
    """Lays blocks out; remembers the pictures that they hold.

    Attributes:
        links: where the ids lead that stand in cells; the first cell of such a row leads there too.
        chapters: what was laid out, for the template.
    """

    teller: Teller
    links: Mapping[str, str] = field(default_factory=dict)
    pictures: dict[str, Figure | Drawing] = field(default_factory=dict)
    grids: dict[str, Grid] = field(default_factory=dict)
    chapters: list[dict[str, Any]] = field(default_factory=list)

    def section(self, section: Section) -> dict[str, Any]:
        """A chapter."""
        blocks = _titled(self.blocks(section.blocks, section.id), section.title)
        return {"id": section.id, "title": section.title, "lead": section.lead, "blocks": blocks}

    def blocks(self, blocks: Iterable[Shown], within: str = "") -> list[dict[str, Any]]:
        """Blocks in order."""
        makers: dict[type, Callable[[Any, str], dict[str, Any]]] = {
            Text: lambda b, _: {"kind": "text", "text": b.text, "quiet": b.quiet},
            Notice: lambda b, _: {"kind": "notice", "title": b.title, "text": b.text},
            Pairs: lambda b, _: {"kind": "pairs", "pairs": b.pairs},
            Code: lambda b, _: {"kind": "code", "text": b.text},
            Facts: self._facts, Figure: self._figure, Drawing: self._figure, Table: self._table, Fold: self._fold,
            Grid: self._grid,
        }  # fmt: skip
        return [makers[type(block)](block, within) for block in blocks]

    def _facts(self, facts: Facts, within: str) -> dict[str, Any]:
        return {"kind": "facts", "facts": facts.facts, "about": self.teller.about(within or "headline")}

    def _figure(self, figure: Figure | Drawing, within: str) -> dict[str, Any]:
        drawn = isinstance(figure, Drawing) or figure.draw is not None
        if drawn:
            self.pictures[figure.id] = figure
        return {
            "kind": "figure", "id": figure.id, "title": figure.title, "note": figure.note, "alt": figure.alt,
            "drawn": drawn, "half": isinstance(figure, Figure) and figure.half, "about": self.teller.about(figure.id),
        }  # fmt: skip

    def _table(self, table: Table, within: str) -> dict[str, Any]:
        heads = [
            {"text": name, "css": "n" if i in table.numeric else "w" if i in table.wide else ""}
            for i, name in enumerate(table.columns)
        ]
        rows = [self._row(cells, heads) for cells in table.rows]
        return {
            "kind": "table", "id": table.id, "title": table.title, "heads": heads, "rows": rows, "long": table.long,
            "empty": table.empty, "count": len(rows), "about": self.teller.about(within or table.id),
        }  # fmt: skip

    def _row(self, cells: Sequence[str], heads: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        whole = next((self.links[text] for text in cells if text in self.links), "")
        return [
            {"text": text, "css": heads[i]["css"], "href": whole if i == 0 else self.links.get(text, "")}
            for i, text in enumerate(cells)
        ]

    def _fold(self, fold: Fold, within: str) -> dict[str, Any]:
        inside = _titled(self.blocks(fold.blocks, within), fold.title)
        return {"kind": "fold", "id": fold.id, "title": fold.title, "detail": fold.detail, "blocks": inside}

    def _grid(self, grid: Grid, within: str) -> dict[str, Any]:
        self.grids[grid.id] = grid
        return {"kind": "grid", "grid": grid, "about": self.teller.about(grid.id)}


def _titled(blocks: list[dict[str, Any]], title: str) -> list[dict[str, Any]]:
    """Blocks that stand under a title; one that is called the same does not say so again."""
    for block in blocks:
        block["titled"] = block.get("title") == title
    return blocks
