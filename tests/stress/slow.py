"""The replay a second time: the rule book in the plainest Python, one draw at a time, nothing shared with the room.

What was drawn is taken as given; when projects start and end, what they are charged, and what is covered is worked
out from the rows of the tables (docs/methods/stress.md).
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from khien.plan.result import Plan
from khien.plan.verify.book import Book, Chosen
from khien.plan.verify.picks import read_choices
from khien.plan.verify.worth import NEVER, Worth
from khien.programme import Programme
from khien.programme.planned import quarter_spend

Row = dict[str, Any]


class Drawn(NamedTuple):
    """One draw: by project id success, duration and cost; by shock id the quarter in which it begins."""

    ok: dict[str, bool]
    time: dict[str, int]
    cost: dict[str, int]
    shocks: dict[str, int]


class Slow:
    """A plan to be replayed, draw by draw."""

    def __init__(self, programme: Programme, plan: Plan, shocks: list[Row]) -> None:
        self.book = Book(programme)
        self.chosen = {c.project["id"]: c for c in read_choices(self.book, plan)[0]}
        self.training = plan.training.to_dicts()
        self.shocks = {row["id"]: row for row in shocks}
        self.rank = {name: i for i, name in enumerate(programme.projects["id"].to_list())}
        self.efforts = programme.efforts.to_dicts()

    # ---- what waits for what

    def before(self, name: str) -> list[tuple[str, int]]:
        """Chosen projects that must have ended, with the lag."""
        if self.fixed(name):
            return []
        rows = self.book.programme.precedences.to_dicts()
        return [(r["before"], r["lag_quarters"]) for r in rows if r["after"] == name and r["before"] in self.chosen]

    def lower(self, name: str) -> list[str]:
        """Any of these brings the subject to the stage below, in time as planned; empty: nothing is waited for."""
        mine, book = self.chosen[name], self.book
        order = book.stage_order[mine.project["to_stage"]]
        below = [o for o in book.stage_order.values() if o < order]
        subject, enough = mine.project["subject"], book.settings.mastery_threshold
        leads = [
            book.stage_order[p["to_stage"]]
            for p in book.projects.values()
            if p["subject"] == subject and p["status"] in ("candidate", "committed", "running")
        ]
        if self.fixed(name) or not below or not any(o < order for o in leads):
            return []
        stands = [
            book.stage_order[m["stage"]]
            for m in book.programme.maturity.to_dicts()
            if m["subject"] == subject and m["level"] >= enough
        ]
        stands += [
            book.stage_order[p["to_stage"]]
            for p in book.projects.values()
            if p["subject"] == subject and p["status"] == "done" and book.options[p["option"]]["level"] >= enough
        ]
        if stands and max(stands) >= max(below):
            return []
        return [
            other
            for other, c in self.chosen.items()
            if c.project["subject"] == subject
            and max(below) <= book.stage_order[c.project["to_stage"]] < order
            and c.option["level"] >= enough
            and c.end <= mine.start
        ]

    def fixed(self, name: str) -> bool:
        """Committed or running."""
        return self.chosen[name].project["status"] in ("committed", "running")

    def order(self) -> list[str]:
        """By planned start, never before what is waited for."""
        left, found = set(self.chosen), []
        while left:
            free = [n for n in left if not left & ({b for b, _ in self.before(n)} | set(self.lower(n)))]
            found.append(min(free, key=lambda n: (self.chosen[n].start, self.rank[n])))
            left.remove(found[-1])
        return found

    # ---- shocks

    def stops(self, shock: Row, organisation: str | None) -> bool:
        """Whether a shock stops an organisation."""
        if organisation is None or shock["kind"] not in ("partner", "country"):
            return False
        if shock["kind"] == "partner":
            return organisation == shock["key"]
        row, passed = self.book.organisations[organisation], set()
        if row["country"] == shock["key"]:
            return True
        while row["controlled_by"] is not None and (row["control_share"] or 0) > 0.5:
            owner = row["controlled_by"]
            if owner in passed:
                break
            passed.add(owner)
            if owner not in self.book.organisations:
                return owner == shock["key"]
            row = self.book.organisations[owner]
        return row["country"] == shock["key"]

    def still(self, name: str, drawn: Drawn, ended: bool) -> set[int]:
        """Quarters in which the partner is away."""
        found: set[int] = set()
        for shock, begin in drawn.shocks.items():
            row = self.shocks[shock]
            if not ended and self.stops(row, self.chosen[name].option["partner"]):
                found |= set(range(begin, begin + ceil(row["duration_quarters"] * loss(row))))
        return found

    def run(self, start: int, time: int, away: set[int], fixed: bool) -> tuple[int, int]:
        """Start (moved out of quarters in which the partner is away, unless fixed) and end."""
        while start in away and not fixed:
            start += 1
        at, left = start, time
        while left:
            left -= at not in away
            at += 1
        return start, at

    # ---- schedules

    def push(self, drawn: Drawn) -> dict[str, tuple[int, int]]:
        """Start and end of every project when delays only push."""
        found: dict[str, tuple[int, int]] = {}
        for name in self.order():
            away = self.still(name, drawn, self.chosen[name].end <= 0)
            found[name] = self.run(self.ready(name, found), drawn.time[name], away, self.fixed(name))
        return found

    def ready(self, name: str, found: dict[str, tuple[int, int]]) -> int:
        """First quarter as far as others are concerned."""
        start = self.chosen[name].start
        if self.fixed(name):
            return start
        waits = [found[b][1] + lag if b in found else NEVER for b, lag in self.before(name)]
        if lower := self.lower(name):
            waits.append(min(found[other][1] if other in found else NEVER for other in lower))
        return max([start, *waits])

    def repair(self, drawn: Drawn) -> dict[str, tuple[int, int]]:
        """The same under money, people, ceilings, windows and agreements; what cannot start any more is missing."""
        order, found = self.order(), {}
        for name in sorted(order, key=lambda n: not self.fixed(n)):
            away = self.still(name, drawn, self.chosen[name].end <= 0)
            start = self.ready(name, found)
            if self.fixed(name):
                found[name] = self.run(start, drawn.time[name], away, True)
                continue
            while start < self.book.quarters:
                start, end = self.run(start, drawn.time[name], away, False)
                if start > self.latest(name) or end > self.book.quarters:
                    break
                if self.fits(name, start, end, found, drawn):
                    found[name] = (start, end)
                    break
                start += 1
        self.keep_shares(order, found, drawn)
        return found

    def latest(self, name: str) -> int:
        """Last start that window and agreements allow."""
        chosen, book = self.chosen[name], self.book
        last = book.index(chosen.project["latest"]) if chosen.project["latest"] else book.quarters - 1
        if not book.settings.agreements_bind or not book.is_foreign(chosen.option["partner"]):
            return min(last, book.quarters - 1)
        untils = [
            book.index(row["until"]) if row["until"] else book.quarters - 1
            for row in book.programme.agreements.to_dicts()
            if row["party"] in (chosen.option["partner"], book.country(chosen.option))
            and chosen.option["form"] in [part.strip() for part in row["forms"].split(";")]
            and row["group"] in (None, book.group_of[chosen.project["subject"]])
        ]
        return min(last, book.quarters - 1, max(untils))

    def fits(self, name: str, start: int, end: int, found: dict[str, tuple[int, int]], drawn: Drawn) -> bool:
        """Whether a run keeps every rule beside what was placed before it, where it adds anything."""
        others = dict(found) | {name: (start, end)}
        need, there = self.people(others), self.supply(drawn)
        skills = {e["skill"] for e in self.efforts if e["option"] == self.chosen[name].option["id"] and e["people"]}
        if any(need[s, q] > there[s, q] for s in skills for q in range(start, end)):
            return False
        mine = self.yearly({name: (start, end)}, drawn)
        spend, income, before, so_far = self.yearly(others, drawn), self.income(drawn), 0, 0
        for year in self.book.years:
            left = income[year] - spend[year] - self.other_charges()[year]
            carry = self.book.settings.carry_over
            before = left + (before if carry else 0)
            so_far = mine[year] + (so_far if carry else 0)
            if so_far > 0 and before < self.book.settings.reserve_mvnd:
                return False
        for limit in self.book.programme.limits.to_dicts():
            if limit["kind"] == "ceiling" and limit["amount_mvnd"] is not None and self.counts(limit, name):
                counted = self.counted(limit, others, drawn)
                if self.counted(limit, {name: (start, end)}, drawn) > 0 and counted > limit["amount_mvnd"]:
                    return False
        return True

    def keep_shares(self, order: list[str], found: dict[str, tuple[int, int]], drawn: Drawn) -> None:
        """Ceilings that are shares: the last to start that count are left out, with what waits for them."""
        again = True
        while again:
            again = False
            for limit in self.book.programme.limits.to_dicts():
                if limit["kind"] != "ceiling" or limit["share"] is None:
                    continue
                while True:
                    total = self.counted(limit | {"over": "all"}, found, drawn)
                    bar = Fraction(Decimal(str(limit["share"]))) * total
                    if self.counted(limit, found, drawn) <= bar:
                        break
                    out = [
                        n
                        for n in order
                        if n in found
                        and not self.fixed(n)
                        and self.counts(limit, n)
                        and self.counted(limit, {n: found[n]}, drawn) > 0
                    ]
                    if not out:
                        break
                    last = max(out, key=lambda n: (found[n][0], order.index(n)))
                    del found[last]
                    again = True
                    for name in order[order.index(last) + 1 :]:
                        if name in found and not self.fixed(name) and self.ready(name, found) > found[name][0]:
                            del found[name]

    # ---- means

    def charges(self, name: str, run: tuple[int, int], drawn: Drawn) -> dict[int, int]:
        """Million VND by quarter of the horizon."""
        chosen, (start, end) = self.chosen[name], run
        cost, profile, first = drawn.cost[name], chosen.option["spend_profile"], max(0, start)
        if end <= first:
            return {}
        if self.fixed(name) and chosen.project["spent_mvnd"] is not None:
            amounts = quarter_spend(max(0, cost - chosen.project["spent_mvnd"]), end - first, profile)
        else:
            amounts = quarter_spend(cost, end - start, profile)[first - start :]
        return {q: a for q, a in zip(range(first, end), amounts, strict=True) if q < self.book.quarters}

    def yearly(self, found: dict[str, tuple[int, int]], drawn: Drawn) -> Counter[int]:
        """What options are charged by year."""
        total: Counter[int] = Counter()
        for name, run in found.items():
            for quarter, amount in self.charges(name, run, drawn).items():
                total[self.book.year(quarter)] += amount
        return total

    def counts(self, limit: Row, name: str) -> bool:
        """Whether a limit counts a project."""
        chosen, over = self.chosen[name], limit["over"]
        values = {
            "group": self.book.group_of[chosen.project["subject"]],
            "partner": chosen.option["partner"],
            "country": self.book.country(chosen.option),
            "risk_class": chosen.project["risk_class"],
            "form": chosen.option["form"],
        }
        return over == "all" or values[over] == limit["key"]

    def counted(self, limit: Row, found: dict[str, tuple[int, int]], drawn: Drawn) -> int:
        """What counts towards a limit."""
        first = limit["from_year"] or self.book.years[0]
        last = limit["to_year"] or self.book.years[-1]
        return sum(
            amount
            for name, run in found.items()
            if self.counts(limit, name)
            for quarter, amount in self.charges(name, run, drawn).items()
            if first <= self.book.year(quarter) <= last
        )

    def other_charges(self) -> Counter[int]:
        """Training and obligations by year."""
        total: Counter[int] = Counter()
        cost = {row["skill"]: row["cost_mvnd"] for row in self.book.programme.training.to_dicts()}
        for row in self.training:
            total[self.book.year(row["start"])] += row["cohorts"] * cost[row["skill"]]
        for row in self.book.programme.obligations.to_dicts():
            for year in self.book.obligation_years(row):
                total[year] += row["cost_mvnd"] or 0
        return total

    def income(self, drawn: Drawn) -> Counter[int]:
        """Money in by year, less what shocks cut."""
        total: Counter[int] = Counter()
        for row in self.book.programme.money.to_dicts():
            total[row["year"]] += row["amount_mvnd"]
            quarters = [q for q in range(self.book.quarters) if self.book.year(q) == row["year"]]
            for shock, begin in drawn.shocks.items():
                told = self.shocks[shock]
                if told["kind"] == "budget" and told["key"] in (None, row["source"]) and quarters:
                    hit = sum(begin <= q < begin + told["duration_quarters"] for q in quarters)
                    total[row["year"]] -= row["amount_mvnd"] * loss(told) * hit // len(quarters)
        return total

    def supply(self, drawn: Drawn) -> Counter[tuple[str, int]]:
        """People by skill and quarter, less drains, with those who are trained."""
        total: Counter[tuple[str, int]] = Counter()
        for row in sorted(self.book.programme.skill_supply.to_dicts(), key=lambda r: r["from_year"]):
            for quarter in range(self.book.quarters):
                if self.book.year(quarter) >= row["from_year"]:
                    total[row["skill"], quarter] = row["people"]
        whole = dict(total)
        for shock, begin in drawn.shocks.items():
            told = self.shocks[shock]
            if told["kind"] == "skill":
                for quarter in range(begin, min(self.book.quarters, begin + told["duration_quarters"])):
                    total[told["key"], quarter] -= int(whole.get((told["key"], quarter), 0) * loss(told))
        courses = {row["skill"]: row for row in self.book.programme.training.to_dicts()}
        for row in self.training:
            course = courses[row["skill"]]
            for quarter in range(row["start"] + course["duration_quarters"], self.book.quarters):
                total[row["skill"], quarter] += row["cohorts"] * course["people_per_cohort"]
        return total

    def people(self, found: dict[str, tuple[int, int]]) -> Counter[tuple[str, int]]:
        """People that runs and obligations need."""
        need: Counter[tuple[str, int]] = Counter()
        for name, (start, end) in found.items():
            for effort in self.efforts:
                if effort["option"] == self.chosen[name].option["id"]:
                    for quarter in range(max(0, start), min(end, self.book.quarters)):
                        need[effort["skill"], quarter] += effort["people"]
        for row in self.book.programme.obligations.to_dicts():
            if row["skill"] and row["people"]:
                for quarter in range(self.book.quarters):
                    if self.book.year(quarter) in self.book.obligation_years(row):
                        need[row["skill"], quarter] += row["people"]
        return need

    # ---- worth

    def worth(self, found: dict[str, tuple[int, int]], drawn: Drawn) -> Struck:
        """Coverage and value with what succeeded, and supplies as they are cut."""
        chosen = [
            Chosen(c.project, c.option, *found[name])
            for name, c in self.chosen.items()
            if name in found and drawn.ok[name]
        ]
        return Struck(self, chosen, drawn)


def loss(shock: Row) -> Fraction:
    """Share that is lost; everything where nothing is said."""
    return Fraction(1) if shock["loss_share"] is None else Fraction(Decimal(str(shock["loss_share"])))


class Struck(Worth):
    """The verifier's reading of coverage, with what shocks take of every product."""

    def __init__(self, slow: Slow, chosen: list[Chosen], drawn: Drawn) -> None:
        super().__init__(slow.book, chosen)
        self.slow, self.drawn = slow, drawn
        self.sites = {row["id"]: row for row in slow.book.programme.sites.to_dicts()}
        self.parents = {row["id"]: row["parent"] for row in slow.book.programme.places.to_dicts()}

    def amount(self, capability: str, quarter: int) -> float:
        """Yields of the products in service, less what shocks take."""
        return sum(
            a * self.kept(product, quarter)
            for product, a in self.yields[capability]
            if self.in_service(product, quarter, False)
        )

    def retained(self, product: str, quarter: int) -> float:
        """The least of what a cut of everything foreign leaves and what shocks leave."""
        return min(super().retained(product, quarter), self.kept(product, quarter))

    def kept(self, product: str, quarter: int) -> float:
        """Share of its output that a product keeps."""
        left = 1.0
        for name, lost in self._losses[product].items():
            missing, months = self.missing(name, quarter)
            if missing > 1e-12:
                stocked = min(1.0, max(0.0, months / 3))
                left = min(left, stocked + (1 - stocked) * (1 - lost * missing))
        return left

    def missing(self, name: str, quarter: int) -> tuple[float, float]:
        """Share of an item, or of the assurance of a subject, that is missing; months that stocks still last."""
        freed = self.items[name]["replaced_by"] if name in self.items else name
        if self.at_home(freed, quarter, False):
            return 0.0, 0.0
        total = gone = 0.0
        least = 1e9
        for share, months, hit in self.sources(name):
            total += share
            active = [
                (begin, float(loss(row)))
                for shock, begin in self.drawn.shocks.items()
                if (row := self.slow.shocks[shock]) and begin <= quarter < begin + row["duration_quarters"] and hit(row)
            ]
            if active and max(part for _, part in active) > 0:
                gone += share * max(part for _, part in active)
                least = min(least, months - 3 * (quarter - min(begin for begin, _ in active)))
        if total <= 0:
            return 0.0, 0.0
        return 1 - max(0.0, min(1.0, total - gone)) / min(1.0, total), least

    def sources(self, name: str) -> list[tuple[float, float, Any]]:
        """Share, months of stock, and whether a shock hits it."""
        if name in self.items:
            return [
                (row["share"], row["stock_months"] or 0.0, lambda shock, site=row["site"]: self.hits(shock, site))
                for row, _ in self.supplies[name]
            ]
        partner = self.keeper(name)
        if partner is None:
            return []
        months = self.settings.assurance_months
        return [(1.0, months, lambda shock: self.slow.stops(shock, partner))]

    def keeper(self, subject: str) -> str | None:
        """Foreign partner of the project that makes a subject available first as planned."""
        service = next(s["order"] for s in self.book.programme.stages.to_dicts() if s["service"])
        enough = self.settings.mastery_threshold
        order = self.book.stage_order
        if any(name == subject and not home for name, home in self._mature()):
            return None
        for p in self.book.projects.values():
            done = p["subject"] == subject and p["status"] == "done" and order[p["to_stage"]] >= service
            if done and self.book.options[p["option"]]["level"] >= enough:
                return None
        bring = [
            c
            for c in self.slow.chosen.values()
            if c.project["subject"] == subject
            and order[c.project["to_stage"]] >= service
            and c.option["level"] >= enough
        ]
        if not bring:
            return None
        first = min(bring, key=lambda c: (c.end, self.slow.rank[c.project["id"]]))
        partner = first.option["partner"]
        return partner if self.book.is_foreign(partner) else None

    def hits(self, shock: Row, site: str) -> bool:
        """Whether a shock takes what comes from a site."""
        if shock["kind"] == "site":
            return bool(site == shock["key"])
        if shock["kind"] == "place":
            place = self.sites[site]["place"]
            while place is not None and place != shock["key"]:
                place = self.parents.get(place)
            return place is not None
        return self.slow.stops(shock, self.sites[site]["organisation"])
