"""From ends and successes to coverage and self-reliance: docs/methods/coverage.md and self-reliance.md.

Between two events nothing changes, so that a draw is walked from event to event: a product comes into service,
a shock takes part of it, what it depends on is held at home, a requirement rises.
"""

from __future__ import annotations

from numba import njit

from khien.stress.core.pause import FAR

STEPS = 4
"""Quarters of a year: what is retained under a cut depends on which of them it is."""


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


@njit(cache=True, nogil=True)
def strike(quarters, e, on, begin, home, n, out, hit_from, hit_to, lost, soonest, items, times, entry, touched):
    """Fill the share of its output that every product keeps while shocks take supplies; returns how many rows.

    `touched[:count]` are the products whose row of `out` is not all ones, from `hit_from` to before `hit_to`.
    `lost` and `soonest` are room over supplies and quarters; `items`, `times` and `entry` over items.
    """
    length, takes_ptr, takes_item, freed_by = e.lasts, e.takes_ptr, e.takes_item, e.item_freed_by
    takes_shock, takes_share, takes_months, takes_after = e.takes_shock, e.takes_share, e.takes_months, e.takes_after
    used_ptr, used_product, used_lost = e.used_ptr, e.used_product, e.used_lost
    found = count = 0
    for s in range(len(on)):
        if on[s]:
            for x in range(takes_ptr[s], takes_ptr[s + 1]):
                item = takes_item[x]
                if times[item] == 0:
                    items[found] = item
                    found += 1
                times[item] += 1
                entry[item] = x
    for a in range(found):
        item, x = items[a], entry[items[a]]
        freed = home[freed_by[item], n] if freed_by[item] >= 0 else FAR
        if times[item] == 1:
            s = takes_shock[x]
            since, until = begin[s] + takes_after[x], min(begin[s] + length[s], quarters, freed)
            for y in range(used_ptr[item], used_ptr[item + 1] if since < until else 0):
                q, gone = used_product[y], used_lost[y] * takes_share[x]
                if hit_to[q] == 0:
                    touched[count] = q
                    count += 1
                hit_from[q], hit_to[q] = min(hit_from[q], since), max(hit_to[q], until)
                stocked = max(0.0, takes_months[x] / 3.0 - takes_after[x])
                for t in range(since, until):
                    out[q, t] = min(out[q, t], stocked + (1.0 - stocked) * (1.0 - gone))
                    stocked = 0.0
        else:
            since, until = together(quarters, e, item, on, begin, lost, soonest)
            count = weaken(e, item, since, until, freed, out, hit_from, hit_to, lost, soonest, touched, count)
        times[item] = 0
    return count


@njit(cache=True, nogil=True)
def together(quarters, e, item, on, begin, lost, soonest):
    """Note which supplies of an item several shocks take, and since when; returns the quarters this spans."""
    first, last = FAR, 0
    for s in range(len(on)):
        if on[s]:
            until = min(begin[s] + e.lasts[s], quarters)
            for x in range(e.supply_ptr[s], e.supply_ptr[s + 1]):
                j = e.supply[x]
                if e.supply_item[j] == item:
                    first, last = min(first, begin[s]), max(last, until)
                    for t in range(begin[s], until):
                        lost[j, t] = max(lost[j, t], e.loss[s])
                        soonest[j, t] = min(soonest[j, t], begin[s])
    return first, last


@njit(cache=True, nogil=True)
def weaken(e, item, since, until, freed, out, hit_from, hit_to, lost, soonest, touched, count):
    """Carry over what several shocks take of one item, and clear its supplies."""
    whole, share, months = e.item_share[item], e.supply_share, e.supply_months
    used_product, used_lost, x0, x1 = e.used_product, e.used_lost, e.used_ptr[item], e.used_ptr[item + 1]
    for t in range(since, until):
        left, lasts = whole, 1e9
        for j in range(e.item_ptr[item], e.item_ptr[item + 1]):
            if lost[j, t] > 0.0:
                left -= share[j] * lost[j, t]
                lasts = min(lasts, months[j] - 3.0 * (t - soonest[j, t]))
                lost[j, t] = 0.0
                soonest[j, t] = FAR
        missing = 1.0 - max(0.0, min(1.0, left)) / min(1.0, whole)
        if t < freed and missing > 1e-12 and lasts < 3.0:
            stocked = max(0.0, lasts / 3.0)
            for x in range(x0, x1):
                q = used_product[x]
                out[q, t] = min(out[q, t], stocked + (1.0 - stocked) * (1.0 - used_lost[x] * missing))
                if hit_to[q] == 0:
                    touched[count] = q
                    count += 1
                hit_from[q], hit_to[q] = min(hit_from[q], t), max(hit_to[q], t + 1)
    return count


@njit(cache=True, nogil=True, inline="always")
def put(t, q, head, after, product, count):
    """Note that product q changes in quarter t; a product changes at most once a quarter."""
    product[count] = q
    after[count] = head[t]
    head[t] = count


@njit(cache=True, nogil=True)
def walk(e, service, n, out, hit_from, hit_to, head, after, product, now, amount, part, share):
    """Fill coverage by quarter. `now` is room over products, `amount` and `part` over capabilities."""
    ptr, capability, each = e.yielded_ptr, e.yielded_capability, e.yielded_amount
    weight, per_level, rises, steady = e.weight, e.per_level, e.rises, e.serves
    quarters, count = len(share), 0
    head[:] = -1
    for q in range(len(now)):
        since = service[q, n]
        if since < quarters:
            now[q] = 1.0 if steady[q] else 0.0
            if not steady[q]:
                put(since, q, head, after, product, count)
                count += 1
            for t in range(max(hit_from[q], since + (0 if steady[q] else 1)), min(hit_to[q] + 1, quarters)):
                if t == 0 or out[q, t] != out[q, t - 1]:
                    put(t, q, head, after, product, count)
                    count += 1
    amount[:] = e.amount
    total = 0.0
    for t in range(quarters):
        if rises[t]:
            total = 0.0
            for c in range(len(amount)):
                part[c] = weight[c, t] * min(1.0, amount[c] * per_level[c, t])
                total += part[c]
        x = head[t]
        while x >= 0:
            q = product[x]
            new = out[q, t]
            if new != now[q]:
                for y in range(ptr[q], ptr[q + 1]):
                    c = capability[y]
                    amount[c] += each[y] * (new - now[q])
                    gets = weight[c, t] * min(1.0, amount[c] * per_level[c, t])
                    total += gets - part[c]
                    part[c] = gets
                now[q] = new
            x = after[x]
        share[t] = total


@njit(cache=True, nogil=True)
def walk_cut(
    e, home, service, n, out, hit_from, hit_to, head, after, product,
    kept, now, amount, part, total, change, share,
):  # fmt: skip
    """Fill self-reliance by quarter: the same with every year opening with a cut of everything foreign.

    What is retained depends on how far into the year a quarter lies: all of `kept` (what a product retains as
    long as no shock takes more), `now`, `amount`, `part` and `total` are held for each of the four steps.
    """
    ptr, capability, each = e.yielded_ptr, e.yielded_capability, e.yielded_amount
    weight, per_level, rises, steady, step_of = e.weight, e.per_level, e.rises, e.steady, e.step_of
    keep_ptr, keep_subject, keep_row, keep = e.keep_ptr, e.keep_subject, e.keep_row, e.keep
    quarters, events = len(share), 0
    head[:] = -1
    for q in range(len(now)):
        since = service[q, n]
        if since < quarters:
            for s in range(STEPS):
                kept[q, s] = keep[q, s]
                now[q, s] = keep[q, s] if steady[q] else 0.0
            if not steady[q]:
                put(since, 2 * q + 1, head, after, product, events)
                events += 1
                for y in range(keep_ptr[q], keep_ptr[q + 1]):
                    at = home[keep_subject[y], n]
                    if since < at < quarters:
                        put(at, 2 * q + 1, head, after, product, events)
                        events += 1
            for t in range(max(hit_from[q], since), min(hit_to[q] + STEPS, quarters)):
                put(t, 2 * q, head, after, product, events)
                events += 1
    amount[:, :] = e.amount_cut
    for t in range(quarters):
        if rises[t]:
            total[:] = 0.0
            for c in range(len(amount)):
                for s in range(STEPS):
                    part[c, s] = weight[c, t] * min(1.0, amount[c, s] * per_level[c, t])
                    total[s] += part[c, s]
        x, step = head[t], step_of[t]
        while x >= 0:
            q, whole = product[x] >> 1, product[x] & 1
            x = after[x]
            if whole:
                for s in range(STEPS):
                    kept[q, s] = keep[q, s]
                for y in range(keep_ptr[q], keep_ptr[q + 1]):
                    if t < home[keep_subject[y], n]:
                        for s in range(STEPS):
                            kept[q, s] = min(kept[q, s], keep_row[y, s])
                for s in range(STEPS):
                    change[s] = kept[q, s] - now[q, s]
                    now[q, s] = kept[q, s]
            else:
                for s in range(STEPS):
                    change[s] = 0.0
            new = min(kept[q, step], out[q, t])
            if whole or new != now[q, step]:
                change[step] += new - now[q, step]
                now[q, step] = new
                for y in range(ptr[q], ptr[q + 1]):
                    c = capability[y]
                    for s in range(STEPS):
                        amount[c, s] += each[y] * change[s]
                        gets = weight[c, t] * min(1.0, amount[c, s] * per_level[c, t])
                        total[s] += gets - part[c, s]
                        part[c, s] = gets
        share[t] = total[step]


@njit(cache=True, nogil=True)
def by_year(year_start, year_weight, share, n, into):
    """Means over the quarters of each year, [years, draws]; 0 where nothing is required."""
    for y in range(len(into)):
        total = 0.0
        for t in range(year_start[y], year_start[y + 1]):
            total += share[t] * year_weight[t]
        into[y, n] = total


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
