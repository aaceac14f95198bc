"""What every product depends on, through all the steps of its inputs.

Method page: docs/methods/self-reliance.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

import polars as pl

from khien.programme import Programme
from khien.reliance.owners import foreign_organisations

DEPENDENCIES = {
    "product": pl.String,
    "kind": pl.String,
    "id": pl.String,
    "months": pl.Float64,
    "lost_share": pl.Float64,
    "removed_by": pl.String,
}
NEEDS = {"product": pl.String, "kind": pl.String, "id": pl.String, "met_by": pl.String}


class ItemSupply(NamedTuple):
    """How an item is supplied today, and what frees it from abroad."""

    supplied: bool
    foreign: bool
    home_share: float
    months: float
    replaced_by: str | None


def item_supplies(programme: Programme) -> dict[str, ItemSupply]:
    """Supply of every item: is there any, is any of it foreign, share from home, months of stock.

    Months are the least stock over the foreign supplies; an unknown stock counts as none.
    A supply with share 0 is no supply.
    """
    foreign = foreign_organisations(programme)
    owner = dict(zip(programme.sites["id"].to_list(), programme.sites["organisation"].to_list(), strict=True))
    home_share: dict[str, float] = defaultdict(float)
    months: dict[str, float] = {}
    for row in programme.supplies.filter(pl.col("share") > 0).iter_rows(named=True):
        item = row["item"]
        home_share[item] += 0.0
        if owner[row["site"]] in foreign:
            months[item] = min(months.get(item, float("inf")), row["stock_months"] or 0.0)
        else:
            home_share[item] += row["share"]
    return {
        row["id"]: ItemSupply(
            supplied=row["id"] in home_share,
            foreign=row["id"] in months,
            home_share=min(1.0, home_share.get(row["id"], 0.0)),
            months=months.get(row["id"], 0.0),
            replaced_by=row["replaced_by"],
        )
        for row in programme.items.iter_rows(named=True)
    }


def dependencies(programme: Programme) -> pl.DataFrame:
    """What a cut of everything foreign takes from each product, transitively closed.

    Returns
    -------
    polars.DataFrame
        One row per product and thing it depends on:

        - `product`;
        - `kind`: "self" (the product, while it is not held at home), "subject" (a technology or
          product it needs, while that is not held at home) or "item" (bought in from abroad);
        - `id`: the product, subject or item;
        - `months`: how long the product lasts once it is cut;
        - `lost_share`: share of the output that is then lost; rows that lose nothing are left out;
        - `removed_by`: the subject that, once held at home, ends the dependency; null is never.

    Notes
    -----
    Inputs that stop or degrade are followed, conveniences are not. Along a path the mildest edge
    decides; among several paths to the same thing the harshest.
    """
    settings = programme.settings
    assurance = float(settings.assurance_months)
    edges = _edges(programme)
    supplies = item_supplies(programme)
    rows: list[tuple[str, str, str, float, float, str | None]] = []
    for product in programme.products["id"].to_list():
        rows.append((product, "self", product, assurance, 1.0, product))
        for name, lost in _harshest_paths(product, edges).items():
            supply = supplies.get(name)
            if supply is None:
                rows.append((product, "subject", name, assurance, lost, name))
            elif supply.foreign and lost * (1.0 - supply.home_share) > 0.0:
                left = lost * (1.0 - supply.home_share)
                rows.append((product, "item", name, supply.months, left, supply.replaced_by))
    return pl.DataFrame(rows, schema=DEPENDENCIES, orient="row")


def service_needs(programme: Programme) -> pl.DataFrame:
    """What must be there before a product can serve, transitively closed.

    Returns
    -------
    polars.DataFrame
        One row per product and need, with `product`, `kind`, `id` and `met_by`:

        - "self" and "subject": met once the subject `met_by` (the same as `id`) is available;
        - "item": an item that nobody supplies, met once the subject `met_by` is held at home;
          null is never. Items with a supply are no need and are left out.

        Only inputs that stop are followed.
    """
    edges = {name: [e for e in out if e[2]] for name, out in _edges(programme).items()}
    supplies = item_supplies(programme)
    rows: list[tuple[str, str, str, str | None]] = []
    for product in programme.products["id"].to_list():
        rows.append((product, "self", product, product))
        for name in _harshest_paths(product, edges):
            supply = supplies.get(name)
            if supply is None:
                rows.append((product, "subject", name, name))
            elif not supply.supplied:
                rows.append((product, "item", name, supply.replaced_by))
    return pl.DataFrame(rows, schema=NEEDS, orient="row")


def reached_inputs(programme: Programme) -> Iterator[tuple[str, str, float]]:
    """Everything that a product needs at any depth: (product, thing, share of its output lost without it).

    As in `dependencies`: conveniences are not followed, and what loses nothing is left out.
    """
    edges = _edges(programme)
    for product in programme.products["id"].to_list():
        for thing, lost in _widest_first(product, edges):
            if lost > 0.0:
                yield product, thing, lost


def _edges(programme: Programme) -> dict[str, list[tuple[str, float, bool]]]:
    """Inputs of every subject that stop or degrade it: input, share of output lost, does it stop."""
    edges: dict[str, list[tuple[str, float, bool]]] = defaultdict(list)
    for row in programme.inputs.sort("subject", "input").iter_rows(named=True):
        if row["criticality"] == "stops":
            edges[row["subject"]].append((row["input"], 1.0, True))
        elif row["criticality"] == "degrades":
            edges[row["subject"]].append((row["input"], float(row["lost_share"] or 0.0), False))
    return edges


def _harshest_paths(product: str, edges: dict[str, list[tuple[str, float, bool]]]) -> dict[str, float]:
    """Everything reachable from a product with the share lost along its harshest path."""
    return dict(_widest_first(product, edges))


def _widest_first(start: str, edges: dict[str, list[tuple[str, float, bool]]]) -> Iterator[tuple[str, float]]:
    """Visit each thing once, the harshest path first (Dijkstra's order with min instead of plus)."""
    seen: set[str] = set()
    queue: list[tuple[float, str]] = [(-1.0, start)]
    while queue:
        minus, name = heappop(queue)
        if name in seen:
            continue
        seen.add(name)
        if name != start:
            yield name, -minus
        for below, lost, _ in edges.get(name, ()):
            if below not in seen:
                heappush(queue, (max(minus, -lost), below))
