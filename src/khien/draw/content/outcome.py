"""What the plan reaches: coverage, self-reliance, products in service."""

from __future__ import annotations

from functools import partial

import polars as pl

from khien.draw import charts
from khien.draw.blocks import Block, Figure, Section, Table
from khien.draw.charts.common import called
from khien.draw.numbers import MISSING, percent, quarter
from khien.draw.results import Results
from khien.words import t

ROWS_PER_PAGE = 28
"""Rows of a heat map that fit on one printed page."""


def outcome(results: Results, lang: str) -> Section:
    """Return the chapter on coverage and self-reliance, by year and by capability."""
    frame = results.frame("coverage_by_year")
    whole = frame.filter((pl.col("capability") == "all") & pl.col("coverage").is_not_null())
    lines = Figure(
        "coverage",
        t("draw_fig_coverage", lang),
        t("draw_fig_coverage_note", lang),
        t("draw_fig_coverage_alt", lang),
        frame.filter(pl.col("capability") == "all").select("year", "coverage", "self_reliance"),
        partial(charts.coverage_by_year, frame, lang) if len(whole) else None,
    )
    blocks: list[Block] = [
        lines,
        weakest(results, lang),
        heat(results, lang, "coverage"),
        heat(results, lang, "self_reliance"),
        in_service(results, lang),
    ]
    return Section("outcome", t("draw_outcome", lang), t("draw_outcome_lead", lang), blocks)


_HEAT = {
    "coverage": ("draw_fig_heat_coverage", "draw_fig_heat_coverage_note"),
    "self_reliance": ("draw_fig_heat_reliance", "draw_fig_heat_reliance_note"),
}


def heat(results: Results, lang: str, measure: str) -> Figure:
    """Return the heat map of one measure, capability by year."""
    frame = results.frame("coverage_by_year")
    rows = frame.filter(pl.col("capability") != "all")
    names = results.called("capabilities", lang)
    title, note = (t(key, lang) for key in _HEAT[measure])
    order = charts.weakest_first(rows, measure)
    size = -(-len(order) // max(1, -(-len(order) // ROWS_PER_PAGE)))
    parts = [
        partial(charts.capability_heat, rows.filter(pl.col("capability").is_in(chunk)), lang, names, measure)
        for chunk in (order[i : i + size] for i in range(0, len(order), size or 1))
    ]
    return Figure(
        f"heat-{measure.replace('_', '-')}",
        title,
        note,
        t("draw_fig_heat_alt", lang, n=len(order)),
        rows.select("capability", "year", measure),
        partial(charts.capability_heat, rows, lang, names, measure) if len(rows) else None,
        landscape=True,
        parts=parts,
    )


def weakest(results: Results, lang: str, most: int = 8) -> Table:
    """Return the capabilities with the least coverage in the last year: where the plan leaves holes."""
    rows = results.frame("coverage_by_year").filter(
        (pl.col("capability") != "all") & (pl.col("year") == results.years[1]) & pl.col("coverage").is_not_null()
    )
    rows = rows.sort("coverage", "self_reliance", "capability").head(most)
    names = results.called("capabilities", lang)
    cells = [
        [called(names, c), percent(cov, lang), percent(rel, lang), percent(cov - rel, lang)]
        for c, cov, rel in rows.select("capability", "coverage", "self_reliance").iter_rows()
    ]
    heads = ("draw_capability", "draw_coverage", "draw_self_reliance", "draw_lost_in_cut")
    return Table(
        "weakest",
        t("draw_weakest", lang, year=results.years[1]),
        [t(h, lang) for h in heads],
        cells,
        frozenset({1, 2, 3}),
        empty=t("draw_no_requirement", lang),
    )


def in_service(results: Results, lang: str) -> Table:
    """Return when each product enters service and from when it is held at home."""
    names = results.called("products", lang)

    def when(index: int | None) -> str:
        if index is None:
            return MISSING
        return t("draw_from_start", lang) if index <= 0 else quarter(results.programme.label(index), lang)

    rows = results.frame("in_service").sort("from_quarter", "product", nulls_last=True)
    cells = [[called(names, p), when(a), when(b), p] for p, a, b in rows.iter_rows()]
    heads = ("draw_product", "draw_in_service_from", "draw_at_home_from", "draw_id")
    return Table(
        "in-service", t("draw_in_service", lang), [t(h, lang) for h in heads], cells, long=True,
        empty=t("draw_no_products", lang),
    )  # fmt: skip
