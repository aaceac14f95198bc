"""Commitments against people: what is already promised must not need more of a skill than there can be."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from khien.programme.quarters import quarter_text, quarter_year
from khien.programme.rules.spending import Commitment, commitments
from khien.programme.settings import Settings
from khien.programme.sheet import Desk


@dataclass(frozen=True)
class Supply:
    """People of one skill: rows of supply in order of year, and what training can add at most."""

    years: list[int]
    people: list[int]
    lines: list[int]
    per_cohort: int = 0
    cohorts_per_year: int = 0
    takes: int = 0

    def there(self, year: int) -> tuple[int, int | None]:
        """People in a year without training, and the line of the row that says so."""
        at = bisect_right(self.years, year) - 1
        return (self.people[at], self.lines[at]) if at >= 0 else (0, None)

    def trained(self, quarter: int, first: int) -> int:
        """People that training can have added by a quarter of the horizon, whose first is ``first``."""
        if quarter < self.takes:
            return 0
        years = quarter_year(first + quarter - self.takes) - quarter_year(first) + 1
        return years * self.cohorts_per_year * self.per_cohort


def commitments_find_their_people(desk: Desk) -> None:
    """Committed projects alone may not need more of a skill than supply and the most training give.

    Only the first such quarter of each skill is told.
    """
    settings = desk.settings
    if settings is None or not desk.frame("efforts").height:
        return
    committed = commitments(desk, settings)
    for skill, efforts in _efforts(desk, committed).items():
        supply = _supply(desk, skill)
        for quarter in range(settings.last - settings.first + 1):
            need = {name: people for name, runs, people in efforts if quarter in runs}
            there, line = supply.there(quarter_year(settings.first + quarter))
            most = there + supply.trained(quarter, settings.first)
            if sum(need.values()) > most:
                _tell(desk, settings, skill, quarter, need, most, line)
                break


def _tell(
    desk: Desk, settings: Settings, skill: str, quarter: int, need: dict[str, int], most: int, line: int | None
) -> None:
    desk.note(
        "commitments-exceed-people",
        "skill_supply",
        line,
        "people",
        most,
        skill=skill,
        quarter=quarter_text(settings.first + quarter),
        need=sum(need.values()),
        projects=", ".join(need),
    )


def _efforts(desk: Desk, committed: list[Commitment]) -> dict[str, list[tuple[str, range, int]]]:
    """By skill: project, quarters of its run, people in every one of them."""
    by_option = {c.option: c for c in committed}
    found: dict[str, list[tuple[str, range, int]]] = defaultdict(list)
    efforts = desk.frame("efforts").select("option", "skill", "people").drop_nulls()
    for option, skill, people in efforts.unique(["option", "skill"], maintain_order=True).iter_rows():
        if people and option in by_option:
            found[skill].append((by_option[option].project, by_option[option].runs, people))
    return dict(sorted(found.items()))


def _supply(desk: Desk, skill: str) -> Supply:
    known = pl.col("from_year").is_not_null() & pl.col("people").is_not_null()
    rows = desk["skill_supply"].where((pl.col("skill") == skill) & known, "from_year", "people")
    ordered = sorted((year, line, people) for line, year, people in rows)
    training = desk.frame("training").filter(pl.col("skill") == skill)
    columns = ("people_per_cohort", "max_cohorts_per_year", "duration_quarters")
    more = training.select(columns).drop_nulls().head(1).rows()
    return Supply(
        [year for year, _, _ in ordered],
        [people for _, _, people in ordered],
        [line for _, line, _ in ordered],
        *(more[0] if more else ()),
    )


RULES: Final[tuple[Callable[[Desk], None], ...]] = (commitments_find_their_people,)
