"""When a disease is a warning and when an epidemic: Circular 15/2026/TT-BYT, Arts 16 to 22.

Endemic diseases of groups B and C are judged against the same month (week) of the last five years that were not
epidemic: a warning between mean + 1 SD and mean + 2 SD, an epidemic above mean + 2 SD. The Circular does not say which
standard deviation; the sample one (n - 1) is used. Comparisons are exact. See docs/methods/levels.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Any, Literal

from khien.watch.levels.findings import LevelError, LevelFinding
from khien.watch.levels.tables import epidemic_rules

State = Literal["none", "warning", "epidemic", "unknown"]


@dataclass(frozen=True)
class Baseline:
    """Mean and sample variance of the counts of the years that a period is compared with."""

    years: tuple[int, ...]
    mean: Fraction
    variance: Fraction

    @property
    def sd(self) -> float:
        """Sample standard deviation, in cases."""
        return sqrt(self.variance)

    def line(self, times: int) -> float:
        """Mean + `times` standard deviations, in cases."""
        return float(self.mean) + times * self.sd

    def above(self, count: int, times: int) -> bool:
        """Whether a count is strictly above mean + `times` SD, exactly."""
        over = count - self.mean
        return over > 0 and over * over > times * times * self.variance

    def reaches(self, count: int, times: int) -> bool:
        """Whether a count is at least mean + `times` SD; where the years do not differ it must be above the mean."""
        over = count - self.mean
        return over > 0 and over * over >= times * times * self.variance


def baseline(past: Mapping[int, int | None], year: int, epidemic_years: Sequence[int] = ()) -> Baseline | None:
    """The last five non-epidemic years before `year` with a count; None when there are fewer.

    Args:
        past: year to the count of the same month or week; None is not reported.
        epidemic_years: years that are left out.
    """
    wanted = epidemic_rules()["endemic"]["years"]
    usable = [y for y in sorted(past, reverse=True) if y < year and past[y] is not None and y not in epidemic_years]
    years = tuple(usable[:wanted])
    if len(years) < wanted:
        return None
    counts = [Fraction(count) for y in years if (count := past[y]) is not None]
    mean = sum(counts, Fraction(0)) / len(counts)
    variance = sum(((c - mean) ** 2 for c in counts), Fraction(0)) / (len(counts) - 1)
    return Baseline(years, mean, variance)


def judge(count: int | None, against: Baseline | None, *, monthly: bool) -> State:
    """What a count of an endemic disease of group B or C is.

    Args:
        count: cases of the month or week; None is not reported.
        monthly: only a month can be an epidemic (Art 16); a week above mean + 2 SD is a warning.

    Returns:
        "unknown" without a count or without five years to compare with.
    """
    if count is None or against is None:
        return "unknown"
    rule = epidemic_rules()["endemic"]
    if monthly and against.above(count, rule["epidemic_above_sd"]):
        return "epidemic"
    return "warning" if against.reaches(count, rule["warning_from_sd"]) else "none"


@dataclass(frozen=True)
class Outbreak:
    """What is known of a disease that is not endemic: state, article, and what the rules read do not say."""

    state: State
    article: str
    rule: str


def outbreak(group: str, *, confirmed: int = 0, linked: int = 0, abroad_risk: str | None = None) -> Outbreak:
    """Judge a disease of group A, or one of B or C that is not endemic.

    Args:
        group: "A", "B" or "C".
        confirmed: confirmed cases in the commune.
        linked: linked cases within a month.
        abroad_risk: risk of a disease that is abroad only: "low", "medium", "high" or "very-high".

    Returns:
        `rule` is the key of the rule that decided. For group A the text read says when a warning is due, and not when
        an epidemic is: one confirmed case is returned as a warning.

    Raises:
        LevelError: an unknown group or risk, or a negative count.
    """
    _check_choice("group", group, ("A", "B", "C"))
    if abroad_risk is not None:
        _check_choice("abroad_risk", abroad_risk, RISKS)
    _check_counts(confirmed=confirmed, linked=linked)
    rules = epidemic_rules()["other"]
    if group == "A" and confirmed >= rules["group_a_cases"]:
        return Outbreak("warning", "22", "group-a")
    if group != "A" and linked >= rules["epidemic_linked_cases"]:
        return Outbreak("epidemic", "16", "linked-epidemic")
    if group != "A" and linked >= rules["warning_linked_cases"]:
        return Outbreak("warning", "22", "linked-warning")
    if abroad_risk is not None and RISKS.index(abroad_risk) >= RISKS.index("medium"):
        return Outbreak("warning", "22", "abroad")
    return Outbreak("none", "22", "below")


RISKS = ("low", "medium", "high", "very-high")
"""The Circular's scale of risk."""


@dataclass(frozen=True)
class Group:
    """Score of a disease and the group that follows from it."""

    points: Mapping[str, int]
    score: int
    group: str
    new_and_dangerous: bool


def group(fatality: str, route: str, means: str, spread: str, *, new_and_dangerous: bool = False) -> Group:
    """The group of a disease from four criteria of 1 to 3 points: A from 10, B from 7, else C.

    Args:
        fatality, route, means, spread: choices of epidemic.toml.
        new_and_dangerous: a new and extremely dangerous disease is A whatever its score.

    Raises:
        LevelError: a choice that is not there.
    """
    asked = {"fatality": fatality, "route": route, "means": means, "spread": spread}
    points = {}
    wrong: list[LevelFinding] = []
    for name, choice in asked.items():
        choices = group_choices(name)
        if choice in choices:
            points[name] = int(epidemic_rules()["points"][name][choice][0])
        else:
            fields = {"choices": ", ".join(choices)}
            wrong.append(LevelFinding("not-a-choice", "group", name, choice, fields=fields))
    if wrong:
        raise LevelError(wrong)
    score, limits = sum(points.values()), epidemic_rules()["groups"]
    letter = "A" if new_and_dangerous or score >= limits["a_from"] else "B" if score >= limits["b_from"] else "C"
    return Group(points, score, letter, new_and_dangerous)


def group_choices(criterion: str) -> list[str]:
    """Ids of the choices of one criterion."""
    return [key for key, value in epidemic_rules()["points"][criterion].items() if isinstance(value, list)]


def civil_defence(scope: str) -> Mapping[str, Any]:
    """Civil-defence level (1 to 3), article and words by how far the disease has spread.

    Raises:
        LevelError: the scope is not commune, beyond-commune or beyond-province.
    """
    table = {row["scope"]: row for row in epidemic_rules()["civil"]}
    _check_choice("scope", scope, tuple(table))
    row: Mapping[str, Any] = table[scope]
    return row


def _check_choice(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        fields = {"choices": ", ".join(known)}
        raise LevelError([LevelFinding("not-a-choice", "epidemic", name, value, fields=fields)])


def _check_counts(**counts: int) -> None:
    wrong = [name for name, count in counts.items() if count < 0]
    if wrong:
        fields = {"low": 0, "high": 10**9, "unit": "–"}
        raise LevelError([LevelFinding("outside", "epidemic", n, str(counts[n]), fields=fields) for n in wrong])
