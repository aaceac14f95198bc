"""Blocks of draws: sample, schedule, money, coverage. What comes out is filled into arrays by draw."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from khien.stress.core.cover import STEPS, by_year, follow, promises_broken, walk, walk_cut
from khien.stress.core.dice import key_of
from khien.stress.core.model import Ints, Model, Reals, Twist
from khien.stress.core.pause import FAR
from khien.stress.core.push import push
from khien.stress.core.repair import prepare, schedule, share_broken
from khien.stress.core.sample import draw_projects, draw_shocks
from khien.stress.core.spend import cut_income, spend_block
from khien.stress.core.strike import strike

BLOCK = 120
"""Draws that are replayed side by side: enough to share the fixed costs, few enough to stay in the cache."""


class Strike(NamedTuple):
    """Room for what shocks take."""

    out: Reals  # [Q, T]
    hit_from: Ints  # [Q]
    hit_to: Ints
    touched: Ints
    lost: Reals  # [J, T]
    soonest: Ints
    items: Ints  # [I]
    entry: Ints
    chain: Ints  # what shocks take


class Walk(NamedTuple):
    """Room for walking from event to event."""

    head: Ints  # [T]
    hit: Ints
    after: Ints
    product: Ints
    now: Reals  # [Q]
    amount: Reals  # [C]
    part: Reals
    missing: Reals
    lacking: Ints
    now_cut: Reals  # [Q, 4]
    amount_cut: Reals  # [C, 4]
    part_cut: Reals
    change: Reals  # [4]
    share: Reals  # [T]


class Work(NamedTuple):
    """Room to work in for one thread; no draw sees what another left here."""

    luck: Ints  # [K]
    when: Ints
    low: Ints
    high: Ints
    vectors: Reals  # [4, N]
    done: Reals  # [Y + 1, N]
    spend: Reals  # [P, Y]
    paid: Reals  # [Y]
    time: Ints  # [P]
    cost: Reals
    start: Ints
    end: Ints
    free: Ints  # [S, T]
    slack: Reals  # [Y]
    room: Reals  # [L]
    subjects: Ints  # [4, U, N]
    service: Ints  # [2, Q, N]
    strike: Strike
    walk: Walk


class Draws(NamedTuple):
    """A block of N draws: what was drawn, and what came of it."""

    ok: Ints  # [P, N]
    time: Ints
    cost: Reals
    on: Ints  # [N, K]
    begin: Ints
    start: Ints  # [P, N]: FAR where the project is left out
    end: Ints
    spend: Reals  # [Y, N], whole numbers
    cash: Reals
    coverage: Reals
    reliance: Reals
    value: Reals  # [N]


class Broken(NamedTuple):
    """In how many draws something that was promised is not kept."""

    dues: Ints  # [obligations]
    limits: Ints  # [L]
    people: Ints  # [1]


def work_for(model: Model, draws: int = BLOCK) -> Work:
    """Room for one thread."""
    projects, shocks, years = len(model.order.planned), len(model.blows.length), len(model.means.income)
    return Work(
        *(_ints(shocks) for _ in range(4)),
        np.zeros((4, draws)),
        np.zeros((years + 1, draws)),
        np.zeros((projects, years)),
        np.zeros(years),
        _ints(projects),
        np.zeros(projects),
        _ints(projects),
        _ints(projects),
        _ints(*model.means.free.shape),
        np.zeros(years),
        np.zeros(len(model.limits.ceiling)),
        _short_ints(4, len(model.services.available), draws),
        _short_ints(2, len(model.services.service), draws),
        _strike(model),
        _walk(model),
    )


def _strike(model: Model) -> Strike:
    e = model.strikes
    products, items, supplies = len(model.services.service), len(e.item_share), len(e.supply_share)
    quarters = model.horizon.quarters
    return Strike(
        np.ones((products, quarters)),
        np.full(products, FAR, dtype=np.int64),
        _ints(products),
        _ints(products),
        np.zeros((supplies, quarters)),
        np.full((supplies, quarters), FAR, dtype=np.int64),
        _ints(items),
        np.full(items, -1, dtype=np.int64),
        _ints(len(e.takes_item)),
    )


def _walk(model: Model) -> Walk:
    products, quarters, capabilities = len(model.services.service), model.horizon.quarters, len(model.yields.amount)
    events = products * (quarters + 2) + len(model.yields.keep_subject)
    return Walk(
        _ints(quarters),
        _ints(quarters),
        _ints(events),
        _ints(events),
        np.zeros(products),
        np.zeros(capabilities),
        np.zeros(capabilities),
        np.zeros(capabilities),
        _ints(capabilities),
        np.zeros((products, STEPS)),
        np.zeros((capabilities, STEPS)),
        np.zeros((capabilities, STEPS)),
        np.zeros(STEPS),
        np.zeros(quarters),
    )


def draws_for(model: Model, count: int = BLOCK) -> Draws:
    """Room for a block of draws."""
    years, projects, shocks = len(model.means.income), len(model.order.planned), len(model.blows.length)
    return Draws(
        _short_ints(projects, count),
        _short_ints(projects, count),
        np.zeros((projects, count)),
        _ints(count, shocks),
        _ints(count, shocks),
        _short_ints(projects, count),
        _short_ints(projects, count),
        *(np.zeros((years, count)) for _ in range(4)),
        np.zeros(count),
    )


def broken_for(model: Model) -> Broken:
    """Counters at nought."""
    return Broken(_ints(len(model.dues.due_quarter)), _ints(len(model.limits.ceiling)), _ints(1))


def _ints(*shape: int) -> Ints:
    return np.zeros(shape, dtype=np.int64)


def _short_ints(*shape: int) -> NDArray[np.int32]:
    """Quarters, and yes and no, of many draws: half the room of whole ones."""
    return np.zeros(shape, dtype=np.int32)


def replay(m: Model, twist: Twist, seed: int, first: int, repair: bool, w: Work, d: Draws, broken: Broken) -> None:
    """Replay draws first, first + 1, ... of a seed, as many as `d` has room for."""
    keys = keys_of(np.uint64(seed), first, len(d.value))
    draw_projects(m.chances, keys, twist.success, twist.delay, d.ok, d.time, d.cost)
    draw_shocks(m.luck, keys, twist.shock, d.on, d.begin, w.luck, w.when)
    outcome(m, repair, w, d, broken)


def outcome(m: Model, repair: bool, w: Work, d: Draws, broken: Broken) -> None:
    """Work out what comes of the draws that stand in `d`."""
    if repair:
        repaired(
            m.horizon, m.order, m.charges, m.takes, m.means, m.limits, m.blows, d.on, d.begin, d.time, d.cost,
            d.start, d.end, d.spend, w.time, w.cost, w.start, w.end, w.spend, w.paid, w.free, w.slack, w.room,
            w.low, w.high, broken.limits, broken.people,
        )  # fmt: skip
    else:
        push(m.order, m.blows.pause, d.on, d.begin, d.time, d.start, d.end, w.low, w.high)
        spend_block(m.horizon, m.charges, d.start, d.end, d.cost, d.spend, w.done, w.vectors)
    left_over(m.horizon.year_start, m.means, m.blows, d.on, d.begin, d.spend, d.cash)
    follow(m.horizon.quarters, m.brings, m.services, d.ok, d.end, w.subjects, w.service)
    worth(m.strikes, m.yields, m.worths, w.strike, w.walk, w.subjects, w.service, d.on, d.begin,
          d.coverage, d.reliance, d.value)  # fmt: skip
    promises_broken(m.dues, w.service, broken.dues)


@njit(cache=True, nogil=True)
def keys_of(seed, first, count):
    """The keys of some draws in a row."""
    keys = np.empty(count, dtype=np.uint64)
    for n in range(count):
        keys[n] = key_of(seed, first + n)
    return keys


@njit(cache=True, nogil=True)
def repaired(
    h, o, c, p, g, lim, k, on, begin, all_time, all_cost, all_start, all_end, all_spend,
    time, cost, start, end, spend, total, free, slack, room, low, high, limits, people,
):  # fmt: skip
    """Fill starts, ends and spending under money, people and limits."""
    carry_over, pause = g.carry_over, k.pause
    for n in range(len(on)):
        time[:] = all_time[:, n]
        cost[:] = all_cost[:, n]
        prepare(h.year_start, g, k, on[n], begin[n], free, slack)
        schedule(
            h, o, c, p, lim, pause, carry_over, on[n], begin[n], time, cost, start, end, spend, total,
            free, slack, room, low, high,
        )  # fmt: skip
        all_start[:, n] = start
        all_end[:, n] = end
        all_spend[:, n] = total
        people[0] += free.size > 0 and free.min() < 0
        for one in range(len(limits)):
            if lim.bar[one] < 0:
                limits[one] += share_broken(lim, one, total, room)
            else:
                limits[one] += room[one] < 0 if lim.ceiling[one] else room[one] > 0


@njit(cache=True, nogil=True)
def left_over(year_start, g, k, on, begin, spend, cash):
    """Fill what is left of the money by year, draw by draw."""
    income, charged, carry_over = g.income, g.charged, g.carry_over
    row = np.empty(len(income), dtype=np.int64)
    for n in range(spend.shape[1]):
        row[:] = income
        cut_income(year_start, k, on[n], begin[n], row)
        before = 0.0
        for y in range(len(row)):
            cash[y, n] = row[y] + before - charged[y] - spend[y, n]
            before = cash[y, n] if carry_over else 0.0


@njit(cache=True, nogil=True)
def worth(k, e, v, s, w, subjects, services, on, begin, coverage, reliance, value):
    """Fill coverage and self-reliance by year, and the value, draw by draw."""
    starts, year_weight, share = v.starts, v.year_weight, w.share
    home, home_cut, serve, serve_cut = subjects[1], subjects[3], services[0], services[1]
    out, hit_from, hit_to = s.out, s.hit_from, s.hit_to
    for n in range(len(value)):
        hit = strike(len(share), k, on[n], begin[n], home, serve, n, s)
        walk(e, serve, n, s, w, share)
        value[n] = by_year(starts, year_weight, v.discount, share, n, coverage)
        walk_cut(e, home_cut, serve_cut, n, s, w, share)
        value[n] += by_year(starts, year_weight, v.discount_cut, share, n, reliance)
        for a in range(hit):
            q = s.touched[a]
            out[q, hit_from[q] : hit_to[q]] = 1.0
            hit_from[q], hit_to[q] = FAR, 0
