"""A forecaster that has seen only made-up waves without a calendar: what illnesses do, whatever the time of the year.

It works on plain logarithms, so that a growth of a tenth a week means the same whatever the place has been through:
the range that a place will run through is not known yet where its series has just begun.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from khien.watch.forecast import waves
from khien.watch.forecast.features import LEAST_PERIODS, Scaled, features, filled
from khien.watch.forecast.forest import QuantileForest, fit
from khien.watch.forecast.frames import LEVELS, Every, Floats, Ints, Panel
from khien.watch.forecast.series import unit_of

PASTS: Final = 120
PLACES: Final = 4
WEEKS: Final = {"week": 104, "month": 312}
"""Weeks that each past is long, where no more is asked."""
SPARE: Final = 40  # periods that a past is longer, at the least, than the furthest that is asked
BEGUN: Final = 2  # times that each past is also seen when it had just begun
MOST_ROWS: Final = 40_000
Rows = tuple[Floats, Floats, Ints]


def endemic(panel: Panel, space: Scaled, steps: tuple[int, ...], levels: Floats = LEVELS) -> Floats:
    """Quantiles [places, steps, levels] of the values; from a single period on."""
    known = panel.values[np.isfinite(panel.values)]
    unit = unit_of(known) if len(known) else 1.0
    values = filled(panel.values)
    z = np.log1p(values / unit)
    whole = z[panel.total : panel.total + 1] if panel.total is not None else _sum(values / unit)
    seen = np.nan_to_num(features(z, whole, levels=False)[:, -1])
    # Learnt for no more than is asked: what comes later is less sure, and would widen what is said of tomorrow.
    model = learnt(tuple(range(1, max(steps) + 1)), panel.every)
    change = model(np.concatenate([seen] * len(steps)), np.repeat(np.array(steps), len(z)), levels)
    by_place = change.reshape(len(steps), len(z), -1).transpose(1, 0, 2)
    made = np.expm1(np.minimum(z[:, -1][:, None, None] + by_place, 60.0)) * unit
    return np.asarray(np.clip(made, 0.0, (space.most * space.size)[:, :, None]))


@lru_cache(maxsize=4)
def learnt(steps: tuple[int, ...], every: Every, seed: int = 1) -> QuantileForest:
    """The forecaster for so many periods ahead; made once a process, the same for every place and date."""
    rng = np.random.default_rng(seed)
    found: list[Rows] = []
    weeks = max(WEEKS[every], math.ceil((max(steps) + SPARE) * (waves.A_MONTH if every == "month" else 1)))
    for counts in waves.pasts(PASTS, PLACES, weeks, seed):
        series = waves.months(counts) if every == "month" else counts
        whole = _sum(series)
        z = np.concatenate([whole, np.log1p(series)])
        found.append(_rows(z, steps))
        found += [_just_begun(z, steps, rng) for _ in range(BEGUN)]
    seen, came, ahead = (np.concatenate(column) for column in zip(*found, strict=True))
    keep = np.flatnonzero(np.isfinite(seen).all(axis=1) & np.isfinite(came))
    if len(keep) > MOST_ROWS:
        keep = np.sort(rng.choice(keep, MOST_ROWS, replace=False))
    return fit(seen[keep], came[keep], ahead[keep], np.ones(len(keep)), leaf=15, seed=seed)


def _sum(values: Floats) -> Floats:
    """[1, periods]: logarithm of all places together."""
    return np.asarray(np.log1p(values.sum(axis=0, keepdims=True)))


def _rows(z: Floats, steps: tuple[int, ...]) -> Rows:
    """Every second period of a past, for all places and steps; fewer of them where many steps are asked."""
    seen = features(z, z[:1], levels=False)
    parts = []
    for step in steps:
        at = np.arange(8, z.shape[1] - step, max(2, len(steps) // 16))
        came = (z[:, at + step] - z[:, at]).ravel()
        parts.append((seen[:, at].reshape(len(came), -1), came, np.full(len(came), step)))
    x, y, ahead = (np.concatenate(column) for column in zip(*parts, strict=True))
    return x, y, ahead


def _just_begun(z: Floats, steps: tuple[int, ...], rng: np.random.Generator) -> Rows:
    """A past of which only the last few periods are known, as a series looks that has just begun."""
    count = int(rng.integers(2, LEAST_PERIODS))
    begin = int(rng.integers(0, z.shape[1] - LEAST_PERIODS - max(steps)))
    part = z[:, begin : begin + count]
    longer = np.concatenate([np.repeat(part[:, :1], LEAST_PERIODS - count, axis=1), part], axis=1)
    seen = features(longer, longer[:1], levels=False)[:, -1]
    last = begin + count - 1
    came = np.concatenate([z[:, last + step] - z[:, last] for step in steps])
    return np.concatenate([seen] * len(steps)), came, np.repeat(np.array(steps), len(z))
