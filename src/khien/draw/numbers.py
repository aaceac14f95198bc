"""Numbers, money and dates as readers of each language write them."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from khien.words import t

NO_BREAK = "\N{NO-BREAK SPACE}"
MISSING = "–"
"""Shown where a value is unknown; never a zero."""
PERCENT = f"{NO_BREAK}%"
"""Ends a percentage in both languages: apart from its number, and never alone on the next line."""

BILLION_MVND = 1_000
TRILLION_MVND = 1_000_000

FORMAT_LOCALE: dict[str, dict[str, Any]] = {
    "vi": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " ₫"], "minus": "−", "percent": PERCENT},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["₫", ""], "minus": "−", "percent": PERCENT},
}
"""d3-format locales, the same for the page, the SVG files and the PDF."""


def number(value: float | int | None, lang: str, digits: int = 0) -> str:
    """Write a number: ``1.234,5`` in Vietnamese, ``1,234.5`` in English.

    What is unknown or without limit is a dash. ``digits`` are the decimal places that are always written.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if isinstance(value, float):  # half goes away from zero, as on the axes and labels of pictures
        value = math.nextafter(value, math.copysign(math.inf, value))
    text = f"{value:,.{digits}f}".replace("-", "−")
    if text.strip("−0.,") == "":
        text = text.lstrip("−")
    if lang == "vi":
        text = text.replace(",", "_").replace(".", ",").replace("_", ".")
    return text


def percent(share: float | None, lang: str, digits: int = 0) -> str:
    """Write a share (0-1) as a percentage: ``38,4 %`` in Vietnamese, ``38.4 %`` in English."""
    if share is None or not math.isfinite(share):
        return MISSING
    return number(share * 100, lang, digits) + PERCENT


def money_scale(largest_mvnd: float) -> tuple[int, str]:
    """Return the divisor of million VND and the word key that suit amounts up to ``largest_mvnd``."""
    if abs(largest_mvnd) >= 100 * TRILLION_MVND:
        return TRILLION_MVND, "draw_unit_trillion"
    return BILLION_MVND, "draw_unit_billion"


def money(amount_mvnd: float | int | None, lang: str) -> str:
    """Write million VND with a unit that keeps the number short: ``12.345 tỷ đồng``."""
    if amount_mvnd is None or amount_mvnd != amount_mvnd:
        return MISSING
    divisor, unit = money_scale(amount_mvnd)
    value = amount_mvnd / divisor
    digits = 1 if value and abs(value) < 100 else 0
    return f"{number(value, lang, digits)} {t(unit, lang)}".replace(" ", NO_BREAK)


def quarter(label: str | None, lang: str) -> str:
    """Write a plan quarter ``2027Q1`` as ``Q1/2027`` in Vietnamese and ``Q1 2027`` in English."""
    if not label:
        return MISSING
    year, _, part = label.partition("Q")
    return f"Q{part}/{year}" if lang == "vi" else f"Q{part}{NO_BREAK}{year}"


def day(when: date | None, lang: str) -> str:
    """Write a date: ``03/09/2026`` in Vietnamese, ``3 September 2026`` in English."""
    if when is None:
        return MISSING
    if lang == "vi":
        return f"{when:%d/%m/%Y}"
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def year_of(label: str) -> float:
    """Return the first moment of a quarter as a decimal year: ``2027Q3`` is 2027.5."""
    year, _, part = label.partition("Q")
    return int(year) + (int(part) - 1) / 4
