"""The state of the search: what is chosen, what is left, what it is worth.

All functions change the state in place and keep every derived number exact: people left, money left,
ceilings, times of conditions and units, levels of goals, value. `recompute` builds it again from the
choices alone; the two must agree (tests do that).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from khien.plan.core.problem import NEVER, Floats, Ints, Problem


class State(NamedTuple):
    """Mutable arrays; see the module's text."""

    x: Ints  # [projects] chosen option or -1
    s: Ints  # [projects] start
    cohorts: Ints  # [trainings, T]
    rem: Ints  # [pools, T] people left
    slack: Ints  # [years] money left (cumulated when money carries over)
    lhs: Ints  # [rows]
    ct: Ints  # [conditions] time from which it holds
    ut: Ints  # [units]
    level: Floats  # [goals]
    bval: Floats  # [blocks]
    value: Floats  # [1] value without penalties


def new_state(p: Problem) -> State:
    """The plan that chooses nothing."""
    st = State(
        np.full(len(p.opt_ptr) - 1, -1, dtype=np.int64),
        np.zeros(len(p.opt_ptr) - 1, dtype=np.int64),
        np.zeros((len(p.tr_pool), p.T), dtype=np.int64),
        p.cap.copy(),
        p.funds.copy(),
        np.zeros(len(p.row_rhs), dtype=np.int64),
        p.cond_init.copy(),
        np.zeros(len(p.uc_ptr) - 1, dtype=np.int64),
        p.g_base.copy(),
        np.zeros(len(p.b_floor)),
        np.zeros(1),
    )
    reset(p, st)
    return st


@njit(cache=True, nogil=True)
def reset(p, st):
    """Back to nothing chosen."""
    st.x[:] = -1
    st.s[:] = 0
    st.cohorts[:] = 0
    st.rem[:] = p.cap
    st.slack[:] = p.funds
    st.lhs[:] = 0
    st.ct[:] = p.cond_init
    st.level[:] = p.g_base
    st.bval[:] = 0.0
    v = p.constant
    for g in range(len(p.g_time)):
        w = p.g_slope[g] * min(p.g_req[g], p.g_base[g])
        v += w
        if p.g_block[g] >= 0:
            st.bval[p.g_block[g]] += w
    st.value[0] = v
    for u in range(len(st.ut)):
        st.ut[u] = NEVER
        _touch_unit(p, st, u)


@njit(cache=True, nogil=True)
def _touch_unit(p, st, u):
    """Recomputes the time of a unit and moves its amounts."""
    new = 0
    for k in range(p.uc_ptr[u], p.uc_ptr[u + 1]):
        new = max(new, st.ct[p.uc_cond[k]])
    old = st.ut[u]
    if new == old:
        return
    st.ut[u] = new
    sign = 1.0
    lo, hi = new, old
    if new > old:
        sign = -1.0
        lo, hi = old, new
    for a in range(p.ua_ptr[u], p.ua_ptr[u + 1]):
        acc = p.ua_acc[a]
        for g in range(p.ag_ptr[acc], p.ag_ptr[acc + 1]):
            if p.g_time[g] < lo:
                continue
            if p.g_time[g] >= hi:
                break
            before = st.level[g]
            after = before + sign * p.ua_amt[a, p.g_phase[g]]
            st.level[g] = after
            if before < p.g_req[g] or after < p.g_req[g]:
                d = p.g_slope[g] * (min(p.g_req[g], after) - min(p.g_req[g], before))
                st.value[0] += d
                if p.g_block[g] >= 0:
                    st.bval[p.g_block[g]] += d


@njit(cache=True, nogil=True)
def _set_condition(p, st, c, new):
    if new == st.ct[c]:
        return
    st.ct[c] = new
    for k in range(p.cu_ptr[c], p.cu_ptr[c + 1]):
        _touch_unit(p, st, p.cu_unit[k])


@njit(cache=True, nogil=True)
def spend_in(p, o, t, row):
    """What option o, started in t, spends inside the quarters of a row."""
    base = p.sp_ptr[o] + o
    a = min(max(p.row_q0[row] - t, 0), p.dur[o])
    b = min(max(p.row_q1[row] - t, 0), p.dur[o])
    return p.sp_cum[base + b] - p.sp_cum[base + a]


@njit(cache=True, nogil=True)
def _use(p, st, o, t, sign):
    """Takes (sign = 1) or gives back (-1) people, money and room under ceilings."""
    d = p.dur[o]
    for k in range(p.use_ptr[o], p.use_ptr[o + 1]):
        a = sign * p.use_amt[k]
        pool = p.use_pool[k]
        for q in range(t, t + d):
            st.rem[pool, q] -= a
    base = p.sp_ptr[o]
    for j in range(d):
        m = sign * p.sp[base + j]
        if m != 0:
            y = p.year_of[t + j]
            if p.carry == 1:
                for yy in range(y, len(st.slack)):
                    st.slack[yy] -= m
            else:
                st.slack[y] -= m
    for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
        row = p.or_row[k]
        st.lhs[row] += sign * p.or_mult[k] * spend_in(p, o, t, row)


@njit(cache=True, nogil=True)
def place(p, st, pr, o, t):
    """Chooses option o of project pr from quarter t on (the project must not be chosen yet)."""
    st.x[pr] = o
    st.s[pr] = t
    _use(p, st, o, t, 1)
    st.value[0] += p.val[o, t]
    end = t + p.dur[o]
    for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
        e = end
        if p.oc_late[k] == 1:
            e = p.next_year[end]
        c = p.oc_cond[k]
        if e < st.ct[c]:
            _set_condition(p, st, c, e)


@njit(cache=True, nogil=True)
def remove(p, st, pr):
    """Takes a chosen project out."""
    o, t = st.x[pr], st.s[pr]
    st.x[pr] = -1
    _use(p, st, o, t, -1)
    st.value[0] -= p.val[o, t]
    end = t + p.dur[o]
    for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
        e = end
        if p.oc_late[k] == 1:
            e = p.next_year[end]
        c = p.oc_cond[k]
        if e <= st.ct[c] and p.cond_init[c] > e:
            _set_condition(p, st, c, time_of(p, st, c))


@njit(cache=True, nogil=True)
def time_of(p, st, c):
    """Time from which condition c holds under the choices."""
    best = p.cond_init[c]
    for k in range(p.co_ptr[c], p.co_ptr[c + 1]):
        m = p.co_opt[k]
        pr = p.project_of[m]
        if st.x[pr] == m:
            e = st.s[pr] + p.dur[m]
            if p.co_late[k] == 1:
                e = p.next_year[e]
            best = min(best, e)
    return best


@njit(cache=True, nogil=True)
def train(p, st, k, t, n):
    """Starts n more (or fewer) cohorts of training k in quarter t."""
    st.cohorts[k, t] += n
    for q in range(t + p.tr_dur[k], p.T):
        st.rem[p.tr_pool[k], q] += n * p.tr_people[k]
    cost = n * p.tr_cost[k]
    y = p.year_of[t]
    if p.carry == 1:
        for yy in range(y, len(st.slack)):
            st.slack[yy] -= cost
    else:
        st.slack[y] -= cost


@njit(cache=True, nogil=True)
def tail_loss(p, st):
    """Weight of the tail times what the worst futures fall short of the mean of all; never below 0."""
    m = p.tail_worst
    if m == 0:
        return 0.0
    futures = np.sort(st.bval[p.tail_from :])
    worst = 0.0
    mean = 0.0
    for k in range(len(futures)):
        if k < m:
            worst += futures[k]
        mean += futures[k]
    return max(0.0, p.tail_weight * (mean - worst * len(futures) / m))


@njit(cache=True, nogil=True)
def penalty(p, st):
    """What the search takes off `value`: what broken rules cost, and what the tail takes from the mean."""
    return broken(p, st) + tail_loss(p, st)


@njit(cache=True, nogil=True)
def broken(p, st):
    """What the broken ceilings, floors and missing musts cost; 0 for a plan that keeps them."""
    total = 0.0
    for r in range(len(st.lhs)):
        if st.lhs[r] > p.row_rhs[r]:
            total += p.row_cost[r] * (st.lhs[r] - p.row_rhs[r])
    for b in range(len(p.b_floor)):
        short = p.b_floor[b] - st.bval[b] / p.b_scale[b]
        if short > 1e-12:
            total += p.floor_cost * short
    for pr in range(len(p.must)):
        if p.must[pr] == 1 and st.x[pr] < 0:
            total += p.must_cost
    return total


@njit(cache=True, nogil=True)
def rebuild(p, st, x, s, cohorts):
    """The state of given choices, from nothing."""
    reset(p, st)
    for k in range(cohorts.shape[0]):
        for t in range(p.T):
            if cohorts[k, t] != 0:
                train(p, st, k, t, cohorts[k, t])
    for pr in range(len(x)):
        if x[pr] >= 0:
            place(p, st, pr, x[pr], s[pr])
