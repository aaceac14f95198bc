"""Colours, type and the one Vega-Lite configuration of every picture.

Categorical colours follow Okabe and Ito (2008), darkened a little where a white letter stands on
them; shades of one measure are a single hue from light to dark, so that they survive colour
blindness and a grey printer. Colour is never the only sign.
"""

from __future__ import annotations

from typing import Any

FONT = "Be Vietnam Pro"

INK = "#18212b"
MUTED = "#566270"
RULE = "#dde2e8"
TINT = "#f4f6f8"
BLUE = "#0072b2"
VERMILION = "#c44e00"
GREEN = "#007a5e"
ORANGE = "#e69f00"
PURPLE = "#c06c98"
SKY = "#56b4e9"
YELLOW = "#d9c518"
GREY = "#98a2ad"

FORM_COLOURS = {"own": BLUE, "joint": GREEN, "licence": ORANGE, "purchase": PURPLE}
SERIES = [BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW, GREY]
SHADES = ["#f1f5f8", "#c9dde9", "#94bfd6", "#5b9bbf", "#2b739c", "#0b4f6c", "#072f42"]
HEAT = ["#f7f4ee", "#f3dcb8", "#eab873", "#d98634", "#b4530f", "#7a2c05"]
EMPTY = "#eceff2"
ON_SHADES = "#000000"
"""Letters on a pale shade: with black, unlike `INK`, every shade leaves a contrast of 4.5 : 1 to one of the two."""
LIGHT_FROM = 0.63
"""Share of `SHADES` from which white reads better on it than black; either has at least 4.5 : 1 on its side."""
LIGHT_FROM_HEAT = 0.77
"""The same for `HEAT`."""

WIDE = 960
"""Width in px of a picture made for a desk or a page."""

NARROW = 340
"""Width in px of a picture made for a phone."""


def config() -> dict[str, Any]:
    """Return the Vega-Lite ``config`` shared by all pictures."""
    label = {"labelFont": FONT, "titleFont": FONT}
    axis = label | {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 400,
        "gridColor": RULE,
        "domainColor": RULE,
        "tickColor": RULE,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    }
    return {
        "font": FONT,
        "background": "#ffffff",
        "padding": 4,
        "aria": False,  # every picture stands in a figure with a text of its own; marks add only weight
        "view": {"stroke": None},
        "axis": axis,
        "legend": label
        | {
            "labelColor": INK,
            "titleColor": MUTED,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": 400,
            "orient": "top",
            "symbolType": "square",
            "symbolStrokeWidth": 0,
            "labelLimit": 260,
            "title": None,
        },
        "header": label | {"labelFontSize": 12.5, "labelFontWeight": 600, "labelColor": INK, "labelAnchor": "start"},
        "text": {"font": FONT, "fontSize": 12, "fill": INK},
        "title": {"font": FONT, "fontSize": 13, "fontWeight": 600, "color": INK, "anchor": "start"},
        "range": {"category": SERIES},
        "line": {"strokeWidth": 2.25},
    }


def ink_on(colour: str) -> str:
    """Return white or ink, whichever reads better on ``colour`` (WCAG relative luminance)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if (light + 0.05) / (0.0146 + 0.05) > 1.05 / (light + 0.05) else "#ffffff"
