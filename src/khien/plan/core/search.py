"""Ruin and recreate: take some projects out, put the best back in where it is worth most, keep what helps.

Every step works on the exact state. Where a project goes is decided by its true gain less the price of
what it uses (prices from the bound), so that scarce people and years are left to those who need them.
All randomness comes from one small generator, so that equal seeds give equal plans.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from khien.plan.core.dice import rnd
from khien.plan.core.insert import best_start, limit_of
from khien.plan.core.ruin import drop_waiting, note, ruin, with_ancestors
from khien.plan.core.state import penalty, place, remove, time_of, train


@njit(cache=True, nogil=True)
def _sort(keys, items, n):
    """Items by falling key (insertion sort: lists are short)."""
    for i in range(1, n):
        k, v = keys[i], items[i]
        j = i - 1
        while j >= 0 and keys[j] < k:
            keys[j + 1] = keys[j]
            items[j + 1] = items[j]
            j -= 1
        keys[j + 1] = k
        items[j + 1] = v


@njit(cache=True, nogil=True)
def retrain(p, st, k, t, change, undo):
    """One cohort of training k in quarter t more (1) or fewer (-1), where people and money allow it.

    undo = (training, quarter, change), change 0 where it does not.
    """
    undo[2] = 0
    if change > 0:
        y = p.year_of[t]
        used = 0
        for q in range(p.T):
            if p.year_of[q] == y:
                used += st.cohorts[k, q]
        if used >= p.tr_max[k]:
            return
        last = len(st.slack) if p.carry == 1 else y + 1
        for yy in range(y, last):
            if st.slack[yy] < p.tr_cost[k]:
                return
    else:
        if st.cohorts[k, t] == 0:
            return
        for q in range(t + p.tr_dur[k], p.T):
            if st.rem[p.tr_pool[k], q] < p.tr_people[k]:
                return
    train(p, st, k, t, change)
    undo[0] = k
    undo[1] = t
    undo[2] = change


@njit(cache=True, nogil=True)
def _retrain_some(p, st, g, undo):
    """One cohort more or fewer, drawn by lot."""
    k = int(rnd(g) * len(p.tr_pool))
    t = int(rnd(g) * p.T)
    if t < p.tr_first[k] or t + p.tr_dur[k] >= p.T:
        return
    retrain(p, st, k, t, 1 if rnd(g) < 0.5 else -1, undo)


@njit(cache=True, nogil=True)
def _record(st, log, undo, step, steps):
    """Adds what an accepted step has changed to the record, by rising start; a full record takes no more."""
    first = steps[0, 0] + 1
    if first + log[0, 0] + 1 > len(steps):
        return
    m = first
    for i in range(1, log[0, 0] + 1):
        pr = log[i, 0]
        if st.x[pr] == log[i, 1] and (st.x[pr] < 0 or st.s[pr] == log[i, 2]):
            continue
        j = m
        while j > first and steps[j - 1, 3] > st.s[pr]:
            steps[j] = steps[j - 1]
            j -= 1
        steps[j, 0] = step
        steps[j, 1] = pr
        steps[j, 2] = st.x[pr]
        steps[j, 3] = st.s[pr]
        m += 1
    if undo[2] != 0:
        steps[m, 0] = step
        steps[m, 1] = -1 - undo[0]
        steps[m, 2] = undo[1]
        steps[m, 3] = undo[2]
        m += 1
    steps[0, 0] = m - 1


@njit(cache=True, nogil=True)
def _candidates(p, st, log, mark, step, red_best, par, items, keys, g):
    """Who may come in, best first: those taken out, and some that are out; returns how many."""
    n = len(st.x)
    m = 0
    how = rnd(g)
    noise = par[0] * rnd(g) * rnd(g)
    for i in range(1, log[0, 0] + 1):
        pr = log[i, 0]
        items[m] = pr
        keys[m] = (red_best[pr] if how < par[2] else -float(log[i, 2])) + noise * (rnd(g) - 0.5)
        if how >= 0.9:
            keys[m] = rnd(g)
        m += 1
    _sort(keys, items, m)
    first = m
    for _ in range(1 + int(rnd(g) * par[6])):
        pr = int(rnd(g) * n)
        if st.x[pr] < 0 and mark[pr] != step:
            items[m] = pr
            keys[m] = red_best[pr] + noise * (rnd(g) - 0.5)
            m += 1
    if how < par[2]:
        _sort(keys, items, m)
    else:
        _sort(keys[first:], items[first:], m - first)
    return m


@njit(cache=True, nogil=True)
def _awaited(p, st, pr):
    """Whether a chosen project waits for this one."""
    for k in range(p.pc_ptr[pr], p.pc_ptr[pr + 1]):
        c = p.pc_cond[k]
        if limit_of(p, st, c) < st.ct[c]:
            return True
    return False


@njit(cache=True, nogil=True)
def _put_in(p, st, items, m, only_awaited, eager, price, red, near, how, blink, log, mark, step, g, gb, out):
    """Places what is out, in the order given; how = (alpha, beta, strict)."""
    for i in range(m):
        pr = items[i]
        if st.x[pr] >= 0 or (only_awaited and not _awaited(p, st, pr)):
            continue
        best_start(p, st, pr, price, red, near, how[0], how[1], blink, eager, False, g, gb, out)
        if out[0] < 0.0 or (how[2] > 0.5 and out[3] <= 0.0):
            continue
        note(st, pr, log, mark, step)
        place(p, st, pr, int(out[0]), int(out[1]))


@njit(cache=True, nogil=True)
def _recreate(p, st, items, m, price, red, near, how, log, mark, step, stack, g, gb, out):
    """Awaited projects first, then all; what still waits in vain goes out; then once more."""
    _put_in(p, st, items, m, True, True, price, red, near, how, 0.02, log, mark, step, g, gb, out)
    _put_in(p, st, items, m, False, False, price, red, near, how, 0.02, log, mark, step, g, gb, out)
    total = log[0, 0]
    for i in range(1, total + 1):
        if st.x[log[i, 0]] < 0:
            drop_waiting(p, st, log[i, 0], log, mark, step, stack)
    for i in range(total + 1, log[0, 0] + 1):
        if m < len(items):
            items[m] = log[i, 0]
            m += 1
    _put_in(p, st, items, m, False, False, price, red, near, how, 0.02, log, mark, step, g, gb, out)


@njit(cache=True, nogil=True)
def _pick(odds, g):
    r = rnd(g)
    kind = 0
    while kind < len(odds) - 1 and r >= odds[kind]:
        r -= odds[kind]
        kind += 1
    return kind


@njit(cache=True, nogil=True)
def _shuffle(order, g):
    for i in range(len(order) - 1, 0, -1):
        j = int(rnd(g) * (i + 1))
        order[i], order[j] = order[j], order[i]


@njit(cache=True, nogil=True)
def _manner(par, how, g):
    """How this step scores starts: weight of prices, mix with reduced worth, whether to refuse poor ones."""
    how[0] = 0.4 + 0.8 * rnd(g)
    r = rnd(g)
    how[1] = 1.0 if r < par[3] else (0.5 if r < par[3] + par[4] else 0.0)
    how[2] = 1.0 if rnd(g) < par[5] else 0.0


@njit(cache=True, nogil=True)
def search(p, st, bx, bs, bc, bv, price, red, red_best, best_ot, near, rank, odds, wins, par, temp, steps, g, record):
    """`steps` steps of ruin and recreate at one temperature; the best plan is kept in bx, bs, bc, bv.

    bv[0]: value less penalties of the best. odds, wins: weights of the kinds of ruin (6) and what each won.
    par: typical worth (noise in orders), largest ruin, share of orders by price, of whole and half price scores,
    of strict steps, most extra candidates, share of steps that only look at starts in `near`.
    record [rows, 4]: what accepted steps changed, as (step, project, option or -1, start) or (step, -1 - training,
    quarter, change); row 0 holds how many rows follow.
    """
    record[0, 0] = 0
    n = len(st.x)
    log = np.zeros((n + 2, 3), dtype=np.int64)
    mark = np.full(n, -1, dtype=np.int64)
    stack = np.zeros(n * 4 + 8, dtype=np.int64)
    items = np.zeros(2 * n + 64, dtype=np.int64)
    keys = np.zeros(2 * n + 64)
    gb = np.zeros((3, p.T + 1))
    out = np.zeros(4)
    how = np.zeros(3)
    undo = np.zeros(3, dtype=np.int64)
    order = np.arange(n)
    line = np.zeros(64, dtype=np.int64)
    cur = st.value[0] - penalty(p, st)
    for step in range(steps):
        if step % 64 == 0:
            _shuffle(order, g)
        log[0, 0] = 0
        undo[2] = 0
        kind = _pick(odds, g)
        size = 1 + int(rnd(g) * rnd(g) * par[1])
        target = ruin(p, st, kind, size, g, red_best, best_ot, log, mark, step, stack, order)
        if len(p.tr_pool) > 0 and rnd(g) < 0.15:
            _retrain_some(p, st, g, undo)
        m = _candidates(p, st, log, mark, step, red_best, par, items, keys, g)
        _manner(par, how, g)
        where = near
        if rnd(g) >= par[7]:
            where = near[:0]
        if target >= 0:
            many = with_ancestors(p, st, target, red_best, rank, line, g)
            strict = how[2]
            how[2] = 0.0
            _put_in(p, st, line, many, False, True, price, red, near[:0], how, 0.0, log, mark, step, g, gb, out)
            how[2] = strict
        _recreate(p, st, items, m, price, red, where, how, log, mark, step, stack, g, gb, out)
        new = st.value[0] - penalty(p, st)
        wins[kind, 0] += 1.0
        if new > cur:
            wins[kind, 1] += 1.0
        if new >= cur or rnd(g) < math.exp((new - cur) / temp):
            cur = new
            _record(st, log, undo, step, record)
            if new > bv[0] + 1e-9:
                bv[0] = new
                bx[:] = st.x
                bs[:] = st.s
                bc[:] = st.cohorts
        else:
            undo_step(p, st, log, undo)
    return cur


@njit(cache=True, nogil=True)
def undo_step(p, st, log, undo):
    """Back to how it stood before the step."""
    for i in range(1, log[0, 0] + 1):
        if st.x[log[i, 0]] >= 0:
            remove(p, st, log[i, 0])
    if undo[2] != 0:
        train(p, st, undo[0], undo[1], -undo[2])
    for i in range(1, log[0, 0] + 1):
        if log[i, 1] >= 0:
            place(p, st, log[i, 0], log[i, 1], log[i, 2])


@njit(cache=True, nogil=True)
def valid(p, st):
    """0 when no rule is broken; else the kind of the first broken rule (1 people, 2 money, 3 request)."""
    for k in range(st.rem.shape[0]):
        for t in range(p.T):
            if st.rem[k, t] < 0:
                return 1
    for y in range(len(st.slack)):
        if st.slack[y] < 0:
            return 2
    for r in range(len(p.rq_cond)):
        pr = p.rq_project[r]
        if st.x[pr] >= 0 and time_of(p, st, p.rq_cond[r]) + p.rq_lag[r] > st.s[pr]:
            return 3
    return 0


@njit(cache=True, nogil=True)
def prune(p, st):
    """Takes out projects and cohorts without which the plan is worth as much and breaks nothing."""
    for _ in range(3):
        gone = 0
        for pr in range(len(st.x)):
            if st.x[pr] < 0 or p.must[pr] == 1 or _awaited(p, st, pr):
                continue
            before = st.value[0] - penalty(p, st)
            o, t = st.x[pr], st.s[pr]
            remove(p, st, pr)
            if st.value[0] - penalty(p, st) < before or _awaited(p, st, pr):
                place(p, st, pr, o, t)
            else:
                gone += 1
        if gone == 0:
            break
    for k in range(len(p.tr_pool)):
        for t in range(p.T):
            while st.cohorts[k, t] > 0:
                spare = True
                for q in range(t + p.tr_dur[k], p.T):
                    if st.rem[p.tr_pool[k], q] < p.tr_people[k]:
                        spare = False
                if not spare:
                    break
                train(p, st, k, t, -1)
