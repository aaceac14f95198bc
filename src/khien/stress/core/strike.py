"""What shocks take of supplies, and what is left of the output of every product for it: docs/methods/stress.md."""

from __future__ import annotations

from numba import njit

from khien.stress.core.pause import FAR


@njit(cache=True, nogil=True, inline="always")
def strike(quarters, e, on, begin, home, serve, n, w):
    """Fill the share of its output that every product keeps while shocks take supplies; returns how many rows.

    `w.touched[:count]` are the products whose row of `w.out` is not all ones, from `hit_from` to before `hit_to`.
    Products that come into service after it is all over are passed by.
    """
    takes_ptr, takes_item, freed_by = e.takes_ptr, e.takes_item, e.item_freed_by
    used_ptr, items, entry, chain = e.used_ptr, w.items, w.entry, w.chain
    takes_shock, lasts, takes_after, takes_share = e.takes_shock, e.lasts, e.takes_after, e.takes_share
    used_product, used_lost, takes_stocked = e.used_product, e.used_lost, e.takes_stocked
    out, hit_from, hit_to, touched = w.out, w.hit_from, w.hit_to, w.touched
    found = count = 0
    for s in range(len(on)):
        if on[s]:
            for x in range(takes_ptr[s], takes_ptr[s + 1]):
                item = takes_item[x]
                if used_ptr[item] < used_ptr[item + 1]:
                    if entry[item] < 0:
                        items[found] = item
                        found += 1
                    chain[x] = entry[item]
                    entry[item] = x
    for a in range(found):
        item = items[a]
        x, entry[item] = entry[item], -1
        freed = home[freed_by[item], n] if freed_by[item] >= 0 else FAR
        if chain[x] < 0 or apart(takes_shock, lasts, x, chain, begin):
            while x >= 0:
                s = takes_shock[x]
                since, until = begin[s] + takes_after[x], min(begin[s] + lasts[s], quarters, freed)
                if since < until:
                    count = take(
                        used_ptr, used_product, used_lost, item, takes_share[x], takes_stocked[x], since, until,
                        serve, n, out, hit_from, hit_to, touched, count,
                    )  # fmt: skip
                x = chain[x]
        else:
            since, until = together(quarters, e, x, chain, begin, w)
            count = weaken(e, item, since, until, freed, serve, n, w, count)
    return count


@njit(cache=True, nogil=True)
def apart(takes_shock, lasts, x, chain, begin):
    """Whether the shocks that take supplies of an item never do so at the same time."""
    while x >= 0:
        s, y = takes_shock[x], chain[x]
        while y >= 0:
            other = takes_shock[y]
            if begin[s] < begin[other] + lasts[other] and begin[other] < begin[s] + lasts[s]:
                return False
            y = chain[y]
        x = chain[x]
    return True


@njit(cache=True, nogil=True, inline="always")
def take(
    used_ptr, used_product, used_lost, item, missing, stocked, since, until, serve, n, out, hit_from, hit_to,
    touched, count,
):  # fmt: skip
    """Carry over what one shock alone takes of an item."""
    for y in range(used_ptr[item], used_ptr[item + 1]):
        q = used_product[y]
        if serve[q, n] < until:
            if hit_to[q] == 0:
                touched[count] = q
                count += 1
            hit_from[q], hit_to[q] = min(hit_from[q], since), max(hit_to[q], until)
            left = 1.0 - used_lost[y] * missing
            out[q, since] = min(out[q, since], stocked + (1.0 - stocked) * left)
            for t in range(since + 1, until):
                out[q, t] = min(out[q, t], left)
    return count


@njit(cache=True, nogil=True)
def together(quarters, e, x, chain, begin, w):
    """Note which supplies of an item several shocks take, and since when; returns the quarters this spans."""
    first, last, lost, soonest = FAR, 0, w.lost, w.soonest
    while x >= 0:
        s = e.takes_shock[x]
        since, until, loss = begin[s], min(begin[s] + e.lasts[s], quarters), e.loss[s]
        first, last = min(first, since), max(last, until)
        for y in range(e.taken_ptr[x], e.taken_ptr[x + 1]):
            j = e.taken[y]
            for t in range(since, until):
                lost[j, t] = max(lost[j, t], loss)
                soonest[j, t] = min(soonest[j, t], since)
        x = chain[x]
    return first, last


@njit(cache=True, nogil=True)
def weaken(e, item, since, until, freed, serve, n, w, count):
    """Carry over what several shocks take of one item, and clear its supplies."""
    whole, share, months = e.item_share[item], e.supply_share, e.supply_months
    out, hit_from, hit_to, lost, soonest = w.out, w.hit_from, w.hit_to, w.lost, w.soonest
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
                if serve[q, n] <= t:
                    out[q, t] = min(out[q, t], stocked + (1.0 - stocked) * (1.0 - used_lost[x] * missing))
                    if hit_to[q] == 0:
                        w.touched[count] = q
                        count += 1
                    hit_from[q], hit_to[q] = min(hit_from[q], t), max(hit_to[q], t + 1)
    return count
