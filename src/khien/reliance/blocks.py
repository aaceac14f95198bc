"""Many small linear programmes solved as one, with a block for each: a call costs more than a block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

Floats = NDArray[np.float64]

SECONDS = 60.0
"""Longest time of one call. The solver then says so instead of coming back late."""

BATCH = 20_000
"""Non-zeros in one call."""


SMALL = (("highs-ds", False), ("highs-ipm", False), ("highs-ds", True))
LARGE = (("highs-ipm", False), ("highs-ds", True), ("highs-ds", False))
"""Methods in the order in which they are asked, and whether the programme is simplified first."""


class SolverStopped(RuntimeError):
    """The solver did not finish a linear programme that must have a solution."""


@dataclass
class Block:
    """One programme: least `cost @ x` over `matrix @ x <= right`, `low <= x <= high`, the matrix as triplets."""

    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)

    def variable(self, high: float = np.inf, *, low: float = 0.0, cost: float = 0.0) -> int:
        """A new variable; its column."""
        self.low.append(low)
        self.high.append(high)
        self.cost.append(cost)
        return len(self.cost) - 1

    def at_most(self, right: float, *terms: tuple[float, int]) -> None:
        """A new row: the sum of the terms (factor, column) is at most `right`."""
        for value, column in terms:
            self.row.append(len(self.right))
            self.column.append(column)
            self.value.append(value)
        self.right.append(right)


def solve_all(blocks: Sequence[Block], progress: Callable[[int], None] | None = None) -> list[Floats]:
    """The best `x` of every block, in order.

    Raises:
        SolverStopped: no solution in time.
    """
    found: list[Floats] = []
    begin = 0
    while begin < len(blocks):
        end, weight = begin, 0
        while end < len(blocks) and (end == begin or weight + len(blocks[end].value) <= BATCH):
            weight += len(blocks[end].value)
            end += 1
        found += _together(blocks[begin:end])
        begin = end
        if progress is not None:
            progress(begin)
    return found


def _together(blocks: Sequence[Block]) -> list[Floats]:
    from scipy import sparse  # here, so that rooms which ask nothing do not wait for it

    heights = np.cumsum([0, *(len(b.right) for b in blocks)])
    widths = np.cumsum([0, *(len(b.cost) for b in blocks)])
    row = np.concatenate([np.array(b.row, dtype=np.int64) + h for b, h in zip(blocks, heights, strict=False)])
    column = np.concatenate([np.array(b.column, dtype=np.int64) + w for b, w in zip(blocks, widths, strict=False)])
    value = np.concatenate([np.array(b.value, dtype=np.float64) for b in blocks])
    x = solve(
        np.concatenate([b.cost for b in blocks]),
        sparse.csc_matrix((value, (row, column)), shape=(int(heights[-1]), int(widths[-1]))),
        np.concatenate([b.right for b in blocks]),
        np.concatenate([b.high for b in blocks]),
        np.concatenate([b.low for b in blocks]),
    )
    return [x[widths[i] : widths[i + 1]] for i in range(len(blocks))]


def solve(cost: Floats, matrix: sparse.csc_matrix, right: Floats, high: Floats, low: Floats | None = None) -> Floats:
    """The least `cost @ x` over `matrix @ x <= right`, `low <= x <= high` (`low` is 0 if left out).

    Presolve is off at first: it is what never comes back where a solver of this family does not come back. The simplex
    method without it is quickest on many small programmes, the interior method on one that is large. Should
    one give up, the others are asked; each answer is the same optimum.

    Raises:
        SolverStopped: none of them found a solution in time.
    """
    from scipy.optimize import linprog

    if not len(cost):
        return np.zeros(0)
    bounds = np.stack([np.zeros(len(cost)) if low is None else low, high], axis=1)
    for method, presolve in LARGE if matrix.nnz > 2 * BATCH else SMALL:
        options = {"presolve": presolve, "time_limit": SECONDS}
        found = linprog(cost, A_ub=matrix, b_ub=right, bounds=bounds, method=method, options=options)
        if found.status == 0:
            return np.asarray(found.x, dtype=np.float64)
    raise SolverStopped(found.message)
