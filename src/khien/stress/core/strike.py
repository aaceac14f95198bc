"""What shocks take of supplies, and what is left of the output of every product for it: docs/methods/stress.md.

Shock by shock for many draws side by side, where no other shock can take supplies of the same item at the same
time; else draw by draw. What is left of a product in a draw is a row of its own, from `hit_from` to before `hit_to`.
"""

from __future__ import annotations

from khien.stress.core.kernel import kernel
from khien.stress.core.pause import FAR

EVENT = 2
"""What is noted where something changes; 1 where weight or level rises alone."""


@kernel()
def strike(k, e, on, begin, subjects, services, first, last, w, change, noted):
    """Note what shocks take in draws first to before last: of coverage, and of self-reliance beyond the cut."""
    count = alone(k, on, begin, subjects[1], services[0], first, last, w)
    if len(k.met):
        count = contested(k, on, begin, subjects[1], services[0], first, last, w, count)
    note_loss(e, services[0], first, w, count, change[0], noted[0])
    note_more(e, subjects[3], services[1], first, w, count, change[1], noted[1])
    for j in range(count):
        w.row_of[w.product[j], w.lane[j]] = -1


@kernel()
def alone(e, on, begin, home, serve, first, last, w):
    """Carry over what shocks take of items that no other shock can take at the same time; returns how many rows."""
    takes_ptr, takes_item, meets, freed_by, lasts = e.takes_ptr, e.takes_item, e.meets, e.item_freed_by, e.lasts
    after, share, stocked = e.takes_after, e.takes_share, e.takes_stocked
    used_ptr, used_product, used_lost = e.used_ptr, e.used_product, e.used_lost
    out, hit_from, hit_to, product, lane, row_of = w.out, w.hit_from, w.hit_to, w.product, w.lane, w.row_of
    quarters, who, count = out.shape[1], w.who, 0
    for s in range(on.shape[1]):
        struck = 0
        for n in range(first, last):
            if on[n, s]:
                who[struck] = n
                struck += 1
        for x in range(takes_ptr[s], takes_ptr[s + 1] if struck else takes_ptr[s]):
            item = takes_item[x]
            freed = freed_by[item]
            if meets[item]:
                continue
            for h in range(struck):
                n = who[h]
                since, until = begin[n, s] + after[x], min(begin[n, s] + lasts[s], quarters)
                if freed >= 0:
                    until = min(until, home[freed, n])
                if since < until:
                    count = take(
                        used_ptr, used_product, used_lost, item, share[x], stocked[x], since, until, serve, n,
                        n - first, out, hit_from, hit_to, product, lane, row_of, count,
                    )  # fmt: skip
    return count


@kernel(inline="always")
def take(
    used_ptr, used_product, used_lost, item, missing, stocked, since, until, serve, n, i, out, hit_from, hit_to,
    product, lane, row_of, count,
):  # fmt: skip
    """Carry over what one shock alone takes of an item in draw n, the i-th of its tile."""
    for y in range(used_ptr[item], used_ptr[item + 1]):
        q = used_product[y]
        if serve[q, n] < until:
            j = row_of[q, i]
            if j < 0:
                j = row_of[q, i] = count
                product[j], lane[j], hit_from[j], hit_to[j] = q, i, since, until
                count += 1
                for t in range(out.shape[1]):
                    out[j, t] = 1.0
            hit_from[j], hit_to[j] = min(hit_from[j], since), max(hit_to[j], until)
            left = 1.0 - used_lost[y] * missing
            out[j, since] = min(out[j, since], stocked + (1.0 - stocked) * left)
            for t in range(since + 1, until):
                out[j, t] = min(out[j, t], left)
    return count


@kernel()
def contested(e, on, begin, home, serve, first, last, w, count):
    """Carry over what shocks take of items that several of them can take, draw by draw; returns how many rows."""
    met, takes_item, takes_shock, lasts, freed_by = e.met, e.takes_item, e.takes_shock, e.lasts, e.item_freed_by
    after, share, stocked = e.takes_after, e.takes_share, e.takes_stocked
    used_ptr, used_product, used_lost = e.used_ptr, e.used_product, e.used_lost
    items, entry, chain, quarters = w.items, w.entry, w.chain, w.out.shape[1]
    for n in range(first, last):
        found = 0
        for z in range(len(met)):
            x = met[z]
            if on[n, takes_shock[x]]:
                item = takes_item[x]
                if entry[item] < 0:
                    items[found] = item
                    found += 1
                chain[x] = entry[item]
                entry[item] = x
        for a in range(found):
            item = items[a]
            x, entry[item] = entry[item], -1
            freed = home[freed_by[item], n] if freed_by[item] >= 0 else FAR
            if chain[x] >= 0:
                since, until = together(quarters, e, x, chain, begin[n], w)
                count = weaken(e, item, since, until, freed, serve, n, n - first, w, count)
                continue
            s = takes_shock[x]
            since, until = begin[n, s] + after[x], min(begin[n, s] + lasts[s], quarters, freed)
            if since < until:
                count = take(
                    used_ptr, used_product, used_lost, item, share[x], stocked[x], since, until, serve, n, n - first,
                    w.out, w.hit_from, w.hit_to, w.product, w.lane, w.row_of, count,
                )  # fmt: skip
    return count


@kernel()
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


@kernel()
def weaken(e, item, since, until, freed, serve, n, i, w, count):
    """Carry over what several shocks take of one item, and clear its supplies."""
    whole, share, months = e.item_share[item], e.supply_share, e.supply_months
    lost, soonest = w.lost, w.soonest
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
            count = take(
                e.used_ptr, e.used_product, e.used_lost, item, missing, max(0.0, lasts / 3.0), t, t + 1,
                serve, n, i, w.out, w.hit_from, w.hit_to, w.product, w.lane, w.row_of, count,
            )  # fmt: skip
    return count


@kernel()
def note_loss(e, serve, first, w, count, change, noted):
    """Note what products lose of their output while shocks take part of it."""
    ptr, capability, each = e.yielded_ptr, e.yielded_capability, e.yielded_amount
    out, hit_from, hit_to, product, lane = w.out, w.hit_from, w.hit_to, w.product, w.lane
    for j in range(count):
        q, i, until, before = product[j], lane[j], hit_to[j], 1.0
        for t in range(max(hit_from[j], serve[q, first + i]), until + 1):
            now = out[j, t] if t < until else 1.0
            if now != before:
                for y in range(ptr[q], ptr[q + 1]):
                    change[capability[y], t, i] += each[y] * (now - before)
                    noted[capability[y], t] = EVENT
                before = now


@kernel()
def note_more(e, home, serve, first, w, count, change, noted):
    """Note what products lose beyond what a cut takes, quarter by quarter."""
    ptr, capability, each = e.yielded_ptr, e.yielded_capability, e.yielded_amount
    fade_ptr, fade_subject, fade_level = e.fade_ptr, e.fade_subject, e.fade_level
    keep, step_of, again = e.keep, e.step_of, e.again
    out, hit_from, hit_to, product, lane = w.out, w.hit_from, w.hit_to, w.product, w.lane
    for j in range(count):
        q, i = product[j], lane[j]
        for t in range(max(hit_from[j], serve[q, first + i]), hit_to[j]):
            k = step_of[1, t]
            retained = keep[q, k]
            if out[j, t] >= retained:
                continue
            for x in range(fade_ptr[q, k], fade_ptr[q, k + 1]):
                if t < home[fade_subject[x], first + i]:
                    retained = fade_level[x]
                    break
            if out[j, t] < retained:
                for y in range(ptr[q], ptr[q + 1]):
                    c, less = capability[y], each[y] * (out[j, t] - retained)
                    change[c, t, i] += less
                    change[c, again[t], i] -= less
                    noted[c, t] = EVENT
                    noted[c, again[t]] = EVENT
