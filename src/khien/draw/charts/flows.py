"""The value chain as flows: from the country of control over items and products to capabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import Chart, Names, called, finish, inline, is_narrow, shorten
from khien.draw.numbers import number
from khien.words import t

COLUMNS = ("country", "item", "product", "capability")
OTHERS = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for all that is too small to be drawn alone."""

ORIGINS = {"home": "draw_origin_home", "abroad": "draw_origin_abroad", "unknown": "draw_origin_unknown"}
COLOURS = [theme.BLUE, theme.ORANGE, theme.GREY]
STEPS = 6
GAP = 0.016
"""Between two nodes, as a share of the height."""

PITCH_PX = 13
"""Names of nodes stand at least so far apart."""

ROOM = {True: 0.45, False: 0.24}
"""Room for the names of the last column, on its right, as a share of the rest; by whether it is for a phone."""


@dataclass(frozen=True)
class Node:
    """A block of one column: from top to bottom as shares of the height."""

    key: str
    weight: float
    top: float
    bottom: float


def gathered(frame: pl.DataFrame, columns: Sequence[str], most: int) -> pl.DataFrame:
    """Sum paths over the largest ``most`` of each column; all smaller ones become `OTHERS`."""
    for column in columns:
        total = frame.group_by(column).agg(pl.col("weight").sum()).sort("weight", column, descending=[True, False])
        kept = total[column].head(most if total.height > most + 1 else most + 1).to_list()
        name = pl.when(pl.col(column).is_in(kept)).then(column).otherwise(pl.lit(OTHERS))
        frame = frame.with_columns(name.alias(column))
    return frame.group_by([*columns, "origin"]).agg(pl.col("weight").sum()).sort(*columns, "origin")


def flows(
    frame: pl.DataFrame, lang: str, names: Sequence[Names], home: str, width: int = theme.WIDE, most: int = 12
) -> Chart:
    """Draw the paths of the value chain; on a phone only from countries to capabilities.

    Parameters
    ----------
    frame
        country ("?": not known), item, product, capability, weight.
    names
        Names of countries, items, products and capabilities.
    home
        The home country; what it controls has a colour of its own.
    most
        Nodes of a column; the rest is summed.
    """
    narrow = is_narrow(width)
    height = 420 if narrow else 520
    shown = [0, 3] if narrow else [0, 1, 2, 3]
    columns = [COLUMNS[i] for i in shown]
    origin = (
        pl.when(pl.col("country") == home).then(pl.lit("home"))
        .when(pl.col("country") == "?").then(pl.lit("unknown")).otherwise(pl.lit("abroad"))
    )  # fmt: skip
    rows = gathered(frame.with_columns(origin=origin), columns, most)
    placed = {column: _placed(rows, column) for column in columns}
    labels = {
        column: {**names[i], "?": t("draw_origin_unknown", lang)} for i, column in zip(shown, columns, strict=True)
    }
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 1 + ROOM[narrow]], nice=False))
    y = alt.Y("top:Q", axis=None, scale=alt.Scale(domain=[1, 0], nice=False))
    kinds = [t(key, lang) for key in ORIGINS.values()]
    colour = alt.Color(
        "origin:N", scale=alt.Scale(domain=kinds, range=COLOURS), legend=alt.Legend(columns=1 if narrow else 3)
    )
    ribbons = [r for a, b in pairwise(columns) for r in _ribbons(rows, a, b, columns, placed, labels, lang)]
    amount = alt.Tooltip("amount:N", title=t("draw_flow_weight", lang))
    bands = alt.Chart(inline(ribbons)).mark_area(opacity=0.38, interpolate="monotone").encode(
        x=x, y=y, y2="bottom:Q", color=colour, detail="link:N",
        tooltip=[alt.Tooltip("flow:N", title=t("draw_flow", lang)), amount],
    )  # fmt: skip
    blocks = [
        b for i, column in enumerate(columns) for b in _blocks(placed[column], labels[column], i, columns, narrow, lang)
    ]
    bars = alt.Chart(inline(blocks)).mark_rect(color=theme.INK).encode(
        x=x, x2="right:Q", y=y, y2="bottom:Q",
        tooltip=[alt.Tooltip("name:N", title=t("draw_name", lang)), amount],
    )  # fmt: skip
    texts = alt.Chart(inline(_spread(blocks, PITCH_PX / height))).encode(
        x=alt.X("right:Q", axis=None), y=alt.Y("at:Q", axis=None), text="label:N"
    )
    mark: dict[str, Any] = {"align": "left", "dx": 5, "fontSize": 10 if narrow else 11, "baseline": "middle"}
    halo = texts.mark_text(stroke="#ffffff", strokeWidth=3, strokeOpacity=0.85, **mark)
    layers = [bands, bars, halo, texts.mark_text(color=theme.INK, **mark)]
    return finish(alt.layer(*layers).properties(width=width, height=height))


def _spread(blocks: list[dict[str, Any]], pitch: float) -> list[dict[str, Any]]:
    """Names of nodes with the heights at which they stand: as near to their nodes as the others let them."""
    found: list[dict[str, Any]] = []
    for x in sorted({block["x"] for block in blocks}):
        column = sorted((block for block in blocks if block["x"] == x), key=lambda block: float(block["middle"]))
        heights = [float(block["middle"]) for block in column]
        for i in range(1, len(heights)):
            heights[i] = max(heights[i], heights[i - 1] + pitch)
        lowest = 1.0 - pitch / 2
        for i in reversed(range(len(heights))):
            heights[i] = min(heights[i], lowest)
            lowest = heights[i] - pitch
        found += [
            {"right": block["right"], "at": round(at, 5), "label": block["label"]}
            for block, at in zip(column, heights, strict=True)
        ]
    return found


def _placed(rows: pl.DataFrame, column: str) -> dict[str, Node]:
    """Where the nodes of a column lie, the largest on top and the rest below all."""
    total = rows.group_by(column).agg(pl.col("weight").sum())
    total = total.sort(pl.col(column) == OTHERS, -pl.col("weight"), column)
    room = 1.0 - GAP * (total.height - 1)
    whole, at, found = float(total["weight"].sum()) or 1.0, 0.0, {}
    for key, weight in total.iter_rows():
        size = room * weight / whole
        found[key] = Node(key, weight, at, at + size)
        at += size + GAP
    return found


def _name(labels: Names, key: str, lang: str) -> str:
    return t("draw_flow_others", lang) if key == OTHERS else called(labels, key)


def _ribbons(
    rows: pl.DataFrame, a: str, b: str, columns: Sequence[str], placed: dict[str, dict[str, Node]],
    labels: Mapping[str, Names], lang: str,
) -> list[dict[str, Any]]:  # fmt: skip
    """Points of the bands between two neighbouring columns."""
    left, right = placed[a], placed[b]
    links = rows.group_by(a, b, "origin").agg(pl.col("weight").sum()).to_dicts()
    links.sort(key=lambda r: (left[r[a]].top, right[r[b]].top, r["origin"]))
    start, from_x, to_x = (
        {key: node.top for key, node in left.items()},
        *(columns.index(c) / (len(columns) - 1) for c in (a, b)),
    )
    begins = []
    for row in links:
        node = left[row[a]]
        begins.append(start[row[a]])
        start[row[a]] += (node.bottom - node.top) * row["weight"] / node.weight
    goes, points = {key: node.top for key, node in right.items()}, []
    for i in sorted(
        range(len(links)), key=lambda i: (right[links[i][b]].top, left[links[i][a]].top, links[i]["origin"])
    ):
        row, node = links[i], right[links[i][b]]
        ends, thick = goes[row[b]], (node.bottom - node.top) * row["weight"] / node.weight
        thick_left = (left[row[a]].bottom - left[row[a]].top) * row["weight"] / left[row[a]].weight
        goes[row[b]] += thick
        told = {
            "link": f"{a}{i}", "origin": t(ORIGINS[row["origin"]], lang), "amount": number(row["weight"], lang, 2),
            "flow": f"{_name(labels[a], row[a], lang)} → {_name(labels[b], row[b], lang)}",
        }  # fmt: skip
        for step in range(STEPS + 1):
            share = step / STEPS
            bend = share * share * (3 - 2 * share)
            top = begins[i] + (ends - begins[i]) * bend
            size = thick_left + (thick - thick_left) * bend
            points.append(
                {
                    **told,
                    "x": round(from_x + (to_x - from_x) * share, 4),
                    "top": round(top, 5),
                    "bottom": round(top + size, 5),
                }
            )
    return points


def _blocks(
    nodes: dict[str, Node], labels: Names, column: int, columns: Sequence[str], narrow: bool, lang: str
) -> list[dict[str, Any]]:
    """Nodes of a column with their names; small ones have no name but on pointing at them."""
    last, thick = column == len(columns) - 1, 0.02 if narrow else 0.008
    x = column / (len(columns) - 1)
    letters = 20 if narrow else 30
    return [
        {
            "x": x - thick if last else x, "right": x if last else x + thick, "top": round(node.top, 5),
            "bottom": round(node.bottom, 5), "middle": (node.top + node.bottom) / 2,
            "name": _name(labels, node.key, lang), "amount": number(node.weight, lang, 2),
            "label": shorten(_name(labels, node.key, lang), letters),
        }
        for node in nodes.values()
    ]  # fmt: skip
