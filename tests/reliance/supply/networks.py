"""Small networks: two solved by hand, random ones, and a programme that shares nothing with the product."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog

from khien.reliance.supply import SupplyNetwork, check_network

Node = dict[str, Any]
Arc = tuple[str, str, str, float]


def network(nodes: dict[str, Node], arcs: list[Arc], plants: dict[str, float] | None = None) -> SupplyNetwork:
    """A network from rows; a node without a plant has no limit."""
    names = list(nodes)
    plants = {"": np.inf, **(plants or {})}
    materials = sorted({arc[2] for arc in arcs})

    def column(key: str, otherwise: float = 0.0) -> Any:
        return np.array([float(row.get(key, otherwise)) for row in nodes.values()])

    made = SupplyNetwork(
        names=tuple(names),
        stock=column("stock"),
        demand=column("demand"),
        margin=column("margin"),
        recover=column("recover", 6.0),
        plant=np.array([list(plants).index(row.get("plant", "")) for row in nodes.values()], dtype=np.int64),
        supplier=np.array([names.index(arc[0]) for arc in arcs], dtype=np.int64),
        customer=np.array([names.index(arc[1]) for arc in arcs], dtype=np.int64),
        material=np.array([materials.index(arc[2]) for arc in arcs], dtype=np.int64),
        units=np.array([float(arc[3]) for arc in arcs]),
        capacity=np.array(list(plants.values())),
    )
    return check_network(made, "test")


def choice() -> SupplyNetwork:
    """The worked table of docs/methods/survival.md."""
    nodes = {
        "P": {"stock": 20, "demand": 10, "margin": 3, "plant": "p"},
        "A": {"stock": 5, "plant": "a"},
        "B": {"plant": "b"},
    }
    return network(nodes, [("A", "P", "M", 1), ("B", "P", "M", 1)], {"p": 15, "a": 10, "b": 4})


def no_choice() -> SupplyNetwork:
    """The worked table of docs/methods/failures.md."""
    nodes = {
        "P": {"stock": 20, "demand": 10, "margin": 1},
        "M": {"stock": 10},
        "N": {"stock": 5},
        "R": {"stock": 30},
    }
    arcs = [("M", "P", "m", 2), ("N", "P", "n", 1), ("R", "M", "r", 1), ("R", "N", "r", 1)]
    return network(nodes, arcs)


def random_network(seed: int, *, choose: bool, tiers: int = 4, wide: int = 5) -> SupplyNetwork:
    """Tiers of nodes; with `choose` several suppliers of a material, shared plants, at times too little capacity."""
    rng = np.random.default_rng(seed)
    nodes: dict[str, Node] = {}
    arcs: list[Arc] = []
    plants: dict[str, float] = {}
    levels = [[f"{tier}-{i}" for i in range(int(rng.integers(2, wide + 1)))] for tier in range(tiers)]
    for tier, names in enumerate(levels):
        for name in names:
            nodes[name] = {"stock": int(rng.integers(0, 40)), "recover": int(rng.integers(1, 9))}
            if tier == 0 or rng.random() < 0.1:
                nodes[name] |= {"demand": int(rng.integers(1, 9)), "margin": int(rng.integers(1, 9))}
            if choose:
                nodes[name]["plant"] = f"{tier}-{int(rng.integers(0, len(names)))}"
                plants.setdefault(nodes[name]["plant"], float(rng.integers(5, 60)))
    for tier, names in enumerate(levels[:-1]):
        for name in names:
            for material in range(int(rng.integers(1, 3))):
                # Suppliers of one material come from one tier; different materials never share a supplier.
                pool = levels[tier + 1][material::2]
                count = min(len(pool), int(rng.integers(1, 4)) if choose else 1)
                for supplier in rng.choice(pool, size=count, replace=False) if pool else []:
                    label = f"{material}" if choose else str(supplier)
                    arcs.append((str(supplier), name, label, int(rng.integers(1, 4))))
    return network(nodes, arcs, plants)


def plainly(net: SupplyNetwork, failing: set[int], horizon: float) -> float:
    """Least lost margin, with every variable of the method page written out and one call of the solver."""
    n, arcs = net.size, len(net.supplier)
    width = 2 * n + arcs  # made, lost, over each arc
    rows, right = [], []
    for i in range(n):
        row = np.zeros(width)
        row[i], row[n + i] = -1.0, -1.0
        row[2 * n :] += np.where(net.supplier == i, net.units, 0.0)
        rows.append(row)
        right.append(net.stock[i] - net.demand[i] * horizon)
        for material in set(net.material[net.customer == i].tolist()):
            row = np.zeros(width)
            row[i] = 1.0
            row[2 * n :] -= ((net.customer == i) & (net.material == material)).astype(float)
            rows.append(row)
            right.append(0.0)
    for plant, rate in enumerate(net.capacity):
        if np.isfinite(rate):
            rows.append(np.concatenate([(net.plant == plant).astype(float), np.zeros(n + arcs)]))
            right.append(rate * horizon)
    bounds: list[tuple[float, float | None]] = [(0.0, 0.0 if i in failing else None) for i in range(n)]
    bounds += [(0.0, float(d * horizon)) for d in net.demand] + [(0.0, None)] * arcs
    cost = np.concatenate([np.zeros(n), net.margin, np.zeros(arcs)])
    found = linprog(cost, A_ub=np.array(rows), b_ub=np.array(right), bounds=bounds, method="highs-ipm")
    assert found.status == 0
    return float(found.fun)
