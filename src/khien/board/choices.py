"""What forms let one choose from, by name: nobody has to know an id."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import polars as pl

from khien.board.charts.memo import Memo
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
    """Provinces that exist, by the programme that holds, else by the newest one; none while there is no programme."""
    version = adopted() or Version.objects.order_by("-pk").first()
    if version is None:
        return []
    places = programme_of(version).places
    return named(places.filter(pl.col("level") == "province", pl.col("valid_to").is_null()), lang)


_choices: Memo[dict[str, Any]] = Memo(8)


def plan_choices(programme: Programme, lang: str) -> dict[str, Any]:
    """What the conditions of a plan name: countries and partners that it could do without, projects by group."""
    return _choices.of((programme.hash, lang), lambda: {
        "countries": _abroad(programme, lang),
        "partners": named(programme.organisations, lang, set(programme.options["partner"].drop_nulls().to_list())),
        "groups": _projects(programme, lang),
    })  # fmt: skip


def _abroad(programme: Programme, lang: str) -> list[Choice]:
    """Countries with which a plan may have to do: those of partners."""
    partners = set(programme.options["partner"].drop_nulls().to_list())
    firms = programme.organisations
    found = {country for key, country in firms.select("id", "country").iter_rows() if key in partners}
    return named(programme.countries, lang, found - {programme.settings.home_country})


def _projects(programme: Programme, lang: str) -> list[tuple[str, list[Choice]]]:
    """Projects that a plan is free to take or leave, by product group."""
    groups = dict(programme.groups.select("id", f"name_{lang}").iter_rows())
    of = dict(programme.technologies.select("id", "group").iter_rows())
    of |= dict(programme.products.select("id", "group").iter_rows())
    found: dict[str, list[Choice]] = {}
    for row in programme.projects.iter_rows(named=True):
        if row["status"] == "candidate":
            name = groups.get(of.get(row["subject"]), "–")
            found.setdefault(name, []).append((row["id"], row[f"name_{lang}"]))
    return [(name, _by_name(rows)) for name, rows in sorted(found.items())]


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
