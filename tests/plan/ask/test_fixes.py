"""Fixes of red sites: the island worked out by hand, every plan of small programmes tried, unknown costs said."""

from __future__ import annotations

import itertools
import math
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.plan.ask.pumps import with_pumps
from tests.plan.ask.works import works
from tests.plan.small_programmes import STATEMENTS, plan_of
from tests.plan.tiny import changed_rows

import khien
from khien.plan.ask.fixes import Fixes, fixes, with_purchase
from khien.plan.ask.ways import Way, together
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings
from khien.plan.solver import plan_programme
from khien.plan.standing import stand_under
from khien.plan.verify import recomputed_value, verify
from khien.programme import Programme
from khien.reliance import single_site_failures

PICKS = [
    ("membrane-make", "membrane-licence", 0), ("purifier-make", "purifier-own", 4), ("boat-make", "boat-buy", 7),
    ("sentry-make", "sentry-own", 10), ("boat-upkeep", "upkeep-own", 14),
]  # fmt: skip
FIRST = 4
"""Quarter in which the site of the small programmes fails."""


@pytest.fixture(scope="module")
def pumps(island: Path) -> Fixes:
    programme = with_pumps(island)
    return fixes(programme, plan_of(programme, PICKS), first=12)


def test_the_island_is_mended_as_worked_out_by_hand(pumps: Fixes) -> None:
    told = pumps
    assert told.value == pytest.approx(7.8)
    assert dict(told.nodes.select("node", "answer").iter_rows()) == {
        "mainland-plant": "mended",
        "yard-harbour": "mended",
    }
    found = [(f["node"], f["fix"], f["cost_mvnd"], round(f["lost"], 9)) for f in told.fixes.to_dicts()]
    assert found == [
        ("mainland-plant", ["stock battery"], 2000, 0.0),
        ("yard-harbour", ["stock battery", "stock pump"], 8000, 0.1),
        ("yard-harbour", ["own pump-own", "stock battery"], 14_000, 0.2),
    ]
    for bought, plan in told.plans.values():
        assert verify(bought, plan) == []
        assert plan.value == pytest.approx(recomputed_value(bought, plan))
    assert len(told.plans) == 3
    assert told.plans["yard-harbour", 1][0].obligations["cost_mvnd"].to_list() == [8000]


def test_what_the_tables_put_no_cost_on_is_unknown(island: Path) -> None:
    programme = khien.read(island)
    told = fixes(programme, plan_of(programme, PICKS), first=12, steps=50)
    assert told.nodes["answer"].to_list() == ["unknown", "unknown"]
    assert told.fixes.is_empty()
    lacks = {(r["node"], r["item"]): r for r in told.lacks.to_dicts()}
    pump = lacks["yard-harbour", "pump"]
    assert (pump["stock_more_months"], pump["source_more_share"], pump["stock_more_mvnd"]) == (12.0, 1.0, None)
    assert pump["unknown"] == ["items|pump|price_mvnd", "products|purifier|units_per_year"]
    battery = lacks["mainland-plant", "battery"]
    assert (battery["stock_more_months"], battery["source_more_share"]) == pytest.approx((1.5, 0.125))


def chances(rng: np.random.Generator, items: int, ways: int) -> dict[str, list[Way]]:
    """Ways at random for so many items; some options serve several items, some projects have two options."""
    out = {}
    for k in range(items):
        options = rng.choice(6, size=ways - 1, replace=False)
        own = [Way("own", f"o{o}", frozenset([f"i{k}"]), 100 + 37 * int(o), int(o) // 2, int(o)) for o in options]
        out[f"i{k}"] = [Way("stock", f"i{k}", frozenset([f"i{k}"]), int(rng.integers(1, 300))), *own]
    return out


@pytest.mark.parametrize("seed", range(20))
def test_combinations_are_the_cheapest_and_pay_once_for_what_serves_twice(seed: int) -> None:
    ways = chances(np.random.default_rng(seed), 4, 3)
    sums = set()
    for choice in itertools.product(*ways.values()):
        by_name = {way.name: way for way in choice}
        taken = [way.project for way in by_name.values() if way.project >= 0]
        if len(taken) == len(set(taken)):
            sums.add((sum(way.cost_mvnd for way in by_name.values()), frozenset(by_name)))
    found, left = together(ways, 10_000)
    costs = [sum(way.cost_mvnd for way in one) for one in found]
    assert left == 0
    assert costs == sorted(costs)
    told = {(cost, frozenset(way.name for way in one)) for cost, one in zip(costs, found, strict=True)}
    assert told <= sums
    assert len(told) == len(found)
    # What is left away only adds stock of an item to a project that serves the item already.
    for cost, names in sums - told:
        assert any(other < names and less <= cost for less, other in sums)
    for one in found:
        assert frozenset[str]().union(*(way.items for way in one)) == set(ways)
    assert [sum(way.cost_mvnd for way in one) for one in together(ways, 3)[0]] == costs[:3]


def test_many_items_do_not_multiply() -> None:
    found, left = together(chances(np.random.default_rng(0), 40, 5), 24)
    assert len(found) == 24
    assert left > 10**20


@cache
def every_plan(seed: int, bought: int) -> list[tuple[dict[str, tuple[str, int]], float]]:
    """Choices and value of every plan that keeps all rules, with so much paid for stock."""
    programme = works(seed)
    if bought:
        programme = with_purchase(programme, bought, 2026)
    ways = []
    for project in programme.projects["id"].to_list():
        options = programme.options.filter(pl.col("project") == project)["id"].to_list()
        ways.append([None, *itertools.product([project], options, range(programme.n_quarters))])
    found = []
    for picks in itertools.product(*ways):
        plan = plan_of(programme, [p for p in picks if p is not None], value=0.0, nothing=0.0)
        if all(v.rule in STATEMENTS for v in verify(programme, plan)):
            chosen = {p[0]: (p[1], p[2]) for p in picks if p is not None}
            found.append((chosen, recomputed_value(programme, plan)))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 3, 7])
def test_of_all_plans_none_mends_at_a_smaller_loss(seed: int) -> None:
    programme = works(seed)
    plan = plan_programme(programme, PlanSettings(work=400))
    best = max(value for _, value in every_plan(seed, 0))
    assert plan.value == pytest.approx(best)
    told = fixes(programme, plan, first=FIRST)
    lasts = dict(programme.options.select("id", "duration_mode_quarters").iter_rows())
    for row in told.fixes.to_dicts():
        options = [text.split(" ")[1] for text in row["fix"] if not text.startswith("stock")]
        bought = 0
        if len(options) < len(row["fix"]):
            months = told.lacks["stock_more_months"][0]
            bought = math.ceil(months / 12 * 6 * programme.items["price_mvnd"][0] - 1e-6)
        values = [
            value
            for chosen, value in every_plan(seed, bought)
            if all(any(o == name and s + lasts[o] <= FIRST for o, s in chosen.values()) for name in options)
        ]
        assert (row["because"] == "no_room") == (not values)
        if values:
            assert row["lost"] == pytest.approx(best - max(values), abs=1e-9)
            assert row["least"] - 1e-9 <= row["lost"] <= row["most"] + 1e-9
    if told.nodes["answer"].to_list() == ["none"]:
        assert not any(red_no_more(programme, chosen) for chosen, _ in every_plan(seed, 0))


def red_no_more(programme: Programme, chosen: dict[str, tuple[str, int]]) -> bool:
    """Whether the site is not red under a plan, by the measure of reliance."""
    plan = plan_of(programme, [(name, *where) for name, where in chosen.items()], value=0.0, nothing=0.0)
    return not single_site_failures(programme, stand_under(programme, plan, FIRST), first=FIRST)["red_worst"][0]


@pytest.mark.parametrize("seed", [2, 5])
def test_fixes_are_lawful(seed: int) -> None:
    """Mended is mended by the measure of reliance itself; ordered; the same twice; more money never costs more."""
    programme = works(seed)
    plan: Plan = plan_programme(programme, PlanSettings(work=400))
    told = fixes(programme, plan, first=FIRST, steps=400)
    assert told.fixes.equals(fixes(programme, plan, first=FIRST, steps=400).fixes)
    good = told.fixes.filter("mended")
    assert good.height
    assert good["rank"].to_list() == list(range(1, good.height + 1))
    assert (good["lost"].diff().drop_nulls() >= -1e-9).all()
    for (node, rank), (bought, mended) in told.plans.items():
        assert verify(bought, mended) == []
        row = good.filter(node=node, rank=rank).to_dicts()[0]
        more = told.lacks["stock_more_months"][0] if row["fix"] == ["stock chip"] else 0.0
        level = programme.supplies["stock_months"][0] + more + 1e-9
        stocked = changed_rows(bought, "supplies", pl.lit(True), stock_months=level)
        red = single_site_failures(stocked, stand_under(bought, mended, FIRST), first=FIRST)
        assert red["red_worst"].to_list() == [False]
    richer = changed_rows(programme, "money", pl.lit(True), amount_mvnd=1000)
    free = fixes(richer, plan_programme(richer, PlanSettings(work=400)), first=FIRST, steps=400)
    assert not free.nodes.height or np.isclose(free.fixes.filter("mended")["lost"].min(), 0.0)  # type: ignore[arg-type]
