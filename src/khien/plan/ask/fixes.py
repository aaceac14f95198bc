"""The cheapest fix of every red site: stock, or a project in time, each planned for and then tried out.

Method page: docs/methods/fixes.md.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from khien.plan.ask.desk import Desk, Found, choice_of, prices_of
from khien.plan.ask.start import fitted
from khien.plan.ask.ways import Lack, Way, keepers, lacks, others, projects, stock, together
from khien.plan.ask.whatif import asked
from khien.plan.core.layout import layout
from khien.plan.core.problem import Problem
from khien.plan.core.solve import Outcome
from khien.plan.frames.replay import require_match
from khien.plan.model import compile_programme
from khien.plan.result import Plan
from khien.plan.settings import apply
from khien.plan.solver import as_plan
from khien.plan.standing import stand_under
from khien.programme import TABLES, Programme
from khien.reliance.site_failures import SMALL, By, Sites, both_sides
from khien.reliance.standing import Standing
from khien.reliance.under_shock import LONGEST_MONTHS, NONE

STEPS = 1000
"""Steps of search behind every figure."""
ROUNDS, PATIENCE = 40, 2
"""Searches from the best so far, until so many in a row find nothing better."""
MOST = 24
"""So many combinations are planned for a node, the cheapest sums of cost first."""

NODES: dict[str, Any] = {
    "node": pl.String, "certain": pl.Boolean, "survive_months": pl.Float64, "recover_months": pl.Float64,
    "answer": pl.String, "tried": pl.Int64, "left_out": pl.Int64,
}  # fmt: skip
LACKS: dict[str, Any] = {
    "node": pl.String, "item": pl.String, "stock_more_months": pl.Float64, "source_more_share": pl.Float64,
    "stock_more_mvnd": pl.Int64, "unknown": pl.List(pl.String), "products": pl.List(pl.String), "ways": pl.Int64,
}  # fmt: skip
FIXES: dict[str, Any] = {
    "node": pl.String, "rank": pl.Int64, "fix": pl.List(pl.String), "cost_mvnd": pl.Int64, "spend_mvnd": pl.Int64,
    "lost": pl.Float64, "least": pl.Float64, "most": pl.Float64, "mended": pl.Boolean, "because": pl.String,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Fixes:
    """What mends each red node, and what that costs.

    Parameters
    ----------
    nodes : polars.DataFrame
        One row per red site (or supplier): `certain` (red at the best too), months survived and to recover (at the
        worst), `answer`: "mended" (a fix was found), "plan" (the improved plan mends it already), "unknown" (only
        what the tables put no cost on is left to do), "none" (nothing that the tables hold mends it). `tried`
        combinations were judged, `left_out` dearer ones at the most were not.
    lacks : polars.DataFrame
        One row per item that runs short: what would be enough (months of stock, or a share of the need from somebody
        else), `stock_more_mvnd` (null: not known, see `unknown`, which names the empty cells as table|row|column),
        `ways` with a known cost.
    fixes : polars.DataFrame
        One row per combination, the cheapest first: `fix` ("stock ITEM" or "FORM OPTION"), `cost_mvnd` (of the stock
        and of the options, less what the same projects cost in the plan), `spend_mvnd` (what the whole programme
        spends more), `lost` (value of the plan lost) with the interval `least` to `most` in which the true loss lies,
        `mended` (reliance worked out again), `because`: "mended"; "red" (it still is; `lost` is null where it would
        be even if all of it were there at once, so that nothing was planned); "stopped" (what the node stops no longer
        serves); "no_room" (money, people or waits leave no room for it in time).
    plans : dict of (node, rank) to (Programme, Plan)
        The plan of every fix that mends, and the programme with the purchase of the stock that it is a plan of.
    value, better : float
        Value of the plan that all is compared to, and by how much it lies above the plan asked about.
    seconds : float
    """

    nodes: pl.DataFrame = field(repr=False)
    lacks: pl.DataFrame = field(repr=False)
    fixes: pl.DataFrame = field(repr=False)
    plans: dict[tuple[str, int], tuple[Programme, Plan]] = field(repr=False)
    value: float
    better: float
    steps: int
    seconds: float


def fixes(
    programme: Programme,
    plan: Plan,
    *,
    first: int,
    by: By = "site",
    nodes: list[str] | None = None,
    steps: int = STEPS,
    progress: Callable[[int, int], None] | None = None,
) -> Fixes:
    """Fixes of all red sites (or suppliers), or of those named, as the programme stands in quarter `first`.

    The same for the same plan and steps, bit for bit. Raises PlanMismatch.
    """
    began = time.perf_counter()
    require_match(programme, plan)
    mender = _Mender(programme, plan, first, by, steps)
    told: list[_Node] = []
    wanted = [n for n in mender.red if nodes is None or n in nodes]
    for k, node in enumerate(wanted):
        told.append(mender.mend(node))
        if progress is not None:
            progress(k + 1, len(wanted))
    return Fixes(
        nodes=pl.DataFrame([n.row for n in told], schema=NODES, orient="row"),
        lacks=pl.DataFrame([r for n in told for r in n.lacks], schema=LACKS, orient="row"),
        fixes=pl.DataFrame([r for n in told for r in n.fixes], schema=FIXES, orient="row"),
        plans={key: plan for n in told for key, plan in n.plans.items()},
        value=mender.base.value, better=mender.base.value - plan.value, steps=steps,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


@dataclass
class _Node:
    """All that is said of one node."""

    row: tuple[Any, ...] = ()
    lacks: list[tuple[Any, ...]] = field(default_factory=list)
    fixes: list[tuple[Any, ...]] = field(default_factory=list)
    plans: dict[tuple[str, int], tuple[Programme, Plan]] = field(default_factory=dict)


@dataclass
class _Tried:
    """A combination, planned for and tried out."""

    ways: tuple[Way, ...]
    cost: int
    spend: int | None = None
    lost: float | None = None
    least: float | None = None
    most: float | None = None
    because: str = "no_room"
    plan: tuple[Programme, Plan] | None = None

    @property
    def order(self) -> tuple[bool, float, int]:
        """The least loss first, rounding apart; then the least money."""
        return self.because != "mended", np.inf if self.lost is None else round(self.lost, 9), self.cost


class _Mender:
    """A plan, its prices and the red nodes under it."""

    def __init__(self, programme: Programme, plan: Plan, first: int, by: By, steps: int) -> None:
        self.programme, self.plan, self.first, self.steps = programme, plan, first, steps
        settings = dataclasses.replace(plan.settings, scenarios=0)
        self.changed = apply(programme, settings)
        self.c = compile_programme(self.changed, settings)
        theta = prices_of(plan, layout(self.c.problem)) if not plan.settings.scenarios else None
        self.desk = Desk.of(self.c, theta)
        self.base = self.desk.polished(choice_of(self.c, plan), 4 * steps, ROUNDS)
        self.bound = self.desk.bound if plan.settings.scenarios else min(plan.bound, self.desk.bound)
        self.worst, self.best = both_sides(programme, stand_under(programme, plan, first), first, by)
        self.lasts = dict(zip(self.worst.groups, self.worst.survivals(LONGEST_MONTHS), strict=True))
        self.red = [n for n in self.worst.groups if self.lasts[n] < self.worst.recover(n) - SMALL]
        self.cost = {name: int(o["cost_mvnd"]) for name, o in self.c.facts.options.items()}
        year = programme.year(max(0, first - 1))
        self.year = max(year, programme.years[0])

    def mend(self, node: str) -> _Node:
        """Every combination of ways for one node, planned and tried out."""
        short, out = lacks(self.worst, node), _Node()
        ways: dict[str, list[Way]] = {}
        for lack in short:
            bought, unknown = stock(self.worst.chain, lack)
            made = projects(self.c, self.worst.chain.replaced_by[lack.item], frozenset([lack.item]), True, self.first)
            ways[lack.item] = [*([] if bought is None else [bought]), *made]
            out.lacks.append((
                node, lack.item, lack.months, lack.share, None if bought is None else bought.cost_mvnd,
                ["|".join(cell) for cell in unknown], list(lack.products), len(ways[lack.item]),
            ))  # fmt: skip
        combos, left = together(ways, MOST)
        other = [(way,) for way in others(self.c, self.worst.chain, short, self.base.choice, self.first)]
        other.sort(key=lambda one: one[0].cost_mvnd)
        tried = [self._tried(node, one, short) for one in [(), *combos, *other[:MOST]]]
        as_it_is, tried = tried[0], sorted(tried[1:], key=lambda one: one.order)
        left += max(0, len(other) - MOST)
        for k, one in enumerate(tried):
            names = [w.name for w in one.ways]
            good = one.because == "mended"
            figures = (one.cost, one.spend, one.lost, one.least, one.most, good, one.because)
            out.fixes.append((node, k + 1, names, *figures))
            if good and one.plan is not None:
                out.plans[node, k + 1] = one.plan
        answer = "mended" if out.plans else "unknown" if any(row[5] for row in out.lacks) else "none"
        answer = "plan" if as_it_is.because == "mended" else answer
        certain = self._months(node, self.best) < self.best.recover(node) - SMALL
        out.row = (node, certain, self.lasts[node], self.worst.recover(node), answer, len(tried), left)
        return out

    def _months(self, node: str, seen: Sites) -> float:
        return dataclasses.replace(seen, groups={node: seen.groups[node]}, _losses={}).survivals(LONGEST_MONTHS)[0]

    def _tried(self, node: str, ways: tuple[Way, ...], short: list[Lack]) -> _Tried:
        """Plan with a combination in it, and see whether the node is still red."""
        same = {w.project: self.c.options[int(self.base.choice.x[w.project])] for w in ways
                if w.project >= 0 and self.base.choice.x[w.project] >= 0}  # fmt: skip
        out = _Tried(ways, sum(w.cost_mvnd for w in ways) - sum(self.cost[o] for o in same.values()))
        bought = sum(w.cost_mvnd for w in ways if w.kind == "stock")
        if not self._could(node, ways, short):
            return dataclasses.replace(out, because="red")
        p = self._problem(ways, bought, short)
        if (p.funds < 0).any():
            return out
        desk = Desk.of(self.c.with_problem(p), self.desk.theta)
        start = fitted(desk, p, self.base.choice)
        found = desk.polished(start.choice, self.steps, ROUNDS, PATIENCE) if ways else start
        if found.broken > 0 or any(found.choice.x[w.project] != w.option for w in ways if w.project >= 0):
            return out
        out.lost = max(0.0, self.base.value - found.value)
        out.least, out.most = max(0.0, self.base.value - desk.bound), max(0.0, self.bound - found.value)
        out.spend = bought + self._spend(found) - self._spend(self.base)
        out.plan = self._plan(ways, bought, found, desk)
        out.because = self._verdict(node, ways, short, *out.plan)
        return out

    def _problem(self, ways: tuple[Way, ...], bought: int, short: list[Lack]) -> Problem:
        """The problem with these options in time, the stock paid, and the products at stake still there in time."""
        p = self.c.problem
        must, allow, funds = p.must.copy(), p.allow.copy(), p.funds.copy()
        kept = keepers(self.c, self.worst.chain, self.base.choice, short, self.first) if ways else set()
        for i in kept - {w.project for w in ways}:
            must[i] = 1
            for o in range(int(p.opt_ptr[i]), int(p.opt_ptr[i + 1])):
                allow[o, max(0, self.first - int(p.dur[o]) + 1) :] = 0
        for w in ways:
            if w.project < 0:
                continue
            must[w.project] = 1
            for o in range(int(p.opt_ptr[w.project]), int(p.opt_ptr[w.project + 1])):
                allow[o, max(0, self.first - int(p.dur[o]) + 1) if o == w.option else 0 :] = 0
        y = self.c.facts.when.years.index(self.year)
        funds[y : len(funds) if p.carry else y + 1] -= bought
        return p._replace(must=must, allow=allow, funds=funds)

    def _spend(self, found: Found) -> int:
        """Planned cost of all that is chosen."""
        return sum(self.cost[self.c.options[o]] for o in found.choice.x.tolist() if o >= 0)

    def _plan(self, ways: tuple[Way, ...], bought: int, found: Found, desk: Desk) -> tuple[Programme, Plan]:
        """What was found as a plan of the programme in which the stock is paid for."""
        pins = [self.c.projects[w.project] for w in ways if w.project >= 0]
        settings = dataclasses.replace(asked(self.plan, pins=pins), scenarios=0)
        programme = self.programme if not bought else with_purchase(self.programme, bought, self.year)
        outcome = Outcome(
            *found.choice, value=found.value, penalty=found.broken, bound=desk.bound, theta=desk.theta, why="work",
            seconds=0.0, steps=self.steps,
        )  # fmt: skip
        return programme, as_plan(programme, apply(programme, settings), desk.c, settings, outcome, 0.0)

    def _could(self, node: str, ways: tuple[Way, ...], short: list[Lack]) -> bool:
        """Whether the node would be red no more if everything that the ways aim at were there."""
        if not ways:
            return True
        subjects = {
            w.project: self.c.facts.projects[self.c.projects[w.project]]["subject"] for w in ways if w.project >= 0
        }
        there = self.worst.standing
        service = {subjects[w.project]: 0 for w in ways if w.project >= 0 and not w.items}
        held = {subjects[w.project]: 0 for w in ways if w.project >= 0 and w.items}
        ideal = dataclasses.replace(
            there, service_from={**there.service_from, **service}, held_from={**there.held_from, **held}
        )
        return self._mends(node, ways, short, ideal)

    def _mends(self, node: str, ways: tuple[Way, ...], short: list[Lack], standing: Standing) -> bool:
        """Whether the node is survived for as long as it takes to recover."""
        months = {w.what: next(k.months for k in short if k.item == w.what) for w in ways if w.kind == "stock"}
        after = self._stocked(node, months, standing)
        return self._months(node, after) >= after.recover(node) - SMALL

    def _verdict(self, node: str, ways: tuple[Way, ...], short: list[Lack], programme: Programme, plan: Plan) -> str:
        """Whether the node is red no more, and what it would stop still serves."""
        standing = stand_under(programme, plan, self.first)(NONE)
        if not all(standing.serves(product, self.first) for lack in short for product in lack.products):
            return "stopped"
        return "mended" if self._mends(node, ways, short, standing) else "red"

    def _stocked(self, node: str, months: dict[str, float], standing: Standing) -> Sites:
        """What supplies something, with so many months of these items' needs more in stock."""
        sources = dict(self.worst.chain.sources)
        for item, more in months.items():
            rows = sources[item]
            k = next(k for k, source in enumerate(rows) if source.site in self.worst.groups[node])
            level = (rows[k].stock_months or 0.0) + more / rows[k].share
            sources[item] = [*rows[:k], rows[k]._replace(stock_months=level), *rows[k + 1 :]]
        chain = dataclasses.replace(self.worst.chain, sources=sources)
        return dataclasses.replace(self.worst, chain=chain, standing=standing, _losses={})


def with_purchase(programme: Programme, amount: int, year: int) -> Programme:
    """The programme with one more bill of so many million VND in a year."""
    row = {
        "id": "stock-that-mends", "name_vi": "Mua tồn kho", "name_en": "Stock is bought", "body": "khien",
        "cost_mvnd": amount, "from_year": year, "due": f"{year}Q4", "firm": False,
    }  # fmt: skip
    schema = TABLES["obligations"].schema
    bill = pl.DataFrame([{name: row.get(name) for name in schema}], schema=schema, orient="row")
    rows = pl.concat([programme.obligations, bill.select(programme.obligations.columns)])
    return Programme(programme.settings, {**programme.frames, "obligations": rows}, programme.findings)
