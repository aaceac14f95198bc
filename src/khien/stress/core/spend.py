"""What a run is charged, year by year, in whole million VND: docs/methods/planning-values.md."""

from __future__ import annotations

import numpy as np
from numba import njit

HAIR = 0.001
"""Whole numbers divided by a length below 900 leave fractions of at least 1/900: a quotient that comes out a
hair below a whole number (by the noise of floats, 1e-6 at most) is that number."""


@njit(cache=True, nogil=True)
def spent_after(parts, first, last, cost, quarters, length):
    """Million VND spent after some quarters of a run of this length: the cost times the profile, rounded down.

    `parts[first:last]` is the profile, cumulated from 0.
    """
    if quarters <= 0:
        return 0.0
    if quarters >= length:
        return cost
    n = last - first - 1
    if n == 1:
        return np.floor(cost * quarters / length + HAIR)
    whole = (quarters * n) // length
    reached = parts[first + whole] * length
    rest = quarters * n - whole * length
    if rest:
        reached += (parts[first + whole + 1] - parts[first + whole]) * rest
    return np.float64(np.int64(cost) * reached // (parts[first + n] * length))


@njit(cache=True, nogil=True)
def add_spend(year_of, year_start, parts, first_part, last_part, before, start, end, cost, into):
    """Add what a run is charged to `into`, by year; returns the first and one past the last year touched.

    `before` is what it has spent before the horizon; -1 where that is not known, or it had not begun.
    """
    first, last = max(start, 0), min(end, len(year_of))
    if last <= first:
        return 0, 0
    begin, length, gone, left = start, end - start, 0.0, cost
    if before >= 0:
        left = max(0.0, cost - before)
        begin, length = first, end - first
    elif start < 0:
        gone = spent_after(parts, first_part, last_part, left, -start, length)
    y0, y1 = year_of[first], year_of[last - 1] + 1
    for y in range(y0, y1):
        quarters = min(year_start[y + 1], last) - begin
        spent = spent_after(parts, first_part, last_part, left, quarters, length)
        into[y] += spent - gone
        gone = spent
    return y0, y1


@njit(cache=True, nogil=True)
def spend_block(h, p, start, end, cost, spend, done, room):
    """Fill what all projects together are charged, [years, draws].

    First `spend` gathers what each has spent by the end of a year while it runs, and `done`, [years + 1, draws],
    from which year on it has spent everything; `room`, [4, draws], is to work in.
    """
    year_of, year_start, parts, ptr, before = h.year_of, h.year_start, p.spend_parts, p.spend_ptr, p.spent
    begin, length, left, reached = room[0], room[1], room[2], room[3]
    draws, quarters, years = len(begin), h.quarters, len(spend)
    spend[:, :] = 0.0
    done[:, :] = 0.0
    for i in range(len(before)):
        starts, ends, costs = start[i], end[i], cost[i]
        first, last = quarters, 0
        for n in range(draws):
            first, last = min(first, starts[n]), max(last, ends[n])
        if last <= 0 or first >= quarters:
            continue
        y0, y1 = year_of[max(first, 0)], year_of[min(last, quarters) - 1] + 1
        uneven = ptr[i + 1] - ptr[i] > 2
        if uneven and (first < 0 or before[i] >= 0):
            for n in range(draws):
                scatter(
                    year_of, year_start, parts, ptr[i], ptr[i + 1], before[i], starts[n], ends[n], costs[n], spend, n
                )
            continue
        early, late = done[y0], done[y1]
        if first >= 0 and before[i] < 0:
            lay(starts, ends, costs, quarters, begin, length, left, late)
            profile = parts[ptr[i] : ptr[i + 1]]
            for y in range(y0, y1):
                bound = np.float64(year_start[y + 1])
                if uneven:
                    gather_parts(spend[y], bound, begin, length, costs, profile, reached)
                else:
                    gather(spend[y], bound, begin, length, left)
            continue
        for n in range(draws):
            begin[n], length[n], cost_left = starts[n], ends[n] - starts[n], costs[n]
            if before[i] >= 0:
                begin[n] = max(starts[n], 0)
                length[n], cost_left = max(1, ends[n] - max(starts[n], 0)), max(0.0, costs[n] - before[i])
            if ends[n] <= 0:
                cost_left = 0.0
            left[n] = cost_left / length[n]
            early[n] -= np.floor(left[n] * min(max(-begin[n], 0.0), length[n]) + HAIR)
            late[n] += cost_left if starts[n] < quarters else 0.0
        for y in range(y0, y1):
            gather(spend[y], np.float64(year_start[y + 1]), begin, length, left)
    for y in range(years):
        if y:
            add_row(done[y], done[y - 1])
        add_row(spend[y], done[y])
    for y in range(years - 1, 0, -1):
        take_row(spend[y], spend[y - 1])


@njit(cache=True, nogil=True)
def lay(starts, ends, costs, quarters, begin, length, left, late):
    """What `gather` needs of runs that begin inside the horizon; those beyond it are charged nothing."""
    for n in range(len(starts)):
        begin[n] = starts[n]
        length[n] = ends[n] - starts[n]
    for n in range(len(starts)):
        left[n] = costs[n] / max(length[n], 1.0)
        late[n] += costs[n] if starts[n] < quarters else 0.0


@njit(cache=True, nogil=True)
def gather(row, bound, begin, length, left):
    """Add what an even spender has spent when quarter `bound` begins."""
    for n in range(len(row)):
        row[n] += np.floor(left[n] * min(max(bound - begin[n], 0.0), length[n]) + HAIR)


@njit(cache=True, nogil=True)
def gather_parts(row, bound, begin, length, costs, profile, reached):
    """The same for a profile, cumulated from 0. A quotient of whole numbers below 2**53 never rounds up to one."""
    parts = len(profile) - 1
    reached[:] = 0.0
    for k in range(parts):
        share = np.float64(profile[k + 1] - profile[k])
        for n in range(len(row)):
            past = min(max(bound - begin[n], 0.0), length[n]) * parts - k * length[n]
            reached[n] += share * min(max(past, 0.0), length[n])
    whole = np.float64(profile[parts])
    for n in range(len(row)):
        row[n] += np.floor(costs[n] * reached[n] / (max(length[n], 1.0) * whole))


@njit(cache=True, nogil=True)
def add_row(row, other):
    """row += other"""
    for n in range(len(row)):
        row[n] += other[n]


@njit(cache=True, nogil=True)
def take_row(row, other):
    """row -= other"""
    for n in range(len(row)):
        row[n] -= other[n]


@njit(cache=True, nogil=True)
def scatter(year_of, year_start, parts, a, b, before, start, end, cost, spend, n):
    """Add what one run has been charged by the end of every year."""
    row = np.zeros(len(spend))
    add_spend(year_of, year_start, parts, a, b, before, start, end, cost, row)
    so_far = 0.0
    for y in range(len(row)):
        so_far += row[y]
        spend[y, n] += so_far


@njit(cache=True, nogil=True)
def cut_income(year_start, k, on, begin, income):
    """Take off what the shocks cut: of each row of money its share, by the quarters of the year that are hit."""
    ptr, year, amount, length = k.money_ptr, k.money_year, k.money_amount, k.length
    num, den = k.loss_num, k.loss_den
    for s in range(len(length)):
        if on[s]:
            for x in range(ptr[s], ptr[s + 1]):
                y = year[x]
                hit = min(begin[s] + length[s], year_start[y + 1]) - max(begin[s], year_start[y])
                if hit > 0:
                    income[y] -= amount[x] * num[s] * hit // (den[s] * (year_start[y + 1] - year_start[y]))
