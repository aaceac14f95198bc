"""A forecaster that has seen only made-up seasons: it knows what epidemics do, and nothing of this place."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from khien.watch.forecast import epidemics
from khien.watch.forecast.features import Scaled, cases, from_last, newest, span, weeks_from
from khien.watch.forecast.forest import QuantileForest, fit
from khien.watch.forecast.frames import LEVELS, Floats, Panel

SEASONS, PLACES, FLOOR = 150, 4, 0.05
USUAL = 5  # weeks ahead that are learnt at once: a late report asks for one more than usual
WINTER_HOLIDAY = (12, 25)


@lru_cache(maxsize=4)
def learnt(steps: tuple[int, ...], seed: int = 1) -> QuantileForest:
    """The forecaster for so many weeks ahead; made once a process, the same for every place and date."""
    seen, came, ahead = [], [], []
    weeks = np.arange(epidemics.WEEKS) - epidemics.HOLIDAY
    for rates in epidemics.seasons(SEASONS, PLACES, seed):
        z = np.log(rates + FLOOR)
        z = z / span(z)
        found = cases(z, z[:1], steps, _calendar(np.tile(weeks, (len(z), 1)).astype(float), steps))
        seen.append(found.seen)
        came.append(found.came)
        ahead.append(found.steps)
    rows = np.concatenate(came)
    return fit(np.concatenate(seen), rows, np.concatenate(ahead), np.ones(len(rows)), leaf=15, seed=seed)


def _calendar(weeks: Floats, steps: tuple[int, ...]) -> Floats:
    """[steps, places, periods, 2]: weeks from the winter holiday, now and at the target."""
    now = np.clip(weeks, -26, 26)
    return np.stack([np.stack([now, np.clip(weeks + step, -26, 26)], axis=-1) for step in steps])


def prior(panel: Panel, space: Scaled, whole: Floats, steps: tuple[int, ...], levels: Floats = LEVELS) -> Floats:
    """Quantiles [places, steps, levels] of z; weekly panels of the northern winter only."""
    periods = space.z.shape[1]
    weeks = np.array([weeks_from(panel.at(i - periods + 1), WINTER_HOLIDAY) for i in range(periods)])
    extra = _calendar(np.tile(weeks, (len(space.z), 1)), steps)
    asked = newest(space.z, whole, steps, extra)
    ahead = np.repeat(np.array(steps), len(space.z))
    change = learnt(tuple(range(1, max(USUAL, *steps) + 1)))(asked, ahead, levels)
    return from_last(space, change, steps)
