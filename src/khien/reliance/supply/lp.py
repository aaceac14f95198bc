"""The linear programmes of Simchi-Levi et al. (2015), many at a time.

What a failing set costs, and how long it costs nothing, are small programmes with the same rows. They do not
touch each other, so a batch of them is solved as one programme with a block for each: a call of the solver costs
more than a block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from khien.reliance.blocks import BATCH, solve
from khien.reliance.supply.network import Floats, Ints, SupplyNetwork

Failure = tuple[frozenset[int], float]
"""Nodes that make nothing, and for how many periods."""

SMALL = 1e-6
"""What is made, lost or survived below this is what the solver leaves of a zero."""

LONGEST = 520.0
"""Periods beyond which it does not matter how long one survives."""


@dataclass(frozen=True)
class Rows:
    """Rows of the programme of a network with nobody failing, over one period and without stock.

    The variables are what each node makes, what goes over each arc whose customer has a choice (in units of
    the customer), and what each node that sells fails to sell. `matrix @ x <= stock + horizon * rate`.
    """

    network: SupplyNetwork

    @cached_property
    def chosen(self) -> Ints:
        """Arcs whose customer has a choice."""
        return np.flatnonzero(self.network.sources > 1)

    @cached_property
    def sellers(self) -> Ints:
        """Nodes with demand."""
        return np.flatnonzero(self.network.demand > 0)

    @cached_property
    def width(self) -> int:
        """Number of variables."""
        return int(self.network.size + len(self.chosen) + len(self.sellers))

    @cached_property
    def system(self) -> tuple[sparse.csc_matrix, Floats, Floats]:
        """Matrix, stock part and rate part of the right-hand side."""
        net, n = self.network, self.network.size
        lone = np.flatnonzero(net.sources == 1)
        flow = n + np.arange(len(self.chosen))
        lost = n + len(self.chosen) + np.arange(len(self.sellers))
        groups, group = np.unique(
            np.stack([net.customer[self.chosen], net.material[self.chosen]]), axis=1, return_inverse=True
        )
        group = group.reshape(-1)
        heads = groups[0].astype(np.int64)
        at_plant, at_group = n, n + len(net.capacity)
        everything = np.arange(n)
        row = [net.supplier[lone], net.supplier[self.chosen], everything, self.sellers]
        column = [net.customer[lone], flow, everything, lost]
        value = [net.units[lone], net.units[self.chosen], -np.ones(n), -np.ones(len(lost))]
        row += [at_plant + net.plant, at_group + np.arange(len(heads)), at_group + group]
        column += [everything, heads, flow]
        value += [np.ones(n), np.ones(len(heads)), -np.ones(len(flow))]
        height = at_group + len(heads)
        matrix = sparse.csc_matrix(
            (np.concatenate(value), (np.concatenate(row), np.concatenate(column))), shape=(height, self.width)
        )
        stock, rate = np.zeros(height), np.zeros(height)
        stock[:n], rate[:n] = net.stock, -net.demand
        rate[at_plant:at_group] = net.capacity
        keep = np.isfinite(rate)
        return matrix[keep], stock[keep], rate[keep]

    def losses(self, failures: Sequence[Failure]) -> tuple[Floats, Floats]:
        """Least lost margin of each failure, and the best answer to it, one row a failure (first what nodes make)."""
        matrix, stock, rate = self.system
        net, n = self.network, self.network.size
        cost = np.zeros(self.width)
        cost[n + len(self.chosen) :] = net.margin[self.sellers]
        value, answers = np.zeros(len(failures)), np.zeros((len(failures), self.width))
        for part in _parts(len(failures), matrix.nnz):
            bounds, right = [], []
            for failing, horizon in (failures[i] for i in part):
                high = np.full(self.width, np.inf)
                high[n + len(self.chosen) :] = net.demand[self.sellers] * horizon
                high[list(failing)] = 0.0
                bounds.append(high)
                right.append(stock + horizon * rate)
            x = solve(
                np.tile(cost, len(part)), repeated(matrix, len(part)), np.concatenate(right), np.concatenate(bounds)
            )
            x = x.reshape(len(part), self.width)
            value[part.start : part.stop], answers[part.start : part.stop] = x @ cost, x
        return value, answers

    def works(self, x: Floats, failing: tuple[int, int], horizon: float) -> bool:
        """Whether an answer keeps every row when these nodes make nothing."""
        matrix, stock, rate = self.system
        if np.abs(x[list(failing)]).max() > SMALL or x.min() < -SMALL:
            return False
        lost = x[self.network.size + len(self.chosen) :]
        if (lost > self.network.demand[self.sellers] * horizon + SMALL).any():
            return False
        return bool((matrix @ x <= stock + horizon * rate + SMALL).all())

    def survivals(self, failures: Sequence[frozenset[int]], longest: float = LONGEST) -> Floats:
        """How many periods pass before anything is lost, at most `longest`."""
        matrix, stock, rate = self.system
        n = self.network.size
        block = sparse.hstack([matrix, sparse.csc_matrix(-rate[:, None])], format="csc")
        cost = np.zeros(self.width + 1)
        cost[-1] = -1.0
        lasts = np.zeros(len(failures))
        for part in _parts(len(failures), block.nnz):
            bounds = []
            for failing in (failures[i] for i in part):
                high = np.full(self.width + 1, np.inf)
                high[n + len(self.chosen) : -1] = 0.0
                high[list(failing)] = 0.0
                high[-1] = longest
                bounds.append(high)
            x = solve(
                np.tile(cost, len(part)),
                repeated(block, len(part)),
                np.tile(stock, len(part)),
                np.concatenate(bounds),
            )
            lasts[part.start : part.stop] = x.reshape(len(part), -1)[:, -1]
        return lasts


def repeated(matrix: sparse.csc_matrix, count: int) -> sparse.csc_matrix:
    """The block-diagonal matrix with the same block `count` times."""
    return matrix if count == 1 else sparse.kron(sparse.identity(count), matrix, format="csc")


def _parts(count: int, nonzeros: int) -> Iterator[range]:
    step = max(1, BATCH // max(1, nonzeros))
    for begin in range(0, count, step):
        yield range(begin, min(count, begin + step))
