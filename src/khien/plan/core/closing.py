"""When branch and bound is worth its time: it begins on small problems and ends when it wins too little."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from khien.plan.core.branch import Proof, Tree, promising
from khien.plan.core.layout import Layout
from khien.plan.core.problem import Problem

PATIENCE = 0.1  # share of the limit after which a tree of few parts is judged
LONG_PATIENCE = 0.5  # the same where many parts fit into the limit: most of a gap is won at the end
MANY = 100
WINNING = 0.5  # share of the gap that it has to promise to win by the end of the limit


class Closing:
    """Works on the tree of a problem in slices, as long as that is worth the time."""

    def __init__(self, p: Problem, lay: Layout) -> None:
        self.p, self.lay = p, lay
        self.tree: Tree | None = None
        self.going = promising(p, lay)
        self._seconds, self._parts = 0.0, 0  # of all slices but the first
        self._first: tuple[float, float] | None = None  # gap, and share of the limit used, when it was first judged

    @property
    def bound(self) -> float:
        """No plan is worth more; infinite before the first slice."""
        return math.inf if self.tree is None else self.tree.bound

    def proof(self) -> Proof | None:
        """The tree as rows, where there is one."""
        return None if self.tree is None or math.isinf(self.bound) else self.tree.proof()

    def work(self, value: float, nodes: int, left: Callable[[], float]) -> int:
        """Up to `nodes` parts more while seconds are left; gives how many they were."""
        if self.tree is None:
            self.tree = Tree(self.p, self.lay)
        before, began = self.tree.nodes, time.perf_counter()
        self.tree.explore(value, nodes, left)
        parts = self.tree.nodes - before
        if before:  # the first part waits for the child to start
            self._seconds += time.perf_counter() - began
            self._parts += parts
        return parts

    def parts_within(self, seconds: float) -> int:
        """How many parts fit into so many seconds, going by those so far; at least one."""
        return max(1, int(seconds * self._parts / max(1e-9, self._seconds)))

    def judge(self, gap: float, done: float) -> None:
        """Whether to go on, by the gap left and the share of the limit used: the second thread could search instead."""
        if self._first is None:
            self._first = gap, done
        gap0, done0 = self._first
        used, won = (done - done0) / max(1e-9, 1.0 - done0), 1.0 - gap / max(1e-300, gap0)
        parts = 0 if self.tree is None else self.tree.nodes
        patience = LONG_PATIENCE if parts >= MANY * used else PATIENCE
        hopeless = used >= patience and won < WINNING * used
        ended = self.tree is not None and (self.tree.finished or self.tree.full)
        self.going = self.going and not hopeless and not ended
