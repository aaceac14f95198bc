"""A programme of five projects whose value, money and people are worked out by hand, and a good plan of it.

Quarters 0..7 are 2026Q1..2027Q4. Low, mode and high agree, so planning values are the figures given.

    project       subject, stage      runs   cost  engineers
    engine-make   engine, production  -2..1  40    2          running; 30 spent, so 5 + 5 is left
    engine-up     engine, upgrade      3..4  10    1          committed
    boat-design   boat, design         0..1  20    2
    boat-make     boat, production     2..3  60    4
    drone-buy     drone, production    1..2  40    1          licence with kr-works, transfer complete

The boat stops without the engine; the drone loses half without a chip that only kr-works supplies,
with three months of stock. Boat and drone bring 1 of the 2 that are required.

    coverage       0 0 0 0.5 1 1 1 1            drone from quarter 3, boat from 4
    self-reliance  0 0 0 0   1 0.75 0.75 0.75   the drone's licence counts from 2027; then the chip is lost
    value          (4.5 + 3.25) / 4 = 1.9375    no discount, weight 1
    money          2026: 160 - 142 = 18;  2027: 18 + 30 - 8 = 40;  reserve 10
    engineers      5 6 6 6 2 1 1 1 needed (one for the drill) of 5 6 6 6 6 6 6 6 (one trained from quarter 1)
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import polars as pl
from tests.plan.small_programmes import Rows, frames, named, plan_of

from khien.plan.frames import plan_value
from khien.plan.result import Plan
from khien.programme import Programme, Settings, checked_programme

SETTINGS: dict[str, Any] = {
    "title_vi": "Tí hon",
    "title_en": "Tiny",
    "base_year": 2026,
    "first_quarter": "2026Q1",
    "last_quarter": "2027Q4",
    "discount_rate": 0.0,
    "reliance_weight": 1.0,
    "reserve_mvnd": 10,
    "planning_quantile": 0.5,
    "assurance_months": 3.0,
}
VALUE = 1.9375
PICKS = [
    ("boat-design", "boat-design-own", 0),
    ("boat-make", "boat-make-own", 2),
    ("drone-buy", "drone-buy-licence", 1),
]
TRAINING = [("engineers", 0, 1)]


def tiny(**settings: Any) -> Programme:
    """The programme; single settings can be given."""
    return Programme(Settings(**(SETTINGS | settings)), _checked().frames)


@cache
def _checked() -> Programme:
    return checked_programme(Settings(**SETTINGS), frames(rows()))


def rows() -> Rows:
    """Its tables, to be changed by tests."""
    return _things() | _work() | _means()


def _things() -> Rows:
    return {
        "groups": [named("rescue")],
        "stages": [
            named("design", order=1, service=False, assurance=False),
            named("production", order=2, service=True, assurance=False),
            named("upgrade", order=3, service=False, assurance=False),
        ],
        "countries": [named("vn"), named("kr")],
        "organisations": [
            named("kr-works", role="partner", country="kr"),
            named("home-works", role="nucleus", country="vn"),
        ],
        "sites": [named("kr-site", organisation="kr-works")],
        "technologies": [named("engine", group="rescue", kind="core")],
        "products": [
            named("boat", group="rescue", dual_use=False),
            named("drone", group="rescue", dual_use=False),
        ],
        "items": [named("chip", kind="part")],
        "supplies": [{"item": "chip", "site": "kr-site", "share": 1.0, "stock_months": 3.0}],
        "inputs": [
            {"subject": "boat", "input": "engine", "criticality": "stops"},
            {"subject": "drone", "input": "chip", "criticality": "degrades", "lost_share": 0.5},
        ],
        "capabilities": [named("reach", unit="boats", weight=1.0)],
        "requirements": [{"capability": "reach", "from_year": 2026, "level": 2.0, "because": "test"}],
        "yields": [
            {"product": product, "capability": "reach", "amount": 1.0} for product in ("boat", "drone")
        ],
    }


def _project(id: str, subject: str, stage: str, status: str = "candidate", **more: Any) -> dict[str, Any]:
    return named(id, subject=subject, to_stage=stage, risk_class="low", status=status) | more


def option(id: str, project: str, duration: int, cost: int, **more: Any) -> dict[str, Any]:
    """An option of own work without uncertainty."""
    row = {
        "id": id,
        "project": project,
        "form": "own",
        "success_share": 1.0,
        "level": 0.8,
        "domestic_share": 0.9,
    }
    for part in ("low", "mode", "high"):
        row |= {f"duration_{part}_quarters": duration, f"cost_{part}_mvnd": cost}
    return row | more


def _work() -> Rows:
    transfer = {f"transfer_{e}": 0.8 for e in ("design", "experts", "processes", "documents", "rights")}
    return {
        "projects": [
            _project(
                "engine-make",
                "engine",
                "production",
                "running",
                option="engine-own",
                start="2025Q3",
                spent_mvnd=30,
            ),
            _project("engine-up", "engine", "upgrade", "committed", option="engine-up-own", start="2026Q4"),
            _project("boat-design", "boat", "design"),
            _project("boat-make", "boat", "production"),
            _project("drone-buy", "drone", "production"),
        ],
        "options": [
            option("engine-own", "engine-make", 4, 40),
            option("engine-up-own", "engine-up", 2, 10),
            option("boat-design-own", "boat-design", 2, 20),
            option("boat-make-own", "boat-make", 2, 60),
            option("drone-buy-licence", "drone-buy", 2, 40, form="licence", partner="kr-works", **transfer),
        ],
        "efforts": [
            {"option": name, "skill": "engineers", "people": people}
            for name, people in (
                ("engine-own", 2),
                ("engine-up-own", 1),
                ("boat-design-own", 2),
                ("boat-make-own", 4),
                ("drone-buy-licence", 1),
            )
        ],
        "precedences": [{"before": "engine-make", "after": "boat-make", "lag_quarters": 0}],
    }


def _means() -> Rows:
    return {
        "skills": [named("engineers")],
        "skill_supply": [{"skill": "engineers", "from_year": 2026, "people": 5}],
        "training": [
            {
                "skill": "engineers",
                "people_per_cohort": 1,
                "cost_mvnd": 4,
                "duration_quarters": 1,
                "max_cohorts_per_year": 1,
            }
        ],
        "money": [
            {"year": 2026, "source": "state", "amount_mvnd": 160},
            {"year": 2027, "source": "state", "amount_mvnd": 30},
        ],
        "limits": [
            {"id": "korea", "kind": "ceiling", "over": "country", "key": "kr", "amount_mvnd": 50},
            {"id": "licences", "kind": "ceiling", "over": "form", "key": "licence", "share": 0.5},
            {"id": "own-work", "kind": "floor", "over": "form", "key": "own", "amount_mvnd": 50},
        ],
        "agreements": [{"id": "korea", "party": "kr", "forms": "licence", "until": "2026Q3"}],
        "obligations": [
            named(
                "drill", body="council", cost_mvnd=3, skill="engineers", people=1, due="2027Q2", firm=False
            ),
            named("treaty", body="treaty", capability="reach", amount=2.0, due="2027Q1", firm=True),
        ],
    }


def good_plan(programme: Programme, **stated: Any) -> Plan:
    """The plan described above."""
    return plan_of(programme, PICKS, TRAINING, **stated)


def restated(programme: Programme, plan: Plan, **changes: Any) -> Plan:
    """The plan with changes, stating the value that it then has."""
    changed = dataclasses.replace(plan, **changes)
    return dataclasses.replace(changed, value=plan_value(programme, changed))


def changed_rows(programme: Programme, table: str, where: pl.Expr, **values: Any) -> Programme:
    """The programme with values set in the rows of a table where a condition holds."""
    frame = programme.frames[table]
    columns = [
        pl.when(where).then(pl.lit(value, dtype=frame.schema[name])).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    ]
    changed: dict[str, Any] = {table: frame.with_columns(columns)}
    return with_tables(programme, **changed)


def with_tables(programme: Programme, settings: Settings | None = None, **tables: pl.DataFrame) -> Programme:
    """The programme with tables exchanged, not checked again: quick, and the changes here are sound."""
    return Programme(settings or programme.settings, {**programme.frames, **tables})
