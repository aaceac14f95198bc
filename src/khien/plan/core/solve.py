"""Bound and search side by side, until a limit is reached.

Two threads: one improves the prices, the other the plan; the search reads the newest prices at the start of
every round. Under a work limit the rounds are the same however fast the machine is, and so is the plan.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np

from khien.plan.core import dual, state
from khien.plan.core.ascent import STAGES, Ascent
from khien.plan.core.branch import Proof
from khien.plan.core.closing import Closing
from khien.plan.core.problem import Floats, Ints, Problem
from khien.plan.core.walker import Walker, guide

ROUND_STEPS = 400
# Steps of each of two searches between two exchanges: fewer where a step changes a smaller part of the plan.
LEAST_SHARED, SHARED_PROJECTS = 50, 60_000
LOOK = 0.3  # seconds between two looks at a thread that works alone
SLICE_SECONDS = 0.5  # of branch and bound between two looks at the search
SLICE_PARTS, PART_STEPS = 4, 100  # the same under a work limit, and what a part counts there
TRUSTED = 5  # stages of the ascent after which prices guide well; until then both threads work on them
BLIND = 0.4  # share of the limit after which the search begins with the prices that there are
ENOUGH = 7  # stages after which, late in the limit, a second walker is worth more than better prices
SMOOTH = 0.003  # of the choices that a first plan is read from, as a share of the typical worth of a project
FEW = 10  # first plans read after each of the first stages


@dataclass(frozen=True)
class Progress:
    """What a caller sees while it waits."""

    seconds: float
    value: float | None  # None while no plan keeps every rule
    bound: float
    gap: float | None
    stage: str


@dataclass
class Outcome:
    """The best plan of the engine; `penalty` above 0 means that it breaks a floor, ceiling or must."""

    x: Ints
    s: Ints
    cohorts: Ints
    value: float
    penalty: float
    bound: float
    theta: Floats
    why: str
    seconds: float
    steps: int
    history: list[tuple[float, float, float]] = field(default_factory=list)
    proof: Proof | None = None  # a tree that proves `bound`, where it proves more than `theta` does


def solve(
    p: Problem,
    *,
    time_limit: float = 60.0,
    work: int | None = None,
    seed: int = 0,
    gap_target: float = 0.0,
    nothing: float | None = None,
    start: Outcome | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Best plan and bound within `time_limit` seconds, or within `work` steps of search whatever the clock says.

    Ctrl-C ends the search with the best plan so far (`why` = "interrupt"), and so does `stop` once it is true ("stop").
    """
    t0 = time.perf_counter()
    run = _Run(p, time_limit, work, seed, gap_target, nothing, start, progress, stop, t0)
    with ThreadPoolExecutor(2) as threads:
        try:
            run.rounds(threads)
        except KeyboardInterrupt:
            run.why = "interrupt"
        run.halt = True
    return run.outcome()


class _Run:
    def __init__(
        self,
        p: Problem,
        time_limit: float,
        work: int | None,
        seed: int,
        gap_target: float,
        nothing: float | None,
        start: Outcome | None,
        progress: Callable[[Progress], None] | None,
        stop: Callable[[], bool],
        t0: float,
    ) -> None:
        self.p, self.limit, self.work, self.t0 = p, time_limit, work, t0
        self.gap_target, self.progress, self.stop, self.seed = gap_target, progress, stop, seed
        self.halt, self.why = False, "time" if work is None else "work"
        self.ascent = Ascent(p, lambda: self.halt or stop() or (work is None and self.elapsed() > time_limit))
        if start is not None:
            self.ascent.begin(start.theta)
        self.closing = Closing(p, self.ascent.lay)
        empty = state.new_state(p)
        alone = float(empty.value[0]) - state.tail_loss(p, empty)
        self.nothing = alone if nothing is None else nothing
        self.walkers = [Walker(p, seed, start and (start.x, start.s, start.cohorts))]
        self.steps = self.steps_of_parts = 0
        self.size = ROUND_STEPS  # steps between two looks at the clock
        self.history: list[tuple[float, float, float]] = []
        self.trusted = start is not None  # a plan given is searched around at once; else the prices have to guide first
        self._renew()
        if start is None:
            self.walkers[0].begin(self.guide)

    def elapsed(self) -> float:
        return time.perf_counter() - self.t0

    def _renew(self) -> None:
        """What the search reads of the best prices: tables, a typical worth, and what the relaxed plan takes."""
        p, lay, theta = self.p, self.ascent.lay, self.ascent.theta
        self.unit = max(1e-12, (self.ascent.best - self.nothing) / max(1, len(p.must)))
        self.guide = guide(p, lay, theta, self.unit)
        self.choices = np.zeros(p.allow.shape)
        dual.evaluate(p, lay, theta, SMOOTH * self.unit, 1.0, np.zeros(lay.size), self.choices)

    def done(self) -> float:
        """Share of the limit that is used."""
        if self.stop():
            self.why = "stop"
            return 1.0
        if self.work is not None:
            return self.steps / max(1, self.work)
        return self.elapsed() / max(1e-9, self.limit)

    def rounds(self, threads: ThreadPoolExecutor) -> None:
        pending = None
        self.tell("bound")
        while self.done() < 1.0:
            if pending is None:
                seen = self.ascent.best  # read before the thread begins to lower it
                pending = self._bounding(threads)
            blind = pending is not None and self._blind()
            self.ascent.threads = threads if blind else None
            if pending is not None and blind:
                wait([pending], timeout=LOOK if self.work is None else None)
                self.tell("bound")
            else:
                self._walk_on(threads, pending)
            if pending is None or pending.done():
                if pending is not None:
                    pending.result()
                    self._closed_in()
                pending = None
                if self.ascent.best < seen:
                    self._renew()
                if blind:
                    self.walkers[0].read(self.guide, self.choices, FEW)
                self.tell("search")
                if self.gap() <= max(self.gap_target, 1e-9):
                    self.why = "optimal" if self.gap() == 0.0 else "gap"
                    return
        if pending is not None:
            pending.result()
            self._closed_in()

    def _blind(self) -> bool:
        """Whether the prices do not guide yet, so that a search is not worth a thread."""
        self.trusted = self.trusted or self.ascent.stage >= TRUSTED or self.ascent.finished
        return not self.trusted and (self.work is not None or self.done() < BLIND)

    def _walk_on(self, threads: ThreadPoolExecutor, pending: Future[None] | None) -> None:
        """Steps of search: as many as fit between two looks at the clock, or the share that a work limit gives."""
        if self.work is not None:
            while self.done() < 1.0:
                self._walk(threads, self.size, alone=pending is not None)
                if pending is None or self._share_used():
                    break
            if pending is not None:
                pending.result()
            return
        began = self.elapsed()
        self._walk(threads, self.size, alone=pending is not None)
        spent = max(1e-3, self.elapsed() - began)
        self.size = max(20, min(4000, int(self.size * (0.4 / spent if spent < 0.2 or spent > 0.8 else 1.0))))
        self.tell("search")

    def _bounding(self, threads: ThreadPoolExecutor) -> Future[None] | None:
        """What improves the bound in this round: the prices, and after them the tree while it is worth its time."""
        if not self.prices_final():
            return threads.submit(self.ascent.next_stage())
        return threads.submit(self._branch, self.value()) if self.closing.going else None

    def _branch(self, value: float) -> None:
        """A slice of branch and bound; under a work limit its parts count as steps."""
        if self.work is not None:
            parts = self.closing.work(value, SLICE_PARTS, lambda: 0.0 if self.halt or self.stop() else math.inf)
            self.steps_of_parts += parts * PART_STEPS
            return
        parts = self.closing.parts_within(SLICE_SECONDS)
        self.closing.work(value, parts, lambda: 0.0 if self.halt else self.limit - self.elapsed())

    def _closed_in(self) -> None:
        """Takes over what the tree has found: a better plan, and prices that the search may read."""
        self.steps, self.steps_of_parts = self.steps + self.steps_of_parts, 0
        tree = self.closing.tree
        if tree is None:
            return
        self.closing.judge(self.bound() - self.value(), self.done())
        if tree.found is not None and tree.found.value > self.value():
            w, found = self.walkers[0], tree.found
            w.bx[:], w.bs[:], w.bc[:], w.bv[0] = found.x, found.s, found.cohorts, found.value
        if tree.root.prices is not None and tree.root.bound < self.ascent.best:
            self.ascent.best = tree.root.bound
            self.ascent.theta = np.zeros(self.ascent.lay.size)
            self.ascent.theta[tree.root.prices.at] = tree.root.prices.price

    def prices_final(self) -> bool:
        """Whether the prices are left as they are."""
        late = self.work is None and self.done() > 0.25
        return self.ascent.finished or (late and self.ascent.stage >= ENOUGH)

    def _share_used(self) -> bool:
        """Under a work limit: whether the search has done the share that belongs to the stages so far."""
        if self.ascent.finished:
            return True
        assert self.work is not None
        return self.steps >= self.work * self.ascent.stage / (1.5 * len(STAGES))

    def _walk(self, threads: ThreadPoolExecutor, size: int, alone: bool) -> None:
        """So many steps of one search, or of each of two that go on from one plan again and again."""
        first = self.walkers[0]
        if first.cools_from is None:
            first.cools_from = min(1.0, self.done())
            first.read(self.guide, self.choices)
        heat = self.unit * first.temperature(self.done())
        if alone:
            threads.submit(first.go, self.guide, self.unit, heat, size).result()
            self.steps += size
            return
        if len(self.walkers) == 1:
            self.walkers.append(Walker(self.p, self.seed + 1))
        second = self.walkers[1]
        second.stand_at(first)
        between = max(LEAST_SHARED, SHARED_PROJECTS // len(self.p.must))
        for begun in range(0, size, between):
            steps = min(between, size - begun)
            jobs = [threads.submit(w.go, self.guide, self.unit, heat, steps) for w in self.walkers]
            for j in jobs:
                j.result()
            first.follow(second, heat)
            self.steps += 2 * steps

    def best(self) -> Outcome:
        w = max(self.walkers, key=lambda v: float(v.bv[0]))
        w.tidy()
        st = state.new_state(self.p)
        state.rebuild(self.p, st, w.bx, w.bs, w.bc)
        pen = float(state.broken(self.p, st))
        return Outcome(
            w.bx.copy(),
            w.bs.copy(),
            w.bc.copy(),
            float(st.value[0]) - state.tail_loss(self.p, st),
            pen,
            self.bound(),
            self.ascent.theta,
            self.why,
            self.elapsed(),
            self.steps,
            self.history,
            self.closing.proof() if self.closing.bound < self.ascent.best else None,
        )

    def value(self) -> float:
        return max(float(w.bv[0]) for w in self.walkers)

    def bound(self) -> float:
        return min(self.ascent.best, self.closing.bound)

    def gap(self) -> float:
        missing, room = self.bound() - self.value(), self.bound() - self.nothing
        if missing <= 1e-9 * max(1.0, abs(self.bound())):
            return 0.0
        return missing / room if room > 0 else math.inf

    def tell(self, stage: str) -> None:
        value, bound = self.value(), self.bound()
        sound = value >= self.nothing - 1e-9 * max(1.0, abs(self.nothing))
        if sound:
            self.history.append((self.elapsed(), value, bound))
        if self.progress is not None:
            self.progress(
                Progress(self.elapsed(), value if sound else None, bound, self.gap() if sound else None, stage)
            )

    def outcome(self) -> Outcome:
        out = self.best()
        if math.isinf(out.bound):
            out.bound = self.ascent.best
        return out
