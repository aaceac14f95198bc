"""The value chain as paths from a country of control to a capability, for the picture of flows."""

from __future__ import annotations

import polars as pl

from khien.programme import Programme
from khien.reliance import links

UNKNOWN = "?"
"""Stands for who supplies what nobody is known to supply."""

SMALLEST = 1e-4
"""Paths that carry less are left out."""

PATHS = {
    "country": pl.String, "item": pl.String, "product": pl.String, "capability": pl.String, "weight": pl.Float64,
}  # fmt: skip


def paths(programme: Programme) -> pl.DataFrame:
    """Return how much of each capability would go with each country of control, item by item.

    Returns
    -------
    polars.DataFrame
        country ("?": not known), item, product, capability, weight: share of the need of the item that the country
        controls, times the share of output the product loses without the item (over technologies and parts along
        the way that loses most), times the product's share of the capability. Items of one product add up, so that
        the whole of a capability can be above 1.
    """
    rows = links(programme)
    chain = rows.filter(pl.col("source_kind").is_in(["item", "technology", "product"]))
    inside = chain.filter(pl.col("target_kind") != "capability")
    lost = _lost(inside, set(programme.products["id"].to_list()))
    served = rows.filter(pl.col("target_kind") == "capability").select(
        product="source", capability="target", part="weight"
    )
    found = _controlled(rows).join(lost, on="item").join(served, on="product")
    found = found.with_columns(weight=pl.col("share") * pl.col("lost") * pl.col("part"))
    found = found.filter(pl.col("weight") >= SMALLEST).select(list(PATHS))
    return found.sort("weight", *list(PATHS)[:4], descending=[True, False, False, False, False])


def _controlled(rows: pl.DataFrame) -> pl.DataFrame:
    """Share of each item's need by country of control: country, item, share."""
    owner = rows.filter(pl.col("target_kind") == "organisation").select(country="source", firm="target")
    site = rows.filter(pl.col("target_kind") == "site").select(firm="source", site="target")
    supply = rows.filter(pl.col("source_kind") == "site").select(site="source", item="target", share="weight")
    known = supply.join(site, on="site", how="left").join(owner, on="firm", how="left")
    known = known.with_columns(pl.col("country").fill_null(UNKNOWN))
    return known.group_by("country", "item").agg(pl.col("share").sum())


def _lost(inside: pl.DataFrame, products: set[str]) -> pl.DataFrame:
    """Greatest share that each product loses without each item, over any number of steps: item, product, lost.

    Shares are at most 1, so that going round a cycle never adds anything and the search ends.
    """
    after: dict[str, list[tuple[str, float]]] = {}
    for source, target, weight in inside.select("source", "target", "weight").iter_rows():
        after.setdefault(source, []).append((target, weight))
    rows = []
    for item in inside.filter(pl.col("source_kind") == "item")["source"].unique().sort():
        best, open_ = {item: 1.0}, [item]
        while open_:
            at = open_.pop()
            for target, weight in after.get(at, []):
                reached = best[at] * weight
                if reached > best.get(target, 0.0) + 1e-12:
                    best[target] = reached
                    open_.append(target)
        rows += [(item, name, share) for name, share in sorted(best.items()) if name in products]
    return pl.DataFrame(rows, schema={"item": pl.String, "product": pl.String, "lost": pl.Float64}, orient="row")
