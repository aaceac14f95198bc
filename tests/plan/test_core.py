"""The engine's own arithmetic: increments, gradient, bound, prices, and the rounded forms of its rows."""

from __future__ import annotations

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khien.plan.core import dual, state
from khien.plan.core.build import Builder
from khien.plan.core.insert import best_start
from khien.plan.core.layout import FAMILIES, PLACES, Layout, layout, people_families
from khien.plan.core.problem import NEVER, Floats, Problem
from khien.plan.core.search import valid
from khien.plan.core.solve import solve
from khien.plan.core.walker import NEAR, Walker, guide
from khien.plan.core.warm import tiny

Rng = np.random.Generator
T = 8


def drawn(seed: int, projects: int = 4, most_options: int = 2) -> Problem:
    """A small random problem that has everything a problem can have."""
    rng = np.random.default_rng(seed)
    b = Builder(T, offset=int(rng.integers(0, 4)))
    b.constant, b.carry = float(rng.integers(0, 3)), bool(rng.random() < 0.5)
    b.must_cost, b.row_cost, b.floor_cost = 50.0, 1.0, 50.0
    years = (T - 1 + b.offset) // 4 + 1
    funds = rng.integers(10, 40, years)
    b.funds = [int(f) for f in (np.cumsum(funds) if b.carry else funds)]
    pools = [b.add_pool(rng.integers(2, 5, T)) for _ in range(2)]
    if rng.random() < 0.5:
        b.add_training(pools[0], 1, 3, 1, 1)
    rows = [b.add_row(0, T, 30), b.add_row(2, 6, 0)]
    shared = [b.add_condition(NEVER if rng.random() < 0.8 else 3) for _ in range(2)]
    done = [b.add_condition() for _ in range(projects)]
    late = [b.add_condition() for _ in range(projects)]
    plain, cut = b.add_accumulator(), b.add_accumulator()
    for i in range(projects):
        b.add_project(must=bool(rng.random() < 0.1))
        for _ in range(int(rng.integers(1, most_options + 1))):
            duration = int(rng.integers(1, 4))
            spend = [int(x) for x in rng.integers(1, 9, duration)]
            people = {k: int(rng.integers(0, 4)) for k in pools}
            o = b.add_option(i, duration, spend, people, value=rng.random(T) * float(rng.integers(0, 2)))
            b.options[o].rows[rows[0]] = 1
            b.options[o].rows[rows[1]] = int(rng.choice([-1, 1]))
            b.add_member(done[i], o)
            b.add_member(late[i], o, late=True)
            if rng.random() < 0.5:
                b.add_member(shared[int(rng.integers(2))], o, late=bool(rng.random() < 0.3))
        if i and rng.random() < 0.5:
            b.add_request(i, done[int(rng.integers(i))], int(rng.integers(0, 2)))
        if rng.random() < 0.3:
            b.add_request(i, shared[int(rng.integers(2))])
        b.add_unit([done[i]], [(plain, [float(rng.integers(1, 4))] * 4)])
        b.add_unit([late[i], done[int(rng.integers(projects))]], [(cut, list(rng.random(4)))])
    b.add_unit(shared, [(plain, [1.0] * 4)])
    block = b.add_block(floor=float(rng.choice([-1e300, 0.05])), scale=10.0)
    for t in range(T):
        b.add_goal(plain, t, float(rng.integers(1, 6)), 0.4, float(rng.integers(0, 2)))
        b.add_goal(cut, t, 1.5, 0.3, block=block)
    return b.build()


def problems() -> list[Problem]:
    return [tiny(), *(drawn(seed) for seed in range(6))]


@pytest.mark.parametrize("p", problems())
def test_increments_equal_a_state_built_anew(p: Problem) -> None:
    lay = layout(p)
    theta = np.random.default_rng(0).random(lay.size) / lay.scale * 0.3
    tables = guide(p, lay, theta)
    walker = Walker(p, 7)
    for temperature in (1.0, 0.1):
        for _ in range(4):
            walker.go(tables, 0.5, temperature, 150)
            fresh = state.new_state(p)
            state.rebuild(p, fresh, walker.st.x, walker.st.s, walker.st.cohorts)
            for name in ("rem", "slack", "lhs", "ct", "ut"):
                np.testing.assert_array_equal(getattr(walker.st, name), getattr(fresh, name), err_msg=name)
            for name in ("level", "bval", "value"):
                np.testing.assert_allclose(getattr(walker.st, name), getattr(fresh, name), atol=1e-9)
            assert valid(p, walker.st) == 0


def bound_at(p: Problem, lay: Layout, theta: Floats, mu: float = 1.0) -> tuple[float, float, Floats, Floats]:
    grad, weights = np.zeros(lay.size), np.zeros(p.allow.shape)
    exact, smooth = dual.evaluate(p, lay, theta, mu, 1e9, grad, weights)
    return exact, smooth, grad, weights


@pytest.mark.parametrize("p", problems())
def test_the_gradient_is_that_of_the_smoothed_bound(p: Problem) -> None:
    lay = layout(p)
    rng = np.random.default_rng(1)
    theta = rng.random(lay.size) / lay.scale * 0.3
    exact, smooth, grad, _ = bound_at(p, lay, theta, 0.3)
    assert smooth >= exact - 1e-9
    for i in rng.permutation(lay.size)[:150]:
        h = 1e-5 / lay.scale[i]
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        slope = (bound_at(p, lay, up, 0.3)[1] - bound_at(p, lay, down, 0.3)[1]) / (2 * h)
        assert slope == pytest.approx(grad[i], rel=1e-4, abs=1e-4 * lay.scale[i]), i


@pytest.mark.parametrize("p", problems())
def test_two_threads_give_the_same_bound_to_the_last_bit(p: Problem) -> None:
    lay = layout(p)
    theta = np.random.default_rng(3).random(lay.size) / lay.scale * 0.3
    with ThreadPoolExecutor(1) as threads:
        found = []
        for work in (None, dual.Work(p, lay, threads)):
            grad, weights = np.zeros(lay.size), np.zeros(p.allow.shape)
            for _ in range(2):  # the memory of the second time is not clean
                worth = dual.evaluate(p, lay, theta, 0.3, 0.3, grad, weights, work)
            found.append((worth, grad, weights))
    (worth, grad, weights), (again, grad_too, weights_too) = found
    assert worth == again
    np.testing.assert_array_equal(grad, grad_too)
    np.testing.assert_array_equal(weights, weights_too)


def test_a_plan_that_is_given_is_searched_around_at_once() -> None:
    p = drawn(3)
    told: list[list[str]] = []
    first = solve(p, work=400)
    for start in (None, dataclasses.replace(first, theta=np.zeros(0))):  # prices that do not fit are left aside
        stages: list[str] = []
        out = solve(p, work=400, start=start, progress=lambda now, seen=stages: seen.append(now.stage))
        told.append(stages)
    assert told[0][:2] == ["bound", "bound"], "without a plan the prices come first"
    assert told[1][:2] == ["bound", "search"]
    assert out.value - out.penalty >= first.value - first.penalty - 1e-9


def best_of_all(p: Problem) -> float:
    """Greatest value less penalties by trying every choice, without training."""
    ways = []
    for i in range(len(p.must)):
        starts = [(o, t) for o in range(p.opt_ptr[i], p.opt_ptr[i + 1]) for t in range(p.T) if p.allow[o, t]]
        ways.append([(-1, 0), *starts])
    st_ = state.new_state(p)
    none = np.zeros((len(p.tr_pool), p.T), dtype=np.int64)
    best = -np.inf
    for picks in itertools.product(*ways):
        x, s = np.array([o for o, _ in picks]), np.array([t for _, t in picks])
        state.rebuild(p, st_, x, s, none)
        kept = (st_.lhs <= p.row_rhs).all() and not (p.must.astype(bool) & (x < 0)).any()
        floors = (st_.bval / p.b_scale >= p.b_floor - 1e-12).all()
        if kept and floors and valid(p, st_) == 0:
            best = max(best, float(st_.value[0]))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_no_prices_give_a_bound_below_the_best_plan(seed: int) -> None:
    p = drawn(100 + seed, projects=3, most_options=1)
    best = best_of_all(p)
    lay = layout(p)
    rng = np.random.default_rng(seed)
    for size in (0.0, 0.01, 0.1, 0.5, 2.0):
        theta = rng.random(lay.size) * (rng.random(lay.size) < 0.5) / lay.scale * size
        assert bound_at(p, lay, theta)[0] >= best - 1e-9
    out = solve(p, work=800)
    assert out.bound >= best - 1e-9
    if out.penalty == 0.0 and len(p.tr_pool) == 0:
        assert out.value == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("p", problems())
def test_price_tables_name_the_best_start_and_the_price_of_each(p: Problem) -> None:
    lay = layout(p)
    theta = np.random.default_rng(2).random(lay.size) / lay.scale * 0.3
    price, red, best, where, near = guide(p, lay, theta, unit=1.0)
    allowed = p.allow.astype(bool)
    assert (price[allowed] >= -1e-9).sum() >= allowed.sum() - (p.or_mult < 0).sum() * p.T
    assert (price[~allowed] == 1e300).all()
    assert (red[~allowed] == -1e300).all()
    for i in range(len(p.must)):
        own = red[p.opt_ptr[i] : p.opt_ptr[i + 1]]
        if where[i, 0] < 0:
            assert not allowed[p.opt_ptr[i] : p.opt_ptr[i + 1]].any()
        else:
            assert best[i] == own.max() == red[where[i, 0], where[i, 1]]
    for o, (first, last) in enumerate(near):
        good = np.flatnonzero(red[o] >= max(0.0, best[p.project_of[o]]) - NEAR)
        assert (first, last) == ((good[0], good[-1]) if len(good) else (p.T, -1))
    nothing = guide(p, lay, np.zeros(lay.size))
    assert (nothing[0][allowed] == 0.0).all()
    np.testing.assert_array_equal(nothing[1][allowed], p.val[allowed])


@pytest.mark.parametrize("p", problems())
def test_the_gain_of_a_start_is_what_the_plan_becomes_worth_more_and_near_starts_are_kept_to(p: Problem) -> None:
    by, rng = guide(p, layout(p), np.zeros(layout(p).size)), np.random.default_rng(3)
    dice = np.array([5], dtype=np.uint64)
    plan, bufs, out = state.new_state(p), np.zeros((3, p.T + 1)), np.zeros(4)
    for i in rng.permutation(len(p.must)):
        near = np.sort(rng.integers(0, p.T, (len(p.dur), 2)), axis=1)
        best_start(p, plan, i, by.price, by.worth, near, 0.0, 0.0, 0.0, True, False, dice, bufs, out)
        if out[0] < 0:
            continue
        option, start = int(out[0]), int(out[1])
        assert near[option, 0] <= start <= near[option, 1]
        before = float(plan.value[0] - state.broken(p, plan))
        state.place(p, plan, i, option, start)
        if not (p.b_floor > -1e200).any():
            assert plan.value[0] - state.broken(p, plan) - before == pytest.approx(out[2], abs=1e-9)


@settings(max_examples=60)
@given(st.integers(1, 40), st.lists(st.integers(0, 45), min_size=1, max_size=7), st.integers(0, 2))
def test_every_team_that_fits_keeps_the_rounded_people_rows(cap: int, teams: list[int], cohorts: int) -> None:
    b = Builder(4)
    b.funds = [10**6]
    pool = b.add_pool(np.full(4, cap))
    b.add_training(pool, 3, 0, 1, 2)
    for team in teams:
        b.add_project()
        b.add_option(len(b.must) - 1, 1, [1], {pool: team})
    p = b.build()
    coef, room = people_families(p)
    entry = {int(o): k for o in range(len(p.dur)) for k in range(p.use_ptr[o], p.use_ptr[o + 1])}
    for t in (0, 2):
        people = cap + 3 * cohorts * (t >= 1)
        for size in range(1, len(teams) + 1):
            for some in itertools.combinations(range(len(teams)), size):
                if sum(teams[i] for i in some) > people:
                    continue
                used = sum((coef[entry[i], :, t] for i in some if i in entry), np.zeros(FAMILIES, dtype=int))
                assert (used[1:] <= room[1:, pool, t]).all()


@settings(max_examples=60)
@given(st.integers(4, 60), st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_every_spend_that_fits_keeps_the_places_of_the_money_rows(funds: int, costs: list[int]) -> None:
    b = Builder(4)
    b.funds = [funds]
    for i, cost in enumerate(costs):
        b.add_project()
        b.add_option(i, 2, [cost // 2, cost - cost // 2], {})
    p = b.build()
    lay = layout(p)
    for k in range(PLACES):
        taken = []
        for o in range(len(costs)):
            seats = slice(lay.seat_ptr[o * p.T], lay.seat_ptr[o * p.T + 1])
            taken.append(int(lay.seat_n[seats][lay.seat_at[seats] == k].sum()))
        for size in range(1, len(costs) + 1):
            for some in itertools.combinations(range(len(costs)), size):
                if sum(costs[i] for i in some) <= funds:
                    assert sum(taken[i] for i in some) <= k + 1
