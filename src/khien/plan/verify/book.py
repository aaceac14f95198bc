"""The programme as plain dictionaries, the way the verifier reads it.

Nothing here is shared with the search or with the frames, on purpose: the rules are read a second
time, in the plainest Python, so that one misreading does not hide another. Only the planning
values (duration, cost, spending curve) are common ground.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from khien.programme import Programme
from khien.programme.planned import planning_values, quarter_spend

Row = dict[str, Any]


class Chosen(NamedTuple):
    """A project that the plan carries out."""

    project: Row
    option: Row
    start: int
    end: int  # first quarter in which it no longer runs


class Book:
    """Every table as rows by id, and the few notions that all rules share."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.settings = programme.settings
        self.first = number(self.settings.first_quarter)
        self.quarters = number(self.settings.last_quarter) - self.first + 1
        self.years = sorted({self.year(q) for q in range(self.quarters)})
        self.projects = by_id(programme.projects)
        self.options = by_id(programme.options)
        for option in self.options.values():
            if option["form"] == "own":  # a partner named beside own work does not count
                option["partner"] = None
        self.organisations = by_id(programme.organisations)
        self.stage_order: dict[str, int] = {s["id"]: s["order"] for s in programme.stages.to_dicts()}
        self.group_of: dict[str, str | None] = {
            row["id"]: row["group"]
            for row in programme.technologies.to_dicts() + programme.products.to_dicts()
        }
        values = planning_values(programme.options, programme.settings).to_dicts()
        self.duration: dict[str, int] = {v["option"]: v["duration_quarters"] for v in values}
        self.cost: dict[str, int] = {v["option"]: v["cost_mvnd"] for v in values}

    def year(self, quarter: int) -> int:
        """Calendar year of a quarter index."""
        return (self.first + quarter) // 4

    def first_quarter_of_year(self, quarter: int) -> int:
        """First quarter, inside the horizon, of the year in which a quarter lies."""
        return max(0, quarter - (self.first + quarter) % 4)

    def index(self, text: str) -> int:
        """Quarter index of "2026Q1"; negative before the horizon."""
        return number(text) - self.first

    def label(self, quarter: int) -> str:
        """The opposite of `index`."""
        return f"{(self.first + quarter) // 4}Q{(self.first + quarter) % 4 + 1}"

    def is_foreign(self, organisation: str | None) -> bool:
        """Registered abroad, or more than half held by somebody foreign."""
        home = self.settings.home_country
        passed = set()
        while organisation is not None and organisation not in passed:
            passed.add(organisation)
            if organisation not in self.organisations:  # an owner that is a country
                return organisation != home
            row = self.organisations[organisation]
            if row["country"] != home:
                return True
            held = row["control_share"] is not None and row["control_share"] > 0.5
            organisation = row["controlled_by"] if held else None
        return False

    def country(self, option: Row) -> str:
        """Country of the option's partner; home for own work."""
        if option["partner"] is None:
            return str(self.settings.home_country)
        return str(self.organisations[option["partner"]]["country"])

    def charges(self, chosen: Chosen) -> dict[int, int]:
        """Million VND that a chosen project is charged, by quarter of the horizon."""
        option, start, end = chosen.option, chosen.start, chosen.end
        cost, profile = self.cost[option["id"]], option["spend_profile"]
        left = range(max(0, start), end)
        spent = chosen.project["spent_mvnd"]
        if not left:
            return {}
        if chosen.project["status"] in ("committed", "running") and spent is not None:
            amounts = quarter_spend(max(0, cost - spent), len(left), profile)
        else:
            amounts = quarter_spend(cost, end - start, profile)[left.start - start :]
        return {q: amount for q, amount in zip(left, amounts, strict=True) if q < self.quarters}

    def obligation_years(self, obligation: Row) -> list[int]:
        """Years in which an obligation costs money and people."""
        begins = obligation["from_year"] if obligation["from_year"] is not None else self.years[0]
        return [y for y in self.years if begins <= y <= int(obligation["due"][:4])]


def number(quarter: str) -> int:
    """Quarters since year 0 of a text such as "2026Q1"."""
    year, part = quarter.split("Q")
    return int(year) * 4 + int(part) - 1


def by_id(frame: Any) -> dict[str, Row]:
    """Rows of a table by their id."""
    return {row["id"]: row for row in frame.to_dicts()}
