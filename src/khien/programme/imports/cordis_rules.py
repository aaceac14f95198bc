"""The mapping rules of the CORDIS import: data files beside this module, and what they say about a row."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

BY_WORDS = "@words"
UNKNOWN_CAPABILITY = "coordination"
OPEN_CAPABILITY = "urban-sites"
"""Where a project of an open call goes whose words say nothing."""
UNKNOWN_SCHEME = "other"
UNKNOWN_ACTIVITY = "other"


@dataclass(frozen=True)
class Scheme:
    """What a funding scheme stands for."""

    name: str
    risk_class: str
    usable_share: float
    success_own: float
    success_joint: float


OTHER_SCHEME = Scheme(UNKNOWN_SCHEME, "high", 0.5, 0.6, 0.7)


@dataclass(frozen=True)
class Settings:
    """Every number of the mapping; meanings in docs/reference/import-cordis.md."""

    base_year: int
    tail_years: int
    home_country: str
    eur_mvnd: float
    money_share: float
    people_share: float
    most_own_teams: int
    own_time_factor: float
    own_cost_factor: float
    yield_exponent: float
    need_first_share: float
    need_last_share: float
    country_ceiling_share: float
    group_floor_share: float
    discount_rate: float
    reliance_weight: float
    planning_quantile: float
    tolerance_share: float
    fewest_for_dispersion: int


RANGES: Mapping[str, tuple[float, float]] = {
    "base_year": (1950, 2100),
    "tail_years": (0, 30),
    "eur_mvnd": (1e-9, 1e6),
    "money_share": (0, 100),
    "people_share": (0, 100),
    "most_own_teams": (1, 1000),
    "own_time_factor": (1, 10),
    "own_cost_factor": (0.1, 10),
    "yield_exponent": (0, 2),
    "need_first_share": (0.001, 10),
    "need_last_share": (0.001, 10),
    "country_ceiling_share": (0, 1),
    "group_floor_share": (0, 1),
    "discount_rate": (0, 1),
    "reliance_weight": (0, 1000),
    "planning_quantile": (0.5, 0.95),
    "tolerance_share": (0, 1),
    "fewest_for_dispersion": (1, 10000),
}
"""Smallest and largest value of a setting."""


class Rules:
    """All tables of rules, read once."""

    def __init__(self) -> None:
        told = tomllib.loads(_file("cordis.toml"))
        self.columns: Mapping[str, Mapping[str, list[str]]] = told.pop("columns")
        self.needed: Mapping[str, list[str]] = told.pop("needed")
        self.settings = Settings(**told)
        self.groups = rows("cordis_groups.csv")
        self.capabilities = rows("cordis_capabilities.csv")
        self.countries = {r["code"]: r for r in rows("cordis_countries.csv")}
        self.activities = {r["code"]: r for r in rows("cordis_activities.csv")}
        self.statuses = {r["status"]: r["meaning"] for r in rows("cordis_statuses.csv")}
        self._topics = _patterns("cordis_topics.csv", "capability")
        self._words = _patterns("cordis_words.csv", "capability")
        self._funders = _patterns("cordis_funders.csv", "source")
        self._schemes = [
            (re.compile(r["pattern"], re.IGNORECASE), _scheme(r)) for r in rows("cordis_schemes.csv")
        ]

    def capability(self, topic: str, words: str) -> str | None:
        """The capability that a topic code serves; open topics are told apart by the words of the project."""
        found = _first(self._topics, topic)
        if found != BY_WORDS:
            return found
        return self.by_words(words) or OPEN_CAPABILITY

    def by_words(self, words: str) -> str | None:
        """The capability that the words of a project point to."""
        return _first(self._words, words)

    def scheme(self, code: str) -> Scheme | None:
        """What a funding scheme stands for."""
        return next((scheme for pattern, scheme in self._schemes if pattern.search(code)), None)

    def funder(self, programme: str, framework: str) -> str | None:
        """The source of money that a programme code stands for."""
        codes = [*(part.strip() for part in programme.split(";")), framework]
        return next((found for code in codes if (found := _first(self._funders, code))), None)


def with_settings(settings: Settings, changes: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    """The settings with some changed, and the names of changes that make no sense (these are left out)."""
    good: dict[str, Any] = {}
    bad = []
    for name, value in changes.items():
        known = getattr(settings, name, None)
        if isinstance(known, str):
            fits = isinstance(value, str) and re.fullmatch(r"[a-z]{2}", value) is not None
        else:
            kind = int if isinstance(known, int) else (int, float)
            low, high = RANGES.get(name, (0, 0))
            fits = isinstance(value, kind) and not isinstance(value, bool) and low <= value <= high
        if known is not None and fits:
            good[name] = value
        else:
            bad.append(name)
    return replace(settings, **good), bad


@cache
def rules() -> Rules:
    """The rules that come with the product."""
    return Rules()


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one data file."""
    return list(csv.DictReader(_file(name).splitlines()))


def _file(name: str) -> str:
    return resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8")


def _patterns(name: str, column: str) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(r["pattern"], re.IGNORECASE), r[column]) for r in rows(name)]


def _first(patterns: list[tuple[re.Pattern[str], str]], text: str) -> str | None:
    return next((found for pattern, found in patterns if pattern.search(text)), None)


def _scheme(row: Mapping[str, str]) -> Scheme:
    numbers = (float(row[name]) for name in ("usable_share", "success_own", "success_joint"))
    return Scheme(row["name"], row["risk_class"], *numbers)
