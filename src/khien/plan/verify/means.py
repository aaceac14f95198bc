"""Rules on money, people, ceilings and floors, in whole numbers and exact fractions."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

from khien.plan.verify.book import Book, Chosen, Row
from khien.plan.verify.violation import Amount, Violation, violation

Cohorts = list[tuple[str, int, int]]


def money(book: Book, chosen: list[Chosen], cohorts: Cohorts) -> list[Violation]:
    """Every year: income less spending, with or without what earlier years left, keeps the reserve."""
    income: Counter[int] = Counter()
    for row in book.programme.money.to_dicts():
        income[row["year"]] += row["amount_mvnd"]
    spend = yearly_spend(book, chosen, cohorts)
    reserve, carry_over = book.settings.reserve_mvnd, book.settings.carry_over
    broken, before = [], 0
    for year in book.years:
        left = income[year] - spend[year] + (before if carry_over else 0)
        if left < reserve:
            amounts = {
                "year": year,
                "income": income[year],
                "spend": spend[year],
                "left": left,
                "reserve": reserve,
            }
            broken.append(violation("money", "verify_money", "money", [str(year)], amounts))
        before = left
    return broken


def yearly_spend(book: Book, chosen: list[Chosen], cohorts: Cohorts) -> Counter[int]:
    """All spending by year: options, training, obligations."""
    spend: Counter[int] = Counter()
    for pick in chosen:
        for quarter, amount in book.charges(pick).items():
            spend[book.year(quarter)] += amount
    cost = {row["skill"]: row["cost_mvnd"] for row in book.programme.training.to_dicts()}
    for skill, start, number_of in cohorts:
        spend[book.year(start)] += number_of * cost[skill]
    for row in book.programme.obligations.to_dicts():
        for year in book.obligation_years(row):
            spend[year] += row["cost_mvnd"] or 0
    return spend


def people(book: Book, chosen: list[Chosen], cohorts: Cohorts) -> list[Violation]:
    """Every quarter and skill: no more people are needed than there are, trained ones included."""
    need: Counter[tuple[str, int]] = Counter()
    efforts: dict[str, list[Row]] = {}
    for row in book.programme.efforts.to_dicts():
        efforts.setdefault(row["option"], []).append(row)
    for pick in chosen:
        for row in efforts.get(pick.option["id"], []):
            for quarter in range(max(0, pick.start), min(book.quarters, pick.end)):
                need[row["skill"], quarter] += row["people"]
    for row in book.programme.obligations.to_dicts():
        if row["skill"] is not None and row["people"]:
            for quarter in range(book.quarters):
                if book.year(quarter) in book.obligation_years(row):
                    need[row["skill"], quarter] += row["people"]
    supply = _supply(book, cohorts)
    broken = []
    for skill, quarter in sorted(need):
        if need[skill, quarter] > supply[skill, quarter]:
            amounts = {
                "need": need[skill, quarter],
                "supply": supply[skill, quarter],
                "quarter_index": quarter,
            }
            broken.append(
                violation(
                    "people", "verify_people", "skill_supply", [skill], amounts, quarter=book.label(quarter)
                )
            )
    return broken


def _supply(book: Book, cohorts: Cohorts) -> Counter[tuple[str, int]]:
    supply: Counter[tuple[str, int]] = Counter()
    for row in sorted(book.programme.skill_supply.to_dicts(), key=lambda r: r["from_year"]):
        for quarter in range(book.quarters):
            if book.year(quarter) >= row["from_year"]:
                supply[row["skill"], quarter] = row["people"]
    courses = {row["skill"]: row for row in book.programme.training.to_dicts()}
    for skill, start, number_of in cohorts:
        for quarter in range(start + courses[skill]["duration_quarters"], book.quarters):
            supply[skill, quarter] += number_of * courses[skill]["people_per_cohort"]
    return supply


def limits(book: Book, chosen: list[Chosen]) -> list[Violation]:
    """Ceilings and floors on what options are charged over the years of the limit."""
    charges = [(pick, book.charges(pick)) for pick in chosen]
    broken = []
    for row in book.programme.limits.to_dicts():
        begins = row["from_year"] if row["from_year"] is not None else book.years[0]
        ends = row["to_year"] if row["to_year"] is not None else book.years[-1]
        total = counted = 0
        for pick, by_quarter in charges:
            spent = sum(amount for q, amount in by_quarter.items() if begins <= book.year(q) <= ends)
            total += spent
            counted += spent if _matches(book, row, pick) else 0
        bar = _bar(row, total)
        if counted > bar if row["kind"] == "ceiling" else counted < bar:
            amounts: dict[str, Amount] = {"spend": counted, "limit": bar, "total": total}
            key = "verify_ceiling" if row["kind"] == "ceiling" else "verify_floor"
            broken.append(violation("limit", key, "limits", [row["id"]], amounts))
    return broken


def _bar(limit: Row, total: int) -> Fraction:
    """The amount of a limit, or its share of the total, exactly as written."""
    if limit["amount_mvnd"] is not None:
        return Fraction(limit["amount_mvnd"])
    return Fraction(Decimal(str(limit["share"]))) * total


def _matches(book: Book, limit: Row, pick: Chosen) -> bool:
    over, key = limit["over"], limit["key"]
    if over == "all":
        return True
    found = {
        "group": book.group_of[pick.project["subject"]],
        "partner": pick.option["partner"],
        "country": book.country(pick.option),
        "risk_class": pick.project["risk_class"],
        "form": pick.option["form"],
    }
    return bool(found[over] == key)
