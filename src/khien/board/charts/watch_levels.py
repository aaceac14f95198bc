"""From an indicator's rule, written in words for people, to a level: which law it names, and which input it fills."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from khien.programme.tables.records import Indicator
from khien.watch.levels import HAZARDS, LevelError, evaluate, hazard
from khien.watch.levels.epidemic import Baseline, baseline, judge
from khien.watch.levels.interval import Interval
from khien.words import t

DECISION: Final = "18/2021"
CIRCULAR: Final = "15/2026"
_ARTICLE: Final = re.compile(r"(?:Điều|điều|Article|Art\.?|art\.?)\s*(\d{1,3})")


@dataclass(frozen=True)
class Rule:
    """What an indicator's values are judged by: a hazard's table and its input, or the rule for endemic diseases."""

    hazard: str = ""
    field: str = ""
    monthly: bool = False

    @property
    def epidemic(self) -> bool:
        """Whether it is the rule for endemic diseases."""
        return not self.hazard


@dataclass(frozen=True)
class Verdict:
    """What a value is under its rule.

    Attributes:
        low, high: least and greatest legal level that the value allows, 0 below the scale; None without a table.
        state: for diseases "none", "warning", "epidemic" or "unknown"; else "".
        why: the reason, in both languages.
    """

    low: int | None = None
    high: int | None = None
    state: str = ""
    why: tuple[str, str] = ("", "")

    @property
    def raised(self) -> bool:
        """Whether it is at a level, or a warning or an epidemic."""
        return bool(self.high) or self.state in ("warning", "epidemic")

    @property
    def rank(self) -> int:
        """For sorting: the level, and for diseases what is seen beside them."""
        return self.high or {"epidemic": 4, "warning": 2}.get(self.state, 0)

    def of(self, lang: str) -> str:
        """The reason in one language."""
        return self.why[0] if lang == "vi" else self.why[1]


def rule_of(indicator: Indicator) -> Rule | None:
    """The rule that an indicator names and that can be computed from its value alone; None when there is none."""
    text = indicator.level_rule or ""
    if CIRCULAR in text and indicator.frequency in ("week", "month"):
        return Rule(monthly=indicator.frequency == "month")
    found = _ARTICLE.search(text)
    if DECISION not in text or found is None:
        return None
    have = {*re.split(r"[^a-z0-9]+", indicator.id), *re.split(r"[^a-z0-9]+", indicator.unit.lower())}
    for name in HAZARDS:
        table = hazard(name)
        if table.article == found[1]:
            for field, asked in table.inputs.items():
                if asked.kind != "choice" and set(field.split("_")) <= have:
                    return Rule(name, field)
    return None


def judged(rule: Rule, place: str, value: float, past: Mapping[int, int | None], year: int) -> Verdict:
    """A value of a place under a rule.

    Args:
        past: for diseases, year to the count of the same month or week.
        year: of the value.
    """
    if rule.epidemic:
        return _epidemic(rule, value, baseline(past, year))
    return _table(rule, place, round(value, 3))


@lru_cache(maxsize=4000)
def _table(rule: Rule, place: str, value: float) -> Verdict:
    try:
        answer = evaluate(rule.hazard, {rule.field: value}, place=place)
    except (LevelError, KeyError):
        return Verdict()
    return Verdict(answer.low, answer.high, "", (_said(answer, "vi"), _said(answer, "en")))


def _said(answer: object, lang: str) -> str:
    """The reason; what the table asks for and nobody gave is named in words, not by the name of its column."""
    unknown = [answer.hazard.inputs[n].words.of(lang) for n in answer.unknown]  # type: ignore[attr-defined]
    if not unknown:
        return str(answer.reason(lang))  # type: ignore[attr-defined]
    low, high = answer.low, answer.high  # type: ignore[attr-defined]
    article = answer.article(lang)  # type: ignore[attr-defined]
    return t("lookout_level_range", lang, low=low, high=high, unknown=", ".join(unknown), article=article)


def _epidemic(rule: Rule, value: float, against: Baseline | None) -> Verdict:
    state = judge(round(value), against, monthly=rule.monthly)
    if against is None:
        return Verdict(state=state, why=(t("lookout_no_years", "vi"), t("lookout_no_years", "en")))
    said = []
    for lang in ("vi", "en"):
        lines = {"warning": f"{against.line(1):.0f}", "epidemic": f"{against.line(2):.0f}"}
        years = ", ".join(str(year) for year in sorted(against.years))
        said.append(t("lookout_epidemic_lines", lang, years=years, **lines))
    return Verdict(state=state, why=(said[0], said[1]))


def thresholds(rule: Rule, place: str, past: Mapping[int, int | None], target: date) -> list[tuple[str, float]]:
    """Where each level of a place begins, in the indicator's unit: ``("3", 200.0)``; of diseases "warning", "epidemic".

    Where the table asks for more than the value, the lowest value that may reach the level counts.
    """
    if rule.epidemic:
        against = baseline(past, target.year)
        return [] if against is None else [("warning", against.line(1)), ("epidemic", against.line(2))]
    return list(_edges(rule, place))


@lru_cache(maxsize=400)
def _edges(rule: Rule, place: str) -> Sequence[tuple[str, float]]:
    bounds: set[float] = set()
    for band in hazard(rule.hazard).bands:
        wanted = band.when.get(rule.field)
        if isinstance(wanted, Interval) and wanted.low is not None:
            bounds.add(float(wanted.low))
    found: list[tuple[str, float]] = []
    reached = 0
    for bound in sorted(bounds):
        # A bound may be open: a little above it the level surely holds.
        high = _table(rule, place, round(bound + 0.001, 3)).high or 0
        found += [(str(level), bound) for level in range(reached + 1, high + 1)]
        reached = max(reached, high)
    return tuple(found)
