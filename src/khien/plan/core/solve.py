"""Bound and search side by side, until a limit is reached.

Two threads: one improves the prices, the other the plan; the search reads the newest prices at the start of
every round. Under a work limit the rounds are the same however fast the machine is, and so is the plan.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from khien.plan.core import dual, insert, prices, rounding, search, state
from khien.plan.core.ascent import STAGES, Ascent
from khien.plan.core.branch import Proof
from khien.plan.core.closing import Closing
from khien.plan.core.problem import Floats, Ints, Problem

ROUND_STEPS = 400
SLICE_SECONDS = 0.5  # of branch and bound between two looks at the search
SLICE_PARTS, PART_STEPS = 4, 100  # the same under a work limit, and what a part counts there
TRUSTED = 4  # stages of the ascent after which prices guide well
ENOUGH = 7  # stages after which, late in the limit, a second walker is worth more than better prices
HOT, WARM, COLD = 1.0, 0.4, 0.01  # temperatures, as shares of the typical worth of a project
SMOOTH = 0.003  # of the choices that a first plan is read from, in the same unit


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


class _Walker:
    """One search thread: its state, its best plan, its dice."""

    def __init__(self, p: Problem, seed: int, start: Outcome | None) -> None:
        self.p = p
        self.cools_from: float | None = None
        self.st = state.new_state(p)
        if start is not None:
            state.rebuild(p, self.st, start.x, start.s, start.cohorts)
        self.bx, self.bs = self.st.x.copy(), self.st.s.copy()
        self.bc = self.st.cohorts.copy()
        self.bv = np.array([self.st.value[0] - state.penalty(p, self.st)])
        self.dice = np.array([(seed * 2654435761 + 88172645463325252) % (1 << 63) | 1], dtype=np.uint64)
        self.odds = np.full(6, 1 / 6)
        self.wins = np.zeros((6, 2))
        first = np.where(p.allow.any(axis=1), p.allow.argmax(axis=1), p.T).astype(float)
        self.rank = np.array(
            [first[a:b].min() if b > a else p.T for a, b in zip(p.opt_ptr, p.opt_ptr[1:], strict=False)]
        )

    def go(self, tables: tuple[Floats, Floats, Floats, Ints], unit: float, temp: float, steps: int) -> None:
        price, red, red_best, best_ot = tables
        par = np.array([unit, 15.0, 0.5, 0.25, 0.25, 0.3, 8.0])
        search.search(
            self.p,
            self.st,
            self.bx,
            self.bs,
            self.bc,
            self.bv,
            price,
            red,
            red_best,
            best_ot,
            self.rank,
            self.odds,
            self.wins,
            par,
            temp,
            temp,
            steps,
            self.dice,
        )

    def begin(self, tables: tuple[Floats, Floats, Floats, Ints]) -> None:
        """Where ceilings are shares of the plan's own spend and let nothing in, start from a full plan and mend it."""
        if not len(self.p.or_mult) or not (self.p.or_mult < 0).any():
            return
        price, red, red_best, _ = tables
        insert.construct(self.p, self.st, red_best, price, red, 0.5, 0.0, False, self.dice)
        if (self.st.x < 0).all():
            insert.construct(self.p, self.st, red_best, price, red, 0.5, 0.0, True, self.dice)
        else:
            state.reset(self.p, self.st)

    def read(self, tables: tuple[Floats, Floats, Floats, Ints], weights: Floats) -> None:
        """A plan read from the choices of the bound, where it is better than all so far."""
        p, (price, red, red_best, _) = self.p, tables
        mine = (self.dice, self.bx, self.bs, self.bc, float(self.bv[0]))
        self.bv[0] = rounding.round_prices(p, self.st, weights, red_best, price, red, rounding.TRIES, *mine)
        state.rebuild(p, self.st, self.bx, self.bs, self.bc)

    def tidy(self) -> None:
        """Take out of the best plan whatever adds nothing."""
        state.rebuild(self.p, self.st, self.bx, self.bs, self.bc)
        search.prune(self.p, self.st)
        now = self.st.value[0] - state.penalty(self.p, self.st)
        if now >= self.bv[0] - 1e-12 * max(1.0, abs(self.bv[0])) and search.valid(self.p, self.st) == 0:
            self.bx[:], self.bs[:], self.bc[:], self.bv[0] = self.st.x, self.st.s, self.st.cohorts, now


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
) -> Outcome:
    """Best plan and bound within `time_limit` seconds, or within `work` steps of search whatever the clock says.

    Ctrl-C ends the search with the best plan so far (`why` = "interrupt").
    """
    t0 = time.perf_counter()
    run = _Run(p, time_limit, work, seed, gap_target, nothing, start, progress, t0)
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
        t0: float,
    ) -> None:
        self.p, self.limit, self.work, self.t0 = p, time_limit, work, t0
        self.gap_target, self.progress, self.seed = gap_target, progress, seed
        self.halt, self.why = False, "time" if work is None else "work"
        self.ascent = Ascent(p, lambda: self.halt or (work is None and self.elapsed() > time_limit))
        if start is not None:
            self.ascent.begin(start.theta)
        self.closing = Closing(p, self.ascent.lay)
        empty = state.new_state(p)
        alone = float(empty.value[0]) - state.tail_loss(p, empty)
        self.nothing = alone if nothing is None else nothing
        self.walkers = [_Walker(p, seed, start)]
        self.unit = max(1e-12, (self.ascent.best - self.nothing) / max(1, len(p.must)) / 2)
        self.steps = self.steps_of_parts = 0
        self.history: list[tuple[float, float, float]] = []
        self.tables, self.choices = self._tables(), self._choices()
        self.trusted = start is not None  # whether to search near what is there: a plan given, or read from good prices
        if start is None:
            self.walkers[0].begin(self.tables)

    def elapsed(self) -> float:
        return time.perf_counter() - self.t0

    def _tables(self) -> tuple[Floats, Floats, Floats, Ints]:
        p, n = self.p, len(self.p.must)
        out = (
            np.zeros(p.allow.shape),
            np.zeros(p.allow.shape),
            np.zeros(n),
            np.zeros((n, 2), dtype=np.int64),
        )
        prices.price_tables(p, self.ascent.lay, self.ascent.theta, *out)
        return out

    def done(self) -> float:
        """Share of the limit that is used."""
        if self.work is not None:
            return self.steps / max(1, self.work)
        return self.elapsed() / max(1e-9, self.limit)

    def rounds(self, threads: ThreadPoolExecutor) -> None:
        size = ROUND_STEPS
        self.tell("bound")
        while self.done() < 1.0:
            began = self.elapsed()
            pending = self._bounding(threads)
            seen = self.ascent.best
            while True:
                self._walk(threads, size, alone=pending is not None)
                if self.work is None:
                    spent = max(1e-3, self.elapsed() - began)
                    size = max(20, min(4000, int(size * (0.4 / spent if spent < 0.2 or spent > 0.8 else 1.0))))
                    began = self.elapsed()
                    self.tell("search")
                    if pending is None or pending.done() or self.done() >= 1.0:
                        break
                elif self.steps >= self.work or self._share_used():
                    break
            if pending is not None:
                pending.result()
                self._closed_in()
            if self.ascent.best < seen:
                self.tables, self.choices = self._tables(), self._choices()
                self.unit = max(1e-12, (self.ascent.best - self.nothing) / max(1, len(self.p.must)))
            self.trusted = self.ascent.stage >= TRUSTED or self.ascent.finished
            self.tell("search")
            if self.gap() <= max(self.gap_target, 1e-9):
                self.why = "optimal" if self.gap() == 0.0 else "gap"
                return

    def _bounding(self, threads: ThreadPoolExecutor) -> Future[None] | None:
        """What improves the bound in this round: the prices, and after them the tree while it is worth its time."""
        if not self.prices_final():
            return threads.submit(self.ascent.run_stage)
        return threads.submit(self._branch, self.value()) if self.closing.going else None

    def _branch(self, value: float) -> None:
        """A slice of branch and bound; under a work limit its parts count as steps."""
        if self.work is not None:
            parts = self.closing.work(value, SLICE_PARTS, lambda: 0.0 if self.halt else math.inf)
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
        if not alone and len(self.walkers) == 1:
            self.walkers.append(_Walker(self.p, self.seed + 1, None))
        who = self.walkers[:1] if alone else self.walkers
        for w in who:
            if w.cools_from is None and (self.trusted or self.done() >= 0.5):
                w.cools_from = min(1.0, self.done())
                w.read(self.tables, self.choices)
        jobs = [threads.submit(w.go, self.tables, self.unit, self._temperature(w), size) for w in who]
        for j in jobs:
            j.result()
        self.steps += size * len(who)

    def _choices(self) -> Floats:
        """What the relaxed plan takes of every start at the best prices, slightly smoothed."""
        p, lay = self.p, self.ascent.lay
        weights = np.zeros(p.allow.shape)
        unit = max(1e-12, self.ascent.best - self.nothing) / max(1, len(p.must))
        dual.evaluate(p, lay, self.ascent.theta, SMOOTH * unit, 1.0, np.zeros(lay.size), weights)
        return weights

    def _temperature(self, w: _Walker) -> float:
        """Hot until the prices can be trusted, then from warm falling to the end of the limit."""
        if w.cools_from is None:
            return self.unit * HOT
        f = (min(1.0, self.done()) - w.cools_from) / max(1e-9, 1.0 - w.cools_from)
        return self.unit * WARM * float((COLD / WARM) ** f)

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
