"""A forecaster that has learnt from all places of the panel together, up to the day it is asked and no further."""

from __future__ import annotations

import numpy as np

from khien.watch.forecast.features import Cases, Scaled, cases, from_last, newest, season_of
from khien.watch.forecast.forest import fit
from khien.watch.forecast.frames import LEVELS, Floats, Panel

SLOWER = (1.4, 2.0)  # the same history, played so many times slower
SLOWER_WEIGHT = 0.5
FEW_YEARS = 5  # below it seasons are too few to learn the calendar from, and slower copies are added
MOST_ROWS = 40_000
LEAST_ROWS = 200


def pooled(
    panel: Panel, space: Scaled, whole: Floats, steps: tuple[int, ...], levels: Floats = LEVELS, seed: int = 0
) -> Floats | None:
    """Quantiles [places, steps, levels] of z; None where the history is too short to learn from."""
    years = panel.periods / panel.a_year
    calendar = season_of(panel, steps, space.z.shape[1]) if years >= FEW_YEARS else None
    found = [(cases(space.z, whole, steps, calendar), 1.0)]
    if years < FEW_YEARS:
        for factor in SLOWER:
            slow = cases(slowed(space.z, factor), slowed(whole, factor), steps)
            found.append((slow, SLOWER_WEIGHT / factor))
    rows, weight = _together(found, seed)
    if len(rows.came) < LEAST_ROWS:
        return None
    model = fit(rows.seen, rows.came, rows.steps, weight, seed=seed)
    ahead = np.repeat(np.array(steps), len(space.z))
    change = model(newest(space.z, whole, steps, calendar), ahead, levels)
    return from_last(space, change, steps)


def slowed(z: Floats, factor: float) -> Floats:
    """The series [places, periods] at `factor` times as many periods, joined by straight lines."""
    last = z.shape[1] - 1
    at = np.arange(int(last * factor) + 1) / factor
    low = np.minimum(at.astype(int), max(last - 1, 0))
    part = at - low
    return np.asarray(z[:, low] * (1 - part) + z[:, np.minimum(low + 1, last)] * part)


def _together(found: list[tuple[Cases, float]], seed: int) -> tuple[Cases, Floats]:
    """All cases with their weights; of very many an even draw, which weighs as much as all."""
    parts = [part for part, _ in found]
    weight = np.concatenate([np.full(len(part.came), w) for part, w in found])
    joined = [np.concatenate(columns) for columns in zip(*(_columns(p) for p in parts), strict=True)]
    if len(weight) > MOST_ROWS:
        keep = np.sort(np.random.default_rng(seed).choice(len(weight), MOST_ROWS, replace=False))
        joined, weight = [column[keep] for column in joined], weight[keep]
    return Cases(*joined), weight


def _columns(part: Cases) -> tuple[Floats, ...]:
    return part.seen, part.came, part.steps, part.place, part.period  # type: ignore[return-value]
