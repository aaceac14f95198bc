"""Small random programmes that use every table of planning, and plans for them.

Every programme made here passes the checks, and doing nothing beyond what is fixed is a plan of it:
its money, people, ceilings, floors and firm obligations allow at least that.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from khien.plan.frames import plan_value
from khien.plan.result import Plan, choices_frame, fixed_picks, training_frame
from khien.plan.settings import PlanSettings, apply
from khien.plan.verify import nothing_value, verify
from khien.programme import TABLES, Programme, Settings, checked_programme

Rng = np.random.Generator
Rows = dict[str, list[dict[str, Any]]]
Picks = list[tuple[str, str, int]]

SKILLS = ("engineers", "analysts")
STATEMENTS = ("value", "nothing", "bound")
"""Rules on what a plan says of itself, which a plan under construction does not meet yet."""


def random_programme(
    rng: Rng,
    n_projects: int = 8,
    *,
    years: int = 4,
    max_options: int = 3,
    first_quarter: str = "2026Q1",
    check: bool = True,
    **settings: Any,
) -> Programme:
    """A valid programme with about `n_projects` projects over `years` years.

    Without `check` it is not checked, which is quicker. `settings` overrides single settings, such as
    `carry_over=False`. The same state of `rng` gives the same programme.
    """
    rows: Rows = defaultdict(list)
    horizon = {"first_quarter": first_quarter, "last_quarter": f"{int(first_quarter[:4]) + years - 1}Q4"}
    _ground(rows)
    _subjects(rng, rows, max(2, n_projects // 3), max(2, n_projects // 3))
    _supplies(rng, rows)
    _inputs(rng, rows)
    _needs(rng, rows, int(first_quarter[:4]), years)
    _projects(rng, rows, n_projects, max_options, horizon["first_quarter"], years)
    _promises(rng, rows, int(first_quarter[:4]), years)
    _means(rng, rows, int(first_quarter[:4]), years)
    made = frames(rows)
    chosen = _settings(rng, horizon | settings)
    return checked_programme(chosen, made) if check else Programme(chosen, made)


def frames(rows: Rows) -> dict[str, pl.DataFrame]:
    """Polars frames out of rows; columns that a row leaves out are empty."""
    return {name: pl.DataFrame(rows[name], schema=TABLES[name].schema, orient="row") for name in rows}


def named(id: str, **columns: Any) -> dict[str, Any]:
    """A row with an id and its names."""
    return {"id": id, "name_vi": id, "name_en": id, **columns}


def _settings(rng: Rng, given: dict[str, Any]) -> Settings:
    drawn: dict[str, Any] = {
        "title_vi": "Nhỏ",
        "title_en": "Small",
        "base_year": 2026,
        "home_country": "vn",
        "discount_rate": float(rng.choice([0.0, 0.05, 0.1])),
        "reliance_weight": float(rng.choice([0.0, 0.5, 1.0])),
        "reserve_mvnd": int(rng.integers(0, 50)),
        "planning_quantile": float(rng.choice([0.5, 0.8, 0.9])),
        "cut_quarters": int(rng.integers(1, 5)),
        "assurance_months": float(rng.choice([0.0, 4.0, 6.0, 12.0])),
        "carry_over": bool(rng.random() < 0.7),
        "agreements_bind": bool(rng.random() < 0.6),
    }
    return Settings(**(drawn | given))


def _ground(rows: Rows) -> None:
    rows["groups"] = [named("sensing"), named("rescue")]
    rows["stages"] = [
        named("design", order=1, service=False, assurance=False),
        named("manufacture", order=2, service=False, assurance=False),
        named("production", order=3, service=True, assurance=False),
        named("assurance", order=4, service=False, assurance=True),
    ]
    rows["countries"] = [named("vn"), named("aa"), named("bb")]
    rows["organisations"] = [
        named("home-works", role="nucleus", country="vn"),
        named("joint-works", role="member", country="vn", controlled_by="partner-a", control_share=0.6),
        named("minority-works", role="member", country="vn", controlled_by="aa", control_share=0.3),
        named("partner-a", role="partner", country="aa"),
        named("partner-b", role="partner", country="bb"),
    ]
    rows["sites"] = [
        named("site-home", organisation="home-works"),
        named("site-minority", organisation="minority-works"),
        named("site-joint", organisation="joint-works"),
        named("site-a", organisation="partner-a"),
        named("site-b", organisation="partner-b"),
    ]
    rows["skills"] = [named(skill) for skill in SKILLS]


def _subjects(rng: Rng, rows: Rows, n_technologies: int, n_products: int) -> None:
    for i in range(n_technologies):
        rows["technologies"].append(named(f"tech-{i}", group=_group(rng), kind="core"))
    rows["products"].append(named("base", group="rescue", dual_use=False, price_mvnd=50))
    for i in range(n_products):
        rows["products"].append(named(f"prod-{i}", group=_group(rng), dual_use=False, price_mvnd=100))
    rows["maturity"] = [{"subject": "base", "stage": "production", "level": 0.9, "domestic_share": 0.5}]
    for subject in [*rows["technologies"], *rows["products"][1:]]:
        for stage in ("design", "manufacture", "production", "assurance"):
            if rng.random() < 0.15:
                rows["maturity"].append(
                    {
                        "subject": subject["id"],
                        "stage": stage,
                        "level": float(rng.choice([0.4, 0.7, 0.9])),
                        "domestic_share": None if rng.random() < 0.2 else float(rng.choice([0.3, 0.6, 0.9])),
                    }
                )


def _group(rng: Rng) -> str:
    return str(rng.choice(["sensing", "rescue"]))


def _supplies(rng: Rng, rows: Rows) -> None:
    technologies = [row["id"] for row in rows["technologies"]]
    for i in range(4):
        replaced = str(rng.choice(technologies)) if rng.random() < 0.6 or i == 0 else None
        rows["items"].append(named(f"item-{i}", kind="part", price_mvnd=5, replaced_by=replaced))
        if i == 0:
            continue  # nobody supplies the first item: only its replacement helps
        sites = rng.choice(
            ["site-home", "site-minority", "site-joint", "site-a", "site-b"], size=2, replace=False
        )
        shares = [(0.5, 0.5), (0.7, 0.3), (1.0, 0.0), (0.2, 0.6)][int(rng.integers(4))]
        for site, share in zip(sites, shares, strict=True):
            stock = None if rng.random() < 0.3 else float(rng.choice([0.0, 2.0, 4.0, 9.0]))
            rows["supplies"].append(
                {"item": f"item-{i}", "site": str(site), "share": share, "stock_months": stock}
            )


def _inputs(rng: Rng, rows: Rows) -> None:
    """Every subject may need items and technologies; rings among technologies are allowed."""
    technologies, items = [r["id"] for r in rows["technologies"]], [r["id"] for r in rows["items"]]
    for subject in [*technologies, *(r["id"] for r in rows["products"] if r["id"] != "base")]:
        for name in [*technologies, *items]:
            rare = 0.05 if name == "item-0" else 0.25 if name in items else min(0.25, 2 / len(technologies))
            if name == subject or rng.random() > rare:
                continue
            how = str(rng.choice(["stops", "degrades", "convenience"], p=[0.5, 0.35, 0.15]))
            lost = float(rng.choice([0.2, 0.5, 1.0])) if how == "degrades" else None
            rows["inputs"].append(
                {"subject": subject, "input": name, "quantity": 2.0, "criticality": how, "lost_share": lost}
            )


def _needs(rng: Rng, rows: Rows, first: int, years: int) -> None:
    for i in range(3):
        rows["capabilities"].append(named(f"cap-{i}", unit="units", weight=float(rng.integers(1, 5))))
        begins = first if i == 0 else first + int(rng.integers(-1, years))
        rows["requirements"].append(
            {
                "capability": f"cap-{i}",
                "from_year": begins,
                "level": float(rng.integers(2, 5)),
                "because": "test",
            }
        )
        if rng.random() < 0.5:
            rows["requirements"].append(
                {"capability": f"cap-{i}", "from_year": begins + 2, "level": 6.0, "because": "test"}
            )
    rows["yields"].append({"product": "base", "capability": "cap-0", "amount": 1.0})
    for i, product in enumerate(rows["products"][1:]):
        for j in (1, 2) if i == 0 else rng.choice(3, size=2, replace=False):
            amount = float(rng.choice([0.5, 1.0, 2.5]))
            rows["yields"].append({"product": product["id"], "capability": f"cap-{j}", "amount": amount})


def _quarter(first: str, index: int) -> str:
    number = int(first[:4]) * 4 + int(first[5]) - 1 + index
    return f"{number // 4}Q{number % 4 + 1}"


def _projects(rng: Rng, rows: Rows, count: int, max_options: int, first: str, years: int) -> None:
    """Ladders of stages on random subjects: one committed, one running, one done, the rest candidates."""
    subjects = [r["id"] for r in [*rows["technologies"], *rows["products"]] if r["id"] != "base"]
    statuses = ["committed", "running", "done", "stopped"]
    for i in range(count):
        subject = subjects[i % len(subjects)]
        rung = sum(p["subject"] == subject for p in rows["projects"])
        stage = ["production", "assurance", "production", "manufacture"][min(3, rung)]
        if rng.random() < 0.2:
            stage = "manufacture"
        status = statuses[i] if i < min(len(statuses), count // 2) else "candidate"
        options = _options(rng, rows, f"p{i}", max_options, fixed=status != "candidate")
        row = named(
            f"p{i}", subject=subject, to_stage=stage, risk_class=str(rng.choice(["low", "medium", "high"]))
        )
        row |= {"status": status}
        if status == "candidate":
            if rng.random() < 0.3:
                row["earliest"] = _quarter(first, int(rng.integers(0, 4)))
            if rng.random() < 0.3:
                row["latest"] = _quarter(first, int(rng.integers(4, 4 * years)))
            if rng.random() < 0.05:
                row["pin"] = "must_not"
        else:
            start = {"committed": int(rng.integers(0, 5)), "running": -int(rng.integers(0, 4))}.get(
                status, -6
            )
            row |= {"option": options[0], "start": _quarter(first, start)}
            if status == "running" and rng.random() < 0.5:
                row["spent_mvnd"] = int(rng.integers(0, 100))
        rows["projects"].append(row)
    for j in range(1, count):
        for i in rng.choice(j, size=min(j, int(rng.poisson(0.3))), replace=False):
            if rows["projects"][j]["status"] == "candidate" and rows["projects"][i]["status"] != "stopped":
                lag = int(rng.integers(0, 3))
                rows["precedences"].append({"before": f"p{i}", "after": f"p{j}", "lag_quarters": lag})


def _options(rng: Rng, rows: Rows, project: str, most: int, *, fixed: bool) -> list[str]:
    names = []
    for k in range(1 if fixed else int(rng.integers(1, most + 1))):
        form = "own" if fixed else str(rng.choice(["own", "joint", "licence", "purchase"]))
        partner = (
            None
            if form == "own"
            else str(rng.choice(["partner-a", "partner-b", "joint-works", "home-works"]))
        )
        duration = np.sort(rng.integers(1, 7, size=3))
        cost = np.sort(rng.integers(20, 200, size=3))
        row: dict[str, Any] = {
            "id": f"{project}-o{k}",
            "project": project,
            "form": form,
            "partner": partner,
            "spend_profile": [None, None, "0.5;0.3;0.2", "0.25;0.75"][int(rng.integers(4))],
            "success_share": 0.8,
            "level": float(rng.choice([0.5, 0.7, 0.9], p=[0.1, 0.45, 0.45])),
            "domestic_share": float(rng.choice([0.3, 0.6, 0.9])),
        }
        for i, part in enumerate(("low", "mode", "high")):
            row |= {f"duration_{part}_quarters": int(duration[i]), f"cost_{part}_mvnd": int(cost[i])}
        if form != "own":
            for element in ("design", "experts", "processes", "documents", "rights"):
                row[f"transfer_{element}"] = None if rng.random() < 0.1 else float(rng.choice([0.8, 1.0]))
        rows["options"].append(row)
        for skill in SKILLS:
            if rng.random() < 0.7:
                rows["efforts"].append(
                    {"option": row["id"], "skill": skill, "people": int(rng.integers(1, 5))}
                )
        names.append(row["id"])
    return names


def _promises(rng: Rng, rows: Rows, first: int, years: int) -> None:
    rows["agreements"] = [
        {"id": "with-aa", "party": "aa", "forms": "joint;licence"},
        {
            "id": "with-b",
            "party": "partner-b",
            "forms": "purchase; licence",
            "group": "sensing",
            "until": f"{first + years - 2}Q2",
        },
        {"id": "with-joint", "party": "joint-works", "forms": "joint"},
    ]
    due = f"{first + int(rng.integers(0, years))}Q3"
    rows["obligations"] = [
        named(
            "drill",
            body="council",
            cost_mvnd=int(rng.integers(1, 20)),
            skill="engineers",
            people=1,
            due=due,
            firm=False,
        ),
        named("ready", body="treaty", capability="cap-0", amount=1.0, due=due, firm=True),
        named("wish", body="treaty", capability="cap-1", amount=50.0, due=due, firm=False, from_year=first),
    ]


def _means(rng: Rng, rows: Rows, first: int, years: int) -> None:
    """Money and people for what is fixed, and for a part of the rest."""
    status = {p["id"]: p["status"] for p in rows["projects"]}
    fixed = {o["id"] for o in rows["options"] if status[o["project"]] in ("committed", "running")}
    needed = sum(o["cost_high_mvnd"] for o in rows["options"] if o["id"] in fixed) + 20 + 50
    free = sum(o["cost_mode_mvnd"] for o in rows["options"] if o["id"] not in fixed)
    for year in range(first, first + years):
        rows["money"].append({"year": year, "source": "state", "amount_mvnd": needed})
        extra = int(free * rng.uniform(0.1, 0.3))
        rows["money"].append({"year": year, "source": "fund", "amount_mvnd": extra})
    for skill in SKILLS:
        heads = sum(e["people"] for e in rows["efforts"] if e["option"] in fixed and e["skill"] == skill) + 1
        rows["skill_supply"].append(
            {"skill": skill, "from_year": first, "people": heads + int(rng.integers(1, 4))}
        )
        rows["skill_supply"].append(
            {"skill": skill, "from_year": first + 2, "people": heads + int(rng.integers(1, 5))}
        )
    rows["training"] = [
        {
            "skill": "engineers",
            "people_per_cohort": 2,
            "cost_mvnd": 10,
            "duration_quarters": int(rng.integers(0, 4)),
            "max_cohorts_per_year": 2,
        }
    ]
    rows["limits"] = [
        {"id": "aa-share", "kind": "ceiling", "over": "country", "key": "aa", "share": 0.4},
        {
            "id": "b-most",
            "kind": "ceiling",
            "over": "partner",
            "key": "partner-b",
            "amount_mvnd": int(rng.integers(50, 400)),
        },
        {
            "id": "sensing-most",
            "kind": "ceiling",
            "over": "group",
            "key": "sensing",
            "amount_mvnd": needed + free // 3,
            "from_year": first,
            "to_year": first + 1,
        },
        {
            "id": "risk-most",
            "kind": "ceiling",
            "over": "risk_class",
            "key": "high",
            "amount_mvnd": needed + free // 4,
        },
        {
            "id": "buy-share",
            "kind": "ceiling",
            "over": "form",
            "key": "purchase",
            "share": 0.5,
            "to_year": first + 2,
        },
        {
            "id": "all-most",
            "kind": "ceiling",
            "over": "all",
            "amount_mvnd": needed + free,
            "from_year": first + 1,
        },
        {"id": "own-least", "kind": "floor", "over": "form", "key": "own", "amount_mvnd": 0},
        {"id": "home-least", "kind": "floor", "over": "country", "key": "vn", "share": 0.2},
    ]


def plan_of(
    programme: Programme,
    picks: Iterable[tuple[str, str, int]],
    training: Iterable[tuple[str, int, int]] = (),
    settings: PlanSettings | None = None,
    **stated: Any,
) -> Plan:
    """A plan with these choices on top of what is fixed; it states its true value unless told otherwise."""
    settings = settings or PlanSettings()
    changed = apply(programme, settings)
    fields: dict[str, Any] = {
        "status": "feasible",
        "why_stopped": "work",
        "value": 0.0,
        "bound": 1e9,
        "nothing": 0.0,
        "seconds": 0.0,
        "seed": 0,
        "clocked": False,
        "programme_hash": programme.hash,
        "settings": settings,
        "version": "test",
        "choices": choices_frame(changed, [*fixed_picks(changed), *picks]),
        "training": training_frame(changed, training),
        "history": pl.DataFrame({"seconds": [0.0], "value": [0.0], "bound": [1e9]}),
    }
    plan = Plan(**(fields | stated))
    truth: dict[str, Any] = {
        name: work(programme, plan)
        for name, work in (("value", plan_value), ("nothing", nothing_value))
        if name not in stated
    }
    return dataclasses.replace(plan, **truth)


def random_picks(rng: Rng, programme: Programme) -> Picks:
    """Any option of most candidates, most of them early: most likely not a plan that is allowed."""
    picks = []
    for project in programme.projects.filter(pl.col("status") == "candidate")["id"].to_list():
        options = programme.options.filter(pl.col("project") == project)["id"].to_list()
        if options and rng.random() < 0.7:
            last = programme.n_quarters if rng.random() < 0.2 else programme.n_quarters // 2
            picks.append((project, str(rng.choice(options)), int(rng.integers(0, last))))
    return picks


def greedy_picks(rng: Rng, programme: Programme, tries: int = 6) -> Picks:
    """Add candidates in random order wherever the verifier has nothing to object to."""
    picks: Picks = []
    for project in rng.permutation(
        programme.projects.filter(pl.col("status") == "candidate")["id"].to_list()
    ):
        options = programme.options.filter(pl.col("project") == project)["id"].to_list()
        for _ in range(tries if options else 0):
            pick = (str(project), str(rng.choice(options)), int(rng.integers(0, programme.n_quarters)))
            plan = plan_of(programme, [*picks, pick])
            if not [v for v in verify(programme, plan) if v.rule not in STATEMENTS]:
                picks.append(pick)
                break
    return picks
