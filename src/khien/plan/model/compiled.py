"""The whole programme as a problem, and the way back from numbers to names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from khien.plan.core.build import Builder
from khien.plan.core.problem import Problem
from khien.plan.model.constraints import Constraints
from khien.plan.model.facts import Facts
from khien.plan.model.objective import Objective
from khien.plan.model.variables import Variables
from khien.plan.settings import PlanSettings
from khien.programme import Programme


@dataclass(frozen=True)
class Compiled:
    """A problem with the names of its parts."""

    facts: Facts
    problem: Problem
    options: list[str]
    projects: list[str]
    trainings: list[str]
    rows: list[str]
    pools: list[str]
    promises: dict[str, int]
    floor_years: list[int]
    future_of: dict[int, int]  # accumulator -> sampled future

    def with_problem(self, problem: Problem) -> Compiled:
        """The same names over another problem."""
        return replace(self, problem=problem)

    def picks(self, x: Any, s: Any) -> list[tuple[str, str, int]]:
        """(project, option, start) of what the engine chose."""
        return [(self.projects[i], self.options[int(o)], int(s[i])) for i, o in enumerate(x) if o >= 0]

    def cohorts(self, n: Any) -> list[tuple[str, int, int]]:
        """(skill, start, cohorts) of the training the engine chose, and what was kept."""
        kept = [(k, self.facts.index(q, 0), c) for k, q, c in self.facts.settings.kept_training]
        where = np.argwhere(n > 0)
        return kept + [(self.trainings[int(k)], int(t), int(n[k, t])) for k, t in where]


def compile_programme(programme: Programme, settings: PlanSettings) -> Compiled:
    """Write a programme (what-ifs applied already) down as the engine's problem."""
    facts = Facts(programme, settings)
    T = facts.when.quarters
    b = Builder(T, offset=(facts.first % 4))
    b.must_cost, b.row_cost, b.floor_cost = 50.0, 50.0 / max(1.0, _typical_cost(facts)), 500.0
    v = Variables(facts, b)
    rules = Constraints(facts, b, v)
    future_of: dict[int, int] = {}
    if settings.scenarios > 0:
        goal = Objective(facts, b, v, weight=1e-6)
        for k, lucky in enumerate(futures(facts, settings.scenarios, settings.seed)):
            future = Objective(facts, b, v, lucky, 1.0 / settings.scenarios)
            future_of |= dict.fromkeys(future.accumulators.values(), k)
    else:
        goal = Objective(facts, b, v)
    return Compiled(
        facts, b.build(), list(v.option), list(v.project), v.trainings, rules.row_of, list(v.pools),
        goal.promises, goal.floor_years, future_of,
    )  # fmt: skip


def futures(facts: Facts, count: int, seed: int) -> list[set[str]]:
    """Options that succeed in each sampled future; a project's options share one draw."""
    rng = np.random.default_rng(seed)
    luck = {name: rng.random(count) for name in facts.projects}
    return [
        {o["id"] for o in facts.options.values() if luck[o["project"]][k] < o["success_share"]}
        for k in range(count)
    ]


def _typical_cost(facts: Facts) -> float:
    costs = [o["cost_mvnd"] for o in facts.options.values()]
    return float(np.median(costs)) / 20 if costs else 1.0
