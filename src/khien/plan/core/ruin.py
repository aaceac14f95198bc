"""Which projects a step takes out, and which it wants in."""

from __future__ import annotations

from numba import njit

from khien.plan.core.dice import rnd
from khien.plan.core.problem import NEVER
from khien.plan.core.state import remove


@njit(cache=True, nogil=True)
def note(st, pr, log, mark, stamp):
    """Remembers how a project stood before this step."""
    if mark[pr] != stamp:
        mark[pr] = stamp
        n = log[0, 0] + 1
        log[0, 0] = n
        log[n, 0] = pr
        log[n, 1] = st.x[pr]
        log[n, 2] = st.s[pr]


@njit(cache=True, nogil=True)
def drop_waiting(p, st, pr, log, mark, stamp, stack):
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
                    note(st, w, log, mark, stamp)
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
def take(p, st, pr, log, mark, stamp):
    note(st, pr, log, mark, stamp)
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
            take(p, st, pr, log, mark, stamp)
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
            take(p, st, q, log, mark, stamp)
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
def _add_member(p, c, red_best, line, m):
    """Adds the most favoured project that serves condition c to the line, unless it stands there."""
    best = -1
    for k in range(p.co_ptr[c], p.co_ptr[c + 1]):
        w = p.project_of[p.co_opt[k]]
        if best < 0 or red_best[w] > red_best[best]:
            best = w
    if best < 0 or m >= 40:
        return m
    for j in range(m):
        if line[j] == best or p.project_of[p.co_opt[p.co_ptr[c]]] == line[j]:
            return m
    line[m] = best
    return m + 1


@njit(cache=True, nogil=True)
def _companions(p, st, target, red_best, line, g):
    """Adds the projects that complete one unit, drawn at random, that the target has a part in."""
    unit = -1
    seen = 0
    for o in range(p.opt_ptr[target], p.opt_ptr[target + 1]):
        for k in range(p.oc_ptr[o], p.oc_ptr[o + 1]):
            c = p.oc_cond[k]
            for ku in range(p.cu_ptr[c], p.cu_ptr[c + 1]):
                u = p.cu_unit[ku]
                if st.ut[u] >= NEVER and p.uc_ptr[u + 1] - p.uc_ptr[u] > 1:
                    seen += 1
                    if rnd(g) * seen < 1.0:
                        unit = u
    m = 1
    if unit >= 0:
        for k in range(p.uc_ptr[unit], p.uc_ptr[unit + 1]):
            if st.ct[p.uc_cond[k]] >= NEVER:
                m = _add_member(p, p.uc_cond[k], red_best, line, m)
    return m


@njit(cache=True, nogil=True)
def with_ancestors(p, st, target, red_best, rank, line, g):
    """The target, its companions in one unit, and the unchosen projects all need, first things first."""
    line[0] = target
    m = _companions(p, st, target, red_best, line, g)
    i = 0
    while i < m and m < 40:
        q = line[i]
        i += 1
        for k in range(p.pr_ptr[q], p.pr_ptr[q + 1]):
            c = p.rq_cond[p.pr_req[k]]
            if st.ct[c] < NEVER:
                continue
            m = _add_member(p, c, red_best, line, m)
    for i in range(1, m):
        v = line[i]
        j = i - 1
        while j >= 0 and rank[line[j]] > rank[v]:
            line[j + 1] = line[j]
            j -= 1
        line[j + 1] = v
    return m


@njit(cache=True, nogil=True)
def ruin(p, st, kind, size, g, red_best, best_ot, log, mark, stamp, stack, order):
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
                take(p, st, pr, log, mark, stamp)
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
