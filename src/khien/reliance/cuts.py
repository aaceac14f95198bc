"""Shocks as what they stop: sites that deliver nothing, organisations that help no more.

Method page: docs/methods/under-shock.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from khien.programme import Programme
from khien.programme.owners import CONTROL_SHARE
from khien.programme.quarters import quarter_number
from khien.reliance.owners import foreign_organisations
from khien.words import t

MONTHS_PER_QUARTER = 3

By = Literal["registration", "control", "either"]


class UnknownTarget(ValueError):
    """A shock on somebody or something that the programme does not have, or that stops no supplier."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = t(key, "vi", **fields), t(key, "en", **fields)
        super().__init__(self.message_en)


@dataclass(frozen=True)
class Cut:
    """What a shock stops.

    `everything` marks the total cut: then no subject that is not held at home is kept up, whoever stands behind
    it. `may_hit_unknown` says whether a source that nobody knows may be among what is hit.
    """

    name: str
    sites: frozenset[str]
    organisations: frozenset[str] = frozenset()
    everything: bool = False
    may_hit_unknown: bool = True
    loss_share: float = 1.0


def owners(programme: Programme) -> dict[str, list[tuple[str | None, str]]]:
    """For every organisation the chain of those who control it, itself first: (organisation, its country).

    The last step may be a country alone. A ring ends where it closes; an unknown share is no control.
    """
    rows = {row["id"]: row for row in programme.organisations.iter_rows(named=True)}
    return {name: list(_steps(name, rows)) for name in rows}


def _steps(name: str, rows: dict[str, dict[str, object]]) -> Iterator[tuple[str | None, str]]:
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        row = rows[name]
        yield name, str(row["country"])
        owner, share = row["controlled_by"], row["control_share"]
        if owner is None or float(str(share or 0.0)) <= CONTROL_SHARE:
            return
        if owner not in rows:
            yield None, str(owner)
            return
        name = str(owner)


def everything_foreign(programme: Programme) -> Cut:
    """Every foreign supplier stops, and nobody abroad keeps anything up."""
    hit = foreign_organisations(programme)
    return Cut("foreign", _sites_of(programme, hit), hit, everything=True)


def country_cut(programme: Programme, country: str, by: By = "either") -> Cut:
    """A country stops: organisations registered there, or (by control) held from there at any step.

    Raises
    ------
    UnknownTarget
        The programme has no such country.
    """
    if country not in set(programme.countries["id"].to_list()):
        raise UnknownTarget("reliance_unknown_country", country=country)
    steps = {"registration": slice(0, 1), "control": slice(-1, None), "either": slice(None)}[by]
    hit = frozenset(
        name for name, chain in owners(programme).items() if country in {where for _, where in chain[steps]}
    )
    return Cut(country, _sites_of(programme, hit), hit)


def partner_cut(programme: Programme, organisation: str) -> Cut:
    """An organisation stops, and all that it controls.

    Raises
    ------
    UnknownTarget
        The programme has no such organisation.
    """
    chains = owners(programme)
    if organisation not in chains:
        raise UnknownTarget("reliance_unknown_partner", partner=organisation)
    hit = frozenset(name for name, chain in chains.items() if organisation in {who for who, _ in chain})
    return Cut(organisation, _sites_of(programme, hit), hit)


def site_cut(programme: Programme, *sites: str) -> Cut:
    """Sites stop; their organisations go on elsewhere.

    Raises
    ------
    UnknownTarget
        The programme has no such site.
    """
    known = set(programme.sites["id"].to_list())
    for site in sites:
        if site not in known:
            raise UnknownTarget("reliance_unknown_site", site=site)
    return Cut(" + ".join(sites), frozenset(sites), may_hit_unknown=False)


def named_cut(programme: Programme, shock: str) -> tuple[Cut, int, int]:
    """A shock of the table `shocks`: what it stops, its first quarter (index) and its length in months.

    Raises
    ------
    UnknownTarget
        No such shock, or one of money or people, which stops no supplier.
    """
    rows = programme.shocks.filter(pl.col("id") == shock).to_dicts()
    if not rows:
        raise UnknownTarget("reliance_unknown_shock", shock=shock)
    row = rows[0]
    kind, key = row["kind"], row["key"]
    if kind == "country":
        cut = country_cut(programme, key)
    elif kind == "partner":
        cut = partner_cut(programme, key)
    elif kind == "site":
        cut = site_cut(programme, key)
    elif kind == "place":
        cut = site_cut(programme, *programme.sites.filter(pl.col("place") == key)["id"].to_list())
    else:
        raise UnknownTarget("reliance_shock_stops_nobody", shock=shock, kind=kind)
    first = quarter_number(row["from_quarter"]) - programme.settings.first
    loss = 1.0 if row["loss_share"] is None else float(row["loss_share"])
    named = Cut(shock, cut.sites, cut.organisations, False, cut.may_hit_unknown, loss)
    return named, first, MONTHS_PER_QUARTER * int(row["duration_quarters"])


def _sites_of(programme: Programme, organisations: frozenset[str]) -> frozenset[str]:
    return frozenset(programme.sites.filter(pl.col("organisation").is_in(list(organisations)))["id"].to_list())
