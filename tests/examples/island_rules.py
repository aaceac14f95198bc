"""The rules of planning, written once more for a tiny programme, without a line of the product.

It reads the CSV files with the standard library and knows only what the island uses: no training,
no limits, no obligations, no maturity, no agreements, durations and costs that are certain. Slow and plain
on purpose: it is the other path that has to agree.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

QUARTERS_A_YEAR = 4


class Pick(NamedTuple):
    """One project with the option that carries it and the quarter in which it starts."""

    project: str
    option: str
    start: int
    end: int


Plan = tuple[Pick, ...]


class Island:
    """The tables as lists of rows, and the rules on top of them."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.tables: dict[str, list[dict[str, str]]] = {}
        told = tomllib.loads((folder / "programme.toml").read_text(encoding="utf-8"))
        self.set = {name: entry["value"] for name, entry in told.items() if "value" in entry} | settings
        self.first = self.quarter(self.set["first_quarter"], 0)
        self.n = self.quarter(self.set["last_quarter"], self.first) + 1
        self.options = {row["id"]: row for row in self.rows("options")}
        self.projects = {row["id"]: row for row in self.rows("projects")}
        self.subjects = {row["id"] for name in ("products", "technologies") for row in self.rows(name)}
        self.order = {row["id"]: int(row["order"]) for row in self.rows("stages")}
        self.serves = next(self.order[r["id"]] for r in self.rows("stages") if r["service"] == "true")
        self.rounded: dict[tuple[int, Plan], float] = {}

    def rows(self, table: str) -> list[dict[str, str]]:
        if table not in self.tables:
            with (self.folder / f"{table}.csv").open(encoding="utf-8", newline="") as handle:
                self.tables[table] = list(csv.DictReader(handle))
        return self.tables[table]

    @staticmethod
    def quarter(label: str, zero: int) -> int:
        year, quarter = label.split("Q")
        return int(year) * 4 + int(quarter) - 1 - zero

    def share(self, text: str) -> Fraction:
        return Fraction(text or "0")

    # -- what a choice costs ------------------------------------------------------------------
    def duration(self, option: str) -> int:
        return int(self.options[option]["duration_mode_quarters"])

    def spend(self, pick: Pick) -> dict[int, int]:
        """Quarter to money, from the first quarter of the horizon on."""
        project, cost = self.projects[pick.project], int(self.options[pick.option]["cost_mode_mvnd"])
        first = max(pick.start, 0)
        if project["spent_mvnd"]:
            cost = max(0, cost - int(project["spent_mvnd"]))
            quarters = pick.end - first
        else:
            first, quarters = pick.start, pick.end - pick.start
        upto = [cost * j // quarters for j in range(quarters + 1)]
        return {first + j: upto[j + 1] - upto[j] for j in range(quarters) if first + j >= 0}

    @cached_property
    def efforts(self) -> dict[str, int]:
        return {row["option"]: int(row["people"]) for row in self.rows("efforts")}

    @cached_property
    def income(self) -> list[int]:
        years = range(self.n // QUARTERS_A_YEAR)
        zero = self.first // 4
        return [
            sum(int(r["amount_mvnd"]) for r in self.rows("money") if int(r["year"]) == zero + y)
            for y in years
        ]

    @cached_property
    def supply(self) -> int:
        (row,) = self.rows("skill_supply")
        return int(row["people"])

    @cached_property
    def input_rows(self) -> list[dict[str, str]]:
        return self.rows("inputs")

    @cached_property
    def supply_rows(self) -> list[dict[str, str]]:
        return self.rows("supplies")

    @cached_property
    def home(self) -> dict[str, bool]:
        """Organisation or site to whether it is domestic."""
        out = {r["id"]: r["country"] == self.set["home_country"] for r in self.rows("organisations")}
        return out | {r["id"]: out[r["organisation"]] for r in self.rows("sites")}

    def foreign(self, option: str) -> bool:
        partner = self.options[option]["partner"]
        return bool(partner) and not self.home[partner]

    # -- what a choice brings -----------------------------------------------------------------
    def counts_from(self, pick: Pick, cut: bool) -> int:
        """When it takes effect; under a cut a foreign option that ends inside a year waits for the next."""
        if cut and self.foreign(pick.option):
            return -(-max(pick.end, 0) // 4) * 4
        return pick.end

    def reaches(self, pick: Pick, at_home: bool) -> bool:
        option = self.options[pick.option]
        project = self.projects[pick.project]
        if self.order[project["to_stage"]] < self.serves:
            return False
        if self.share(option["level"]) < self.share(str(self.set["mastery_threshold"])):
            return False
        if not at_home:
            return True
        names = ("design", "experts", "processes", "documents", "rights")
        transfer = sum((self.share(option[f"transfer_{n}"]) for n in names), Fraction(0)) / 5
        complete = option["form"] == "own" or transfer >= self.share(str(self.set["transfer_threshold"]))
        domestic = self.share(option["domestic_share"]) >= self.share(str(self.set["domestic_threshold"]))
        return complete and domestic

    def standing(self, subject: str, plan: Plan, t: int, *, at_home: bool, cut: bool) -> bool:
        """Is the subject available, or held at home, in quarter t?"""
        return any(
            self.projects[pick.project]["subject"] == subject
            and self.counts_from(pick, cut) <= t
            and self.reaches(pick, at_home)
            for pick in plan
        )

    def needs(self, subject: str) -> Iterator[tuple[str, bool]]:
        """The subject and all that stops it, each with whether it is an item."""
        yield subject, False
        for row in self.input_rows:
            if row["subject"] == subject:
                assert row["criticality"] == "stops", "the island has no other inputs"
                if row["input"] in self.subjects:
                    yield from self.needs(row["input"])
                else:
                    yield row["input"], True

    def in_service(self, product: str, plan: Plan, t: int, cut: bool) -> bool:
        return all(
            any(self.share(s["share"]) > 0 for s in self.supply_rows if s["item"] == name)
            if is_item
            else self.standing(name, plan, t, at_home=False, cut=cut)
            for name, is_item in self.needs(product)
        )

    def retained(self, product: str, plan: Plan, t: int) -> Fraction:
        """What is left of a product's yield in quarter t of a year in which all foreign supply is cut."""
        left = Fraction(1)
        for name, is_item in self.needs(product):
            if is_item:
                rows = [s for s in self.supply_rows if s["item"] == name]
                abroad = [s for s in rows if not self.home[s["site"]]]
                if not abroad:
                    continue
                at_home = sum((self.share(s["share"]) for s in rows if self.home[s["site"]]), Fraction(0))
                months = min(self.share(s["stock_months"]) for s in abroad)
                lost = 1 - min(Fraction(1), at_home)
            elif self.standing(name, plan, t, at_home=True, cut=True):
                continue
            else:
                months, lost = self.share(str(self.set["assurance_months"])), Fraction(1)
            q = t % 4
            f = min(Fraction(1), max(Fraction(0), (months - 3 * q) / 3))
            left = min(left, Fraction(1) if q >= int(self.set["cut_quarters"]) else f + (1 - f) * (1 - lost))
        return left

    def product_worth(self, product: str, plan: Plan) -> Fraction:
        """Discounted coverage plus λ × self-reliance of a product that alone meets a need of one."""
        rate, weight = (
            self.share(str(self.set["discount_rate"])),
            self.share(str(self.set["reliance_weight"])),
        )
        total = Fraction(0)
        for t in range(self.n):
            worth = Fraction(int(self.in_service(product, plan, t, False)))
            if self.in_service(product, plan, t, True):
                worth += weight * self.retained(product, plan, t)
            total += worth / (1 + rate) ** (t // 4) / 4
        return total

    @cached_property
    def bundles(self) -> list[tuple[str, set[str], Fraction]]:
        """Each product, the projects that touch what it needs, and the weight of its capability (sum 1)."""
        weights = {r["id"]: self.share(r["weight"]) for r in self.rows("capabilities")}
        out = []
        for row in self.rows("yields"):
            needs = {name for name, is_item in self.needs(row["product"]) if not is_item}
            mine = {p["id"] for p in self.projects.values() if p["subject"] in needs}
            out.append((row["product"], mine, weights[row["capability"]] / sum(weights.values())))
        return out

    def value(self, plan: Plan) -> Fraction:
        """Worth of a plan; a product's part depends only on the projects that touch what it needs."""
        return sum((self.part(b, plan) for b in range(len(self.bundles))), Fraction(0))

    def rough(self, plan: Plan) -> float:
        """The same in floating point, for ranking many plans fast."""
        return sum(self.rounded.get((b, mine)) or self.round_part(b, mine) for b, mine in self.split(plan))

    def split(self, plan: Plan) -> Iterator[tuple[int, Plan]]:
        for b, (_, projects, _) in enumerate(self.bundles):
            yield b, tuple([p for p in plan if p.project in projects])

    def part(self, bundle: int, plan: Plan) -> Fraction:
        product, projects, weight = self.bundles[bundle]
        return weight * self.product_worth(product, tuple(p for p in plan if p.project in projects))

    def round_part(self, bundle: int, mine: Plan) -> float:
        return self.rounded.setdefault((bundle, mine), float(self.part(bundle, mine)))

    # -- every plan ---------------------------------------------------------------------------
    def fixed(self) -> Plan:
        rows = [p for p in self.projects.values() if p["status"] == "running"]
        starts = [self.quarter(p["start"], self.first) for p in rows]
        return tuple(
            Pick(p["id"], p["option"], s, s + self.duration(p["option"]))
            for p, s in zip(rows, starts, strict=True)
        )

    @cached_property
    def all_picks(self) -> dict[str, list[Pick]]:
        return {p["id"]: list(self.picks(p)) for p in self.projects.values() if p["status"] == "candidate"}

    def picks(self, project: dict[str, str]) -> Iterator[Pick]:
        first, last = (self.quarter(project[c], self.first) for c in ("earliest", "latest"))
        for option in self.options.values():
            if option["project"] == project["id"]:
                for start in range(first, last + 1):
                    end = start + self.duration(option["id"])
                    if end <= self.n:
                        yield Pick(project["id"], option["id"], start, end)

    def may_follow(self, pick: Pick, plan: Plan) -> bool:
        """Precedence, and one stage after another."""
        done = {p.project: p for p in plan}
        for row in self.rows_of_precedence:
            if row["after"] == pick.project:
                before = done.get(row["before"])
                if before is None or before.end + int(row["lag_quarters"] or 0) > pick.start:
                    return False
        project = self.projects[pick.project]
        stage = self.order[project["to_stage"]]
        below = [s for s in self.order.values() if s < stage]
        if not below:
            return True
        return any(
            p.end <= pick.start
            and self.projects[p.project]["subject"] == project["subject"]
            and max(below) <= self.order[self.projects[p.project]["to_stage"]] < stage
            and self.share(self.options[p.option]["level"]) >= self.share(str(self.set["mastery_threshold"]))
            for p in done.values()
        )

    @cached_property
    def rows_of_precedence(self) -> list[dict[str, str]]:
        return self.rows("precedences")

    def affordable(self, cash: list[int], people: list[int]) -> bool:
        held, earned = 0, 0
        for year, spent in enumerate(cash):
            earned += self.income[year]
            held += spent
            if earned - held < int(self.set["reserve_mvnd"]):
                return False
        return max(people) <= self.supply

    def plans(self) -> Iterator[Plan]:
        """Every plan that keeps every rule."""
        start = self.fixed()
        cash, people = [0] * (self.n // 4), [0] * self.n
        for pick in start:
            self._charge(pick, cash, people)
        todo = [p for p in self.projects.values() if p["status"] == "candidate"]
        yield from self._grow(start, todo, cash, people)

    def _charge(self, pick: Pick, cash: list[int], people: list[int]) -> None:
        for t, money in self.spend(pick).items():
            cash[t // 4] += money
        for t in range(max(0, pick.start), pick.end):
            people[t] += self.efforts.get(pick.option, 0)

    def _grow(
        self, plan: Plan, todo: list[dict[str, str]], cash: list[int], people: list[int]
    ) -> Iterator[Plan]:
        if not todo:
            yield plan
            return
        yield from self._grow(plan, todo[1:], cash, people)
        for pick in self.all_picks[todo[0]["id"]]:
            if self.may_follow(pick, plan):
                money, heads = list(cash), list(people)
                self._charge(pick, money, heads)
                if self.affordable(money, heads):
                    yield from self._grow((*plan, pick), todo[1:], money, heads)
