"""Commitments against limits and money: what is already promised must itself be allowed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from khien.programme.planned import charges, planning_values
from khien.programme.quarters import quarter_number, quarter_year
from khien.programme.rules.options import is_profile
from khien.programme.settings import Settings
from khien.programme.sheet import Desk


@dataclass(frozen=True)
class Commitment:
    """A committed or running project with its spending by year, in million VND."""

    project: str
    keys: dict[str, str | None]
    by_year: dict[int, int]


def commitments_keep_limits(desk: Desk) -> None:
    """Committed projects alone may not break a ceiling; the finding names them and the limit."""
    settings = desk.settings
    sheet = desk["limits"]
    ceilings = (pl.col("kind") == "ceiling") & pl.col("amount_mvnd").is_not_null()
    if settings is None or not sheet.frame.filter(ceilings).height:
        return
    committed = commitments(desk, settings)
    columns = ("id", "over", "key", "from_year", "to_year", "amount_mvnd")
    for line, limit, over, key, first, last, amount in sheet.where(ceilings, *columns):
        spend = {
            c.project: sum(
                v
                for y, v in c.by_year.items()
                if (first is None or first <= y) and (last is None or y <= last)
            )
            for c in committed
            if over == "all" or (over is not None and key is not None and c.keys[over] == key)
        }
        if sum(spend.values()) > amount:
            names = ", ".join(name for name, value in spend.items() if value)
            desk.note(
                "commitment-breaks-limit",
                "limits",
                line,
                "amount_mvnd",
                amount,
                limit=limit,
                projects=names,
                spend=sum(spend.values()),
            )


def commitments_keep_within_the_money(desk: Desk) -> None:
    """Committed projects alone may not need more money than comes in; only the first such year is told."""
    settings = desk.settings
    if settings is None or not desk.frame("money").height:
        return
    income = dict(
        desk.frame("money").drop_nulls().group_by("year").agg(pl.col("amount_mvnd").sum()).iter_rows()
    )
    committed = commitments(desk, settings)
    have = need = 0
    for year in range(quarter_year(settings.first), quarter_year(settings.last) + 1):
        spend = {c.project: c.by_year.get(year, 0) for c in committed}
        if settings.carry_over:
            have, need = have + income.get(year, 0), need + sum(spend.values())
        else:
            have, need = income.get(year, 0), sum(spend.values())
        if need and need > have - settings.reserve_mvnd:
            names = ", ".join(c.project for c in committed if c.by_year)
            desk.note(
                "commitments-exceed-money",
                "money",
                None,
                "amount_mvnd",
                have - settings.reserve_mvnd,
                projects=names,
                spend=need,
                year=year,
            )
            return


def commitments(desk: Desk, settings: Settings) -> list[Commitment]:
    """Every committed or running project whose option and start can be read."""
    projects = desk.frame("projects").filter(pl.col("status").is_in(["committed", "running"]))
    projects = projects.drop_nulls(["id", "option", "start"])
    if not projects.height:
        return []
    options = desk.frame("options").filter(pl.col("id").is_in(projects["option"].to_list()))
    options = options.unique("id", keep="first", maintain_order=True)
    values = {
        row[0]: row[1:]
        for row in planning_values(options, settings).select("id", "duration", "cost").iter_rows()
    }
    rows = {row["id"]: row for row in options.iter_rows(named=True)}
    country = dict(desk.frame("organisations").select("id", "country").iter_rows())
    group: dict[str, str | None] = {}
    for table in ("technologies", "products"):
        group |= dict(desk.frame(table).select("id", "group").iter_rows())
    found = []
    for row in projects.iter_rows(named=True):
        option = rows.get(row["option"])
        if option is None or row["option"] not in values or not is_profile(option["spend_profile"] or "1"):
            continue
        duration, cost = values[row["option"]]
        by_year: dict[int, int] = defaultdict(int)
        start = quarter_number(row["start"]) - settings.first
        for quarter, amount in charges(cost, duration, option["spend_profile"], start, row["spent_mvnd"]):
            if settings.first + quarter <= settings.last:
                by_year[quarter_year(settings.first + quarter)] += amount
        own = option["form"] == "own"
        keys = {
            "group": group.get(row["subject"]),
            "partner": None if own else option["partner"],
            "country": settings.home_country if own else country.get(option["partner"]),
            "risk_class": row["risk_class"],
            "form": option["form"],
        }
        found.append(Commitment(row["id"], keys, dict(by_year)))
    return found


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    commitments_keep_limits,
    commitments_keep_within_the_money,
)
