"""The value chain: technologies by stage as a table, and who hangs on whom as a network."""

from __future__ import annotations

from functools import partial
from typing import Final

import polars as pl

from khien.board.charts.blocks import Cell, Grid
from khien.board.charts.network import Edge, Node, drawn
from khien.board.charts.pictures import Drawing
from khien.draw.charts.common import called
from khien.draw.numbers import MISSING, number, percent
from khien.draw.results import Results
from khien.reliance import links
from khien.words import t

COLUMNS: Final = ("country", "organisation", "item", "product", "capability")
MOST: Final = {"country": 10, "organisation": 16, "item": 14, "product": 14, "capability": 14}
"""Nodes of a column, those on which most hangs first; the file of numbers has them all."""
SHADES: Final = (0.001, 0.2, 0.4, 0.6, 0.8, 0.95)


def stages_grid(results: Results, lang: str, kind: str) -> Grid:
    """Return how far each technology or product is mastered at each stage, the least mastered first."""
    frame = results.frame("mastery").filter(pl.col("kind") == kind)
    names, stages = results.subjects(lang), results.called("stages", lang)
    order = frame.select("stage", "order").unique().sort("order")["stage"].to_list()
    mean = frame.group_by("subject").agg(pl.col("level").fill_null(0).mean()).sort("level", "subject")
    known = {(row["subject"], row["stage"]): row for row in frame.iter_rows(named=True)}
    rows = [
        (called(names, subject), [_stage(known.get((subject, stage)), lang) for stage in order])
        for subject in mean["subject"].to_list()
    ]
    legend = [Cell(percent(step, lang), i + 1) for i, step in enumerate((0, *SHADES[1:]))]
    legend += [Cell("◆", None, t("pages_at_home", lang)), Cell("◇", None, t("pages_mastered", lang))]
    legend.append(Cell(MISSING, None, t("pages_not_known", lang)))
    return Grid(
        "stages-grid", t("pages_stages_grid", lang), t("pages_stages_grid_note", lang, n=number(len(rows), lang)),
        t("draw_name", lang), [called(stages, stage) for stage in order], rows, legend,
        frame.select("subject", "stage", "level", "domestic_share", "mastered", "at_home", "status").write_csv(),
    )  # fmt: skip


def _stage(row: dict[str, object] | None, lang: str) -> Cell:
    level = None if row is None else row["level"]
    if row is None or not isinstance(level, float):
        return Cell(MISSING)
    sign = "◆" if row["at_home"] else "◇" if row["mastered"] else ""
    shade = sum(level >= step for step in SHADES)
    return Cell(f"{percent(level, lang)} {sign}".strip(), max(shade, 1))


def network(results: Results, lang: str) -> Drawing:
    """Return the picture of who hangs on whom: country of control, organisation, item, product, capability."""
    edges = found(results)
    nodes = _nodes(edges, results, lang)
    kept = [e for e in edges if (e.source in nodes and e.target in nodes)]
    heads = [t(f"pages_chain_{column}", lang) for column in COLUMNS]
    rows = pl.DataFrame(
        [(e.source[0], e.source[1], e.target[0], e.target[1], e.weight) for e in edges],
        schema=["source_kind", "source", "target_kind", "target", "weight"], orient="row",
    )  # fmt: skip
    words = {origin: t(f"draw_origin_{origin}", lang) for origin in ("home", "abroad", "unknown")}
    return Drawing(
        "network",
        t("pages_network", lang),
        t("pages_network_note", lang, shown=number(len(kept), lang), all=number(len(edges), lang)),
        t("pages_network_alt", lang, nodes=number(len(nodes), lang), links=number(len(kept), lang)),
        partial(drawn, nodes, kept, heads, words),
        rows.write_csv,
    )


def found(results: Results) -> list[Edge]:
    """Return all links from a country of control to a capability, those that carry most first.

    A link from an item on carries what the paths through it carry (see `khien.draw.chain`); one before it carries the
    share of the item that comes that way times what hangs on the item.
    """
    chain, home = results.frame("chain"), results.programme.settings.home_country
    hangs = dict(chain.group_by("item").agg(pl.col("weight").sum()).iter_rows())
    rows = links(results.programme)
    owner = dict(rows.filter(pl.col("target_kind") == "site").select("target", "source").iter_rows())
    control = dict(rows.filter(pl.col("target_kind") == "organisation").select("target", "source").iter_rows())
    sums: dict[tuple[tuple[str, str], tuple[str, str], str], float] = {}
    for site, item, share in (
        rows.filter(pl.col("source_kind") == "site").select("source", "target", "weight").iter_rows()
    ):
        firm = owner.get(site, "?")
        country = control.get(firm, "?")
        origin = "unknown" if country == "?" else "home" if country == home else "abroad"
        weight = share * hangs.get(item, 0.0)
        first, second, third = ("country", country), ("organisation", firm), ("item", item)
        for step in ((first, second, origin), (second, third, origin)):
            sums[step] = sums.get(step, 0.0) + weight
    for a, b in (("item", "product"), ("product", "capability")):
        for source, target, weight in chain.group_by(a, b).agg(pl.col("weight").sum()).iter_rows():
            sums[(a, source), (b, target), ""] = weight
    edges = [Edge(source, target, weight, origin) for (source, target, origin), weight in sums.items() if weight > 0]
    return sorted(edges, key=lambda e: (-e.weight, e.source, e.target))


def _nodes(edges: list[Edge], results: Results, lang: str) -> dict[tuple[str, str], Node]:
    """The nodes of every column that carry most, with their names."""
    weight: dict[tuple[str, str], float] = {}
    for edge in edges:
        ends = (edge.source, edge.target) if edge.source[0] == "country" else (edge.target,)
        for end in ends:
            weight[end] = weight.get(end, 0.0) + edge.weight
    tables = {"country": "countries", "item": "items", "product": "products", "capability": "capabilities"}
    names = {column: results.called(tables.get(column, "organisations"), lang) for column in COLUMNS}
    nodes = {}
    for i, column in enumerate(COLUMNS):
        mine = sorted((end for end in weight if end[0] == column), key=lambda end: (-weight[end], end[1]))
        for end in mine[: MOST[column]]:
            name = t("draw_origin_unknown", lang) if end[1] == "?" else called(names[column], end[1])
            nodes[end] = Node(name, i, weight[end])
    return nodes
