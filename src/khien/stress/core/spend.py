"""What a run is charged, year by year, in whole million VND: docs/methods/planning-values.md."""

from __future__ import annotations

import numpy as np

from khien.stress.core.kernel import kernel

HAIR = 0.001
"""Whole numbers divided by a length below 900 leave fractions of at least 1/900: a quotient that comes out a
hair below a whole number (by the noise of floats, 1e-6 at most) is that number."""


@kernel(error_model="numpy")
def spent_after(parts, first, last, cost, quarters, length):
    """Million VND spent after some quarters of a run of this length: the cost times the profile, rounded down.

    `parts[first:last]` is the profile, cumulated from 0. A quotient of whole numbers below 2**53 never rounds up to
    one, so that floats do for all of them.
    """
    if quarters <= 0:
        return 0.0
    if quarters >= length:
        return cost
    n = last - first - 1
    if n == 1:
        return np.floor(cost * quarters / length + HAIR)
    whole = np.int64(np.float64(quarters * n) / np.float64(length))
    below = parts[first + whole]
    reached = below * length + (parts[first + whole + 1] - below) * (quarters * n - whole * length)
    return np.floor(cost * np.float64(reached) / np.float64(parts[first + n] * length))


@kernel()
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


@kernel()
def spend_block(h, p, start, end, cost, spend, done, room):
    """Fill what all projects together are charged, [years, draws].

    First `spend` gathers what each has spent by the end of a year while it runs, and `done`, [years + 1, draws],
    from which year on it has spent everything; `room`, [5, draws], is to work in.
    """
    year_of, year_start, parts, ptr, before = h.year_of, h.year_start, p.spend_parts, p.spend_ptr, p.spent
    begin, length, whole, left, reached = room[0], room[1], room[2], room[3], room[4]
    quarters, years = h.quarters, len(spend)
    spend[:, :] = 0.0
    done[:, :] = 0.0
    for i in range(len(before)):
        starts, ends = start[i], end[i]
        first, last = span(starts, ends, quarters)
        if last <= 0 or first >= quarters:
            continue
        y0, y1 = year_of[max(first, 0)], year_of[min(last, quarters) - 1] + 1
        lay(starts, ends, cost[i], quarters, before[i], begin, length, whole, left, done[y1])
        profile = parts[ptr[i] : ptr[i + 1]]
        if len(profile) > 2:
            if first < 0 and before[i] < 0:
                gather_parts(done[y0], 0.0, -1.0, begin, length, whole, profile, reached)
            for y in range(y0, y1):
                gather_parts(spend[y], np.float64(year_start[y + 1]), 1.0, begin, length, whole, profile, reached)
        else:
            if first < 0 and before[i] < 0:
                gather(done[y0], 0.0, -1.0, begin, length, left)
            for y in range(y0, y1):
                gather(spend[y], np.float64(year_start[y + 1]), 1.0, begin, length, left)
    for y in range(years):
        if y:
            add_row(done[y], done[y - 1])
        add_row(spend[y], done[y])
    for y in range(years - 1, 0, -1):
        take_row(spend[y], spend[y - 1])


@kernel()
def span(starts, ends, quarters):
    """First start and last end of some draws."""
    first, last = np.int32(quarters), np.int32(0)
    for n in range(len(starts)):
        first = min(first, starts[n])
        last = max(last, ends[n])
    return first, last


@kernel(error_model="numpy")
def lay(starts, ends, costs, quarters, before, begin, length, whole, left, late):
    """What `gather` needs of a run: what it has spent `before` the horizon, where that is known, is over.

    What lies outside the horizon is charged nothing.
    """
    earliest, over = (0.0, np.float64(before)) if before >= 0 else (-np.inf, 0.0)
    for n in range(len(starts)):
        begin[n] = max(np.float64(starts[n]), earliest)
        length[n] = max(np.float64(ends[n]) - begin[n], 1.0)
        charged = ends[n] > 0 and starts[n] < quarters
        whole[n] = max(costs[n] - over, 0.0) if charged else 0.0
    for n in range(len(starts)):
        left[n] = whole[n] / length[n]
        late[n] += whole[n]


@kernel()
def gather(row, bound, sign, begin, length, left):
    """Add (1) or take off (-1) what an even spender has spent when quarter `bound` begins."""
    for n in range(len(row)):
        row[n] += sign * np.floor(left[n] * min(max(bound - begin[n], 0.0), length[n]) + HAIR)


@kernel(error_model="numpy")
def gather_parts(row, bound, sign, begin, length, costs, profile, reached):
    """The same for a profile, cumulated from 0, as a sum of lines that begin with its parts.

    A quotient of whole numbers below 2**53 never rounds up to one.
    """
    parts, whole = len(profile) - 1, np.float64(profile[len(profile) - 1])
    reached[:] = 0.0
    for k in range(4, parts):
        more = bend(profile, k)
        for n in range(len(row)):
            past = min(max(bound - begin[n], 0.0), length[n]) * parts - k * length[n]
            reached[n] += more * max(past, 0.0)
    a, b, c, d = bend(profile, 0), bend(profile, 1), bend(profile, 2), bend(profile, 3)
    for n in range(len(row)):
        long = length[n]
        past = min(max(bound - begin[n], 0.0), long) * parts
        there = (reached[n] + a * past + b * max(past - long, 0.0)) + (
            c * max(past - 2.0 * long, 0.0) + d * max(past - 3.0 * long, 0.0)
        )
        row[n] += sign * np.floor(costs[n] * there / (long * whole))


@kernel()
def bend(profile, k):
    """By how much part k of a profile is steeper than the part before; 0 beyond the last."""
    if k + 1 >= len(profile):
        return 0.0
    return np.float64(profile[k + 1] - profile[k] - (profile[k] - profile[k - 1] if k else 0))


@kernel()
def add_row(row, other):
    """row += other"""
    for n in range(len(row)):
        row[n] += other[n]


@kernel()
def take_row(row, other):
    """row -= other"""
    for n in range(len(row)):
        row[n] -= other[n]


@kernel()
def cut_income(year_start, k, s, begin, income):
    """Take off what a shock cuts: of each row of money its share, by the quarters of the year that are hit."""
    length, num, den = k.length[s], k.loss_num[s], k.loss_den[s]
    for x in range(k.money_ptr[s], k.money_ptr[s + 1]):
        y = k.money_year[x]
        hit = min(begin + length, year_start[y + 1]) - max(begin, year_start[y])
        if hit > 0:
            income[y] -= k.money_amount[x] * num * hit // (den * (year_start[y + 1] - year_start[y]))
