"""A first plan out of the prices: the smoothed choices of the bound, read at one level and laid down in time.

The weights say how much of every start the relaxed plan takes. A project is in when its weights add up to `inc`; it
starts where they first add up to `alpha` (the same for all, so that what waits stays behind what it waits for).
Source: alpha points, C. Phillips, C. Stein, J. Wein, Mathematical Programming 82 (1998). See docs/methods/search.md.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from khien.plan.core.dice import rnd
from khien.plan.core.insert import construct, fits_money, window
from khien.plan.core.ruin import drop_waiting, take
from khien.plan.core.state import penalty, place, reset

TRIES = 100


@njit(cache=True, nogil=True)
def _read(p, weights, g, option, start):
    """Draws the two levels; writes option (-1: out) and start of every project."""
    inc = 0.15 + 0.6 * rnd(g)
    alpha = inc * (0.05 + 0.95 * rnd(g))
    jitter = 0.1 * rnd(g)
    for pr in range(len(p.opt_ptr) - 1):
        o0, o1 = p.opt_ptr[pr], p.opt_ptr[pr + 1]
        option[pr], start[pr] = -1, p.T
        whole = weights[o0:o1].sum()
        if o1 == o0 or whole < inc:
            continue
        level = min(alpha * (1.0 + jitter * (rnd(g) - 0.5)), 0.999 * whole)
        s = 0.0
        for t in range(p.T):
            for o in range(o0, o1):
                s += weights[o, t]
                if s > level:
                    option[pr], start[pr] = o, t
                    break
            if option[pr] >= 0:
                break


@njit(cache=True, nogil=True)
def _lay_down(p, st, order, option, start, late):
    """Earliest starts first, each up to `late` quarters later if people and money are taken; ceilings wait."""
    for pr in order:
        o = option[pr]
        if o < 0 or st.x[pr] >= 0:
            continue
        d = p.dur[o]
        for t in range(max(0, start[pr] - 1, window(p, st, pr)), min(p.T - d, start[pr] + late) + 1):
            if p.allow[o, t] == 1 and _people(p, st, o, t) and fits_money(p, st, o, t):
                place(p, st, pr, o, t)
                break


@njit(cache=True, nogil=True)
def _people(p, st, o, t):
    for k in range(p.use_ptr[o], p.use_ptr[o + 1]):
        for q in range(t, t + p.dur[o]):
            if st.rem[p.use_pool[k], q] < p.use_amt[k]:
                return False
    return True


@njit(cache=True, nogil=True)
def _mend(p, st, log, mark, stack):
    """Takes out what breaks a ceiling, first what brings least for its money."""
    for r in range(len(st.lhs)):
        while st.lhs[r] > p.row_rhs[r]:
            worst = -1
            least = 1e300
            for pr in range(len(st.x)):
                o = st.x[pr]
                if o < 0:
                    continue
                for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
                    if p.or_row[k] == r and p.or_mult[k] > 0:
                        worth = p.val[o, st.s[pr]] / max(1, p.sp_cum[p.sp_ptr[o] + o + p.dur[o]])
                        if worth < least:
                            worst, least = pr, worth
            if worst < 0:
                break
            log[0, 0] = 0
            mark[:] = -1
            take(p, st, worst, log, mark, 1)
            drop_waiting(p, st, worst, log, mark, 1, stack)


@njit(cache=True, nogil=True)
def round_prices(p, st, weights, red_best, price, red, tries, g, bx, bs, bc, least):
    """The best of `tries` plans read from the weights; writes it to bx, bs, bc if it is worth more than `least`.

    Returns the worth (less penalties) of the best, or `least`. The state is left at the last one tried.
    """
    n = len(st.x)
    option = np.zeros(n, dtype=np.int64)
    start = np.zeros(n, dtype=np.int64)
    log = np.zeros((n + 2, 3), dtype=np.int64)
    mark = np.zeros(n, dtype=np.int64)
    stack = np.zeros(4 * n + 8, dtype=np.int64)
    best = least
    for k in range(tries):
        reset(p, st)
        _read(p, weights, g, option, start)
        late = 2
        if k % 4 > 0:
            late = 8 * (k % 4)
        _lay_down(p, st, np.argsort(start, kind="mergesort"), option, start, late)
        _mend(p, st, log, mark, stack)
        construct(p, st, red_best, price, red, 0.8, 0.0, False, g)
        now = st.value[0] - penalty(p, st)
        if now > best:
            best = now
            bx[:] = st.x
            bs[:] = st.s
            bc[:] = st.cohorts
    return best
