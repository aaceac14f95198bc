"""The best plan of a programme as `shortage` makes it, by another road: a time-indexed integer programme for HiGHS.

Nothing of the planner is used. Every project has one option and a product that brings its own capability, nothing
waits for anything, money is not carried over and nothing is discounted: so the value of a plan is the sum over its
projects of weight / all weights x years in service.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from khien.programme import Programme
from khien.programme.planned import charged_spend, planning_values


def best(programme: Programme) -> tuple[float, list[tuple[str, str, int]]]:
    """Value of the best plan, proven by HiGHS, and what it chooses."""
    quarters, first = programme.n_quarters, int(programme.settings.first_quarter[:4])
    weight = dict(programme.capabilities.select("id", "weight").iter_rows())
    subject = dict(programme.projects.select("id", "subject").iter_rows())
    group = dict(programme.products.select("id", "group").iter_rows())
    profile = dict(programme.options.select("id", "spend_profile").iter_rows())
    team: dict[str, dict[str, int]] = {}
    for option, skill, people in programme.efforts.select("option", "skill", "people").iter_rows():
        team.setdefault(option, {})[skill] = people
    heads = dict(programme.skill_supply.select("skill", "people").iter_rows())
    money = dict(programme.money.select("year", "amount_mvnd").iter_rows())
    most = dict(programme.limits.select("key", "amount_mvnd").iter_rows())
    rows: dict[tuple[object, ...], dict[int, float]] = {}
    room: dict[tuple[object, ...], float] = {}
    worth: list[float] = []
    picks: list[tuple[str, str, int]] = []

    def uses(name: tuple[object, ...], amount: float, there: float) -> None:
        mine = rows.setdefault(name, {})
        mine[len(worth)] = mine.get(len(worth), 0.0) + amount
        room[name] = there

    for row in planning_values(programme.options, programme.settings).to_dicts():
        option, project, duration = row["option"], row["project"], row["duration_quarters"]
        thing = subject[project]
        for start in range(quarters - duration):
            uses(("once", project), 1.0, 1.0)
            at, spend = charged_spend(row["cost_mvnd"], duration, profile[option], start, None)
            for q, amount in enumerate(spend, at):
                uses(("money", q // 4), amount, money[first + q // 4])
                if group[thing] in most:
                    uses(("group", group[thing]), amount, most[group[thing]])
            for skill, people in team.get(option, {}).items():
                for q in range(start, start + duration):
                    uses(("people", skill, q), people, heads[skill])
            picks.append((project, option, start))
            worth.append(weight[thing] / sum(weight.values()) * (quarters - start - duration) / 4)
    at = [(i, j, v) for i, mine in enumerate(rows.values()) for j, v in mine.items()]
    i, j, v = (np.array(x) for x in zip(*at, strict=True))
    matrix = csr_matrix((v, (i, j)), shape=(len(rows), len(worth)))
    found = milp(
        -np.array(worth), integrality=np.ones(len(worth)), bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, -np.inf, np.array(list(room.values()))), options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    assert found.status == 0, found.message
    chosen = found.x > 0.5
    return float(np.array(worth)[chosen].sum()), [pick for pick, mine in zip(picks, chosen, strict=True) if mine]
