"""What committed projects take at the planning quantile: duration, and money by quarter.

The same rules as in the room `plan`, needed here because
 a commitment that breaks a limit is an error of the input.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import numpy as np
import polars as pl

from khien.programme.settings import Settings

_NOISE: Final = {"duration": 1e-9, "cost": 1e-6}
_UNITS: Final = {"duration": "quarters", "cost": "mvnd"}


def planning_values(options: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """`id`, `project`, `duration` (quarters, at least 1) and `cost` (million VND) of readable options."""
    names = [f"{stem}_{part}_{_UNITS[stem]}" for stem in _UNITS for part in ("low", "mode", "high")]
    good = options.drop_nulls(["id", "project", *names]).filter(
        *(
            (pl.col(f"{stem}_low_{unit}") <= pl.col(f"{stem}_mode_{unit}"))
            & (pl.col(f"{stem}_mode_{unit}") <= pl.col(f"{stem}_high_{unit}"))
            for stem, unit in _UNITS.items()
        )
    )
    values = {stem: _rounded_up(good, stem, settings.planning_quantile) for stem in _UNITS}
    return good.select("id", "project").with_columns(
        pl.Series("duration", np.maximum(1, values["duration"])), pl.Series("cost", values["cost"])
    )


def _rounded_up(
    options: pl.DataFrame, stem: str, share: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Quantile of PERT-beta(low, mode, high), rounded up to a whole unit."""
    from scipy.special import betaincinv  # slow to import, and only needed where something is committed

    low, mode, high = (
        options[f"{stem}_{part}_{_UNITS[stem]}"].to_numpy().astype(np.float64)
        for part in ("low", "mode", "high")
    )
    width = np.where(high > low, high - low, 1.0)
    unit = betaincinv(1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width, share)
    return np.ceil(np.where(high > low, low + width * unit, low) - _NOISE[stem]).astype(np.int64)


def charges(
    cost: int, duration: int, profile: str | None, start: int, spent: int | None
) -> Iterator[tuple[int, int]]:
    """Quarter and amount for every quarter from 0 on that a committed project is charged.

    Args:
        cost, duration: planning values, million VND and quarters.
        profile: shares over equal parts of the run, or None for even.
        start: first quarter of the run; negative when it lies before the horizon.
        spent: million VND spent so far; None when unknown.
    """
    first = max(0, start)
    left = start + duration - first
    if left <= 0:
        return
    if spent is None:
        amounts = spread(cost, duration, profile)[duration - left :]
    else:
        amounts = spread(max(0, cost - spent), left, profile)
    yield from enumerate(amounts, first)


def spread(cost: int, duration: int, profile: str | None) -> list[int]:
    """Whole million VND by quarter of the run; the sum is the cost."""
    shares = [Decimal(part.strip()) for part in (profile or "1").split(";")]
    whole = sum(shares)
    reached = [sum(shares[:n], Decimal(0)) for n in range(len(shares) + 1)]
    done = 0
    amounts = []
    for quarter in range(1, duration + 1):
        part, rest = divmod(quarter * len(shares), duration)
        share = reached[part] + (shares[part] * rest / duration if rest else 0)
        total = cost if quarter == duration else int(cost * share / whole + Decimal("1e-12"))
        amounts.append(total - done)
        done = total
    return amounts
