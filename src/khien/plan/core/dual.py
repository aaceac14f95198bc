"""The Lagrangian of a problem: a rigorous bound for any prices, and its smoothed gradient.

Every rule that links projects is priced: people per quarter, money per year, ceilings, goals, requests,
conditions of units. What is left falls apart into one choice per project (which option, which start, or
none), one per unit, one per training year; each is solved by looking at all its starts. The bound
holds for *any* non-negative prices; good prices come from `ascent`. See docs/methods/bound.md.
"""

from __future__ import annotations

import math
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
    big: NDArray[np.uint8]  # [options]: may take places of a money row


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
    counts = [room.size, len(p.funds), PLACES * len(p.funds), len(p.row_rhs), len(p.g_time), len(p.rq_cond) * T,
              int(many.sum()) * (T + 1), int(multi.sum()) * (T + 1), len(p.b_floor)]
    at = np.concatenate(([0], np.cumsum(counts)))
    scale = np.ones(int(at[-1]))
    scale[at[0]:at[1]] = np.maximum(1.0, room.ravel())
    spend = max(1.0, float(np.abs(p.funds).mean())) if len(p.funds) else 1.0
    scale[at[1]:at[2]] = spend
    scale[at[2]:at[3]] = np.repeat(np.arange(1, PLACES + 1), len(p.funds))
    for r in range(len(p.row_rhs)):
        mult = np.abs(p.or_mult[p.or_row == r])
        scale[at[3] + r] = spend * max(1.0, float(mult.max()) if len(mult) else 1.0)
    scale[at[4]:at[5]] = np.maximum(p.g_req, 1e-9)
    return Layout(*(int(a) for a in at), link_of, or_of, scale, coef, room, big_options(p))


FAMILIES = 6
PLACES = 6


def big_options(p: Problem) -> NDArray[np.uint8]:
    """Options whose spend can reach a place, that is more than 1/(PLACES + 1) of some year's money."""
    out = np.zeros(len(p.dur), dtype=np.uint8)
    if not len(p.funds):
        return out
    least = max(1, int(p.funds.min()))
    for o in range(len(p.dur)):
        spend = p.sp[p.sp_ptr[o]:p.sp_ptr[o + 1]]
        width = len(spend) if p.carry else min(4, len(spend))
        window = np.convolve(spend, np.ones(width, dtype=np.int64))
        out[o] = window.max() * (PLACES + 1) > least
    return out


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


@njit(cache=True, nogil=True)
def entry_prices(p, lay, people):
    """Cumulated price of every use entry, shape (entries, T + 1)."""
    T = p.T
    out = np.zeros((len(p.use_amt), T + 1))
    for e in range(len(p.use_amt)):
        pool = p.use_pool[e]
        s = 0.0
        for t in range(T):
            for f in range(people.shape[0]):
                s += people[f, pool, t] * lay.coef[e, f, t]
            out[e, t + 1] = s
    return out


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


@njit(cache=True, nogil=True)
def _suffix(a):
    out = np.empty_like(a)
    for i in range(a.shape[0]):
        s = 0.0
        for t in range(a.shape[1] - 1, -1, -1):
            s += a[i, t]
            out[i, t] = s
    return out


@njit(cache=True, nogil=True)
def quarter_prices(p, money):
    """Price of one unit of money spent in each quarter, cumulated: shape (T + 1,)."""
    T = p.T
    by_year = money.copy()
    if p.carry == 1:
        for y in range(len(money) - 2, -1, -1):
            by_year[y] += by_year[y + 1]
    out = np.zeros(T + 1)
    for t in range(T):
        out[t + 1] = out[t] + by_year[p.year_of[t]]
    return out


@njit(cache=True, nogil=True)
def _place_walk(p, lay, o, t, prices, grad, x):
    """Price of the places of the money rows that a start takes; adds x times them to grad where x > 0.

    A spend of s in a year with C takes ceil(s (k + 1) / C) - 1 of k places (with carry-over: cumulated).
    """
    d = p.dur[o]
    base = p.sp_ptr[o] + o
    ny = len(p.funds)
    total = 0.0
    j = 0
    y = p.year_of[t]
    while y < ny:
        j1 = j
        while j1 < d and p.year_of[t + j1] == y:
            j1 += 1
        if p.carry == 1:
            s = p.sp_cum[base + j1]
        else:
            s = p.sp_cum[base + j1] - p.sp_cum[base + j]
        c = max(p.funds[y], 1)
        for k in range(1, PLACES + 1):
            if s * (k + 1) > c:
                n = -((-s * (k + 1)) // c) - 1
                total += prices[(k - 1) * ny + y] * n
                if x > 0.0:
                    grad[lay.places + (k - 1) * ny + y] -= x * n
        j = j1
        if j >= d and p.carry == 0:
            break
        y += 1
    return total


@njit(cache=True, nogil=True)
def option_values(p, lay, o, PL, PQ, places, rows, CR, RQ, out):
    """Reduced worth of starting option o in each quarter (-1e300 where it may not).

    PL, PQ: cumulated prices of use entries and of money; CR: credit of a condition that holds from t on;
    RQ: price of a request for a start at t.
    """
    T, d = p.T, p.dur[o]
    pr = p.project_of[o]
    for t in range(T):
        if p.allow[o, t] == 0:
            out[t] = -1e300
            continue
        r = p.val[o, t]
        for k in range(p.use_ptr[o], p.use_ptr[o + 1]):
            r -= PL[k, t + d] - PL[k, t]
        s0 = p.sp_ptr[o]
        if p.even[o] == 1:
            r -= p.sp[s0] * (PQ[t + d] - PQ[t])
        else:
            for j in range(d):
                r -= p.sp[s0 + j] * (PQ[t + j + 1] - PQ[t + j])
        if lay.big[o] == 1:
            r -= _place_walk(p, lay, o, t, places, places, 0.0)
        for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
            row = p.or_row[k]
            if rows[row] != 0.0:
                a = min(max(p.row_q0[row] - t, 0), d)
                b = min(max(p.row_q1[row] - t, 0), d)
                r -= rows[row] * p.or_mult[k] * (p.sp_cum[s0 + o + b] - p.sp_cum[s0 + o + a])
        for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
            e = t + d
            if p.oc_late[k] == 1:
                e = p.next_year[e]
            if e <= T:
                r += CR[p.oc_cond[k], e]
        for k in range(p.pr_ptr[pr], p.pr_ptr[pr + 1]):
            r -= RQ[p.pr_req[k], t]
        out[t] = r


@njit(cache=True, nogil=True)
def _option_gradient(p, lay, o, w, gPL, gPQ, places, grow, gCR, gRQ, grad):
    """Adds what a choice weight of every start uses to the gradients of the cumulated prices."""
    T, d = p.T, p.dur[o]
    pr = p.project_of[o]
    s0 = p.sp_ptr[o]
    for t in range(T):
        x = w[t]
        if x <= 1e-12:
            continue
        for k in range(p.use_ptr[o], p.use_ptr[o + 1]):
            gPL[k, t] += x
            gPL[k, t + d] -= x
        if p.even[o] == 1:
            gPQ[t] += x * p.sp[s0]
            gPQ[t + d] -= x * p.sp[s0]
        else:
            for j in range(d):
                gPQ[t + j] += x * p.sp[s0 + j]
                gPQ[t + j + 1] -= x * p.sp[s0 + j]
        if lay.big[o] == 1:
            _place_walk(p, lay, o, t, places, grad, x)
        for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
            row = p.or_row[k]
            a = min(max(p.row_q0[row] - t, 0), d)
            b = min(max(p.row_q1[row] - t, 0), d)
            grow[row] += x * p.or_mult[k] * (p.sp_cum[s0 + o + b] - p.sp_cum[s0 + o + a])
        for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
            e = t + d
            if p.oc_late[k] == 1:
                e = p.next_year[e]
            if e <= T:
                gCR[p.oc_cond[k], e] += x
        for k in range(p.pr_ptr[pr], p.pr_ptr[pr + 1]):
            gRQ[p.pr_req[k], t] += x


@njit(cache=True, nogil=True)
def unpack(p, lay, theta):
    """Prices by kind, and the credits they give to conditions.

    Returns (people, money, places, rows, goals, requests, links, ors, floors, credit) where credit[c, t] is what
    it is worth that condition c holds from t on (a suffix sum), before OR blocks are looked at.
    """
    T = p.T
    nR = p.cap.shape[0]
    people = theta[lay.people:lay.money].copy().reshape(lay.room.shape[0], nR, T)
    money = theta[lay.money:lay.places].copy()
    places = theta[lay.places:lay.rows].copy()
    rows = theta[lay.rows:lay.goals].copy()
    goals = theta[lay.goals:lay.requests].copy()
    req = theta[lay.requests:lay.links].copy().reshape(len(p.rq_cond), T)
    links = theta[lay.links:lay.ors].copy().reshape((lay.ors - lay.links) // (T + 1), T + 1)
    ors = theta[lay.ors:lay.floors].copy().reshape((lay.floors - lay.ors) // (T + 1), T + 1)
    floors = theta[lay.floors:lay.size].copy()
    credit = np.zeros((len(p.cond_init), T + 1))
    for r in range(len(p.rq_cond)):
        c, lag = p.rq_cond[r], p.rq_lag[r]
        for t in range(lag, T):
            credit[c, t - lag] += req[r, t]
    for u in range(len(p.uc_ptr) - 1):
        for k in range(p.uc_ptr[u], p.uc_ptr[u + 1]):
            if lay.link_of[k] >= 0:
                for t in range(T + 1):
                    credit[p.uc_cond[k], t] += links[lay.link_of[k], t]
        if p.uc_ptr[u + 1] - p.uc_ptr[u] == 1:
            c = p.uc_cond[p.uc_ptr[u]]
            for a in range(p.ua_ptr[u], p.ua_ptr[u + 1]):
                for g in range(p.ag_ptr[p.ua_acc[a]], p.ag_ptr[p.ua_acc[a] + 1]):
                    credit[c, p.g_time[g]] += goals[g] * p.ua_amt[a, p.g_phase[g]]
    return people, money, places, rows, goals, req, links, ors, floors, credit


@njit(cache=True, nogil=True)
def evaluate(p, lay, theta, mu, grad, weights):
    """Bound for the prices theta; gradient of the smoothed bound; choice weights of all starts.

    Returns (exact bound, smoothed bound). grad has the length of theta, weights shape (options, T).
    """
    T = p.T
    people, money, places, rows, goals, req, links, ors, floors, credit = unpack(p, lay, theta)
    total = p.constant
    smooth = p.constant
    grad[:] = 0.0
    g_credit = np.zeros(credit.shape)  # gradient of credit at t, before suffix sums
    # what is fixed: capacity, funds, right-hand sides, base levels, conditions that hold anyhow
    fixed = 0.0
    i = lay.people
    for f in range(lay.room.shape[0]):
        for k in range(lay.room.shape[1]):
            for t in range(T):
                fixed += people[f, k, t] * lay.room[f, k, t]
                grad[i] += lay.room[f, k, t]
                i += 1
    for y in range(len(money)):
        fixed += money[y] * p.funds[y]
        grad[lay.money + y] += p.funds[y]
    ny = len(money)
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
    one = np.empty(1)
    w1 = np.empty(1)
    for g in range(len(goals)):
        slope = p.g_slope[g]
        b = p.g_block[g]
        if b >= 0:
            slope = slope * (1.0 + floors[b] / p.b_scale[b])
        one[0] = p.g_req[g] * (slope - goals[g])
        ex, sm = _choose(one, 1, mu, w1)
        fixed += goals[g] * p.g_base[g]
        total += ex
        smooth += sm
        grad[lay.goals + g] += p.g_base[g] - p.g_req[g] * w1[0]
        if b >= 0:
            grad[lay.floors + b] += p.g_req[g] * w1[0] * p.g_slope[g] / p.b_scale[b]
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
    CR = _suffix(credit)
    ex, sm = _ors(p, lay, ors, credit, CR, mu, grad, g_credit)
    total += ex
    smooth += sm
    ex, sm = _training(p, lay, people, money, mu, grad)
    total += ex
    smooth += sm
    ex, sm = _projects(p, lay, people, money, places, rows, req, CR, mu, grad, weights, g_credit)
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
                if t + dur < T:
                    gain = p.tr_people[k] * after[t + dur]
                v[i] = p.tr_max[k] * (gain - p.tr_cost[k] * (PQ[t + 1] - PQ[t]))
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
def _projects(p, lay, people, money, places, rows, req, CR, mu, grad, weights, g_credit):
    """One choice per project among all its options and starts."""
    T = p.T
    PL = entry_prices(p, lay, people)
    PQ = quarter_prices(p, money)
    RQ = _suffix(req)
    gPL = np.zeros(PL.shape)
    gPQ = np.zeros(T + 1)
    grow = np.zeros(len(rows))
    gCR = np.zeros(CR.shape)
    gRQ = np.zeros(RQ.shape)
    total = 0.0
    smooth = 0.0
    most = 1
    for pr in range(len(p.opt_ptr) - 1):
        most = max(most, p.opt_ptr[pr + 1] - p.opt_ptr[pr])
    v = np.empty(most * T)
    w = np.empty(most * T)
    for pr in range(len(p.opt_ptr) - 1):
        o0, o1 = p.opt_ptr[pr], p.opt_ptr[pr + 1]
        for o in range(o0, o1):
            option_values(p, lay, o, PL, PQ, places, rows, CR, RQ, v[(o - o0) * T:(o - o0 + 1) * T])
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
            weights[o] = w[(o - o0) * T:(o - o0 + 1) * T]
            _option_gradient(p, lay, o, weights[o], gPL, gPQ, places, grow, gCR, gRQ, grad)
    _spread(p, lay, gPL, gPQ, grow, gCR, gRQ, grad, g_credit)
    return total, smooth


@njit(cache=True, nogil=True)
def _spread(p, lay, gPL, gPQ, grow, gCR, gRQ, grad, g_credit):
    """From gradients of cumulated prices to gradients of the prices themselves."""
    T = p.T
    nR = lay.room.shape[1]
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


@njit(cache=True, nogil=True)
def price_tables(p, lay, theta, price, red, red_best, best_ot):
    """What the search reads of the prices.

    price[o, t]: price of what a start uses; red[o, t]: reduced worth (value and credits less price); red_best[p],
    best_ot[p]: the best of a project and where it stands (-1 where it has no start).
    """
    T = p.T
    people, money, places, rows, goals, req, links, ors, floors, credit = unpack(p, lay, theta)
    for c in range(len(p.cond_init)):
        for t in range(T + 1):
            if lay.or_of[c] >= 0:
                credit[c, t] = ors[lay.or_of[c], t]
            if t >= p.cond_init[c]:
                credit[c, t] = 0.0
    CR = _suffix(credit)
    RQ = _suffix(req)
    PL = entry_prices(p, lay, people)
    PQ = quarter_prices(p, money)
    none = np.zeros(CR.shape)
    free = np.zeros(RQ.shape)
    for pr in range(len(p.opt_ptr) - 1):
        red_best[pr] = -1e300
        best_ot[pr, 0] = -1
        best_ot[pr, 1] = 0
        for o in range(p.opt_ptr[pr], p.opt_ptr[pr + 1]):
            option_values(p, lay, o, PL, PQ, places, rows, none, free, price[o])
            option_values(p, lay, o, PL, PQ, places, rows, CR, RQ, red[o])
            for t in range(T):
                if p.allow[o, t] == 0:
                    price[o, t] = 1e300
                    continue
                price[o, t] = p.val[o, t] - price[o, t]
                if red[o, t] > red_best[pr]:
                    red_best[pr] = red[o, t]
                    best_ot[pr, 0] = o
                    best_ot[pr, 1] = t
