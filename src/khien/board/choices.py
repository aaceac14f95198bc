"""What forms let one choose from, by name: nobody has to know an id."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import polars as pl

from khien.office.acts.programme_store import programme_of
from khien.office.acts.proposals import adopted
from khien.office.models import Version
from khien.programme import Programme

Choice = tuple[str, str]
"""What is sent, and what it is called."""
SUPPLY: Final = ("partner", "country", "site", "place")
"""Kinds of shocks that stop somebody's supply; those of money and people cut nobody off."""


def named(frame: pl.DataFrame, lang: str, only: Collection[str] | None = None) -> list[Choice]:
    """Rows with an id and a name (the id where it has none), by name; all of them, or only some."""
    rows = frame.select("id", f"name_{lang}").iter_rows()
    return _by_name((key, name or key) for key, name in rows if only is None or key in only)


def provinces(lang: str) -> list[Choice]:
    """Provinces of the programme that holds, else of the newest one; none while there is no programme."""
    version = adopted() or Version.objects.order_by("-pk").first()
    if version is None:
        return []
    places = programme_of(version).places
    return named(places.filter(pl.col("level") == "province"), lang)


def cuts(programme: Programme, lang: str) -> list[tuple[str, list[Choice]]]:
    """Who can be cut off, by kind: countries that an organisation hangs on, organisations abroad, sites, shocks."""
    home, firms = programme.settings.home_country, programme.organisations
    abroad = firms.filter(pl.col("country") != home)
    shocks = programme.shocks.filter(pl.col("kind").is_in(SUPPLY))
    found = [
        ("country", named(programme.countries, lang, set(abroad["country"].drop_nulls().to_list()))),
        ("partner", named(abroad, lang)),
        ("site", named(programme.sites, lang)),
        ("shock", named(shocks, lang)),
    ]
    return [(kind, [(f"{kind}:{key}", name) for key, name in rows]) for kind, rows in found if rows]


def _by_name(pairs: Iterable[Choice]) -> list[Choice]:
    return sorted(pairs, key=lambda pair: pair[1])
