"""The scorer against its worked table, a second writing, brute force and its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from khien.watch.forecast import LEVELS, brier, covered, crps, log_score, score, wis

quantiles = hnp.arrays(float, 23, elements=st.floats(-1e6, 1e6, allow_nan=False)).map(np.sort)
value = st.floats(-1e6, 1e6, allow_nan=False)


@pytest.mark.parametrize(
    "forecast, outcome, by_hand", [((8, 10, 14), 11, 4 / 3), ((8, 10, 14), 16, 13 / 3), ((11, 11, 11), 11, 0)]
)
def test_the_worked_table(forecast: tuple[float, ...], outcome: float, by_hand: float) -> None:
    levels = np.array([0.25, 0.5, 0.75])
    assert wis(np.array(outcome), np.array(forecast, dtype=float), levels) == pytest.approx(by_hand)


def test_crps_by_hand() -> None:
    assert crps(np.array(2.0), np.array([1.0, 3.0])) == pytest.approx(0.5)


def in_intervals(q: np.ndarray, y: float) -> float:
    """The score as Bracher et al. write it: the median's error and eleven intervals with their penalties."""
    total = 0.5 * abs(y - q[11])
    for i in range(11):
        alpha = 2 * LEVELS[i]
        low, high = q[i], q[22 - i]
        penalty = 2 / alpha * (max(low - y, 0) + max(y - high, 0))
        total += alpha / 2 * (high - low + penalty)
    return total / 11.5


@given(quantiles, value)
def test_it_is_the_weighted_interval_score(q: np.ndarray, y: float) -> None:
    assert wis(np.array(y), q) == pytest.approx(in_intervals(q, y), rel=1e-9, abs=1e-6)


@given(quantiles, value, st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_it_moves_with_the_unit(q: np.ndarray, y: float, factor: float, shift: float) -> None:
    moved = wis(np.array(y * factor + shift), q * factor + shift)
    assert moved == pytest.approx(factor * wis(np.array(y), q), rel=1e-6, abs=1e-3)
    assert wis(np.array(y), q) >= 0


@given(hnp.arrays(float, st.integers(1, 12), elements=st.floats(-1e3, 1e3)), st.floats(-1e3, 1e3))
def test_crps_equals_brute_force(sample: np.ndarray, y: float) -> None:
    pairs = np.abs(sample[:, None] - sample[None, :]).mean()
    assert crps(np.array(y), sample) == pytest.approx(np.abs(sample - y).mean() - pairs / 2, abs=1e-8)


def test_the_true_distribution_scores_best_in_the_mean() -> None:
    rng = np.random.default_rng(0)
    came = rng.normal(size=20_000)
    truth = np.quantile(rng.normal(size=400_000), LEVELS)
    mean = [wis(came, np.broadcast_to(truth * wide + off, (len(came), 23))).mean()
            for wide, off in ((1, 0), (0.7, 0), (1.4, 0), (1, 0.3))]  # fmt: skip
    assert min(mean) == mean[0]


def test_what_is_missing_counts_for_nobody() -> None:
    q = np.tile(np.arange(23.0), (3, 1))
    base = q + 1
    base[1, 4] = np.nan
    found = score(np.array([5.0, 5.0, np.nan]), q, base)
    assert found.tasks == 1
    assert found.relative == pytest.approx(float(wis(np.array(5.0), q[0]) / wis(np.array(5.0), base[0])))
    assert score(np.array([np.nan]), q[:1]).tasks == 0


def test_coverage_counts_both_ends_and_probabilities_are_scored() -> None:
    q = np.arange(23.0)[None]
    assert covered(np.array([1.0]), q, (1, 21)) == 1
    assert covered(np.array([0.5]), q, (1, 21)) == 0
    assert np.isnan(covered(np.array([np.nan]), q, (1, 21)))
    assert brier(np.array([1.0, 0.0]), np.array([0.75, 0.25])) == pytest.approx([0.0625, 0.0625])
    assert log_score(np.array([1.0, 0.0]), np.array([0.5, 1.0])) == pytest.approx([np.log(2), -np.log(1e-6)])
