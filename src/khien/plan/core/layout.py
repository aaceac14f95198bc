"""Where every price stands in the price vector, and the rounded forms of people and money rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from khien.plan.core.problem import Floats, Ints, Problem


class Layout(NamedTuple):
    """Where each kind of price stands in the price vector, and how it is scaled."""

    people: int  # (families, pools, quarters): the capacity itself, then its rounded forms
    money: int
    places: int  # (PLACES, years): rounded forms of the money rows
    rows: int
    goals: int
    requests: int
    links: int
    ors: int
    floors: int
    size: int
    link_of: Ints  # unit-condition entry -> number of its link block, or -1 (unit with one condition)
    or_of: Ints  # condition -> number of its OR block, or -1
    scale: Floats  # price = vector / scale
    coef: NDArray[np.int32]  # [use entries, families, T]: what an entry takes of each family in each quarter
    room: NDArray[np.int64]  # [families, pools, T]
    seat_ptr: Ints  # [options * T + 1]: the places of money rows that a start (option * T + quarter) takes
    seat_at: NDArray[np.int32]  # which (family, year)
    seat_n: NDArray[np.int32]  # how many


KINDS = ("people", "money", "places", "rows", "goals", "requests", "links", "ors", "floors")


def kinds(lay: Layout) -> dict[str, slice]:
    """Where the prices of every kind stand."""
    ends = [*(getattr(lay, name) for name in KINDS), lay.size]
    return {name: slice(a, b) for name, a, b in zip(KINDS, ends, ends[1:], strict=False)}


def layout(p: Problem) -> Layout:
    """Offsets of the price vector of a problem."""
    T = p.T
    sizes = np.diff(p.uc_ptr)
    link_of = np.full(len(p.uc_cond), -1, dtype=np.int64)
    many = np.repeat(sizes > 1, sizes)
    link_of[many] = np.arange(int(many.sum()))
    or_of = np.full(len(p.cond_init), -1, dtype=np.int64)
    multi = p.cond_multi.astype(bool)
    or_of[multi] = np.arange(int(multi.sum()))
    coef, room = people_families(p)
    counts = [
        room.size,
        len(p.funds),
        PLACES * len(p.funds),
        len(p.row_rhs),
        len(p.g_time),
        len(p.rq_cond) * T,
        int(many.sum()) * (T + 1),
        int(multi.sum()) * (T + 1),
        len(p.b_floor),
    ]
    at = np.concatenate(([0], np.cumsum(counts)))
    scale = np.ones(int(at[-1]))
    scale[at[0] : at[1]] = np.maximum(1.0, room.ravel())
    spend = max(1.0, float(np.abs(p.funds).mean())) if len(p.funds) else 1.0
    scale[at[1] : at[2]] = spend
    scale[at[2] : at[3]] = np.repeat(np.arange(1, PLACES + 1), len(p.funds))
    for r in range(len(p.row_rhs)):
        mult = np.abs(p.or_mult[p.or_row == r])
        scale[at[3] + r] = spend * max(1.0, float(mult.max()) if len(mult) else 1.0)
    scale[at[4] : at[5]] = np.maximum(p.g_req, 1e-9)
    if p.tail_worst:
        scale[at[8] + p.tail_from : at[9]] = max(1e-9, p.tail_most / (len(p.b_floor) - p.tail_from))
    return Layout(*(int(a) for a in at), link_of, or_of, scale, coef, room, *seats(p, big_options(p)))


FAMILIES = 3
PLACES = 6


def big_options(p: Problem) -> NDArray[np.uint8]:
    """Options whose spend can reach a place, that is more than 1/(PLACES + 1) of some year's money.

    With carry-over the sums of many years are so large that places win next to nothing: none then.
    """
    out = np.zeros(len(p.dur), dtype=np.uint8)
    if not len(p.funds) or p.carry:
        return out
    least = max(1, int(p.funds.min()))
    for o in range(len(p.dur)):
        spend = p.sp[p.sp_ptr[o] : p.sp_ptr[o + 1]]
        width = min(4, len(spend))
        window = np.convolve(spend, np.ones(width, dtype=np.int64))
        out[o] = window.max() * (PLACES + 1) > least
    return out


@njit(cache=True)
def seats(p, big):
    """Places of money rows that every start takes, as compressed lists (pointers, place, number).

    A spend of s in a year with C takes ceil(s (k + 1) / C) - 1 of k places.
    """
    T, ny = p.T, len(p.funds)
    ptr = np.zeros(len(p.dur) * T + 1, dtype=np.int64)
    at = np.empty(0, dtype=np.int32)
    many = np.empty(0, dtype=np.int32)
    for filling in range(2):
        count = 0
        for o in range(len(p.dur)):
            d = p.dur[o]
            base = p.sp_ptr[o] + o
            for t in range(T):
                j = 0
                while big[o] == 1 and p.allow[o, t] == 1 and j < d and t + j < T:
                    y = p.year_of[t + j]
                    j1 = j
                    while j1 < d and t + j1 < T and p.year_of[t + j1] == y:
                        j1 += 1
                    s = p.sp_cum[base + j1] - p.sp_cum[base + j]
                    c = max(p.funds[y], 1)
                    for k in range(1, PLACES + 1):
                        n = -((-s * (k + 1)) // c) - 1
                        if n > 0:
                            if filling == 1:
                                at[count] = (k - 1) * ny + y
                                many[count] = n
                            count += 1
                    j = j1
                ptr[o * T + t + 1] = count
        if filling == 0:
            at = np.empty(count, dtype=np.int32)
            many = np.empty(count, dtype=np.int32)
    return ptr, at, many


def people_families(p: Problem) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """People rows and their rounded forms.

    A team of a people takes ceil(a (k + 1) / C) - 1 places of the k that a capacity of C has: teams above C/2
    exclude each other (k = 1), and so on. Each sum of places is at most k whenever the teams fit.
    Source: dual feasible functions, e.g. Alves, Clautiaux, Valerio de Carvalho, Rietz (2016), ch. 2.
    C is the capacity with all training that could have ended, so that the form holds for every plan.
    """
    T, pools = p.T, p.cap.shape[0]
    most = p.cap.copy()
    for k in range(len(p.tr_pool)):
        for t in range(p.tr_dur[k], T):
            years = p.year_of[t - p.tr_dur[k]] - p.year_of[0] + 1
            most[p.tr_pool[k], t] += p.tr_people[k] * p.tr_max[k] * years
    coef = np.zeros((len(p.use_amt), FAMILIES, T), dtype=np.int32)
    room = np.zeros((FAMILIES, pools, T), dtype=np.int64)
    room[0] = p.cap
    coef[:, 0, :] = p.use_amt[:, None]
    for k in range(1, FAMILIES):
        room[k] = k
        c = np.maximum(most[p.use_pool], 1)
        places = -(-(p.use_amt[:, None] * (k + 1)) // c) - 1
        coef[:, k, :] = np.where(p.use_amt[:, None] <= most[p.use_pool], np.maximum(places, 0), 0)
    return coef, room
