"""What a promise costs the relaxation: prices found with what is promised weighed beside coverage.

Method page: docs/methods/frontier.md, "The price of the promise".
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

import numpy as np

from khien.plan.core.ascent import Ascent
from khien.plan.core.layout import layout
from khien.plan.core.problem import Floats, Problem
from khien.plan.model import Compiled

WEIGHTS = (0.1, 0.25, 0.6, 1.5)
"""Prices of one whole point of the floor (0 to 1) that are tried, as shares of what planning can win in one block."""
SHARES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875)
"""Where mixtures of two are looked at."""


def charges(c: Compiled, theta: Floats, unit: float, seconds: float | None) -> Iterator[Floats]:
    """Prices for a problem with floors, one vector for every weight, each found from the one before.

    With the price of the floor held, goals that it watches are worth more, and nothing else of the relaxation changes:
    so the descent works as well as without a promise, where it does not find that price by itself. `theta` are prices
    without a promise, `unit` is what planning can win in one block; each vector takes `seconds` at most.
    """
    blocks = len(c.problem.b_floor)
    start = theta[: layout(c.problem).size - blocks]
    for weight in WEIGHTS:
        price = weight * unit
        ascent = Ascent(weighed(c.problem, price))
        ascent.begin(start)
        due = np.inf if seconds is None else time.perf_counter() + seconds
        ascent.stop = lambda due=due: time.perf_counter() > due  # type: ignore[misc]
        while not ascent.finished:
            ascent.run_stage()
        start = ascent.theta
        yield np.concatenate((start, np.full(blocks, price)))


def between(known: Sequence[Floats]) -> list[Floats]:
    """All price vectors, and mixtures of each with the next: the bound is convex, so a mixture proves at least as much
    as the two do in the mean, and often more than either."""
    mixed = [a + share * (b - a) for a, b in itertools.pairwise(known) for share in SHARES]
    return [*known, *mixed]


def weighed(p: Problem, price: float) -> Problem:
    """The problem without floors, in which each goal that one watches counts as much as their price makes it."""
    watched = p.g_block >= 0
    at = np.where(watched, p.g_block, 0)
    slope = p.g_slope * np.where(watched, p.b_own[at] + price / p.b_scale[at], 1.0)
    none = np.zeros(0)
    return p._replace(
        g_slope=slope, g_block=np.full_like(p.g_block, -1), b_floor=none, b_scale=none, b_own=none, tail_from=0
    )
