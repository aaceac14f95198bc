"""Counting over many draws: whole numbers alone, so that the order in which draws are counted does not matter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from khien.stress.core.kernel import kernel
from khien.stress.core.model import Ints, Model
from khien.stress.core.pause import FAR
from khien.stress.core.replay import Broken, broken_for

SHARE_BINS = 10_000
"""Shares are counted in steps of 0.0001."""

MONEY_BINS = 4_096
FINE = 2.0**36
"""Shares are added up in steps of 2**-36, of which 20 million fit into 63 bits."""


LEFT_OUT = FAR // 2
"""An end from here on is none."""


class Scale(NamedTuple):
    """Where the bins of money begin, and how wide one is, by year: spending, then what is left."""

    low: Ints  # [2, Y]
    width: Ints


class Tally(NamedTuple):
    """Everything that is counted."""

    share_sum: Ints  # [2, Y]: coverage, self-reliance; in steps of 2**-36
    share_bins: Ints  # [2, Y, SHARE_BINS + 1]
    money_sum: Ints  # [2, Y]: spending, what is left
    money_bins: Ints  # [2, Y, MONEY_BINS]
    end_bins: Ints  # [P, T + 2]: end in quarter t (0: before), T after the horizon, T + 1 left out
    late_sum: Ints  # [P]: quarters later than planned, over draws in which the project is carried out
    success: Ints  # [P]
    short: Ints  # [Y]: draws in which less than the reserve is left
    happened: Ints  # [K]
    left_out: Ints  # [1]: draws in which a project is left out
    broken: Broken


def tally_for(model: Model) -> Tally:
    """Counters at nought."""
    years, projects = len(model.means.income), len(model.order.planned)

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int64)

    return Tally(
        ints(2, years),
        ints(2, years, SHARE_BINS + 1),
        ints(2, years),
        ints(2, years, MONEY_BINS),
        ints(projects, model.horizon.quarters + 2),
        ints(projects),
        ints(projects),
        ints(years),
        ints(len(model.blows.length)),
        ints(1),
        broken_for(model),
    )


def add(into: Tally, other: Tally) -> None:
    """Add the counts of another part of the draws."""
    for mine, theirs in zip([*into[:-1], *into.broken], [*other[:-1], *other.broken], strict=True):
        mine += theirs


@njit(cache=True, nogil=True)
def count_shares(share, which, sums, bins):
    """Count coverage or self-reliance, [Y, N]."""
    places = np.empty(share.shape[1], dtype=np.int64)
    for y in range(len(share)):
        row, total = share[y], 0
        for n in range(len(row)):
            total += np.int64(row[n] * FINE)
            places[n] = min(SHARE_BINS, max(0, np.int64(row[n] * SHARE_BINS + 0.5)))
        sums[which, y] += total
        count_places(places, bins[which, y])


@njit(cache=True, nogil=True, error_model="numpy")
def count_money(money, which, sums, bins, low, width):
    """Count spending or what is left, [Y, N]; what lies beyond the bins counts in the first or last.

    A quotient of whole numbers below 2**53 never rounds up to one.
    """
    places = np.empty(money.shape[1], dtype=np.int64)
    for y in range(len(money)):
        row, total, first, wide = money[y], 0, np.float64(low[which, y]), np.float64(width[which, y])
        for n in range(len(row)):
            total += np.int64(row[n])
            places[n] = np.int64(min(MONEY_BINS - 1.0, max(0.0, (row[n] - first) / wide)))
        sums[which, y] += total
        count_places(places, bins[which, y])


@kernel()
def count_places(places, bins):
    """One more in the bin of every draw."""
    for n in range(len(places)):
        bins[np.uint64(places[n])] += 1


@njit(cache=True, nogil=True)
def count_ends(end, planned_end, ok, quarters, bins, late, success, left_out):
    """Count ends, delays and successes, [P, N]."""
    out = np.zeros(end.shape[1], dtype=np.int64)
    for i in range(end.shape[0]):
        ends, planned, delay = end[i], planned_end[i], 0
        for n in range(len(ends)):
            if ends[n] >= LEFT_OUT:
                out[n] = 1
                bins[i, quarters + 1] += 1
            else:
                bins[i, min(max(ends[n], 0), quarters)] += 1
                delay += ends[n] - planned
        late[i] += delay
        success[i] += ok[i].sum()
    left_out[0] += out.sum()


@kernel()
def count_rest(cash, reserve, on, short, happened):
    """Count years in which the reserve is not kept, and shocks that came."""
    for y in range(cash.shape[0]):
        for n in range(cash.shape[1]):
            short[y] += cash[y, n] < reserve
    for n in range(on.shape[0]):
        for s in range(on.shape[1]):
            happened[s] += on[n, s]
