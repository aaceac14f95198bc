"""Where the money for inputs goes: concentration of purchases, and the official localisation rate.

Method page: docs/methods/self-reliance.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import polars as pl

from khien.programme import Programme
from khien.reliance.network import item_supplies
from khien.reliance.owners import controlling_country

PURCHASES = {"organisation": pl.String, "amount_mvnd": pl.Float64}


def concentration(programme: Programme, purchases: pl.DataFrame) -> pl.DataFrame:
    """How concentrated purchases are, by partner and by country of control.

    Parameters
    ----------
    programme : Programme
    purchases : polars.DataFrame
        `organisation` and `amount_mvnd` (million VND), any number of rows per organisation, such
        as `item_purchases` gives. Rows without an organisation are left out.

    Returns
    -------
    polars.DataFrame
        `by` ("partner" or "country"), `key`, `amount_mvnd`, `share` (of all), `herfindahl` (sum
        of the squared shares of that `by`: 1 is a single seller, 1/n is n equal ones).

    References
    ----------
    .. [1] O. C. Herfindahl, "Concentration in the steel industry", Columbia University, 1950.
    """
    countries = controlling_country(programme)
    bought = (
        purchases.filter(pl.col("organisation").is_not_null())
        .group_by("organisation")
        .agg(pl.col("amount_mvnd").cast(pl.Float64).sum())
    )
    parts = [
        bought.rename({"organisation": "key"}).with_columns(pl.lit("partner").alias("by")),
        bought.with_columns(
            pl.col("organisation").replace_strict(countries, return_dtype=pl.String).alias("key"),
            pl.lit("country").alias("by"),
        ),
    ]
    total = pl.col("amount_mvnd").sum().over("by")
    return (
        pl.concat([part.select("by", "key", "amount_mvnd") for part in parts])
        .group_by("by", "key")
        .agg(pl.col("amount_mvnd").sum())
        .filter(pl.col("amount_mvnd") > 0)
        .with_columns((pl.col("amount_mvnd") / total).alias("share"))
        .with_columns(pl.col("share").pow(2).sum().over("by").alias("herfindahl"))
        .sort(["by", "amount_mvnd", "key"], descending=[True, True, False])
    )


def bill_of_items(programme: Programme) -> pl.DataFrame:
    """Items in one unit of every product, through the products and technologies it is made of.

    Returns
    -------
    polars.DataFrame
        `product`, `item`, `quantity` (null where a quantity on the way is unknown). A ring of
        subjects is cut where it closes.
    """
    items = set(programme.items["id"].to_list())
    below: dict[str, list[tuple[str, float | None]]] = defaultdict(list)
    for row in programme.inputs.sort("subject", "input").iter_rows(named=True):
        below[row["subject"]].append((row["input"], row["quantity"]))
    rows: list[tuple[str, str, float | None]] = []
    for product in programme.products["id"].to_list():
        total: dict[str, float | None] = {}
        order = _downwards(product, below)
        if order is None:
            _add_along_paths(product, below, items, total)
        else:
            _add_in_order(product, order, below, items, total)
        rows.extend((product, item, quantity) for item, quantity in sorted(total.items()))
    return pl.DataFrame(rows, schema={"product": pl.String, "item": pl.String, "quantity": pl.Float64}, orient="row")


def _downwards(start: str, below: dict[str, list[tuple[str, float | None]]]) -> list[str] | None:
    """Everything that a subject is made of, each before what it is made of; None where there is a ring."""
    order: list[str] = []
    path, done, stack = {start}, set[str](), [(start, iter(below.get(start, ())))]
    while stack:
        subject, inputs = stack[-1]
        name = next((name for name, _ in inputs if name not in done), None)
        if name is None:
            stack.pop()
            path.discard(subject)
            done.add(subject)
            order.append(subject)
        elif name in path:
            return None
        else:
            path.add(name)
            stack.append((name, iter(below.get(name, ()))))
    return order[::-1]


def _add_in_order(
    start: str,
    order: list[str],
    below: dict[str, list[tuple[str, float | None]]],
    items: set[str],
    total: dict[str, float | None],
) -> None:
    """Add the items of one unit without walking any part of the chain twice, however deep it is."""
    units: dict[str, float | None] = {start: 1.0}
    for subject in order:
        for name, quantity in below.get(subject, ()):
            of = units[subject]
            amount = None if quantity is None or of is None else of * quantity
            known = units.get(name, 0.0)
            units[name] = None if amount is None or known is None else known + amount
    total.update({name: amount for name, amount in units.items() if name in items})


def _add_along_paths(
    start: str,
    below: dict[str, list[tuple[str, float | None]]],
    items: set[str],
    total: dict[str, float | None],
) -> None:
    """Add what one unit holds path by path, each cut where it closes; unknown plus anything stays unknown."""
    path = {start}
    stack: list[tuple[str, float | None, Iterator[tuple[str, float | None]]]] = [(start, 1.0, iter(below[start]))]
    while stack:
        subject, units, inputs = stack[-1]
        name, quantity = next(inputs, (None, None))
        if name is None:
            stack.pop()
            path.discard(subject)
            continue
        amount = None if quantity is None or units is None else units * quantity
        if name in items:
            known = total.get(name, 0.0)
            total[name] = None if amount is None or known is None else known + amount
        elif name not in path:
            path.add(name)
            stack.append((name, amount, iter(below.get(name, ()))))


def item_purchases(programme: Programme) -> pl.DataFrame:
    """Value of the items in one unit of every product, by who supplies them.

    Returns
    -------
    polars.DataFrame
        `organisation`, `amount_mvnd` (million VND; not whole, it is a share of a price). Items
        without a known quantity, price or supplier are left out; `localisation` counts them.
    """
    supplies = programme.supplies.join(
        programme.sites.select(pl.col("id").alias("site"), "organisation"), on="site", how="inner"
    )
    prices = programme.items.select(pl.col("id").alias("item"), "price_mvnd")
    return (
        bill_of_items(programme)
        .join(prices, on="item")
        .join(supplies.select("item", "organisation", "share"), on="item")
        .drop_nulls(["quantity", "price_mvnd"])
        .group_by("organisation")
        .agg((pl.col("quantity") * pl.col("price_mvnd") * pl.col("share")).sum().alias("amount_mvnd"))
        .sort("organisation")
    )


def localisation(programme: Programme) -> pl.DataFrame:
    """Official localisation rate of every product: the share of its value that is made at home.

    Returns
    -------
    polars.DataFrame
        `product`, `price_mvnd`, `imported_mvnd` (value of the bought-in items that come from
        abroad), `localisation_share` = (price - imported) / price, not below 0; null where the
        price or the quantity or price of a foreign item is unknown, with `unknown` saying how many
        of those are. It stands beside self-reliance, never in its place.
    """
    supplies = item_supplies(programme)
    abroad = {name: 1.0 - s.home_share if s.foreign else 0.0 for name, s in supplies.items()}
    items = programme.items.select(pl.col("id").alias("item"), pl.col("price_mvnd").alias("item_price"))
    lines = (
        bill_of_items(programme)
        .join(items, on="item")
        .with_columns(pl.col("item").replace_strict(abroad, return_dtype=pl.Float64).alias("abroad"))
        .filter(pl.col("abroad") > 0)
        .with_columns((pl.col("quantity") * pl.col("item_price") * pl.col("abroad")).alias("value"))
        .group_by("product")
        .agg(pl.col("value").sum().alias("imported_mvnd"), pl.col("value").is_null().sum().alias("unknown"))
    )
    share = (pl.col("price_mvnd") - pl.col("imported_mvnd")) / pl.col("price_mvnd")
    return (
        programme.products.select(pl.col("id").alias("product"), "price_mvnd")
        .join(lines, on="product", how="left")
        .with_columns(pl.col("imported_mvnd").fill_null(0.0), pl.col("unknown").fill_null(0).cast(pl.Int64))
        .with_columns(
            pl.when((pl.col("unknown") == 0) & (pl.col("price_mvnd") > 0))
            .then(share.clip(0.0))
            .alias("localisation_share")
        )
        .sort("product")
    )
