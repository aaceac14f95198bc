"""Small programmes with one red site, of which every plan can be tried.

A kit serves; the chip in it comes from one site abroad. A project can make chips ours (by two options), another brings
a radio that serves the same capability, and a third wants the same money for another capability.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.plan.small_programmes import frames, named
from tests.plan.tiny import option

from khien.programme import Programme, Settings, checked_programme

YEARS = (2026, 2027)
SETTINGS: dict[str, Any] = {
    "title_vi": "Xưởng", "title_en": "Works", "base_year": 2026, "home_country": "vn", "first_quarter": "2026Q1",
    "last_quarter": "2027Q2", "discount_rate": 0.0, "reliance_weight": 1.0, "reserve_mvnd": 0,
    "planning_quantile": 0.5, "agreements_bind": False,
}  # fmt: skip


def works(seed: int) -> Programme:
    """One such programme; the same for the same seed."""
    rng = np.random.default_rng(seed)
    transfer = {f"transfer_{e}": 1.0 for e in ("design", "experts", "processes", "documents", "rights")}
    partner = {"form": "licence", "partner": "kr-works", **transfer}

    def cost() -> int:
        return int(rng.integers(4, 20))

    def candidate(name: str, subject: str) -> dict[str, Any]:
        return named(name, subject=subject, to_stage="production", risk_class="low", status="candidate")

    rows: dict[str, list[dict[str, Any]]] = {
        "groups": [named("g")],
        "stages": [named("production", order=1, service=True, assurance=False)],
        "countries": [named("vn"), named("kr")],
        "organisations": [named("home", role="nucleus", country="vn"),
                          named("kr-works", role="supplier", country="kr")],
        "sites": [named("kr-plant", organisation="kr-works")],
        "products": [named(n, group="g", dual_use=False, units_per_year=2.0) for n in ("kit", "radio", "boat")],
        "technologies": [named("fab", group="g", kind="core")],
        "maturity": [{"subject": "kit", "stage": "production", "level": 0.9, "domestic_share": 0.9}],
        "items": [named("chip", kind="part", price_mvnd=int(rng.integers(1, 12)), replaced_by="fab")],
        "inputs": [{"subject": "kit", "input": "chip", "quantity": 3.0, "criticality": "stops"}],
        "supplies": [{"item": "chip", "site": "kr-plant", "share": 1.0,
                      "recover_months": float(rng.integers(4, 9)), "stock_months": float(rng.integers(1, 4))}],
        "capabilities": [named(c, group="g", unit="sets", weight=w) for c, w in (("talk", 2.0), ("sail", 3.0))],
        "requirements": [
            {"capability": c, "from_year": 2026, "level": 1.0, "because": "test"} for c in ("talk", "sail")
        ],
        "yields": [{"product": "kit", "capability": "talk", "amount": 1.0},
                   {"product": "radio", "capability": "talk", "amount": 1.0},
                   {"product": "boat", "capability": "sail", "amount": 1.0}],
        "projects": [candidate("make-chips", "fab"), candidate("make-radio", "radio"), candidate("make-boat", "boat")],
        "options": [option("chips-own", "make-chips", 2, cost()),
                    option("chips-licence", "make-chips", 1, cost(), **partner),
                    option("radio-own", "make-radio", int(rng.integers(1, 4)), cost()),
                    option("boat-own", "make-boat", int(rng.integers(1, 3)), cost() + 6)],
        "efforts": [{"option": o, "skill": "staff", "people": 1} for o in ("chips-own", "radio-own", "boat-own")],
        "skills": [named("staff")],
        "skill_supply": [{"skill": "staff", "from_year": 2026, "people": int(rng.integers(1, 3))}],
        "money": [{"year": y, "source": "state", "amount_mvnd": int(rng.integers(8, 24))} for y in YEARS],
    }  # fmt: skip
    return checked_programme(Settings(**SETTINGS), frames(rows))
