"""Networks in which nobody has a choice: most of the answer without a linear programme.

When every material has one supplier, and everybody can make what full demand asks for, what each node must make
follows from what is sold. It never is more than with full demand, so capacities do not bind, and only what lies
downstream of a failure matters. Method page: docs/methods/failures.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from khien.reliance.blocks import Block, solve_all
from khien.reliance.supply.lp import LONGEST, Failure
from khien.reliance.supply.network import Floats, SupplyNetwork

ROUNDING = 1e-9


@dataclass(frozen=True)
class Curve:
    """What is needed of a node up to a time with full demand: zero at zero, convex, straight between the times."""

    times: list[float]
    values: list[float]
    slopes: list[float]

    def __call__(self, time: float) -> float:
        at = max(0, bisect_right(self.times, time) - 1)
        return self.values[at] + self.slopes[at] * (time - self.times[at])

    def reaches(self, level: float) -> float:
        """The last time at which no more than `level` is needed."""
        at = max(0, bisect_right(self.values, level) - 1)
        while at + 1 < len(self.values) and self.values[at + 1] <= level:
            at += 1
        if self.slopes[at] <= 0.0:
            return float("inf")
        return self.times[at] + (level - self.values[at]) / self.slopes[at]


@dataclass
class Cones:
    """A network without choice, its curves, and the programmes of what lies downstream of failures."""

    network: SupplyNetwork
    _sets: dict[int, frozenset[int]] = field(default_factory=dict)

    @cached_property
    def curves(self) -> list[Curve]:
        """What is needed of every node over time with full demand."""
        net = self.network
        found: list[Curve | None] = [None] * net.size
        last = np.full(net.size, np.inf)
        for node in net.order or []:
            steps: dict[float, float] = {0.0: float(net.demand[node])}
            for customer, units in net.downstream[node]:
                begins, curve = float(last[customer]), found[customer]
                if begins == np.inf or curve is None:
                    continue
                at = max(0, bisect_right(curve.times, begins) - 1)
                steps[begins] = steps.get(begins, 0.0) + units * curve.slopes[at]
                for k in range(at + 1, len(curve.times)):
                    rise = units * (curve.slopes[k] - curve.slopes[k - 1])
                    steps[curve.times[k]] = steps.get(curve.times[k], 0.0) + rise
            own = _curve(steps)
            found[node] = own
            last[node] = own.reaches(float(net.stock[node]))
        return [curve for curve in found if curve is not None]

    @cached_property
    def lasts(self) -> Floats:
        """For every node how long nothing is lost when it makes nothing: until its stock would run out."""
        stock = self.network.stock.tolist()
        return np.array([curve.reaches(level) for curve, level in zip(self.curves, stock, strict=True)])

    @property
    def apply(self) -> bool:
        """Whether the reasoning holds: no ring, no choice, and enough capacity for full demand at all times."""
        net = self.network
        if net.order is None or np.any(net.sources > 1):
            return False
        # What a node makes in the long run is the steepest part of its curve.
        needed = np.bincount(net.plant, weights=[c.slopes[-1] for c in self.curves], minlength=len(net.capacity))
        return bool(np.all(needed <= net.capacity * (1.0 + ROUNDING)))

    def reached(self, node: int) -> frozenset[int]:
        """The node and all that need it, at any depth."""
        if node not in self._sets:
            self._sets[node] = frozenset(self.network.reached({node}))
        return self._sets[node]

    def sellers(self, node: int) -> frozenset[int]:
        """Those among them that sell."""
        return frozenset(j for j in self.reached(node) if self.network.demand[j] > 0)

    def survivals(self, longest: float = LONGEST) -> Floats:
        """How long nothing is lost, for every node that makes nothing."""
        return np.minimum(self.lasts, longest)

    def losses(self, failures: Sequence[Failure]) -> tuple[Floats, list[dict[int, float]]]:
        """Least lost margin of each failure, and what every node downstream of it makes then."""
        value, makes = np.zeros(len(failures)), [dict[int, float]() for _ in failures]
        short = [frozenset(n for n in failing if self.lasts[n] < horizon) for failing, horizon in failures]
        harmful = [i for i, nodes in enumerate(short) if nodes]
        reached = [sorted(frozenset().union(*(self.reached(n) for n in short[i]))) for i in harmful]
        blocks = [self._block(nodes, short[i], failures[i][1]) for i, nodes in zip(harmful, reached, strict=True)]
        for i, nodes, block, x in zip(harmful, reached, blocks, solve_all(blocks), strict=True):
            value[i] = float(x @ np.array(block.cost))
            makes[i] = dict(zip(nodes, x.tolist(), strict=False))
        return value, makes

    def _block(self, nodes: list[int], failing: frozenset[int], horizon: float) -> Block:
        """The programme of those who are reached: what they make, then what they fail to sell."""
        net, block = self.network, Block()
        at = {node: block.variable(0.0 if node in failing else np.inf) for node in nodes}
        for node in nodes:
            terms = [(units, at[customer]) for customer, units in net.downstream[node]]
            if net.demand[node] > 0:
                sold = float(horizon * net.demand[node])
                terms.append((-1.0, block.variable(sold, cost=float(net.margin[node]))))
            right = float(net.stock[node] - horizon * net.demand[node])
            block.at_most(right, (-1.0, at[node]), *terms)
        return block


def _curve(steps: dict[float, float]) -> Curve:
    times = sorted(steps)
    slopes = np.cumsum([steps[time] for time in times]).tolist()
    values = [0.0]
    for k in range(1, len(times)):
        values.append(values[-1] + slopes[k - 1] * (times[k] - times[k - 1]))
    return Curve(times, values, slopes)
