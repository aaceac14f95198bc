"""Descent over numbers that must not be negative, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from khien.plan.core.descent import descend
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
