"""Shocks as what they stop: sites that deliver nothing, organisations that help no more.

Method page: docs/methods/under-shock.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

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
    it. `may_hit_unknown` says whether a source that nobody knows may be among what is hit; `maybe_sites` and
    `maybe_organisations` are those that are hit if an owner with an unknown share is in control.
    """

    name: str
    sites: frozenset[str]
    organisations: frozenset[str] = frozenset()
    everything: bool = False
    may_hit_unknown: bool = True
    loss_share: float = 1.0
    maybe_sites: frozenset[str] = frozenset()
    maybe_organisations: frozenset[str] = frozenset()

    def seen(self, *, worst: bool) -> Cut:
        """The cut with whoever may be hit among those who are, or with them left out.

        Whoever is cut in part alone helps no more at the worst, and goes on helping at the best.
        """
        more = worst and self.may_hit_unknown
        hit = self.organisations | self.maybe_organisations if more else self.organisations
        return replace(
            self,
            sites=self.sites | self.maybe_sites if more else self.sites,
            organisations=hit if worst or self.loss_share >= 1.0 else frozenset(),
            maybe_sites=frozenset(),
            maybe_organisations=frozenset(),
        )


def owners(programme: Programme, *, unknown_controls: bool = False) -> dict[str, list[tuple[str | None, str]]]:
    """For every organisation the chain of those who control it, itself first: (organisation, its country).

    The last step may be a country alone. A ring ends where it closes. An unknown share is control only with
    `unknown_controls`.
    """
    rows = {row["id"]: row for row in programme.organisations.iter_rows(named=True)}
    unknown = 1.0 if unknown_controls else 0.0
    return {name: list(_steps(name, rows, unknown)) for name in rows}


def _steps(name: str, rows: dict[str, dict[str, Any]], unknown: float) -> Iterator[tuple[str | None, str]]:
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        row = rows[name]
        yield name, str(row["country"])
        owner, share = row["controlled_by"], row["control_share"]
        if owner is None or (unknown if share is None else share) <= CONTROL_SHARE:
            return
        if owner not in rows:
            yield None, str(owner)
            return
        name = str(owner)


def everything_foreign(programme: Programme) -> Cut:
    """Every foreign supplier stops, and nobody abroad keeps anything up."""
    hit = foreign_organisations(programme)
    home = programme.settings.home_country
    maybe = _hit(programme, lambda chain: any(where != home for _, where in chain), unknown_controls=True) - hit
    return _cut(programme, "foreign", hit, maybe, everything=True)


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

    def there(chain: Steps) -> bool:
        return country in {where for _, where in chain[steps]}

    hit = _hit(programme, there)
    return _cut(programme, country, hit, _hit(programme, there, unknown_controls=True) - hit)


def partner_cut(programme: Programme, organisation: str) -> Cut:
    """An organisation stops, and all that it controls.

    Raises
    ------
    UnknownTarget
        The programme has no such organisation.
    """
    if organisation not in set(programme.organisations["id"].to_list()):
        raise UnknownTarget("reliance_unknown_partner", partner=organisation)

    def held(chain: Steps) -> bool:
        return organisation in {who for who, _ in chain}

    hit = _hit(programme, held)
    return _cut(programme, organisation, hit, _hit(programme, held, unknown_controls=True) - hit)


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
    return replace(cut, name=shock, loss_share=loss), first, MONTHS_PER_QUARTER * int(row["duration_quarters"])


Steps = list[tuple[str | None, str]]


def _hit(programme: Programme, test: Callable[[Steps], bool], *, unknown_controls: bool = False) -> frozenset[str]:
    """Organisations whose chain of owners passes a test."""
    chains = owners(programme, unknown_controls=unknown_controls)
    return frozenset(name for name, chain in chains.items() if test(chain))


def _cut(
    programme: Programme, name: str, hit: frozenset[str], maybe: frozenset[str], *, everything: bool = False
) -> Cut:
    sites, more = _sites_of(programme, hit), _sites_of(programme, maybe)
    return Cut(name, sites, hit, everything, maybe_sites=more, maybe_organisations=maybe)


def _sites_of(programme: Programme, organisations: frozenset[str]) -> frozenset[str]:
    return frozenset(programme.sites.filter(pl.col("organisation").is_in(list(organisations)))["id"].to_list())
