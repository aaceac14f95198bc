"""The Lagrangian written out as a linear programme, for problems small enough to write it out.

L(prices) = constant + given . prices + sum over choices of max(0, worth of each of their possibilities), and the worth
of a possibility is linear in the prices. The least of it is therefore a linear programme, whose vertex closes
the last hair's breadth that the smoothed ascent leaves open. See docs/methods/bound.md, "Branching".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from khien.plan.core import dual
from khien.plan.core.layout import Layout
from khien.plan.core.prices import option_gradient
from khien.plan.core.problem import Floats, Ints, Problem


@dataclass(frozen=True)
class Linear:
    """The worth of possibility j of choice `choice[j]` is worth[j] + rows[j] . prices."""

    given: Floats  # what the prices fetch for all that is there
    rows: csr_matrix
    worth: Floats
    choice: Ints
    start: Ints  # option * T + quarter of the possibilities of projects, which stand first
    cohorts: Ints  # training * T + quarter of the possibilities of training, which stand last
    choices: int
    futures: int  # sampled ones


class _Writer:
    """Collects rows; prices that are cumulated in the dual are spread by the dual's own arithmetic."""

    def __init__(self, p: Problem, lay: Layout) -> None:
        self.p, self.lay = p, lay
        self.at: list[Ints] = []
        self.by: list[Floats] = []
        self.worth: list[float] = []
        self.choice: list[int] = []
        self.choices = 0
        self.people = np.zeros((len(p.use_amt), p.T + 1))
        self.money = np.zeros(p.T + 1)
        self.seats = np.zeros(lay.rows - lay.places)
        self.row = np.zeros(len(p.row_rhs))
        self.credit = np.zeros((len(p.cond_init), p.T + 1))
        self.wait = np.zeros((len(p.rq_cond), p.T))
        self.held = np.zeros((len(p.cond_init), p.T + 1))

    def add(self, worth: float, row: Floats) -> None:
        at = np.flatnonzero(row)
        self.add_at(worth, at, row[at])

    def add_at(self, worth: float, at: Ints, by: Floats) -> None:
        """A row by its entries; what stands twice is added up."""
        self.at.append(at)
        self.by.append(by)
        self.worth.append(worth)
        self.choice.append(self.choices)

    def matrix(self) -> csr_matrix:
        ends = np.cumsum([0, *(len(at) for at in self.at)])
        parts = np.concatenate([np.zeros(0), *self.by]), np.concatenate([np.zeros(0, dtype=np.int64), *self.at])
        rows = csr_matrix((*parts, ends), shape=(len(self.at), self.lay.size))
        rows.sum_duplicates()
        return rows

    def spread(self, grad: Floats) -> Floats:
        """Turn what has been noted into prices proper, and forget it."""
        cumulated = (self.money, self.seats, self.row, self.credit, self.people, self.wait)
        dual._spread(self.p, self.lay, *cumulated, grad, self.held)
        for a in (*cumulated, self.held):
            a[:] = 0.0
        return grad


def linear(p: Problem, lay: Layout) -> Linear:
    """Write out the Lagrangian of a problem."""
    w = _Writer(p, lay)
    start = _projects(w)
    _goals(w)
    _units(w)
    _conditions(w)
    _tail(w)
    cohorts = _training(w)
    where = np.array(w.choice, dtype=np.int64)
    return Linear(
        _given(w), w.matrix(), np.array(w.worth), where, np.array(start, dtype=np.int64),
        np.array(cohorts, dtype=np.int64), w.choices,
        len(p.b_floor) - p.tail_from if p.tail_worst else 0,
    )  # fmt: skip


def _projects(w: _Writer) -> list[int]:
    p, start = w.p, []
    for i in range(len(p.must)):
        for o in range(p.opt_ptr[i], p.opt_ptr[i + 1]):
            for t in np.flatnonzero(p.allow[o]):
                one, grad = np.zeros(p.T), np.zeros(w.lay.size)
                one[t] = 1.0
                option_gradient(p, w.lay, o, one, w.people, w.money, w.row, w.credit, w.wait, w.seats)
                w.add(float(p.val[o, t]), w.spread(grad))
                start.append(int(o * p.T + t))
        w.choices += 1
    return start


def _goals(w: _Writer) -> None:
    p, lay = w.p, w.lay
    for g in range(len(p.g_time)):
        at, by, own, b = [lay.goals + g], [-p.g_req[g]], 1.0, p.g_block[g]
        if b >= 0:
            own = p.b_own[b]
            at.append(lay.floors + b)
            by.append(p.g_req[g] * p.g_slope[g] / p.b_scale[b])
        w.add_at(float(p.g_req[g] * p.g_slope[g] * own), np.array(at), np.array(by))
        w.choices += 1


def _units(w: _Writer) -> None:
    p, lay = w.p, w.lay
    for u in range(len(p.uc_ptr) - 1):
        conditions = range(p.uc_ptr[u], p.uc_ptr[u + 1])
        if len(conditions) < 2:
            continue
        at, by, since = [], [], []
        for a in range(p.ua_ptr[u], p.ua_ptr[u + 1]):
            goals = np.arange(p.ag_ptr[p.ua_acc[a]], p.ag_ptr[p.ua_acc[a] + 1])
            at.append(lay.goals + goals)
            by.append(p.ua_amt[a, p.g_phase[goals]])
            since.append(p.g_time[goals])
        for k in conditions:
            at.append(lay.links + lay.link_of[k] * (p.T + 1) + np.arange(p.T + 1))
            by.append(np.full(p.T + 1, -1.0))
            since.append(np.arange(p.T + 1))
        places, amounts, quarters = (np.concatenate(x) for x in (at, by, since))
        for t in range(p.T + 1):
            w.add_at(0.0, places[quarters >= t], amounts[quarters >= t])
        w.choices += 1


def _conditions(w: _Writer) -> None:
    p, lay = w.p, w.lay
    for c in np.flatnonzero(lay.or_of >= 0):
        at = lay.ors + lay.or_of[c] * (p.T + 1)
        for t in range(p.T + 1):
            row = np.zeros(lay.size)
            row[at + t : at + max(t, min(p.cond_init[c], p.T + 1))] -= 1.0
            w.held[c, t:] = 1.0
            w.add(0.0, w.spread(row))
        w.choices += 1


def _tail(w: _Writer) -> None:
    """Sampled futures: the threshold of the tail, and the shortfall of every future below it."""
    p = w.p
    if not p.tail_worst:
        return
    futures = np.arange(w.lay.floors + p.tail_from, w.lay.size)
    part = p.tail_most / len(futures)
    for at in futures:
        w.add_at(-p.tail_most * p.tail_weight / p.tail_worst, np.array([at]), np.array([part]))
        w.choices += 1
    w.add_at(p.tail_most * p.tail_weight, futures, np.full(len(futures), -part))
    w.choices += 1


def _training(w: _Writer) -> list[int]:
    p, lay, cohorts = w.p, w.lay, []
    for k, pool in enumerate(p.tr_pool):
        for y in np.unique(p.year_of):
            for t in np.flatnonzero(p.year_of == y):
                if t < p.tr_first[k]:
                    continue
                row = np.zeros(lay.size)
                at = lay.people + pool * p.T
                row[at + t + p.tr_dur[k] : at + p.T] += p.tr_max[k] * p.tr_people[k]
                last = len(p.funds) if p.carry else y + 1
                row[lay.money + y : lay.money + last] -= p.tr_max[k] * p.tr_cost[k]
                w.add(0.0, row)
                cohorts.append(int(k * p.T + t))
            w.choices += 1
    return cohorts


def _given(w: _Writer) -> Floats:
    p, lay = w.p, w.lay
    given = np.zeros(lay.size)
    given[lay.people : lay.money] = lay.room.ravel()
    given[lay.money : lay.places] = p.funds
    given[lay.places : lay.rows] = lay.scale[lay.places : lay.rows]
    given[lay.rows : lay.goals] = p.row_rhs
    given[lay.goals : lay.requests] = p.g_base
    floors = np.where(p.b_floor > -1e200, p.b_floor, 0.0)
    given[lay.floors : lay.size] -= floors
    for c in np.flatnonzero(lay.or_of < 0):
        w.held[c, min(p.cond_init[c], p.T + 1) :] = 1.0
    return w.spread(given)


def worths(lin: Linear, prices: Floats) -> Floats:
    """What every possibility is worth at these prices."""
    out: Floats = lin.worth + lin.rows @ prices
    return out
