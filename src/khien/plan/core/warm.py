"""Compile the engine once, so that the first plan does not wait: ``python -m khien.plan.core.warm``."""

from __future__ import annotations

import numpy as np

from khien.plan.core.build import Builder
from khien.plan.core.problem import Problem
from khien.plan.core.solve import solve


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
    """Run the whole engine on the smallest problem; what it compiles stays in the cache."""
    solve(tiny(), work=2000)


if __name__ == "__main__":
    warm()
