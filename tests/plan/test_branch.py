"""Branch and bound: against trying every plan, and as a proof."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.plan.test_core import best_of_all, bound_at, drawn, problems

from khien.plan.core import search, state
from khien.plan.core.branch import Tree, promising
from khien.plan.core.layout import layout
from khien.plan.core.linear import linear, worths
from khien.plan.core.problem import Problem
from khien.plan.model import compile_programme
from khien.plan.settings import PlanSettings
from khien.programme import read


def explored(p: Problem, value: float = -20.0, nodes: int = 400) -> Tree:
    tree = Tree(p, layout(p))
    tree.explore(value, nodes, lambda: False)
    return tree


@pytest.mark.parametrize("p", problems())
def test_the_written_out_lagrangian_is_the_lagrangian(p: Problem) -> None:
    lay = layout(p)
    lin = linear(p, lay)
    theta = np.random.default_rng(3).random(lay.size) / lay.scale * 0.3
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
