"""Commitments against limits and money: what is already promised must itself be allowed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from khien.programme.planned import charged_spend, planning_values
from khien.programme.quarters import quarter_number, quarter_year
from khien.programme.rules.options import is_profile
from khien.programme.settings import Settings
from khien.programme.sheet import Desk


@dataclass(frozen=True)
class Commitment:
    """A committed or running project with its spending by year, in million VND."""

    project: str
    option: str
    keys: dict[str, str | None]
    by_year: dict[int, int]
    runs: range
    """Quarters of its run from the first of the horizon on; negative ones lie before it."""

    def meets(self, over: str | None, key: str | None) -> bool:
        """Whether a limit over this kind and key counts the project."""
        return over == "all" or (over is not None and key is not None and self.keys[over] == key)

    def within(self, first: int | None, last: int | None) -> int:
        """Spending in these years, both included; None is open."""
        return sum(
            amount
            for year, amount in self.by_year.items()
            if (first is None or first <= year) and (last is None or year <= last)
        )


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
        spend = {c.project: c.within(first, last) for c in committed if c.meets(over, key)}
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


def commitments_leave_room_for_shares_and_floors(desk: Desk) -> None:
    """No other choice may mend a share or floor that the committed projects alone put out of reach.

    At most as much is spent as there is money. A ceiling on a share is lost when the projects it counts take
    more than that share of all the money; a floor, when those it does not count leave too little.
    """
    settings = desk.settings
    sheet = desk["limits"]
    hard = (pl.col("kind") == "floor") | pl.col("share").is_not_null()
    if settings is None or not sheet.frame.filter(hard).height or not desk.frame("money").height:
        return
    committed = commitments(desk, settings)
    columns = ("id", "kind", "over", "key", "from_year", "to_year", "amount_mvnd", "share")
    for line, limit, kind, over, key, first, last, amount, share in sheet.where(hard, *columns):
        if kind is None or (amount is None) == (share is None):
            continue
        most = _most_spent(desk, settings, committed, first, last)
        spend = {c.project: c.within(first, last) for c in committed if c.meets(over, key) == (kind == "ceiling")}
        taken = sum(spend.values())
        if kind == "ceiling":
            left = share * most
        else:
            left = most - amount if share is None else (1 - share) * most
        if taken and taken > left + 1e-6:
            desk.note(
                "commitment-breaks-share" if kind == "ceiling" else "commitment-breaks-floor",
                "limits",
                line,
                "amount_mvnd" if share is None else "share",
                amount if share is None else share,
                limit=limit,
                projects=", ".join(name for name, value in spend.items() if value),
                spend=taken,
                most=most,
            )


def _most_spent(
    desk: Desk, settings: Settings, committed: list[Commitment], first: int | None, last: int | None
) -> int:
    """The most that projects can spend in these years, million VND; None is an open end."""
    begin, end = quarter_year(settings.first), quarter_year(settings.last)
    first, last = max(begin, begin if first is None else first), min(end, end if last is None else last)
    income = desk.frame("money").drop_nulls(["year", "amount_mvnd"])
    if settings.carry_over:
        had = income.filter(pl.col("year").is_between(begin, last))["amount_mvnd"].sum()
        before = sum(c.within(begin, first - 1) for c in committed)
        return max(0, int(had) - settings.reserve_mvnd - before)
    yearly = income.filter(pl.col("year").is_between(first, last)).group_by("year")
    amounts = yearly.agg(pl.col("amount_mvnd").sum())["amount_mvnd"]
    return sum(max(0, amount - settings.reserve_mvnd) for amount in amounts)


def commitments_keep_within_the_money(desk: Desk) -> None:
    """Committed projects alone may not need more money than comes in; only the first such year is told."""
    settings = desk.settings
    if settings is None or not desk.frame("money").height:
        return
    income = dict(desk.frame("money").drop_nulls().group_by("year").agg(pl.col("amount_mvnd").sum()).iter_rows())
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
    values = {option: (duration, cost) for option, _, duration, cost in planning_values(options, settings).iter_rows()}
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
        begin, amounts = charged_spend(cost, duration, option["spend_profile"], start, row["spent_mvnd"])
        for quarter, amount in enumerate(amounts, begin):
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
        runs = range(start, start + duration)
        found.append(Commitment(row["id"], row["option"], keys, dict(by_year), runs))
    return found


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    commitments_keep_limits,
    commitments_leave_room_for_shares_and_floors,
    commitments_keep_within_the_money,
)
