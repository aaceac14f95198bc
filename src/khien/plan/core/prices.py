"""What starts are worth under given prices: the arithmetic that the bound and the search share."""

from __future__ import annotations

import numpy as np
from numba import njit

from khien.plan.core.state import spend_in


@njit(cache=True, nogil=True)
def entry_prices(p, lay, people, out):
    """Writes the cumulated price of every use entry, shape (entries, T + 1)."""
    T = p.T
    for e in range(len(p.use_amt)):
        pool = p.use_pool[e]
        s = 0.0
        out[e, 0] = 0.0
        for t in range(T):
            for f in range(people.shape[0]):
                s += people[f, pool, t] * lay.coef[e, f, t]
            out[e, t + 1] = s
    return out


@njit(cache=True, nogil=True)
def suffix_sums(a, out):
    for i in range(a.shape[0]):
        s = 0.0
        for t in range(a.shape[1] - 1, -1, -1):
            s += a[i, t]
            out[i, t] = s


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
def option_values(p, lay, o, PL, PQ, places, rows, CR, RQ, out):
    """Reduced worth of starting option o in each quarter (-1e300 where it may not).

    PL, PQ: cumulated prices of use entries and of money; CR: credit of a condition that holds from t on;
    RQ: price of a request for a start at t.
    """
    T, d = p.T, p.dur[o]
    pr = p.project_of[o]
    n = max(0, T - d + 1)
    s0 = p.sp_ptr[o]
    v = out[:n]
    v[:] = p.val[o, :n]
    for k in range(p.use_ptr[o], p.use_ptr[o + 1]):
        _less(v, PL[k, d : d + n], PL[k, :n], 1.0)
    if p.even[o] == 1:
        _less(v, PQ[d : d + n], PQ[:n], p.sp[s0])
    else:
        for j in range(d):
            _less(v, PQ[j + 1 : j + 1 + n], PQ[j : j + n], p.sp[s0 + j])
    for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
        credit = CR[p.oc_cond[k]]
        if p.oc_late[k] == 0:
            _more(v, credit[d : d + n])
        else:
            for t in range(n):
                e = p.next_year[t + d]
                if e <= T:
                    v[t] += credit[e]
    for k in range(p.pr_ptr[pr], p.pr_ptr[pr + 1]):
        _more(v, -RQ[p.pr_req[k], :n])
    for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
        if rows[p.or_row[k]] != 0.0:
            _less_row(p, o, p.or_row[k], rows[p.or_row[k]] * p.or_mult[k], v)
    for t in range(T):
        if t >= n or p.allow[o, t] == 0:
            out[t] = -1e300
        else:
            for i in range(lay.seat_ptr[o * T + t], lay.seat_ptr[o * T + t + 1]):
                out[t] -= places[lay.seat_at[i]] * lay.seat_n[i]


@njit(cache=True, nogil=True)
def _less(v, ends, starts, factor):
    """v -= factor * (ends - starts): what a run pays of a cumulated price."""
    for t in range(len(v)):
        v[t] -= factor * (ends[t] - starts[t])


@njit(cache=True, nogil=True)
def _more(v, credit):
    for t in range(len(v)):
        v[t] += credit[t]


@njit(cache=True, nogil=True)
def _less_row(p, o, row, factor, v):
    """v -= factor * what a start in each quarter spends inside the quarters of the row."""
    for t in range(len(v)):
        v[t] -= factor * spend_in(p, o, t, row)


@njit(cache=True, nogil=True)
def option_gradient(p, lay, o, w, gPL, gPQ, grow, gCR, gRQ, g_seats):
    """Adds what a choice weight of every start uses to the gradients of the cumulated prices."""
    T, d = p.T, p.dur[o]
    pr = p.project_of[o]
    s0 = p.sp_ptr[o]
    lo, hi = T, 0
    for t in range(T - d + 1):
        if w[t] > 1e-12:
            lo, hi = min(lo, t), t + 1
    if lo >= hi:
        return
    v = w[lo:hi]
    for k in range(p.use_ptr[o], p.use_ptr[o + 1]):
        _add(gPL[k, lo:hi], v, 1.0)
        _add(gPL[k, lo + d : hi + d], v, -1.0)
    if p.even[o] == 1:
        _add(gPQ[lo:hi], v, p.sp[s0])
        _add(gPQ[lo + d : hi + d], v, -p.sp[s0])
    else:
        for j in range(d):
            _add(gPQ[lo + j : hi + j], v, p.sp[s0 + j])
            _add(gPQ[lo + j + 1 : hi + j + 1], v, -p.sp[s0 + j])
    for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
        if p.oc_late[k] == 0:
            _add(gCR[p.oc_cond[k], lo + d : hi + d], v, 1.0)
        else:
            for t in range(lo, hi):
                e = p.next_year[t + d]
                if e <= T:
                    gCR[p.oc_cond[k], e] += w[t]
    for k in range(p.pr_ptr[pr], p.pr_ptr[pr + 1]):
        _add(gRQ[p.pr_req[k], lo:hi], v, 1.0)
    if lay.seat_ptr[o * T] == lay.seat_ptr[o * T + T] and p.or_ptr[o] == p.or_ptr[o + 1]:
        return
    for t in range(lo, hi):
        x = w[t]
        if x <= 1e-12:
            continue
        for i in range(lay.seat_ptr[o * T + t], lay.seat_ptr[o * T + t + 1]):
            g_seats[lay.seat_at[i]] -= x * lay.seat_n[i]
        for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
            row = p.or_row[k]
            grow[row] += x * p.or_mult[k] * spend_in(p, o, t, row)


@njit(cache=True, nogil=True)
def _add(out, v, factor):
    for t in range(len(v)):
        out[t] += factor * v[t]


@njit(cache=True, nogil=True)
def unpack(p, lay, theta, credit):
    """Prices by kind, as views of theta, and the credits they give to conditions.

    Returns (people, money, places, rows, goals, requests, links, ors, floors) and writes credit[c, t]: what it is
    worth that condition c holds from t on (a suffix sum), before OR blocks are looked at.
    """
    T = p.T
    nR = p.cap.shape[0]
    people = theta[lay.people : lay.money].reshape(lay.room.shape[0], nR, T)
    money = theta[lay.money : lay.places]
    places = theta[lay.places : lay.rows]
    rows = theta[lay.rows : lay.goals]
    goals = theta[lay.goals : lay.requests]
    req = theta[lay.requests : lay.links].reshape(len(p.rq_cond), T)
    links = theta[lay.links : lay.ors].reshape((lay.ors - lay.links) // (T + 1), T + 1)
    ors = theta[lay.ors : lay.floors].reshape((lay.floors - lay.ors) // (T + 1), T + 1)
    floors = theta[lay.floors : lay.size]
    credit[:] = 0.0
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
    return people, money, places, rows, goals, req, links, ors, floors


@njit(cache=True, nogil=True)
def price_tables(p, lay, theta, price, red, red_best, best_ot):
    """What the search reads of the prices.

    price[o, t]: price of what a start uses; red[o, t]: reduced worth (value and credits less price); red_best[p],
    best_ot[p]: the best of a project and where it stands (-1 where it has no start).
    """
    T = p.T
    credit = np.empty((len(p.cond_init), T + 1))
    people, money, places, rows, goals, req, links, ors, floors = unpack(p, lay, theta, credit)
    for c in range(len(p.cond_init)):
        for t in range(T + 1):
            if lay.or_of[c] >= 0:
                credit[c, t] = ors[lay.or_of[c], t]
            if t >= p.cond_init[c]:
                credit[c, t] = 0.0
    CR = np.empty(credit.shape)
    suffix_sums(credit, CR)
    RQ = np.empty(req.shape)
    suffix_sums(req, RQ)
    PL = np.empty((len(p.use_amt), T + 1))
    entry_prices(p, lay, people, PL)
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
