"""Good prices: L-BFGS on the smoothed Lagrangian, smoothing lowered in stages.

Every price vector met gives a bound; the best is kept. See docs/methods/bound.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from khien.plan.core import dual
from khien.plan.core.descent import curvature, descend
from khien.plan.core.layout import Layout, kinds, layout
from khien.plan.core.problem import Floats, Problem

#: (smoothing as a share of the typical worth of a project, most iterations)
STAGES = (
    (0.05, 80), (0.02, 60), (0.01, 100), (0.005, 100), (0.003, 150),
    (0.0015, 200), (0.0007, 300), (0.0003, 300), (0.0002, 300), (0.0001, 400),
)  # fmt: skip
KNOWN = 4  # first stage for prices that are good already
CHAINED = ("requests", "links", "ors")  # prices of one wait, quarter by quarter: they move together
TOGETHER = 6.0  # so much more carefully they are moved than each by itself would be


class Stopped(Exception):
    """Raised inside the optimiser when the caller wants it to stop."""


@dataclass
class Ascent:
    """Best prices so far; `run_stage` goes on from the last point."""

    problem: Problem
    stop: Callable[[], bool] = lambda: False
    threads: Executor | None = None  # to look at half of the projects in; may be given and taken away at any time
    lay: Layout = field(init=False)
    best: float = field(init=False)
    theta: Floats = field(init=False)
    stage: int = 0

    def __post_init__(self) -> None:
        p = self.problem
        self.lay = layout(p)
        self._grad = np.zeros(self.lay.size)
        self._weights = np.zeros(p.allow.shape)
        self._work = dual.Work(p, self.lay)
        self._x = np.zeros(self.lay.size)
        self._even = False
        goals = slice(self.lay.goals, self.lay.requests)
        self._x[goals] = 0.5 * p.g_slope * self.lay.scale[goals]
        futures = slice(self.lay.floors + p.tail_from, self.lay.floors + len(p.b_floor))
        self._x[futures] = p.tail_weight * self.lay.scale[futures]  # every future alike: the bound of the mean
        self.theta = self._x / self.lay.scale
        self.best, _ = dual.evaluate(p, self.lay, self.theta, 1.0, 1.0, self._grad, self._weights, self._work)
        self.unit = max(1e-12, self.best / max(1, len(p.must)))

    def begin(self, theta: Floats) -> None:
        """Start from these prices, if they are as many, without the stages that only serve to find the way."""
        if len(theta) != self.lay.size:
            return
        exact, _ = dual.evaluate(self.problem, self.lay, theta, 1.0, 1.0, self._grad, self._weights, self._work)
        if exact < self.best:
            self.best, self.theta, self._x, self.stage = exact, theta.copy(), theta * self.lay.scale, KNOWN

    def lead(self, theta: Floats) -> None:
        """Go on from these prices, whatever they prove."""
        self._x = theta * self.lay.scale

    @property
    def finished(self) -> bool:
        return self.stage >= len(STAGES)

    def run_stage(self) -> None:
        """One stage of the schedule (or less, when asked to stop)."""
        self.next_stage()()

    def next_stage(self) -> Callable[[], None]:
        """The same as a job for another thread: counted at once, so that who asks is told the same at any speed."""
        share, most = STAGES[self.stage]
        self.stage += 1
        return partial(self._run, share, most, self.stage > 1 and not self._even)

    def _run(self, share: float, most: int, uneven: bool) -> None:
        try:
            if uneven:
                self._even_out(share)
            descend(self._smoothed(share), self._x, most)
        except Stopped:
            self.stage = len(STAGES)

    def _smoothed(self, share: float) -> Callable[[Floats], tuple[float, Floats]]:
        """The bound with choices smoothed by this share of the typical worth, in units of it, and its gradient."""
        p, lay, unit = self.problem, self.lay, self.unit

        def look(x: Floats) -> tuple[float, Floats]:
            if self.stop():
                raise Stopped
            self._work.threads = self.threads
            theta = x / lay.scale
            exact, smooth = dual.evaluate(p, lay, theta, share * unit, share, self._grad, self._weights, self._work)
            if exact < self.best:
                self.best, self.theta = exact, theta
            self._x = x.copy()
            return smooth / unit, self._grad / lay.scale / unit

        return look

    def _even_out(self, share: float) -> None:
        """Scale the kinds of prices so that the bound curves alike along each, which the descent takes for granted."""
        x, look = self._x.copy(), self._smoothed(share)
        theta, dice = x / self.lay.scale, np.random.default_rng(0)
        here, places = look(x)[1].copy(), kinds(self.lay)
        curves = {name: curvature(look, x, here, where, dice) for name, where in places.items()}
        for name, curve in curves.items():
            if curve > 0.0:
                more = TOGETHER if name in CHAINED else 1.0
                self.lay.scale[places[name]] *= more * math.sqrt(curve / max(curves.values()))
        self._x, self._even = theta * self.lay.scale, True
