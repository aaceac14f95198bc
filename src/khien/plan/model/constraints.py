"""Constraints: money, ceilings and floors, precedence, stages in order. One small method per rule."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np

from khien.plan.core.build import Builder
from khien.plan.core.problem import NEVER
from khien.plan.model.facts import Facts, Row
from khien.plan.model.variables import Variables


class Constraints:
    """Adds every rule that is not part of the objective."""

    def __init__(self, facts: Facts, b: Builder, variables: Variables) -> None:
        self.facts, self.b, self.v = facts, b, variables
        self.row_of: list[str] = []
        self.money()
        for r in facts.programme.limits.to_dicts():
            self.limit(r)
        for r in facts.programme.precedences.to_dicts():
            self.precedence(r["before"], r["after"], r["lag_quarters"] or 0)
        for name in facts.candidates:
            self.stage(facts.projects[name])

    def money(self) -> None:
        """Income less what is fixed; with carry-over every year's sum keeps the reserve."""
        facts = self.facts
        years = facts.when.years
        left = dict.fromkeys(years, 0)
        for r in facts.programme.money.to_dicts():
            if r["year"] in left:
                left[r["year"]] += r["amount_mvnd"]
        for _, _, charges in facts.fixed_charges:
            for quarter, amount in charges.items():
                left[int(facts.when.year_of[quarter])] -= amount
        for r in facts.programme.obligations.to_dicts():
            for year in facts.obligation_years(r):
                left[year] -= r["cost_mvnd"] or 0
        cost = {r["skill"]: r["cost_mvnd"] for r in facts.programme.training.to_dicts()}
        for skill, start, n in facts.settings.kept_training:
            at = facts.index(start, 0)
            if 0 <= at < facts.when.quarters:
                left[int(facts.when.year_of[at])] -= n * cost[skill]
        own = facts.programme.settings
        amounts = np.array([left[y] for y in years], dtype=np.int64)
        self.b.carry = own.carry_over
        funds = np.cumsum(amounts) if own.carry_over else amounts
        self.b.funds = [int(x) - own.reserve_mvnd for x in funds]

    def limit(self, row: Row) -> None:
        """Spend over the years of a limit; a share is written as whole multiples so that it stays exact."""
        facts = self.facts
        years = facts.when.years
        inside = facts.when.quarters_of(row["from_year"] or years[0], row["to_year"] or years[-1])
        where = np.flatnonzero(inside)
        if not len(where):
            return
        q0, q1 = int(where[0]), int(where[-1]) + 1
        share = Fraction(0) if row["share"] is None else Fraction(Decimal(str(row["share"])))
        sign = 1 if row["kind"] == "ceiling" else -1

        def weight(project: Row, option: Row) -> int:
            mine = share.denominator if self._counts(row, project, option) else 0
            return sign * (mine - share.numerator)

        rhs = 0 if row["amount_mvnd"] is None else sign * int(row["amount_mvnd"])
        for project, option, charges in facts.fixed_charges:
            rhs -= weight(project, option) * sum(a for q, a in charges.items() if q0 <= q < q1)
        number = self.b.add_row(q0, q1, rhs)
        self.row_of.append(row["id"])
        for name in facts.candidates:
            for option in facts.of_project[name]:
                w = weight(facts.projects[name], option)
                if w:
                    self.b.options[self.v.option[option["id"]]].rows[number] = w

    def _counts(self, limit: Row, project: Row, option: Row) -> bool:
        over = limit["over"]
        if over == "all":
            return True
        found = {
            "group": self.facts.group_of[project["subject"]], "partner": option["partner"],
            "country": option["country"], "risk_class": project["risk_class"], "form": option["form"],
        }  # fmt: skip
        return bool(found[over] == limit["key"])

    def precedence(self, before: str, after: str, lag: int) -> None:
        """A candidate waits for the end of the project before it."""
        facts = self.facts
        first = facts.projects[before]
        if after not in self.v.project or first["status"] == "done":
            return
        init = NEVER
        if first["status"] in ("committed", "running"):
            option = facts.options[first["option"]]
            init = max(-lag, facts.index(first["start"], 0) + option["duration_quarters"])
        c = self.b.add_condition(init)
        if before in self.v.project:
            for o in facts.of_project[before]:
                self.b.add_member(c, self.v.option[o["id"]])
        self.b.add_request(self.v.project[after], c, lag)

    def stage(self, row: Row) -> None:
        """A project to a stage waits until its subject stands at the stage just below."""
        facts = self.facts
        subject, order = row["subject"], facts.order[row["to_stage"]]
        threshold = facts.programme.settings.mastery_threshold
        rungs = [p for p in facts.projects.values() if p["subject"] == subject and p["id"] != row["id"]]
        planned = [p for p in rungs if p["status"] in ("candidate", "committed", "running")]
        lower = [o for o in facts.order.values() if o < order]
        if not lower or not any(facts.order[p["to_stage"]] < order for p in planned):
            return
        below = max(lower)
        if any(m["subject"] == subject and m["level"] >= threshold and facts.order[m["stage"]] >= below
               for m in facts.programme.maturity.to_dicts()):  # fmt: skip
            return
        for p, o in facts.done:
            if p["subject"] == subject and facts.order[p["to_stage"]] >= below and o["level"] >= threshold:
                return
        steps = [p for p in planned if below <= facts.order[p["to_stage"]] < order]
        ends = [start + o["duration_quarters"] for p, o, start in facts.fixed if p in steps and o["level"] >= threshold]
        c = self.b.add_condition(max(0, min(ends)) if ends else NEVER)
        for p in steps:
            for o in facts.of_project[p["id"]] if p["id"] in self.v.project else []:
                if o["level"] >= threshold:
                    self.b.add_member(c, self.v.option[o["id"]])
        self.b.add_request(self.v.project[row["id"]], c)
