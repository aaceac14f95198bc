"""The price of independence: what every promise costs, and what is bought for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl

from khien.draw import charts
from khien.draw.blocks import Block, Figure, Section, Table
from khien.draw.charts.common import called
from khien.draw.numbers import MISSING, money, number, percent
from khien.draw.results import Results
from khien.words import t

NAMED = 8
"""Projects named per step; the CSV of the frontier has all."""

CHANGES = {"in": "draw_bought_in", "out": "draw_bought_out", "option": "draw_bought_option"}


def frontier(results: Results, lang: str) -> Section | None:
    """Return the chapter on the price of independence, or None when no frontier was given."""
    told = results.told.get("frontier")
    if told is None:
        return None
    points = results.frame("frontier")
    if told["measure"] == "survival":
        level = percent(told["level"], lang)
        lead = t("draw_frontier_lead_survival", lang, year=told["from_year"], level=level)
    else:
        lead = t("draw_frontier_lead_reliance", lang, year=told["from_year"])
    if told.get("interrupted"):
        lead += " " + t("draw_frontier_interrupted", lang)
    figure = Figure(
        "frontier",
        t("draw_fig_frontier", lang),
        t("draw_fig_frontier_note", lang),
        t("draw_fig_frontier_alt", lang, n=int(points["reached"].sum())),
        points,
        partial(charts.frontier, points, lang, told["measure"]) if points["reached"].any() else None,
    )
    blocks: list[Block] = [figure, _points(points, told, lang), _bought(results, told, lang)]
    return Section("frontier", t("draw_frontier", lang), lead, blocks)


def _promise(told: Mapping[str, Any], value: float, lang: str) -> str:
    if told["measure"] == "survival":
        return t("draw_months_n", lang, n=number(value, lang, 0 if value == round(value) else 1))
    return percent(value, lang, 1)


def _points(points: pl.DataFrame, told: Mapping[str, Any], lang: str) -> Table:
    """A row for every promise."""
    none = t("draw_frontier_none", lang)
    rows = [
        [
            _promise(told, row["promise"], lang),
            number(row["value"], lang, 4) if row["reached"] else none,
            number(row["bound"], lang, 4),
            percent(row["relative_gap"], lang, 2),
            percent(row["self_reliance"], lang, 1),
            money(row["cost_mvnd"], lang),
            number(row["projects"], lang),
        ]
        for row in points.iter_rows(named=True)
    ]
    heads = (
        "draw_promise", "draw_value", "draw_bound", "draw_below_bound", "draw_self_reliance", "draw_cost",
        "draw_projects",
    )  # fmt: skip
    return Table(
        "frontier-points", t("draw_frontier_points", lang), [t(h, lang) for h in heads], rows,
        frozenset(range(1, 7)), wide=frozenset(),
    )  # fmt: skip


def _bought(results: Results, told: Mapping[str, Any], lang: str) -> Table:
    """What each step buys, drops, and does in another form."""
    frame, names = results.frame("frontier_bought"), results.called("projects", lang)
    rows = []
    for promise in results.frame("frontier").filter("reached")["promise"].to_list()[1:]:
        step = frame.filter((pl.col("promise") - promise).abs() < 1e-9)
        cells = [_named(step.filter(pl.col("change") == change), names, lang) for change in CHANGES]
        rows.append([_promise(told, promise, lang), *cells])
    heads = ("draw_promise", *CHANGES.values())
    return Table(
        "frontier-bought", t("draw_bought", lang), [t(h, lang) for h in heads], rows, wide=frozenset({1, 2, 3}),
        empty=t("draw_bought_empty", lang),
    )  # fmt: skip


def _named(rows: pl.DataFrame, names: Mapping[str, str], lang: str) -> str:
    keys = rows["project"].to_list()
    said = "; ".join(called(names, key) for key in keys[:NAMED])
    if len(keys) > NAMED:
        return t("draw_and_more", lang, names=said, more=number(len(keys) - NAMED, lang))
    return said or MISSING
