"""Reading supply networks from files: our own form, and the published chains of Willems (2008).

Method page: docs/methods/survival.md, which states what is filled in for the published chains.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from khien.reliance.supply.network import Floats, NetworkError, SupplyNetwork, check_network

DAYS_OF_STOCK = 30.0
CAPACITY_FACTOR = 1.2
RECOVER_FACTOR = 4.0
"""What the published chains lack: a month of stock, capacity 1.2 times demand, recovery four stage times."""


def read_network(path: str | Path) -> SupplyNetwork:
    """Read a network from a JSON file of either form.

    Parameters
    ----------
    path : path
        An object with `nodes`, `arcs` ([supplier, customer, material, units]) and
        `plant_capacity_per_week`; or one with `stages_csv` and `arcs_csv`, as the chains of [1]_.

    Returns
    -------
    SupplyNetwork
        In weeks, or in days for a published chain. A recovery time that is missing stays unknown.

    Raises
    ------
    NetworkError
        The file holds something else, or a network that cannot be meant; names everything wrong.

    References
    ----------
    .. [1] S. P. Willems, "Data set: real-world multiechelon supply chains used for inventory
       optimization", Manufacturing & Service Operations Management 10(1), 2008.
    """
    where = Path(path).name
    try:
        plain = json.loads(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        place: dict[str, object] = {"line": before.count("\n") + 1, "column": len(before) - before.rfind("\n")}
        raise NetworkError(where, [("reliance_network_unreadable", place)]) from error
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise NetworkError(where, [("reliance_network_unreadable", place)]) from error
    try:
        network = _published(plain) if isinstance(plain, dict) and "stages_csv" in plain else _plain(plain)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        why = str(error) if isinstance(plain, dict) else type(plain).__name__
        raise NetworkError(where, [("reliance_network_form", {"why": why})]) from error
    return check_network(network, where)


def _plain(plain: dict[str, Any]) -> SupplyNetwork:
    nodes, arcs = plain["nodes"], plain["arcs"]
    at = {node["id"]: i for i, node in enumerate(nodes)}
    plants = {name: i for i, name in enumerate(plain["plant_capacity_per_week"])}
    materials = {name: i for i, name in enumerate(dict.fromkeys(arc[2] for arc in arcs))}
    return SupplyNetwork(
        names=tuple(str(node["id"]) for node in nodes),
        stock=np.array([float(node["inventory"]) for node in nodes]),
        demand=np.array([float(node.get("demand_per_week") or 0.0) for node in nodes]),
        margin=np.array([float(node.get("unit_margin") or 0.0) for node in nodes]),
        recover=np.array([_known(node.get("ttr_weeks")) for node in nodes]),
        plant=np.array([plants[node["plant"]] for node in nodes], dtype=np.int64),
        supplier=np.array([at[arc[0]] for arc in arcs], dtype=np.int64),
        customer=np.array([at[arc[1]] for arc in arcs], dtype=np.int64),
        material=np.array([materials[arc[2]] for arc in arcs], dtype=np.int64),
        units=np.array([float(arc[3]) for arc in arcs]),
        capacity=np.array([float(rate) for rate in plain["plant_capacity_per_week"].values()]),
    )


def _known(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _published(plain: dict[str, Any]) -> SupplyNetwork:
    """A published chain: every supplier is the only one of its material, one unit into one unit."""
    stages = list(csv.DictReader(io.StringIO(plain["stages_csv"])))
    links = csv.DictReader(io.StringIO(plain["arcs_csv"]))
    # An arc that stands there twice would look like a second source.
    arcs = list(dict.fromkeys((link["sourceStage"], link["destinationStage"]) for link in links))
    at = {row["Stage Name"]: i for i, row in enumerate(stages)}
    size = len(stages)
    network = SupplyNetwork(
        names=tuple(at),
        stock=np.zeros(size),
        demand=np.array([_cell(row, "avgDemand", 0.0) for row in stages]),
        margin=np.zeros(size),
        recover=np.array([RECOVER_FACTOR * _cell(row, "stageTime", np.nan) for row in stages]),
        plant=np.arange(size),
        supplier=np.array([at[source] for source, _ in arcs], dtype=np.int64),
        customer=np.array([at[target] for _, target in arcs], dtype=np.int64),
        material=np.array([at[source] for source, _ in arcs], dtype=np.int64),
        units=np.ones(len(arcs)),
        capacity=np.zeros(size),
        period="days",
    )
    return _filled(network, np.array([_cell(row, "stageCost", 0.0) for row in stages]))


def _cell(row: dict[str, Any], column: str, otherwise: float) -> float:
    """The number in a cell; an empty one is what the caller says."""
    text = row[column].strip()
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):  # a spreadsheet's thousands
        text = text.replace(",", "")
    return float(text) if text else otherwise


def _filled(network: SupplyNetwork, cost: Floats) -> SupplyNetwork:
    """Stock and capacity from the demand that passes each stage, margin from the cost that goes into it."""
    order = network.order
    if order is None:
        raise ValueError("stages in a ring")
    through, worth = network.demand.copy(), cost.copy()
    for node in order:
        through[node] += sum(q * through[j] for j, q in network.downstream[node])
    for node in reversed(order):
        for j, q in network.downstream[node]:
            worth[j] += q * worth[node]
    return replace(
        network,
        stock=DAYS_OF_STOCK * through,
        capacity=CAPACITY_FACTOR * through,
        margin=np.where(network.demand > 0, worth, 0.0),
    )
