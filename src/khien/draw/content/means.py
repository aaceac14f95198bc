"""What the plan needs: money, people, partners."""

from __future__ import annotations

from functools import partial

import polars as pl

from khien.draw import charts
from khien.draw.blocks import Fact, Facts, Figure, Section, Table
from khien.draw.charts.common import called
from khien.draw.charts.partners import total_by
from khien.draw.charts.people import load_by_year
from khien.draw.numbers import MISSING, number, percent, quarter
from khien.draw.results import Results
from khien.words import t


def money_section(results: Results, lang: str) -> Section:
    """Return the chapter on income, spending and cash."""
    frame = results.frame("money_by_year")
    spends = frame.filter(pl.col("amount_mvnd") != 0)
    income = frame.filter(pl.col("kind") == "income")
    flow = Figure(
        "money",
        t("draw_fig_money", lang),
        t("draw_fig_money_note", lang),
        t("draw_fig_money_alt", lang),
        frame,
        partial(charts.money_by_year, frame, lang) if len(spends) else None,
    )
    names = {source: source_name(source, lang) for source in income["source"].unique().drop_nulls()}
    sources = Figure(
        "income",
        t("draw_fig_income", lang),
        t("draw_fig_income_note", lang),
        t("draw_fig_income_alt", lang),
        income.select("year", "source", "amount_mvnd"),
        partial(charts.income_by_source, frame, lang, names) if len(income) else None,
    )
    return Section(
        "money", t("draw_money", lang), t("draw_money_lead", lang), [flow, sources, _money_table(frame, lang)]
    )


SOURCES = {
    "state-budget": "draw_source_state_budget",
    "state-support": "draw_source_state_support",
    "after-tax-profit": "draw_source_after_tax_profit",
    "member-capital": "draw_source_member_capital",
    "science-programme": "draw_source_science_programme",
    "voluntary": "draw_source_voluntary",
    "fund": "draw_source_fund",
}
"""Word key of sources of money that the law names."""


def source_name(source: str, lang: str) -> str:
    """Return what a source of money is called; a slug that is not known is shown as words."""
    if source in SOURCES:
        return t(SOURCES[source], lang)
    words = source.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def _money_table(frame: pl.DataFrame, lang: str) -> Table:
    """Return money by year as a table, in billion VND."""
    kinds = ("income", "spend", "training", "obligation", "cash_end")
    totals = frame.group_by("year", "kind").agg(pl.col("amount_mvnd").sum())
    sums = {(year, kind): amount for year, kind, amount in totals.iter_rows()}
    years = sorted(frame["year"].unique().to_list())
    rows = [[str(y), *(number(sums.get((y, k), 0) / 1000, lang, 1) for k in kinds)] for y in years]
    heads = (
        "draw_year",
        "draw_money_income",
        "draw_money_spend",
        "draw_money_training",
        "draw_money_obligation",
        "draw_money_cash",
    )
    return Table(
        "money-table", t("draw_money_table", lang), [t(h, lang) for h in heads], rows, frozenset(range(1, 6)),
        wide=frozenset(), long=True, empty=t("draw_no_money", lang),
    )  # fmt: skip


def people_section(results: Results, lang: str) -> Section:
    """Return the chapter on skills: how busy, where it binds, and what is trained."""
    frame, names = results.frame("people_by_quarter"), results.called("skills", lang)
    load = Figure(
        "people-load",
        t("draw_fig_load", lang),
        t("draw_fig_load_note", lang),
        t("draw_fig_load_alt", lang),
        load_by_year(frame) if len(frame) else frame,
        partial(charts.people_load, frame, lang, names) if len(frame) else None,
    )
    each = Figure(
        "people",
        t("draw_fig_people", lang),
        t("draw_fig_people_note", lang),
        t("draw_fig_people_alt", lang),
        frame,
        partial(charts.people, frame, lang, names) if len(frame) else None,
    )
    per_cohort = dict(results.programme.training.select("skill", "people_per_cohort").iter_rows())
    rows = [
        [
            called(names, skill),
            quarter(when, lang),
            number(n, lang),
            number(n * per_cohort[skill], lang) if skill in per_cohort else MISSING,
        ]
        for skill, when, n in results.frame("training").select("skill", "start_quarter", "cohorts").iter_rows()
    ]
    heads = ("draw_skill", "draw_start", "draw_cohorts", "draw_people")
    training = Table(
        "training", t("draw_training", lang), [t(h, lang) for h in heads], rows, frozenset({2, 3}),
        long=len(rows) > 12, empty=t("draw_training_empty", lang),
    )  # fmt: skip
    return Section("people", t("draw_people_title", lang), t("draw_people_lead", lang), [load, each, training])


_SPEND = {
    "form": ("draw_fig_form", "draw_fig_form_note"),
    "partner": ("draw_fig_partner", "draw_fig_partner_note"),
    "country": ("draw_fig_country", "draw_fig_country_note"),
}


def partners_section(results: Results, lang: str) -> Section:
    """Return the chapter on partners, countries and forms, with concentration."""
    frame, parties = results.frame("spend_by"), results.parties(lang)
    home = results.programme.settings.home_country
    abroad = frame.filter((pl.col("kind") != "country") | (pl.col("key") != home))
    facts = Facts(
        [
            Fact(t("draw_own_share", lang), _share(frame, "form", "own", lang), t("draw_own_share_hint", lang)),
            Fact(
                t("draw_partners_n", lang),
                number(len(total_by(frame, "partner")), lang),
                t("draw_partners_n_hint", lang),
            ),
            Fact(
                t("draw_hhi_partner", lang),
                _index(charts.concentration(frame, "partner"), lang),
                t("draw_hhi_hint", lang),
            ),
            Fact(
                t("draw_hhi_country", lang),
                _index(charts.concentration(abroad, "country"), lang),
                t("draw_hhi_hint", lang),
            ),
        ]
    )
    figures = [_spend_figure(results, lang, kind, parties) for kind in _SPEND]
    return Section("partners", t("draw_partners", lang), t("draw_partners_lead", lang), [facts, *figures])


def _spend_figure(results: Results, lang: str, kind: str, names: charts.Names) -> Figure:
    frame = results.frame("spend_by")
    rows = frame.filter(pl.col("kind") == kind)
    title, note = (t(key, lang) for key in _SPEND[kind])
    draw: partial[charts.Chart] = (
        partial(charts.spend_by_form, frame, lang, results.years)
        if kind == "form"
        else partial(charts.spend_by, frame, lang, kind, names)
    )
    return Figure(f"spend-{kind}", title, note, f"{title}. {note}", rows, draw if len(rows) else None)


def _share(frame: pl.DataFrame, kind: str, key: str, lang: str) -> str:
    rows = total_by(frame, kind).filter(pl.col("key") == key)
    if frame.is_empty():
        return MISSING
    return percent(float(rows["share"][0]) if len(rows) else 0.0, lang)


def _index(value: float | None, lang: str) -> str:
    return MISSING if value is None else number(value, lang, 2)
