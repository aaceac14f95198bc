"""Does any plan keep every rule? The same problem with no other worth than that of the rules, and its bound.

Method page: docs/how/no-plan.md, "What is proven".
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from khien.plan.core import search, state
from khien.plan.core.ascent import Ascent
from khien.plan.core.branch import Found, Tree, promising
from khien.plan.core.layout import layout
from khien.plan.core.problem import Floats, Problem
from khien.plan.core.solve import Outcome, solve

COST = 100.0
"""What a promise that is missed, or a project that is missing, costs."""
KEPT = -1e-5
"""A plan that is worth no less than this keeps every rule: it misses no more than a ten-millionth of a promise."""
NO_FLOOR = -1e200
FAINT = 1e-9
"""What the worth of a block with a floor counts, in which the floor is measured too."""
PARTS, STAGES = 300, 3
"""Limits of a proof: parts of a tree, and stages of better prices where a problem is too large for one."""
STEPS = 3000
"""Of a search for a plan that keeps every rule, where nothing is proven."""


@dataclass(frozen=True)
class Verdict:
    """`plan`, where one was found that keeps every rule; `none`, where it is proven that there is none."""

    plan: Found | None = None
    none: bool = False
    prices: Floats | None = None  # the best ones met, where neither is known


def rules_only(p: Problem, promises: list[int]) -> Problem:
    """The problem whose plans are worth 0 if they keep every rule, and less if not.

    promises: the accumulators of promised amounts. Futures have to be left out of `p`.
    """
    slope = np.where(p.g_block >= 0, FAINT * p.g_slope, 0.0)
    constant = 0.0
    for a in promises:
        for g in range(p.ag_ptr[a], p.ag_ptr[a + 1]):
            slope[g] = COST / p.g_req[g]
            constant -= COST
    return p._replace(
        constant=constant, val=np.zeros_like(p.val), g_slope=slope, b_scale=FAINT * p.b_scale,
        b_own=np.zeros_like(p.b_own), must_cost=COST,
    )  # fmt: skip


def judged(rules: Problem, seconds: float = math.inf) -> Verdict:
    """Look for a plan that keeps every rule, and for a proof that there is none, of a problem by `rules_only`.

    Small problems are decided by branch and bound, within `PARTS` parts; of large ones only the prices are improved.
    With seconds at infinity the verdict is the same every time.
    """
    lay, end = layout(rules), time.perf_counter() + seconds
    empty = state.new_state(rules)
    if float(empty.value[0]) >= KEPT and state.broken(rules, empty) == 0.0 and search.valid(rules, empty) == 0:
        return Verdict(Found(empty.x, empty.s, empty.cohorts, float(empty.value[0])))
    if not promising(rules, lay):
        ascent = _priced(rules, end)
        return Verdict(none=True) if ascent.best < KEPT else Verdict(prices=ascent.theta)
    tree = Tree(rules, lay)
    for _ in range(PARTS):
        tree.explore(KEPT, 1, lambda: end - time.perf_counter())
        if tree.found is not None and tree.found.value >= KEPT:
            return Verdict(tree.found)
        if tree.finished or time.perf_counter() > end:
            break
    return Verdict(none=tree.finished and tree.bound < KEPT / 2)


def sought(rules: Problem, verdict: Verdict, seed: int, end: float) -> Verdict | None:
    """What a search finds where `judged` knows nothing: a plan, or none (no proof); None where time ran out.

    It looks for nothing but kept rules, led by the prices of the proof that failed. Ctrl-C ends it, and whatever asks.
    """
    start = None
    if verdict.prices is not None:
        empty = state.new_state(rules)
        start = Outcome(
            empty.x, empty.s, empty.cohorts, float(empty.value[0]), 0.0, 0.0, verdict.prices, "", 0.0, 0
        )  # fmt: skip
    out = solve(rules, work=STEPS, seed=seed, start=start, stop=lambda: time.perf_counter() > end)
    if out.why == "interrupt":  # a search keeps it to itself
        raise KeyboardInterrupt
    if out.value >= KEPT and out.penalty == 0.0:
        return Verdict(Found(out.x, out.s, out.cohorts, out.value))
    return None if out.why == "stop" else verdict


def _priced(rules: Problem, end: float) -> Ascent:
    """Prices that prove that no plan keeps every rule (`best` below `KEPT`), or the best of a few stages.

    Floors have no worth of their own, so that their price has to be given them for the goals under them to count.
    """
    ascent = Ascent(rules)
    theta, lay = ascent.theta.copy(), ascent.lay
    floors = np.where(rules.b_floor > NO_FLOOR, COST, 0.0)
    theta[lay.floors : lay.floors + len(floors)] = floors
    blocks = np.maximum(rules.g_block, 0)
    if len(floors):
        floor = np.where(rules.g_block >= 0, floors[blocks] / rules.b_scale[blocks], 0.0)
        theta[lay.goals : lay.requests] = 0.5 * rules.g_slope * (1.0 + floor)
    ascent.lead(theta)
    ascent.stop = lambda: ascent.best < KEPT or time.perf_counter() > end
    ascent.unit = COST
    while ascent.best >= KEPT and not ascent.finished and ascent.stage < STAGES:
        ascent.run_stage()
    return ascent
