"""Small random value chains, how they stand, and a programme of months that shares nothing with the product."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog
from tests.plan.small_programmes import Rows, frames, named
from tests.plan.tiny import SETTINGS

from khien.programme import Programme, Settings, checked_programme
from khien.reliance import Standing

PARTNERS = ("kr-works", "jp-works", "kr-child", "home-works", "home-two")


def random_chain(seed: int, *, known: bool, **settings: Any) -> Programme:
    """Two years, up to four products, items and subjects; with `known` no cell that matters is empty."""
    rng = np.random.default_rng(seed)

    def maybe(value: float) -> float | None:
        return value if known or rng.random() < 0.7 else None

    products = [f"p{i}" for i in range(int(rng.integers(1, 5)))]
    technologies = [f"t{i}" for i in range(int(rng.integers(0, 3)))]
    items = [f"i{i}" for i in range(int(rng.integers(1, 5)))]
    rows = _ground()
    rows["technologies"] = [named(t, group="g", kind="core") for t in technologies]
    rows["products"] = [
        named(p, group="g", dual_use=False, units_per_year=maybe(float(rng.integers(1, 9)))) for p in products
    ]
    rows["items"] = [named(i, kind="part") for i in items]
    rows["inputs"] = []
    for subject in products + technologies:
        pool = items + technologies
        for thing in rng.choice(pool, size=min(len(pool), int(rng.integers(1, 4))), replace=False):
            if thing == subject:
                continue
            stops = rng.random() < 0.5
            row = {"subject": subject, "input": str(thing), "quantity": maybe(float(rng.integers(1, 5)))}
            row |= {"criticality": "stops"} if stops else {"criticality": "degrades", "lost_share": 0.6}
            rows["inputs"].append(row)
    rows["supplies"] = [row for item in items for row in _supplies(rng, item, maybe, known)]
    capabilities = [f"c{i}" for i in range(int(rng.integers(1, 4)))]
    rows["capabilities"] = [named(c, unit="x", weight=float(rng.integers(1, 4))) for c in capabilities]
    rows["yields"] = [
        {"product": p, "capability": str(rng.choice(capabilities)), "amount": float(rng.integers(1, 4))}
        for p in products
    ]
    brought = sorted({row["capability"] for row in rows["yields"]})
    rows["requirements"] = [
        {"capability": c, "from_year": 2026, "level": float(rng.integers(1, 4)), "because": "test"} for c in brought
    ]
    return checked_programme(Settings(**(SETTINGS | {"assurance_months": 4.0} | settings)), frames(rows))


def _ground() -> Rows:
    return {
        "groups": [named("g")],
        "stages": [named("make", order=1, service=True, assurance=False)],
        "countries": [named(c) for c in ("vn", "kr", "jp")],
        "organisations": [
            named("kr-works", role="partner", country="kr"),
            named("jp-works", role="partner", country="jp"),
            named("kr-child", role="supplier", country="vn", controlled_by="kr-works", control_share=0.8),
            named("home-works", role="nucleus", country="vn"),
            named("home-two", role="member", country="vn"),
        ],
        "sites": [named(f"{name}-site", organisation=name) for name in PARTNERS],
    }


def _supplies(rng: np.random.Generator, item: str, maybe: Any, known: bool) -> list[dict[str, Any]]:
    names = rng.choice(PARTNERS, size=int(rng.integers(1, 4)), replace=False)
    parts = rng.integers(1, 5, size=len(names))
    whole = parts.sum() if known or rng.random() < 0.7 else parts.sum() + 1
    return [
        {
            "item": item,
            "site": f"{name}-site",
            "share": float(part / whole),
            "capacity": maybe(float(rng.integers(0, 60))),
            "recover_months": maybe(float(rng.integers(1, 16))),
            "stock_months": maybe(float(rng.integers(0, 9))),
        }
        for name, part in zip(names, parts, strict=True)
    ]


def random_standing(seed: int, programme: Programme) -> Standing:
    """Products that serve from one of the first quarters on, some held at home, some with a partner who is known."""
    rng = np.random.default_rng(seed + 1)
    products = programme.products["id"].to_list()
    subjects = products + programme.technologies["id"].to_list()
    return Standing(
        {p: int(rng.integers(0, 3)) for p in products if rng.random() < 0.9},
        {s: int(rng.integers(0, 5)) for s in subjects if rng.random() < 0.5},
        {s: frozenset({str(rng.choice(PARTNERS[:3]))}) for s in subjects if rng.random() < 0.6},
    )


def by_months(programme: Programme, standing: Standing, stopped: set[str], months: int) -> float:
    """Mean coverage when these sites stop and everything foreign is not kept up: month by month, all cells known.

    Starts with the first quarter. Written from the method page with dense rows; no subject is on a ring.
    """
    assurance = float(programme.settings.assurance_months)
    edges = {
        (r["subject"], r["input"]): 1.0 if r["criticality"] == "stops" else r["lost_share"]
        for r in programme.inputs.to_dicts()
    }
    quantity = {(r["subject"], r["input"]): r["quantity"] for r in programme.inputs.to_dicts()}
    items = programme.items["id"].to_list()
    products = [p for p in programme.products["id"].to_list() if standing.serves(p, (months - 1) // 3)]
    lost = {p: _losses(p, edges) for p in products}
    per_year = dict(programme.products.select("id", "units_per_year").iter_rows())
    need = {(p, i): per_year[p] * _quantity(p, i, quantity) for p in products for i in items if i in lost[p]}
    x = _Columns()
    for t in range(months):
        for p in products:
            gone = {
                s: share
                for s, share in {**{s: v for s, v in lost[p].items() if s not in items}, p: 1.0}.items()
                if t >= assurance and not standing.held(s, t // 3)
            }
            most = min([1.0, *(1.0 - share for share in gone.values())]) if standing.serves(p, t // 3) else 0.0
            x.add(("O", p, t), most)
            for i in items:
                if i in lost[p]:
                    x.add(("X", p, i, t), 1.0)
        for c in programme.requirements["capability"].to_list():
            x.add(("C", c, t), 1.0)
    rows, right = [], []
    for p, i in need:
        for t in range(months):
            rows.append({("O", p, t): 1.0, ("X", p, i, t): -lost[p][i]})
            right.append(1.0 - lost[p][i])
    for i in items:
        users = [p for p in products if (p, i) in need]
        total = sum(need[p, i] for p in users)
        supplies = [r for r in programme.supplies.to_dicts() if r["item"] == i and r["share"] > 0]
        if not users or total == 0 or not any(r["site"] in stopped for r in supplies):
            continue
        rate = sum(max(r["share"], r["capacity"] / total) for r in supplies if r["site"] not in stopped)
        stock = sum(r["share"] * r["stock_months"] for r in supplies)
        for t in range(months):
            rows.append({("X", p, i, s): need[p, i] / total for p in users for s in range(t + 1)})
            right.append(stock + rate * (t + 1))
    level = dict(programme.requirements.select("capability", "level").iter_rows())
    for c in level:
        brings = {r["product"]: r["amount"] / level[c] for r in programme.yields.to_dicts() if r["capability"] == c}
        for t in range(months):
            rows.append({("C", c, t): 1.0, **{("O", p, t): -v for p, v in brings.items() if p in products}})
            right.append(0.0)
    weight = {c: w for c, w in programme.capabilities.select("id", "weight").iter_rows() if c in level}
    cost = {("C", c, t): -weight[c] / sum(weight.values()) / months for c in weight for t in range(months)}
    return x.best(rows, right, cost)


class _Columns:
    """Named variables from 0 to a highest value."""

    def __init__(self) -> None:
        self.at: dict[tuple[Any, ...], int] = {}
        self.high: list[float] = []

    def add(self, name: tuple[Any, ...], high: float) -> None:
        self.at[name] = len(self.high)
        self.high.append(high)

    def best(self, rows: list[dict[Any, float]], right: list[float], cost: dict[Any, float]) -> float:
        dense = np.zeros((len(rows), len(self.high)))
        for r, row in enumerate(rows):
            for name, value in row.items():
                dense[r, self.at[name]] += value
        c = np.zeros(len(self.high))
        for name, value in cost.items():
            c[self.at[name]] = value
        found = linprog(c, A_ub=dense, b_ub=right, bounds=[(0.0, h) for h in self.high], method="highs-ipm")
        assert found.status == 0
        return -float(found.fun)


def _losses(product: str, edges: dict[tuple[str, str], float]) -> dict[str, float]:
    """Greatest over the paths of the least along a path, by trying every path."""
    found: dict[str, float] = {}

    def walk(at: str, share: float, seen: frozenset[str]) -> None:
        for (a, b), lost in edges.items():
            if a == at and b not in seen:
                found[b] = max(found.get(b, 0.0), min(share, lost))
                walk(b, min(share, lost), seen | {b})

    walk(product, 1.0, frozenset({product}))
    return found


def _quantity(at: str, item: str, quantity: dict[tuple[str, str], float], seen: frozenset[str] = frozenset()) -> float:
    return sum(
        q * (1.0 if b == item else _quantity(b, item, quantity, seen | {at}))
        for (a, b), q in quantity.items()
        if a == at and b not in seen
    )
