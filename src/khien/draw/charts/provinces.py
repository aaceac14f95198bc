"""The 34 provinces and cities as tiles, drawn by us, with both special zones.

Each province is one tile near its true place (codes: Decision 19/2025/QĐ-TTg; units: Resolution
202/2025/QH15). Hoàng Sa belongs to Đà Nẵng and Trường Sa to Khánh Hòa; each stands in the sea on
its own tile, joined to its province, and shows the province's value unless it has one of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import Chart, finish, inline, is_narrow
from khien.draw.numbers import MISSING, number, percent
from khien.words import t


class Tile(NamedTuple):
    """A province or special zone: official code, name in lines, column and row, province of a zone."""

    code: str
    lines: tuple[str, ...]
    column: float
    row: float
    parent: str | None = None

    @property
    def name(self) -> str:
        """The full name on one line."""
        return " ".join(self.lines)


TILES: tuple[Tile, ...] = (
    Tile("12", ("Lai", "Châu"), 0.5, 0), Tile("15", ("Lào", "Cai"), 1.5, 0), Tile("08", ("Tuyên", "Quang"), 2.5, 0),
    Tile("04", ("Cao", "Bằng"), 3.5, 0), Tile("11", ("Điện", "Biên"), 0, 1), Tile("14", ("Sơn", "La"), 1, 1),
    Tile("25", ("Phú", "Thọ"), 2, 1), Tile("19", ("Thái", "Nguyên"), 3, 1), Tile("20", ("Lạng", "Sơn"), 4, 1),
    Tile("01", ("Hà", "Nội"), 2, 2), Tile("24", ("Bắc", "Ninh"), 3, 2), Tile("22", ("Quảng", "Ninh"), 4, 2),
    Tile("37", ("Ninh", "Bình"), 2, 3), Tile("33", ("Hưng", "Yên"), 3, 3), Tile("31", ("Hải", "Phòng"), 4, 3),
    Tile("38", ("Thanh", "Hóa"), 1.5, 4), Tile("40", ("Nghệ", "An"), 1.5, 5), Tile("42", ("Hà", "Tĩnh"), 2, 6),
    Tile("44", ("Quảng", "Trị"), 2.5, 7), Tile("46", ("Huế",), 3, 8), Tile("48", ("Đà", "Nẵng"), 3.5, 9),
    Tile("51", ("Quảng", "Ngãi"), 4, 10), Tile("52", ("Gia", "Lai"), 4, 11), Tile("66", ("Đắk", "Lắk"), 4, 12),
    Tile("75", ("Đồng", "Nai"), 2, 13), Tile("68", ("Lâm", "Đồng"), 3, 13), Tile("56", ("Khánh", "Hòa"), 4, 13),
    Tile("80", ("Tây", "Ninh"), 1, 14), Tile("79", ("TP. Hồ", "Chí Minh"), 2, 14),
    Tile("91", ("An", "Giang"), 0, 15), Tile("82", ("Đồng", "Tháp"), 1, 15), Tile("86", ("Vĩnh", "Long"), 2, 15),
    Tile("96", ("Cà", "Mau"), 0, 16), Tile("92", ("Cần", "Thơ"), 1, 16),
    Tile("20333", ("Hoàng", "Sa"), 5.5, 9, "48"), Tile("22736", ("Trường", "Sa"), 5.5, 15, "56"),
)  # fmt: skip

_SIDE = {False: (58, 46), True: (50, 42)}


def tile_values(frame: pl.DataFrame) -> dict[str, float]:
    """Return the value of every tile that has one; special zones inherit from their province."""
    known = {
        str(place): float(value)
        for place, value in frame.select("place", "value").iter_rows()
        if value is not None
    }
    return {
        tile.code: known.get(tile.code, known.get(tile.parent or "", float("nan")))
        for tile in TILES
        if tile.code in known or (tile.parent or "") in known
    }


def provinces(
    frame: pl.DataFrame, lang: str, title: str, share: bool = False, width: int = theme.WIDE
) -> Chart:
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
    rows = []
    for tile in TILES:
        value = values.get(tile.code)
        x, y = tile.column * wide, tile.row * tall
        text = MISSING if value is None else percent(value, lang) if share else number(value, lang)
        rows.append(
            {
                "x": x + 1.5, "x2": x + wide - 1.5, "y": y + 1.5, "y2": y + tall - 1.5, "middle": x + wide / 2,
                "first": y + (tall * 0.30 if len(tile.lines) > 1 else tall * 0.40), "second": y + tall * 0.54,
                "third": y + tall * 0.82, "line1": tile.lines[0], "line2": tile.lines[1] if len(tile.lines) > 1 else "",
                "name": tile.name, "value": value, "text": text, "code": tile.code, "zone": tile.parent is not None,
                "belongs": next((p.name for p in TILES if p.code == tile.parent), ""),
            }
        )  # fmt: skip
    size = round(6.5 * wide), 17 * tall
    return finish(_layers(rows, lang, title, size, top, share), fit=False)


def _layers(
    rows: list[dict[str, object]], lang: str, title: str, size: tuple[int, int], top: float, share: bool
) -> alt.LayerChart:
    """Return tiles, the lines that join zones to their province, names and values."""
    width, height = size
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False))
    tips = {"name": "draw_place", "code": "draw_id", "belongs": "draw_belongs_to", "text": "draw_measure"}
    base = alt.Chart(inline(rows)).encode(
        tooltip=[
            alt.Tooltip(f"{field}:N", title=title if field == "text" else t(key, lang))
            for field, key in tips.items()
        ]
    )
    legend = alt.Legend(
        title=None, orient="none", legendX=round(width * 0.72), legendY=round(height * 0.29), direction="vertical",
        format=".0%" if share else ",.0f", gradientLength=110, tickCount=4,
    )  # fmt: skip
    shade = alt.Color(
        "value:Q", scale=alt.Scale(domain=[0, top], range=theme.SHADES, interpolate="rgb"), legend=legend
    )
    tile = base.mark_rect(cornerRadius=4, invalid=None).encode(
        x=x, x2="x2:Q", y=y, y2="y2:Q",
        color=alt.condition("datum.value === null", alt.value(theme.EMPTY), shade),
    )  # fmt: skip
    zone = (
        base.transform_filter("datum.zone")
        .mark_rect(filled=False, stroke=theme.MUTED, strokeDash=[3, 2], cornerRadius=4)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q")
    )
    ink = alt.condition(f"datum.value > {top * 0.5}", alt.value("#ffffff"), alt.value(theme.INK))
    middle = alt.X("middle:Q", axis=None)
    texts = [
        base.mark_text(fontSize=size_, fontWeight=weight).encode(
            x=middle, y=alt.Y(f"{at}:Q", axis=None), text=f"{field}:N", color=ink
        )
        for at, field, size_, weight in (
            ("first", "line1", 10.5, 400),
            ("second", "line2", 10.5, 400),
            ("third", "text", 10.5, 600),
        )
    ]
    return alt.layer(tile, zone, *texts).properties(width=width, height=height)
