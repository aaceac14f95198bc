"""The whole programme as a problem, and the way back from numbers to names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from khien.plan.core.build import Builder
from khien.plan.core.problem import Floats, Problem
from khien.plan.futures import Successes, draw, tail_count
from khien.plan.model.constraints import Constraints
from khien.plan.model.facts import Facts
from khien.plan.model.objective import Common, Objective
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
    floor_years: list[int]  # blocks of the floor on self-reliance come first, then those of survival
    survival_years: list[int]
    parts: list[Objective]  # the objective, or one per sampled future

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

    def of_futures(self, level: Floats) -> list[float]:
        """Value in each sampled future; worked out from the levels of the goals, so that no error adds up."""
        p, count = self.problem, self.facts.settings.scenarios
        worth = count * p.g_slope * np.minimum(p.g_req, level)
        mine = p.g_block >= p.tail_from
        values = np.bincount(p.g_block[mine] - p.tail_from, worth[mine], minlength=count)
        return [float(v) for v in values]


def compile_programme(programme: Programme, settings: PlanSettings) -> Compiled:
    """Write a programme (what-ifs applied already) down as the engine's problem."""
    facts = Facts(programme, settings)
    T = facts.when.quarters
    b = Builder(T, offset=(facts.first % 4))
    b.must_cost, b.row_cost, b.floor_cost = 50.0, 50.0 / max(1.0, _typical_cost(facts)), 500.0
    v = Variables(facts, b)
    rules = Constraints(facts, b, v)
    if settings.scenarios > 0:
        goal, parts = _over_futures(facts, b, v)
    else:
        goal = Objective(facts, b, v)
        parts = [goal]
    return Compiled(
        facts, b.build(), list(v.option), list(v.project), v.trainings, rules.row_of, list(v.pools),
        goal.promises, goal.floor_years, goal.survival_years, parts,
    )  # fmt: skip


def _over_futures(facts: Facts, b: Builder, v: Variables) -> tuple[Objective, list[Objective]]:
    """Sampled futures as one block each; promises and floors are kept by the plan as it is meant to go.

    A floor needs goals to be read from: they count so little that they move no choice.
    """
    s = facts.settings
    common = Common(b)
    goal = Objective(facts, b, v, weight=1e-6 if s.min_reliance is not None else 0.0, common=common)
    b.tail_weight, b.tail_worst = s.tail_weight, tail_count(s.scenarios)
    success, parts = successes(facts), []
    for k in range(s.scenarios):
        lucky = {option for option, futures in success.items() if futures[k]}
        parts.append(Objective(facts, b, v, lucky, 1.0 / s.scenarios, common, b.add_future()))
    common.add_units()
    return goal, parts


def successes(facts: Facts) -> Successes:
    """Whether each option succeeds in each future that the settings ask for."""
    options = ((o["id"], o["project"], o["success_share"]) for o in facts.options.values())
    return draw(facts.projects, options, facts.settings.scenarios, facts.settings.seed)


def _typical_cost(facts: Facts) -> float:
    costs = [o["cost_mvnd"] for o in facts.options.values()]
    return float(np.median(costs)) / 20 if costs else 1.0
