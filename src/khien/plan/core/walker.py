"""One search thread: its state, its best plan, its dice, and how hot it still is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from khien.plan.core import insert, prices, rounding, search, share, state
from khien.plan.core.layout import Layout
from khien.plan.core.problem import Floats, Ints, Problem

WARM, COLD = 0.4, 0.01  # temperatures, as shares of the typical worth of a project
RECORD = 6000  # rows of what a search has changed between two exchanges
#: Largest ruin; shares of orders by price, of scores by price alone and by half, of strict steps; most others tried;
#: share of steps that only look at near starts.
MANNERS = (15.0, 0.5, 0.25, 0.25, 0.3, 8.0, 0.8)
NEAR = 0.2  # of the typical worth of a project, which a near start may lose


class Guide(NamedTuple):
    """What the search reads of the prices of a bound; see `prices.price_tables`."""

    price: Floats  # [options, T] of what a start uses
    worth: Floats  # [options, T] reduced worth of a start
    best: Floats  # [projects] best reduced worth
    best_at: Ints  # [projects, 2] its option and start
    near: Ints  # [options, 2] first and last start that is worth nearly as much as that


def guide(p: Problem, lay: Layout, theta: Floats, unit: float = math.inf) -> Guide:
    """The tables of these prices; unit: the typical worth of a project, by which starts are near."""
    n, starts = len(p.must), p.allow.shape
    places = (np.zeros((k, 2), dtype=np.int64) for k in (n, starts[0]))
    out = Guide(np.zeros(starts), np.zeros(starts), np.zeros(n), *places)
    prices.price_tables(p, lay, theta, out.price, out.worth, out.best, out.best_at)
    _near(p, out, NEAR * unit)
    return out


def _near(p: Problem, by: Guide, most: float) -> None:
    """First and last start of each option that loses at most so much against the best, or against nothing."""
    good = by.worth >= np.maximum(by.best, 0.0)[p.project_of, None] - most
    by.near[:, 0] = np.where(good.any(axis=1), good.argmax(axis=1), p.T)
    by.near[:, 1] = np.where(good.any(axis=1), p.T - 1 - good[:, ::-1].argmax(axis=1), -1)


class Walker:
    """Goes from plan to plan; `bx`, `bs`, `bc` hold the best one met, `bv` what it is worth less penalties."""

    def __init__(self, p: Problem, seed: int, plan: tuple[Ints, Ints, Ints] | None = None) -> None:
        self.p = p
        self.cools_from: float | None = None  # share of the limit at which it began
        self.st = state.new_state(p)
        if plan is not None:
            state.rebuild(p, self.st, *plan)
        self.bx, self.bs = self.st.x.copy(), self.st.s.copy()
        self.bc = self.st.cohorts.copy()
        self.bv = np.array([self.st.value[0] - state.penalty(p, self.st)])
        self.dice = np.array([(seed * 2654435761 + 88172645463325252) % (1 << 63) | 1], dtype=np.uint64)
        self.record = np.zeros((RECORD, 4), dtype=np.int64)
        self.odds = np.full(6, 1 / 6)
        self.wins = np.zeros((6, 2))
        first = np.where(p.allow.any(axis=1), p.allow.argmax(axis=1), p.T).astype(float)
        self.rank = np.array(
            [first[a:b].min() if b > a else p.T for a, b in zip(p.opt_ptr, p.opt_ptr[1:], strict=False)]
        )

    def go(self, by: Guide, unit: float, temperature: float, steps: int) -> None:
        """So many steps at one temperature; `unit` is the typical worth of a project."""
        if not len(self.p.must):  # nothing to choose, and nowhere for a step to begin
            return
        manners = np.array([unit, *MANNERS])
        search.search(
            self.p, self.st, self.bx, self.bs, self.bc, self.bv, *by,
            self.rank, self.odds, self.wins, manners, temperature, steps, self.dice, self.record,
        )  # fmt: skip

    def follow(self, other: Walker, temperature: float) -> None:
        """Takes over what `other` has changed since both stood at one plan; then both stand at one plan again."""
        share.follow(self.p, self.st, other.record, temperature, self.dice)
        now = float(self.st.value[0]) - float(state.penalty(self.p, self.st))
        for value, x, s, cohorts in (
            (now, self.st.x, self.st.s, self.st.cohorts), (float(other.bv[0]), other.bx, other.bs, other.bc)
        ):  # fmt: skip
            if value > self.bv[0]:
                self.bv[0], self.bx[:], self.bs[:], self.bc[:] = value, x, s, cohorts
        other.stand_at(self)

    def stand_at(self, other: Walker) -> None:
        """Goes on from where another stands, with the same best plan."""
        for mine, its in zip(self.st, other.st, strict=True):
            mine[:] = its
        self.bv[:], self.bx[:], self.bs[:], self.bc[:] = other.bv, other.bx, other.bs, other.bc

    def temperature(self, done: float) -> float:
        """Falls from warm to cold between the share of the limit at which it began and the end."""
        assert self.cools_from is not None
        f = (min(1.0, done) - self.cools_from) / max(1e-9, 1.0 - self.cools_from)
        return WARM * float((COLD / WARM) ** f)

    def begin(self, by: Guide) -> None:
        """Where ceilings are shares of the plan's own spend and let nothing in, start from a full plan and mend it."""
        if not len(self.p.or_mult) or not (self.p.or_mult < 0).any():
            return
        self.fill(by, soft=False)
        if (self.st.x < 0).all():
            self.fill(by, soft=True)
        else:
            state.reset(self.p, self.st)

    def fill(self, by: Guide, soft: bool) -> None:
        """Put in whatever fits, the most favoured projects first; `soft` leaves ceilings aside."""
        insert.construct(self.p, self.st, by.best, by.price, by.worth, 0.5, 0.0, soft, self.dice)

    def read(self, by: Guide, choices: Floats, tries: int = rounding.TRIES) -> None:
        """A plan read from the choices of the bound, where it is better than all so far."""
        p, least = self.p, float(self.bv[0])
        mine = (self.dice, self.bx, self.bs, self.bc, least)
        self.bv[0] = rounding.round_prices(p, self.st, choices, by.best, by.price, by.worth, tries, *mine)
        state.rebuild(p, self.st, self.bx, self.bs, self.bc)

    def tidy(self) -> None:
        """Take out of the best plan whatever adds nothing."""
        state.rebuild(self.p, self.st, self.bx, self.bs, self.bc)
        search.prune(self.p, self.st)
        now = self.st.value[0] - state.penalty(self.p, self.st)
        if now >= self.bv[0] - 1e-12 * max(1.0, abs(self.bv[0])) and search.valid(self.p, self.st) == 0:
            self.bx[:], self.bs[:], self.bc[:], self.bv[0] = self.st.x, self.st.s, self.st.cohorts, now
