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
from khien.plan.core.problem import Problem

COST = 100.0
"""What a promise that is missed, or a project that is missing, costs."""
KEPT = -1e-5
"""A plan that is worth no less than this keeps every rule: it misses no more than a ten-millionth of a promise."""
FAINT = 1e-9
"""What the worth of a block with a floor counts, in which the floor is measured too."""
PARTS, STAGES = 300, 3
"""Limits of a proof: parts of a tree, and stages of better prices where a problem is too large for one."""


@dataclass(frozen=True)
class Verdict:
    """`plan`, where one was found that keeps every rule; `none`, where it is proven that there is none."""

    plan: Found | None = None
    none: bool = False


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
        return Verdict(none=_priced_out(rules, end))
    tree = Tree(rules, lay)
    for _ in range(PARTS):
        tree.explore(KEPT, 1, lambda: end - time.perf_counter())
        if tree.found is not None and tree.found.value >= KEPT:
            return Verdict(tree.found)
        if tree.finished or time.perf_counter() > end:
            break
    return Verdict(none=tree.finished and tree.bound < KEPT / 2)


def _priced_out(rules: Problem, end: float) -> bool:
    """Whether some prices prove that no plan keeps every rule."""
    ascent = Ascent(rules)
    ascent.stop = lambda: ascent.best < KEPT or time.perf_counter() > end
    ascent.unit = COST
    while ascent.best >= KEPT and not ascent.finished and ascent.stage < STAGES:
        ascent.run_stage()
    return ascent.best < KEPT
