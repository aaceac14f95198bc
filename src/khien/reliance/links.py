"""The value chain as links to draw, and what leaves with one partner.

Method page: docs/methods/under-shock.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from khien.programme import Programme
from khien.reliance.cuts import Cut, owners, partner_cut
from khien.reliance.sources import value_chain
from khien.reliance.standing import Stand
from khien.reliance.under_shock import NONE, coverage_under_shock, mean_over_time, months_survived

LINKS = {
    "source": pl.String,
    "source_kind": pl.String,
    "target": pl.String,
    "target_kind": pl.String,
    "weight": pl.Float64,
}


def links(programme: Programme) -> pl.DataFrame:
    """Every link of the value chain, from the country of control to the capability.

    Returns
    -------
    polars.DataFrame
        `source`, `source_kind`, `target`, `target_kind`, `weight` (0 to 1), in this order along the chain: country →
        organisation (1), organisation → site (1), site → item (share of the need), item, technology or product →
        product or technology (share of output lost without it; conveniences left out), product → capability (share
        of the amounts that all products bring to it). An unsupplied part of an item comes from the site "?".
    """
    kinds = dict.fromkeys(programme.items["id"].to_list(), "item")
    kinds |= dict.fromkeys(programme.technologies["id"].to_list(), "technology")
    kinds |= dict.fromkeys(programme.products["id"].to_list(), "product")
    used = set(programme.inputs["input"].to_list())
    rows: list[tuple[str, str, str, str, float]] = []
    sites = set()
    for item, sources in value_chain(programme).sources.items():
        if item in used:
            rows += [(source.site, "site", item, "item", source.share) for source in sources]
            sites |= {source.site for source in sources}
            missing = 1.0 - sum(source.share for source in sources)
            if missing > 1e-9:
                rows.append(("?", "site", item, "item", missing))
    owner = dict(programme.sites.select("id", "organisation").iter_rows())
    chains = owners(programme)
    named = sorted({owner[site] for site in sites})
    upper = [(chains[name][-1][1], "country", name, "organisation", 1.0) for name in named]
    upper += [(owner[site], "organisation", site, "site", 1.0) for site in sorted(sites)]
    for row in programme.inputs.filter(pl.col("criticality") != "convenience").iter_rows(named=True):
        lost = 1.0 if row["criticality"] == "stops" else float(row["lost_share"] or 0.0)
        rows.append((row["input"], kinds[row["input"]], row["subject"], kinds[row["subject"]], lost))
    total = dict(programme.yields.group_by("capability").agg(pl.col("amount").sum()).iter_rows())
    for product, capability, amount in programme.yields.select("product", "capability", "amount").iter_rows():
        rows.append((product, "product", capability, "capability", amount / total[capability]))
    return pl.DataFrame([*upper, *rows], schema=LINKS, orient="row")


@dataclass(frozen=True)
class Leaving:
    """What leaves with a partner.

    - `capabilities`: `capability`, `coverage`, `worst`, `best` (means over the cut), `months_worst`, `months_best`
      (held at 0.8 of today's coverage), those that lose something, the most first;
    - `items`: `item`, `site`, `share`, `others` (how many other sites supply it), `products` (that lose something);
    - `subjects`: `subject`, `products` that serve and need it, of what is not held at home and stands on this partner.
    """

    cut: Cut
    capabilities: pl.DataFrame
    items: pl.DataFrame
    subjects: pl.DataFrame


def what_leaves(
    programme: Programme, stand: Stand, partner: str, *, first: int, months: float | None = None
) -> Leaving:
    """What leaves with a partner and all that it controls.

    Parameters
    ----------
    programme, stand, first, months
        As for `coverage_under_shock`.
    partner : str
        An organisation.

    Raises
    ------
    UnknownTarget
        The programme has no such organisation.
    """
    cut = partner_cut(programme, partner)
    means = mean_over_time(coverage_under_shock(programme, stand, cut, first=first, months=months))
    lasts = months_survived(programme, stand, cut, first=first)
    lasts = lasts.select("capability", months_worst="worst", months_best="best")
    capabilities = (
        means.filter(pl.col("worst") < pl.col("coverage") - 1e-9)
        .join(lasts, on="capability", how="left", maintain_order="left")
        .sort(pl.col("coverage") - pl.col("worst"), "capability", descending=[True, False])
    )
    chain, standing = value_chain(programme), stand(NONE)
    items = [
        (item, source.site, source.share, len(sources) - 1, sorted(product for product, _ in chain.items[item]))
        for item, sources in chain.sources.items()
        for source in sources
        if source.site in cut.sites and item in chain.items
    ]
    subjects = []
    for subject, users in chain.subjects.items():
        behind = standing.partners.get(subject, NONE)
        serving = sorted(product for product, _ in users if standing.serves(product, first))
        if behind and behind <= cut.organisations and serving and not standing.held(subject, first):
            subjects.append((subject, serving))
    text = pl.List(pl.String())
    item_columns = {"item": pl.String(), "site": pl.String(), "share": pl.Float64(), "others": pl.Int64()}
    return Leaving(
        cut,
        capabilities,
        pl.DataFrame(items, schema={**item_columns, "products": text}, orient="row").sort("others", "item"),
        pl.DataFrame(subjects, schema={"subject": pl.String(), "products": text}, orient="row").sort("subject"),
    )
