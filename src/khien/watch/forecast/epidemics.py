"""Made-up seasons of a winter epidemic: what may happen before any season of the place itself was seen.

One or two waves of the SIR model in a nation and a few of its places, with a dent at the winter holiday,
background, uneven reporting and counting noise; every property is drawn anew for each season, widely.
The ranges and where they come from: docs/methods/forecasts.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from khien.watch.forecast.frames import Floats

WEEKS = 52
HOLIDAY = 21  # week of a season in which 25 December falls
RECOVERY = 2.0  # a week: an infection lasts half a week
PARTS = 4  # steps of the simulation a week
LONGEST = 110  # weeks that one wave is followed


@dataclass(frozen=True, slots=True)
class Habits:
    """How one season is reported: noise in growth and level, shared and of each place."""

    shared: float
    shared_memory: float
    own: float
    own_memory: float
    evenness: float  # shape of the gamma that makes counts more uneven than Poisson


def seasons(count: int = 120, places: int = 5, seed: int = 1) -> Floats:
    """[count, 1 + places, 52]: rates per 100,000 and week; the nation first, which is the sum of its places."""
    rng = np.random.default_rng(seed)
    return np.stack([_season(rng, places) for _ in range(count)])


def _season(rng: np.random.Generator, places: int) -> Floats:
    habits = Habits(
        rng.uniform(0.01, 0.05), rng.uniform(0.4, 0.9), rng.uniform(0.02, 0.09), rng.uniform(0.2, 0.8),
        float(np.exp(rng.uniform(np.log(40), np.log(800)))),
    )  # fmt: skip
    first = rng.normal(22, 6)
    shape = _waves(rng, places, first)
    level = np.exp(rng.normal(np.log(7.0), 0.5)) * np.exp(rng.normal(0, 0.35, (places, 1)))
    base = np.exp(rng.normal(np.log(0.25), 0.6)) * np.exp(rng.normal(0, 0.4, (places, 1)))
    people = np.exp(rng.normal(np.log(4e6), 0.9, (places, 1)))
    noise = memory(rng, 1, habits.shared, habits.shared_memory) + memory(rng, places, habits.own, habits.own_memory)
    expected = (shape * level + base) * np.exp(noise) * people / 1e5
    counted = rng.poisson(rng.gamma(habits.evenness, expected / habits.evenness)).astype(float)
    rates = np.concatenate([counted.sum(0, keepdims=True) / people.sum(), counted / people])
    return np.asarray(rates * 1e5)


def _waves(rng: np.random.Generator, places: int, first: float) -> Floats:
    """[places, weeks]: one wave that peaks at 1, and mostly a second one, later and smaller."""
    dent = np.zeros(WEEKS)
    holiday = rng.uniform(0, 0.5)
    dent[HOLIDAY : HOLIDAY + 3] = rng.uniform(0, 0.15), -0.6 * holiday, -0.4 * holiday
    second = rng.uniform(0, 0.7) if rng.random() < 0.8 else 0.0
    total = np.zeros((places, WEEKS))
    waves = (
        (1.0, rng.uniform(0.2, 0.75), first, rng.uniform(0, 3)),
        (second, rng.uniform(0.15, 0.5), first + rng.uniform(4, 14), rng.uniform(0, 3)),
    )
    for share, growth, peak, uneven in waves:
        if share == 0:
            continue
        for row in total:
            top = peak + rng.normal(0, 2.0)
            logs = _wave(growth * np.exp(rng.normal(0, 0.15)), uneven)
            at = np.arange(WEEKS) - top + int(logs.argmax())
            curve = np.interp(at, np.arange(len(logs)), logs, left=-30.0, right=-30.0) - logs.max()
            late = 1.0 if top > HOLIDAY - 2 else 0.6
            row += share * np.exp(rng.normal(0, 0.3)) * np.exp(np.clip(curve + late * np.cumsum(dent), -12.0, 1.0))
    return total


def _wave(growth: float, uneven: float) -> Floats:
    """Logarithm of weekly new cases of an SIR epidemic that first grows by `growth` a week.

    `uneven`: how much sooner those fall ill who meet many: infections go with S to the power 1 + uneven.
    """
    susceptible, ill = 1.0, 1e-6
    new = np.zeros(LONGEST * PARTS)
    for i in range(len(new)):
        new[i] = (growth + RECOVERY) * susceptible ** (1 + uneven) * ill / PARTS
        susceptible -= new[i]
        ill += new[i] - RECOVERY * ill / PARTS
    return np.asarray(np.log(np.maximum(new.reshape(LONGEST, PARTS).sum(1), 1e-12)))


def memory(rng: np.random.Generator, rows: int, noise: float, lasting: float, weeks: int = WEEKS) -> Floats:
    """[rows, weeks]: noise of which a part lasts from one week to the next."""
    drawn = rng.normal(0, noise, (rows, weeks))
    drawn[:, 0] = 0
    for week in range(1, weeks):
        drawn[:, week] += lasting * drawn[:, week - 1]
    return drawn
