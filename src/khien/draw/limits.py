"""What a ceiling or a floor is called: a limit has no name of its own, only what it is counted over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from khien.programme import Programme
from khien.words import catalogue, t

TABLES_OF = {"group": "groups", "partner": "organisations", "country": "countries"}
"""Tables that hold the names of what a limit is counted over."""


def limit_names(programme: Programme, names: Mapping[str, Mapping[str, str]], lang: str) -> dict[str, str]:
    """Id to name of every limit, like ``Floor: Fire prevention, 2026–2035``.

    Args:
        names: by table what its ids are called.
    """
    first, last = programme.years[0], programme.years[-1]
    return {row["id"]: _name(row, first, last, names, lang) for row in programme.limits.iter_rows(named=True)}


def _name(row: Mapping[str, Any], first: int, last: int, names: Mapping[str, Mapping[str, str]], lang: str) -> str:
    start, end = row["from_year"] or first, row["to_year"] or last
    years = str(start) if start == end else f"{start}–{end}"
    return t(f"draw_limit_{row['kind']}", lang, what=_over(row["over"], row["key"], names, lang), years=years)


def _over(over: str, key: str | None, names: Mapping[str, Mapping[str, str]], lang: str) -> str:
    if key is None:
        return t("draw_limit_over_all", lang)
    if over == "form" and f"draw_form_{key}" in catalogue():
        return t(f"draw_form_{key}", lang)
    if over == "risk_class" and f"draw_risk_{key}" in catalogue():
        return f"{t('draw_risk_class', lang)}: {t(f'draw_risk_{key}', lang)}"
    return names.get(TABLES_OF.get(over, ""), {}).get(key, key)
