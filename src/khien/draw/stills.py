"""Pictures that stand still: SVG and PNG made from the same definitions as the interactive ones."""

from __future__ import annotations

import json
import re
from functools import cache
from html import escape
from typing import Any

import vl_convert
from altair.utils import schemapi

from khien.draw import fonts
from khien.draw.blocks import Draw
from khien.draw.charts.common import Chart
from khien.draw.numbers import FORMAT_LOCALE
from khien.draw.theme import FONT, MUTED

_IDS = re.compile(r'(\bid="|url\(#|href="#)([A-Za-z_][\w-]*)')


@cache
def prepare() -> None:
    """Tell the renderer once where the fonts are."""
    vl_convert.register_font_directory(str(fonts.folder()))
    vl_convert.register_font_directory(str(fonts.rulers()))


def svg(chart: Chart, lang: str) -> str:
    """Return a chart as SVG text with numbers in the style of ``lang``."""
    return svg_of(chart.to_dict(), lang)


def svg_of(spec: dict[str, Any], lang: str) -> str:
    """Return a Vega-Lite definition as SVG text."""
    prepare()
    ruled = json.dumps(spec, ensure_ascii=False, allow_nan=False).replace(f'"{FONT}"', f'"{fonts.RULER}"')
    text: str = vl_convert.vegalite_to_svg(ruled, format_locale=FORMAT_LOCALE[lang], allowed_base_urls=[])
    return text.replace(fonts.RULER, FONT)


def spec_of(draw: Draw, width: int) -> dict[str, Any]:
    """Draw for a width and return the definition, unchecked.

    Altair checks every part against its schema many times over, which takes longer than drawing;
    the tests draw with the checks on.
    """
    with schemapi.debug_mode(False):
        spec: dict[str, Any] = draw(width).to_dict(validate=False)
    return spec


def png(chart: Chart, lang: str, scale: float = 2.0) -> bytes:
    """Return a chart as PNG; ``scale`` 2 suits dense screens."""
    prepare()
    data: bytes = vl_convert.svg_to_png(svg(chart, lang), scale=scale)
    return data


def inline(text: str, prefix: str) -> str:
    """Return SVG fit to stand inside a page: ids made unique, nothing styled by attribute.

    Ids of clip paths and gradients are the same in every file; two pictures in one page would
    otherwise borrow each other's.
    """
    text = _IDS.sub(lambda found: f"{found[1]}{prefix}-{found[2]}", text)
    start = text.index("<svg")
    return text[start:].replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def captioned(text: str, caption: str) -> str:
    """Return SVG with a line of small print below the picture, so that a file says what it stands on."""
    width, height = size(text)
    line = (
        f'<rect x="0" y="{height:g}" width="{width:g}" height="20" fill="#ffffff"/>'
        f'<text x="6" y="{height + 13:g}" font-family="{FONT}" font-size="10" fill="{MUTED}">'
        f"{escape(caption)}</text></svg>"
    )
    taller = text.replace(f'height="{height:g}"', f'height="{height + 20:g}"', 1)
    taller = taller.replace(f'viewBox="0 0 {width:g} {height:g}"', f'viewBox="0 0 {width:g} {height + 20:g}"', 1)
    return taller[: taller.rindex("</svg>")] + line


def size(text: str) -> tuple[float, float]:
    """Return width and height of an SVG in px."""
    found = re.search(r'<svg[^>]*?\bwidth="([\d.]+)"[^>]*?\bheight="([\d.]+)"', text)
    if found is None:
        raise ValueError("this SVG states no size")
    return float(found[1]), float(found[2])
