"""Objective: discounted coverage plus the weight of self-reliance, both as units that fill goals.

A product in service is a unit: an AND of subjects that must be available. What it keeps under a cut is cut
into layers, each a unit of its own that asks for one more subject to be held at home; the layers add up to
the retained share exactly. See docs/methods/plan-model.md.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from khien.plan.core.build import Builder
from khien.plan.core.problem import NEVER
from khien.plan.model.facts import Facts, Row
from khien.plan.model.variables import Variables
from khien.reliance import kept_share

FAINT = 1e-9
"""Worth of what is watched but does not count."""

Key = tuple[str, str, bool]  # subject, "available" or "home", under the cut
Amounts = dict[int, list[float]]  # by accumulator, by quarter of the year


class Common:
    """What several objectives over the same choices share: equal conditions, and units that ask for the same.

    Sampled futures differ in few conditions each; so the problem grows with what differs alone.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self._conditions: dict[tuple[int, tuple[tuple[int, bool], ...]], int] = {}
        self._units: dict[frozenset[int], Amounts] = {}

    def condition(self, init: int, members: list[tuple[int, bool]]) -> int:
        """The condition with this first time and these members (option, late)."""
        key = (init, tuple(members))
        if key not in self._conditions:
            self._conditions[key] = add_condition(self.b, init, members)
        return self._conditions[key]

    def unit(self, conditions: set[int], amounts: list[tuple[int, list[float]]]) -> None:
        """Keep amounts for `add_units`."""
        mine = self._units.setdefault(frozenset(conditions), {})
        for a, by_phase in amounts:
            old = mine.get(a, [0.0] * 4)
            mine[a] = [x + y for x, y in zip(old, by_phase, strict=True)]

    def add_units(self) -> None:
        """Write the units that were kept to the problem."""
        for conditions, amounts in self._units.items():
            self.b.add_unit(sorted(conditions), list(amounts.items()))


def add_condition(b: Builder, init: int, members: list[tuple[int, bool]]) -> int:
    """A condition that holds anyhow from `init` on, or from the end of a member (option, late)."""
    c = b.add_condition(init)
    for option, late in members:
        b.add_member(c, option, late=late)
    return c


class Objective:
    """Adds conditions, units and goals.

    `lucky` names the options that succeed (all when None); `weight` is what the value counts (0: promises alone);
    `block` the future that it belongs to.
    """

    def __init__(
        self,
        facts: Facts,
        b: Builder,
        variables: Variables,
        lucky: set[str] | None = None,
        weight: float = 1.0,
        common: Common | None = None,
        block: int = -1,
    ) -> None:
        self.facts, self.b, self.v = facts, b, variables
        self.lucky, self.weight = lucky, weight
        self.common, self.block = common, block
        self.hard = 100.0  # worth of a promise kept: far above all coverage
        self.conditions: dict[Key, int] = {}
        self._mature = self._find_mature()
        self.accumulators: dict[tuple[str, str], int] = {}
        self.floor_years: list[int] = []
        self.survival_years: list[int] = []
        self.promises: dict[str, int] = {}
        self._goals()
        self._survival()
        self._promises()
        self._units()

    # -- conditions ---------------------------------------------------------------------------
    def _find_mature(self) -> tuple[set[str], set[str]]:
        """Subjects available, and held at home, from the start."""
        facts, own = self.facts, self.facts.programme.settings
        stages = {s["id"]: s for s in facts.programme.stages.to_dicts()}
        mark = "assurance" if any(s["assurance"] for s in stages.values()) else "service"
        available: set[str] = set()
        home: set[str] = set()
        for m in facts.programme.maturity.to_dicts():
            stage = stages[m["stage"]]
            if m["level"] < own.mastery_threshold:
                continue
            if stage["order"] >= facts.service_order:
                available.add(m["subject"])
            if stage[mark] and m["domestic_share"] is not None and m["domestic_share"] >= own.domestic_threshold:
                home.add(m["subject"])
        for p, o in facts.done:
            if self._serves(p, o, False):
                available.add(p["subject"])
            if self._serves(p, o, True):
                home.add(p["subject"])
        return available, home

    def _serves(self, project: Row, option: Row, home: bool) -> bool:
        own = self.facts.programme.settings
        if self.lucky is not None and option["id"] not in self.lucky and project["status"] != "done":
            return False
        if self.facts.order[project["to_stage"]] < self.facts.service_order:
            return False
        if option["level"] < own.mastery_threshold:
            return False
        if not home:
            return True
        return bool(
            option["domestic_share"] >= own.domestic_threshold
            and round(option["completeness"], 9) >= own.transfer_threshold
        )

    def condition(self, subject: str, kind: str, cut: bool) -> int:
        """From when a subject is available, or held at home; -1 where it is so from the start."""
        key = (subject, kind, cut)
        if subject in self._mature[kind == "home"]:
            return -1
        if key not in self.conditions:
            self.conditions[key] = self._make(subject, kind == "home", cut)
        return self.conditions[key]

    def _make(self, subject: str, home: bool, cut: bool) -> int:
        facts = self.facts
        init = NEVER
        for p, o, start in facts.fixed:
            if p["subject"] == subject and self._serves(p, o, home):
                end = start + o["duration_quarters"]
                init = min(init, facts.when.after_cut(end) if cut and o["foreign"] else max(0, end))
        members = []
        for project in facts.of_subject.get(subject, []):
            if project["id"] not in self.v.project:
                continue
            for o in facts.of_project[project["id"]]:
                if self._serves(project, o, home):
                    members.append((self.v.option[o["id"]], bool(cut and o["foreign"])))
        if self.common is not None:
            return self.common.condition(init, members)
        return add_condition(self.b, init, members)

    # -- goals --------------------------------------------------------------------------------
    def _goals(self) -> None:
        """One goal per capability and quarter, twice: as it is, and under the cut."""
        facts, own = self.facts, self.facts.programme.settings
        weights = {c["id"]: c["weight"] for c in facts.programme.capabilities.to_dicts()}
        need: dict[int, dict[str, float]] = {y: {} for y in facts.when.years}
        for r in sorted(facts.programme.requirements.to_dicts(), key=lambda x: x["from_year"]):
            for y in facts.when.years:
                if y >= r["from_year"]:
                    need[y][r["capability"]] = r["level"]
        lam = max(own.reliance_weight, 1e-9 if facts.settings.min_reliance is not None else 0.0)
        blocks = self._reliance_blocks(lam)
        for t in range(facts.when.quarters):
            year = int(facts.when.year_of[t])
            total = sum(weights[c] for c in need[year])
            if total <= 0 or self.weight <= 0:
                continue
            worth = self.weight * (1.0 + own.discount_rate) ** -(year - facts.when.years[0]) / 4.0 / total
            for c, level in need[year].items():
                slope = worth * weights[c] / level
                self.b.add_goal(self._accumulator(c, "plain"), t, level, slope, block=self.block)
                if lam > 0:
                    block = blocks.get(year, self.block)
                    self.b.add_goal(self._accumulator(c, "cut"), t, level, lam * slope, block=block)

    def _accumulator(self, capability: str, kind: str) -> int:
        key = (capability, kind)
        if key not in self.accumulators:
            self.accumulators[key] = self.b.add_accumulator()
        return self.accumulators[key]

    def _reliance_blocks(self, lam: float) -> dict[int, int]:
        """A floor on the self-reliance of every year from the one that was asked for."""
        facts, s = self.facts, self.facts.settings
        out: dict[int, int] = {}
        if s.min_reliance is None or self.lucky is not None:
            return out
        rate = facts.programme.settings.discount_rate
        for y in facts.when.years:
            if y >= (s.min_reliance_from or facts.when.years[0]):
                quarters = int((facts.when.year_of == y).sum())
                scale = self.weight * lam * (1.0 + rate) ** -(y - facts.when.years[0]) * quarters / 4.0
                self.floor_years.append(y)
                out[y] = self.b.add_block(s.min_reliance + 1e-9, scale)
        return out

    def _survival(self) -> None:
        """A floor on what is left of coverage some months after a cut on the first day of each year asked for.

        Its goals count so little that they move no choice.
        """
        facts, s = self.facts, self.facts.settings
        if s.min_survival_months is None or self.lucky is not None:
            return
        capabilities = {c["id"]: c["weight"] for c in facts.programme.capabilities.to_dicts()}
        rows = sorted(facts.programme.requirements.to_dicts(), key=lambda x: x["from_year"])
        for y in facts.when.years:
            need = {r["capability"]: r["level"] for r in rows if r["from_year"] <= y}
            total = sum(capabilities[c] for c in need)
            if y < (s.min_reliance_from or facts.when.years[0]) or total <= 0:
                continue
            first = int(np.flatnonzero(facts.when.year_of == y)[0])
            self.survival_years.append(y)
            block = self.b.add_block(s.survival_level + 1e-9, FAINT)
            for c, level in need.items():
                slope = FAINT * capabilities[c] / total / level
                self.b.add_goal(self._accumulator(c, "survive"), first, level, slope, block=block)

    def _promises(self) -> None:
        """A firm obligation: its amount is worth so much that no plan that can keep it will break it."""
        facts = self.facts
        if self.lucky is not None:
            return
        for r in facts.programme.obligations.to_dicts():
            firm = r["firm"] or facts.programme.settings.obligations_firm
            due = facts.index(r["due"], -1)
            if not r["capability"] or r["amount"] is None or not firm or not 0 <= due < facts.when.quarters:
                continue
            a = self.accumulators.get((r["id"], "promise"))
            if a is None:
                a = self.b.add_accumulator()
                self.accumulators[r["id"], "promise"] = a
                self.promises[r["id"]] = a
            self.b.add_goal(a, due, r["amount"], self.hard / r["amount"])
            self.b.constant -= self.hard

    # -- units --------------------------------------------------------------------------------
    def _units(self) -> None:
        facts = self.facts
        needs: dict[str, list[Row]] = defaultdict(list)
        depends: dict[str, list[Row]] = defaultdict(list)
        for r in facts.needs:
            needs[r["product"]].append(r)
        for r in facts.depends:
            depends[r["product"]].append(r)
        promised = {r["id"]: r["capability"] for r in facts.programme.obligations.to_dicts() if r["capability"]}
        for product, amounts in self._yields().items():
            plain = [
                (self.accumulators[c, "plain"], [a] * 4)
                for c, a in amounts.items()
                if (c, "plain") in self.accumulators
            ]
            plain += [(self.accumulators[i, "promise"], [amounts[c]] * 4) for i, c in promised.items()
                      if c in amounts and (i, "promise") in self.accumulators]  # fmt: skip
            conditions = self._service(needs[product], cut=False)
            if conditions is not None and plain:
                self._add_unit(conditions, plain)
            under = self._service(needs[product], cut=True)
            cut = {self.accumulators[c, "cut"]: a for c, a in amounts.items() if (c, "cut") in self.accumulators}
            if under is not None and cut:
                for extra, share in self._layers(depends[product]).items():
                    self._add_unit({*under, *extra}, [(a, [amount * s for s in share]) for a, amount in cut.items()])
            left = {a: amounts[c] for (c, kind), a in self.accumulators.items() if kind == "survive" and c in amounts}
            if under is not None and left:
                for more, kept in self._standing(depends[product]).items():
                    self._add_unit({*under, *more}, [(a, [amount * kept] * 4) for a, amount in left.items()])

    def _yields(self) -> dict[str, dict[str, float]]:
        out: dict[str, dict[str, float]] = {}
        for r in self.facts.programme.yields.to_dicts():
            mine = out.setdefault(r["product"], {})
            mine[r["capability"]] = mine.get(r["capability"], 0.0) + r["amount"]
        return out

    def _service(self, rows: list[Row], cut: bool) -> set[int] | None:
        """Conditions of service; None where something is missing for good."""
        out: set[int] = set()
        for r in rows:
            if r["met_by"] is None:
                return None
            c = self.condition(r["met_by"], "home" if r["kind"] == "item" else "available", cut)
            if c >= 0:
                out.add(c)
        return out

    def _layers(self, rows: list[Row]) -> dict[frozenset[int], Any]:
        """Shares kept in the four quarters of a year, by the conditions that each layer asks for."""
        length = self.facts.programme.settings.cut_quarters
        open_rows: list[tuple[int | None, Any]] = []
        for r in rows:
            c = None if r["removed_by"] is None else self.condition(r["removed_by"], "home", True)
            if c == -1:
                continue
            open_rows.append((c, kept_share(r["months"], r["lost_share"], np.arange(4), length)))
        out: dict[frozenset[int], Any] = defaultdict(lambda: np.zeros(4))
        for q in range(4):
            levels = sorted({float(kept[q]) for _, kept in open_rows if kept[q] < 1.0} | {1.0})
            below = 0.0
            for level in levels:
                wants = [c for c, kept in open_rows if kept[q] < level]
                if any(c is None for c in wants):
                    break
                out[frozenset(c for c in wants if c is not None)][q] += level - below
                below = level
        return out

    def _standing(self, rows: list[Row]) -> dict[frozenset[int], float]:
        """Shares still kept when the months that have to be survived are over, by the conditions of each layer."""
        months = self.facts.settings.min_survival_months or 0.0
        open_rows = []
        for r in rows:
            c = None if r["removed_by"] is None else self.condition(r["removed_by"], "home", True)
            if c != -1 and r["months"] < months and r["lost_share"] > 0:
                open_rows.append((c, 1.0 - r["lost_share"]))
        out: dict[frozenset[int], float] = {}
        below = 0.0
        for level in sorted({kept for _, kept in open_rows} | {1.0}):
            wants = [c for c, kept in open_rows if kept < level]
            if None in wants:
                break
            if level > below:
                out[frozenset(c for c in wants if c is not None)] = level - below
            below = level
        return out

    def _add_unit(self, conditions: set[int], amounts: list[tuple[int, list[float]]]) -> None:
        """A unit; one without conditions stands from the start and lifts the base of its goals."""
        if any(self.b.cond_init[c] == NEVER and not self._has_member(c) for c in conditions):
            return
        if conditions and self.common is not None:
            self.common.unit(conditions, amounts)
            return
        if conditions:
            self.b.add_unit(sorted(conditions), amounts)
            return
        first = self.facts.when.first_of
        for a, by_phase in amounts:
            self.b.goals[a] = [
                (t, required, slope, base + by_phase[t - int(first[t])], block)
                for t, required, slope, base, block in self.b.goals[a]
            ]

    def _has_member(self, c: int) -> bool:
        return c in self.b.served
