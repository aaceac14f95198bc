"""The country in tiles, each with its level: as a colour of the law, and as a figure or letter that says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from khien.draw import theme
from khien.draw.charts.tiles import TILES, Tile

WIDE, TALL = 58, 46
COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "": (theme.EMPTY, theme.INK),
    "0": ("#ffffff", theme.INK),
    "1": ("#afe1ff", theme.INK),
    "2": ("#faf58c", theme.INK),
    "3": ("#ff9d2e", theme.INK),
    "4": ("#c9211e", "#ffffff"),
    "5": ("#7a1fa2", "#ffffff"),
    "none": ("#ffffff", theme.INK),
    "warning": ("#94bfd6", theme.INK),
    "epidemic": ("#072f42", "#ffffff"),
}
"""Ground and ink by level (Decision 18/2021) or state of a disease. Those of diseases are of another hue, for the law
gives them no level."""


@dataclass(frozen=True)
class Mark:
    """What a tile says: its class of `COLOURS`, the few letters written on it, and the sentence behind them."""

    kind: str
    text: str
    says: str
    hatched: bool = False


def drawn(marks: Mapping[str, Mark], title: str, caption: str) -> str:
    """Return the map as SVG, 377 px wide.

    Args:
        marks: province to what its tile says; a special zone says what its province says.
        title: what the map shows, for people who do not see it.
        caption: what it stands on, below the map.
    """
    width, height = round(6.5 * WIDE), 17 * TALL + 24
    tiles = "".join(_tile(tile, marks.get(tile.code) or marks.get(tile.parent or "")) for tile in TILES)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{escape(title)}" font-family="{theme.FONT}, sans-serif">'
        f'<defs><pattern id="drill" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="7" height="7" fill="#ffffff"/><rect width="3" height="7" fill="#c9b3d9"/></pattern></defs>'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{tiles}'
        f'<text x="4" y="{height - 8}" font-size="10" fill="{theme.MUTED}">{escape(caption)}</text></svg>'
    )


def _tile(tile: Tile, mark: Mark | None) -> str:
    ground, ink = COLOURS["" if mark is None else mark.kind]
    if mark is not None and mark.hatched:
        ground = "url(#drill)"
    x, y = tile.column * WIDE, tile.row * TALL
    first, *rest = tile.lines
    said = f"{tile.name}: {mark.says}" if mark is not None else tile.name
    dash = ' stroke-dasharray="3 2"' if tile.parent is not None else ""
    text = "–" if mark is None else mark.text
    middle = x + WIDE / 2
    lines = [(y + TALL * (0.30 if rest else 0.40), first, 10.5, 400)]
    if rest:
        lines.append((y + TALL * 0.54, " ".join(rest), 10.5, 400))
    lines.append((y + TALL * 0.85, text, 13, 600))
    texts = "".join(
        f'<text x="{middle:.1f}" y="{at:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="middle" '
        f'fill="{ink}">{escape(line)}</text>'
        for at, line, size, weight in lines
    )
    return (
        f'<g><title>{escape(said)}</title><rect x="{x + 1.5:.1f}" y="{y + 1.5:.1f}" width="{WIDE - 3}" '
        f'height="{TALL - 3}" rx="4" fill="{ground}" stroke="{theme.GREY}" stroke-width="0.8"{dash}/>{texts}</g>'
    )
