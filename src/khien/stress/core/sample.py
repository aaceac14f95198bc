"""One draw: what succeeds, how long and how dear it is, and which shocks come when."""

from __future__ import annotations

import numpy as np
from numba import njit

from khien.stress.core.dice import SHOCKS_FROM, bits
from khien.stress.core.kernel import kernel
from khien.stress.core.model import COST_STEPS

U20, U24, U40 = np.uint64(20), np.uint64(24), np.uint64(40)
M20 = np.uint64((1 << 20) - 1)
COST_SHIFT = 13  # 20 bits less the 7 of 128 steps
COST_REST = (1 << 13) - 1
COST_PART = 1.0 / (1 << 13)
MONEY_NOISE = 1e-6


@njit(cache=True, nogil=True)
def draw_projects(p, keys, forced, delay, ok, time, cost):
    """Fill success (0, 1), duration in quarters and cost in million VND, [projects, draws]."""
    stream, success, settled, duration, planned = p.stream, p.success, p.settled, p.duration, p.cost
    low, time_ptr, time_at, table = p.low, p.time_ptr, p.time_at, p.cost_table
    words, places = np.empty(len(keys), dtype=np.uint64), np.empty(len(keys), dtype=np.int32)
    for i in range(len(stream)):
        oks, times, costs = ok[i], time[i], cost[i]
        for n in range(len(keys)):
            words[n] = bits(keys[n], stream[i])
        if forced[i] >= 0:
            oks[:] = forced[i]
        else:
            for n in range(len(keys)):
                oks[n] = np.int64(words[n] >> U40) < success[i]
        if settled[i]:
            times[:] = duration[i]
            costs[:] = np.float64(planned[i])
            continue
        for n in range(len(keys)):
            places[n] = np.int32((words[n] >> U20) & M20)
        times[:] = low[i] + delay[i]
        for k in range(time_ptr[i], time_ptr[i + 1]):
            bar = np.int32(time_at[k])
            for n in range(len(keys)):
                times[n] += places[n] >= bar
        draw_costs(words, table[i], costs)


@kernel()
def draw_costs(words, steps, costs):
    """Fill costs from the last 20 bits: straight lines between the steps of the table."""
    for n in range(len(words)):
        part = np.int64(words[n] & M20)
        step = part >> COST_SHIFT
        below = steps[step]
        costs[n] = np.ceil(below + (steps[step + 1] - below) * (np.float64(part & COST_REST) * COST_PART) - MONEY_NOISE)


@kernel()
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
