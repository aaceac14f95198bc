"""Who is foreign, and whose partner: by country of registration and by control."""

from __future__ import annotations

import polars as pl

from khien.programme import Programme
from khien.programme.owners import CONTROL_SHARE
from khien.programme.owners import foreign_organisations as _foreign


def foreign_organisations(programme: Programme) -> frozenset[str]:
    """Organisations that are registered abroad or controlled from abroad at any step of ownership."""
    return frozenset(_foreign(programme.organisations, programme.settings.home_country))


def partner_countries(programme: Programme) -> dict[str, str]:
    """Country of registration of every organisation."""
    return dict(programme.organisations.select("id", "country").iter_rows())


def controlling_country(programme: Programme) -> dict[str, str]:
    """Country of control of every organisation.

    It is the organisation's own country unless somebody holds more than half of it; then it is
    that country, or the country of control of that organisation. A ring of owners ends where it
    closes. An unknown share is no proof of control.
    """
    rows = {row["id"]: row for row in programme.organisations.iter_rows(named=True)}
    found: dict[str, str] = {}
    for start in rows:
        at, seen = start, {start}
        while True:
            owner, share = rows[at]["controlled_by"], rows[at]["control_share"]
            if owner is None or owner in seen or (share or 0.0) <= CONTROL_SHARE:
                found[start] = str(rows[at]["country"])
                break
            if owner not in rows:  # a country
                found[start] = str(owner)
                break
            seen.add(owner)
            at = owner
    return found


def option_partners(programme: Programme) -> pl.DataFrame:
    """Who stands behind every option.

    Returns
    -------
    polars.DataFrame
        One row per option, in the order of the table: `option`, `partner` (null for own work, also
        where one is named), `country` (of the partner; home for own work), `foreign` (the partner
        is registered or controlled abroad).
    """
    foreign = list(foreign_organisations(programme))
    partner = pl.when(pl.col("form") != "own").then(pl.col("partner"))
    return programme.options.select(pl.col("id").alias("option"), partner.alias("partner")).with_columns(
        pl.col("partner")
        .replace_strict(partner_countries(programme), default=programme.settings.home_country, return_dtype=pl.String)
        .alias("country"),
        pl.col("partner").is_in(foreign).fill_null(False).alias("foreign"),
    )
