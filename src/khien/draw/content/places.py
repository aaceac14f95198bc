"""The country in tiles: where things are made, who is on the spot, where people are most vulnerable."""

from __future__ import annotations

from functools import partial

import polars as pl

from khien.draw import charts
from khien.draw.blocks import Figure, Section
from khien.draw.charts.tiles import TILES
from khien.draw.results import Results
from khien.programme import Programme
from khien.words import t


def province_of(programme: Programme) -> dict[str, str]:
    """Return the province of every place: itself for a province, the nearest one above for others.

    Places without a province above them (countries, unknown parents) are left out.
    """
    level = dict(programme.places.select("id", "level").iter_rows())
    parent = dict(programme.places.select("id", "parent").iter_rows())
    found = {}
    for place in level:
        at: str | None = place
        seen: set[str] = set()
        while at is not None and at not in seen and level.get(at) != "province":
            seen.add(at)
            at = parent.get(at)
        if at is not None and level.get(at) == "province":
            found[place] = at
    return found


def per_province(programme: Programme, rows: pl.DataFrame) -> pl.DataFrame:
    """Return sums by province of rows (place, amount): place, value (0 where nothing lies)."""
    province = province_of(programme)
    total = dict.fromkeys(sorted(set(province.values())), 0.0)
    for place, amount in rows.iter_rows():
        if place in province:
            total[province[place]] += amount or 0
    return pl.DataFrame(list(total.items()), schema={"place": pl.String, "value": pl.Float64}, orient="row")


def places(results: Results, lang: str) -> Section | None:
    """Return the tile maps: sites, people on the spot, vulnerability; None for another country."""
    programme = results.programme
    if not set(programme.places["id"].to_list()) & {tile.code for tile in TILES}:
        return None
    sites = per_province(programme, programme.sites.select("place", pl.lit(1)))
    forces = per_province(programme, programme.forces.select("place", "people"))
    weak = programme.places.filter(pl.col("level") == "province").select(place="id", value="vulnerability")
    maps = [
        _map(lang, "sites", t("draw_map_sites", lang), sites),
        _map(lang, "forces", t("draw_map_forces", lang), forces),
        _map(lang, "vulnerability", t("draw_map_vulnerability", lang), weak, share=True),
    ]
    drawn = [figure for figure in maps if figure.draw is not None]
    return Section("places", t("draw_places", lang), t("draw_places_lead", lang), drawn or maps[:1])


def _map(lang: str, name: str, title: str, frame: pl.DataFrame, share: bool = False) -> Figure:
    frame = frame.filter(pl.col("place").is_in([tile.code for tile in TILES]))  # not those merged away
    says_something = float(frame["value"].fill_null(0).sum()) > 0
    return Figure(
        f"map-{name}",
        title,
        t("draw_fig_map_note", lang),
        t("draw_fig_map_alt", lang, title=title),
        frame,
        partial(_draw, frame, lang, title, share) if says_something else None,
        half=True,
    )


def _draw(frame: pl.DataFrame, lang: str, title: str, share: bool, width: int) -> charts.Chart:
    return charts.provinces(frame, lang, title, share, width)
