"""From a plan of another question to one that keeps the rules of this one: put in what must be in, take out the rest.

The search works on plans that keep every hard rule. A plan made for more money, or before a project was pinned, does
not; these kernels bring it as near as they can, and the search goes on from there.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from khien.plan.core.insert import window
from khien.plan.core.problem import NEVER
from khien.plan.core.ruin import drop_waiting, take
from khien.plan.core.state import penalty, place, remove, spend_in, time_of, train


@njit(cache=True, nogil=True)
def _loss(p, st, pr, keep, log, mark, stack):
    """What the plan loses without a project and what waits for it; without limit where something kept waits."""
    before = st.value[0] - penalty(p, st)
    log[0, 0] = 0
    mark[:] = -1
    take(p, st, pr, log, mark, 1)
    drop_waiting(p, st, pr, log, mark, 1, stack)
    lost = before - (st.value[0] - penalty(p, st))
    for i in range(1, log[0, 0] + 1):
        if keep[log[i, 0]] == 1:
            lost = 1e300
        if log[i, 1] >= 0:
            place(p, st, log[i, 0], log[i, 1], log[i, 2])
    return lost


@njit(cache=True, nogil=True)
def _out(p, st, pr, log, mark, stack):
    """Takes a project out, and what waits for it."""
    log[0, 0] = 0
    mark[:] = -1
    take(p, st, pr, log, mark, 1)
    drop_waiting(p, st, pr, log, mark, 1, stack)


@njit(cache=True, nogil=True)
def _cheapest(p, st, relief, short, keep, log, mark, stack):
    """The chosen project that gives `relief` back at the least loss per unit of it; -1 if none can."""
    best, least = -1, 1e290
    for pr in range(len(st.x)):
        if st.x[pr] < 0 or keep[pr] == 1 or relief[pr] <= 0:
            continue
        lost = _loss(p, st, pr, keep, log, mark, stack) / min(relief[pr], short)
        if lost < least:
            best, least = pr, lost
    return best


@njit(cache=True, nogil=True)
def _fix_people(p, st, keep, relief, log, mark, stack):
    for k in range(st.rem.shape[0]):
        for t in range(p.T):
            while st.rem[k, t] < 0:
                relief[:] = 0
                for pr in range(len(st.x)):
                    o = st.x[pr]
                    if o >= 0 and st.s[pr] <= t < st.s[pr] + p.dur[o]:
                        for e in range(p.use_ptr[o], p.use_ptr[o + 1]):
                            if p.use_pool[e] == k:
                                relief[pr] = p.use_amt[e]
                pr = _cheapest(p, st, relief, -st.rem[k, t], keep, log, mark, stack)
                if pr < 0:
                    break
                _out(p, st, pr, log, mark, stack)


@njit(cache=True, nogil=True)
def _spare_cohort(p, st, y):
    """Drops one cohort paid in year y (or before, where money carries over) that nobody needs."""
    for k in range(len(p.tr_pool)):
        for t in range(p.T):
            paid = p.year_of[t] == y or (p.carry == 1 and p.year_of[t] < y)
            if not paid or st.cohorts[k, t] == 0 or p.tr_cost[k] == 0:
                continue
            spare = True
            for q in range(t + p.tr_dur[k], p.T):
                if st.rem[p.tr_pool[k], q] < p.tr_people[k]:
                    spare = False
                    break
            if spare:
                train(p, st, k, t, -1)
                return True
    return False


@njit(cache=True, nogil=True)
def _fix_money(p, st, keep, relief, log, mark, stack):
    for y in range(len(st.slack)):
        while st.slack[y] < 0:
            if _spare_cohort(p, st, y):
                continue
            relief[:] = 0
            for pr in range(len(st.x)):
                o = st.x[pr]
                if o < 0:
                    continue
                for j in range(p.dur[o]):
                    paid = p.year_of[st.s[pr] + j]
                    if paid == y or (p.carry == 1 and paid < y):
                        relief[pr] += p.sp[p.sp_ptr[o] + j]
            pr = _cheapest(p, st, relief, -st.slack[y], keep, log, mark, stack)
            if pr < 0:
                break
            _out(p, st, pr, log, mark, stack)


@njit(cache=True, nogil=True)
def _fix_rows(p, st, keep, relief, log, mark, stack):
    for r in range(len(st.lhs)):
        while st.lhs[r] > p.row_rhs[r]:
            relief[:] = 0
            for pr in range(len(st.x)):
                o = st.x[pr]
                if o < 0:
                    continue
                for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
                    if p.or_row[k] == r and p.or_mult[k] > 0:
                        relief[pr] = p.or_mult[k] * spend_in(p, o, st.s[pr], r)
            pr = _cheapest(p, st, relief, st.lhs[r] - p.row_rhs[r], keep, log, mark, stack)
            if pr < 0:
                break
            _out(p, st, pr, log, mark, stack)


@njit(cache=True, nogil=True)
def mend(p, st, keep):
    """Takes out, at the least loss, what breaks windows, waits, people, money or ceilings; `keep` [projects] stays.

    Floors and pins are left to the search. What is kept stays even where rules break for it.
    """
    n = len(st.x)
    log = np.zeros((n + 2, 3), dtype=np.int64)
    mark = np.zeros(n, dtype=np.int64)
    stack = np.zeros(4 * n + 8, dtype=np.int64)
    relief = np.zeros(n, dtype=np.int64)
    for pr in range(n):
        if st.x[pr] >= 0 and p.allow[st.x[pr], st.s[pr]] == 0:
            _out(p, st, pr, log, mark, stack)
    for r in range(len(p.rq_cond)):
        pr = p.rq_project[r]
        if st.x[pr] >= 0 and time_of(p, st, p.rq_cond[r]) + p.rq_lag[r] > st.s[pr]:
            _out(p, st, pr, log, mark, stack)
    _fix_people(p, st, keep, relief, log, mark, stack)
    _fix_money(p, st, keep, relief, log, mark, stack)
    _fix_people(p, st, keep, relief, log, mark, stack)
    _fix_rows(p, st, keep, relief, log, mark, stack)


@njit(cache=True, nogil=True)
def _needed(p, st, target, red_best, line):
    """The target and the unchosen projects that it, and they, have to wait for; returns how many."""
    line[0] = target
    m = 1
    i = 0
    while i < m:
        q = line[i]
        i += 1
        for k in range(p.pr_ptr[q], p.pr_ptr[q + 1]):
            c = p.rq_cond[p.pr_req[k]]
            if st.ct[c] < NEVER:
                continue
            best = -1
            for kk in range(p.co_ptr[c], p.co_ptr[c + 1]):
                w = p.project_of[p.co_opt[kk]]
                if best < 0 or red_best[w] > red_best[best]:
                    best = w
            known = best < 0 or m >= len(line)
            for j in range(m):
                known = known or line[j] == best
            if not known:
                line[m] = best
                m += 1
    return m


@njit(cache=True, nogil=True)
def _best_place(p, st, pr, o0, o1, red):
    """Option and start of the greatest reduced worth after all that the project waits for; -1 if there is none."""
    lo = window(p, st, pr)
    best, where, when = -1e299, -1, -1
    for o in range(o0, o1):
        for t in range(min(lo, p.T), p.T):
            if p.allow[o, t] == 1 and red[o, t] > best:
                best, where, when = red[o, t], o, t
    return where, when


@njit(cache=True, nogil=True)
def force(p, st, target, option, red, red_best, keep):
    """Puts a project in (by one option if `option` >= 0) with all that it waits for, whatever it breaks.

    Each goes where its reduced worth is greatest; all are marked in `keep`. False where there is no such start.
    """
    n = len(st.x)
    line = np.zeros(40, dtype=np.int64)
    m = _needed(p, st, target, red_best, line)
    for _ in range(m):
        for i in range(m - 1, -1, -1):
            pr = line[i]
            if st.x[pr] >= 0 or window(p, st, pr) >= p.T:
                continue
            o0, o1 = p.opt_ptr[pr], p.opt_ptr[pr + 1]
            if pr == target and option >= 0:
                o0, o1 = option, option + 1
            o, t = _best_place(p, st, pr, o0, o1, red)
            if o >= 0:
                place(p, st, pr, o, t)
    if st.x[target] < 0:
        for i in range(m):
            if st.x[line[i]] >= 0:
                remove(p, st, line[i])
        return False
    stack = np.zeros(n, dtype=np.int64)
    top = 1
    stack[0] = target
    keep[target] = 1
    while top > 0:  # what it waits for stays too
        top -= 1
        q = stack[top]
        for k in range(p.pr_ptr[q], p.pr_ptr[q + 1]):
            c = p.rq_cond[p.pr_req[k]]
            for kk in range(p.co_ptr[c], p.co_ptr[c + 1]):
                w = p.project_of[p.co_opt[kk]]
                if st.x[w] == p.co_opt[kk] and keep[w] == 0 and p.cond_init[c] >= NEVER:
                    keep[w] = 1
                    stack[top] = w
                    top += 1
    return True
