"""Compile the engine once, so that the first plan does not wait: ``python -m khien.plan.core.warm``."""

from __future__ import annotations

import numpy as np

from khien.plan.core import repair, state
from khien.plan.core.build import Builder
from khien.plan.core.layout import layout
from khien.plan.core.linear import linear
from khien.plan.core.problem import Problem
from khien.plan.core.solve import solve
from khien.plan.core.walker import Walker, guide


def tiny() -> Problem:
    """Two projects, one after the other, with people, training, money, a ceiling and a goal."""
    b = Builder(8)
    b.funds = [100, 100]
    pool = b.add_pool(np.full(8, 3))
    b.add_training(pool, 1, 1, 1, 1)
    row = b.add_row(0, 8, 90)
    done = [b.add_condition(), b.add_condition()]
    a = b.add_accumulator()
    for i in range(2):
        b.add_project()
        for duration in (1, 2):
            o = b.add_option(i, duration, [10] * duration, {pool: 2}, value=1.0)
            b.options[o].rows[row] = 1
            b.add_member(done[i], o)
    b.add_request(1, done[0])
    b.add_unit(done, [(a, [1.0] * 4)])
    b.add_goal(a, 7, 1.0, 5.0)
    return b.build()


def warm() -> None:
    """Run every part of the engine on the smallest problem; what it compiles stays in the cache.

    The search is called by itself: so small a problem is proven by its prices before a search begins.
    """
    p = tiny()
    found = solve(p, work=2000)
    lay = layout(p)
    by = guide(p, lay, found.theta)
    walker = Walker(p, 0)
    walker.fill(by, soft=False)
    walker.go(by, 1.0, 1.0, 20)
    walker.read(by, np.zeros(p.allow.shape), 1)
    walker.follow(Walker(p, 1), 1.0)
    keep = np.zeros(len(p.must), dtype=np.uint8)
    repair.force(p, walker.st, 0, -1, by.worth, by.best, keep)
    repair.mend(p, walker.st, keep)
    option, start = walker.st.x[0], walker.st.s[0]
    state.remove(p, walker.st, 0)
    state.place(p, walker.st, 0, option, start)
    walker.tidy()
    linear(p, lay)


if __name__ == "__main__":
    warm()
