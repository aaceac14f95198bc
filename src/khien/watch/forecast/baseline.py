"""The two baselines that stand next to every forecast: as it is now, and as it was at this time of the year."""

from __future__ import annotations

from datetime import date

import numpy as np

from khien.watch.forecast.features import filled
from khien.watch.forecast.frames import LEVELS, Floats, Panel

DRAWS = 4000


def persistence(panel: Panel, steps: tuple[int, ...], levels: Floats = LEVELS, seed: int = 0) -> Floats:
    """Quantiles [places, steps, levels]: the last value, spread by the series' own past changes in both directions.

    The median stays at the last value; each step adds a change drawn from all changes so far and their opposites,
    as the baselines of the forecast hubs do. Never below 0.
    """
    values = filled(panel.values)
    rng = np.random.default_rng(seed)
    out = np.empty((len(values), len(steps), len(levels)))
    for place, series in enumerate(values):
        change = np.diff(series)
        both = np.concatenate([change, -change])
        sample = np.zeros(DRAWS)
        for step in range(1, max(steps) + 1):
            sample = sample + rng.choice(both, DRAWS)
            sample -= np.median(sample)
            if step in steps:
                out[place, steps.index(step)] = series[-1] + np.quantile(sample, levels)
    return np.maximum(out, 0.0)


def climatology(panel: Panel, steps: tuple[int, ...], levels: Floats = LEVELS, around: int | None = None) -> Floats:
    """Quantiles [places, steps, levels] of what earlier years had at this time of year.

    Args:
        panel: what is known.
        steps: periods ahead.
        levels: probabilities.
        around: periods on either side that count too; left out, 1 for weeks and 0 for months.

    A place with no earlier year gets the quantiles of all its values; one without values NaN.
    """
    wide = (1 if panel.every == "week" else 0) if around is None else around
    days = panel.dates()
    a_year = panel.a_year
    out = np.full((len(panel.places), len(steps), len(levels)), np.nan)
    for j, step in enumerate(steps):
        target = panel.at(step)
        same = np.array([_apart(day, target, a_year) <= wide for day in days])
        for place, series in enumerate(panel.values):
            known = series[same & np.isfinite(series)]
            if len(known) < 2:
                known = series[np.isfinite(series)]
            if len(known):
                out[place, j] = np.quantile(known, levels)
    return out


def _apart(day: date, target: date, a_year: int) -> int:
    """Periods between two times of the year, the short way round."""
    if a_year == 12:
        off = abs(day.month - target.month)
        return int(min(off, 12 - off))
    off = abs(day.timetuple().tm_yday - target.timetuple().tm_yday)
    return round(min(off, 365 - off) / 7)
