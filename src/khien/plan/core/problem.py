"""The problem as arrays: what the compiled bound and search read.

Words used here
    project    chosen or not; at most one of its options is taken, at one start quarter
    option     one way to carry a project out: duration, spend by quarter, people by pool
    condition  becomes true at the earliest end of its chosen member options (an OR)
    request    a project may start only `lag` quarters after a condition is true
    unit       becomes active when all its conditions are true (an AND), and from then on adds
               amounts to accumulators
    goal       at a time, an accumulator's level is worth slope * min(required, level)
    row        a linear ceiling on spend: sum of multiplier * spend in [q0, q1) <= rhs

Times are quarters 0..T; an end time may be T. NEVER marks what does not happen.
Compressed lists follow the usual pattern: the entries of i are ptr[i]:ptr[i+1].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NEVER = 1 << 20

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Problem(NamedTuple):
    """Everything the engine reads; arrays only, never written after it is built."""

    T: int  # quarters
    constant: float  # added to every value
    # projects and options
    opt_ptr: Ints  # [projects + 1]
    project_of: Ints  # [options]
    dur: Ints  # [options]
    allow: NDArray[np.uint8]  # [options, T]: may start
    val: Floats  # [options, T]: value of starting then, apart from goals
    must: NDArray[np.uint8]  # [projects]: has to be chosen (unchosen costs `must_cost`)
    must_cost: float
    # people
    cap: Ints  # [pools, T]
    use_ptr: Ints
    use_pool: Ints
    use_amt: Ints
    # training: cohorts that add people to a pool
    tr_pool: Ints
    tr_people: Ints
    tr_cost: Ints
    tr_dur: Ints
    tr_max: Ints  # per year
    tr_first: Ints  # earliest start
    # money
    year_of: Ints  # [T]
    next_year: Ints  # [T + 1]: first quarter of a year at or after t (NEVER past the end)
    funds: Ints  # [years]: income of the year (with carry-over: cumulated, reserve taken off)
    carry: int
    sp_ptr: Ints  # [options + 1]
    sp: Ints  # spend per quarter of the run
    sp_cum: Ints  # [options + 1 ...]: cumulated, one entry more per option (offset sp_ptr[o] + o)
    even: NDArray[np.uint8]  # [options]: the same spend in every quarter
    # ceilings on spend
    row_q0: Ints
    row_q1: Ints
    row_rhs: Ints
    or_ptr: Ints  # [options + 1] rows of an option
    or_row: Ints
    or_mult: Ints
    row_cost: Floats  # what one unit above the ceiling costs in the search (it never stays)
    # conditions
    cond_init: Ints  # [conditions] time from which it holds anyhow
    cond_multi: NDArray[np.uint8]  # members belong to several projects
    oc_ptr: Ints  # conditions of an option
    oc_cond: Ints
    oc_late: NDArray[np.uint8]  # counts only from the next first quarter of a year
    co_ptr: Ints  # member options of a condition
    co_opt: Ints
    co_late: NDArray[np.uint8]
    # requests
    rq_project: Ints
    rq_cond: Ints
    rq_lag: Ints
    pr_ptr: Ints  # requests of a project
    pr_req: Ints
    cr_ptr: Ints  # requests on a condition
    cr_req: Ints
    pc_ptr: Ints  # conditions with requests that a project's options serve
    pc_cond: Ints
    # units
    uc_ptr: Ints  # conditions of a unit
    uc_cond: Ints
    cu_ptr: Ints  # units of a condition
    cu_unit: Ints
    ua_ptr: Ints  # contributions of a unit
    ua_acc: Ints
    ua_amt: Floats  # [contributions, 4]: by quarter of the year
    # goals, sorted by accumulator, then time
    ag_ptr: Ints
    g_time: Ints
    g_phase: Ints  # quarter of the year, 0..3
    g_req: Floats
    g_slope: Floats
    g_base: Floats  # level that stands anyhow
    g_block: Ints  # -1 or the block whose value is watched
    # blocks: floors on the value of a block; from `tail_from` on, one block per sampled future
    b_floor: Floats
    b_scale: Floats  # value of the block in its own unit = sum(slope*min)/... (1 where unused)
    b_own: Floats  # share of its goals' slopes that counts whatever the price of the block
    floor_cost: float
    tail_from: int
    tail_worst: int  # futures in the tail; 0 where no tail counts
    tail_weight: float
    tail_most: float  # no future can be worth more


def csr(lists: list[list[int]]) -> tuple[Ints, Ints]:
    """Pointers and entries of a list of lists."""
    ptr = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum([len(x) for x in lists], out=ptr[1:])
    flat = [v for x in lists for v in x]
    return ptr, np.array(flat, dtype=np.int64)
