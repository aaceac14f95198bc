"""Where everything hangs on one hand, what a red site needs, and what is not known.

Method page: docs/methods/under-shock.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from khien.programme import Programme
from khien.reliance.cuts import owners, site_cut
from khien.reliance.network import item_supplies
from khien.reliance.phases import flow
from khien.reliance.site_failures import SMALL, Sites, both_sides
from khien.reliance.sources import Chain, value_chain
from khien.reliance.standing import Stand, Standing
from khien.reliance.under_shock import LONGEST_MONTHS

WEAK = {
    "item": pl.String,
    "by": pl.String,
    "key": pl.String,
    "hidden": pl.Boolean,
    "sites": pl.Int64,
    "uncovered_share": pl.Float64,
    "products": pl.Int64,
    "lost_share": pl.Float64,
    "replaced_by": pl.String,
}
RED: dict[str, pl.DataType | type[pl.DataType]] = {
    "site": pl.String,
    "item": pl.String,
    "certain": pl.Boolean,
    "survive_months": pl.Float64,
    "recover_months": pl.Float64,
    "stock_more_months": pl.Float64,
    "source_more_share": pl.Float64,
    "stock_more_mvnd": pl.Float64,
    "replaced_by": pl.String,
    "products": pl.List(pl.String()),
}


def single_sources(programme: Programme) -> pl.DataFrame:
    """Items that a product needs and that come from one hand, seen or hidden.

    Returns
    -------
    polars.DataFrame
        One row per item: `item`; `by` is the narrowest hand that holds all its suppliers ("site", "organisation",
        "owner" for a common owner, "control" for a common foreign country of control) and `key` which; `hidden`
        (several sites, and still one hand); `sites` (how many supply it); `uncovered_share` (of the need, that no row
        of `supplies` covers); `products` (how many lose something without it) and `lost_share` (at most so much of
        the output); `replaced_by`. The most products first.
    """
    chain, chains = value_chain(programme), owners(programme)
    owner = dict(programme.sites.select("id", "organisation").iter_rows())
    rows = []
    for item, users in chain.items.items():
        sources = chain.sources.get(item, [])
        if not sources or not users:
            continue
        hand = _hand([source.site for source in sources], owner, chains, programme.settings.home_country)
        if hand is not None:
            missing = max(0.0, 1.0 - sum(source.share for source in sources))
            worst = max(need.lost for _, need in users)
            sites = len(sources)
            rows.append((item, *hand, sites > 1, sites, missing, len(users), worst, chain.replaced_by[item]))
    return pl.DataFrame(rows, schema=WEAK, orient="row").sort(
        ["products", "lost_share", "item"], descending=[True, True, False]
    )


def _hand(
    sites: list[str], owner: dict[str, str], chains: dict[str, list[tuple[str | None, str]]], home: str
) -> tuple[str, str] | None:
    """The narrowest hand that holds all of these sites."""
    if len(sites) == 1:
        return "site", sites[0]
    names = {owner[site] for site in sites}
    if len(names) == 1:
        return "organisation", names.pop()
    for name, _ in chains[owner[sites[0]]]:
        if name is not None and all(name in {who for who, _ in chains[other]} for other in names):
            return "owner", name
    countries = {chains[name][-1][1] for name in names}
    if len(countries) == 1 and home not in countries:
        return "control", countries.pop()
    return None


def red_nodes(programme: Programme, stand: Stand, *, first: int, longest: float = LONGEST_MONTHS) -> pl.DataFrame:
    """Sites that are survived for less long than they take to recover, and what would mend each of their items.

    Parameters
    ----------
    programme, stand, first, longest
        As for `single_site_failures`.

    Returns
    -------
    polars.DataFrame
        One row per red site and item that runs short: `site`, `item`, `certain` (red at the best too),
        `survive_months` and `recover_months` (of the site, at the worst), and what would be enough: `stock_more_months`
        (of the need for the item), or `source_more_share` (of that need, from somebody else), or holding
        `replaced_by` at home. `stock_more_mvnd` is the price of that stock, null where need or price is not known.
        `products` are those that lose something. Which is cheapest is for the plan to say.
    """
    worst, best = both_sides(programme, stand, first)
    chain = worst.chain
    lasts = [seen.survivals(longest) for seen in (worst, best)]
    rows = []
    for i, site in enumerate(worst.groups):
        out = worst.recover(site)
        if lasts[0][i] >= out - SMALL:
            continue
        certain = lasts[1][i] < best.recover(site) - SMALL
        for item, more, products in _short(chain, worst, site, out):
            cost = _stock_price(chain, item, more, products)
            numbers = (lasts[0][i], out, more, more / out, cost)
            rows.append((site, item, certain, *numbers, chain.replaced_by[item], products))
    return pl.DataFrame(rows, schema=RED, orient="row").sort(
        ["certain", "stock_more_months", "site", "item"], descending=[True, True, False, False]
    )


def _short(chain: Chain, seen: Sites, site: str, months: float) -> Iterator[tuple[str, float, list[str]]]:
    """Items that run short within these months, by how many months of need, and whom they stop."""
    cut = site_cut(chain.programme, site)
    serving = frozenset(p for p in chain.need.products if seen.standing.serves(p, seen.first))
    for item in sorted(set(chain.items_of[site])):
        users = [product for product, _ in chain.items.get(item, ()) if product in serving]
        if not users or seen.standing.held(chain.replaced_by[item], seen.first):
            continue
        there = flow(chain, item, cut, serving, seen.worst)
        if there is not None and (more := months * (1.0 - there.rate) - there.stock) > SMALL:
            yield item, more, users


def _stock_price(chain: Chain, item: str, months: float, products: list[str]) -> float | None:
    """Million VND of so many months of an item's need."""
    price = dict(chain.programme.items.select("id", "price_mvnd").iter_rows())[item]
    units = [need.units for product, need in chain.items[item] if product in products]
    if price is None or None in units:
        return None
    return float(price) * months / 12.0 * sum(x for x in units if x is not None)


def localisation_by_weight(programme: Programme) -> pl.DataFrame:
    """How much of what each product needs comes from home: by count, and by what its loss does.

    Returns
    -------
    polars.DataFrame
        `product`, `items` (that it loses something without), `home_count_share` (mean share from home),
        `home_critical_share` (the same, weighed by the share of output lost); null without items.
    """
    supplies = item_supplies(programme)
    rows = [
        (product, need.lost, supplies[item].home_share)
        for item, users in value_chain(programme).items.items()
        for product, need in users
    ]
    schema = {"product": pl.String, "lost": pl.Float64, "home": pl.Float64}
    shares = pl.DataFrame(rows, schema=schema, orient="row")
    weighed = (pl.col("home") * pl.col("lost")).sum() / pl.col("lost").sum()
    found = shares.group_by("product").agg(
        pl.len().cast(pl.Int64).alias("items"),
        pl.col("home").mean().alias("home_count_share"),
        weighed.alias("home_critical_share"),
    )
    products = programme.products.select(pl.col("id").alias("product"))
    return products.join(found, on="product", how="left").with_columns(pl.col("items").fill_null(0)).sort("product")


def not_known(programme: Programme, standing: Standing | None = None, first: int = 0) -> pl.DataFrame:
    """Cells that are empty and that make the worst and the best case differ.

    Parameters
    ----------
    programme : Programme
    standing : Standing, optional
        With it, subjects of which nobody says who stands behind them are told too.
    first : int
        The quarter in which they count.

    Returns
    -------
    polars.DataFrame
        `table`, `row`, `column`, `products` (how many the row bears on), the most first. The row of a supply is its
        item and its site, split by "|"; `share` stands for the part of an item's need that no supply covers, and
        `partner` of a subject for a done project (or a plan) that would say who brought it.
    """
    chain = value_chain(programme)
    rows: list[tuple[str, str, str, int]] = []
    for item, users in chain.items.items():
        sources = chain.sources.get(item, [])
        for source in sources:
            for name in ("stock_months", "capacity", "recover_months"):
                if getattr(source, name) is None:
                    rows.append(("supplies", f"{item}|{source.site}", name, len(users)))
        if sources and sum(source.share for source in sources) < 1.0 - SMALL:
            rows.append(("supplies", item, "share", len(users)))
    for product, amount in programme.products.select("id", "units_per_year").iter_rows():
        if amount is None and any(product == p for users in chain.items.values() for p, _ in users):
            rows.append(("products", product, "units_per_year", 1))
    rows += _owners_unknown(chain)
    if standing is not None:
        rows += _partners_unknown(chain, standing, first)
    columns = {"table": pl.String, "row": pl.String, "column": pl.String, "products": pl.Int64}
    return pl.DataFrame(rows, schema=columns, orient="row").sort(
        ["products", "table", "row", "column"], descending=[True, False, False, False]
    )


def _owners_unknown(chain: Chain) -> Iterator[tuple[str, str, str, int]]:
    """Organisations held by an unknown share, with the products that use what they supply."""
    owner = dict(chain.programme.sites.select("id", "organisation").iter_rows())
    unknown = pl.col("controlled_by").is_not_null() & pl.col("control_share").is_null()
    for name in chain.programme.organisations.filter(unknown)["id"].to_list():
        items = {item for item, sources in chain.sources.items() if any(owner[s.site] == name for s in sources)}
        products = {product for item in items for product, _ in chain.items.get(item, ())}
        yield "organisations", name, "control_share", len(products)


def _partners_unknown(chain: Chain, standing: Standing, first: int) -> Iterator[tuple[str, str, str, int]]:
    """Subjects that a serving product needs, that are not held at home, and of which no partner is known."""
    for subject, users in chain.subjects.items():
        serving = {product for product, _ in users if standing.serves(product, first)}
        if serving and not standing.held(subject, first) and not standing.partners.get(subject):
            yield "projects", subject, "partner", len(serving)
