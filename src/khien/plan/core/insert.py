"""Where a project goes in: every start that keeps the rules, and what it is worth there."""

from __future__ import annotations

import numpy as np
from numba import njit

from khien.plan.core.dice import rnd
from khien.plan.core.problem import NEVER
from khien.plan.core.state import place, spend_in


@njit(cache=True, nogil=True)
def _serves(p, o, c):
    for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
        if p.oc_cond[k] == c:
            return True
    return False


@njit(cache=True, nogil=True)
def _gains(p, st, o, first_end, last_end, out, buf):
    """Worth of option o (goals only) for every end time from first to last, as things stand: out[end]."""
    T = p.T
    out[first_end : last_end + 1] = 0.0
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
            top = last_end
            if late == 1:
                top = p.next_year[last_end]
            top = min(T, max(top, other))
            buf[first_end : top + 1] = 0.0
            for a in range(p.ua_ptr[u], p.ua_ptr[u + 1]):
                acc = p.ua_acc[a]
                for g in range(p.ag_ptr[acc], p.ag_ptr[acc + 1]):
                    if p.g_time[g] >= old:
                        break
                    lv = st.level[g]
                    if p.g_time[g] >= first_end and lv < p.g_req[g]:
                        up = min(p.g_req[g], lv + p.ua_amt[a, p.g_phase[g]])
                        buf[min(p.g_time[g], top)] += p.g_slope[g] * (up - lv)
            for t in range(top - 1, first_end - 1, -1):
                buf[t] += buf[t + 1]
            for e in range(first_end, last_end + 1):
                ee = e
                if late == 1:
                    ee = p.next_year[e]
                ee = max(ee, other)
                if ee <= T:
                    out[e] += buf[ee]


@njit(cache=True, nogil=True)
def fits_money(p, st, o, t):
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
    for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
        if p.or_mult[k] <= 0:
            continue
        row = p.or_row[k]
        more = p.or_mult[k] * spend_in(p, o, t, row)
        if more > 0 and st.lhs[row] + more > p.row_rhs[row]:
            return False
    return True


@njit(cache=True, nogil=True)
def _rows_help(p, st, o, t):
    """What a floor below its mark gains from option o."""
    total = 0.0
    for k in range(p.or_ptr[o], p.or_ptr[o + 1]):
        row = p.or_row[k]
        if p.or_mult[k] < 0 and st.lhs[row] > p.row_rhs[row]:
            less = -p.or_mult[k] * spend_in(p, o, t, row)
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
def fits(p, st, pr, o, t):
    """Whether an unchosen project may go in with option o from quarter t on."""
    d = p.dur[o]
    if p.allow[o, t] == 0 or t + d > p.T or t < window(p, st, pr):
        return False
    for k in range(p.pc_ptr[pr], p.pc_ptr[pr + 1]):
        c = p.pc_cond[k]
        lim = limit_of(p, st, c)
        if lim < st.ct[c] and not (_serves(p, o, c) and t + d <= lim):
            return False
    for k in range(p.use_ptr[o], p.use_ptr[o + 1]):
        for q in range(t, t + d):
            if st.rem[p.use_pool[k], q] < p.use_amt[k]:
                return False
    return fits_money(p, st, o, t) and _fits_rows(p, st, o, t)


@njit(cache=True, nogil=True)
def best_start(p, st, pr, price, red, near, alpha, beta, blink, eager, soft, g, bufs, out):
    """Best option and start of an unchosen project; out = (option, start, gain, score), option -1 if none.

    Score: (1 - beta) * (gain - alpha * price) + beta * reduced worth. Only starts that keep every rule
    are looked at, among them the ends that chosen successors wait for. A start without gain is taken only for
    its reduced worth, or when `eager`: what makes it worth while may follow. `soft` lets ceilings be broken:
    shares of a total that is still nothing cannot be kept by a first project. near: first and last start of each
    option that is looked at; empty for all.
    """
    T = p.T
    out[0] = -1.0
    out[3] = -1e300
    ready_from = window(p, st, pr)
    if ready_from >= T:
        return
    gains, buf, run = bufs[0], bufs[1], bufs[2]
    for o in range(p.opt_ptr[pr], p.opt_ptr[pr + 1]):
        if blink > 0.0 and rnd(g) < blink:
            continue
        d = p.dur[o]
        lo, hi = ready_from, T - d
        if len(near) > 0:
            lo, hi = max(lo, near[o, 0]), min(hi, near[o, 1])
            if hi < lo:
                continue
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
        least = p.sp[p.sp_ptr[o]]  # a year that has not even that left is closed to every quarter of the run
        for j in range(p.sp_ptr[o] + 1, p.sp_ptr[o + 1]):
            least = min(least, p.sp[j])
        run[0] = 0.0
        for q in range(lo, hi + d):
            ok = 1.0
            if least > 0 and st.slack[p.year_of[q]] < least:
                ok = 0.0
            else:
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
                _gains(p, st, o, t + d, hi + d, gains, buf)
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
            if (
                score > out[3]
                and (gain > 0.0 or (beta > 0.0 and score > 0.0) or eager)
                and fits_money(p, st, o, t)
                and (soft or _fits_rows(p, st, o, t))
            ):
                out[0] = o
                out[1] = t
                out[2] = gain
                out[3] = score
    return


@njit(cache=True, nogil=True)
def construct(p, st, keys, price, red, alpha, beta, soft, g):
    """A first plan: projects by falling key, each at its best start; `soft` leaves ceilings aside."""
    n = len(st.x)
    order = np.argsort(-keys)
    bufs = np.zeros((3, p.T + 2))
    gb = bufs[:, : p.T + 1]
    out = np.zeros(4)
    everywhere = np.zeros((0, 2), dtype=np.int64)
    for _ in range(12):
        added = 0
        for i in range(n):
            pr = order[i]
            if st.x[pr] >= 0:
                continue
            best_start(p, st, pr, price, red, everywhere, alpha, beta, 0.0, False, soft, g, gb, out)
            if out[0] >= 0.0:
                place(p, st, pr, int(out[0]), int(out[1]))
                added += 1
        if added == 0:
            break
