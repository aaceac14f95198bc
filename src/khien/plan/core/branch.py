"""Branch and bound over the Lagrangian, for problems small enough to be closed.

A node of the tree is a part of all plans: some starts are left to every project, and some projects have to be
chosen. Its prices are those of the least bound over that part (`linear`). What no better plan can take at these prices
is left out; what remains is split in two by one question on one project. The tree with its prices
is a proof that anybody can repeat. See docs/methods/bound.md, "Branching".
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from khien.plan.core import search, state
from khien.plan.core.layout import Layout
from khien.plan.core.linear import Linear, linear, worths
from khien.plan.core.problem import Floats, Ints, Problem
from khien.plan.core.worker import Simplex

CLOSE = 5e-10  # a part is closed when its bound lies above the best value by less than this share
LARGEST = 60_000_000  # entries (possibilities x prices) above which nothing is written out
SIMPLEX_STEPS = 20_000
MOST_PARTS, MOST_PRICES = 8_000, 300_000  # a tree that has as many parts, or prices in all of them, grows no more
Mask = NDArray[np.bool_]


class Question(NamedTuple):
    """Is the project chosen, with this option (-1: with any), to start before this quarter?"""

    project: int
    option: int
    before: int


class Prices(NamedTuple):
    """Prices that are not 0, rounded so that a file holds them exactly."""

    at: Ints
    price: Floats


#: Rows of (prices, question, row of yes, row of no), the first of which is the whole; -1 and None at the leaves.
Proof = list[tuple[Prices, Question | None, int, int]]


@dataclass
class Node:
    """A part of all plans, and what is proven of it."""

    keep: Mask  # possibilities of projects that are left
    must: Mask  # projects that have to be chosen
    bound: float
    prices: Prices | None = None
    question: Question | None = None
    parts: tuple[Node, Node] | None = None  # the answers yes and no


@dataclass
class Found:
    """A plan met on the way."""

    x: Ints
    s: Ints
    cohorts: Ints
    value: float


@dataclass
class Tree:
    """The tree so far; `explore` goes on with the part that promises most."""

    problem: Problem
    lay: Layout
    root: Node = field(init=False)
    found: Found | None = None
    nodes: int = 0
    prices: int = 0  # that are not 0, in all parts
    _open: list[tuple[float, int, Node]] = field(default_factory=list)
    _at_work: float = -math.inf  # bound of the part that is being worked on
    _stuck: float = -math.inf  # greatest bound of the parts that cannot be split further
    _proven: float = -math.inf  # greatest value that a closed part was held against

    def __post_init__(self) -> None:
        p = self.problem
        self.lin: Linear = linear(p, self.lay)
        self._simplex = Simplex(self.lin, self.lay)
        starts = self.lin.start
        self._own = self.lin.choice[: len(starts)]
        self._option, self._quarter = starts // p.T, starts % p.T
        self._has, self._begins = np.unique(self.lin.choice, return_index=True)
        self._none = np.zeros(self.lin.choices)
        self._none[: len(p.must)] = np.where(p.must == 1, -p.must_cost, 0.0)
        self.unit = max(1e-9, float(np.abs(self.lin.worth).max(initial=0.0)))
        self.root = Node(np.ones(len(starts), dtype=bool), np.zeros(len(p.must), dtype=bool), math.inf)
        self._open = [(-math.inf, 0, self.root)]

    @property
    def bound(self) -> float:
        """No plan is worth more."""
        return max(-self._open[0][0] if self._open else -math.inf, self._at_work, self._stuck, self._proven)

    @property
    def finished(self) -> bool:
        """Nothing is left that could be split."""
        return not self._open

    @property
    def full(self) -> bool:
        """As large as a file should hold: its bound is the one that fits."""
        return self.nodes >= MOST_PARTS or self.prices >= MOST_PRICES

    def explore(self, value: float, nodes: int, left: Callable[[], float]) -> None:
        """Work on up to `nodes` parts, while seconds are left; `value` is that of the best plan known elsewhere."""
        for _ in range(nodes):
            best = max(value, self.found.value if self.found else -math.inf)
            target = best + CLOSE * max(1.0, abs(best))
            if left() <= 0.0 or not self._open or self.full:
                return
            self._proven = max(self._proven, target)
            self._at_work = -self._open[0][0]
            _, _, node = heapq.heappop(self._open)
            self.nodes += 1
            done = self._work(node, target, left)
            late = not done and left() <= 0.0
            if late:  # it may have been cut short: once more later
                heapq.heappush(self._open, (-node.bound, 2 * self.nodes, node))
            elif not done:
                self._stuck = max(self._stuck, node.bound)
            self._at_work = -math.inf
            if late:
                return

    def _work(self, node: Node, target: float, left: Callable[[], float]) -> bool:
        """Bound a part, and close or split it; False where neither can be done."""
        none = self._none.copy()
        if node.must.any():
            none[: len(node.must)][node.must] -= self._penalty(target)
        rest = np.arange(len(node.keep), len(self.lin.worth))
        keep = np.concatenate((np.flatnonzero(node.keep), rest))
        solved = self._simplex.least(keep, none, self.unit, SIMPLEX_STEPS, left)
        if solved is None:
            return False
        prices, taken = solved
        before, node.prices = node.prices, self._rounded(prices)
        full, each, best = self._bound(node)
        if full > node.bound and before is not None:  # what was there proves more
            node.prices = before
            full, each, best = self._bound(node)
        self.prices += len(node.prices.at) if node.prices is not before else 0
        node.bound = min(node.bound, full)
        self._try(taken)
        if node.bound <= target:
            return True
        most = full - best[self._own] + each[: len(node.keep)]
        node.keep &= most > target
        node.must |= full - best[: len(node.must)] + none[: len(node.must)] <= target
        question = self._question(node, taken)
        if question is None:
            return False
        node.question = question
        inside = self._inside(question)
        yes, no = node.keep & (inside | (self._own != question.project)), node.keep & ~inside
        forced = node.must.copy()
        forced[question.project] = True
        node.parts = (Node(yes, forced, node.bound), Node(no, node.must.copy(), node.bound))
        for part in node.parts:
            part.prices = node.prices
            part.bound = min(part.bound, self._bound(part, each)[0])
            if part.bound > target:
                heapq.heappush(self._open, (-part.bound, 2 * self.nodes + (part is node.parts[0]), part))
        return True

    def _penalty(self, target: float) -> float:
        """More than any plan can win: what it costs to leave out what has to be chosen."""
        return 2.0 * self.unit + 2.0 * max(0.0, self.root.bound - target)

    def _bound(self, node: Node, each: Floats | None = None) -> tuple[float, Floats, Floats]:
        """Bound of a part at its prices, worth of each possibility (unless given), and of the best of each choice."""
        assert node.prices is not None
        at, price = node.prices
        if each is None:
            prices = np.zeros(self.lay.size)
            prices[at] = price
            each = worths(self.lin, prices)
        best = self._none.copy()
        best[: len(node.must)][node.must] = -np.inf
        left = each.copy()
        left[: len(node.keep)][~node.keep] = -np.inf
        if len(left):
            best[self._has] = np.maximum(best[self._has], np.maximum.reduceat(left, self._begins))
        return self.problem.constant + float((self.lin.given[at] * price).sum()) + float(best.sum()), each, best

    def _rounded(self, prices: Floats) -> Prices:
        at = np.flatnonzero(prices * self.lay.scale > 1e-13 * self.unit)
        return Prices(at, np.array([float(f"{x:.12e}") for x in prices[at]]))

    def _inside(self, q: Question) -> Mask:
        """Possibilities for which the answer is yes."""
        inside: Mask = (self._own == q.project) & (self._quarter < q.before)
        return inside if q.option < 0 else inside & (self._option == q.option)

    def _question(self, node: Node, taken: Floats) -> Question | None:
        """The question that cuts the relaxation most evenly; else one that makes some project's choice smaller."""
        weight = np.where(node.keep, taken[: len(node.keep)], 0.0)
        best, asked = 0.0, None
        fallback = None
        for i in range(len(node.must)):
            mine = np.flatnonzero(node.keep & (self._own == i))
            ways = len(mine) + (not node.must[i])
            if ways < 2:
                continue
            for q in self._questions(i, mine, weight, bool(node.must[i])):
                inside = self._inside(q)[mine]
                yes = float(weight[mine][inside].sum())
                none = 0.0 if node.must[i] else 1.0 - float(weight[mine].sum())
                score = min(yes, float(weight[mine][~inside].sum()) + none)
                fallback = fallback or q
                if score > best + 1e-9:
                    best, asked = score, q
        return asked or fallback

    def _questions(self, i: int, mine: Ints, weight: Floats, must: bool) -> list[Question]:
        """Questions on a project that leave something on both sides."""
        T, out = self.problem.T, []
        if not must:
            out.append(Question(i, -1, T))
        options = np.unique(self._option[mine])
        if len(options) > 1:
            out += [Question(i, int(o), T) for o in options]
        quarters = np.unique(self._quarter[mine])
        if len(quarters) > 1:
            total, mass = float(weight[mine].sum()), weight[mine]
            mean = float((self._quarter[mine] * mass).sum() / total) if total > 1e-9 else float(quarters.mean())
            after = quarters[min(len(quarters) - 1, max(1, int(np.searchsorted(quarters, mean, side="right"))))]
            out.append(Question(i, -1, int(after)))
        return out

    def _try(self, taken: Floats) -> None:
        """Read a plan off the relaxation, and keep it when it breaks nothing and is better."""
        p = self.problem
        x, s = np.full(len(p.must), -1, dtype=np.int64), np.zeros(len(p.must), dtype=np.int64)
        for i in range(len(p.must)):
            mine = np.flatnonzero(self._own == i)
            if len(mine) and taken[mine].sum() > 0.5:
                j = mine[taken[mine].argmax()]
                x[i], s[i] = self._option[j], self._quarter[j]
        cohorts = np.zeros((len(p.tr_pool), p.T), dtype=np.int64)
        share = taken[len(taken) - len(self.lin.cohorts) :]
        for c, part in zip(self.lin.cohorts, share, strict=True):
            cohorts[c // p.T, c % p.T] = math.ceil(part * p.tr_max[c // p.T] - 1e-6)
        st = state.new_state(p)
        state.rebuild(p, st, x, s, cohorts)
        value = float(st.value[0]) - state.tail_loss(p, st)
        if self._trained(cohorts) and search.valid(p, st) == 0 and state.broken(p, st) == 0.0:
            if self.found is None or value > self.found.value:
                self.found = Found(x, s, cohorts, value)

    def _trained(self, cohorts: Ints) -> bool:
        """Whether no year has more cohorts than it may."""
        p = self.problem
        years = [cohorts[:, p.year_of == y].sum(axis=1) for y in np.unique(p.year_of)]
        return all((n <= p.tr_max).all() for n in years)

    def proof(self) -> Proof:
        """The tree as rows (prices, question, row of yes, row of no), root first, no deeper than its bound needs."""
        rows: list[Any] = []
        waiting: list[tuple[Node, int, int]] = [(self.root, -1, 0)]
        limit = self.bound
        while waiting:
            node, above, side = waiting.pop()
            if above >= 0:
                rows[above][2 + side] = len(rows)
            assert node.prices is not None
            deeper = node.bound > limit and node.parts is not None
            rows.append([node.prices, node.question if deeper else None, -1, -1])
            if deeper and node.parts is not None:
                here = len(rows) - 1
                waiting += [(node.parts[1], here, 1), (node.parts[0], here, 0)]
        return [tuple(row) for row in rows]


def promising(p: Problem, lay: Layout) -> bool:
    """Whether a problem is small enough to be written out."""
    return int(p.allow.sum()) * lay.size <= LARGEST
