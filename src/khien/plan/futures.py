"""Sampled futures: which projects succeed in each, and what the worst of them say.

Method page: docs/methods/scenarios.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

TAIL_PARTS = 20
"""The tail is the worst twentieth (5 %) of all futures, rounded up to whole ones."""

Successes = dict[str, NDArray[np.bool_]]


def draw(
    projects: Iterable[str], options: Iterable[tuple[str, str, float]], count: int, seed: int
) -> Successes:
    """Whether each option succeeds in each of `count` futures.

    Every project has one number between 0 and 1 per future, drawn in the order of the table; an option
    (id, project, success_share) succeeds where the number of its project lies below its share of successes.
    """
    dice = np.random.default_rng(seed)
    luck = {name: dice.random(count) for name in projects}
    return {option: luck[project] < share for option, project, share in options}


def tail_count(count: int) -> int:
    """How many of `count` futures are the tail: the twentieth part, rounded up."""
    return -(-count // TAIL_PARTS)


def mean_and_tail(values: Sequence[float]) -> tuple[float, float]:
    """Mean of all values, and of the least twentieth of them."""
    least = sorted(values)[: tail_count(len(values))]
    return float(np.mean(values)), float(np.mean(least))


def weighed(values: Sequence[float], tail_weight: float) -> float:
    """(1 - weight) * mean + weight * tail: what a plan over sampled futures is worth."""
    mean, tail = mean_and_tail(values)
    return (1.0 - tail_weight) * mean + tail_weight * tail


def pack(success: NDArray[np.bool_]) -> str:
    """Successes as text: hexadecimal, the first future being the highest bit of the first digit."""
    return np.packbits(success).tobytes().hex()
