"""From ends and successes to coverage and self-reliance: docs/methods/coverage.md and self-reliance.md.

Between two events nothing changes, so that a draw is walked from event to event: a product comes into service,
a shock takes part of it, what it depends on is held at home, a requirement rises.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from khien.stress.core.pause import FAR

STEPS = 4
"""Quarters of a year: what is retained under a cut depends on which of them it is."""

LANES = 4
"""Capabilities are added up in this many sums side by side, always in the same order."""


@njit(cache=True, nogil=True)
def follow(quarters, p, e, ok, end, subjects, service):
    """Fill from when subjects and products can be counted on, [., draws].

    `subjects[0]` is available, `[1]` held at home, `[2]` and `[3]` the same where the year of the end may be cut;
    `service[0]` and `service[1]` the same for products.
    """
    for u in range(len(e.available)):
        subjects[0, u, :] = e.available[u]
        subjects[1, u, :] = e.at_home[u]
        subjects[2, u, :] = e.available[u]
        subjects[3, u, :] = e.at_home[u]
    brings, foreign, subject, after_cut = p.brings, p.foreign, p.subject, p.after_cut
    for i in range(len(brings)):
        if brings[i]:
            u, oks, ends = subject[i], ok[i], end[i]
            for row in range(brings[i]):
                plain, cut = subjects[row, u], subjects[row + 2, u]
                for n in range(len(ends)):
                    at = max(ends[n], 0) if oks[n] and ends[n] < quarters else FAR
                    plain[n] = min(plain[n], at)
                    if not foreign[i]:
                        cut[n] = min(cut[n], at)
                if foreign[i]:
                    for n in range(len(ends)):
                        if oks[n] and ends[n] < quarters:
                            cut[n] = min(cut[n], after_cut[max(ends[n], 0)])
    always, need_ptr, need_home, need_subject = e.service, e.need_ptr, e.need_home, e.need_subject
    for q in range(len(always)):
        service[0, q, :] = always[q]
        service[1, q, :] = always[q]
        for x in range(need_ptr[q], need_ptr[q + 1]):
            for cut in range(2):
                since, other = service[cut, q], subjects[need_home[x] + 2 * cut, need_subject[x]]
                for n in range(len(since)):
                    since[n] = max(since[n], other[n])


@njit(cache=True, nogil=True, inline="always")
def put(t, q, head, after, product, count):
    """Note that product q changes in quarter t."""
    product[count] = q
    after[count] = head[t]
    head[t] = count


@njit(cache=True, nogil=True, inline="always")
def walk(e, serve, n, s, w, share):
    """Fill coverage by quarter."""
    ptr, capability, each, alive, steady = e.yielded_ptr, e.yielded_capability, e.yielded_amount, e.alive, e.serves
    weight, per_unit, rises = e.weight, e.per_unit, e.rises
    out, hit_from, hit_to = s.out, s.hit_from, s.hit_to
    head, after, product, now, amount, part = w.head, w.after, w.product, w.now, w.amount, w.part
    quarters, count = len(share), 0
    head[:] = -1
    for a in range(len(alive)):
        q = alive[a]
        since = serve[q, n]
        if since < quarters:
            now[q] = 1.0
            if not steady[q]:
                now[q] = 0.0
                put(since, q, head, after, product, count)
                count += 1
                since += 1
            for t in range(max(hit_from[q], since), min(hit_to[q] + 1, quarters)):
                if t == 0 or out[q, t] != out[q, t - 1]:
                    put(t, q, head, after, product, count)
                    count += 1
    amount[:] = e.amount
    total, level = 0.0, 0
    for t in range(quarters):
        if rises[t]:
            level = t
            total = lay(weight[t], per_unit[t], amount, part)
        x = head[t]
        while x >= 0:
            q = product[x]
            change = out[q, t] - now[q]
            if change != 0.0:
                now[q] = out[q, t]
                for y in range(ptr[q], ptr[q + 1]):
                    c = np.uint64(capability[y])
                    amount[c] += each[y] * change
                    gets = min(weight[level, c], amount[c] * per_unit[level, c])
                    total += gets - part[c]
                    part[c] = gets
            x = after[x]
        share[t] = total


@njit(cache=True, nogil=True)
def lay(weight, per_unit, amount, part):
    """What every capability brings to coverage, and their sum."""
    a = b = c = d = 0.0
    for x in range(0, len(part), LANES):
        for y in range(LANES):
            part[x + y] = min(weight[x + y], amount[x + y] * per_unit[x + y])
        a += part[x]
        b += part[x + 1]
        c += part[x + 2]
        d += part[x + 3]
    return (a + b) + (c + d)


@njit(cache=True, nogil=True, inline="always")
def note_cut(e, home, serve, n, s, w, quarters):
    """Note when what a product retains under a cut changes, and in which quarters a shock may take more of it."""
    alive, steady, keep, keep_ptr, keep_subject = e.alive, e.steady, e.keep, e.keep_ptr, e.keep_subject
    out, hit_from, hit_to = s.out, s.hit_from, s.hit_to
    head, hit, after, product, now = w.head, w.hit, w.after, w.product, w.now_cut
    count = 0
    head[:] = -1
    hit[:] = -1
    for a in range(len(alive)):
        q = alive[a]
        since = serve[q, n]
        if since < quarters:
            if steady[q]:
                for k in range(STEPS):
                    now[q, k] = keep[q, k]
            else:
                for k in range(STEPS):
                    now[q, k] = 0.0
                put(since, q, head, after, product, count)
                count += 1
                for y in range(keep_ptr[q], keep_ptr[q + 1]):
                    at = home[keep_subject[y], n]
                    if since < at < quarters:
                        put(at, q, head, after, product, count)
                        count += 1
            for t in range(max(hit_from[q], since), hit_to[q]):
                if out[q, t] < 1.0:
                    put(t, q, hit, after, product, count)
                    count += 1


@njit(cache=True, nogil=True, inline="always")
def walk_cut(e, home, serve, n, s, w, share):
    """Fill self-reliance by quarter: the same with every year opening with a cut of everything foreign.

    What is retained depends on how far into the year a quarter lies: everything is held for each of the four
    steps. What shocks take on top of the cut is taken off the quarter that they hit, and nothing else.
    """
    ptr, capability, each = e.yielded_ptr, e.yielded_capability, e.yielded_amount
    weight, per_unit, rises, step_of = e.weight, e.per_unit, e.rises, e.step_of
    head, hit, after, product = w.head, w.hit, w.after, w.product
    now, amount, part, change = w.now_cut, w.amount_cut, w.part_cut, w.change
    keep, keep_row, keep_ptr, keep_subject = e.keep, e.keep_row, e.keep_ptr, e.keep_subject
    out, missing, lacking = s.out, w.missing, w.lacking
    quarters, level = len(share), 0
    note_cut(e, home, serve, n, s, w, quarters)
    amount[:, :] = e.amount_cut
    t0 = t1 = t2 = t3 = 0.0
    for t in range(quarters):
        if rises[t]:
            level = t
            t0 = t1 = t2 = t3 = 0.0
            for c in range(len(amount)):
                most, unit = weight[t, c], per_unit[t, c]
                for k in range(STEPS):
                    part[c, k] = min(most, amount[c, k] * unit)
                t0 += part[c, 0]
                t1 += part[c, 1]
                t2 += part[c, 2]
                t3 += part[c, 3]
        x = head[t]
        while x >= 0:
            q = product[x]
            x = after[x]
            if retain(keep, keep_row, keep_ptr, keep_subject, home, n, q, t, now, change):
                d0, d1, d2, d3 = change[0], change[1], change[2], change[3]
                for y in range(ptr[q], ptr[q + 1]):
                    c = np.uint64(capability[y])
                    yields, most, unit = each[y], weight[level, c], per_unit[level, c]
                    a0, a1 = amount[c, 0] + yields * d0, amount[c, 1] + yields * d1
                    a2, a3 = amount[c, 2] + yields * d2, amount[c, 3] + yields * d3
                    amount[c, 0], amount[c, 1], amount[c, 2], amount[c, 3] = a0, a1, a2, a3
                    g0, g1, g2, g3 = (
                        min(most, a0 * unit),
                        min(most, a1 * unit),
                        min(most, a2 * unit),
                        min(most, a3 * unit),
                    )
                    t0 += g0 - part[c, 0]
                    t1 += g1 - part[c, 1]
                    t2 += g2 - part[c, 2]
                    t3 += g3 - part[c, 3]
                    part[c, 0], part[c, 1], part[c, 2], part[c, 3] = g0, g1, g2, g3
        k = step_of[t]
        total = t0 if k == 0 else (t1 if k == 1 else (t2 if k == 2 else t3))
        share[t] = total if hit[t] < 0 else total + short(
            ptr, capability, each, weight, per_unit, after, product, now, amount, part, missing, lacking, out,
            hit[t], t, k, level,
        )  # fmt: skip


@njit(cache=True, nogil=True, inline="always")
def retain(keep, keep_row, keep_ptr, keep_subject, home, n, q, t, now, change):
    """What a product retains under a cut from quarter t on, and how much that changes; returns whether it does."""
    k0, k1, k2, k3 = keep[q, 0], keep[q, 1], keep[q, 2], keep[q, 3]
    for y in range(keep_ptr[q], keep_ptr[q + 1]):
        if t < home[keep_subject[y], n]:
            k0, k1 = min(k0, keep_row[y, 0]), min(k1, keep_row[y, 1])
            k2, k3 = min(k2, keep_row[y, 2]), min(k3, keep_row[y, 3])
    change[0], change[1], change[2], change[3] = k0 - now[q, 0], k1 - now[q, 1], k2 - now[q, 2], k3 - now[q, 3]
    now[q, 0], now[q, 1], now[q, 2], now[q, 3] = k0, k1, k2, k3
    return change[0] != 0.0 or change[1] != 0.0 or change[2] != 0.0 or change[3] != 0.0


@njit(cache=True, nogil=True, inline="always")
def short(
    ptr, capability, each, weight, per_unit, after, product, now, amount, part, missing, lacking, out, x, t, k, level
):  # fmt: skip
    """What shocks take of self-reliance in one quarter beyond the cut, from event x on: nought or below."""
    found, total = 0, 0.0
    while x >= 0:
        q = product[x]
        x = after[x]
        less = out[q, t] - now[q, k]
        if less < 0.0:
            for y in range(ptr[q], ptr[q + 1]):
                c = np.uint64(capability[y])
                if missing[c] == 0.0:
                    lacking[found] = c
                    found += 1
                missing[c] += each[y] * less
    for a in range(found):
        c = np.uint64(lacking[a])
        total += min(weight[level, c], (amount[c, k] + missing[c]) * per_unit[level, c]) - part[c, k]
        missing[c] = 0.0
    return total


@njit(cache=True, nogil=True)
def by_year(year_start, year_weight, discount, share, n, into):
    """Means over the quarters of each year, [years, draws], 0 where nothing is required; returns what it is worth."""
    value = 0.0
    for y in range(len(into)):
        total, worth = 0.0, 0.0
        for t in range(year_start[y], year_start[y + 1]):
            total += share[t] * year_weight[t]
            worth += share[t] * discount[t]
        into[y, n] = total
        value += worth
    return value


@njit(cache=True, nogil=True)
def promises_broken(e, service, broken):
    """Count the draws in which the amount of a firm obligation is not in service when it is due."""
    for x in range(len(broken)):
        due = e.due_quarter[x]
        for n in range(service.shape[2]):
            amount = 0.0
            for y in range(e.due_ptr[x], e.due_ptr[x + 1]):
                if service[0, e.due_product[y], n] <= due:
                    amount += e.due_yield[y]
            if amount < e.due_amount[x] - 1e-9 * max(1.0, e.due_amount[x]):
                broken[x] += 1
