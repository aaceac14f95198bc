"""How durations and costs are drawn: the spread of the planning values, cut to tables that random bits look up.

Method page: docs/methods/stress.md.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import betainc

from khien.programme.planned import pert_quantile
from khien.stress.core.model import COST_STEPS, TIME_BITS, Ints, Reals


def duration_steps(low: int, mode: int, high: int, ran: int = 0) -> tuple[int, list[int]]:
    """Least duration, and the places in 2**20 from which on it is a quarter longer, and another, and so on.

    The duration is the PERT-beta spread over low, mode and high, rounded up to whole quarters, at least 1;
    `ran` quarters of it are over, so that only longer ones are possible.
    """
    if high <= max(low, ran + 1):
        return max(1, high, ran + 1), []
    alpha, beta = 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)
    first = max(low, ran + 1)
    shares = betainc(alpha, beta, np.clip((np.arange(first, high) - low) / (high - low), 0, 1))
    gone = float(betainc(alpha, beta, min(1.0, max(0.0, (ran - low) / (high - low))))) if ran else 0.0
    places = np.rint((shares - gone) / (1 - gone) * 2**TIME_BITS).astype(np.int64)
    return max(1, first), places.tolist()


def cost_tables(options: pl.DataFrame) -> Reals:
    """Cost in million VND of every row at 0, 1/128, ... 1 of its spread, [rows, 129]."""
    three = [options[f"cost_{part}_mvnd"].to_numpy().astype(np.float64) for part in ("low", "mode", "high")]
    shares = np.linspace(0, 1, COST_STEPS + 1)
    table = np.empty((len(options), COST_STEPS + 1))
    for x, share in enumerate(shares):
        table[:, x] = pert_quantile(three[0], three[1], three[2], float(share))
    return table


def places_of(share: float | None, bits: int) -> int:
    """A chance as the number of places in 2**bits at which it comes true; none where it is not known."""
    return 0 if share is None else round(share * 2**bits)


def constant_tables(costs: Ints) -> Reals:
    """Tables for costs that are not drawn."""
    return np.repeat(costs.astype(np.float64)[:, None], COST_STEPS + 1, axis=1)
