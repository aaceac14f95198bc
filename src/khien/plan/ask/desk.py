"""One compiled programme with a plan and its prices on it: where short searches go on from.

A question changes right-hand sides, allowed starts or amounts of the arrays; the programme is not compiled again. All
searches here are counted in steps and use one thread, so that the same question has the same answer every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from khien.plan.core import dual, state
from khien.plan.core.layout import Layout, layout
from khien.plan.core.problem import Floats, Ints, Problem
from khien.plan.core.repair import force, mend
from khien.plan.core.walker import Guide, Walker, guide
from khien.plan.model import Compiled
from khien.plan.result import Plan

COLD = 0.02
HEATS = (COLD, 0.1, 0.3)
"""Temperatures of searches near a good plan, as shares of a project's typical worth: first, and after some in vain."""


class Choice(NamedTuple):
    """What the engine chose: option (or -1) and start of every candidate, cohorts by training and quarter."""

    x: Ints
    s: Ints
    cohorts: Ints


class Found(NamedTuple):
    """A choice, its value, and what it still breaks (0: nothing)."""

    choice: Choice
    value: float
    broken: float

    @property
    def score(self) -> float:
        """Value less what broken rules cost."""
        return self.value - self.broken


def choice_of(c: Compiled, plan: Plan) -> Choice:
    """The free part of a plan in the numbers of a compiled programme; what that programme lacks is left out."""
    p = c.problem
    project = {name: i for i, name in enumerate(c.projects)}
    option = {name: i for i, name in enumerate(c.options)}
    x, s = np.full(len(p.must), -1, dtype=np.int64), np.zeros(len(p.must), dtype=np.int64)
    for name, way, start in plan.choices.select("project", "option", "start").iter_rows():
        # A plan that breaks a rule may end beyond the planned quarters, where compiled steps must not look.
        if name in project and way in option and 0 <= start <= p.T - p.dur[option[way]]:
            x[project[name]], s[project[name]] = option[way], start
    cohorts = np.zeros((len(p.tr_pool), p.T), dtype=np.int64)
    kept = {(skill, c.facts.index(q, 0)) for skill, q, _ in c.facts.settings.kept_training}
    for skill, start, n in plan.training.select("skill", "start", "cohorts").iter_rows():
        if skill in c.trainings and 0 <= start < p.T and (skill, start) not in kept:
            cohorts[c.trainings.index(skill), start] = n
    return Choice(x, s, cohorts)


def prices_of(plan: Plan, lay: Layout) -> Floats | None:
    """The prices that the plan carries; None where it carries none for a problem of this form."""
    if plan.certificate is None or plan.certificate["size"] != lay.size:
        return None
    theta = np.zeros(lay.size)
    theta[np.array(plan.certificate["at"], dtype=np.int64)] = plan.certificate["price"]
    return theta


@dataclass
class Desk:
    """A compiled programme, its prices, and what a typical project is worth."""

    c: Compiled
    theta: Floats
    nothing: float
    lay: Layout
    bound: float
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, c: Compiled, theta: Floats | None) -> Desk:
        """Lay a compiled programme out; without prices everything is free."""
        p, lay = c.problem, layout(c.problem)
        theta = np.zeros(lay.size) if theta is None else theta
        weights = np.zeros(p.allow.shape)
        bound, _ = dual.evaluate(p, lay, theta, 1e-9, 1e-9, np.zeros(lay.size), weights)
        empty = state.new_state(p)
        return cls(c, theta, float(empty.value[0]) - state.tail_loss(p, empty), lay, bound, weights)

    @property
    def unit(self) -> float:
        """What a typical project is worth."""
        return max(1e-12, (self.bound - self.nothing) / max(1, len(self.c.problem.must)))

    def tables(self, p: Problem) -> Guide:
        """Prices of starts, their reduced worth, the best of every project and where it stands."""
        own = self.c.problem
        lay = self.lay if p.use_amt is own.use_amt and p.sp is own.sp else layout(p)
        return guide(p, lay, self.theta)

    def judge(self, p: Problem, choice: Choice) -> Found:
        """What a choice is worth, as it stands."""
        st = state.new_state(p)
        state.rebuild(p, st, *choice)
        return Found(choice, float(st.value[0]) - state.tail_loss(p, st), float(state.broken(p, st)))

    def mended(self, p: Problem, choice: Choice) -> Choice:
        """The choice without what breaks the rules of `p`."""
        st = state.new_state(p)
        state.rebuild(p, st, *choice)
        mend(p, st, np.zeros(len(p.must), dtype=np.uint8))
        return Choice(st.x.copy(), st.s.copy(), st.cohorts.copy())

    def forced(self, p: Problem, tables: Guide, choice: Choice, project: int, option: int = -1) -> Found | None:
        """The choice with a project (by one option) put in and room made for it; None where it has no start."""
        st = state.new_state(p)
        state.rebuild(p, st, *choice)
        keep = np.zeros(len(p.must), dtype=np.uint8)
        if not force(p, st, project, option, tables[1], tables[2], keep):
            return None
        mend(p, st, keep)
        return self.judge(p, Choice(st.x.copy(), st.s.copy(), st.cohorts.copy()))

    def polished(self, choice: Choice, steps: int, rounds: int, patience: int = 3) -> Found:
        """The best that short searches find, each from the best so far, until some in a row find nothing.

        After one in vain the next is hotter, to get out of where the colder one ends.
        """
        p = self.c.problem
        tables = self.tables(p)
        best, idle = self.judge(p, choice), 0
        for k in range(rounds):
            heat = HEATS[min(idle, len(HEATS) - 1)]
            found = self.search(p, tables, best.choice, steps, seed=k, temperature=heat)
            better = found.score > best.score + 1e-9 * max(1.0, abs(best.score))
            best, idle = (found, 0) if better else (best, idle + 1)
            if idle >= patience:
                break
        return best

    def search(
        self, p: Problem, tables: Guide, choice: Choice, steps: int, seed: int = 0, temperature: float = COLD
    ) -> Found:
        """The best that so many steps find from a choice that keeps every hard rule; never worse than it."""
        walker = Walker(p, seed, (choice.x, choice.s, choice.cohorts))
        if steps:
            walker.go(tables, self.unit, self.unit * temperature, steps)
        walker.tidy()
        return self.judge(p, Choice(walker.bx.copy(), walker.bs.copy(), walker.bc.copy()))
