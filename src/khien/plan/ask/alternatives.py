"""Plans that are nearly as good and as different as can be found.

Method page: docs/methods/alternatives.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from khien.plan.ask.desk import Choice, Desk, Found, choice_of, prices_of
from khien.plan.clash import broken
from khien.plan.core.layout import layout
from khien.plan.core.problem import Floats, Problem
from khien.plan.core.solve import Outcome
from khien.plan.frames.replay import require_match
from khien.plan.model import Compiled, compile_programme
from khien.plan.result import Plan
from khien.plan.settings import apply
from khien.plan.solver import as_plan
from khien.programme import Programme

STEPS = 4000
"""Steps of one search."""
HEATS = (0.3, 0.3, 0.1, 0.1, 0.02, 0.02)
"""Temperatures of the rounds, as shares of what a typical project is worth."""
HARD = 100.0
"""Falling below the floor by a hundredth costs as much as one typical project, for each project there is."""
WEIGHT = 10.0
"""With other floors: value counts so many times."""
OTHER_OPTION, OTHER_TIME, NEAR = 0.5, 0.25, 4
"""How different the same project is by another option, or by a start that lies NEAR quarters or more away."""

ALTERNATIVES = {
    "plan": pl.Int64, "value": pl.Float64, "worse": pl.Float64, "distance": pl.Float64, "nearest": pl.Float64,
    "in": pl.Int64, "out": pl.Int64, "otherwise": pl.Int64,
}  # fmt: skip
DIFFERENCES = {"plan": pl.Int64, "project": pl.String, "change": pl.String}


@dataclass(frozen=True, kw_only=True, eq=False)
class Alternatives:
    """Near-optimal plans.

    Parameters
    ----------
    plans : list of Plan
        The plan that was asked about (or a better one, if the search met one), and the others as they were found.
    table : polars.DataFrame
        One row per plan: `plan` (0 the first), `value`, `worse` (share of the first plan's value), `distance` from the
        first, `nearest` (least distance from any plan before it), projects that are `in`, `out` or done `otherwise`
        (option, or start by a year or more).
    differences : polars.DataFrame
        `plan`, `project`, `change` (in, out, option, moved), against the first plan.
    seconds : float
    """

    plans: list[Plan] = field(repr=False)
    table: pl.DataFrame = field(repr=False)
    differences: pl.DataFrame = field(repr=False)
    seconds: float


def alternatives(
    programme: Programme,
    plan: Plan,
    count: int = 3,
    within: float = 0.01,
    steps: int = STEPS,
    progress: Callable[[int, int], None] | None = None,
) -> Alternatives:
    """Up to `count` plans at most the share `within` worse, each as far from all before it as the search can get.

    The same plan gives the same alternatives; fewer come back where no other plan is found. Raises PlanMismatch, and
    ValueError where `count` is below 1 or `within` no share.
    """
    if count < 1 or not 0.0 <= within < 1.0:
        raise ValueError(f"count {count} or within {within} is out of range")
    require_match(programme, plan)
    began = time.perf_counter()
    changed = apply(programme, plan.settings)
    c = compile_programme(changed, plan.settings)
    desk = Desk.of(c, prices_of(plan, layout(c.problem)))
    first = desk.polished(choice_of(c, plan), steps, 4, 1)
    floor = first.value - within * abs(first.value)
    found = [first]
    for k in range(count):
        other = _different(desk, found, floor, steps)
        if progress is not None:
            progress(k + 1, count)
        if other is None:
            break
        found.append(other)
    plans = [plan if _same(first.choice, choice_of(c, plan)) else _as_plan(programme, changed, c, plan, first)]
    plans += [_as_plan(programme, changed, c, plan, f) for f in found[1:]]
    return Alternatives(
        plans=plans, table=_table(found), differences=_differences(c, found), seconds=time.perf_counter() - began
    )


def distance(a: Choice, b: Choice) -> float:
    """0 (the same) to 1: mean over the projects of either plan of how differently they are done."""
    either = (a.x >= 0) | (b.x >= 0)
    both = (a.x >= 0) & (b.x >= 0)
    apart = np.where(either & ~both, 1.0, 0.0)
    apart[both] = np.where(
        a.x[both] != b.x[both], OTHER_OPTION, np.where(np.abs(a.s[both] - b.s[both]) >= NEAR, OTHER_TIME, 0.0)
    )
    return float(apart.sum() / max(1, int(either.sum())))


def _rewards(p: Problem, found: list[Found]) -> Floats:
    """How much a choice adds to the mean of the distances (in projects) from all plans found: [options, quarters]."""
    out = np.zeros(p.allow.shape)
    quarters = np.arange(p.T)
    for f in found:
        for o in range(len(p.dur)):
            i = int(p.project_of[o])
            chosen = int(f.choice.x[i])
            if chosen < 0:
                out[o] += 1.0
            elif chosen != o:
                out[o] += OTHER_OPTION - 1.0  # leaving it out would have counted 1
            else:
                out[o] += np.where(np.abs(quarters - f.choice.s[i]) >= NEAR, OTHER_TIME, 0.0) - 1.0
    return out / len(found)


def _different(desk: Desk, found: list[Found], floor: float, steps: int) -> Found | None:
    """The plan farthest from all found that some rounds of search meet; each goes on from the one before."""
    p = desk.c.problem
    q = _held(desk, p._replace(val=p.val + desk.unit * _rewards(p, found)), floor)
    tables, start = desk.tables(q), found[0].choice
    best: tuple[float, Found] | None = None
    for k, heat in enumerate(HEATS):
        start = desk.search(q, tables, start, steps, k, heat).choice
        other = desk.search(p, desk.tables(p), start, 0)  # without what is in for the reward alone
        if other.broken > 0.0 or other.value < floor:
            continue
        apart = min(distance(other.choice, f.choice) for f in found)
        if apart > 0.0 and (best is None or apart > best[0]):
            best = apart, other
    return None if best is None else best[1]


def _held(desk: Desk, q: Problem, floor: float) -> Problem:
    """The problem with a floor on the value of the plan as it was, far dearer to miss than all rewards together.

    Where floors are asked for already, their goals cannot have another: theirs and all others are weighed instead, so
    that value counts as much more than reward as it can.
    """
    many = len(q.must)
    if len(q.b_floor):
        return q._replace(g_slope=q.g_slope * WEIGHT, b_scale=q.b_scale * WEIGHT, constant=q.constant * WEIGHT)
    return q._replace(
        g_block=np.zeros_like(q.g_block), b_floor=np.array([floor - q.constant]), b_scale=np.ones(1), b_own=np.ones(1),
        floor_cost=HARD * many, tail_from=1,
    )  # fmt: skip


def _same(a: Choice, b: Choice) -> bool:
    placed = a.x >= 0
    return bool((a.x == b.x).all() and (a.s[placed] == b.s[placed]).all() and (a.cohorts == b.cohorts).all())


def _as_plan(programme: Programme, changed: Programme, c: Compiled, plan: Plan, found: Found) -> Plan:
    """A plan with the bound that the first one has: all are plans of the same problem."""
    theta = prices_of(plan, layout(c.problem))
    theta = np.zeros(layout(c.problem).size) if theta is None else theta
    out = Outcome(
        *found.choice, value=found.value, penalty=found.broken, bound=plan.bound, theta=theta, why="work",
        seconds=0.0, steps=0,
    )  # fmt: skip
    assert not broken(c, out)
    return as_plan(programme, changed, c, plan.settings, out, 0.0)


def _changes(a: Choice, b: Choice) -> list[tuple[int, str]]:
    """What differs from plan a to plan b, by project."""
    out = []
    for i in range(len(a.x)):
        x, y = int(a.x[i]), int(b.x[i])
        if x < 0 <= y or y < 0 <= x:
            out.append((i, "in" if x < 0 else "out"))
        elif x >= 0 and x != y:
            out.append((i, "option"))
        elif x >= 0 and abs(int(a.s[i]) - int(b.s[i])) >= NEAR:
            out.append((i, "moved"))
    return out


def _table(found: list[Found]) -> pl.DataFrame:
    rows = []
    for k, f in enumerate(found):
        kinds = [change for _, change in _changes(found[0].choice, f.choice)]
        apart = [distance(f.choice, other.choice) for other in found[:k]]
        worse = (found[0].value - f.value) / max(1e-12, abs(found[0].value))
        counts = kinds.count("in"), kinds.count("out"), kinds.count("option") + kinds.count("moved")
        rows.append((k, f.value, worse, apart[0] if apart else 0.0, min(apart, default=0.0), *counts))
    return pl.DataFrame(rows, schema=ALTERNATIVES, orient="row")


def _differences(c: Compiled, found: list[Found]) -> pl.DataFrame:
    rows = [
        (k, c.projects[i], change) for k, f in enumerate(found) for i, change in _changes(found[0].choice, f.choice)
    ]
    return pl.DataFrame(rows, schema=DIFFERENCES, orient="row")
