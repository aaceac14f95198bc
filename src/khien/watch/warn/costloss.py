"""When to act on a probability: the cost-loss rule, and what forecasts were worth to those who followed it.

A user who can protect for a cost C what would otherwise lose L acts when p > C / L (Murphy 1977; Richardson 2000). See
docs/methods/warnings.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """A threshold and how it would have done.

    Attributes:
        threshold: act when the probability is above it.
        ratio: C / L.
        hits, false_alarms, misses, quiet: counts over the record.
        false_alarm_rate: false alarms / occasions on which nothing happened; None without such occasions.
        value: relative economic value against always doing the same (climatology): 1 perfect, 0 no better, negative
            worse; None where everything or nothing happened.
        limited: the false-alarm budget, and not C / L, decided.
    """

    threshold: float
    ratio: float
    hits: int
    false_alarms: int
    misses: int
    quiet: int
    false_alarm_rate: float | None
    value: float | None
    limited: bool


def act(probability: float, cost: float, loss: float) -> bool:
    """Whether to protect: p > C / L. A cost of 0 always pays unless p is 0; a cost from L on never does."""
    return probability > cost_ratio(cost, loss)


def cost_ratio(cost: float, loss: float) -> float:
    """C / L. Raises ValueError unless cost is finite and not negative and loss finite and positive."""
    if not (np.isfinite(cost) and np.isfinite(loss) and cost >= 0 and loss > 0):
        raise ValueError("cost must be at least 0 and loss above 0")
    return cost / loss


def value(probabilities: ArrayLike, happened: ArrayLike, ratio: float, threshold: float | None = None) -> float | None:
    """Relative economic value of acting when the probability is above the threshold (C / L unless given).

    Args:
        probabilities: shape (n,), 0 to 1.
        happened: shape (n,), true where the event came.
        ratio: C / L, inside 0 to 1.

    Returns:
        (E_climatology - E_forecast) / (E_climatology - E_perfect); None where the record cannot tell.
    """
    p, y = _record(probabilities, happened)
    if not 0 < ratio < 1:
        raise ValueError("C / L must lie inside 0 to 1")
    acts = p > (ratio if threshold is None else threshold)
    base = float(y.mean())
    climate, perfect = min(ratio, base), base * ratio
    if climate <= perfect:
        return None
    expense = ratio * float(acts.mean()) + float((y & ~acts).mean())
    return (climate - expense) / (climate - perfect)


def choose(
    probabilities: ArrayLike, happened: ArrayLike, cost: float, loss: float, *, budget: float | None = None
) -> Choice:
    """The threshold to act on, from a record of forecasts and what came.

    Args:
        budget: greatest false-alarm rate that is borne; where C / L gives more, the threshold is raised to the least
            one that keeps it.

    Raises:
        ValueError: cost, loss, budget or record are not as said.
    """
    p, y = _record(probabilities, happened)
    ratio = cost_ratio(cost, loss)
    if budget is not None and not 0 <= budget <= 1:
        raise ValueError("the false-alarm budget is a share, 0 to 1")
    threshold, limited = ratio, False
    if budget is not None and _rate(p > ratio, y) > budget:
        threshold, limited = _within(p, y, budget, ratio), True
    acts = p > threshold
    return Choice(
        threshold=threshold,
        ratio=ratio,
        hits=int((acts & y).sum()),
        false_alarms=int((acts & ~y).sum()),
        misses=int((~acts & y).sum()),
        quiet=int((~acts & ~y).sum()),
        false_alarm_rate=_rate(acts, y) if (~y).any() else None,
        value=value(p, y, ratio, threshold) if 0 < ratio < 1 else None,
        limited=limited,
    )


def _within(p: Array, y: NDArray[np.bool_], budget: float, ratio: float) -> float:
    """The least threshold from `ratio` on whose false-alarm rate keeps the budget: one of the probabilities issued."""
    for threshold in np.unique(p[p >= ratio]):
        if _rate(p > threshold, y) <= budget:
            return float(threshold)
    return 1.0


def _rate(acts: NDArray[np.bool_], y: NDArray[np.bool_]) -> float:
    quiet = int((~y).sum())
    return float((acts & ~y).sum()) / quiet if quiet else 0.0


def _record(probabilities: ArrayLike, happened: ArrayLike) -> tuple[Array, NDArray[np.bool_]]:
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(happened, dtype=bool)
    if p.ndim != 1 or p.shape != y.shape or not len(p):
        raise ValueError("probabilities and outcomes must be two lists of the same length, not empty")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("probabilities must lie in 0 to 1")
    return p, y
