"""Delays only push: what waits starts later, and nothing else is looked at. All draws of a block side by side."""

from __future__ import annotations

from numba import njit

from khien.stress.core.pause import FAR, run_from, windows


@njit(cache=True, nogil=True)
def push(p, pause, on, begin, time, start, end, low, high):
    """Fill starts and ends, [projects, draws]."""
    planned, fixed, idle = p.planned, p.fixed, p.idle
    wait_ptr, wait_for, wait_lag = p.wait_ptr, p.wait_for, p.wait_lag
    stage_ptr, stage_by, hit_ptr, hit_by = p.stage_ptr, p.stage_by, p.hit_ptr, p.hit_by
    draws = len(on)
    for i in range(len(planned)):
        at, until, takes = start[i], end[i], time[i]
        at[:] = planned[i]
        if not fixed[i]:
            for x in range(wait_ptr[i], wait_ptr[i + 1]):
                other, lag = end[wait_for[x]], wait_lag[x]
                for n in range(draws):
                    at[n] = max(at[n], other[n] + lag)
            stand(stage_by[stage_ptr[i] : stage_ptr[i + 1]], end, at)
        for n in range(draws):
            until[n] = at[n] + takes[n]
        if hit_ptr[i] < hit_ptr[i + 1] and not idle[i]:
            for n in range(draws):
                found = windows(hit_by, hit_ptr[i], hit_ptr[i + 1], pause, on[n], begin[n], low, high)
                if found:
                    at[n], until[n] = run_from(at[n], takes[n], fixed[i], found, low, high)


@njit(cache=True, nogil=True)
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
