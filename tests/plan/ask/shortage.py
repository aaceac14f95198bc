"""Programmes that lack several things at once: people of some skills, money in each year, room under ceilings."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.plan.small_programmes import frames, named
from tests.plan.teams import SETTINGS
from tests.plan.tiny import option

from khien.programme import Programme, Settings, checked_programme


def shortage(seed: int, count: int = 12, skills: int = 3, years: int = 3, ceilings: int = 0) -> Programme:
    """So many projects, each with a product and capability of its own; there is about half of what all would need.

    With ceilings, each project belongs to one of so many groups, and the spend of every group has one.
    """
    skill_names, all_years = tuple("abcdefgh"[:skills]), tuple(range(2026, 2026 + years))
    rng = np.random.default_rng(seed)
    names = [f"p{i}" for i in range(count)]
    duration, cost = rng.integers(1, 4, count), rng.integers(10, 60, count)
    team = rng.integers(0, 5, (count, len(skill_names)))
    team[np.arange(count), rng.integers(0, len(skill_names), count)] += 2
    share = rng.uniform(0.35, 0.65, len(skill_names) + 1)
    quarters = 4 * len(all_years)
    heads = [
        max(2, round(share[k] * float((team[:, k] * duration).sum()) / (quarters / 2))) for k in range(len(skill_names))
    ]
    groups = [f"g{k % max(1, ceilings)}" for k in range(count)]
    rows: dict[str, list[dict[str, Any]]] = {
        "groups": [named(g) for g in sorted(set(groups))],
        "stages": [named("production", order=1, service=True, assurance=False)],
        "countries": [named("vn")],
        "organisations": [named("home", role="nucleus", country="vn")],
        "products": [named(n, group=group, dual_use=False) for n, group in zip(names, groups, strict=True)],
        "capabilities": [named(n, unit="sets", weight=float(rng.integers(1, 20))) for n in names],
        "requirements": [{"capability": n, "from_year": 2026, "level": 1.0, "because": "test"} for n in names],
        "yields": [{"product": n, "capability": n, "amount": 1.0} for n in names],
        "projects": [
            named(f"make-{n}", subject=n, to_stage="production", risk_class="low", status="candidate") for n in names
        ],
        "options": [option(f"own-{n}", f"make-{n}", int(duration[i]), int(cost[i])) for i, n in enumerate(names)],
        "efforts": [
            {"option": f"own-{n}", "skill": s, "people": int(team[i, k])}
            for i, n in enumerate(names)
            for k, s in enumerate(skill_names)
            if team[i, k]
        ],
        "skills": [named(s) for s in skill_names],
        "skill_supply": [{"skill": s, "from_year": 2026, "people": heads[k]} for k, s in enumerate(skill_names)],
        "money": [
            {"year": y, "source": "state", "amount_mvnd": int(share[-1] * cost.sum() / 2 * rng.uniform(0.4, 1.0))}
            for y in all_years
        ],
    }
    if ceilings:
        spend = {g: sum(int(c) for c, mine in zip(cost, groups, strict=True) if mine == g) for g in set(groups)}
        rows["limits"] = [
            {
                "id": f"most-{g}", "kind": "ceiling", "over": "group", "key": g,
                "amount_mvnd": int(rng.uniform(0.35, 0.65) * spend[g]),
            }
            for g in sorted(spend)
        ]  # fmt: skip
    horizon = {"first_quarter": "2026Q1", "last_quarter": f"{all_years[-1]}Q4", "carry_over": False}
    return checked_programme(Settings(**(SETTINGS | horizon)), frames(rows))
