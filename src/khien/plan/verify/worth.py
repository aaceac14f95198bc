"""The value of a plan, worked out a second time from the rule book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from khien.plan.verify.book import Book, Chosen, Row

NEVER = 10**9
EVEN = 1e-9  # means of shares are compared with thresholds no finer than this


class Worth:
    """What a set of chosen projects is worth. `cut` questions ask for the year opening with a cut."""

    def __init__(self, book: Book, chosen: list[Chosen]) -> None:
        self.book = book
        self.chosen = chosen
        self.settings = book.settings
        self.inputs: dict[str, list[Row]] = defaultdict(list)
        for row in book.programme.inputs.to_dicts():
            self.inputs[row["subject"]].append(row)
        self.items = {row["id"]: row for row in book.programme.items.to_dicts()}
        owner = {row["id"]: row["organisation"] for row in book.programme.sites.to_dicts()}
        self.supplies: dict[str, list[tuple[Row, bool]]] = defaultdict(list)
        for row in book.programme.supplies.to_dicts():
            if row["share"] > 0:
                self.supplies[row["item"]].append((row, book.is_foreign(owner[row["site"]])))
        self.yields: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for row in book.programme.yields.to_dicts():
            self.yields[row["capability"]].append((row["product"], row["amount"]))
        self.products: list[str] = book.programme.products["id"].to_list()

    # ---- subjects

    @cached_property
    def _times(self) -> dict[tuple[bool, bool], dict[str, int]]:
        """First quarter by (held at home or only available, cut or not), then by subject."""
        times: dict[tuple[bool, bool], dict[str, int]] = {
            (home, cut): defaultdict(lambda: NEVER) for home in (False, True) for cut in (False, True)
        }
        for subject, home in self._mature():
            for cut in (False, True):
                times[home, cut][subject] = 0
        for project, option, end in self._finished():
            foreign = self.book.is_foreign(option["partner"])
            for cut in (False, True):
                when = self._counts_from(end, foreign and cut)
                for home in (False, True):
                    if not home or self._brings_home(option):
                        times[home, cut][project["subject"]] = min(when, times[home, cut][project["subject"]])
        return times

    def _mature(self) -> list[tuple[str, bool]]:
        """Subjects that maturity alone makes available (False) or held at home (True)."""
        stages = self.book.programme.stages.to_dicts()
        service = next(s for s in stages if s["service"])
        assurance = next((s for s in stages if s["assurance"]), service)
        found = []
        for row in self.book.programme.maturity.to_dicts():
            if row["level"] < self.settings.mastery_threshold:
                continue
            if self.book.stage_order[row["stage"]] >= service["order"]:
                found.append((row["subject"], False))
            share = row["domestic_share"]
            if (
                row["stage"] == assurance["id"]
                and share is not None
                and share >= self.settings.domestic_threshold
            ):
                found.append((row["subject"], True))
        return found

    def _finished(self) -> list[tuple[Row, Row, int]]:
        """Project, option and end of what reaches the service stage with enough mastery."""
        service = next(s["order"] for s in self.book.programme.stages.to_dicts() if s["service"])
        ends = [(c.project, c.option, c.end) for c in self.chosen]
        for project in self.book.projects.values():
            if project["status"] == "done":
                ends.append((project, self.book.options[project["option"]], 0))
        return [
            (project, option, end)
            for project, option, end in ends
            if self.book.stage_order[project["to_stage"]] >= service
            and option["level"] >= self.settings.mastery_threshold
        ]

    def _brings_home(self, option: Row) -> bool:
        elements = ("design", "experts", "processes", "documents", "rights")
        if option["form"] == "own":
            complete = 1.0
        else:
            complete = sum(option["transfer_" + name] or 0.0 for name in elements) / 5
        return bool(
            option["domestic_share"] >= self.settings.domestic_threshold
            and complete >= self.settings.transfer_threshold - EVEN
        )

    def _counts_from(self, end: int, delayed: bool) -> int:
        """A cut stops a project with a foreign partner in its last year: it counts a year's turn later."""
        if end <= 0:
            return 0
        into_year = (self.book.first + end) % 4
        return end + (4 - into_year) if delayed and into_year else end

    def available(self, subject: str, quarter: int, cut: bool) -> bool:
        """Can the subject be used at all?"""
        return self._times[False, cut][subject] <= quarter

    def at_home(self, subject: str | None, quarter: int, cut: bool) -> bool:
        """Is the subject held at home?"""
        return subject is not None and self._times[True, cut][subject] <= quarter

    # ---- products

    def in_service(self, product: str, quarter: int, cut: bool) -> bool:
        """The product is available, and so is everything that would stop it."""
        waiting, seen = [product], {product}
        while waiting:
            name = waiting.pop()
            if name in self.items:
                free = self.at_home(self.items[name]["replaced_by"], quarter, cut)
                if not self.supplies[name] and not free:
                    return False
                continue
            if not self.available(name, quarter, cut):
                return False
            for row in self.inputs[name]:
                if row["criticality"] == "stops" and row["input"] not in seen:
                    seen.add(row["input"])
                    waiting.append(row["input"])
        return True

    def losses(self, product: str) -> dict[str, float]:
        """Share of output lost with each thing the product needs: mildest edge of the harshest path."""
        worst = {product: 1.0}
        waiting = [product]
        while waiting:
            name = waiting.pop()
            for row in self.inputs[name]:
                if row["criticality"] == "convenience":
                    continue
                edge = 1.0 if row["criticality"] == "stops" else row["lost_share"]
                lost = min(worst[name], edge)
                if lost > worst.get(row["input"], -1.0):
                    worst[row["input"]] = lost
                    waiting.append(row["input"])
        return worst

    @cached_property
    def _losses(self) -> dict[str, dict[str, float]]:
        return {product: self.losses(product) for product in self.products}

    def _threats(self, product: str, quarter: int) -> Iterator[tuple[float, float]]:
        """What a cut in a quarter takes from a product, as things stand: after how many months, and what share."""
        for name, lost in self._losses[product].items():
            if name in self.items:
                foreign = [row for row, abroad in self.supplies[name] if abroad]
                if not foreign or self.at_home(self.items[name]["replaced_by"], quarter, True):
                    continue
                home = sum(row["share"] for row, abroad in self.supplies[name] if not abroad)
                yield min(row["stock_months"] or 0.0 for row in foreign), lost * (1.0 - min(1.0, home))
            elif not self.at_home(name, quarter, True):
                yield self.settings.assurance_months, lost

    def retained(self, product: str, quarter: int) -> float:
        """Share of the product's output that is left in a quarter of a year that opens with a cut."""
        into_cut = quarter - self.book.first_quarter_of_year(quarter)
        if into_cut >= self.settings.cut_quarters:
            return 1.0
        left = 1.0
        for months, lost in self._threats(product, quarter):
            covered = min(1.0, max(0.0, (months - 3 * into_cut) / 3))
            left = min(left, covered + (1.0 - covered) * (1.0 - lost))
        return left

    def standing(self, product: str, quarter: int, months: float) -> float:
        """Share of the product's output that still stands so many months after a cut that began with a quarter."""
        return min((1.0 - lost for lasts, lost in self._threats(product, quarter) if lasts < months), default=1.0)

    def survival(self, quarter: int, months: float) -> float | None:
        """Coverage that is left so many months after a cut that began with a quarter."""
        total = part = 0.0
        for row in self.book.programme.capabilities.to_dicts():
            level = self.required(row["id"], self.book.year(quarter))
            if level is None:
                continue
            amount = sum(
                a * self.standing(product, quarter, months)
                for product, a in self.yields[row["id"]]
                if self.in_service(product, quarter, True)
            )
            total += row["weight"]
            part += row["weight"] * min(1.0, amount / level)
        return part / total if total > 0 else None

    # ---- capabilities

    def required(self, capability: str, year: int) -> float | None:
        """Level that a year requires, None if none."""
        rows = [r for r in self._requirements[capability] if r["from_year"] <= year]
        return max(rows, key=lambda r: r["from_year"])["level"] if rows else None

    @cached_property
    def _requirements(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.book.programme.requirements.to_dicts():
            found[row["capability"]].append(row)
        return found

    def amount(self, capability: str, quarter: int) -> float:
        """Yields of the products in service."""
        return sum(a for product, a in self.yields[capability] if self.in_service(product, quarter, False))

    def amount_under_cut(self, capability: str, quarter: int) -> float:
        """The same with the year opening with a cut of everything foreign."""
        return sum(
            a * self.retained(product, quarter)
            for product, a in self.yields[capability]
            if self.in_service(product, quarter, True)
        )

    def _covered(self, quarter: int, cut: bool) -> float | None:
        total = part = 0.0
        for row in self.book.programme.capabilities.to_dicts():
            level = self.required(row["id"], self.book.year(quarter))
            if level is None:
                continue
            amount = self.amount_under_cut(row["id"], quarter) if cut else self.amount(row["id"], quarter)
            total += row["weight"]
            part += row["weight"] * min(1.0, amount / level)
        return part / total if total > 0 else None

    def coverage(self, quarter: int) -> float | None:
        """Coverage of the programme in a quarter."""
        return self._covered(quarter, False)

    @cached_property
    def self_reliance(self) -> list[float | None]:
        """Self-reliance of the programme in every quarter."""
        return [self._covered(quarter, True) for quarter in range(self.book.quarters)]

    @cached_property
    def value(self) -> float:
        """Discounted coverage plus the weight times discounted self-reliance."""
        total = 0.0
        for quarter in range(self.book.quarters):
            discount = (1.0 + self.settings.discount_rate) ** -(self.book.year(quarter) - self.book.years[0])
            covered, reliant = self.coverage(quarter) or 0.0, self.self_reliance[quarter] or 0.0
            total += discount / 4 * (covered + self.settings.reliance_weight * reliant)
        return total
