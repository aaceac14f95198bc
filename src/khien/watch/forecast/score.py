"""The one scorer: training, backtests, the ledger and the pages all ask here.

Formulas, a table by hand and sources: docs/methods/scores.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from khien.watch.forecast.frames import LEVELS, Floats

MEDIAN = len(LEVELS) // 2
INNER = (6, 16)  # 25 % and 75 %
OUTER = (1, 21)  # 2.5 % and 97.5 %


def pinball(outcome: Floats, quantiles: Floats, levels: Floats = LEVELS) -> Floats:
    """Twice the pinball loss of every quantile: [..., levels] for outcomes [...] and quantiles [..., levels]."""
    off = outcome[..., None] - quantiles
    return np.asarray(2 * np.maximum(levels * off, (levels - 1) * off))


def wis(outcome: Floats, quantiles: Floats, levels: Floats = LEVELS) -> Floats:
    """Weighted interval score [...]: the mean over levels of twice the pinball loss, in the unit of the outcome.

    NaN where the outcome or a quantile is missing. With ever more levels it tends to the CRPS.
    """
    return np.asarray(pinball(outcome, quantiles, levels).mean(-1))


def crps(outcome: Floats, sample: Floats) -> Floats:
    """Continuous ranked probability score [...] of a sample [..., n]: E|X - y| - E|X - X'| / 2."""
    n = sample.shape[-1]
    ordered = np.sort(sample, axis=-1)
    rank = 2 * np.arange(1, n + 1) - n - 1
    spread = (ordered * rank).sum(-1) / n**2
    return np.asarray(np.abs(sample - outcome[..., None]).mean(-1) - spread)


def brier(happened: Floats, probability: Floats) -> Floats:
    """Squared distance of a probability from what happened (0 or 1)."""
    return np.asarray((probability - happened) ** 2)


def log_score(happened: Floats, probability: Floats, floor: float = 1e-6) -> Floats:
    """Minus the logarithm of the probability given to what happened; never below the floor, so that it is finite."""
    given = np.where(happened > 0.5, probability, 1 - probability)
    return np.asarray(-np.log(np.clip(given, floor, 1.0)))


def covered(outcome: Floats, quantiles: Floats, pair: tuple[int, int]) -> Floats:
    """1 where the outcome lies within two of the quantiles, both included, 0 elsewhere, NaN where one is missing."""
    low, high = quantiles[..., pair[0]], quantiles[..., pair[1]]
    inside = (outcome >= low) & (outcome <= high)
    return np.asarray(np.where(np.isfinite(outcome) & np.isfinite(low) & np.isfinite(high), inside, np.nan))


@dataclass(frozen=True, slots=True)
class Score:
    """How good forecasts were over all tasks that both they and the baseline answered.

    Attributes:
        tasks: how many outcomes were forecast.
        wis: mean weighted interval score, in the unit of the outcome.
        relative: the same divided by that of the baseline on the same tasks; NaN without a baseline.
        log_relative: the same on log(value + 1).
        mae: mean absolute error of the median.
        cover50, cover95: shares of outcomes within the central 50 % and 95 %.
    """

    tasks: int
    wis: float
    relative: float
    log_relative: float
    mae: float
    cover50: float
    cover95: float


def score(outcome: Floats, quantiles: Floats, baseline: Floats | None = None) -> Score:
    """Score of forecasts [..., 23] for outcomes [...]; tasks with anything missing count for neither side."""
    loss = wis(outcome, quantiles)
    other = loss if baseline is None else wis(outcome, baseline)
    known = np.isfinite(loss) & np.isfinite(other)
    if not known.any():
        return Score(0, *[float("nan")] * 6)
    y, q = outcome[known], quantiles[known]
    relative = log_relative = float("nan")
    if baseline is not None:
        relative = _ratio(loss[known], other[known])
        b = baseline[known]
        log_relative = _ratio(wis(np.log1p(y), np.log1p(q)), wis(np.log1p(y), np.log1p(b)))
    return Score(
        int(known.sum()),
        float(loss[known].mean()),
        relative,
        log_relative,
        float(np.abs(y - q[:, MEDIAN]).mean()),
        float(np.nanmean(covered(y, q, INNER))),
        float(np.nanmean(covered(y, q, OUTER))),
    )


def _ratio(ours: Floats, theirs: Floats) -> float:
    below = float(theirs.sum())
    return float(ours.sum()) / below if below > 0 else float("nan")
