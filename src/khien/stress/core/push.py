"""Delays only push: what waits starts later, and nothing else is looked at. All draws of a block side by side."""

from __future__ import annotations

import numpy as np

from khien.stress.core.kernel import kernel
from khien.stress.core.pause import FAR, run_from, windows


@kernel()
def push(p, pause, on, begin, time, start, end, low, high, since, until):
    """Fill starts and ends, [projects, draws]; `since` and `until`, [partners, draws], are room to work in."""
    planned, fixed, idle, hit_group = p.planned, p.fixed, p.idle, p.hit_group
    wait_ptr, wait_for, wait_lag = p.wait_ptr, p.wait_for, p.wait_lag
    stage_ptr, stage_by, hit_ptr, hit_by = p.stage_ptr, p.stage_by, p.hit_ptr, p.hit_by
    draws = len(on)
    away(hit_ptr, hit_by, pause, on, begin, since, until)
    for i in range(len(planned)):
        at, ends, takes = start[i], end[i], time[i]
        at[:] = planned[i]
        if not fixed[i]:
            for x in range(wait_ptr[i], wait_ptr[i + 1]):
                other, lag = end[wait_for[x]], np.int32(wait_lag[x])
                for n in range(draws):
                    at[n] = max(at[n], np.int32(other[n] + lag))
            stand(stage_by[stage_ptr[i] : stage_ptr[i + 1]], end, at)
        for n in range(draws):
            ends[n] = at[n] + takes[n]
        g = hit_group[i]
        if hit_ptr[g] < hit_ptr[g + 1] and not idle[i]:
            first, last = since[g], until[g]
            for n in range(draws):
                if first[n] < ends[n] and at[n] < last[n]:
                    found = windows(hit_by, hit_ptr[g], hit_ptr[g + 1], pause, on[n], begin[n], low, high)
                    at[n], ends[n] = run_from(at[n], takes[n], fixed[i], found, low, high)


@kernel()
def away(hit_ptr, hit_by, pause, on, begin, since, until):
    """Fill the first quarter in which each partner is away, and one past the last; FAR and 0 if it never is."""
    since[:, :] = FAR
    until[:, :] = 0
    for g in range(len(since)):
        for x in range(hit_ptr[g], hit_ptr[g + 1]):
            s = hit_by[x]
            for n in range(len(on)):
                if on[n, s] and pause[s]:
                    since[g, n] = min(since[g, n], np.int32(begin[n, s]))
                    until[g, n] = max(until[g, n], np.int32(begin[n, s] + pause[s]))


@kernel()
def stand(by, end, at):
    """Wait for the first of several projects, any of which brings the subject to the stage below."""
    if len(by) == 1:
        other = end[by[0]]
        for n in range(len(at)):
            at[n] = max(at[n], other[n])
    elif len(by) > 1:
        for n in range(len(at)):
            first = FAR
            for x in range(len(by)):
                first = min(first, end[by[x], n])
            at[n] = max(at[n], first)
