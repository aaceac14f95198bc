"""What is left of each product while everything foreign is cut.

Method page: docs/methods/self-reliance.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from khien.programme import Programme
from khien.reliance.horizon import NEVER, Horizon, horizon

MONTHS_PER_QUARTER = 3.0


def kept_share(
    months: ArrayLike, lost_share: ArrayLike, quarter_of_cut: ArrayLike, cut_quarters: int
) -> NDArray[np.float64]:
    """Share of a quarter's output that is kept when one thing is cut.

    Parameters
    ----------
    months : array_like
        How long stocks (or the last foreign assurance) last, counted from the first day of the cut.
    lost_share : array_like
        Share of output lost once they have run out, 0 to 1.
    quarter_of_cut : array_like
        Quarters since the cut began, 0 for its first.
    cut_quarters : int
        How long the cut lasts; after it nothing is lost.

    Returns
    -------
    numpy.ndarray
        f + (1 - f)(1 - lost), where f is the part of the quarter that stocks cover.
    """
    q = np.asarray(quarter_of_cut, dtype=np.float64)
    lasts = np.asarray(months, dtype=np.float64) - MONTHS_PER_QUARTER * q
    covered = np.clip(lasts / MONTHS_PER_QUARTER, 0.0, 1.0)
    kept = covered + (1.0 - covered) * (1.0 - np.asarray(lost_share, dtype=np.float64))
    return np.where(q >= cut_quarters, 1.0, kept)


def retained_matrix(
    table: pl.DataFrame, held_from: Mapping[str, int], when: Horizon, cut_quarters: int
) -> tuple[list[str], NDArray[np.float64]]:
    """Products in the order of `table`, and the share each retains in every quarter.

    `table` is what `dependencies` gives; `held_from` the first quarter in which a subject is held
    at home (a missing subject never is).
    """
    if table.is_empty():
        return [], np.ones((0, when.quarters))
    names = table["product"].to_list()
    starts = [i for i, name in enumerate(names) if i == 0 or name != names[i - 1]]
    ends_at = np.array([held_from.get(s, NEVER) if s is not None else NEVER for s in table["removed_by"]])
    months, lost = table["months"].to_numpy(), table["lost_share"].to_numpy()
    by_step = {q: kept_share(months, lost, q, cut_quarters) for q in sorted(set(when.into_year.tolist()))}
    kept = np.empty((len(starts), when.quarters))
    for t, q in enumerate(when.into_year.tolist()):
        kept[:, t] = np.minimum.reduceat(np.where(t < ends_at, by_step[q], 1.0), starts)
    return [names[i] for i in starts], kept


def retained(programme: Programme, table: pl.DataFrame, held_from: Mapping[str, int]) -> pl.DataFrame:
    """Share of its output that each product retains when the year of the quarter opens with a cut.

    Returns
    -------
    polars.DataFrame
        `product`, `quarter` (index), `quarter_of_cut` (0..3) and `retained` (0 to 1).
    """
    when = horizon(programme)
    products, kept = retained_matrix(table, held_from, when, int(programme.settings.cut_quarters))
    return pl.DataFrame(
        {
            "product": np.repeat(np.array(products, dtype=object), when.quarters),
            "quarter": np.tile(np.arange(when.quarters), len(products)),
            "quarter_of_cut": np.tile(when.into_year, len(products)),
            "retained": kept.ravel(),
        },
        schema={
            "product": pl.String,
            "quarter": pl.Int64,
            "quarter_of_cut": pl.Int64,
            "retained": pl.Float64,
        },
    )
