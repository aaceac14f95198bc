"""Ready shocks: the data file beside this module, made concrete for one programme and plan."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any

import polars as pl

from khien.plan.frames.replay import Replay
from khien.programme import TABLES, Programme
from khien.reliance import foreign_organisations, partner_countries
from khien.stress.settings import StressError


@cache
def ready() -> dict[str, dict[str, Any]]:
    """The library: name to what stands in the file."""
    text = resources.files("khien.stress").joinpath("library.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def ready_shocks(replay: Replay, names: Iterable[str]) -> pl.DataFrame:
    """Shocks of the library as rows of the table `shocks`, one for each partner, country, place or skill.

    Raises
    ------
    StressError
        There is no ready shock of that name.
    """
    wanted = list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in ready()]:
        raise StressError("stress_ready_unknown", value=", ".join(unknown), known=", ".join(ready()))
    for name in list(wanted):
        parent = ready()[name].get("with")
        if parent is not None and parent not in wanted:
            wanted.append(parent)
    rows = [row for name in wanted for row in _rows(replay, name)]
    return pl.DataFrame(rows, schema=TABLES["shocks"].schema, orient="row")


def _rows(replay: Replay, name: str) -> Iterator[dict[str, Any]]:
    told, settings = ready()[name], replay.programme.settings
    for key, names in _each(replay, told.get("each")):
        yield {
            "id": name if key is None else f"{name}-{key}"[:64],
            "name_vi": told["name_vi"].format(name=names[0]),
            "name_en": told["name_en"].format(name=names[1]),
            "kind": told["kind"],
            "key": key,
            "from_quarter": settings.first_quarter,
            "latest_quarter": settings.last_quarter,
            "duration_quarters": told["quarters"],
            "chance_share": told["chance_share"],
            "loss_share": told.get("loss_share"),
            "correlated_with": told.get("with"),
            "together_share": told.get("together_share"),
        }


def _each(replay: Replay, what: str | None) -> list[tuple[str | None, tuple[str, str]]]:
    """Keys with their names: what of this kind the plan or the supplies have to do with."""
    programme = replay.programme
    if what is None:
        return [(None, ("", ""))]
    if what == "skill":
        return _named(programme.skills, set(programme.skills["id"].to_list()))
    if what == "place":
        return _named(programme.places, set(programme.sites["place"].drop_nulls().to_list()))
    partners = involved(replay)
    if what == "partner":
        return _named(programme.organisations, partners)
    countries = partner_countries(programme)
    return _named(programme.countries, {countries[name] for name in partners} - {programme.settings.home_country})


def involved(replay: Replay) -> set[str]:
    """Foreign organisations that a chosen project is carried out with, or that supply something."""
    programme = replay.programme
    partners = {name for name in replay.picks["partner"].to_list() if name is not None}
    return (partners | supplying(programme)) & foreign_organisations(programme)


def supplying(programme: Programme) -> set[str]:
    """Organisations with a site that supplies an item."""
    owner = dict(programme.sites.select("id", "organisation").iter_rows())
    return {owner[site] for site in programme.supplies.filter(pl.col("share") > 0)["site"].to_list()}


def _named(frame: pl.DataFrame, ids: set[str]) -> list[tuple[str | None, tuple[str, str]]]:
    rows = frame.filter(pl.col("id").is_in(list(ids))).select("id", "name_vi", "name_en").sort("id").rows()
    return [(key, (vi, en)) for key, vi, en in rows]
