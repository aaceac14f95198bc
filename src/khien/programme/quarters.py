"""Quarters as people write them (2026Q1) and as numbers that can be counted."""

from __future__ import annotations

import re

_QUARTER = re.compile(r"((?:19|20|21)[0-9]{2})Q([1-4])")


def quarter_number(text: str) -> int:
    """Quarters since year 0, so that differences count quarters.

    Raises:
        ValueError: the text is not a quarter written like 2026Q1.
    """
    if not (found := _QUARTER.fullmatch(text)):
        raise ValueError(f"not a quarter written like 2026Q1: {text!r}")
    return int(found[1]) * 4 + int(found[2]) - 1


def quarter_text(number: int) -> str:
    """The opposite of `quarter_number`."""
    return f"{number // 4:04d}Q{number % 4 + 1}"


def quarter_year(number: int) -> int:
    """The year in which a quarter lies."""
    return number // 4
