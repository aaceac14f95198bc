"""Descent over numbers that must not be negative, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from khien.plan.core.descent import curvature, descend
from khien.plan.core.problem import Floats


@pytest.mark.parametrize("seed", range(6))
def test_the_lowest_point_of_a_bowl_is_reached(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 5 + 7 * seed
    root = rng.normal(size=(n, n))
    curve, slope = root @ root.T + 0.1 * np.eye(n), rng.normal(size=n) * 3
    best = [np.inf]

    def bowl(x: Floats) -> tuple[float, Floats]:
        assert (x >= 0.0).all()
        value = float(0.5 * x @ curve @ x + slope @ x)
        best[0] = min(best[0], value)
        return value, curve @ x + slope

    descend(bowl, np.ones(n), 400)
    found = best[0]
    right = minimize(bowl, np.ones(n), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * n).fun
    assert found <= right + 1e-5 * max(1.0, abs(right))


def test_no_step_is_taken_from_the_lowest_point() -> None:
    seen = []

    def bowl(x: Floats) -> tuple[float, Floats]:
        seen.append(x.copy())
        return float(x.sum()), np.ones_like(x)

    descend(bowl, np.zeros(3), 10)
    assert all((x == 0.0).all() for x in seen)


def test_what_the_function_raises_comes_through() -> None:
    def stop(x: Floats) -> tuple[float, Floats]:
        raise KeyError

    with pytest.raises(KeyError):
        descend(stop, np.ones(2), 5)


def test_the_curvature_worked_by_hand_on_the_page_of_the_bound() -> None:
    def bowl(at: Floats) -> tuple[float, Floats]:
        return float(2 * at[0] ** 2 + 50 * at[1] ** 2), np.array([4 * at[0], 100 * at[1]])

    at, dice = np.array([0.3, 2.0]), np.random.default_rng(0)
    assert curvature(bowl, at, bowl(at)[1], slice(0, 1), dice) == pytest.approx(4.0)
    assert curvature(bowl, at, bowl(at)[1], slice(1, 2), dice) == pytest.approx(100.0)
    assert curvature(bowl, at, bowl(at)[1], slice(0, 2), dice) == pytest.approx(52.0)
    for edge, curve in ((np.array([0.0, 2.0]), 100.0), (np.zeros(2), 0.0)):
        assert curvature(bowl, edge, bowl(edge)[1], slice(0, 2), dice) == pytest.approx(curve)


@pytest.mark.parametrize("seed", range(4))
def test_random_signs_see_the_mean_of_the_second_derivatives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 200
    root = rng.normal(size=(n, n)) / 20
    curve = root @ root.T + np.diag(rng.uniform(1.0, 9.0, n))

    def bowl(x: Floats) -> tuple[float, Floats]:
        return float(0.5 * x @ curve @ x), curve @ x

    at = rng.uniform(0.1, 1.0, n)
    seen = curvature(bowl, at, bowl(at)[1], slice(50, 150), rng)
    assert seen == pytest.approx(float(np.diag(curve)[50:150].mean()), rel=0.2)
