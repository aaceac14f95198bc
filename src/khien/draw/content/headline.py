"""What was found, how good it is, and what to do first."""

from __future__ import annotations

import math

import polars as pl

from khien.draw.blocks import Block, Fact, Facts, Notice, Section, Table, Text
from khien.draw.charts.common import called
from khien.draw.charts.partners import form_name
from khien.draw.content.provenance import illustrative_share
from khien.draw.numbers import MISSING, money, number, percent, quarter
from khien.draw.results import Results
from khien.words import t

WHY = {
    "optimal": "draw_stopped_optimal",
    "gap": "draw_stopped_gap",
    "time": "draw_stopped_time",
    "work": "draw_stopped_work",
    "interrupt": "draw_stopped_interrupt",
}


def finite(value: float, lang: str, digits: int = 3) -> str:
    """Write a number; infinity (no bound known) is a dash."""
    return number(value, lang, digits) if math.isfinite(value) else MISSING


def reached(results: Results, column: str) -> tuple[float | None, float | None]:
    """Return a measure of the whole programme in the first and the last year that has one."""
    rows = results.frame("coverage_by_year").filter(pl.col("capability") == "all").sort("year")
    values = rows[column].drop_nulls().to_list()
    return (values[0], values[-1]) if values else (None, None)


def headline(results: Results, lang: str) -> Section:
    """Return the first chapter: value, bound, gap, what is reached, and for how much."""
    plan, roadmap = results.plan, results.frame("roadmap")
    last = results.years[1]
    facts = []
    for key, column in (("draw_coverage_in", "coverage"), ("draw_reliance_in", "self_reliance")):
        first_value, last_value = reached(results, column)
        hint = t("draw_from_share", lang, share=percent(first_value, lang), year=results.years[0])
        facts.append(Fact(t(key, lang, year=last), percent(last_value, lang), hint))
    free = int((~roadmap["fixed"]).sum()) if len(roadmap) else 0
    refused = len(results.frame("refused"))
    facts.append(
        Fact(
            t("draw_projects_chosen", lang),
            number(len(roadmap), lang),
            t("draw_projects_chosen_hint", lang, fixed=len(roadmap) - free, free=free, refused=refused),
        )
    )
    spent = results.frame("money_by_year").filter(pl.col("kind").is_in(["spend", "training", "obligation"]))
    income = results.frame("money_by_year").filter(pl.col("kind") == "income")
    hint = t("draw_spend_hint", lang, income=money(int(income["amount_mvnd"].sum()), lang))
    facts.append(Fact(t("draw_spend_total", lang), money(int(spent["amount_mvnd"].sum()), lang), hint))
    facts += [
        Fact(
            t("draw_value", lang),
            finite(plan.value, lang),
            t("draw_nothing_hint", lang, value=finite(plan.nothing, lang)),
        ),
        Fact(t("draw_bound", lang), finite(plan.bound, lang), t("draw_bound_hint", lang)),
        Fact(
            t("draw_gap", lang),
            _gap(plan.gap, lang),
            t("draw_gap_hint", lang, relative=_gap(plan.relative_gap, lang)),
        ),
        Fact(
            t("draw_search_time", lang),
            t("draw_seconds_n", lang, n=number(plan.seconds, lang, 1)),
            t(WHY[plan.why_stopped], lang),
        ),
    ]
    blocks: list[Block] = [*_notices(results, lang), Facts(facts), Text(_sentence(results, lang))]
    return Section("headline", t("draw_headline", lang), "", blocks)


def _gap(share: float, lang: str) -> str:
    return percent(share, lang, 1) if math.isfinite(share) else MISSING


def _notices(results: Results, lang: str) -> list[Block]:
    share = illustrative_share(results.programme)
    notices: list[Block] = []
    if share > 0:
        notices.append(
            Notice(t("draw_illustrative", lang), t("draw_illustrative_text", lang, share=percent(share, lang)))
        )
    if results.frame("roadmap").is_empty():
        notices.append(Notice(t("draw_empty_plan", lang), t("draw_empty_plan_text", lang)))
    return notices


def _sentence(results: Results, lang: str) -> str:
    """Return one sentence that says how good the plan is."""
    plan = results.plan
    if plan.status == "optimal":
        return t("draw_good_optimal", lang)
    if not math.isfinite(plan.gap):
        return t("draw_good_unknown", lang)
    return t("draw_good_gap", lang, gap=_gap(plan.gap, lang))


def first_steps(results: Results, lang: str) -> Section:
    """Return the projects that start in the first four quarters of the plan."""
    now = results.programme.quarter(results.plan.settings.from_quarter or results.programme.settings.first_quarter)
    rows = results.frame("roadmap").filter(pl.col("start").is_between(now, now + 3)).sort("start", "project")
    table = Table(
        "first-steps",
        t("draw_first_steps_table", lang),
        [t(k, lang) for k in _STEP_HEADS],
        [step_row(row, results, lang) for row in rows.iter_rows(named=True)],
        frozenset({4}),
        wide=frozenset({0, 5}),
        empty=t("draw_first_steps_empty", lang),
    )
    lead = t("draw_first_steps_lead", lang, n=len(rows), cost=money(int(rows["cost_mvnd"].sum()), lang))
    return Section("first-steps", t("draw_first_steps", lang), lead if len(rows) else "", [table])


_STEP_HEADS = (
    "draw_project",
    "draw_start",
    "draw_form",
    "draw_partner",
    "draw_cost",
    "draw_group",
    "draw_id",
)


def step_row(row: dict[str, object], results: Results, lang: str) -> list[str]:
    """Return the cells of one project that starts soon."""
    partner = row["partner"]
    return [
        str(row[f"name_{lang}"]),
        quarter(str(row["start_quarter"]), lang),
        form_name(str(row["form"]), lang),
        called(results.parties(lang), str(partner)) if partner else MISSING,
        money(row["cost_mvnd"], lang),  # type: ignore[arg-type]
        called(results.called("groups", lang), str(row["group"])),
        str(row["project"]),
    ]
