"""Blocks of draws: sample, schedule, money, coverage. What comes out is filled into arrays by draw."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from khien.stress.core.cover import STEPS, worth
from khien.stress.core.dice import key_of
from khien.stress.core.follow import follow, promises_broken
from khien.stress.core.kernel import kernel
from khien.stress.core.model import Ints, Model, Reals, Twist
from khien.stress.core.pause import FAR
from khien.stress.core.push import push
from khien.stress.core.repair import prepare, schedule, share_broken
from khien.stress.core.sample import draw_projects, draw_shocks
from khien.stress.core.spend import add_row, cut_income, spend_block, take_row

BLOCK = 480
"""Draws that are replayed side by side: enough to share the fixed costs, few enough to stay in the cache."""

TILE = 60
"""Draws whose coverage is worked out side by side: what changes in them is to stay in the cache."""


class Strike(NamedTuple):
    """Room for what shocks take: of a product in one draw of a tile a row."""

    out: Reals  # [R, T]: what is left of its output
    hit_from: Ints  # [R]
    hit_to: Ints
    product: Ints
    lane: Ints
    row_of: Ints  # [Q, M]: -1 where there is none
    who: Ints  # [M]
    lost: Reals  # [J, T]
    soonest: Ints
    items: Ints  # [I]
    entry: Ints
    chain: Ints  # what shocks take


class Field(NamedTuple):
    """Room for what changes in coverage and self-reliance, for a tile of M draws."""

    change: Reals  # [2, C, T + 1, M]
    noted: NDArray[np.uint8]  # [2, C, T + 1]: EVENT where something changes, 1 where a requirement rises
    run: Reals  # [4, M]: amounts so far
    part: Reals
    share: Reals  # [T, M]
    at: Ints  # [M]
    level: Reals


class Work(NamedTuple):
    """Room to work in for one thread; no draw sees what another left here."""

    luck: Ints  # [K]
    when: Ints
    low: Ints
    high: Ints
    away: Ints  # [2, partners, N]: since when, until when
    vectors: Reals  # [5, N]
    done: Reals  # [Y + 1, N]
    spend: Reals  # [P, Y]
    paid: Reals  # [Y]
    time: Ints  # [P]
    cost: Reals
    start: Ints
    end: Ints
    free: Ints  # [S, T]
    slack: Reals  # [Y]
    least: Reals  # [Y + 1]
    room: Reals  # [L]
    subjects: Ints  # [4, U, N]
    service: Ints  # [2, Q, N]
    strike: Strike
    field: Field


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
        _short_ints(2, len(model.order.hit_ptr) - 1, draws),
        np.zeros((5, draws)),
        np.zeros((years + 1, draws)),
        np.zeros((projects, years)),
        np.zeros(years),
        _ints(projects),
        np.zeros(projects),
        _ints(projects),
        _ints(projects),
        _ints(*model.means.free.shape),
        np.zeros(years),
        np.zeros(years + 1),
        np.zeros(len(model.limits.ceiling)),
        _short_ints(4, len(model.services.available), draws),
        _short_ints(2, len(model.services.service), draws),
        _strike(model, min(draws, TILE)),
        _field(model, min(draws, TILE)),
    )


def _strike(model: Model, tile: int) -> Strike:
    e = model.strikes
    products, items, supplies = len(model.services.service), len(e.item_share), len(e.supply_share)
    quarters, rows = model.horizon.quarters, products * tile
    return Strike(
        np.empty((rows, quarters)),
        *(_ints(rows) for _ in range(4)),
        np.full((products, tile), -1, dtype=np.int64),
        _ints(tile),
        np.zeros((supplies, quarters)),
        np.full((supplies, quarters), FAR, dtype=np.int64),
        _ints(items),
        np.full(items, -1, dtype=np.int64),
        _ints(len(e.takes_item)),
    )


def _field(model: Model, tile: int) -> Field:
    capabilities, quarters = model.yields.weight.shape[1], model.horizon.quarters
    noted = np.zeros((2, capabilities, quarters + 1), dtype=np.uint8)
    noted[:, :, :quarters] = model.yields.rises[:, None, :]
    return Field(
        np.zeros((2, capabilities, quarters + 1, tile)),
        noted,
        np.zeros((STEPS, tile)),
        np.zeros((STEPS, tile)),
        np.zeros((quarters, tile)),
        _ints(tile),
        np.zeros(tile),
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
            d.start, d.end, d.spend, w.time, w.cost, w.start, w.end, w.spend, w.paid, w.free, w.slack, w.least, w.room,
            w.low, w.high, broken.limits, broken.people,
        )  # fmt: skip
    else:
        push(m.order, m.blows.pause, d.on, d.begin, d.time, d.start, d.end, w.low, w.high, *w.away)
        spend_block(m.horizon, m.charges, d.start, d.end, d.cost, d.spend, w.done, w.vectors)
    left_over(m.horizon.year_start, m.means, m.blows, d.on, d.begin, d.spend, d.cash)
    follow(m.horizon.quarters, m.brings, m.services, d.ok, d.end, w.subjects, w.service)
    worth(m.strikes, m.yields, m.worths, w.strike, w.field, w.subjects, w.service, d.on, d.begin,
          d.coverage, d.reliance, d.value)  # fmt: skip
    promises_broken(m.dues, w.service, broken.dues)


@njit(cache=True, nogil=True)
def keys_of(seed, first, count):
    """The keys of some draws in a row."""
    keys = np.empty(count, dtype=np.uint64)
    for n in range(count):
        keys[n] = key_of(seed, first + n)
    return keys


@kernel()
def repaired(
    h, o, c, p, g, lim, k, on, begin, all_time, all_cost, all_start, all_end, all_spend,
    time, cost, start, end, spend, total, free, slack, least, room, low, high, limits, people,
):  # fmt: skip
    """Fill starts, ends and spending under money, people and limits."""
    carry_over, pause = g.carry_over, k.pause
    for n in range(len(on)):
        for i in range(len(time)):
            time[i], cost[i] = all_time[i, n], all_cost[i, n]
        prepare(h.year_start, g, k, on[n], begin[n], free, slack, least)
        schedule(
            h, o, c, p, lim, pause, carry_over, on[n], begin[n], time, cost, start, end, spend, total,
            free, slack, least, room, low, high,
        )  # fmt: skip
        for i in range(len(time)):
            all_start[i, n], all_end[i, n] = start[i], end[i]
        for y in range(len(total)):
            all_spend[y, n] = total[y]
        people[0] += some_short(free)
        for one in range(len(limits)):
            if lim.bar[one] < 0:
                limits[one] += share_broken(lim, one, total, room)
            else:
                limits[one] += room[one] < 0 if lim.ceiling[one] else room[one] > 0


@kernel()
def some_short(free):
    """Whether a skill is short in some quarter."""
    for skill in range(free.shape[0]):
        least = 0
        for t in range(free.shape[1]):
            least = min(least, free[skill, t])
        if least < 0:
            return True
    return False


@kernel()
def left_over(year_start, g, k, on, begin, spend, cash):
    """Fill what is left of the money by year, [years, draws]."""
    income, charged, carry_over, money_ptr = g.income, g.charged, g.carry_over, k.money_ptr
    for y in range(len(cash)):
        cash[y, :] = np.float64(income[y] - charged[y])
        take_row(cash[y], spend[y])
    for s in range(on.shape[1]):
        if money_ptr[s] < money_ptr[s + 1]:
            for n in range(len(on)):
                if on[n, s]:
                    cut_income(year_start, k, s, begin[n, s], cash[:, n])
    if carry_over:
        for y in range(1, len(cash)):
            add_row(cash[y], cash[y - 1])
