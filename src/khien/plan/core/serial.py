"""Scheduling of tasks with modes on scarce resources: short makespan by serial generation and a small population.

Words used here
    task        has to be done once, without a break, in one of its modes
    mode        a duration, what it takes of every renewable resource while it runs, and what it uses up of
                the non-renewable ones
    pass        tasks are placed one by one in the order of a list, each as early as it can; the same code
                run on the reversed network places each as late as it can
    justifying  passes to and fro, each in the order of the last one's finishes: never longer, often shorter

A resource's free amount at a time lies in a lane of a machine word, with one guard bit above it: whether all
resources suffice is one subtraction per word. Children are made from two parents' schedules (a window of
one in the other), disturbed a little, justified, and take the place of the worst. Equal seeds and equal
work give equal schedules. Source of the ideas: Valls et al. (2008), Debels and Vanhoucke (2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from khien.plan.core.dice import rnd
from khien.plan.core.problem import Ints

Floats = NDArray[np.float64]
SMALL, WIDE = 15, 31  # bits per lane, guard bit included: four or two lanes in a word


class Shop(NamedTuple):
    """Tasks in topological order; arrays only, never written after they are built."""

    first: Ints  # [tasks + 1]: modes of a task
    dur: Ints  # [modes]
    word: Ints  # [modes, words]: packed needs
    free: Ints  # [words]: packed capacities with guard bits
    guard: Ints  # [words]
    used: Ints  # [modes, non-renewables]
    stock: Ints  # [non-renewables]
    before_at: Ints
    before: Ints
    after_at: Ints
    after: Ints
    horizon: int  # no pass ends later
    task_of: Ints  # [tasks]: number in the caller's order


class Schedule(NamedTuple):
    """In the caller's order: start and mode of every task; empty when no choice of modes fits the stocks."""

    starts: list[int]
    modes: list[int]
    makespan: int
    bound: int  # no schedule is shorter
    children: int  # work done


class Crowd(NamedTuple):
    """The population: finishes and modes of schedules, their makespan, and a finer measure of ties."""

    finish: Ints  # [members, tasks]
    mode: Ints  # [members, tasks], absolute
    length: Ints  # [members]
    tie: Ints  # [members]
    best: Ints  # [2, tasks]: finish and mode
    best_length: Ints  # [1]


def build(
    modes: Sequence[Sequence[tuple[int, Sequence[int], Sequence[int]]]],
    after: Sequence[Sequence[int]],
    capacity: Sequence[int],
    stock: Sequence[int],
) -> Shop:
    """From modes (duration, needs, uses) per task, successors per task, and what there is.

    Raises ValueError for a circle in the order or a capacity beyond a thousand million. Modes that need more
    than there is are left out; a task without any mode left is an error too.
    """
    n = len(modes)
    order = _topological(after)
    place = {task: i for i, task in enumerate(order)}
    if max(capacity, default=0) >= 1 << (WIDE - 1):
        raise ValueError("a capacity is too large")
    width = SMALL if max(capacity, default=0) < 1 << (SMALL - 1) else WIDE
    lanes = 4 if width == SMALL else 2
    words = max(1, -(-len(capacity) // lanes))

    def pack(amounts: Sequence[int]) -> list[int]:
        out = [0] * words
        for r, a in enumerate(amounts):
            out[r // lanes] += int(a) << (width * (r % lanes))
        return out

    first, dur, word, used = [0], [], [], []
    for task in order:
        for d, needs, uses in modes[task]:
            fits = all(a <= c for a, c in zip(needs, capacity, strict=True))
            if not fits or any(a > c for a, c in zip(uses, stock, strict=True)):
                needs, d = [0] * len(capacity), -1
            dur.append(d)
            word.append(pack(needs))
            used.append(list(uses))
        first.append(len(dur))
        if all(d < 0 for d in dur[first[-2] :]):
            raise ValueError("a task needs more than there is")
    later = [sorted(place[b] for b in set(after[task])) for task in order]
    earlier: list[list[int]] = [[] for _ in range(n)]
    for i, row in enumerate(later):
        for j in row:
            earlier[j].append(i)
    guard = pack([1 << (width - 1)] * len(capacity))
    horizon = sum(max(dur[a:b]) for a, b in zip(first, first[1:], strict=False)) + 1
    return Shop(
        _ints(first),
        _ints(dur),
        _ints(word),
        _ints(pack(capacity)) + _ints(guard),
        _ints(guard),
        _ints(used).reshape(len(dur), len(stock)),
        _ints(stock),
        *_ragged(earlier),
        *_ragged(later),
        horizon,
        _ints(order),
    )


def _ints(values: object) -> Ints:
    return np.array(values, dtype=np.int64)


def _ragged(rows: list[list[int]]) -> tuple[Ints, Ints]:
    ends = np.cumsum([0] + [len(r) for r in rows])
    return _ints(ends), _ints([v for r in rows for v in r])


def _topological(after: Sequence[Sequence[int]]) -> list[int]:
    waits = [0] * len(after)
    for row in after:
        for b in set(row):
            waits[b] += 1
    ready = [i for i, w in enumerate(waits) if w == 0]
    for task in ready:
        for b in sorted(set(after[task])):
            waits[b] -= 1
            if waits[b] == 0:
                ready.append(b)
    if len(ready) < len(after):
        raise ValueError("the order of the tasks is a circle")
    return ready


@njit(cache=True, nogil=True)
def _earliest(s, grid, m, t):
    """First start at or after t at which mode m fits."""
    d = s.dur[m]
    run = 0
    if len(s.free) == 1:
        need = s.word[m, 0]
        guard = s.guard[0]
        while run < d:
            if (grid[t, 0] - need) & guard == guard:
                run += 1
            else:
                run = 0
            t += 1
        return t - d
    while run < d:
        run += 1
        for w in range(len(s.free)):
            if (grid[t, w] - s.word[m, w]) & s.guard[w] != s.guard[w]:
                run = 0
                break
        t += 1
    return t - d


@njit(cache=True, nogil=True)
def _fits(s, left, old, new):
    for k in range(len(left)):
        if left[k] + s.used[old, k] < s.used[new, k]:
            return False
    return True


@njit(cache=True, nogil=True)
def run_pass(s, at, idx, order, mode, left, rate, grid, finish, g):
    """Places all tasks in this order; with probability `rate` a task takes the mode that ends first."""
    grid[:] = s.free
    longest = 0
    for i in range(len(order)):
        j = order[i]
        t = 0
        for k in range(at[j], at[j + 1]):
            t = max(t, finish[idx[k]])
        m = mode[j]
        start = _earliest(s, grid, m, t)
        if s.first[j + 1] - s.first[j] > 1 and rate > 0.0 and rnd(g) < rate:
            old = m
            for o in range(s.first[j], s.first[j + 1]):
                if o == old or s.dur[o] < 0 or t + s.dur[o] >= start + s.dur[m] or not _fits(s, left, old, o):
                    continue
                other = _earliest(s, grid, o, t)
                if other + s.dur[o] < start + s.dur[m]:
                    m = o
                    start = other
            for k in range(len(left)):
                left[k] += s.used[old, k] - s.used[m, k]
            mode[j] = m
        end = start + s.dur[m]
        finish[j] = end
        longest = max(longest, end)
        for w in range(len(s.free)):
            need = s.word[m, w]
            for u in range(start, end):
                grid[u, w] -= need
    return longest


@njit(cache=True, nogil=True)
def by_finish(finish, longest, upward, count, order):
    """Tasks by falling finish; ties so that the list suits the other direction."""
    n = len(finish)
    count[: longest + 2] = 0
    for j in range(n):
        count[longest - finish[j] + 1] += 1
    for t in range(longest + 1):
        count[t + 1] += count[t]
    for i in range(n):
        j = n - 1 - i if upward else i
        k = longest - finish[j]
        order[count[k]] = j
        count[k] += 1


@njit(cache=True, nogil=True)
def _by_key(s, at, idx, back_at, back, key, waits, ready, order):
    """A list that respects the network, smallest key first among those that may come."""
    n = len(key)
    m = 0
    for j in range(n):
        waits[j] = back_at[j + 1] - back_at[j]
        if waits[j] == 0:
            ready[m] = j
            m += 1
    for i in range(n):
        b = 0
        for k in range(1, m):
            if key[ready[k]] < key[ready[b]]:
                b = k
        j = ready[b]
        m -= 1
        ready[b] = ready[m]
        order[i] = j
        for k in range(at[j], at[j + 1]):
            waits[idx[k]] -= 1
            if waits[idx[k]] == 0:
                ready[m] = idx[k]
                m += 1


@njit(cache=True, nogil=True)
def repair(s, mode, left, g):
    """Changes modes until the non-renewable stocks suffice; False when it gives up."""
    n = len(mode)
    left[:] = s.stock
    for j in range(n):
        for k in range(len(left)):
            left[k] -= s.used[mode[j], k]
    for _ in range(20 * n):
        short = 0.0
        for k in range(len(left)):
            if left[k] < 0:
                short -= left[k] / (s.stock[k] + 1.0)
        if short == 0.0:
            return True
        best, who, what = 1e18, -1, -1
        for _ in range(6):
            j = int(rnd(g) * n)
            m = s.first[j] + int(rnd(g) * (s.first[j + 1] - s.first[j]))
            if m == mode[j] or s.dur[m] < 0:
                continue
            new = 0.0
            for k in range(len(left)):
                v = left[k] + s.used[mode[j], k] - s.used[m, k]
                if v < 0:
                    new -= v / (s.stock[k] + 1.0)
            if new < best:
                best, who, what = new, j, m
        if who >= 0 and (best < short or rnd(g) < 0.05):
            for k in range(len(left)):
                left[k] += s.used[mode[who], k] - s.used[what, k]
            mode[who] = what
    return False


@njit(cache=True, nogil=True)
def _justify(s, key, backward, mode, left, rate, grid, finish, order, ints, g):
    """From keys to a schedule that starts as early as it can; returns its makespan."""
    if backward:
        _by_key(s, s.before_at, s.before, s.after_at, s.after, -key, ints[0], ints[1], order)
    else:
        _by_key(s, s.after_at, s.after, s.before_at, s.before, key, ints[0], ints[1], order)
        longest = run_pass(s, s.before_at, s.before, order, mode, left, rate, grid, finish, g)
        by_finish(finish, longest, True, ints[2], order)
    longest = run_pass(s, s.after_at, s.after, order, mode, left, rate, grid, finish, g)
    last = 1 << 40  # passes that change modes may also lengthen: stop when a round does not shorten
    while True:
        by_finish(finish, longest, False, ints[2], order)
        new = run_pass(s, s.before_at, s.before, order, mode, left, rate, grid, finish, g)
        if new >= min(longest, last):
            return new
        last = new
        by_finish(finish, new, True, ints[2], order)
        longest = run_pass(s, s.after_at, s.after, order, mode, left, rate, grid, finish, g)


@njit(cache=True, nogil=True)
def _child(s, c, a, b, key, mode, g):
    """Keys and modes: member a, with a window of member b, disturbed a little."""
    n = len(key)
    la, lb = c.length[a], c.length[b]
    width = (0.15 + 0.5 * rnd(g)) if a != b else 0.0
    low = rnd(g) * (1.0 - width)
    shake = rnd(g) * rnd(g) * 0.1
    some = rnd(g) * rnd(g) * 0.3
    change = rnd(g) * rnd(g) * 0.1
    for j in range(n):
        v = (c.finish[b, j] - 0.5 * s.dur[c.mode[b, j]]) / lb
        mode[j] = c.mode[a, j]
        if low <= v < low + width:
            mode[j] = c.mode[b, j]
        else:
            v = (c.finish[a, j] - 0.5 * s.dur[c.mode[a, j]]) / la
        key[j] = v + (shake * (2.0 * rnd(g) - 1.0) if rnd(g) < some else 0.0)
        if s.first[j + 1] - s.first[j] > 1 and rnd(g) < change:
            m = s.first[j] + int(rnd(g) * (s.first[j + 1] - s.first[j]))
            if s.dur[m] >= 0:
                mode[j] = m


@njit(cache=True, nogil=True)
def _better(length, tie, c, i):
    return length < c.length[i] or (length == c.length[i] and tie < c.tie[i])


@njit(cache=True, nogil=True)
def _worth(finish):
    """Finer than the makespan: how early tasks end (sum)."""
    return np.sum(finish)


@njit(cache=True, nogil=True)
def _store(c, i, length, tie, finish, mode):
    c.finish[i] = finish
    c.mode[i] = mode
    c.length[i] = length
    c.tie[i] = tie
    if length < c.best_length[0]:
        c.best_length[0] = length
        c.best[0] = finish
        c.best[1] = mode


@njit(cache=True, nogil=True)
def fill(s, c, start, g):
    """Random members from `start` on; False when no choice of modes was found that fits the stocks."""
    n = len(s.first) - 1
    key, mode, left = np.empty(n), np.empty(n, np.int64), np.empty(len(s.stock), np.int64)
    grid = np.empty((s.horizon + 1, len(s.free)), np.int64)
    finish, order = np.empty(n, np.int64), np.empty(n, np.int64)
    ints = np.empty((3, max(n, s.horizon + 3)), np.int64)
    for i in range(start, len(c.length)):
        fits = False
        for _ in range(30):
            for j in range(n):
                key[j] = rnd(g)
                mode[j] = s.first[j] + int(rnd(g) * (s.first[j + 1] - s.first[j]))
                while s.dur[mode[j]] < 0:
                    mode[j] = s.first[j] + int(rnd(g) * (s.first[j + 1] - s.first[j]))
            fits = repair(s, mode, left, g)
            if fits:
                break
        if not fits:
            return False
        length = _justify(s, key, rnd(g) < 0.5, mode, left, 1.0, grid, finish, order, ints, g)
        _store(c, i, length, _worth(finish), finish, mode)
    return True


@njit(cache=True, nogil=True)
def evolve(s, c, steps, bound, g):
    """This many children; returns how many were made before the bound was met."""
    n, size = len(s.first) - 1, len(c.length)
    key, mode, left = np.empty(n), np.empty(n, np.int64), np.empty(len(s.stock), np.int64)
    grid = np.empty((s.horizon + 1, len(s.free)), np.int64)
    finish, order = np.empty(n, np.int64), np.empty(n, np.int64)
    ints = np.empty((3, max(n, s.horizon + 3)), np.int64)
    for step in range(steps):
        if c.best_length[0] <= bound:
            return step
        a, b = int(rnd(g) * size), int(rnd(g) * size)
        _child(s, c, a, b, key, mode, g)
        if not repair(s, mode, left, g):
            continue
        rate = 0.0 if rnd(g) < 0.3 else rnd(g)
        length = _justify(s, key, rnd(g) < 0.5, mode, left, rate, grid, finish, order, ints, g)
        tie = _worth(finish)
        twin = False
        for i in range(size):
            twin = twin or (c.length[i] == length and c.tie[i] == tie)
        if not twin and _better(length, tie, c, a):
            _store(c, a, length, tie, finish, mode)
    return steps
