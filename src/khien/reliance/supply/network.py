"""A supply network: who makes what from whose material, with which stock and capacity.

Method page: docs/methods/survival.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from khien.words import t

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class NetworkError(ValueError):
    """What is wrong with a supply network, all of it, in both languages."""

    def __init__(self, where: str, wrongs: list[tuple[str, dict[str, object]]]) -> None:
        self.wrongs = wrongs
        self.message_vi, self.message_en = (
            "\n".join(f"{where}: {t(key, lang, **fields)}" for key, fields in wrongs) for lang in ("vi", "en")
        )
        super().__init__(self.message_en)


@dataclass(frozen=True)
class SupplyNetwork:
    """Nodes, arcs and plants. All times are in `period`s, all rates per period.

    A node makes one thing. It needs every material that its arcs name, and may take a material from any of
    the suppliers that it lists for it. `units` is how much of the supplier's output one unit takes.
    """

    names: tuple[str, ...]
    stock: Floats
    demand: Floats  # per period; 0 where nothing is sold
    margin: Floats  # lost per unit that is not sold
    recover: Floats  # periods until a node that failed makes something again; not a number is unknown
    plant: Ints  # index into `capacity`
    supplier: Ints
    customer: Ints
    material: Ints
    units: Floats
    capacity: Floats  # per plant and period; inf where there is no limit
    period: str = "weeks"

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.names)

    @cached_property
    def sources(self) -> Ints:
        """For every arc the number of suppliers among which its customer may choose."""
        keys = self.customer * (int(self.material.max(initial=0)) + 1) + self.material
        _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
        return np.asarray(count[place], dtype=np.int64)

    @cached_property
    def downstream(self) -> list[list[tuple[int, float]]]:
        """Customers of every node with the units that they take."""
        return _lists(self.size, self.supplier, self.customer, self.units)

    @cached_property
    def order(self) -> list[int] | None:
        """Nodes with every customer before its suppliers; None where the arcs run in a ring."""
        waiting = np.bincount(self.supplier, minlength=self.size).tolist()
        above = _lists(self.size, self.customer, self.supplier, self.units)
        found = [i for i in range(self.size) if not waiting[i]]
        for node in found:
            for supplier, _ in above[node]:
                waiting[supplier] -= 1
                if not waiting[supplier]:
                    found.append(supplier)
        return found if len(found) == self.size else None

    def reached(self, start: set[int]) -> set[int]:
        """The nodes of `start` and all that need them, at any depth."""
        seen, stack = set(start), list(start)
        while stack:
            for customer, _ in self.downstream[stack.pop()]:
                if customer not in seen:
                    seen.add(customer)
                    stack.append(customer)
        return seen


def _lists(size: int, left: Ints, right: Ints, units: Floats) -> list[list[tuple[int, float]]]:
    found: list[list[tuple[int, float]]] = [[] for _ in range(size)]
    for a, b, q in zip(left.tolist(), right.tolist(), units.tolist(), strict=True):
        found[a].append((b, q))
    return found


def check_network(network: SupplyNetwork, where: str) -> SupplyNetwork:
    """The network itself, if it can be meant.

    Raises:
        NetworkError: with everything that is wrong.
    """
    wrongs = list(_wrongs(network))
    if wrongs:
        raise NetworkError(where, wrongs)
    return network


def _wrongs(network: SupplyNetwork) -> Iterator[tuple[str, dict[str, object]]]:
    names = network.names
    if not names:
        yield "reliance_network_empty", {}
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield "reliance_network_twice", {"node": name}
        seen.add(name)
    for i in np.flatnonzero(network.supplier == network.customer):
        yield "reliance_network_self", {"node": names[network.supplier[i]]}
    for column in ("stock", "demand", "margin", "recover"):
        values = getattr(network, column)
        unknown = np.isnan(values) & (column == "recover")
        for i in np.flatnonzero((~np.isfinite(values) | (values < 0)) & ~unknown):
            yield "reliance_network_number", {"node": names[i], "column": column, "value": values[i]}
    for i in np.flatnonzero(~(network.units > 0) | ~np.isfinite(network.units)):
        arc = f"{names[network.supplier[i]]} → {names[network.customer[i]]}"
        yield "reliance_network_number", {"node": arc, "column": "units", "value": network.units[i]}
    for i in np.flatnonzero(np.isnan(network.capacity) | (network.capacity < 0)):
        yield "reliance_network_capacity", {"plant": i, "value": network.capacity[i]}
