"""Blocks of a report as HTML."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from khien.draw.blocks import Block, Code, Facts, Figure, Fold, Notice, Pairs, Section, Table, Text
from khien.draw.numbers import NO_BREAK
from khien.draw.stills import inline
from khien.words import t


@dataclass(frozen=True)
class Picture:
    """A figure drawn: still, for a desk and a phone, and as definitions for the live ones."""

    wide: str
    narrow: str
    wide_spec: dict[str, Any]
    narrow_spec: dict[str, Any]
    csv: str


class Writer:
    """Writes blocks in one language; ``status`` stands under every figure."""

    def __init__(self, lang: str, pictures: Mapping[str, Picture], status: str) -> None:
        self.lang, self.pictures, self.status = lang, pictures, status

    def section(self, section: Section) -> str:
        """Return a chapter."""
        lead = f'<p class="lead">{escape(section.lead)}</p>' if section.lead else ""
        folds = sum(isinstance(block, Fold) for block in section.blocks)
        return (
            f'<section id="{escape(section.id)}" aria-labelledby="{escape(section.id)}-title">'
            f'<h2 id="{escape(section.id)}-title">{escape(section.title)}</h2>{lead}'
            f"{self.blocks(section.blocks, folds > 1)}</section>"
        )

    def blocks(self, blocks: Sequence[Block], buttons: bool = False) -> str:
        """Return blocks in order; small figures that follow each other stand side by side."""
        out, halves = [], []
        for block in [*blocks, None]:
            if isinstance(block, Figure) and block.half:
                halves.append(self.figure(block))
                continue
            if halves:
                out.append(f'<div class="halves">{"".join(halves)}</div>')
                halves = []
            if isinstance(block, Fold) and buttons:
                out.append(self._buttons())
                buttons = False
            if block is not None:
                out.append(self.block(block))
        return "".join(out)

    def block(self, block: Block) -> str:
        """Return one block."""
        match block:
            case Text(text, quiet):
                small = ' class="note"' if quiet else ""
                return f"<p{small}>{escape(text)}</p>"
            case Notice(title, text):
                told = f"<strong>{escape(title)}</strong><p>{escape(text)}</p>"
                return f'<div class="notice" role="note">{told}</div>'
            case Facts(facts):
                cells = (
                    f"<div><dt>{escape(f.label)}</dt>"
                    f'<dd class="value">{escape(f.value.replace(NO_BREAK, " "))}</dd>'
                    f'<dd class="hint">{escape(f.hint)}</dd></div>'
                    for f in facts
                )
                return f'<dl class="facts">{"".join(cells)}</dl>'
            case Pairs(pairs):
                cells = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
                return f'<dl class="pairs">{"".join(cells)}</dl>'
            case Code(text):
                return f"<pre><code>{escape(text)}</code></pre>"
            case Figure():
                return self.figure(block)
            case Table():
                return self.table(block)
            case Fold():
                return self._fold(block)

    def _buttons(self) -> str:
        opened, closed = (escape(t(key, self.lang)) for key in ("draw_open_all", "draw_close_all"))
        return (
            f'<p class="all"><button type="button" data-open="yes">{opened}</button>'
            f'<button type="button" data-open="no">{closed}</button></p>'
        )

    def _fold(self, fold: Fold) -> str:
        inside = "".join(
            self.figure(block, titled=block.title != fold.title) if isinstance(block, Figure) else self.block(block)
            for block in fold.blocks
        )
        return (
            f'<details id="{escape(fold.id)}"><summary><span class="name">{escape(fold.title)}</span>'
            f'<span class="detail">{escape(fold.detail)}</span></summary>'
            f'<div class="inside">{inside}</div></details>'
        )

    def figure(self, figure: Figure, titled: bool = True) -> str:
        """Return a figure: title, note, picture, and the line under it with its data."""
        head = f"<h3>{escape(figure.title)}</h3>" if titled else ""
        name, status = escape(figure.id), f"<span>{escape(self.status)}</span>"
        picture = self.pictures.get(figure.id)
        if picture is None:
            nothing = f'<p class="nothing">{escape(t("draw_nothing_to_show", self.lang))}</p>'
            return (
                f'<figure id="fig-{name}"><figcaption>{head}</figcaption>{nothing}'
                f'<p class="under">{status}</p></figure>'
            )
        save_csv, save_svg = (escape(t(key, self.lang)) for key in ("draw_download_csv", "draw_download_svg"))
        csv = base64.b64encode(picture.csv.encode("utf-8-sig")).decode()
        return (
            f'<figure id="fig-{name}" data-figure="{name}">'
            f'<figcaption>{head}<p class="note">{escape(figure.note)}</p></figcaption>'
            f'<div class="plot" role="img" aria-label="{escape(figure.alt)}">'
            f'<div class="still wide">{inline(picture.wide, f"{name}-w")}</div>'
            f'<div class="still narrow">{inline(picture.narrow, f"{name}-n")}</div>'
            f'<div class="live"></div></div><p class="under">{status}'
            f'<a download="{name}.csv" href="data:text/csv;base64,{csv}">{save_csv}</a>'
            f'<button type="button" data-svg="{name}.svg">{save_svg}</button></p></figure>'
        )

    def table(self, table: Table) -> str:
        """Return a table; long ones are folded and get a field to filter them."""
        if not table.rows:
            title, empty = escape(table.title), escape(table.empty)
            return f'<figure><figcaption><h3>{title}</h3></figcaption><p class="nothing">{empty}</p></figure>'
        if not table.long:
            return self._rows(table, caption=True)
        field = ""
        if len(table.rows) > 15:
            words = escape(t("draw_filter", self.lang))
            field = (
                f'<p class="filter"><input type="search" data-table="table-{escape(table.id)}" '
                f'aria-label="{words}" placeholder="{words}"></p>'
            )
        show = t("draw_show_table", self.lang, n=len(table.rows))
        return (
            f'<details><summary><span class="name">{escape(table.title)}</span>'
            f'<span class="detail">{escape(show)}</span></summary>'
            f'<div class="inside">{field}{self._rows(table, caption=False)}</div></details>'
        )

    def _rows(self, table: Table, caption: bool) -> str:
        title = f"<caption>{escape(table.title)}</caption>" if caption else ""
        heads = "".join(
            f'<th scope="col"{_cell_class(table, i)}>{escape(name)}</th>' for i, name in enumerate(table.columns)
        )
        flag = t("draw_not_verified", self.lang)
        body = []
        for row in table.rows:
            cells = [f'<th scope="row">{escape(row[0])}</th>' if 0 in table.wide else f"<td>{escape(row[0])}</td>"]
            for i, cell in enumerate(row[1:], start=1):
                kind = ' class="k flag"' if cell == flag else _cell_class(table, i)
                cells.append(f"<td{kind}>{escape(cell)}</td>")
            body.append(f"<tr>{''.join(cells)}</tr>")
        return (
            f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.title)}">'
            f'<table id="table-{escape(table.id)}">{title}<thead><tr>{heads}</tr></thead>'
            f"<tbody>{''.join(body)}</tbody></table></div>"
        )


def _cell_class(table: Table, column: int) -> str:
    if column in table.numeric:
        return ' class="n"'
    if column in table.wide:
        return ' class="w"' if column else ""
    short = max((len(row[column]) for row in table.rows), default=0) <= 16
    return ' class="k"' if short else ""
