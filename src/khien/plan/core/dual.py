"""The Lagrangian of a problem: a rigorous bound for any prices, and its smoothed gradient.

Every rule that links projects is priced: people per quarter, money per year, ceilings, goals, requests,
conditions of units. What is left falls apart into one choice per project (which option, which start, or
none), one per unit, one per training year; each is solved by looking at all its starts. The bound
holds for *any* non-negative prices; good prices come from `ascent`. See docs/methods/bound.md.
"""

from __future__ import annotations

import math
from concurrent.futures import Executor
from functools import partial

import numpy as np
from numba import njit

from khien.plan.core.layout import Layout
from khien.plan.core.prices import (
    entry_prices,
    option_gradient,
    option_values,
    quarter_prices,
    suffix_sums,
    unpack,
)
from khien.plan.core.problem import Floats, Problem


@njit(cache=True, nogil=True)
def _choose(values, n, mu, weights):
    """Smoothed max(0, values): returns (exact, smooth) and writes the choice weights."""
    best = 0.0
    for i in range(n):
        if values[i] > best:
            best = values[i]
    total = math.exp(-best / mu)
    for i in range(n):
        d = (values[i] - best) / mu
        if d > -40.0:
            w = math.exp(d)
        else:
            w = 0.0
        weights[i] = w
        total += w
    for i in range(n):
        weights[i] /= total
    return best, best + mu * math.log(total)


class Work:
    """Memory that evaluations use again and again: fresh pages would cost more than the arithmetic."""

    def __init__(self, p: Problem, lay: Layout, threads: Executor | None = None) -> None:
        conditions, entries = (len(p.cond_init), p.T + 1), (len(p.use_amt), p.T + 1)
        self.threads = threads
        self.credit, self.g_credit = np.zeros(conditions), np.zeros(conditions)
        # cumulated prices: of money, places, rows; credit of conditions; of use entries and of requests
        shapes = ((p.T + 1,), (lay.rows - lay.places,), (len(p.row_rhs),), conditions, entries, (len(p.rq_cond), p.T))
        self.tables = [np.zeros(shape) for shape in shapes]
        self.uses = [np.zeros(shape) for shape in shapes]
        # Use entries and requests belong to one project each: two halves never write to the same ones.
        self.other = [*(np.zeros(shape) for shape in shapes[:4]), *self.uses[4:]]
        self.half = int(np.searchsorted(p.opt_ptr, p.opt_ptr[-1] // 2))


def evaluate(
    p: Problem, lay: Layout, theta: Floats, mu: float, share: float, grad: Floats, weights: Floats,
    work: Work | None = None,
) -> tuple[float, float]:  # fmt: skip
    """Bound for the prices theta; gradient of the smoothed bound; choice weights of all starts.

    mu: smoothing of choices, in units of value; goals, of which there may be thousands of little worth, are
    smoothed by at most `share` of their own worth. grad has the length of theta, weights shape (options, T).
    Returns (exact bound, smoothed bound), the same to the last bit where `work` has threads, so that half of the
    projects are looked at beside the other half.
    """
    work = work or Work(p, lay)
    exact, smooth = _linked(p, lay, theta, mu, share, grad, work.credit, work.g_credit, *work.tables)
    for a in (*work.uses, *work.other[:4]):
        a[:] = 0.0
    later = partial(_projects, p, lay, work.half, len(p.must), *work.tables, *work.other, mu, weights)
    beside = work.threads.submit(later) if work.threads is not None else None
    exact_a, smooth_a = _projects(p, lay, 0, work.half, *work.tables, *work.uses, mu, weights)
    exact_b, smooth_b = beside.result() if beside is not None else later()
    for mine, more in zip(work.uses[:4], work.other[:4], strict=True):
        mine += more
    _spread(p, lay, *work.uses, grad, work.g_credit)
    return exact + exact_a + exact_b, smooth + smooth_a + smooth_b


@njit(cache=True, nogil=True)
def _linked(p, lay, theta, mu, share, grad, credit, g_credit, PQ, places_out, rows_out, CR, PL, RQ):
    """All of the bound but the choices of projects; writes the tables that these read and the gradient of credits."""
    T = p.T
    people, money, places, rows, goals, req, links, ors, floors = unpack(p, lay, theta, credit)
    grad[:] = 0.0
    g_credit[:] = 0.0  # gradient of credit at t, before suffix sums
    fixed = _given(p, lay, people, money, places, rows, floors, grad)
    total, smooth, base = _goals(p, lay, goals, floors, mu, share, grad)
    fixed += base
    total += p.constant
    smooth += p.constant
    ex, sm = _tail(p, lay, floors, mu, share, grad)
    total += ex
    smooth += sm
    for c in range(len(p.cond_init)):
        init = p.cond_init[c]
        if init <= T and lay.or_of[c] < 0:
            for t in range(init, T + 1):
                fixed += credit[c, t]
                g_credit[c, t] += 1.0
                credit[c, t] = 0.0
    total += fixed
    smooth += fixed
    ex, sm = _units(p, lay, goals, links, mu, grad)
    total += ex
    smooth += sm
    suffix_sums(credit, CR)
    ex, sm = _ors(p, lay, ors, credit, CR, mu, grad, g_credit)
    total += ex
    smooth += sm
    ex, sm = _training(p, lay, people, money, mu, grad)
    total += ex
    smooth += sm
    PQ[:] = quarter_prices(p, money)
    places_out[:] = places
    rows_out[:] = rows
    entry_prices(p, lay, people, PL)
    suffix_sums(req, RQ)
    return total, smooth


@njit(cache=True, nogil=True)
def _given(p, lay, people, money, places, rows, floors, grad):
    """What prices fetch for what is there anyhow: capacity, funds, right-hand sides, marks of floors."""
    fixed = 0.0
    i = lay.people
    for f in range(lay.room.shape[0]):
        for k in range(lay.room.shape[1]):
            for t in range(p.T):
                fixed += people[f, k, t] * lay.room[f, k, t]
                grad[i] += lay.room[f, k, t]
                i += 1
    ny = len(money)
    for y in range(ny):
        fixed += money[y] * p.funds[y]
        grad[lay.money + y] += p.funds[y]
    for i in range(len(places)):
        k = i // ny + 1
        fixed += places[i] * k
        grad[lay.places + i] += k
    for r in range(len(rows)):
        fixed += rows[r] * p.row_rhs[r]
        grad[lay.rows + r] += p.row_rhs[r]
    for b in range(len(floors)):
        if p.b_floor[b] > -1e200:
            fixed -= floors[b] * p.b_floor[b]
            grad[lay.floors + b] -= p.b_floor[b]
    return fixed


@njit(cache=True, nogil=True)
def _goals(p, lay, goals, floors, mu, share, grad):
    """How far every goal is met; returns exact and smoothed worth, and what the prices pay for base levels."""
    total = 0.0
    smooth = 0.0
    base = 0.0
    one = np.empty(1)
    w1 = np.empty(1)
    for g in range(len(goals)):
        slope = p.g_slope[g]
        b = p.g_block[g]
        if b >= 0:
            slope = slope * (p.b_own[b] + floors[b] / p.b_scale[b])
        one[0] = p.g_req[g] * (slope - goals[g])
        ex, sm = _choose(one, 1, max(1e-300, min(mu, share * p.g_req[g] * p.g_slope[g])), w1)
        base += goals[g] * p.g_base[g]
        total += ex
        smooth += sm
        grad[lay.goals + g] += p.g_base[g] - p.g_req[g] * w1[0]
        if b >= 0:
            grad[lay.floors + b] += p.g_req[g] * w1[0] * p.g_slope[g] / p.b_scale[b]
    return total, smooth, base


@njit(cache=True, nogil=True)
def _tail(p, lay, floors, mu, share, grad):
    """The threshold of the tail, and the shortfall below it of every sampled future: 0, or as much as can be."""
    m = p.tail_worst
    if m == 0:
        return 0.0, 0.0
    n = len(floors) - p.tail_from
    v = np.empty(1)
    w = np.empty(1)
    left = p.tail_weight
    total = 0.0
    smooth = 0.0
    soft = max(1e-300, min(mu, share * p.tail_most * p.tail_weight / m))
    for b in range(p.tail_from, len(floors)):
        left -= floors[b] / n
        v[0] = p.tail_most * (floors[b] / n - p.tail_weight / m)
        ex, sm = _choose(v, 1, soft, w)
        total += ex
        smooth += sm
        grad[lay.floors + b] += p.tail_most * w[0] / n
    v[0] = p.tail_most * left
    ex, sm = _choose(v, 1, mu, w)
    for b in range(p.tail_from, len(floors)):
        grad[lay.floors + b] -= p.tail_most * w[0] / n
    return total + ex, smooth + sm


@njit(cache=True, nogil=True)
def _units(p, lay, goals, links, mu, grad):
    """Units with several conditions: enter service at one time, or never."""
    T = p.T
    total = 0.0
    smooth = 0.0
    v = np.empty(T + 1)
    w = np.empty(T + 1)
    for u in range(len(p.uc_ptr) - 1):
        if p.uc_ptr[u + 1] - p.uc_ptr[u] < 2:
            continue
        v[:] = 0.0
        for a in range(p.ua_ptr[u], p.ua_ptr[u + 1]):
            for g in range(p.ag_ptr[p.ua_acc[a]], p.ag_ptr[p.ua_acc[a] + 1]):
                v[p.g_time[g]] += goals[g] * p.ua_amt[a, p.g_phase[g]]
        for k in range(p.uc_ptr[u], p.uc_ptr[u + 1]):
            for t in range(T + 1):
                v[t] -= links[lay.link_of[k], t]
        for t in range(T - 1, -1, -1):
            v[t] += v[t + 1]
        ex, sm = _choose(v, T + 1, mu, w)
        total += ex
        smooth += sm
        for t in range(1, T + 1):
            w[t] += w[t - 1]
        for a in range(p.ua_ptr[u], p.ua_ptr[u + 1]):
            for g in range(p.ag_ptr[p.ua_acc[a]], p.ag_ptr[p.ua_acc[a] + 1]):
                grad[lay.goals + g] += w[p.g_time[g]] * p.ua_amt[a, p.g_phase[g]]
        for k in range(p.uc_ptr[u], p.uc_ptr[u + 1]):
            for t in range(T + 1):
                grad[lay.links + lay.link_of[k] * (T + 1) + t] -= w[t]
    return total, smooth


@njit(cache=True, nogil=True)
def _ors(p, lay, ors, credit, CR, mu, grad, g_credit):
    """Conditions with members of several projects: true from one time on, paid by the members."""
    T = p.T
    total = 0.0
    smooth = 0.0
    v = np.empty(T + 1)
    w = np.empty(T + 1)
    for c in range(len(p.cond_init)):
        b = lay.or_of[c]
        if b < 0:
            continue
        init = min(p.cond_init[c], T + 1)
        s = 0.0
        for t in range(T, -1, -1):
            if t >= init:
                s += credit[c, t]
            else:
                s += credit[c, t] - ors[b, t]
            v[t] = s
        ex, sm = _choose(v, T + 1, mu, w)
        total += ex
        smooth += sm
        for t in range(1, T + 1):
            w[t] += w[t - 1]
        s = 0.0
        for t in range(T, -1, -1):
            g_credit[c, t] += w[t]
            if t < init:
                grad[lay.ors + b * (T + 1) + t] -= w[t]
                s += ors[b, t]
            CR[c, t] = s
    return total, smooth


@njit(cache=True, nogil=True)
def _training(p, lay, people, money, mu, grad):
    """Cohorts: in every year up to the most, all in the best quarter, or none."""
    T = p.T
    total = 0.0
    smooth = 0.0
    if len(p.tr_pool) == 0:
        return total, smooth
    PQ = quarter_prices(p, money)
    v = np.empty(4)
    w = np.empty(4)
    ny = len(money)
    for k in range(len(p.tr_pool)):
        pool, dur = p.tr_pool[k], p.tr_dur[k]
        after = np.zeros(T + 1)
        for t in range(T - 1, -1, -1):
            after[t] = after[t + 1] + people[0, pool, t]
        t0 = 0
        while t0 < T:
            t1 = t0
            while t1 < T and p.year_of[t1] == p.year_of[t0]:
                t1 += 1
            n = t1 - t0
            for i in range(n):
                t = t0 + i
                gain = 0.0
                if t + dur < T and t >= p.tr_first[k]:
                    gain = p.tr_people[k] * after[t + dur]
                v[i] = p.tr_max[k] * (gain - p.tr_cost[k] * (PQ[t + 1] - PQ[t]))
                if t < p.tr_first[k]:
                    v[i] = -1e300
            ex, sm = _choose(v, n, mu, w)
            total += ex
            smooth += sm
            for i in range(n):
                t = t0 + i
                x = w[i] * p.tr_max[k]
                for q in range(t + dur, T):
                    grad[lay.people + pool * T + q] += x * p.tr_people[k]
                y = p.year_of[t]
                last = ny if p.carry == 1 else y + 1
                for yy in range(y, last):
                    grad[lay.money + yy] -= x * p.tr_cost[k]
            t0 = t1
    return total, smooth


@njit(cache=True, nogil=True)
def _projects(p, lay, lo, hi, PQ, places, rows, CR, PL, RQ, gPQ, g_places, grow, gCR, gPL, gRQ, mu, weights):
    """One choice per project from lo to hi - 1 among all its options and starts."""
    T = p.T
    total = 0.0
    smooth = 0.0
    most = 1
    for pr in range(lo, hi):
        most = max(most, p.opt_ptr[pr + 1] - p.opt_ptr[pr])
    v = np.empty(most * T)
    w = np.empty(most * T)
    for pr in range(lo, hi):
        o0, o1 = p.opt_ptr[pr], p.opt_ptr[pr + 1]
        for o in range(o0, o1):
            here = v[(o - o0) * T : (o - o0 + 1) * T]
            option_values(p, lay, o, PL, PQ, places, rows, CR, RQ, here)
            if p.must[pr] == 1:
                for t in range(T):
                    v[(o - o0) * T + t] += p.must_cost
        if p.must[pr] == 1:
            total -= p.must_cost
            smooth -= p.must_cost
        ex, sm = _choose(v, (o1 - o0) * T, mu, w)
        total += ex
        smooth += sm
        for o in range(o0, o1):
            weights[o] = w[(o - o0) * T : (o - o0 + 1) * T]
            option_gradient(p, lay, o, weights[o], gPL, gPQ, grow, gCR, gRQ, g_places)
    return total, smooth


@njit(cache=True, nogil=True)
def _spread(p, lay, gPQ, g_places, grow, gCR, gPL, gRQ, grad, g_credit):
    """From gradients of cumulated prices to gradients of the prices themselves."""
    T = p.T
    nR = lay.room.shape[1]
    for i in range(len(g_places)):
        grad[lay.places + i] += g_places[i]
    for k in range(gPL.shape[0]):
        s = 0.0
        for t in range(T):
            s += gPL[k, t]
            if s > 1e-12:
                for f in range(lay.room.shape[0]):
                    grad[lay.people + (f * nR + p.use_pool[k]) * T + t] -= s * lay.coef[k, f, t]
    ny = lay.places - lay.money
    s = 0.0
    for t in range(T):
        s += gPQ[t]
        y = p.year_of[t]
        last = ny if p.carry == 1 else y + 1
        for yy in range(y, last):
            grad[lay.money + yy] -= s
    for r in range(len(grow)):
        grad[lay.rows + r] -= grow[r]
    for c in range(gCR.shape[0]):
        s = 0.0
        b = lay.or_of[c]
        for t in range(T + 1):
            s += gCR[c, t]
            if b >= 0:
                if t < p.cond_init[c]:
                    grad[lay.ors + b * (T + 1) + t] += s
            elif t < p.cond_init[c]:
                g_credit[c, t] += s
    for r in range(gRQ.shape[0]):
        s = 0.0
        lag = p.rq_lag[r]
        for t in range(T):
            s += gRQ[r, t]
            g = -s
            if t >= lag:
                g += g_credit[p.rq_cond[r], t - lag]
            grad[lay.requests + r * T + t] += g
    for u in range(len(p.uc_ptr) - 1):
        for k in range(p.uc_ptr[u], p.uc_ptr[u + 1]):
            if lay.link_of[k] >= 0:
                for t in range(T + 1):
                    grad[lay.links + lay.link_of[k] * (T + 1) + t] += g_credit[p.uc_cond[k], t]
        if p.uc_ptr[u + 1] - p.uc_ptr[u] == 1:
            c = p.uc_cond[p.uc_ptr[u]]
            for a in range(p.ua_ptr[u], p.ua_ptr[u + 1]):
                for g in range(p.ag_ptr[p.ua_acc[a]], p.ag_ptr[p.ua_acc[a] + 1]):
                    grad[lay.goals + g] += g_credit[c, p.g_time[g]] * p.ua_amt[a, p.g_phase[g]]
