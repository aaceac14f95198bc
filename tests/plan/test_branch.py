"""Branch and bound: against trying every plan, and as a proof."""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.plan.small_programmes import random_programme
from tests.plan.test_core import best_of_all, bound_at, drawn, problems
from tests.plan.test_futures import every_plan, two_ways, unsure

from khien.plan.core import branch, search, state
from khien.plan.core.branch import Tree, promising
from khien.plan.core.layout import layout
from khien.plan.core.linear import linear, worths
from khien.plan.core.problem import Problem
from khien.plan.core.solve import Outcome
from khien.plan.model import compile_programme
from khien.plan.result import Plan, load_plan
from khien.plan.settings import PlanSettings
from khien.plan.solver import as_plan, plan_programme
from khien.plan.verify import recomputed_value, verify
from khien.plan.verify.bound import verify_bound
from khien.programme import Programme, read


def explored(p: Problem, value: float = -20.0, nodes: int = 400) -> Tree:
    tree = Tree(p, layout(p))
    tree.explore(value, nodes, lambda: 60.0)
    return tree


def over_futures() -> list[Problem]:
    asked = PlanSettings(scenarios=23, tail_weight=0.4, min_reliance=0.1)
    return [two_ways(0.3), compile_programme(unsure(3), asked).problem]


@pytest.mark.parametrize("p", [*problems(), *over_futures()])
def test_the_written_out_lagrangian_is_the_lagrangian(p: Problem) -> None:
    lay = layout(p)
    lin = linear(p, lay)
    theta = np.random.default_rng(3).random(lay.size) / lay.scale * 0.3
    theta[lay.floors + p.tail_from : lay.size] *= 10.0
    each = worths(lin, theta)
    best = np.zeros(lin.choices)
    best[: len(p.must)][p.must == 1] = -p.must_cost
    np.maximum.at(best, lin.choice, each)
    told = p.constant + lin.given @ theta + best.sum()
    assert told == pytest.approx(bound_at(p, lay, theta)[0], rel=1e-11)


@pytest.mark.parametrize("seed", range(16))
def test_the_best_plan_of_small_problems_is_proven(seed: int) -> None:
    p = drawn(100 + seed, projects=3, most_options=1 + (seed > 11))
    best = best_of_all(p)
    tree = explored(p)
    assert promising(p, tree.lay)
    assert tree.bound >= best - 1e-9
    if tree.found is not None:
        st = state.new_state(p)
        state.rebuild(p, st, tree.found.x, tree.found.s, tree.found.cohorts)
        assert search.valid(p, st) == 0
        assert state.penalty(p, st) == 0.0
        assert float(st.value[0]) == tree.found.value
    if len(p.tr_pool):
        return
    assert tree.finished
    if np.isfinite(best):
        assert tree.found is not None
        assert tree.found.value == pytest.approx(best, abs=1e-9)
        assert tree.bound == pytest.approx(best, abs=1e-8)
    else:
        assert tree.found is None
        assert tree.bound == pytest.approx(-20.0, abs=1e-6)


@pytest.mark.parametrize("seed", [3, 11, 13])
def test_the_best_plan_over_futures_of_small_programmes_is_proven(seed: int) -> None:
    made = unsure(seed, 4, years=2, max_options=2)
    programme = Programme(made.settings, {**made.frames, "training": made.training.clear()})
    asked = PlanSettings(scenarios=21, tail_weight=0.5)
    best = max(recomputed_value(programme, other) for other in every_plan(programme, asked))
    tree = explored(compile_programme(programme, asked).problem)
    assert tree.finished
    assert tree.found is not None
    assert tree.found.value == pytest.approx(best, abs=1e-9)
    assert best - 1e-9 <= tree.bound <= best + 1e-8


@pytest.mark.slow
def test_the_island_over_five_futures_is_said_to_be_optimal_and_the_file_proves_it(
    island: Path, tmp_path: Path
) -> None:
    programme = read(island)
    plan = plan_programme(programme, PlanSettings(work=60_000, scenarios=5))
    assert (plan.status, plan.why_stopped) == ("optimal", "optimal")
    again = load_plan(plan.save(tmp_path))
    assert again.certificate is not None
    assert again.certificate["kind"] == "tree"
    assert verify(programme, again) == []
    assert verify_bound(programme, again) == []
    lower = dataclasses.replace(plan, bound=plan.value * (1 - 1e-6), value=plan.value * (1 - 1e-6))
    assert [v.rule for v in verify_bound(programme, lower)] == ["bound"]
    others = dataclasses.replace(plan, settings=dataclasses.replace(plan.settings, seed=1))
    assert verify_bound(programme, others) != []


def test_what_is_better_than_every_plan_stays_proven_when_it_is_known_beforehand() -> None:
    p = drawn(104, projects=3, most_options=1)
    best = explored(p).bound
    assert explored(p, value=best + 1.0).bound == pytest.approx(best + 1.0, abs=1e-8)


def test_the_island_is_closed(island: Path) -> None:
    tree = explored(compile_programme(read(island), PlanSettings()).problem)
    assert tree.finished
    assert tree.found is not None
    assert tree.found.value == pytest.approx(7.8, abs=1e-9)
    assert 7.8 - 1e-12 <= tree.bound <= 7.8 * (1 + 1e-9)
    rows = tree.proof()
    assert len(rows) > 1
    for _, question, yes, no in rows:
        assert (yes > 0) == (no > 0) == (question is not None)


def test_a_tree_stopped_early_keeps_the_shortest_proof_of_its_bound(island: Path) -> None:
    p = compile_programme(read(island), PlanSettings()).problem
    early = explored(p, nodes=1)
    assert not early.finished
    assert 7.8 < early.bound <= early.root.bound
    assert len(early.proof()) in (1, 3)
    assert len(explored(p).proof()) > 3


def test_whoever_asks_while_a_part_is_worked_on_is_told_no_bound_that_is_not_proven(island: Path) -> None:
    p = compile_programme(read(island), PlanSettings()).problem
    tree = Tree(p, layout(p))
    told = [tree.bound]

    def left() -> float:
        told.append(tree.bound)
        return math.inf

    for _ in range(3):
        tree.explore(7.8, 1, left)
        told.append(tree.bound)
    assert told == sorted(told, reverse=True)
    assert len(set(told)) > 1


@pytest.mark.parametrize(("what", "most"), [("MOST_PARTS", 3), ("MOST_PRICES", 400)])
def test_a_tree_that_is_full_proves_the_bound_that_fits(
    island: Path, what: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branch, what, most)
    programme = read(island)
    plan = plan_programme(programme, PlanSettings(work=20_000))
    assert plan.value == pytest.approx(7.8, abs=1e-9)
    assert 7.8 * (1 + 3e-9) < plan.bound < 8.2
    assert (plan.status, plan.why_stopped) == ("feasible", "work")
    assert plan.certificate is not None
    assert plan.certificate["kind"] == "tree"
    assert len(plan.certificate["parts"]) == 3
    assert verify(programme, plan) == []
    assert verify_bound(programme, plan) == []


@pytest.fixture(scope="module")
def closed() -> tuple[Programme, Plan]:
    """The island, planned until nothing better can exist."""
    programme = read(Path(__file__).parents[2] / "examples" / "island")
    return programme, plan_programme(programme, PlanSettings(time_limit=60))


def test_the_island_is_said_to_be_optimal_and_the_file_proves_it(
    closed: tuple[Programme, Plan], tmp_path: Path
) -> None:
    programme, plan = closed
    assert plan.value == pytest.approx(7.8, abs=1e-9)
    assert plan.bound <= 7.8 * (1 + 3e-9)
    assert (plan.status, plan.why_stopped, plan.clocked) == ("optimal", "optimal", False)
    assert "tối ưu" in plan.summary("vi")
    assert "optimal" in plan.summary("en")
    plan.save(tmp_path)
    again = load_plan(tmp_path)
    assert again.certificate is not None
    assert again.certificate["kind"] == "tree"
    assert verify(programme, again) == []
    assert verify_bound(programme, again) == []
    lower = dataclasses.replace(plan, bound=plan.value * (1 - 1e-6), value=plan.value * (1 - 1e-6))
    assert [v.rule for v in verify_bound(programme, lower)] == ["bound"]


Change = Callable[[dict[str, Any]], object]


def _leaf(tree: dict[str, Any]) -> int:
    return next(i for i, row in enumerate(tree["parts"]) if row[1] < 0)


CHANGES: dict[str, Change] = {
    "a leaf removed": lambda c: c["parts"].pop(),
    "a question's answer points nowhere": lambda c: c["parts"][0].__setitem__(5, -1),
    "both answers are the same part": lambda c: c["parts"][0].__setitem__(5, c["parts"][0][4]),
    "a part is its own answer": lambda c: c["parts"][0].__setitem__(4, 0),
    "a question is dropped": lambda c: c["parts"][0].__setitem__(slice(1, 6), [-1, -1, -1, -1, -1]),
    "an answer is left out": lambda c: c["parts"][0].pop(),
    "a project that does not exist": lambda c: c["parts"][0].__setitem__(1, 99),
    "prices that do not exist": lambda c: c["parts"][_leaf(c)].__setitem__(0, 999),
    "prices below zero": lambda c: c["prices"][c["parts"][_leaf(c)][0]]["price"].__setitem__(0, -1.0),
    "prices that are no numbers": lambda c: c["prices"][0]["price"].__setitem__(0, "x"),
    "prices at no place": lambda c: c["prices"][0]["at"].__setitem__(0, 1 << 30),
    "all prices halved": lambda c: [p.__setitem__("price", [x / 2 for x in p["price"]]) for p in c["prices"]],
    "no prices": lambda c: [p.update(at=[], price=[]) for p in c["prices"]],
    "no parts": lambda c: c.update(parts=[]),
    "no tree": lambda c: c.pop("parts"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_proof_is_refused(closed: tuple[Programme, Plan], what: str) -> None:
    programme, plan = closed
    certificate = copy.deepcopy(dict(plan.certificate or {}))
    CHANGES[what](certificate)
    found = verify_bound(programme, dataclasses.replace(plan, certificate=certificate))
    assert [v.rule for v in found] == ["bound"]


def test_no_question_that_is_asked_otherwise_can_prove_less_than_the_best_plan(
    closed: tuple[Programme, Plan],
) -> None:
    """Whatever the questions and prices: a bound below the best plan is never accepted."""
    programme, plan = closed
    rng = np.random.default_rng(5)
    low = dataclasses.replace(plan, bound=7.79, value=7.7)
    for _ in range(25):
        certificate = copy.deepcopy(dict(plan.certificate or {}))
        for row in certificate["parts"]:
            if row[1] >= 0 and rng.random() < 0.5:
                row[1:4] = [int(rng.integers(0, 5)), int(rng.integers(-1, 10)), int(rng.integers(-3, 26))]
            if rng.random() < 0.3:
                row[0] = int(rng.integers(0, len(certificate["prices"])))
        assert verify_bound(programme, dataclasses.replace(low, certificate=certificate)) != []


@pytest.mark.parametrize("seed", range(10))
def test_trees_of_random_programmes_are_accepted(seed: int) -> None:
    programme = random_programme(np.random.default_rng(200 + seed), 5 + seed % 4, years=3, check=False)
    asked = PlanSettings()
    compiled = compile_programme(programme, asked)
    p = compiled.problem
    tree = explored(p)
    assert tree.found is not None
    x, s, cohorts, value = tree.found.x, tree.found.s, tree.found.cohorts, tree.found.value
    no_prices = np.zeros(tree.lay.size)
    out = Outcome(x, s, cohorts, value, 0.0, tree.bound, no_prices, "optimal", 0.0, 0, [], tree.proof())
    plan = as_plan(programme, programme, compiled, asked, out, 0.0)
    assert plan.certificate is not None
    assert plan.certificate["kind"] == "tree"
    assert verify_bound(programme, plan) == []
    lower = dataclasses.replace(plan, bound=plan.value - 1e-4, value=plan.value - 1e-4)
    assert verify_bound(programme, lower) != []


@pytest.mark.slow
def test_equal_work_gives_equal_proofs() -> None:
    programme = read(Path(__file__).parents[2] / "examples" / "island")
    plans = [plan_programme(programme, PlanSettings(work=20_000)) for _ in range(2)]
    assert (plans[0].certificate or {})["kind"] == "tree"
    assert plans[0].certificate == plans[1].certificate
    assert plans[0].bound == plans[1].bound


def test_the_time_limit_holds_while_the_tree_grows() -> None:
    p = drawn(7, projects=40, most_options=3)
    began = time.perf_counter()
    tree = Tree(p, layout(p))
    tree.explore(-20.0, 10**6, lambda: began + 2.0 - time.perf_counter())
    assert time.perf_counter() - began < 8.0
