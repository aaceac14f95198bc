"""Several forecasts of the same thing put together, and the result widened or narrowed by its own record."""

from __future__ import annotations

import numpy as np

from khien.watch.forecast.frames import LEVELS, Floats

GRID = np.linspace(0.002, 0.998, 250)
SHARPNESS = 4.0  # a model that was twice as bad counts 1/16
BEFORE = 200.0  # tasks that equal weights count for, where nothing else is said
LEAST, MOST = 0.8, 2.0  # how much an interval may shrink or grow


def averaged(forecasts: list[Floats], weights: Floats | None = None) -> Floats:
    """Quantile by quantile the weighted mean [..., levels]."""
    return np.asarray(np.average(np.stack(forecasts), axis=0, weights=weights))


def pool(forecasts: list[Floats], weights: Floats | None = None, levels: Floats = LEVELS) -> Floats:
    """Quantiles [..., levels] of the mixture of the distributions: wider than the mean where models disagree."""
    shares = np.full(len(forecasts), 1 / len(forecasts)) if weights is None else weights / weights.sum()
    flat = [f.reshape(-1, len(levels)) for f in forecasts]
    out = np.empty_like(flat[0])
    rank = np.concatenate([np.full(len(GRID), w / len(GRID)) for w in shares])
    for row in range(len(out)):
        sample = np.concatenate([np.interp(GRID, levels, f[row]) for f in flat])
        order = np.argsort(sample)
        w = rank[order]
        out[row] = np.interp(levels, np.cumsum(w) - w / 2, sample[order])
    return out.reshape(forecasts[0].shape)


def weights_by_record(losses: Floats, before: float = BEFORE) -> Floats:
    """Weights [models] from past scores [tasks, models], all of the same tasks; equal while there are none.

    A model weighs as its mean score to the power -4, drawn towards equal weights by as much as `before` tasks would.
    """
    known = losses[np.isfinite(losses).all(1)]
    models = losses.shape[1]
    equal = np.full(models, 1 / models)
    if not len(known):
        return equal
    mean = np.maximum(known.mean(0), 1e-12)
    own = (mean / mean.min()) ** -SHARPNESS
    own /= own.sum()
    trust = len(known) / (len(known) + before)
    return np.asarray(trust * own + (1 - trust) * equal)


def stretch(past: Floats, outcome: Floats, levels: Floats = LEVELS, before: float = 300.0) -> Floats:
    """Factors [levels // 2] by which each central interval, outermost first, must grow to have covered as it says.

    Args:
        past: forecasts [tasks, levels] on a scale on which widths compare (logarithms).
        outcome: what came [tasks].
        levels: probabilities, symmetric about the median.
        before: tasks that a factor of 1 counts for.
    """
    half = len(levels) // 2
    middle = past[:, half]
    known = np.isfinite(past).all(1) & np.isfinite(outcome)
    factors = np.ones(half)
    if known.sum() < 30:
        return factors
    for i in range(half):
        up = np.maximum(past[:, -1 - i] - middle, 1e-9)
        down = np.maximum(middle - past[:, i], 1e-9)
        off = outcome - middle
        need = np.where(off >= 0, off / up, -off / down)[known]
        wanted = float(np.quantile(need, 1 - 2 * levels[i]))
        trust = known.sum() / (known.sum() + before)
        factors[i] = np.clip(np.exp(trust * np.log(max(wanted, 1e-3))), LEAST, MOST)
    return factors


def stretched(forecast: Floats, factors: Floats) -> Floats:
    """The forecast [..., levels], every quantile's distance from the median times its interval's factor, in order."""
    half = len(factors)
    middle = forecast[..., half : half + 1]
    by = np.concatenate([factors, [1.0], factors[::-1]])
    return np.asarray(np.sort(middle + (forecast - middle) * by, axis=-1))
