"""Runs the population of `serial` until time or work is spent, and bounds the makespan from below."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from khien.plan.core.problem import Ints
from khien.plan.core.serial import Crowd, Schedule, Shop, evolve, fill

SIZE = 100
PATIENCE = 20_000  # children without a better one before most of a population is drawn anew
ROUND = 240_000  # tasks placed, about, before the populations meet: a twentieth of a second, more or less


class Island(NamedTuple):
    """A population with dice of its own; a thread works on it."""

    crowd: Crowd
    dice: NDArray[np.uint64]


def solve(
    s: Shop, seconds: float = 30.0, children: int | None = None, seed: int = 1, size: int = SIZE, threads: int = 2
) -> Schedule:
    """A short schedule; stops at the time limit, after this many children, or when the bound is met.

    Each thread has a population of its own; they meet after equal work, so that with `children` and no end of time
    the result depends on the seed and the number of threads alone.
    """
    least = lower_bound(s)
    stop = time.perf_counter() + seconds
    islands = [_island(s, size, seed * threads + k) for k in range(threads)]
    done, step = 0, max(10, ROUND // len(s.task_of))
    stale, seen = [0] * threads, [(0, 0)] * threads
    with ThreadPoolExecutor(threads) as pool:
        if not all(pool.map(lambda i: fill(s, i.crowd, 0, i.dice), islands)):
            return Schedule([], [], 0, least, 0)
        while _best(islands).best_length[0] > least and (children is None or done < children):
            if time.perf_counter() >= stop:
                break
            steps = step if children is None else min(step, -(-(children - done) // threads))
            made = list(pool.map(lambda i, n=steps: evolve(s, i.crowd, n, least, i.dice), islands))
            done += sum(made)
            for k, island in enumerate(islands):
                now = (int(island.crowd.length.min()), int(island.crowd.length.sum()))
                stale[k] = 0 if now < seen[k] or seen[k] == (0, 0) else stale[k] + made[k]
                seen[k] = now
                if stale[k] >= PATIENCE:
                    stale[k], seen[k] = 0, (0, 0)
                    _renew(s, island)
    return _answer(s, _best(islands), least, done)


def _island(s: Shop, size: int, seed: int) -> Island:
    n, whole = len(s.task_of), 1 << 40
    crowd = Crowd(
        np.zeros((size, n), np.int64),
        np.zeros((size, n), np.int64),
        np.full(size, whole, np.int64),
        np.zeros(size, np.int64),
        np.zeros((2, n), np.int64),
        np.array([whole], np.int64),
    )
    return Island(crowd, np.array([seed * 0x9E3779B97F4A7C15 % (1 << 64) or 1], dtype=np.uint64))


def _best(islands: list[Island]) -> Crowd:
    return min((i.crowd for i in islands), key=lambda c: int(c.best_length[0]))


def _renew(s: Shop, island: Island) -> None:
    """Draws all members anew but the best."""
    c = island.crowd
    keep = int(np.argmin(c.length))
    for a in (c.finish, c.mode, c.length, c.tie):
        a[[0, keep]] = a[[keep, 0]]
    fill(s, c, 1, island.dice)


def _answer(s: Shop, c: Crowd, least: int, done: int) -> Schedule:
    n = len(s.first) - 1
    starts, modes = [0] * n, [0] * n
    for j in range(n):
        m = int(c.best[1, j])
        starts[int(s.task_of[j])] = int(c.best[0, j] - s.dur[m])
        modes[int(s.task_of[j])] = m - int(s.first[j])
    return Schedule(starts, modes, int(c.best_length[0]), least, done)


def lower_bound(s: Shop) -> int:
    """Longest path with shortest modes, and for every resource the work that must fit between heads and tails."""
    n = len(s.first) - 1
    low = [min(int(d) for d in s.dur[s.first[j] : s.first[j + 1]] if d >= 0) for j in range(n)]
    head, tail = [0] * n, [0] * n
    for j in range(n):
        for k in range(s.after_at[j], s.after_at[j + 1]):
            head[s.after[k]] = max(head[s.after[k]], head[j] + low[j])
    for j in reversed(range(n)):
        for k in range(s.after_at[j], s.after_at[j + 1]):
            tail[j] = max(tail[j], low[s.after[k]] + tail[s.after[k]])
    best = max(h + d + t for h, d, t in zip(head, low, tail, strict=True))
    for work, capacity in _works(s):
        best = max(best, _between(np.array(head), np.array(tail), work, capacity))
    return best


def _works(s: Shop) -> list[tuple[Ints, int]]:
    """Least work of every task on every renewable resource, with the resource's capacity."""
    out = []
    for w in range(len(s.free)):
        guard = int(s.guard[w])
        lanes = [b for b in range(63) if guard >> b & 1]
        for i, top in enumerate(lanes):
            bottom = lanes[i - 1] + 1 if i else 0
            mask = (1 << (top - bottom)) - 1
            cost = s.dur * ((s.word[:, w] >> bottom) & mask)
            work = [
                int(min(cost[m] for m in range(s.first[j], s.first[j + 1]) if s.dur[m] >= 0))
                for j in range(len(s.first) - 1)
            ]
            out.append((np.array(work, dtype=np.int64), int(s.free[w]) >> bottom & mask))
    return out


def _between(head: Ints, tail: Ints, work: Ints, capacity: int) -> int:
    """Largest head + work of those that have at least this head and this tail / capacity + tail."""
    best = 0
    for h in np.unique(head):
        late = head >= h
        for t in np.unique(tail):
            total = int(work[late & (tail >= t)].sum())
            if total > 0:
                best = max(best, int(h) + int(t) + -(-total // capacity))
    return best
