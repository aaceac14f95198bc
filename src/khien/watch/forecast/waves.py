"""Made-up pasts of an illness without a calendar: waves that come at any time, of any steepness and size.

Each wave is the closed form that Kermack and McKendrick gave for an epidemic in which few are infected, rising and
falling at rates of its own. The ranges and what they were chosen on: docs/methods/forecasts.md.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from khien.watch.forecast.epidemics import memory
from khien.watch.forecast.frames import Floats

EDGE: Final = 30  # weeks before and after a past in which a wave may still have its peak
A_MONTH: Final = 365.25 / 12 / 7  # weeks


def pasts(count: int, places: int, weeks: int, seed: int = 1) -> list[Floats]:
    """So many pasts, each [places, weeks]: counts."""
    rng = np.random.default_rng(seed)
    return [_past(rng, places, weeks) for _ in range(count)]


def months(counts: Floats) -> Floats:
    """[places, months]: the counts of weeks, summed to whole months."""
    ends = np.round(np.arange(counts.shape[1] // A_MONTH + 1) * A_MONTH).astype(int)
    total = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1)
    return np.asarray(np.diff(total[:, ends], axis=1))


def _past(rng: np.random.Generator, places: int, weeks: int) -> Floats:
    base = np.exp(_between(rng, 0.01, 0.4) + rng.normal(0, 0.4, (places, 1)))
    level = np.exp(_between(rng, 3, 3000) + rng.normal(0, 1.0, (places, 1)))
    drift = np.cumsum(rng.normal(0, rng.uniform(0, 0.02), (1, weeks)), axis=1)
    noise = memory(rng, 1, rng.uniform(0.01, 0.06), rng.uniform(0.3, 0.9), weeks)
    noise = noise + memory(rng, places, rng.uniform(0.02, 0.15), rng.uniform(0.1, 0.8), weeks)
    expected = (_waves(rng, places, weeks) + base) * level * np.exp(noise + drift)
    evenness = float(np.exp(_between(rng, 8, 500)))
    return rng.poisson(rng.gamma(evenness, expected / evenness)).astype(float)


def _waves(rng: np.random.Generator, places: int, weeks: int) -> Floats:
    """[places, weeks]: the sum of all waves, of which a usual one peaks at 1."""
    count = rng.poisson(rng.uniform(0.7, 4.0) * (weeks + 2 * EDGE) / 52)
    usual = _between(rng, 0.06, 0.6)
    rise = np.clip(np.exp(usual + rng.normal(0, 0.4, (count, 1, 1))), 0.04, 0.9)
    fall = rise * np.exp(rng.uniform(np.log(0.5), np.log(1.2), (count, 1, 1)))
    apart, spread, share = rng.uniform(0.3, 6.0), rng.uniform(0.3, 1.2), rng.uniform(0.5, 1.0)
    top = rng.uniform(-EDGE, weeks + EDGE, (count, 1, 1)) + rng.normal(0, apart, (count, places, 1))
    size = np.exp(rng.normal(0, spread, (count, 1, 1)) + rng.normal(0, 0.4, (count, places, 1)))
    size = size * (rng.random((count, places, 1)) < share)
    since = np.arange(weeks) - top
    steep = np.clip(np.abs(since) * np.where(since < 0, rise, fall) / 2, 0, 20)
    return np.asarray((size / np.cosh(steep) ** 2).sum(axis=0))


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """A logarithm, drawn evenly between those of two numbers."""
    return float(rng.uniform(np.log(low), np.log(high)))
