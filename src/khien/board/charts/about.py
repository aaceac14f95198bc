"""What every number says on demand: date, version, source, status, uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from khien.board.charts.memo import Memo
from khien.board.charts.sight import Sight
from khien.draw.content.provenance import STATUSES, date_of_data, fact_status
from khien.draw.numbers import day, number, percent
from khien.programme import TABLES
from khien.words import t

if TYPE_CHECKING:
    from khien.draw.results import Results
    from khien.programme import Programme

MOST_SOURCES: Final = 4
_PLAN: Final = ("projects", "options", "efforts", "precedences", "agreements", "money", "limits", "skill_supply")
_REACH: Final = (*_PLAN, "requirements", "yields", "products", "maturity")
_CHAIN: Final = ("inputs", "supplies", "items", "sites", "organisations", "yields")
BASIS: Final[Mapping[str, tuple[str, ...]]] = {
    "headline": _REACH,
    "coverage": _REACH, "heat": _REACH, "weakest": _REACH, "in-service": ("products", "maturity", "projects"),
    "money": ("money", "options", "obligations", "training"), "income": ("money",),
    "people": ("skills", "skill_supply", "training", "efforts"), "training": ("training", "skill_supply"),
    "spend": ("options", "organisations", "countries"),
    "mastery": ("maturity", "technologies", "products", "stages"), "stages": ("maturity", "technologies", "stages"),
    "chain": _CHAIN, "network": _CHAIN, "survives": _CHAIN, "leaving": (*_CHAIN, "maturity", "options"),
    "partners": _CHAIN,
    "map-sites": ("sites", "places"), "map-forces": ("forces", "places"), "map-vulnerability": ("places",),
    "stress": ("shocks", *_PLAN), "fan": ("shocks", *_REACH), "tail": ("shocks", *_REACH),
    "frontier": (*_REACH, *_CHAIN), "complex": ("organisations", "sites", "projects", "options"),
    "roadmap": _PLAN,
}  # fmt: skip
"""Tables of the programme that a number stands on, by the first part of the name of its block."""

_UNSURE: Final[Mapping[str, str]] = {
    "stress": "futures", "fan": "futures", "tail": "futures", "frontier": "frontier", "chain": "worst",
    "network": "worst", "survives": "worst", "leaving": "worst", "partners": "worst", "mastery": "source",
    "stages": "source", "map": "source", "complex": "source", "income": "source",
}  # fmt: skip


@dataclass(frozen=True)
class About:
    """What stands behind a number."""

    tables: list[tuple[str, str]]
    sources: list[str]
    more_sources: int
    status: str
    counts: str
    unsure: str


class Teller:
    """Tells it for every block of a page about one sight, in one language."""

    def __init__(self, sight: Sight, lang: str, results: Results | None = None) -> None:
        self.sight, self.lang, self.results = sight, lang, results
        self.programme: Programme = sight.programme()
        self._counts = _counts.of(self.programme.hash, lambda: _counted(self.programme))
        self._known: dict[str, About] = {}

    @property
    def dated(self) -> str:
        """The newest date of a source, or the dash that says that no source names one."""
        return day(date_of_data(self.programme), self.lang)

    def about(self, name: str) -> About:
        """What stands behind a block of this name."""
        basis = _best(BASIS, name) or _REACH
        tables = [table for table in dict.fromkeys(basis) if self.programme.frames[table].height]
        kind = _best(_UNSURE, name) or "plan"
        key = f"{kind}|{','.join(tables)}"
        if key not in self._known:
            self._known[key] = self._tell(tables, kind)
        return self._known[key]

    def _tell(self, tables: list[str], kind: str) -> About:
        counts: dict[str, int] = {}
        for table in tables:
            for status, rows in self._counts.get(table, {}).items():
                counts[status] = counts.get(status, 0) + rows
        order = list(STATUSES)
        worst = min(counts, key=order.index) if counts else ""
        told = ", ".join(f"{t(STATUSES[s], self.lang)}: {number(counts[s], self.lang)}" for s in order if s in counts)
        facts = self.programme.sources_of_facts.filter(pl.col("table").is_in(tables))
        sources = [s for s in facts["source"].unique(maintain_order=True).to_list() if s]
        return About(
            [(table, TABLES[table].title(self.lang)) for table in tables], sources[:MOST_SOURCES],
            max(0, len(sources) - MOST_SOURCES), t(STATUSES[worst], self.lang), told, self._unsure(kind),
        )  # fmt: skip

    def _unsure(self, kind: str) -> str:
        """How uncertain the number is, as far as anybody has asked."""
        lang, head = self.lang, self.sight.plan.headline or {}
        if kind == "plan":
            return self._of_plan(head)
        if kind == "futures":
            stress = self.sight.aside("stress")
            draws = 0 if stress is None else int(stress.settings.get("draws") or 0)
            return t("pages_unsure_futures", lang, draws=number(draws, lang))
        words = {"frontier": "pages_unsure_frontier", "worst": "pages_unsure_worst", "source": "pages_unsure_source"}
        return t(words[kind], lang)

    def _of_plan(self, head: Mapping[str, Any]) -> str:
        """The gap to the bound, and the range in the stress test when there is one."""
        lang = self.lang
        said = [t("pages_unsure_no_bound", lang)]
        if (gap := head.get("gap")) is not None:
            said = [t("pages_unsure_gap", lang, gap=percent(gap, lang, 2))]
        frame = None if self.results is None else self.results.frames.get("stress_coverage")
        if frame is None:
            said.append(t("pages_unsure_not_tested", lang))
        else:
            last = frame.filter(pl.col("measure") == "coverage").sort("year").tail(1)
            for row in last.iter_rows(named=True):
                low, high = (percent(row[name], lang, 1) for name in ("q05", "q95"))
                said.append(t("pages_unsure_range", lang, year=row["year"], low=low, high=high))
        return " ".join(said)


def _best(mapping: Mapping[str, Any], name: str) -> Any:
    """The value of the longest key that the name begins with."""
    found = [key for key in mapping if name == key or name.startswith(f"{key}-")]
    return mapping[max(found, key=len)] if found else None


_counts: Memo[dict[str, dict[str, int]]] = Memo(6)
"""Of the last few programmes: every row of every table is looked at for them."""


def _counted(programme: Programme) -> dict[str, dict[str, int]]:
    """Rows by status of every table."""
    counts: dict[str, dict[str, int]] = {}
    for table, status, rows in fact_status(programme).iter_rows():
        counts.setdefault(table, {})[status] = rows
    return counts
