"""What one search has changed is tried on the plan of the other, so that both go on with the steps of both.

Two searches from one plan mostly change different projects: steps that were accepted in one are repeated on the
other's plan, each as a whole, and kept or undone there by the same rule.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from khien.plan.core.dice import rnd
from khien.plan.core.insert import fits
from khien.plan.core.ruin import drop_waiting, note
from khien.plan.core.search import retrain, undo_step
from khien.plan.core.state import penalty, place, remove


@njit(cache=True, nogil=True)
def _repeat(p, st, steps, i, j, log, mark, stack, undo):
    """Carries out rows i to j of the record, of one step, on another plan."""
    for k in range(i, j):
        pr = steps[k, 1]
        if pr >= 0:
            note(st, pr, log, mark, i)
            if st.x[pr] >= 0:
                remove(p, st, pr)
    for k in range(i, j):
        if steps[k, 1] < 0:
            retrain(p, st, -1 - steps[k, 1], steps[k, 2], steps[k, 3], undo)
    for k in range(i, j):  # by rising start: what others wait for is in before them
        if steps[k, 1] >= 0 and steps[k, 2] >= 0 and fits(p, st, steps[k, 1], steps[k, 2], steps[k, 3]):
            place(p, st, steps[k, 1], steps[k, 2], steps[k, 3])
    for k in range(1, log[0, 0] + 1):
        if st.x[log[k, 0]] < 0:
            drop_waiting(p, st, log[k, 0], log, mark, i, stack)


@njit(cache=True, nogil=True)
def follow(p, st, steps, temp, g):
    """Repeats recorded steps [rows, 4] on another plan, at the temperature of the search; returns how many it kept."""
    n = len(st.x)
    log = np.zeros((n + 2, 3), dtype=np.int64)
    mark = np.full(n, -1, dtype=np.int64)
    stack = np.zeros(n * 4 + 8, dtype=np.int64)
    undo = np.zeros(3, dtype=np.int64)
    cur = st.value[0] - penalty(p, st)
    kept = 0
    i = 1
    while i <= steps[0, 0]:
        j = i
        while j <= steps[0, 0] and steps[j, 0] == steps[i, 0]:
            j += 1
        log[0, 0] = 0
        undo[2] = 0
        _repeat(p, st, steps, i, j, log, mark, stack, undo)
        new = st.value[0] - penalty(p, st)
        if new >= cur or rnd(g) < math.exp((new - cur) / temp):
            cur = new
            kept += 1
        else:
            undo_step(p, st, log, undo)
        i = j
    return kept
