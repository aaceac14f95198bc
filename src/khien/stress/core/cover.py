"""From products in service to coverage and self-reliance: docs/methods/coverage.md and self-reliance.md.

What changes in a quarter is noted by capability, for many draws side by side; then each capability is added up
along time for all of them at once, passing by the quarters in which nothing changes in any.

What is retained under a cut depends on how far into its year a quarter lies. So the first quarters of all years
are one chain, the second ones another, and so on: a change is noted once in each. Coverage is a single chain.
"""

from __future__ import annotations

import numpy as np

from khien.stress.core.kernel import kernel
from khien.stress.core.strike import EVENT, strike

STEPS = 4
"""Quarters of a year: what is retained under a cut depends on which of them it is."""


@kernel()
def worth(k, e, v, s, f, subjects, services, on, begin, coverage, reliance, value):
    """Fill coverage and self-reliance by year, [years, draws], 0 where nothing is required, and the value."""
    change, noted, share = f.change, f.noted, f.share
    value[:] = 0.0
    for first in range(0, len(value), share.shape[1]):
        last = min(first + share.shape[1], len(value))
        note_service(e, services[0], first, last, change[0], noted[0])
        note_cut(e, subjects[3], services[1], first, last, f.at, f.level, change[1], noted[1])
        strike(k, e, on, begin, subjects, services, first, last, s, change, noted)
        add_up(e, 0, change[0], noted[0], f.run, f.part, share)
        by_year(v.starts, v.year_weight, v.discount, share, first, last, coverage, value)
        add_up(e, 1, change[1], noted[1], f.run, f.part, share)
        by_year(v.starts, v.year_weight, v.discount_cut, share, first, last, reliance, value)


@kernel()
def note_service(e, serve, first, last, change, noted):
    """Note what each product yields from when it comes into service; the last row of `change` is never."""
    alive, serves, every = e.alive, e.serves, e.every
    ptr, capability, each = e.yielded_ptr, e.yielded_capability, e.yielded_amount
    never = change.shape[1] - 1
    for a in range(len(alive)):
        q = alive[a]
        if serves[q]:
            continue
        since = serve[q, first:last]
        for y in range(ptr[q], ptr[q + 1]):
            put(since, never, every, each[y], change[capability[y]], noted[capability[y]])


@kernel()
def put(since, never, chain, amount, rows, marks):
    """Note an amount in every draw, in the first quarter of a chain."""
    for n in range(len(since)):
        t = np.uint64(chain[np.uint64(min(since[n], never))])
        rows[t, n] += amount
        marks[t] = EVENT


@kernel()
def note_cut(e, home, serve, first, last, at, level, change, noted):
    """Note what each product retains under a cut, for each quarter of a cut in the chain of such quarters."""
    alive, steady, keep, fade_ptr, first_at = e.alive, e.steady, e.keep, e.fade_ptr, e.first_at
    ptr, capability, each = e.yielded_ptr, e.yielded_capability, e.yielded_amount
    never, draws = change.shape[1] - 1, last - first
    for a in range(len(alive)):
        q = alive[a]
        if steady[q]:
            continue
        since = serve[q, first:last]
        for k in range(STEPS):
            if fade_ptr[q, k] < fade_ptr[q, k + 1]:
                for n in range(draws):
                    at[n], level[n] = min(since[n], never), 0.0
                fade(e, home, first, draws, q, k, at, level, change, noted)
                for y in range(ptr[q], ptr[q + 1]):
                    c = capability[y]
                    finish(at, level, draws, first_at[k], each[y], keep[q, k], change[c], noted[c])
            elif keep[q, k]:
                for y in range(ptr[q], ptr[q + 1]):
                    c = capability[y]
                    put(since, never, first_at[k], each[y] * keep[q, k], change[c], noted[c])


@kernel()
def fade(e, home, first, draws, q, k, at, level, change, noted):
    """Note the least that is retained as long as that dependence lasts, then the next: `at` is since when."""
    ptr, capability, each, chain = e.yielded_ptr, e.yielded_capability, e.yielded_amount, e.first_at[k]
    subject, retained, never = e.fade_subject, e.fade_level, change.shape[1] - 1
    for x in range(e.fade_ptr[q, k], e.fade_ptr[q, k + 1]):
        until = home[subject[x], first : first + draws]
        for n in range(draws):
            if until[n] > at[n]:
                t, more = np.uint64(chain[np.uint64(at[n])]), retained[x] - level[n]
                for y in range(ptr[q] if more else ptr[q + 1], ptr[q + 1]):
                    c = np.uint64(capability[y])
                    change[c, t, n] += each[y] * more
                    noted[c, t] = EVENT
                at[n], level[n] = min(until[n], never), retained[x]


@kernel()
def finish(at, level, draws, chain, amount, keep, rows, marks):
    """Note what is retained once no dependence is left that can still be replaced."""
    for n in range(draws):
        t = np.uint64(chain[np.uint64(at[n])])
        rows[t, n] += amount * (keep - level[n])
        marks[t] = EVENT


@kernel()
def add_up(e, which, change, noted, run, part, share):
    """Fill coverage (0) or self-reliance (1) by quarter, [quarters, draws]; what was noted is cleared.

    Quarters in which weight or level rises are noted from the outset, and stay so; before anything is there they
    bring nothing.
    """
    weight, per_unit, base = e.weight, e.per_unit, e.base[which]
    rises, step_of, before = e.rises[which], e.step_of[which], e.before[which]
    share[:, :] = 0.0
    for c in range(len(change)):
        rows, marks = change[c], noted[c]
        for k in range(STEPS):
            run[k, :] = base[c, k]
        part[:, :] = 0.0
        begun = base[c].any()
        for t in range(len(share)):
            begun |= marks[t] == EVENT
            if marks[t] and begun:
                marks[t] = rises[t]
                k = step_of[t]
                climb(rows[t], run[k], part[k], share[t], weight[t, c], per_unit[t, c])
    for t in range(len(share)):
        if before[t] >= 0:
            into, earlier = share[t], share[before[t]]
            for n in range(len(into)):
                into[n] += earlier[n]


@kernel()
def climb(changes, amount, brings, into, most, unit):
    """From one quarter of a chain to the next."""
    for n in range(len(changes)):
        there = amount[n] + changes[n]
        gets = min(most, there * unit)
        into[n] += gets - brings[n]
        amount[n], brings[n], changes[n] = there, gets, 0.0


@kernel()
def by_year(starts, year_weight, discount, share, first, last, into, value):
    """Fill means over the quarters of each year; what they are worth is added to `value`."""
    worths = value[first:last]
    for y in range(len(into)):
        means = into[y, first:last]
        means[:] = 0.0
        for t in range(starts[y], starts[y + 1]):
            weigh(share[t], year_weight[t], discount[t], means, worths)


@kernel()
def weigh(share, mean, worth, means, worths):
    """Add a quarter to the mean of its year and to the value."""
    for n in range(len(means)):
        means[n] += share[n] * mean
        worths[n] += share[n] * worth
