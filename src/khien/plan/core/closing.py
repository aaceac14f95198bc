"""When branch and bound is worth its time: it begins on small problems and ends when it wins too little."""

from __future__ import annotations

import math
from collections.abc import Callable

from khien.plan.core.branch import Proof, Tree, promising
from khien.plan.core.layout import Layout
from khien.plan.core.problem import Problem

PATIENCE = 100  # parts within which the tree has to win something
WINNING = 0.02  # share of the gap that it has to win within them


class Closing:
    """Works on the tree of a problem in slices, as long as that is worth the time."""

    def __init__(self, p: Problem, lay: Layout) -> None:
        self.p, self.lay = p, lay
        self.tree: Tree | None = None
        self.going = promising(p, lay)
        self._last = (0, math.inf)  # parts and gap when the progress was last looked at

    @property
    def bound(self) -> float:
        """No plan is worth more; infinite before the first slice."""
        return math.inf if self.tree is None else self.tree.bound

    def proof(self) -> Proof | None:
        """The tree as rows, where there is one."""
        return None if self.tree is None or math.isinf(self.bound) else self.tree.proof()

    def work(self, value: float, nodes: int, left: Callable[[], float]) -> int:
        """Up to `nodes` parts more while seconds are left; gives how many. It ends for good when they win little."""
        if self.tree is None:
            self.tree = Tree(self.p, self.lay)
        before = self.tree.nodes
        self.tree.explore(value, nodes, left)
        gap = self.tree.bound - max(value, self.tree.found.value if self.tree.found else value)
        if self.tree.nodes >= self._last[0] + PATIENCE:
            self.going = gap < (1.0 - WINNING) * self._last[1]
            self._last = self.tree.nodes, gap
        self.going = self.going and not self.tree.finished
        return self.tree.nodes - before
