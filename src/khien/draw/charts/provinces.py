"""One value per province as a map of tiles, with both special zones.

A special zone shows the value of its province unless it has one of its own.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import Chart, finish, inline, is_narrow
from khien.draw.charts.tiles import TILES, Tile
from khien.draw.numbers import number, percent
from khien.words import t

_SIDE = {False: (58, 46), True: (50, 42)}


def tile_values(frame: pl.DataFrame) -> dict[str, float]:
    """Return the value of every tile that has one; special zones inherit from their province."""
    known = {
        str(place): float(value) for place, value in frame.select("place", "value").iter_rows() if value is not None
    }
    return {
        tile.code: known.get(tile.code, known.get(tile.parent or "", float("nan")))
        for tile in TILES
        if tile.code in known or (tile.parent or "") in known
    }


def provinces(frame: pl.DataFrame, lang: str, title: str, share: bool = False, width: int = theme.WIDE) -> Chart:
    """Draw one value per province as a tile map.

    Parameters
    ----------
    frame
        place (official code of a province, or of a special zone), value; null or absent is
        drawn pale with a dash.
    title
        What the value is, shown in the tooltip.
    share
        Write values as percentages.
    """
    narrow = is_narrow(width)
    values = tile_values(frame)
    wide, tall = _SIDE[narrow]
    top = max([abs(v) for v in values.values()], default=0) or 1
    rows = [_row(tile, values.get(tile.code), lang, share, (wide, tall)) for tile in TILES]
    size = round(6.5 * wide), 17 * tall
    return finish(_layers(rows, lang, title, size, top, share), fit=False)


def _row(tile: Tile, value: float | None, lang: str, share: bool, side: tuple[int, int]) -> dict[str, Any]:
    """Return where a tile and its three lines of text lie, in px, and what they say."""
    wide, tall = side
    x, y = tile.column * wide, tile.row * tall
    first, *rest = tile.lines
    written = percent(value, lang) if share else number(value, lang)
    return {
        "x": x + 1.5,
        "x2": x + wide - 1.5,
        "y": y + 1.5,
        "y2": y + tall - 1.5,
        "middle": x + wide / 2,
        "first": y + tall * (0.30 if rest else 0.40),
        "second": y + tall * 0.54,
        "third": y + tall * 0.82,
        "line1": first,
        "line2": " ".join(rest),
        "name": tile.name,
        "value": value,
        "text": written,
        "code": tile.code,
        "zone": tile.parent is not None,
        "belongs": next((p.name for p in TILES if p.code == tile.parent), ""),
    }


def _layers(
    rows: list[dict[str, object]], lang: str, title: str, size: tuple[int, int], top: float, share: bool
) -> Any:
    """Return tiles, the lines that join zones to their province, names and values."""
    width, height = size
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False))
    tips = {"name": "draw_place", "code": "draw_id", "belongs": "draw_belongs_to", "text": "draw_measure"}
    base = alt.Chart(inline(rows)).encode(
        tooltip=[
            alt.Tooltip(f"{field}:N", title=title if field == "text" else t(key, lang)) for field, key in tips.items()
        ]
    )
    legend = alt.Legend(
        title=None, orient="none", direction="vertical", legendX=round(width * 0.72),
        legendY=round(height * 0.29),
        format=".0%" if share else ",.0f", gradientLength=110, tickCount=4, tickMinStep=0.01 if share else 1,
    )  # fmt: skip
    shade = alt.Color("value:Q", scale=alt.Scale(domain=[0, top], range=theme.SHADES, interpolate="rgb"), legend=legend)
    tile = base.mark_rect(cornerRadius=4, invalid=None).encode(
        x=x, x2="x2:Q", y=y, y2="y2:Q",
        color=alt.condition("datum.value === null", alt.value(theme.EMPTY), shade),
    )  # fmt: skip
    zone = (
        base.transform_filter("datum.zone")
        .mark_rect(filled=False, stroke=theme.MUTED, strokeDash=[3, 2], cornerRadius=4)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q")
    )
    ink = alt.condition(f"datum.value > {top * theme.LIGHT_FROM}", alt.value("#ffffff"), alt.value(theme.ON_SHADES))
    middle = alt.X("middle:Q", axis=None)
    plain: dict[str, Any] = {"fontSize": 10.5}
    strong: dict[str, Any] = {"fontSize": 10.5, "fontWeight": 600}
    texts = [
        base.mark_text(**style).encode(x=middle, y=alt.Y(f"{at}:Q", axis=None), text=f"{field}:N", color=ink)
        for at, field, style in (
            ("first", "line1", plain),
            ("second", "line2", plain),
            ("third", "text", strong),
        )
    ]
    return alt.layer(tile, zone, *texts).properties(width=width, height=height)
