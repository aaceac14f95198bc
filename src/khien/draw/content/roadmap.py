"""The roadmap chapter: all groups at a glance, then one chart per group, folded; and both lists."""

from __future__ import annotations

from functools import partial

import polars as pl

from khien.draw import charts
from khien.draw.blocks import Block, Figure, Fold, Section, Table
from khien.draw.charts.common import called
from khien.draw.charts.partners import form_name
from khien.draw.charts.roadmap import status_name
from khien.draw.numbers import MISSING, money, number, percent, quarter
from khien.draw.results import Results
from khien.words import t

ROWS_PER_PAGE = 30
"""Bars that fit on one printed page."""

RISKS = {
    "low": "draw_risk_low",
    "medium": "draw_risk_medium",
    "high": "draw_risk_high",
    "very_high": "draw_risk_very_high",
}


def risk_name(risk: str | None, lang: str) -> str:
    """Return the word for a class of risk."""
    return t(RISKS[risk], lang) if risk in RISKS else (risk or MISSING)


def roadmap(results: Results, lang: str) -> Section:
    """Return the overview and one folded chart per product group."""
    frame, names = results.frame("roadmap"), results.called("groups", lang)
    groups = sorted(frame["group"].drop_nulls().unique().to_list(), key=lambda g: called(names, g))
    spend = results.frame("spend_by")
    overview = Figure(
        "roadmap-overview",
        t("draw_fig_overview", lang),
        t("draw_fig_overview_note", lang),
        t("draw_fig_overview_alt", lang, groups=len(groups), projects=len(frame)),
        spend.filter(pl.col("kind") == "group"),
        partial(charts.roadmap_overview, frame, spend, lang, names, results.years) if _has(spend, "group") else None,
    )
    folds: list[Block] = [_group(results, lang, group) for group in groups]
    lead = t("draw_roadmap_lead", lang) if groups else t("draw_roadmap_empty", lang)
    return Section("roadmap", t("draw_roadmap", lang), lead, [overview, *folds])


def _has(spend: pl.DataFrame, kind: str) -> bool:
    return bool((spend["kind"] == kind).any())


def _group(results: Results, lang: str, group: str) -> Fold:
    """Return the folded chart of one group."""
    rows = results.frame("roadmap").filter(pl.col("group") == group).sort("start", "end", "project")
    name = called(results.called("groups", lang), group)
    draw = partial(
        charts.roadmap,
        lang=lang,
        names=results.parties(lang),
        stages=results.called("stages", lang),
        years=results.years,
    )

    def drawn(part: pl.DataFrame, width: int) -> charts.Chart:
        return draw(part, width=width)

    pages = -(-len(rows) // ROWS_PER_PAGE)
    size = -(-len(rows) // max(1, pages))
    figure = Figure(
        f"roadmap-{group}",
        name,
        t("draw_fig_roadmap_note", lang),
        t("draw_fig_roadmap_alt", lang, group=name, n=len(rows)),
        rows,
        partial(drawn, rows),
        landscape=True,
        parts=[partial(drawn, rows.slice(i * size, size)) for i in range(pages)],
    )
    detail = t("draw_group_detail", lang, n=number(len(rows), lang), cost=money(int(rows["cost_mvnd"].sum()), lang))
    return Fold(f"group-{group}", name, detail, [figure])


def chosen(results: Results, lang: str) -> Section:
    """Return the list of all chosen projects."""
    names, stages, parties = (
        results.called("groups", lang),
        results.called("stages", lang),
        results.parties(lang),
    )
    rows = [
        [
            row[f"name_{lang}"],
            called(names, row["group"]),
            called(stages, row["to_stage"]),
            form_name(row["form"], lang),
            called(parties, row["partner"]),
            quarter(row["start_quarter"], lang),
            quarter(row["end_quarter"], lang),
            money(row["cost_mvnd"], lang),
            percent(row["success_share"], lang),
            risk_name(row["risk_class"], lang),
            status_name(row["status"], lang),
            row["project"],
        ]
        for row in results.frame("roadmap").sort("start", "end", "project").iter_rows(named=True)
    ]
    heads = (
        "draw_project", "draw_group", "draw_to_stage", "draw_form", "draw_partner", "draw_start", "draw_end",
        "draw_cost", "draw_success", "draw_risk_class", "draw_status", "draw_id",
    )  # fmt: skip
    table = Table(
        "chosen", t("draw_chosen_table", lang, n=len(rows)), [t(h, lang) for h in heads], rows,
        frozenset({7, 8}), wide=frozenset({0, 1, 4}), long=True, empty=t("draw_chosen_empty", lang),
    )  # fmt: skip
    return Section("chosen", t("draw_chosen", lang), t("draw_chosen_lead", lang), [table])


PINS = {"must": "draw_pin_must", "must_not": "draw_pin_must_not"}


def refused(results: Results, lang: str) -> Section:
    """Return the list of candidates that were not chosen."""
    names, stages = results.called("groups", lang), results.called("stages", lang)
    subjects = results.subjects(lang)
    rows = [
        [
            row[f"name_{lang}"],
            called(names, row["group"]),
            called(subjects, row["subject"]),
            called(stages, row["to_stage"]),
            risk_name(row["risk_class"], lang),
            number(row["options"], lang),
            t(PINS[row["pin"]], lang) if row["pin"] in PINS else MISSING,
            row["project"],
        ]
        for row in results.frame("refused").iter_rows(named=True)
    ]
    heads = (
        "draw_project", "draw_group", "draw_subject", "draw_to_stage", "draw_risk_class", "draw_options",
        "draw_pin", "draw_id",
    )  # fmt: skip
    table = Table(
        "refused", t("draw_refused_table", lang, n=len(rows)), [t(h, lang) for h in heads], rows,
        frozenset({5}), wide=frozenset({0, 1, 2}), long=True, empty=t("draw_refused_empty", lang),
    )  # fmt: skip
    lead = t("draw_refused_lead_told" if results.reasons(lang) else "draw_refused_lead", lang)
    return Section("refused", t("draw_refused", lang), lead, [table])
