"""The stated bound against a second, exact reading of the formula."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from tests.plan.small_programmes import plan_of, random_programme

from khien.plan.core import dual
from khien.plan.core.layout import layout
from khien.plan.model import compile_programme
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings, apply
from khien.plan.solver import plan_programme
from khien.plan.verify.bound import ONE, _prices, lagrangian, verify_bound
from khien.programme import Programme


@cache
def drawn(seed: int) -> tuple[Programme, Plan]:
    programme = random_programme(np.random.default_rng(seed), 6 + seed % 8, check=False)
    return programme, plan_programme(programme, PlanSettings(work=400))


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_of_the_solver_is_proven_and_nothing_below_it(seed: int) -> None:
    programme, plan = drawn(seed)
    assert verify_bound(programme, plan) == []
    lower = dataclasses.replace(plan, bound=plan.bound - 1e-6 * max(1.0, plan.bound))
    assert {v.rule for v in verify_bound(programme, lower)} == {"bound"}
    below = dataclasses.replace(plan, bound=plan.value - 0.01)
    assert len(verify_bound(programme, below)) == 2


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("carry", [True, False])
def test_any_prices_give_the_same_bound_in_both_readings(seed: int, carry: bool) -> None:
    rng = np.random.default_rng(seed)
    programme = random_programme(rng, 10, check=False, carry_over=carry)
    asked = PlanSettings(min_reliance=0.1 if seed % 2 else None)
    p = compile_programme(apply(programme, asked), asked).problem
    lay = layout(p)
    theta = rng.random(lay.size) * (rng.random(lay.size) < 0.6) / lay.scale * 0.2
    where = np.flatnonzero(theta)
    certificate = {
        "kind": "lagrangian", "size": lay.size, "at": where.tolist(), "price": theta[where].tolist(),
    }  # fmt: skip
    prices = _prices(p, certificate)
    assert prices is not None
    told, _ = dual.evaluate(p, lay, theta, 1.0, 1.0, np.zeros(lay.size), np.zeros(p.allow.shape))
    assert float(Fraction(lagrangian(p, prices), ONE)) == pytest.approx(told, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize(
    "change",
    [{"size": 3}, {"kind": "other"}, {"at": [-1], "price": [1.0]}, {"at": [0], "price": [-1.0]},
     {"at": [0], "price": [float("nan")]}, {"at": [0], "price": []}, {"at": None}],
)  # fmt: skip
def test_prices_of_another_problem_are_refused(change: dict[str, object]) -> None:
    programme, plan = drawn(1)
    assert plan.certificate is not None
    spoiled = dataclasses.replace(plan, certificate={**plan.certificate, **change})
    assert [v.rows for v in verify_bound(programme, spoiled)] == [()]


def test_a_plan_without_prices_claims_no_proof() -> None:
    programme, _ = drawn(1)
    assert verify_bound(programme, plan_of(programme, [])) == []
