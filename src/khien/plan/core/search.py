"""Ruin and recreate: take some projects out, put the best back in where it is worth most, keep what helps.

Every step works on the exact state. Where a project goes is decided by its true gain less the price of
what it uses (prices from the bound), so that scarce people and years are left to those who need them.
All randomness comes from one small generator, so that equal seeds give equal plans.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from khien.plan.core.problem import NEVER
from khien.plan.core.state import penalty, place, remove, time_of, train


@njit(cache=True, nogil=True)
def rnd(g):
    """Uniform in [0, 1): xorshift64* on g[0]."""
    x = g[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    g[0] = x
    return ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True, nogil=True)
def _serves(p, o, c):
    for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
        if p.oc_cond[k] == c:
            return True
    return False


@njit(cache=True, nogil=True)
def _gains(p, st, o, out, buf):
    """Worth of option o by its end time (goals only), shape (T + 1,), as things stand."""
    T = p.T
    out[:] = 0.0
    for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
        c = p.oc_cond[k]
        for ku in range(p.cu_ptr[c], p.cu_ptr[c + 1]):
            u = p.cu_unit[ku]
            old = st.ut[u]
            other = 0
            late = 0
            first = True
            for kc in range(p.uc_ptr[u], p.uc_ptr[u + 1]):
                cc = p.uc_cond[kc]
                mine = False
                for kk in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
                    if p.oc_cond[kk] == cc:
                        mine = True
                        if p.oc_late[kk] == 1:
                            late = 1
                        if cc < c:
                            first = False
                if not mine:
                    other = max(other, st.ct[cc])
            if not first or other >= old or other > T:
                continue
            buf[:] = 0.0
            for a in range(p.ua_ptr[u], p.ua_ptr[u + 1]):
                acc = p.ua_acc[a]
                for g in range(p.ag_ptr[acc], p.ag_ptr[acc + 1]):
                    if p.g_time[g] >= old:
                        break
                    lv = st.level[g]
                    if lv < p.g_req[g]:
                        up = min(p.g_req[g], lv + p.ua_amt[a, p.g_phase[g]])
                        buf[p.g_time[g]] += p.g_slope[g] * (up - lv)
            for t in range(min(old, T) - 1, -1, -1):
                buf[t] += buf[t + 1]
            for e in range(T + 1):
                ee = e
                if late == 1:
                    ee = p.next_year[e]
                ee = max(ee, other)
                if ee <= T:
                    out[e] += buf[ee]


@njit(cache=True, nogil=True)
def _fits_money(p, st, o, t):
    """Whether every year's money allows option o from t on."""
    d = p.dur[o]
    base = p.sp_ptr[o] + o
    j = 0
    spent = 0
    y = p.year_of[t]
    while j < d:
        y = p.year_of[t + j]
        j1 = j
        while j1 < d and p.year_of[t + j1] == y:
            j1 += 1
        s = p.sp_cum[base + j1] - p.sp_cum[base + j]
        if p.carry == 1:
            spent += s
        else:
            spent = s
        if spent > 0 and spent > st.slack[y]:
            return False
        j = j1
    if p.carry == 1 and spent > 0:
        for yy in range(y + 1, len(st.slack)):
            if spent > st.slack[yy]:
                return False
    return True


@njit(cache=True, nogil=True)
def _fits_rows(p, st, o, t):
    """Whether the ceilings allow option o from t on (a negative share only helps)."""
    d = p.dur[o]
    base = p.sp_ptr[o] + o
    for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
        if p.or_mult[k] <= 0:
            continue
        row = p.or_row[k]
        a = min(max(p.row_q0[row] - t, 0), d)
        b = min(max(p.row_q1[row] - t, 0), d)
        more = p.or_mult[k] * (p.sp_cum[base + b] - p.sp_cum[base + a])
        if more > 0 and st.lhs[row] + more > p.row_rhs[row]:
            return False
    return True


@njit(cache=True, nogil=True)
def _rows_help(p, st, o, t):
    """What a floor below its mark gains from option o."""
    d = p.dur[o]
    base = p.sp_ptr[o] + o
    total = 0.0
    for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
        row = p.or_row[k]
        if p.or_mult[k] < 0 and st.lhs[row] > p.row_rhs[row]:
            a = min(max(p.row_q0[row] - t, 0), d)
            b = min(max(p.row_q1[row] - t, 0), d)
            less = -p.or_mult[k] * (p.sp_cum[base + b] - p.sp_cum[base + a])
            total += p.row_cost[row] * min(less, st.lhs[row] - p.row_rhs[row])
    return total


@njit(cache=True, nogil=True)
def window(p, st, pr):
    """Earliest start by requests; the limits that chosen successors put on served conditions follow."""
    lo = 0
    for k in range(p.pr_ptr[pr], p.pr_ptr[pr + 1]):
        r = p.pr_req[k]
        lo = max(lo, st.ct[p.rq_cond[r]] + p.rq_lag[r])
    return lo


@njit(cache=True, nogil=True)
def limit_of(p, st, c):
    """Latest time at which condition c must hold for the chosen projects that ask for it."""
    best = NEVER
    for k in range(p.cr_ptr[c], p.cr_ptr[c + 1]):
        r = p.cr_req[k]
        q = p.rq_project[r]
        if st.x[q] >= 0:
            best = min(best, st.s[q] - p.rq_lag[r])
    return best


@njit(cache=True, nogil=True)
def best_start(p, st, pr, price, red, alpha, beta, blink, g, bufs, out):
    """Best option and start of an unchosen project; out = (option, start, gain, score), option -1 if none.

    Score: (1 - beta) * (gain - alpha * price) + beta * reduced worth. Only starts that keep every rule
    are looked at, among them the ends that chosen successors wait for.
    """
    T = p.T
    out[0] = -1.0
    out[3] = -1e300
    lo = window(p, st, pr)
    if lo >= T:
        return
    gains, buf, run = bufs[0], bufs[1], bufs[2]
    for o in range(p.opt_ptr[pr], p.opt_ptr[pr + 1]):
        if blink > 0.0 and rnd(g) < blink:
            continue
        d = p.dur[o]
        hi = T - d
        for k in range(p.pc_ptr[pr], p.pc_ptr[pr + 1]):
            c = p.pc_cond[k]
            lim = limit_of(p, st, c)
            if lim < st.ct[c]:
                if _serves(p, o, c):
                    hi = min(hi, lim - d)
                else:
                    hi = -1
        if hi < lo:
            continue
        run[0] = 0.0
        for q in range(lo, hi + d):
            ok = 1.0
            for k in range(p.use_ptr[o], p.use_ptr[o + 1]):
                if st.rem[p.use_pool[k], q] < p.use_amt[k]:
                    ok = 0.0
                    break
            run[q - lo + 1] = run[q - lo] + ok
        ready = False
        for t in range(lo, hi + 1):
            if p.allow[o, t] == 0 or run[t - lo + d] - run[t - lo] < d - 0.5:
                continue
            if not ready:
                _gains(p, st, o, gains, buf)
                ready = True
            gain = p.val[o, t] + gains[t + d]
            score = (1.0 - beta) * (gain - alpha * price[o, t]) + beta * red[o, t]
            if len(p.row_rhs) > 0:
                h = _rows_help(p, st, o, t)
                gain += h
                score += h
            if p.must[pr] == 1:
                gain += p.must_cost
                score += p.must_cost
            if score > out[3] and gain > 0.0 and _fits_money(p, st, o, t) and _fits_rows(p, st, o, t):
                out[0] = o
                out[1] = t
                out[2] = gain
                out[3] = score
    return


@njit(cache=True, nogil=True)
def _note(st, pr, log, mark, stamp):
    """Remembers how a project stood before this step."""
    if mark[pr] != stamp:
        mark[pr] = stamp
        n = log[0, 0] + 1
        log[0, 0] = n
        log[n, 0] = pr
        log[n, 1] = st.x[pr]
        log[n, 2] = st.s[pr]


@njit(cache=True, nogil=True)
def _drop_waiting(p, st, pr, log, mark, stamp, stack):
    """Takes out, level by level, chosen projects whose requests no longer hold."""
    top = 0
    stack[0] = pr
    top = 1
    while top > 0:
        top -= 1
        q = stack[top]
        for k in range(p.pc_ptr[q], p.pc_ptr[q + 1]):
            c = p.pc_cond[k]
            for kk in range(p.cr_ptr[c], p.cr_ptr[c + 1]):
                r = p.cr_req[kk]
                w = p.rq_project[r]
                if st.x[w] >= 0 and st.ct[c] + p.rq_lag[r] > st.s[w]:
                    _note(st, w, log, mark, stamp)
                    remove(p, st, w)
                    stack[top] = w
                    top += 1


@njit(cache=True, nogil=True)
def _share_pool(p, a, b):
    for k in range(p.use_ptr[a], p.use_ptr[a + 1]):
        for kk in range(p.use_ptr[b], p.use_ptr[b + 1]):
            if p.use_pool[k] == p.use_pool[kk]:
                return True
    return False


@njit(cache=True, nogil=True)
def _take(p, st, pr, log, mark, stamp):
    _note(st, pr, log, mark, stamp)
    remove(p, st, pr)


@njit(cache=True, nogil=True)
def _ruin_window(p, st, q0, q1, like, pool, size, skip, g, log, mark, stamp, order):
    """Takes out up to `size` projects that run in [q0, q1); like: share a pool with that option; pool: use it."""
    n = len(st.x)
    count = 0
    off = int(rnd(g) * n)
    for i in range(n):
        pr = (order[i] + off) % n
        o = st.x[pr]
        if o < 0 or pr == skip:
            continue
        if count >= size:
            return
        if st.s[pr] >= q1 or st.s[pr] + p.dur[o] <= q0:
            continue
        hit = True
        if pool >= 0:
            hit = False
            for k in range(p.use_ptr[o], p.use_ptr[o + 1]):
                if p.use_pool[k] == pool:
                    hit = True
        if like >= 0 and not _share_pool(p, o, like):
            hit = False
        if hit:
            _take(p, st, pr, log, mark, stamp)
            count += 1


@njit(cache=True, nogil=True)
def _ruin_web(p, st, size, g, log, mark, stamp, stack):
    """Takes out neighbours in the web of requests, from a random project on."""
    n = len(st.x)
    stack[0] = int(rnd(g) * n)
    top = 1
    seen = 0
    count = 0
    while top > 0 and count < size and seen < 4 * size + 4:
        top -= 1
        q = stack[top]
        seen += 1
        if st.x[q] >= 0 and mark[q] != stamp:
            _take(p, st, q, log, mark, stamp)
            count += 1
        for k in range(p.pr_ptr[q], p.pr_ptr[q + 1]):
            c = p.rq_cond[p.pr_req[k]]
            for kk in range(p.co_ptr[c], p.co_ptr[c + 1]):
                if rnd(g) < 0.2 and top < n:
                    stack[top] = p.project_of[p.co_opt[kk]]
                    top += 1
        for k in range(p.pc_ptr[q], p.pc_ptr[q + 1]):
            c = p.pc_cond[k]
            for kk in range(p.cr_ptr[c], p.cr_ptr[c + 1]):
                if rnd(g) < 0.6 and top < n:
                    stack[top] = p.rq_project[p.cr_req[kk]]
                    top += 1


@njit(cache=True, nogil=True)
def _pick_target(p, st, g, red_best, best_ot, tries):
    """An unchosen project that prices favour; -1 if none was met."""
    n = len(st.x)
    best = -1e300
    target = -1
    for _ in range(tries):
        pr = int(rnd(g) * n)
        if st.x[pr] < 0 and best_ot[pr, 0] >= 0 and red_best[pr] > best:
            best = red_best[pr]
            target = pr
    return target


@njit(cache=True, nogil=True)
def _with_ancestors(p, st, target, red_best, rank, stack, line):
    """The target and the unchosen projects it needs, first things first; returns how many."""
    n = len(st.x)
    m = 1
    line[0] = target
    i = 0
    while i < m and m < 40:
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
            known = best < 0
            for j in range(m):
                if line[j] == best:
                    known = True
            if not known and m < 40:
                line[m] = best
                m += 1
    for i in range(1, m):
        v = line[i]
        j = i - 1
        while j >= 0 and rank[line[j]] > rank[v]:
            line[j + 1] = line[j]
            j -= 1
        line[j + 1] = v
    return m


@njit(cache=True, nogil=True)
def _ruin(p, st, kind, size, g, red_best, best_ot, log, mark, stamp, stack, order):
    """Takes about `size` chosen projects out; returns a project that should go in first, or -1."""
    n = len(st.x)
    T = p.T
    target = -1
    if kind == 0 or kind == 1:  # those that run in a window; kind 1: sharing a pool
        pool = -1
        if kind == 1 and p.cap.shape[0] > 0:
            pool = int(rnd(g) * p.cap.shape[0])
        width = 1 + int(rnd(g) * 12)
        q0 = int(rnd(g) * T) - width // 2
        _ruin_window(p, st, q0, q0 + width, -1, pool, size, -1, g, log, mark, stamp, order)
    elif kind == 2:
        _ruin_web(p, st, size, g, log, mark, stamp, stack)
    elif kind == 3:  # anything
        for _ in range(size):
            pr = int(rnd(g) * n)
            if st.x[pr] >= 0:
                _take(p, st, pr, log, mark, stamp)
    else:  # make room for one that is out (kind 5: only by people)
        target = _pick_target(p, st, g, red_best, best_ot, 1 + int(rnd(g) * 6))
        if target >= 0:
            o = best_ot[target, 0]
            if rnd(g) < 0.4:
                o = p.opt_ptr[target] + int(rnd(g) * (p.opt_ptr[target + 1] - p.opt_ptr[target]))
            t = best_ot[target, 1] + int(rnd(g) * 9) - 4
            like = -1
            if kind == 5:
                like = o
            _ruin_window(p, st, t, t + p.dur[o], like, -1, size, target, g, log, mark, stamp, order)
    return target


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
def _retrain(p, st, g, undo):
    """One cohort more or fewer, where people and money allow it; undo = (training, quarter, change)."""
    undo[2] = 0
    if len(p.tr_pool) == 0:
        return
    k = int(rnd(g) * len(p.tr_pool))
    t = int(rnd(g) * p.T)
    if rnd(g) < 0.5:
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
        train(p, st, k, t, 1)
        undo[2] = 1
    else:
        if st.cohorts[k, t] == 0:
            return
        for q in range(t + p.tr_dur[k], p.T):
            if st.rem[p.tr_pool[k], q] < p.tr_people[k]:
                return
        train(p, st, k, t, -1)
        undo[2] = -1
    undo[0] = k
    undo[1] = t


@njit(cache=True, nogil=True)
def search(p, st, bx, bs, bc, bv, price, red, red_best, best_ot, rank, odds, wins, par, temp0, temp1, steps, g):
    """`steps` steps of ruin and recreate with a falling temperature; the best plan is kept in bx, bs, bc, bv.

    bv[0]: value less penalties of the best. odds, wins: weights of the kinds of ruin (6) and what each won.
    par: typical worth (noise in orders), largest ruin, share of orders by price, of whole and half price scores,
    of strict steps, most extra candidates.
    """
    n = len(st.x)
    T = p.T
    log = np.zeros((n + 2, 3), dtype=np.int64)
    mark = np.full(n, -1, dtype=np.int64)
    stack = np.zeros(n * 4 + 8, dtype=np.int64)
    items = np.zeros(2 * n + 64, dtype=np.int64)
    keys = np.zeros(2 * n + 64)
    bufs = np.zeros((3, T + 2))
    gb = bufs[:, : T + 1]
    out = np.zeros(4)
    undo = np.zeros(3, dtype=np.int64)
    order = np.arange(n)
    line = np.zeros(64, dtype=np.int64)
    cur = st.value[0] - penalty(p, st)
    for step in range(steps):
        if step % 64 == 0:
            for i in range(n - 1, 0, -1):
                j = int(rnd(g) * (i + 1))
                order[i], order[j] = order[j], order[i]
        temp = temp0 * (temp1 / temp0) ** (step / steps)
        log[0, 0] = 0
        undo[2] = 0
        r = rnd(g)
        kind = 0
        while kind < 5 and r >= odds[kind]:
            r -= odds[kind]
            kind += 1
        size = 1 + int(rnd(g) * rnd(g) * par[1])
        target = _ruin(p, st, kind, size, g, red_best, best_ot, log, mark, step, stack, order)
        if len(p.tr_pool) > 0 and rnd(g) < 0.15:
            _retrain(p, st, g, undo)
        removed = log[0, 0]
        # who may come in: those taken out, and some that are out
        m = 0
        how = rnd(g)
        noise = par[0] * rnd(g) * rnd(g)
        for i in range(1, removed + 1):
            pr = log[i, 0]
            items[m] = pr
            keys[m] = (red_best[pr] if how < par[2] else -float(log[i, 2])) + noise * (rnd(g) - 0.5)
            if how >= 0.9:
                keys[m] = rnd(g)
            m += 1
        _sort(keys, items, m)
        extra = 1 + int(rnd(g) * par[6])
        m0 = m
        for _ in range(extra):
            pr = int(rnd(g) * n)
            if st.x[pr] < 0 and mark[pr] != step:
                items[m] = pr
                keys[m] = red_best[pr] + noise * (rnd(g) - 0.5)
                m += 1
        if how < par[2]:
            _sort(keys, items, m)
        else:
            _sort(keys[m0:], items[m0:], m - m0)
        alpha = 0.4 + 0.8 * rnd(g)
        beta = 0.0
        r = rnd(g)
        if r < par[3] + par[4]:
            beta = 0.5
        if r < par[3]:
            beta = 1.0
        strict = rnd(g) < par[5]
        if target >= 0:
            many = _with_ancestors(p, st, target, red_best, rank, stack, line)
            for i in range(many):
                if st.x[line[i]] >= 0:
                    continue
                best_start(p, st, line[i], price, red, alpha, beta, 0.0, g, gb, out)
                if out[0] >= 0.0:
                    _note(st, line[i], log, mark, step)
                    place(p, st, line[i], int(out[0]), int(out[1]))
        for turn in range(2):
            # first those that chosen successors wait for
            for phase in range(2 if turn == 0 else 1):
                for i in range(m):
                    pr = items[i]
                    if st.x[pr] >= 0:
                        continue
                    if turn == 0 and phase == 0:
                        awaited = False
                        for k in range(p.pc_ptr[pr], p.pc_ptr[pr + 1]):
                            c = p.pc_cond[k]
                            if limit_of(p, st, c) < st.ct[c]:
                                awaited = True
                        if not awaited:
                            continue
                    best_start(p, st, pr, price, red, alpha, beta, 0.02, g, gb, out)
                    if out[0] < 0.0 or (strict and out[3] <= 0.0):
                        continue
                    _note(st, pr, log, mark, step)
                    place(p, st, pr, int(out[0]), int(out[1]))
            if turn == 0:
                total = log[0, 0]
                for i in range(1, total + 1):
                    if st.x[log[i, 0]] < 0:
                        _drop_waiting(p, st, log[i, 0], log, mark, step, stack)
                # a project may have come back later than its successors can wait
                for i in range(total + 1, log[0, 0] + 1):
                    if m < len(items):
                        items[m] = log[i, 0]
                        m += 1
        new = st.value[0] - penalty(p, st)
        wins[kind, 0] += 1.0
        if new > cur:
            wins[kind, 1] += 1.0
        if new >= cur or (temp > 0.0 and rnd(g) < math.exp((new - cur) / temp)):
            cur = new
            if new > bv[0] + 1e-9:
                bv[0] = new
                bx[:] = st.x
                bs[:] = st.s
                bc[:] = st.cohorts
        else:
            _undo(p, st, log, undo)
    return cur


@njit(cache=True, nogil=True)
def _undo(p, st, log, undo):
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
def construct(p, st, keys, price, red, alpha, beta, g):
    """A plan from what stands: projects by falling key, each at its best start, until nothing more goes in."""
    n = len(st.x)
    order = np.argsort(-keys)
    bufs = np.zeros((3, p.T + 2))
    gb = bufs[:, : p.T + 1]
    out = np.zeros(4)
    for _ in range(12):
        added = 0
        for i in range(n):
            pr = order[i]
            if st.x[pr] >= 0:
                continue
            best_start(p, st, pr, price, red, alpha, beta, 0.0, g, gb, out)
            if out[0] >= 0.0:
                place(p, st, pr, int(out[0]), int(out[1]))
                added += 1
        if added == 0:
            break


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
