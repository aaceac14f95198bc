"""One draw: what succeeds, how long and how dear it is, and which shocks come when."""

from __future__ import annotations

import numpy as np
from numba import njit

from khien.stress.core.dice import SHOCKS_FROM, bits
from khien.stress.core.model import COST_STEPS

U20, U24, U40 = np.uint64(20), np.uint64(24), np.uint64(40)
M20 = np.uint64((1 << 20) - 1)
COST_SHIFT = np.uint64(13)  # 20 bits less the 7 of 128 steps
COST_REST = np.uint64((1 << 13) - 1)
COST_PART = 1.0 / (1 << 13)
MONEY_NOISE = 1e-6


@njit(cache=True, nogil=True)
def draw_projects(p, keys, forced, delay, ok, time, cost):
    """Fill success (0, 1), duration in quarters and cost in million VND, [projects, draws]."""
    stream, success, settled, duration, planned = p.stream, p.success, p.settled, p.duration, p.cost
    low, time_ptr, time_at, table = p.low, p.time_ptr, p.time_at, p.cost_table
    for i in range(len(stream)):
        oks, times, costs, steps = ok[i], time[i], cost[i], table[i]
        least, a, b, chance = low[i] + delay[i], time_ptr[i], time_ptr[i + 1], success[i]
        for n in range(len(keys)):
            word = bits(keys[n], stream[i])
            oks[n] = 1 if np.int64(word >> U40) < chance else 0
            place = np.int64((word >> U20) & M20)
            long = least
            for k in range(a, b):
                long += 1 if time_at[k] <= place else 0
            times[n] = long
            part = word & M20
            step = np.int64(part >> COST_SHIFT)
            rest = np.float64(np.int64(part & COST_REST)) * COST_PART
            below = steps[step]
            costs[n] = np.ceil(below + (steps[step + 1] - below) * rest - MONEY_NOISE)
        if forced[i] >= 0:
            oks[:] = forced[i]
        if settled[i]:
            times[:] = duration[i]
            costs[:] = np.float64(planned[i])


@njit(cache=True, nogil=True)
def draw_shocks(k, keys, forced, on, begin, luck, when):
    """Fill which shocks come and in which quarter they begin; `luck` and `when` are room to work in."""
    stream, parent, together, chance = k.shock_stream, k.parent, k.together, k.chance
    first, choices = k.first_begin, k.choices
    for n in range(len(keys)):
        for s in range(len(first)):
            word = bits(keys[n], SHOCKS_FROM + stream[s])
            mine, turn = np.int64(word >> U40), np.int64((word >> U20) & M20)
            if parent[s] >= 0 and np.int64(word & M20) < together[s]:
                mine, turn = luck[parent[s]], when[parent[s]]
            luck[s], when[s] = mine, turn
            on[n, s] = 1 if mine < chance[s] else 0
            if forced[s] >= 0:
                on[n, s] = forced[s]
            begin[n, s] = first[s] + ((turn * choices[s]) >> 20)


assert COST_STEPS == 1 << 7
