"""The price of independence: the most coverage for every promise of self-reliance, or of months survived.

Method page: docs/methods/frontier.md.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from khien.plan.ask.charges import between, charges
from khien.plan.ask.desk import Choice, Desk, choice_of
from khien.plan.ask.kept import Kept, asked_of
from khien.plan.ask.shadow import Program
from khien.plan.ask.start import begin, carried, settled
from khien.plan.clash import broken, fixed_clash
from khien.plan.compare import compare
from khien.plan.core import state
from khien.plan.core.branch import promising
from khien.plan.core.layout import layout
from khien.plan.core.problem import Floats, Problem
from khien.plan.core.solve import Outcome, solve
from khien.plan.frames.replay import Replay
from khien.plan.frames.value import outcome
from khien.plan.model import Compiled, compile_programme
from khien.plan.model.objective import FAINT
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings, apply
from khien.plan.solver import as_plan, plan_programme
from khien.programme import Programme

MEASURES = ("reliance", "survival")
MONTHS_STEP = 3.0
"""Promises of survival lie so many months apart."""
HALF = 0.5
"""Without a level of its own, survival is promised at this share of the coverage that is reached without a promise."""
FIRST = 3.0
"""The plan without a promise takes so many times the share of another."""
LP_SHARE, CHARGE_SHARE = 0.5, 0.25
"""Of the time of a point, what its relaxation may take, and what one weight of the promise may."""
LOOSE = 1e-7
"""A floor is set so much below what was reached, for sums that end in other digits."""

POINTS = {
    "promise": pl.Float64, "reached": pl.Boolean, "value": pl.Float64, "bound": pl.Float64, "gap": pl.Float64,
    "relative_gap": pl.Float64, "self_reliance": pl.Float64, "cost_mvnd": pl.Int64, "projects": pl.Int64,
}  # fmt: skip
BOUGHT = {
    "promise": pl.Float64, "project": pl.String, "change": pl.String, "before": pl.String, "after": pl.String,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Frontier:
    """What each promise costs.

    Parameters
    ----------
    measure : str
        "reliance" (promise: least self-reliance of every year) or "survival" (promise: months that coverage stays at
        `level` or above when everything foreign is cut).
    from_year, level : int, float
        From when the promise holds; the coverage that has to be left (survival only).
    points : polars.DataFrame
        One row per promise, rising: `reached` (False: no plan was found, which is no proof that there is none), `value`
        (discounted coverage), proven `bound`, `gap`, `relative_gap`, `self_reliance` (least of the years promised),
        `cost_mvnd` (planned cost of all that is chosen), `projects` chosen. Values and bounds never rise.
    bought : polars.DataFrame
        One row per project that differs from the point before: `promise`, `project`, `change`, `before`, `after`.
    plans : list of Plan
        The plan of every promise that was reached, in order.
    seconds : float
    interrupted : bool
        Stopped before every promise was searched for: those that were not are left out.
    """

    measure: str
    from_year: int
    level: float | None
    points: pl.DataFrame = field(repr=False)
    bought: pl.DataFrame = field(repr=False)
    plans: list[Plan] = field(repr=False)
    seconds: float
    interrupted: bool = False


@dataclass
class _Point:
    """One promise as a problem, and what was found for it."""

    promise: float
    settings: PlanSettings
    c: Compiled
    out: Outcome | None = None

    @property
    def kept(self) -> bool:
        return self.out is not None and not broken(self.c, self.out)


def frontier(
    programme: Programme,
    measure: str = "reliance",
    points: int = 10,
    settings: PlanSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
    kept: Kept | None = None,
    keep: Callable[[Kept], None] | None = None,
) -> Frontier:
    """Plans for rising promises, each found from its neighbour.

    `settings` limits the whole (time or work) and may ask what-ifs; the year from which promises hold is its
    `min_reliance_from` (the middle of the horizon if left out), the level of survival its `survival_level` if
    `min_survival_months` is given, which then is the longest promise. Self-reliance itself counts nothing in the value.
    `keep` is given what is done after every search; `kept`, from an earlier run of the same question, is not searched
    for again. Ctrl-C gives the promises that were searched for; before the plan without a promise it is passed on.
    Raises ValueError for an unknown measure or fewer than two points, NoPlan and SettingsError like `plan_programme`.
    """
    if measure not in MEASURES or points < 2:
        raise ValueError(f"measure {measure!r} or {points} points")
    began = time.perf_counter()
    asked = settings or PlanSettings()
    done = Kept(asked_of(programme, measure, points, asked)) if kept is None else kept
    run = _Run(programme, measure, points, asked, progress, done, keep)
    return run.told(run.solved(), began)


class _Run:
    """All solves of one frontier."""

    def __init__(
        self,
        programme: Programme,
        measure: str,
        points: int,
        asked: PlanSettings,
        progress: Callable[[int, int], None] | None,
        kept: Kept,
        keep: Callable[[Kept], None] | None,
    ) -> None:
        self.programme, self.measure, self.count, self.progress = programme, measure, points, progress
        self.kept, self.keep, self.interrupted = kept, keep, False
        years = list(range(int(programme.settings.first_quarter[:4]), int(programme.settings.last_quarter[:4]) + 1))
        self.from_year = asked.min_reliance_from or years[len(years) // 2]
        self.asked = asked
        self.began = time.perf_counter() - kept.seconds
        share = FIRST / (points + 1 + FIRST)  # its prices are where all other bounds start
        self.plain = dataclasses.replace(
            asked, reliance_weight=0.0, min_reliance=None, min_survival_months=None, min_reliance_from=self.from_year,
            time_limit=asked.time_limit * share, work=None if asked.work is None else max(1, int(asked.work * share)),
        )  # fmt: skip
        self.each = dataclasses.replace(
            self.plain, time_limit=self.plain.time_limit / FIRST,
            work=None if asked.work is None else max(1, int(asked.work / (points + 1 + FIRST))),
        )  # fmt: skip
        self.done, self.seconds = 0, self.each.time_limit
        self.ladder: list[_Point] = []

    def solved(self) -> list[_Point]:
        """From no promise to the greatest, and then down again, every plan going on from its neighbour."""
        free = self.kept.free or plan_programme(self.programme, self.plain)
        _go_on(free.why_stopped)
        self.kept.free = free
        self.level, self.bound = self._level(free), free.bound
        hard = self._point(1.0 if self.measure == "reliance" else self._longest())
        ladder = self._least_only(hard, free)
        try:
            self._tell()
            ladder = self._searched(hard, free)
        except KeyboardInterrupt:
            self.interrupted = True
            ladder = self.ladder or ladder
            if ladder[0].out is None:  # the plan without a promise keeps it
                ladder[0].out = dataclasses.replace(begin(self.programme, free, ladder[0].c), seconds=free.seconds)
        return self._shared([point for point in ladder if point.out is not None], free)

    def _searched(self, hard: _Point, free: Plan) -> list[_Point]:
        """The greatest promise, and then every point from there down; what is kept is not searched for again."""
        self.start = begin(self.programme, free, hard.c)
        top = self.kept.top or self._furthest(hard)
        self.kept.top = top
        self._tell()
        self.ladder = list(self._ladder(hard, top, free))
        known = self._charges(hard, free) if len(self.kept.points) < len(self.ladder) else []
        start = dataclasses.replace(top, theta=self.start.theta)
        last = hard.c
        for k, point in enumerate(reversed(self.ladder)):
            theta = start.theta if point.c is last else carried(last, point.c, start.theta)
            if k == len(self.kept.points):
                begins = dataclasses.replace(start, theta=self._charged(hard, point, theta, known))
                self.kept.points.append(self._search(point, begins))
            point.out = self.kept.points[k]
            start = point.out if point.kept else dataclasses.replace(start, theta=point.out.theta)
            last = point.c
            self._tell()
        return self.ladder

    def _charges(self, hard: _Point, free: Plan) -> list[Floats]:
        """Prices that charge for the promise, where the relaxation is too large to be written out."""
        p, lay = hard.c.problem, layout(hard.c.problem)
        if promising(p, lay) or self.asked.scenarios or not len(p.b_floor):
            return []
        late = None if self.asked.work is not None else CHARGE_SHARE * self.seconds
        found = charges(hard.c, self.start.theta, (free.bound - free.nothing) / len(p.b_floor), late)
        return between([self.start.theta, *found])

    def _charged(self, hard: _Point, point: _Point, theta: Floats, known: list[Floats]) -> Floats:
        """Prices to start from, of those that prove most. Those of another promise charge nothing for what this adds.

        The search improves prices, but does not find that of a floor by itself. Where the relaxation is small enough
        to be written out, all of them are known exactly.
        """
        p, lay = point.c.problem, layout(point.c.problem)
        if promising(p, lay):
            late = None if self.asked.work is not None else LP_SHARE * self.seconds
            known = [Program(p, lay).solved(np.zeros(lay.size), late)[1]]
        elif len(p.b_floor) != len(hard.c.problem.b_floor) or lay.size != layout(hard.c.problem).size:
            known = [carried(hard.c, point.c, prices) for prices in known]
        return min((theta, *known), key=lambda prices: Desk.of(point.c, prices).bound)

    def _least_only(self, hard: _Point, free: Plan) -> list[_Point]:
        """What the plan without a promise keeps anyhow."""
        if self.measure == "survival":
            return [self._point(0.0)]
        begins = choice_of(hard.c, free)
        nothing = Outcome(*begins, 0.0, 0.0, 0.0, np.zeros(0), "work", 0.0, 0)
        return list(self._ladder(hard, nothing, free))[:1]

    def _tell(self) -> None:
        self.done += 1
        spent = time.perf_counter() - self.began
        self.seconds = max(0.5, (self.asked.time_limit - spent) / max(1, self.count + 2 - self.done))
        if self.progress is not None:
            self.progress(self.done, self.count + 2)
        if self.keep is not None and self.done >= self.kept.count:
            self.kept.seconds = spent
            self.keep(self.kept)

    def _level(self, free: Plan) -> float | None:
        if self.measure == "reliance":
            return None
        if self.asked.min_survival_months is not None:
            return self.asked.survival_level
        replay = Replay.of(self.programme, free)
        late = replay.when.quarters_of(self.from_year, None)
        return round(HALF * float(np.nanmin(outcome(replay).coverage[late])), 2)

    def _longest(self) -> float:
        return self.asked.min_survival_months or MONTHS_STEP * (self.count - 1)

    def _point(self, promise: float) -> _Point:
        if self.measure == "reliance":
            s = dataclasses.replace(self.each, min_reliance=promise)
        else:
            level = HALF if self.level is None else self.level
            s = dataclasses.replace(self.each, min_survival_months=promise, survival_level=level)
        return _Point(promise, s, compile_programme(apply(self.programme, s), s))

    def _furthest(self, hard: _Point) -> Outcome:
        """The plan that keeps most of the promise: what it watches counts, and nothing else."""
        p = hard.c.problem
        watched = p.g_block >= 0
        slope = np.where(watched, p.g_slope / FAINT, p.g_slope * FAINT)
        q = p._replace(g_slope=slope, b_scale=p.b_scale / FAINT, b_floor=np.full_like(p.b_floor, -1e300))
        start = dataclasses.replace(self.start, theta=np.zeros(0))
        out = solve(q, time_limit=self.seconds, work=self.each.work, seed=self.each.seed, start=start)
        _go_on(out.why)
        return out

    def _ladder(self, hard: _Point, top: Outcome, free: Plan) -> Iterator[_Point]:
        """The promises, from what a plan without one keeps anyhow to the most that was found."""
        if self.measure == "survival":
            for k in range(self.count):
                yield self._point(self._longest() * k / (self.count - 1))
            return
        begins = choice_of(hard.c, free)
        low = least(hard.c.problem, Outcome(*begins, 0.0, 0.0, 0.0, np.zeros(0), "work", 0.0, 0))
        high = max(low, least(hard.c.problem, top))
        for k in range(self.count):
            promise = max(0.0, low + (high - low) * k / (self.count - 1) - LOOSE)
            p = hard.c.problem._replace(b_floor=np.full_like(hard.c.problem.b_floor, promise + 1e-9))
            s = dataclasses.replace(self.each, min_reliance=promise)
            facts = dataclasses.replace(hard.c.facts, settings=s)
            yield _Point(promise, s, dataclasses.replace(hard.c, problem=p, facts=facts))

    def _search(self, point: _Point, start: Outcome) -> Outcome:
        if fixed_clash(point.c):
            return start
        s = point.settings
        out = solve(
            point.c.problem, time_limit=self.seconds, work=s.work, seed=s.seed, gap_target=s.gap_target, start=start
        )  # fmt: skip
        _go_on(out.why)
        return settled(point.c, out, Choice(start.x, start.s, start.cohorts))

    def _shared(self, ladder: list[_Point], free: Plan) -> list[_Point]:
        """A plan that keeps a greater promise keeps a smaller one; a bound of a smaller one holds for a greater."""
        choice = choice_of(ladder[0].c, free)
        for k, point in enumerate(ladder):
            mine = [q.out for q in ladder[k:] if q.kept and q.out is not None]
            if k == 0 and point.out is not None:
                mine.append(dataclasses.replace(point.out, x=choice.x, s=choice.s, cohorts=choice.cohorts))
            judged = [j for out in mine if (j := _judged(point, out)) is not None]
            if judged:
                point.out = max(judged, key=lambda out: out.value)
        for before, after in itertools.pairwise(ladder):
            if before.out is not None and after.out is not None:
                after.out = dataclasses.replace(after.out, bound=min(after.out.bound, before.out.bound))
        return ladder

    def told(self, ladder: list[_Point], began: float) -> Frontier:
        """Frames and plans."""
        rows: list[tuple[Any, ...]] = []
        bought: list[tuple[Any, ...]] = []
        plans: list[Plan] = []
        bound = self.bound
        for point in ladder:
            if not point.kept or point.out is None:
                rows.append((point.promise, False, *[None] * 7))
                continue
            changed = apply(self.programme, point.settings)
            plan = as_plan(self.programme, changed, point.c, point.settings, point.out, point.out.seconds)
            bound = max(plan.value, min(bound, plan.bound))
            replay = Replay.of(self.programme, plan)
            late = replay.when.quarters_of(self.from_year, None)
            by_year = outcome(replay).self_reliance[late].reshape(-1) if late.any() else np.zeros(0)
            years = replay.when.year_of[late]
            reliance = min((float(by_year[years == y].mean()) for y in np.unique(years)), default=0.0)
            gap = (bound - plan.value) / max(1e-12, bound - plan.nothing)
            relative = (bound - plan.value) / max(1e-12, abs(bound))
            cost = int(replay.picks["cost_mvnd"].sum())
            chosen = plan.choices.height
            rows.append((point.promise, True, plan.value, bound, gap, relative, reliance, cost, chosen))
            if plans:
                moved = compare(plans[-1], plan).filter((pl.col("what") == "project") & (pl.col("change") != "moved"))
                bought += [
                    (point.promise, r["subject"], r["change"], r["before"], r["after"]) for r in moved.to_dicts()
                ]
            plans.append(plan)
        return Frontier(
            measure=self.measure, from_year=self.from_year, level=self.level, plans=plans,
            points=pl.DataFrame(rows, schema=POINTS, orient="row"),
            bought=pl.DataFrame(bought, schema=BOUGHT, orient="row"), seconds=time.perf_counter() - began,
            interrupted=self.interrupted,
        )  # fmt: skip


def _go_on(why: str) -> None:
    """Ctrl-C ends the whole frontier; a search keeps it to itself and would only give way to the next."""
    if why == "interrupt":
        raise KeyboardInterrupt


def _judged(point: _Point, out: Outcome) -> Outcome | None:
    """Another point's plan as a plan of this one, with this one's bound; None where it breaks its promise."""
    assert point.out is not None
    p = point.c.problem
    st = state.new_state(p)
    state.rebuild(p, st, out.x, out.s, out.cohorts)
    moved = dataclasses.replace(
        point.out, x=out.x, s=out.s, cohorts=out.cohorts, value=float(st.value[0]), penalty=float(state.broken(p, st))
    )  # fmt: skip
    return None if broken(point.c, moved) else moved


def least(p: Problem, out: Outcome) -> float:
    """The least of what the floors of a problem watch, in a plan."""
    st = state.new_state(p)
    state.rebuild(p, st, out.x, out.s, out.cohorts)
    kept: Floats = st.bval / p.b_scale
    return float(kept.min()) if len(kept) else 0.0
