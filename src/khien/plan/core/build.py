"""A friendly way to write a `Problem`: add things one by one, then `build()`."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from khien.plan.core.problem import NEVER, Floats, Ints, Problem, csr

BIG = 1 << 60


@dataclass
class _Option:
    project: int
    duration: int
    spend: list[int]
    people: dict[int, int]
    first: int
    last: int
    value: Any  # scalar or array [T]
    conditions: list[tuple[int, bool]] = field(default_factory=list)
    rows: dict[int, int] = field(default_factory=dict)


class Builder:
    """Collects the parts of a problem; every `add_*` returns the part's number.

    Args:
        T: number of quarters. offset: quarter of the year (0..3) in which the horizon begins.
    """

    def __init__(self, T: int, offset: int = 0) -> None:
        self.T = T
        self.offset = offset
        self.constant = 0.0
        self.must: list[bool] = []
        self.must_cost = 0.0
        self.options: list[_Option] = []
        self.caps: list[Ints] = []
        self.training: list[tuple[int, int, int, int, int, int]] = []
        self.funds: list[int] = []
        self.carry = False
        self.rows: list[tuple[int, int, int]] = []
        self.cond_init: list[int] = []
        self.served: set[int] = set()  # conditions with members
        self.requests: list[tuple[int, int, int]] = []
        self.units: list[tuple[list[int], list[tuple[int, list[float]]]]] = []
        self.goals: list[list[tuple[int, float, float, float, int]]] = []
        self.blocks: list[tuple[float, float]] = []
        self.futures: list[int] = []
        self.tail_worst, self.tail_weight = 0, 0.0
        self.floor_cost = 0.0
        self.row_cost = 1e6

    def add_pool(self, capacity: Ints) -> int:
        """People of one skill that are free in each quarter, shape (T,)."""
        self.caps.append(np.asarray(capacity, dtype=np.int64))
        return len(self.caps) - 1

    def add_training(self, pool: int, people: int, cost: int, duration: int, per_year: int, first: int = 0) -> int:
        """Cohorts of a pool: people gained, cost in the start quarter, quarters, most per year, first start."""
        self.training.append((pool, people, cost, duration, per_year, first))
        return len(self.training) - 1

    def add_row(self, q0: int, q1: int, rhs: int) -> int:
        """A ceiling on weighted spend in quarters [q0, q1); options join with `option.rows`."""
        self.rows.append((q0, q1, rhs))
        return len(self.rows) - 1

    def add_project(self, must: bool = False) -> int:
        self.must.append(must)
        return len(self.must) - 1

    def add_option(
        self,
        project: int,
        duration: int,
        spend: list[int],
        people: dict[int, int],
        *,
        first: int = 0,
        last: int | None = None,
        value: Any = 0.0,
    ) -> int:
        """An option that may start in first..last; value is a scalar or one number per start."""
        latest = self.T - duration if last is None else min(last, self.T - duration)
        people = {k: v for k, v in people.items() if v > 0}
        self.options.append(_Option(project, duration, spend, people, max(0, first), latest, value))
        return len(self.options) - 1

    def add_condition(self, init: int = NEVER) -> int:
        """A condition that holds anyhow from `init` on."""
        self.cond_init.append(init)
        return len(self.cond_init) - 1

    def add_member(self, condition: int, option: int, late: bool = False) -> None:
        """The option makes the condition true at its end (late: at the next first quarter of a year)."""
        self.options[option].conditions.append((condition, late))
        self.served.add(condition)

    def add_request(self, project: int, condition: int, lag: int = 0) -> None:
        self.requests.append((project, condition, lag))

    def add_unit(self, conditions: list[int], amounts: list[tuple[int, list[float]]]) -> int:
        """When all conditions hold, adds (accumulator, amount by quarter of the year)."""
        if not conditions:
            raise ValueError("a unit without conditions stands anyhow: lift the base of its goals instead")
        self.units.append((sorted(set(conditions)), amounts))
        return len(self.units) - 1

    def add_accumulator(self) -> int:
        self.goals.append([])
        return len(self.goals) - 1

    def add_goal(
        self, accumulator: int, time: int, required: float, slope: float, base: float = 0.0, block: int = -1
    ) -> None:
        """Level at `time` is worth slope * min(required, base + level)."""
        self.goals[accumulator].append((time, required, slope, base, block))

    def add_block(self, floor: float = -1e300, scale: float = 1.0) -> int:
        """A group of goals whose summed value / scale must reach `floor`."""
        self.blocks.append((floor, scale))
        return len(self.blocks) - 1

    def add_future(self) -> int:
        """A block for the goals of one sampled future, whose slopes are taken times 1 / futures.

        Futures come after all other blocks. The mean of the `tail_worst` least of them counts with `tail_weight`,
        the mean of all with the rest.
        """
        self.futures.append(self.add_block())
        return self.futures[-1]

    # ------------------------------------------------------------------
    def build(self) -> Problem:
        order = sorted(range(len(self.options)), key=lambda i: (self.options[i].project, i))
        if order != list(range(len(self.options))):
            raise ValueError("options must be added project by project")
        allow = _allowed(self)
        fields: dict[str, Any] = {"T": self.T, "constant": float(self.constant)}
        fields |= _option_fields(self, allow) | _people_fields(self) | _money_fields(self)
        fields |= _condition_fields(self) | _unit_fields(self) | _goal_fields(self)
        return Problem(**{k: fields[k] for k in Problem._fields})


def _allowed(b: Builder) -> np.ndarray:
    """Starts that no rule excludes at once: window, people, and the earliest end of what is asked for."""
    T, options = b.T, b.options
    allow = np.zeros((len(options), T), dtype=np.uint8)
    extra = np.zeros((len(b.caps), T), dtype=np.int64)
    for pool, people, _, dur, per_year, _ in b.training:
        for t in range(T):
            done = t - dur
            if done >= 0:
                extra[pool, t] += people * per_year * ((done + b.offset) // 4 + 1)
    for i, o in enumerate(options):
        if o.last < o.first:
            continue
        fits = np.ones(T, dtype=bool)
        for pool, amount in o.people.items():
            fits &= (b.caps[pool] + extra[pool]) >= amount
        run = np.concatenate(([0], np.cumsum(fits)))
        for t in range(o.first, o.last + 1):
            allow[i, t] = run[t + o.duration] - run[t] == o.duration and _affordable(b, o, t)
    _push_windows(b, allow)
    return allow


def _affordable(b: Builder, o: _Option, t: int) -> bool:
    """Whether every year's money alone could pay for the option."""
    by_year = np.zeros(len(b.funds), dtype=np.int64)
    years = (np.arange(t, t + o.duration) + b.offset) // 4
    np.add.at(by_year, years, o.spend)
    if b.carry:
        by_year = np.cumsum(by_year)
    used = by_year > 0
    return bool((by_year[used] <= np.array(b.funds)[used]).all())


def _push_windows(b: Builder, allow: np.ndarray) -> None:
    """Forbid starts before the earliest time at which a request can be met."""
    members: dict[int, list[int]] = {}
    for i, o in enumerate(b.options):
        for c, _ in o.conditions:
            members.setdefault(c, []).append(i)
    of_project: dict[int, list[tuple[int, int]]] = {}
    for p, c, lag in b.requests:
        of_project.setdefault(p, []).append((c, lag))
    changed = True
    while changed:
        changed = False
        first = [int(np.argmax(a)) if a.any() else NEVER for a in allow]
        for i, o in enumerate(b.options):
            if first[i] == NEVER:
                continue
            need = 0
            for c, lag in of_project.get(o.project, []):
                ends = [first[m] + b.options[m].duration for m in members.get(c, []) if first[m] < NEVER]
                need = max(need, min([b.cond_init[c], *ends]) + lag)
            if need > first[i]:
                allow[i, : min(need, b.T)] = 0
                changed = True


def _option_fields(b: Builder, allow: np.ndarray) -> dict[str, Any]:
    n = len(b.must)
    of = [o.project for o in b.options]
    ptr = np.searchsorted(np.array(of, dtype=np.int64), np.arange(n + 1))
    val = np.zeros((len(b.options), b.T))
    for i, o in enumerate(b.options):
        val[i] = o.value
    return {
        "opt_ptr": ptr.astype(np.int64),
        "project_of": np.array(of, dtype=np.int64),
        "dur": np.array([o.duration for o in b.options], dtype=np.int64),
        "allow": allow,
        "val": val,
        "must": np.array(b.must, dtype=np.uint8),
        "must_cost": float(b.must_cost),
    }


def _people_fields(b: Builder) -> dict[str, Any]:
    caps = np.array(b.caps, dtype=np.int64).reshape(len(b.caps), b.T)
    ptr, pools = csr([list(o.people) for o in b.options])
    _, amounts = csr([list(o.people.values()) for o in b.options])
    tr = np.array(b.training, dtype=np.int64).reshape(len(b.training), 6)
    return {
        "cap": caps,
        "use_ptr": ptr,
        "use_pool": pools,
        "use_amt": amounts,
        "tr_pool": tr[:, 0].copy(),
        "tr_people": tr[:, 1].copy(),
        "tr_cost": tr[:, 2].copy(),
        "tr_dur": tr[:, 3].copy(),
        "tr_max": tr[:, 4].copy(),
        "tr_first": tr[:, 5].copy(),
    }


def _money_fields(b: Builder) -> dict[str, Any]:
    t = np.arange(b.T)
    years = (t + b.offset) // 4
    ends = np.arange(b.T + 1)
    nxt = np.where(ends == 0, 0, -(-(ends + b.offset) // 4) * 4 - b.offset)
    nxt[nxt >= b.T] = NEVER  # a cut in the last year leaves nothing of it
    sp_ptr, sp = csr([o.spend for o in b.options])
    cum: list[int] = []
    for o in b.options:
        cum.append(0)
        for v in o.spend:
            cum.append(cum[-1] + v)
    or_ptr, or_row = csr([list(o.rows) for o in b.options])
    _, or_mult = csr([list(o.rows.values()) for o in b.options])
    rows = np.array(b.rows, dtype=np.int64).reshape(len(b.rows), 3)
    return {
        "year_of": years.astype(np.int64),
        "next_year": nxt.astype(np.int64),
        "funds": np.array(b.funds, dtype=np.int64),
        "carry": int(b.carry),
        "sp_ptr": sp_ptr,
        "sp": sp,
        "sp_cum": np.array(cum, dtype=np.int64),
        "even": np.array([len(set(o.spend)) <= 1 for o in b.options], dtype=np.uint8),
        "row_q0": rows[:, 0].copy(),
        "row_q1": rows[:, 1].copy(),
        "row_rhs": rows[:, 2].copy(),
        "or_ptr": or_ptr,
        "or_row": or_row,
        "or_mult": or_mult,
        "row_cost": np.full(len(b.rows), float(b.row_cost)),
    }


def _condition_fields(b: Builder) -> dict[str, Any]:
    nc, n = len(b.cond_init), len(b.must)
    members: list[list[int]] = [[] for _ in range(nc)]
    late: list[list[int]] = [[] for _ in range(nc)]
    for i, o in enumerate(b.options):
        for c, is_late in o.conditions:
            members[c].append(i)
            late[c].append(int(is_late))
    oc_ptr, oc_cond = csr([[c for c, _ in o.conditions] for o in b.options])
    _, oc_late = csr([[int(x) for _, x in o.conditions] for o in b.options])
    co_ptr, co_opt = csr(members)
    _, co_late = csr(late)
    multi = [len({b.options[i].project for i in m}) > 1 for m in members]
    by_project: list[list[int]] = [[] for _ in range(n)]
    by_cond: list[list[int]] = [[] for _ in range(nc)]
    for r, (p, c, _) in enumerate(b.requests):
        by_project[p].append(r)
        by_cond[c].append(r)
    pr_ptr, pr_req = csr(by_project)
    cr_ptr, cr_req = csr(by_cond)
    rq = np.array(b.requests, dtype=np.int64).reshape(len(b.requests), 3)
    served: list[list[int]] = [[] for _ in range(n)]
    for o in b.options:
        for c, _ in o.conditions:
            if by_cond[c] and c not in served[o.project]:
                served[o.project].append(c)
    pc_ptr, pc_cond = csr(served)
    return {
        "pc_ptr": pc_ptr,
        "pc_cond": pc_cond,
        "cond_init": np.array(b.cond_init, dtype=np.int64),
        "cond_multi": np.array(multi, dtype=np.uint8),
        "oc_ptr": oc_ptr,
        "oc_cond": oc_cond,
        "oc_late": oc_late.astype(np.uint8),
        "co_ptr": co_ptr,
        "co_opt": co_opt,
        "co_late": co_late.astype(np.uint8),
        "rq_project": rq[:, 0].copy(),
        "rq_cond": rq[:, 1].copy(),
        "rq_lag": rq[:, 2].copy(),
        "pr_ptr": pr_ptr,
        "pr_req": pr_req,
        "cr_ptr": cr_ptr,
        "cr_req": cr_req,
    }


def _unit_fields(b: Builder) -> dict[str, Any]:
    uc_ptr, uc_cond = csr([c for c, _ in b.units])
    by_cond: list[list[int]] = [[] for _ in b.cond_init]
    for u, (conds, _) in enumerate(b.units):
        for c in conds:
            by_cond[c].append(u)
    cu_ptr, cu_unit = csr(by_cond)
    ua_ptr, ua_acc = csr([[a for a, _ in amounts] for _, amounts in b.units])
    amt = np.array([x for _, amounts in b.units for _, x in amounts], dtype=float).reshape(-1, 4)
    return {
        "uc_ptr": uc_ptr,
        "uc_cond": uc_cond,
        "cu_ptr": cu_ptr,
        "cu_unit": cu_unit,
        "ua_ptr": ua_ptr,
        "ua_acc": ua_acc,
        "ua_amt": amt,
    }


def _goal_fields(b: Builder) -> dict[str, Any]:
    sizes = [len(g) for g in b.goals]
    ptr = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    numbers = chain.from_iterable(chain.from_iterable(b.goals))
    table = np.fromiter(numbers, dtype=float, count=5 * int(ptr[-1])).reshape(-1, 5)
    table = table[np.lexsort((*table.T[::-1], np.repeat(np.arange(len(sizes)), sizes)))]
    times = table[:, 0].astype(np.int64)
    blocks = table[:, 4].astype(np.int64)
    return {
        "ag_ptr": ptr,
        "g_time": times,
        "g_phase": times - np.maximum(0, (times + b.offset) // 4 * 4 - b.offset),
        "g_req": table[:, 1].copy(),
        "g_slope": table[:, 2].copy(),
        "g_base": table[:, 3].copy(),
        "g_block": blocks,
        "b_floor": np.array([f for f, _ in b.blocks], dtype=float),
        "b_scale": np.array([s for _, s in b.blocks], dtype=float),
        "floor_cost": float(b.floor_cost),
    } | _tail_fields(b, blocks, table[:, 1] * table[:, 2])


def _tail_fields(b: Builder, blocks: Ints, worth: Floats) -> dict[str, Any]:
    """What is said of the futures; `blocks` and `worth` are those of the goals."""
    n, first = len(b.futures), len(b.blocks) - len(b.futures)
    if b.futures != list(range(first, first + n)):
        raise ValueError("futures come after all other blocks")
    counts = b.tail_weight > 0 and 0 < b.tail_worst < n
    weight = float(b.tail_weight) if counts else 0.0
    mine = blocks >= first
    most = n * np.bincount(blocks[mine] - first, worth[mine], minlength=n)
    return {
        "b_own": np.array([1.0] * first + [1.0 - weight] * n, dtype=float),
        "tail_from": first,
        "tail_worst": int(b.tail_worst) if counts else 0,
        "tail_weight": weight,
        "tail_most": float(most.max()) if n else 0.0,
    }
