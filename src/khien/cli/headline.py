"""The few lines that say what a plan is worth, how good it is and why the search stopped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from khien.cli.output import number, percent
from khien.plan import frames
from khien.words import t

if TYPE_CHECKING:
    from khien.plan import Plan
    from khien.programme import Programme


def plan_record(plan: Plan) -> dict[str, Any]:
    """What a plan says of itself, as JSON; a bound or gap that is not known is null."""
    names = ("status", "why_stopped", "value", "bound", "nothing", "gap", "relative_gap", "seconds", "seed")
    record: dict[str, Any] = {name: getattr(plan, name) for name in (*names, "clocked", "programme_hash", "version")}
    record |= {"expected_value": plan.expected_value, "tail_value": plan.tail_value}
    fixed = int(plan.choices["fixed"].sum())
    record |= {"chosen": plan.choices.height - fixed, "fixed": fixed}
    return {name: None if value in (math.inf, -math.inf) else value for name, value in record.items()}


def headline_record(programme: Programme, plan: Plan) -> dict[str, Any]:
    """The headline as JSON: the plan's own record, money in all, coverage and self-reliance by year."""
    years = _by_year(programme, plan).select("year", "coverage", "self_reliance").to_dicts()
    return {**plan_record(plan), "money_mvnd": _money(programme, plan), "years": years}


def headline_lines(programme: Programme, plan: Plan, lang: str) -> Iterator[str]:
    """The headline as text."""
    yield programme.settings.title(lang)
    yield from plan.summary(lang).splitlines()
    amounts = {kind: number(amount / 1000, lang) for kind, amount in _money(programme, plan).items()}
    yield t("cli_headline_money", lang, **amounts)
    yield ""
    yield from _year_lines(_by_year(programme, plan), lang)


def _year_lines(table: pl.DataFrame, lang: str) -> Iterator[str]:
    shown = milestones(table["year"].to_list())
    rows = {row["year"]: row for row in table.to_dicts()}
    labels = [
        t("cli_headline_year", lang),
        t("cli_headline_coverage", lang),
        t("cli_headline_reliance", lang),
    ]
    wide = max(len(label) for label in labels)
    yield f"{labels[0]:<{wide}}" + "".join(f"{year:>9}" for year in shown)
    for label, column in zip(labels[1:], ("coverage", "self_reliance"), strict=True):
        yield f"{label:<{wide}}" + "".join(f"{percent(rows[year][column], lang, 1):>9}" for year in shown)


def milestones(years: Sequence[int], count: int = 6) -> list[int]:
    """At most ``count`` years to show: the first, the last, and those between that end in 5 or 0."""
    round_years = [year for year in years[1:-1] if year % 5 == 0]
    step = max(1, -(-len(round_years) // max(1, count - 2)))
    return sorted({years[0], years[-1], *round_years[::step]})


def _by_year(programme: Programme, plan: Plan) -> pl.DataFrame:
    return frames.coverage_by_year(programme, plan).filter(pl.col("capability") == "all").sort("year")


def _money(programme: Programme, plan: Plan) -> dict[str, int]:
    """Income, everything that is spent, and what is left at the end of the horizon, million VND."""
    table = frames.money_by_year(programme, plan)
    income = int(table.filter(pl.col("kind") == "income")["amount_mvnd"].sum())
    spend = int(table.filter(pl.col("kind").is_in(["spend", "training", "obligation"]))["amount_mvnd"].sum())
    return {"income": income, "spend": spend, "left": income - spend}
