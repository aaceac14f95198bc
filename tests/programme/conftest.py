"""A programme that uses every table, small enough to read, and helpers to break it in one place."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from khien.programme import TABLES, Checked, Fact, Programme, Settings, check, checked_programme
from khien.programme.toml_settings import settings_toml

Rows = dict[str, list[dict[str, Any]]]
STATED: dict[str, Any] = {
    "title_vi": "Chương trình đủ bảng",
    "title_en": "Programme with every table",
    "base_year": 2026,
    "first_quarter": "2026Q1",
    "last_quarter": "2032Q4",
    "home_country": "vn",
    "discount_rate": 0.05,
    "reliance_weight": 0.5,
    "reserve_mvnd": 100,
    "planning_quantile": 0.8,
    "mastery_threshold": 0.7,
    "domestic_threshold": 0.6,
    "transfer_threshold": 0.8,
    "cut_quarters": 4,
    "assurance_months": 6.0,
    "carry_over": True,
    "agreements_bind": True,
    "obligations_firm": False,
}


def named(id: str, **columns: Any) -> dict[str, Any]:
    return {"id": id, "name_vi": f"Tên {id}", "name_en": f"Name {id}", **columns}


def option(id: str, project: str, form: str, partner: str | None, **columns: Any) -> dict[str, Any]:
    three = {"low": 2, "mode": 3, "high": 5}
    durations = {f"duration_{part}_quarters": value for part, value in three.items()}
    costs = {f"cost_{part}_mvnd": 100 * value for part, value in three.items()}
    reached = {"success_share": 0.75, "level": 0.8, "domestic_share": 0.6}
    return {
        "id": id,
        "project": project,
        "form": form,
        "partner": partner,
        **durations,
        **costs,
        **reached,
        **columns,
    }


def complete_rows() -> Rows:
    """Rows of every table; valid, with no warning."""
    return needs() | subjects() | chain() | work() | means() | promises() | ground() | records()


def needs() -> Rows:
    return {
        "groups": [named("fire"), named("cyber")],
        "threats": [named("flood", domain="hydromet"), named("outage", domain="energy")],
        "cascades": [{"cause": "flood", "effect": "outage", "note": "lũ làm mất điện"}],
        "capabilities": [
            named("rescue", group="fire", unit="đội", weight=2.0),
            named("watch", group=None, unit="trạm", weight=1.0),
        ],
        "requirements": [
            {"capability": "rescue", "from_year": 2028, "level": 10.0, "threat": "flood", "because": "luật"},
            {"capability": "rescue", "from_year": 2030, "level": 20.0, "threat": None, "because": None},
            {"capability": "watch", "from_year": 2026, "level": 5.5, "threat": None, "because": None},
        ],
    }


def subjects() -> Rows:
    return {
        "stages": [
            named("design", order=1),
            named("production", order=2, service=True),
            named("assurance", order=3, assurance=True),
        ],
        "technologies": [named("engine", group="fire", kind="core", trl=4)],
        "products": [
            named("boat", group="fire", price_mvnd=900, dual_use=True, hs_code="8906", control_code="A1"),
            named("sensor", group="cyber", price_mvnd=None, dual_use=False, hs_code=None, control_code=None),
        ],
        "yields": [
            {"product": "boat", "capability": "rescue", "amount": 10.0},
            {"product": "sensor", "capability": "watch", "amount": 2.5},
        ],
        "maturity": [
            {"subject": "boat", "stage": "design", "level": 0.9, "domestic_share": 0.5},
            {"subject": "sensor", "stage": "design", "level": 0.7, "domestic_share": None},
            {"subject": "engine", "stage": "design", "level": 0.1, "domestic_share": None},
        ],
    }


def chain() -> Rows:
    return {
        "items": [
            named("chip", kind="part", unit="cái", price_mvnd=1, replaced_by="sensor"),
            named("steel", kind="material", unit=None, price_mvnd=None, replaced_by=None),
        ],
        "inputs": [
            {
                "subject": "boat",
                "input": "engine",
                "quantity": 1.0,
                "criticality": "stops",
                "lost_share": None,
            },
            {
                "subject": "boat",
                "input": "steel",
                "quantity": 2.5,
                "criticality": "degrades",
                "lost_share": 0.3,
            },
            {
                "subject": "sensor",
                "input": "chip",
                "quantity": None,
                "criticality": "stops",
                "lost_share": None,
            },
        ],
        "countries": [named("vn"), named("jp", bloc="g7")],
        "organisations": [
            named("h1", role="nucleus", country="vn"),
            named("mitsu", role="partner", country="jp", controlled_by="jp", control_share=0.6),
        ],
        "sites": [
            named("s1", organisation="h1", place="01", capacity=10.0),
            named("s2", organisation="mitsu", place=None, capacity=None),
        ],
        "supplies": [
            {
                "item": "chip",
                "site": "s2",
                "share": 1.0,
                "capacity": 5.0,
                "recover_months": 3.0,
                "stock_months": 2.0,
            },
            {
                "item": "steel",
                "site": "s1",
                "share": 0.4,
                "capacity": None,
                "recover_months": None,
                "stock_months": None,
            },
        ],
    }


def work() -> Rows:
    candidate = {"risk_class": "medium", "status": "candidate"}
    return {
        "projects": [
            named(
                "p1", subject="boat", to_stage="production", earliest="2026Q2", latest="2030Q1", **candidate
            ),
            named("p2", subject="engine", to_stage="design", pin="must", note="chú thích", **candidate),
            named("p3", subject="engine", to_stage="production", **candidate),
            named(
                "p4",
                subject="sensor",
                to_stage="production",
                risk_class="low",
                status="running",
                option="p4-joint",
                start="2025Q3",
                spent_mvnd=50,
            ),
        ],
        "options": [
            option(
                "p1-own",
                "p1",
                "own",
                None,
                name_vi="Tự đóng",
                name_en="Build ourselves",
                spend_profile="0.2;0.8",
            ),
            option(
                "p1-buy",
                "p1",
                "purchase",
                "mitsu",
                transfer_design=0.1,
                transfer_experts=0.2,
                transfer_processes=0.3,
                transfer_documents=0.4,
                transfer_rights=0.0,
            ),
            option("p2-own", "p2", "own", None),
            option("p3-own", "p3", "own", None),
            option("p4-joint", "p4", "joint", "mitsu"),
        ],
        "efforts": [
            {"option": "p1-own", "skill": "weld", "people": 4},
            {"option": "p2-own", "skill": "code", "people": 0},
        ],
        "precedences": [
            {"before": "p2", "after": "p3", "lag_quarters": 1},
            {"before": "p4", "after": "p1", "lag_quarters": 0},
        ],
    }


def means() -> Rows:
    return {
        "skills": [named("weld"), named("code")],
        "skill_supply": [
            {"skill": "weld", "from_year": 2026, "people": 10},
            {"skill": "weld", "from_year": 2029, "people": 12},
            {"skill": "code", "from_year": 2026, "people": 3},
        ],
        "training": [
            {
                "skill": "weld",
                "people_per_cohort": 5,
                "cost_mvnd": 20,
                "duration_quarters": 2,
                "max_cohorts_per_year": 1,
            }
        ],
        "money": [{"year": year, "source": "budget", "amount_mvnd": 1000} for year in range(2026, 2033)]
        + [{"year": 2027, "source": "fund", "amount_mvnd": 0}],
        "limits": [
            {
                "id": "l1",
                "kind": "ceiling",
                "over": "partner",
                "key": "mitsu",
                "from_year": 2026,
                "to_year": 2028,
                "amount_mvnd": 900,
                "share": None,
                "because": "an toàn",
            },
            {
                "id": "l2",
                "kind": "floor",
                "over": "all",
                "key": None,
                "from_year": None,
                "to_year": None,
                "amount_mvnd": None,
                "share": 0.5,
                "because": None,
            },
        ],
    }


def promises() -> Rows:
    return {
        "agreements": [
            {"id": "a1", "party": "jp", "group": None, "forms": "joint;purchase", "until": "2031Q4"}
        ],
        "obligations": [
            named(
                "o1",
                body="ASEAN",
                capability="rescue",
                amount=5.0,
                cost_mvnd=10,
                skill="weld",
                people=1,
                from_year=2027,
                due="2030Q4",
                firm=True,
            )
        ],
        "shocks": [
            named(
                "x1",
                kind="partner",
                key="mitsu",
                from_quarter="2028Q1",
                duration_quarters=4,
                chance_share=0.1,
            ),
            named(
                "x2",
                kind="budget",
                key=None,
                from_quarter="2028Q1",
                duration_quarters=2,
                correlated_with="x1",
            ),
        ],
    }


def ground() -> Rows:
    return {
        "places": [
            named("vn", level="country", region=None, valid_from=date(1945, 9, 2)),
            named(
                "01",
                level="province",
                parent="vn",
                region="bac",
                people=8_500_000,
                area_km2=3359.84,
                vulnerability=0.4,
                lat=21.0285,
                lon=105.8542,
                valid_from=date(2025, 7, 1),
                note="thủ đô",
            ),
            named("old-28", level="province", parent="vn", valid_to=date(2025, 6, 30)),
        ],
        "place_changes": [
            {"before": "old-28", "after": "01", "on_date": date(2025, 7, 1), "people_share": 0.25}
        ],
        "links": [
            {"from_place": "01", "to_place": "old-28", "mode": "road", "length_km": 70.5, "capacity": 900.0}
        ],
        "depots": [named("d1", place="01", capacity=50.0)],
        "stocks": [
            {"depot": "d1", "item": "rice", "amount": 10.5, "price_mvnd": 12, "expiry": date(2027, 1, 1)},
            {"depot": "d1", "item": "rice", "amount": 4.0, "price_mvnd": None, "expiry": None},
        ],
        "forces": [{"place": "01", "kind": "militia", "people": 120, "trained_on": date(2026, 3, 1)}],
        "vehicles": [{"place": "01", "kind": "truck", "count": 7}],
    }


def records() -> Rows:
    return {
        "indicators": [
            named(
                "level",
                unit="m",
                frequency="hour",
                place_level="province",
                feed="hydro",
                threat="flood",
                level_rule="18/2021",
                owner="trực ban",
            )
        ],
        "sources_of_facts": [
            {
                "table": "places",
                "row": "01",
                "column": "people",
                "source": "NSO",
                "date": date(2025, 7, 1),
                "status": "verified",
                "low": 8.4e6,
                "high": 8.6e6,
            },
            {
                "table": "yields",
                "row": "boat|rescue",
                "column": "*",
                "source": "ước tính",
                "date": None,
                "status": "illustrative",
                "low": None,
                "high": None,
            },
            {
                "table": "options",
                "row": "*",
                "column": "*",
                "source": "ước tính",
                "date": None,
                "status": "illustrative",
                "low": None,
                "high": None,
            },
        ],
    }


def complete_settings(**changes: Any) -> Settings:
    fact = Fact(source="test", status="illustrative")
    values = STATED | {"rates": {"usd": 0.0263}} | changes
    return Settings(**values, facts=dict.fromkeys([*STATED, "rates.usd"], fact))


def programme_of(rows: Rows, settings: Settings | None = None) -> Programme:
    frames = {n: pl.DataFrame(r, infer_schema_length=None) for n, r in rows.items()}
    return checked_programme(settings or complete_settings(), frames)


def cell(value: Any) -> str:
    """A value as a CSV cell."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def csv_of(name: str, rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    """Rows as CSV text; columns that the class does not know come last."""
    heads = list(dict.fromkeys([*TABLES[name].columns, *(k for row in rows for k in row)]))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([cell(row.get(head)) for head in heads] for row in rows)
    return text.getvalue()


def write_rows(folder: Path, rows: Rows, settings: Settings | None = None) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "programme.toml").write_text(settings_toml(settings or complete_settings()), encoding="utf-8")
    for name, table in rows.items():
        (folder / f"{name}.csv").write_text(csv_of(name, table), encoding="utf-8")


@pytest.fixture
def rows() -> Rows:
    return complete_rows()


@pytest.fixture(scope="session")
def complete() -> Programme:
    return programme_of(complete_rows())


@pytest.fixture
def check_rows(tmp_path: Path) -> Callable[..., Checked]:
    """Write rows as a folder and check it."""

    def run(rows: Rows, settings: Settings | None = None) -> Checked:
        write_rows(tmp_path / "programme", rows, settings)
        return check(tmp_path / "programme")

    return run


@pytest.fixture
def folder(tmp_path: Path, rows: Rows) -> Path:
    """The complete programme as a folder that a test may damage."""
    write_rows(tmp_path / "programme", rows)
    return tmp_path / "programme"
