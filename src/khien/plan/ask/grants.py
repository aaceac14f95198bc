"""One project made cheaper: part of its cost or of its team is given, and nothing else of the problem changes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from khien.plan.core.problem import Ints, Problem


def options_of(p: Problem, projects: list[int]) -> list[int]:
    """All options of some projects."""
    return [o for i in projects for o in range(int(p.opt_ptr[i]), int(p.opt_ptr[i + 1]))]


def costs(p: Problem, option: int) -> int:
    """Million VND that an option spends in all."""
    return int(p.sp[p.sp_ptr[option] : p.sp_ptr[option + 1]].sum())


def opened(p: Problem, projects: list[int], allow: NDArray[np.uint8]) -> Problem:
    """The starts of some projects taken from another table, in which means are no matter."""
    mine = options_of(p, projects)
    own = p.allow.copy()
    own[mine] = allow[mine]
    return p._replace(allow=own)


def must(p: Problem, project: int) -> Problem:
    """The project has to be chosen."""
    flags = p.must.copy()
    flags[project] = 1
    return p._replace(must=flags)


def without(p: Problem, project: int) -> Problem:
    """The project may not be chosen."""
    own = p.allow.copy()
    own[options_of(p, [project])] = 0
    flags = p.must.copy()
    flags[project] = 0
    return p._replace(allow=own, must=flags)


def money_given(p: Problem, projects: list[int], amount: float | None, share: float = 0.0) -> Problem:
    """Every option of these projects costs so many million VND less (or a share of its cost), at least nothing.

    What is left is spent by the same profile. The cumulated spend is rounded down in every quarter.
    """
    sp, cum, even = p.sp.copy(), p.sp_cum.copy(), p.even.copy()
    for o in options_of(p, projects):
        own = slice(int(p.sp_ptr[o]), int(p.sp_ptr[o + 1]))
        cost = int(p.sp[own].sum())
        if cost == 0:
            continue
        given = round(share * cost) if amount is None else int(amount)
        left = max(0, cost - given)
        reached = np.concatenate(([0], np.cumsum(p.sp[own]))) * left // cost
        sp[own] = np.diff(reached)
        cum[own.start + o : own.stop + o + 1] = reached
        even[o] = len(np.unique(sp[own])) <= 1
    return p._replace(sp=sp, sp_cum=cum, even=even)


def people_given(p: Problem, projects: list[int], heads: dict[int, int] | None, share: float = 0.0) -> Problem:
    """Every option needs so many people of each pool less (or a share of each, rounded up), at least none."""
    amounts = p.use_amt.copy()
    for o in options_of(p, projects):
        for e in range(int(p.use_ptr[o]), int(p.use_ptr[o + 1])):
            need = int(p.use_amt[e])
            given = int(np.ceil(share * need - 1e-9)) if heads is None else heads.get(int(p.use_pool[e]), 0)
            amounts[e] = max(0, need - given)
    return p._replace(use_amt=amounts)


def limit_raised(p: Problem, row: int, units: int) -> Problem:
    """A row with more room."""
    rhs: Ints = p.row_rhs.copy()
    rhs[row] += units
    return p._replace(row_rhs=rhs)


def free(p: Problem, projects: list[int]) -> Problem:
    """Some projects cost neither money nor people."""
    return people_given(money_given(p, projects, None, 1.0), projects, None, 1.0)
