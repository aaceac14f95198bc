"""What starts are worth under given prices: the arithmetic that the bound and the search share."""

from __future__ import annotations

import numpy as np
from numba import njit

from khien.plan.core.layout import PLACES


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
def suffix_sums(a):
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
def place_walk(p, lay, o, t, prices, grad, x):
    """Price of the places of the money rows that a start takes; adds x times them to grad where x > 0.

    A spend of s in a year with C takes ceil(s (k + 1) / C) - 1 of k places.
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
        s = p.sp_cum[base + j1] - p.sp_cum[base + j]
        c = max(p.funds[y], 1)
        for k in range(1, PLACES + 1):
            if s * (k + 1) > c:
                n = -((-s * (k + 1)) // c) - 1
                total += prices[(k - 1) * ny + y] * n
                if x > 0.0:
                    grad[lay.places + (k - 1) * ny + y] -= x * n
        j = j1
        if j >= d:
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
            r -= place_walk(p, lay, o, t, places, places, 0.0)
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
def option_gradient(p, lay, o, w, gPL, gPQ, places, grow, gCR, gRQ, grad):
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
            place_walk(p, lay, o, t, places, grad, x)
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
    people = theta[lay.people : lay.money].copy().reshape(lay.room.shape[0], nR, T)
    money = theta[lay.money : lay.places].copy()
    places = theta[lay.places : lay.rows].copy()
    rows = theta[lay.rows : lay.goals].copy()
    goals = theta[lay.goals : lay.requests].copy()
    req = theta[lay.requests : lay.links].copy().reshape(len(p.rq_cond), T)
    links = theta[lay.links : lay.ors].copy().reshape((lay.ors - lay.links) // (T + 1), T + 1)
    ors = theta[lay.ors : lay.floors].copy().reshape((lay.floors - lay.ors) // (T + 1), T + 1)
    floors = theta[lay.floors : lay.size].copy()
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
    CR = suffix_sums(credit)
    RQ = suffix_sums(req)
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
