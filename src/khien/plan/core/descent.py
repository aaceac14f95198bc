"""Descent of a smooth convex function over numbers that must not be negative, for very many of them.

L-BFGS on the numbers that are free to move, projected on the bound 0 (D. P. Bertsekas, Projected Newton methods for
optimization problems with simple constraints, SIAM J. Control and Optimization 20, 1982). A step costs a few passes
over the last changes of point and gradient, which are kept in single precision.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from khien.plan.core.problem import Floats

MEMORY = 10
ROUNDING = 1e-14  # of the value: a promised fall below it cannot be told from the error of adding up
ENOUGH = 1e-4  # share of the promised fall that a step must bring
SHORTER, TRIES = 0.4, 25  # a step that falls too little is cut, so often at most
PROBES = 2  # random directions in which the curvature is looked at
NUDGE = 1e-3  # how far, as a share of the middle size of the numbers


def descend(smoothed: Callable[[Floats], tuple[float, Floats]], x: Floats, most: int) -> None:
    """Walk down from x for at most `most` steps; `smoothed` gives value and gradient, and remembers what it likes.

    Ends early where no step falls any more.
    """
    moves = np.zeros((MEMORY, len(x)), dtype=np.float32)
    turns = np.zeros((MEMORY, len(x)), dtype=np.float32)
    way = np.zeros(len(x))
    value, grad = smoothed(x)
    grad = grad.copy()
    kept = 0
    for _ in range(most):
        _direction(x, grad, moves, turns, kept, way)
        step = 1.0 if kept else min(1.0, 1.0 / max(1e-300, float(np.abs(way).sum())))
        for _ in range(TRIES):
            there = np.maximum(0.0, x + step * way)
            promised = _along(grad, x, there)
            if abs(promised) < ROUNDING * max(1.0, abs(value)):
                return
            lower, turned = smoothed(there)
            if lower <= value + ENOUGH * promised:
                break
            step *= SHORTER
        else:
            return
        if _remember(x, there, grad, turned, moves[kept % MEMORY], turns[kept % MEMORY]):
            kept += 1
        x, value, grad = there, lower, turned.copy()


def curvature(
    smoothed: Callable[[Floats], tuple[float, Floats]], x: Floats, here: Floats, where: slice, dice: np.random.Generator
) -> float:
    """Mean curvature along each of some of the numbers that are above 0 (0 where none is); `here` is the gradient at x.

    Looked at along random signs, for which the mean of what two numbers have in common is nothing (M. F. Hutchinson, A
    stochastic estimator of the trace of the influence matrix, Communications in Statistics 18, 1989).
    """
    free = where.start + np.nonzero(x[where] > 0.0)[0]
    if not len(free):
        return 0.0
    far, found = NUDGE * float(np.median(x[free])), 0.0
    for _ in range(PROBES):
        signs = dice.choice([-1.0, 1.0], len(free))
        there = x.copy()
        there[free] += far * signs
        found += float(np.sum((smoothed(there)[1] - here)[free] * signs))
    return found / (PROBES * far * len(free))


@njit(cache=True, nogil=True)
def _along(grad, x, there):
    """The gradient along a move; a library's product would wake threads that the search needs."""
    total = 0.0
    for i in range(len(x)):
        total += grad[i] * (there[i] - x[i])
    return total


@njit(cache=True, nogil=True)
def _remember(x, there, grad, turned, move, turn):
    """Keep the change of point and gradient if the function curves along it."""
    curve = 0.0
    size = 0.0
    for i in range(len(x)):
        s = there[i] - x[i]
        y = turned[i] - grad[i]
        curve += s * y
        size += y * y
        move[i] = s
        turn[i] = y
    return curve > 1e-12 * size


@njit(cache=True, nogil=True)
def _direction(x, grad, moves, turns, kept, way):
    """Minus the gradient times the estimated inverse of the curvature, over the numbers that are free to move."""
    n = len(x)
    free = np.empty(n, dtype=np.uint8)
    for i in range(n):
        free[i] = 1 if x[i] > 0.0 or grad[i] < 0.0 else 0
        way[i] = -grad[i] if free[i] == 1 else 0.0
    m = moves.shape[0]
    share = np.zeros(m)
    curve = np.zeros(m)
    scale = 0.0
    for back in range(min(kept, m)):
        k = (kept - 1 - back) % m
        sy = 0.0
        sw = 0.0
        yy = 0.0
        s, y = moves[k], turns[k]
        for i in range(n):
            if free[i] == 1:
                turn = np.float64(y[i])  # products in single precision would vanish
                sy += s[i] * turn
                sw += s[i] * way[i]
                yy += turn * turn
        if sy <= 1e-12 * yy or yy <= 0.0:
            continue
        if scale == 0.0:
            scale = sy / yy
        curve[k] = sy
        share[k] = sw / sy
        for i in range(n):
            if free[i] == 1:
                way[i] -= share[k] * y[i]
    if scale > 0.0:
        way *= scale
    for back in range(min(kept, m) - 1, -1, -1):
        k = (kept - 1 - back) % m
        if curve[k] == 0.0:
            continue
        yw = 0.0
        s, y = moves[k], turns[k]
        for i in range(n):
            if free[i] == 1:
                yw += y[i] * way[i]
        more = share[k] - yw / curve[k]
        for i in range(n):
            if free[i] == 1:
                way[i] += more * s[i]
