"""A network in columns as SVG: nodes as circles, links as curves whose dashes say what their colour says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from khien.draw import theme
from khien.draw.charts.common import shorten, squeeze

End = tuple[str, str]
"""A node: its kind and its id."""

ROUNDS: Final = 12
PITCH: Final = 30
HEAD: Final = 64
SPREAD: Final = 0.8
"""Share of the width over which the columns stand; the names of the last one take the rest."""
STYLES: Final = {
    "home": (theme.BLUE, ""),
    "abroad": (theme.VERMILION, "7 3"),
    "unknown": (theme.MUTED, "2 3"),
    "": (theme.GREY, ""),
}
"""Colour and dashes of a link, by where it comes from."""


@dataclass(frozen=True)
class Node:
    """A node: its name, its column, and how much hangs on it."""

    name: str
    column: int
    weight: float


@dataclass(frozen=True)
class Edge:
    """A link from one node to another of the next column."""

    source: End
    target: End
    weight: float
    origin: str = ""


def drawn(
    nodes: Mapping[End, Node], edges: Sequence[Edge], heads: Sequence[str], words: Mapping[str, str], narrow: bool
) -> str:
    """Return the network as SVG text, 960 px wide, or 680 px for a phone.

    Parameters
    ----------
    heads
        What each column holds.
    words
        What each origin of a link is called, in the legend.
    narrow
        For a phone: as narrow as names allow; the page lets it be moved sideways.
    """
    width = theme.NARROW * 2 if narrow else theme.WIDE
    ranked = ordered(nodes, edges)
    tall = max((len(column) for column in ranked), default=0)
    height = HEAD + PITCH * tall + 10
    place = _places(ranked, len(heads), width, tall)
    top = max((edge.weight for edge in edges), default=1.0)
    most = max((node.weight for node in nodes.values()), default=1.0)
    lines = [_line(edge, place, top) for edge in reversed(edges)]
    marks = [_mark(node, place[end], most, width, len(heads)) for end, node in nodes.items()]
    letters = round((width * SPREAD / len(heads)) / 7.2)
    titles = [
        f'<text x="{max(2, _x(i, len(heads), width) - 8):.0f}" y="{HEAD - 14}" font-size="12" font-weight="600" '
        f'fill="{theme.MUTED}">{escape(shorten(head, letters))}</text>'
        for i, head in enumerate(heads)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{theme.FONT}"><rect width="{width}" height="{height}" fill="#ffffff"/>'
        f"{_legend(words)}{''.join(titles)}{''.join(lines)}{''.join(marks)}</svg>"
    )


def ordered(nodes: Mapping[End, Node], edges: Sequence[Edge]) -> list[list[End]]:
    """Return the nodes of every column, moved towards the middle of their neighbours so that few links cross."""
    columns: list[list[End]] = [[] for _ in range(max((n.column for n in nodes.values()), default=-1) + 1)]
    for end, node in nodes.items():
        columns[node.column].append(end)
    near: dict[End, list[tuple[End, float]]] = {end: [] for end in nodes}
    for edge in edges:
        near[edge.source].append((edge.target, edge.weight))
        near[edge.target].append((edge.source, edge.weight))
    for turn in range(ROUNDS):
        at = {end: (i + 0.5) / len(column) for column in columns for i, end in enumerate(column)}
        forth = turn % 2 == 0
        for column in columns if forth else reversed(columns):
            side = {end: _middle(end, near[end], nodes, at, forth) for end in column}
            column.sort(key=lambda end: (side[end], end))
            at |= {end: (i + 0.5) / len(column) for i, end in enumerate(column)}
    return columns


def _middle(
    end: End, near: Sequence[tuple[End, float]], nodes: Mapping[End, Node], at: Mapping[End, float], forth: bool
) -> float:
    """The mean place of the neighbours on the side that was ordered last; the own place without any."""
    before = [(at[o], w) for o, w in near if (nodes[o].column < nodes[end].column) == forth]
    total = sum(weight for _, weight in before)
    return sum(place * weight for place, weight in before) / total if total else at[end]


def _places(
    ranked: Sequence[Sequence[End]], columns: int, width: int, tall: int
) -> dict[End, tuple[float, float]]:
    """Where each node stands, in px; every column fills the whole height."""
    return {
        end: (_x(i, columns, width), HEAD + PITCH * tall * (j + 0.5) / len(column))
        for i, column in enumerate(ranked)
        for j, end in enumerate(column)
    }


def _x(column: int, columns: int, width: int) -> float:
    """Left edge for the first column; names of the last one need room on its right."""
    last = width * SPREAD
    return 12 + (last - 12) * column / max(1, columns - 1)


def _line(edge: Edge, place: Mapping[End, tuple[float, float]], top: float) -> str:
    (x1, y1), (x2, y2) = place[edge.source], place[edge.target]
    colour, dashes = STYLES[edge.origin]
    bend = (x1 + x2) / 2
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="M{x1:.1f} {y1:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}" fill="none" '
        f'stroke="{colour}" stroke-opacity="0.55" stroke-width="{0.6 + 5 * edge.weight / top:.1f}"{dashed}/>'
    )


def _mark(node: Node, place: tuple[float, float], most: float, width: int, columns: int) -> str:
    """A circle, and its name on a white ground so that links do not cross out the letters."""
    x, y = place
    radius = 3.5 + 5 * (node.weight / most) ** 0.5
    room = width / columns - 22
    text = escape(squeeze(node.name, max(8, round(room / 6.0))))
    ground = f'stroke="#ffffff" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke" fill="{theme.INK}"'
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{theme.INK}"><title>{escape(node.name)}</title>'
        f'</circle><text x="{x + radius + 3:.1f}" y="{y + 3.8:.1f}" font-size="10.5" {ground}>{text}</text>'
    )


def _legend(words: Mapping[str, str]) -> str:
    parts, x = [], 8
    for origin, name in words.items():
        colour, dashes = STYLES[origin]
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        parts.append(
            f'<path d="M{x} 14H{x + 30}" stroke="{colour}" stroke-width="3"{dashed}/>'
            f'<text x="{x + 36}" y="18" font-size="11.5" fill="{theme.INK}">{escape(name)}</text>'
        )
        x += 62 + 7 * len(name)
    return "".join(parts)
