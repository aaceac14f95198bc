"""What proves the bound of a plan, in plain values: prices, or a tree of them. See docs/methods/bound.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from khien.plan.core import dual
from khien.plan.core.branch import Prices, Proof
from khien.plan.core.layout import layout
from khien.plan.core.problem import Floats, Problem
from khien.plan.core.solve import Outcome
from khien.plan.packed import SHORT, coarse

SLACK = 1e-9
"""The stated bound lies above the computed one by this share of it, far more than rounding can do."""
BITS = (8, 10, 12, 16, 20, 23)
"""Many prices are rounded to as few bits as can be."""
COARSE = 1e-3
"""Rounding may widen the gap by this share of it."""


def certified(p: Problem, out: Outcome) -> tuple[dict[str, Any], float]:
    """The certificate, and the bound that it proves."""
    size = layout(p).size
    prices, bound = _rounded(p, out)
    at = np.flatnonzero(prices)
    certificate: dict[str, Any] = {"kind": "lagrangian", "size": size} | _plain(Prices(at, prices[at]))
    if out.proof is not None and out.bound < bound:
        bound = out.bound
        certificate |= {"kind": "tree"} | _tree(out.proof)
    return certificate, bound + SLACK * max(1.0, abs(bound))


def _rounded(p: Problem, out: Outcome) -> tuple[Floats, float]:
    """Prices as a file holds them, and the bound that exactly these prove."""
    lay = layout(p)

    def proven(prices: Floats) -> float:
        exact, _ = dual.evaluate(p, lay, prices, 1.0, 1.0, np.zeros(lay.size), np.zeros(p.allow.shape))
        return float(exact)

    theta = np.where(out.theta > 1e-13, out.theta, 0.0)
    if np.count_nonzero(theta) > SHORT:
        best = proven(theta)
        for bits in BITS:
            prices = coarse(theta, bits)
            if (bound := proven(prices)) <= best + COARSE * max(0.0, best - out.value):
                return prices, bound
    prices = np.array([float(f"{x:.8e}") for x in theta])
    return prices, proven(prices)


def _plain(prices: Prices) -> dict[str, Any]:
    return {"at": prices.at.tolist(), "price": prices.price.tolist()}


def _tree(proof: Proof) -> dict[str, Any]:
    """Prices, each once, and parts: [prices, project, option, before, part of yes, part of no], -1 for none."""
    number: dict[int, int] = {}
    prices: list[dict[str, Any]] = []
    parts = []
    for mine, question, yes, no in proof:
        if id(mine) not in number:
            number[id(mine)] = len(prices)
            prices.append(_plain(mine))
        parts.append([number[id(mine)], *(question or (-1, -1, -1)), yes, no])
    return {"prices": prices, "parts": parts}
