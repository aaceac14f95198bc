"""What leaves with each partner on whom most depends: one folded block a partner."""

from __future__ import annotations

import polars as pl

from khien.draw.blocks import Block, Fold, Table, Text
from khien.draw.charts.common import called
from khien.draw.charts.partners import form_name
from khien.draw.numbers import money, number, percent, quarter
from khien.draw.results import Results
from khien.words import t

ROWS = 10
"""Rows of a table in a partner's block; the workbook has them all."""

SMALL = 5e-4

FIGURES = frozenset(
    {
        "draw_coverage_before",
        "draw_coverage_after",
        "draw_months_held",
        "draw_item_share",
        "draw_item_others",
        "draw_cost",
    }
)
"""Columns of numbers, by the word key of their heads."""


def leaving(results: Results, lang: str) -> list[Block]:
    """Return a line of introduction and one fold per partner, most depended on first."""
    frame = results.frame("leaving")
    partners = frame["partner"].unique(maintain_order=True).to_list()
    if not partners:
        return []
    year = results.years[1]
    hangs = results.frame("dependence").filter(pl.col("by") == "partner")
    unsure = hangs.filter(pl.col("lost_known") <= SMALL, pl.col("lost_worst") > SMALL).height
    fields = {"n": number(len(partners), lang), "unsure": number(unsure, lang)}
    intro = Text(t("draw_leaving_note", lang, year=year, **fields))
    return [intro, *(_block(results, lang, partner) for partner in partners)]


def _block(results: Results, lang: str, partner: str) -> Fold:
    rows = results.frame("leaving").filter(pl.col("partner") == partner)
    hangs = results.frame("dependence").filter(pl.col("by") == "partner", pl.col("key") == partner)
    known, worst = hangs.select("lost_known", "lost_worst").row(0) if len(hangs) else (None, None)
    detail = t("draw_leaving_detail", lang, known=percent(known, lang, 1), worst=percent(worst, lang, 1))
    makers = {"capability": _capabilities, "item": _items, "subject": _subjects}
    tables = [make(results, lang, rows.filter(pl.col("kind") == kind), partner) for kind, make in makers.items()]
    tables.append(_projects(results, lang, partner))
    name = t("draw_leaving", lang, partner=called(results.parties(lang), partner))
    return Fold(f"leaving-{partner}", name, detail, [table for table in tables if table.rows])


def _capabilities(results: Results, lang: str, rows: pl.DataFrame, partner: str) -> Table:
    names = results.called("capabilities", lang)
    whole = t("draw_whole", lang)
    cells = [
        [
            whole if row["key"] == "all" else called(names, row["key"]),
            percent(row["coverage"], lang, 1),
            _between(percent(row["worst"], lang, 1), percent(row["best"], lang, 1)),
            _between(number(row["months_worst"], lang), number(row["months_best"], lang)),
        ]
        for row in rows.head(ROWS).iter_rows(named=True)
    ]
    heads = ("draw_capability", "draw_coverage_before", "draw_coverage_after", "draw_months_held")
    return _table(f"leaving-capabilities-{partner}", "draw_leaving_capabilities", heads, cells, len(rows), lang)


def _items(results: Results, lang: str, rows: pl.DataFrame, partner: str) -> Table:
    names = results.called("items", lang)
    cells = [
        [
            called(names, row["key"]),
            percent(row["share"], lang),
            number(row["others"], lang),
            _products(results, lang, row["products"]),
        ]
        for row in rows.head(ROWS).iter_rows(named=True)
    ]
    heads = ("draw_item", "draw_item_share", "draw_item_others", "draw_products_hit")
    return _table(f"leaving-items-{partner}", "draw_leaving_items", heads, cells, len(rows), lang)


def _subjects(results: Results, lang: str, rows: pl.DataFrame, partner: str) -> Table:
    names = results.subjects(lang)
    cells = [
        [called(names, row["key"]), _products(results, lang, row["products"])]
        for row in rows.head(ROWS).iter_rows(named=True)
    ]
    heads = ("draw_subject", "draw_products_hit")
    return _table(f"leaving-subjects-{partner}", "draw_leaving_subjects", heads, cells, len(rows), lang)


def _projects(results: Results, lang: str, partner: str) -> Table:
    """Projects of the plan that are carried out with them."""
    with_them = results.frame("roadmap").filter(pl.col("partner") == partner).sort("start", "project")
    cells = [
        [
            row[f"name_{lang}"],
            form_name(row["form"], lang),
            quarter(row["start_quarter"], lang),
            quarter(row["end_quarter"], lang),
            money(row["cost_mvnd"], lang),
        ]
        for row in with_them.head(ROWS).iter_rows(named=True)
    ]
    heads = ("draw_project", "draw_form", "draw_start", "draw_end", "draw_cost")
    return _table(f"leaving-projects-{partner}", "draw_leaving_projects", heads, cells, len(with_them), lang)


def _table(key: str, title: str, heads: tuple[str, ...], cells: list[list[str]], whole: int, lang: str) -> Table:
    """A table that says in its title how many rows are not shown."""
    said = t(title, lang)
    if whole > len(cells):
        said = t("draw_first_of", lang, title=said, shown=number(len(cells), lang), of=number(whole, lang))
    words = {0, len(heads) - 1} if heads[-1] == "draw_products_hit" else {0}
    numeric = frozenset(i for i, head in enumerate(heads) if head in FIGURES)
    return Table(key, said, [t(head, lang) for head in heads], cells, numeric, wide=frozenset(words))


def _between(worst: str, best: str) -> str:
    return worst if worst == best else f"{worst} … {best}"


def _products(results: Results, lang: str, keys: str, most: int = 3) -> str:
    """Names of the first products, and how many more there are."""
    names, all_ = results.called("products", lang), keys.split("; ")
    said = ", ".join(called(names, key) for key in all_[:most])
    more = len(all_) - most
    return said if more <= 0 else t("draw_and_more", lang, names=said, more=number(more, lang))
