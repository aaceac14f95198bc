"""Programmes that lack several things at once: people of three skills, and money in each of three years."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.plan.small_programmes import frames, named
from tests.plan.teams import SETTINGS
from tests.plan.tiny import option

from khien.programme import Programme, Settings, checked_programme

SKILLS = ("a", "b", "c")
YEARS = (2026, 2027, 2028)


def shortage(seed: int, count: int = 12) -> Programme:
    """So many projects, each with a product and capability of its own; there is about half of what all would need."""
    rng = np.random.default_rng(seed)
    names = [f"p{i}" for i in range(count)]
    duration, cost = rng.integers(1, 4, count), rng.integers(10, 60, count)
    team = rng.integers(0, 5, (count, len(SKILLS)))
    team[np.arange(count), rng.integers(0, len(SKILLS), count)] += 2
    share = rng.uniform(0.35, 0.65, len(SKILLS) + 1)
    quarters = 4 * len(YEARS)
    heads = [
        max(2, round(share[k] * float((team[:, k] * duration).sum()) / (quarters / 2))) for k in range(len(SKILLS))
    ]
    rows: dict[str, list[dict[str, Any]]] = {
        "groups": [named("g")],
        "stages": [named("production", order=1, service=True, assurance=False)],
        "countries": [named("vn")],
        "organisations": [named("home", role="nucleus", country="vn")],
        "products": [named(n, group="g", dual_use=False) for n in names],
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
            for k, s in enumerate(SKILLS)
            if team[i, k]
        ],
        "skills": [named(s) for s in SKILLS],
        "skill_supply": [{"skill": s, "from_year": 2026, "people": heads[k]} for k, s in enumerate(SKILLS)],
        "money": [
            {"year": y, "source": "state", "amount_mvnd": int(share[-1] * cost.sum() / 2 * rng.uniform(0.4, 1.0))}
            for y in YEARS
        ],
    }
    horizon = {"first_quarter": "2026Q1", "last_quarter": "2028Q4", "carry_over": False}
    return checked_programme(Settings(**(SETTINGS | horizon)), frames(rows))
