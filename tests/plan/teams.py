"""Two projects that want the same means, worked out by hand in docs/methods/reasons.md.

One year, 2026; A and B may start in its first quarter only, run for one, and serve in the other three. What A brings
has a weight of 5, what B brings one of 4. Each costs 10 and needs 2 engineers; there are 3, or more where said.

    plan   value
    A      3/4 · 5/9 = 15/36
    B      3/4 · 4/9 = 12/36
    both   3/4       = 27/36

With welders, projects C and D bring weights of 12 and 11 and need 3 of them each: docs/methods/prices.md.

    A 3/4 · 5/32 = 15/128, B 12/128, C 36/128, D 33/128
"""

from __future__ import annotations

from typing import Any

from tests.plan.small_programmes import frames, named
from tests.plan.tiny import option

from khien.programme import Programme, Settings, checked_programme

A, B, BOTH = 15 / 36, 12 / 36, 27 / 36
SETTINGS: dict[str, Any] = {
    "title_vi": "Hai đội",
    "title_en": "Two teams",
    "base_year": 2026,
    "home_country": "vn",
    "first_quarter": "2026Q1",
    "last_quarter": "2026Q4",
    "discount_rate": 0.0,
    "reliance_weight": 0.0,
    "reserve_mvnd": 0,
    "planning_quantile": 0.5,
    "agreements_bind": False,
}


def teams(engineers: int = 3, money: int = 100, ceiling: int = 100, welders: int = 0, **changes: Any) -> Programme:
    """The programme; `ceiling` is the most that may be spent with the partner of all projects."""
    weights = {"a": 5.0, "b": 4.0} | ({"c": 12.0, "d": 11.0} if welders else {})
    names = tuple(weights)
    needs = {"a": ("engineers", 2), "b": ("engineers", 2), "c": ("welders", 3), "d": ("welders", 3)}
    skills = {"engineers": engineers} | ({"welders": welders} if welders else {})
    projects = [
        named(
            f"make-{n}", subject=n, to_stage="production", risk_class="low", status="candidate", earliest="2026Q1",
            latest="2026Q1",
        )
        for n in names
    ]  # fmt: skip
    partner = {f"transfer_{e}": 1.0 for e in ("design", "experts", "processes", "documents", "rights")}
    partner |= {"form": "licence", "partner": "kr-works"}
    rows: dict[str, list[dict[str, Any]]] = {
        "groups": [named("rescue")],
        "stages": [named("production", order=1, service=True, assurance=False)],
        "countries": [named("vn"), named("kr")],
        "organisations": [named("kr-works", role="partner", country="kr")],
        "products": [named(n, group="rescue", dual_use=False) for n in names],
        "capabilities": [named(n, unit="sets", weight=w) for n, w in weights.items()],
        "requirements": [{"capability": n, "from_year": 2026, "level": 1.0, "because": "test"} for n in names],
        "yields": [{"product": n, "capability": n, "amount": 1.0} for n in names],
        "projects": projects,
        "options": [option(f"own-{n}", f"make-{n}", 1, 10, **partner) for n in names],
        "efforts": [{"option": f"own-{n}", "skill": needs[n][0], "people": needs[n][1]} for n in names],
        "skills": [named(skill) for skill in skills],
        "skill_supply": [{"skill": skill, "from_year": 2026, "people": n} for skill, n in skills.items()],
        "money": [{"year": 2026, "source": "state", "amount_mvnd": money}],
        "limits": [{"id": "korea", "kind": "ceiling", "over": "country", "key": "kr", "amount_mvnd": ceiling}],
    }
    return checked_programme(Settings(**(SETTINGS | changes)), frames(rows))
