"""Rules on what is promised: obligations, the floor of self-reliance, and what the plan says of itself."""

from __future__ import annotations

import math

from khien.plan.result import Plan
from khien.plan.verify.book import Book
from khien.plan.verify.violation import Violation, violation
from khien.plan.verify.worth import Worth

TOLERANCE = 1e-7
"""How far the value that a plan states may lie from its value worked out anew."""

NOISE = 1e-9
"""Sums of real yields and shares are compared no finer than this."""


def obligations(book: Book, worth: Worth) -> list[Violation]:
    """A firm obligation finds its amount of capability in service when it is due."""
    broken = []
    for row in book.programme.obligations.to_dicts():
        if (
            not row["capability"]
            or row["amount"] is None
            or not (row["firm"] or book.settings.obligations_firm)
        ):
            continue
        due = book.index(row["due"])
        if not 0 <= due < book.quarters:
            continue  # nothing can be said of a quarter outside the horizon
        amount = worth.amount(row["capability"], due)
        if amount < row["amount"] - NOISE * max(1.0, row["amount"]):
            broken.append(
                violation(
                    "obligation",
                    "verify_obligation",
                    "obligations",
                    [row["id"]],
                    {"amount": amount, "promised": row["amount"]},
                    capability=row["capability"],
                    quarter=row["due"],
                )
            )
    return broken


def reliance_floor(book: Book, worth: Worth, plan: Plan) -> list[Violation]:
    """Self-reliance of every year from the asked one on is at least what was asked."""
    floor = plan.settings.min_reliance
    if floor is None:
        return []
    begins = plan.settings.min_reliance_from or book.years[0]
    broken = []
    for year in book.years:
        known = [r for q, r in enumerate(worth.self_reliance) if r is not None and book.year(q) == year]
        if year >= begins and known and sum(known) / len(known) < floor - NOISE:
            amounts = {"year": year, "self_reliance": sum(known) / len(known), "floor": floor}
            broken.append(violation("reliance_floor", "verify_reliance_floor", "requirements", [], amounts))
    return broken


def survival_floor(book: Book, worth: Worth, plan: Plan) -> list[Violation]:
    """After a cut on the first day of every year asked for, what was asked for still stands after so many months."""
    months, level = plan.settings.min_survival_months, plan.settings.survival_level
    if months is None:
        return []
    begins = plan.settings.min_reliance_from or book.years[0]
    broken = []
    for year in (y for y in book.years if y >= begins):
        first = next(q for q in range(book.quarters) if book.year(q) == year)
        left = worth.survival(first, months)
        if left is not None and left < level - NOISE:
            amounts = {"year": year, "left": left, "level": level, "months": months}
            broken.append(violation("survival_floor", "verify_survival_floor", "requirements", [], amounts))
    return broken


def statements(plan: Plan, value: float, nothing: float) -> list[Violation]:
    """The value, the worth of doing nothing and the bound are what they are said to be."""
    broken = []
    for rule, stated, found in (("value", plan.value, value), ("nothing", plan.nothing, nothing)):
        if not math.isclose(stated, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            key = "verify_value" if rule == "value" else "verify_nothing"
            broken.append(violation(rule, key, "plan", [], {"stated": stated, "found": found}))
    if not plan.bound >= value - NOISE * max(1.0, abs(value)):
        broken.append(
            violation("bound", "verify_bound_low", "plan", [], {"bound": plan.bound, "value": value})
        )
    return broken
