"""Variables: a start quarter per option of every candidate, and cohorts of training."""

from __future__ import annotations

import numpy as np

from khien.plan.core.build import Builder
from khien.plan.core.problem import Ints
from khien.plan.model.facts import Facts, Row
from khien.programme.planned import quarter_spend


class Variables:
    """Adds pools, training, projects and options to the builder; remembers their numbers."""

    def __init__(self, facts: Facts, b: Builder) -> None:
        self.facts, self.b = facts, b
        self.pools: dict[str, int] = {}
        self.trainings: list[str] = []
        self.project: dict[str, int] = {}
        self.option: dict[str, int] = {}
        self._add_pools()
        self._add_training()
        for name in facts.candidates:
            self._add_project(facts.projects[name])

    def _add_pools(self) -> None:
        """People free in every quarter: supply less what is fixed, plus cohorts that were kept."""
        for skill, free in free_people(self.facts).items():
            self.pools[skill] = self.b.add_pool(free)

    def _add_training(self) -> None:
        """Cohorts may start from the quarter that is planned from."""
        facts = self.facts
        first = max(0, facts.index(facts.settings.from_quarter, 0))
        for r in facts.programme.training.to_dicts():
            if r["skill"] in self.pools and r["max_cohorts_per_year"] > 0:
                self.trainings.append(r["skill"])
                self.b.add_training(
                    self.pools[r["skill"]], r["people_per_cohort"], r["cost_mvnd"], r["duration_quarters"],
                    r["max_cohorts_per_year"], first,
                )  # fmt: skip

    def _add_project(self, row: Row) -> None:
        facts = self.facts
        number = self.b.add_project(must=row["pin"] == "must")
        self.project[row["id"]] = number
        first = facts.index(row["earliest"], 0)
        last = facts.index(row["latest"], facts.when.quarters - 1)
        for o in facts.of_project[row["id"]]:
            limit = min(last, self._agreed_until(row, o))
            spend = quarter_spend(o["cost_mvnd"], o["duration_quarters"], o["spend_profile"])
            people = {self.pools[s]: n for s, n in facts.efforts.get(o["id"], {}).items() if s in self.pools}
            if any(n > 0 and s not in self.pools for s, n in facts.efforts.get(o["id"], {}).items()):
                limit = -1
            self.option[o["id"]] = self.b.add_option(
                number, o["duration_quarters"], spend, people, first=first, last=limit
            )

    def _agreed_until(self, project: Row, option: Row) -> int:
        """Last start that some agreement covers; no bound where agreements do not bind."""
        facts = self.facts
        far = facts.when.quarters
        if not facts.programme.settings.agreements_bind or not option["foreign"]:
            return far
        group = facts.group_of[project["subject"]]
        best = -1
        for a in facts.programme.agreements.to_dicts():
            forms = [f.strip() for f in a["forms"].split(";")]
            if a["party"] not in (option["partner"], option["country"]) or option["form"] not in forms:
                continue
            if a["group"] in (None, group):
                best = max(best, facts.index(a["until"], far))
        return best


def free_people(facts: Facts) -> dict[str, Ints]:
    """People of each skill that nothing fixed needs, by quarter; negative where too much is fixed."""
    T = facts.when.quarters
    free = {s: np.zeros(T, dtype=np.int64) for s in facts.programme.skills["id"].to_list()}
    for r in sorted(facts.programme.skill_supply.to_dicts(), key=lambda x: x["from_year"]):
        free[r["skill"]][facts.when.year_of >= r["from_year"]] = r["people"]
    for _, o, start in facts.fixed:
        for skill, n in facts.efforts.get(o["id"], {}).items():
            free[skill][max(0, start) : max(0, min(T, start + o["duration_quarters"]))] -= n
    for r in facts.programme.obligations.to_dicts():
        if r["skill"] is not None and r["people"]:
            free[r["skill"]][np.isin(facts.when.year_of, facts.obligation_years(r))] -= r["people"]
    courses = {r["skill"]: r for r in facts.programme.training.to_dicts()}
    for skill, quarter, n in facts.settings.kept_training:
        ready = max(0, facts.index(quarter, 0) + courses[skill]["duration_quarters"])
        free[skill][ready:] += n * courses[skill]["people_per_cohort"]
    return free
