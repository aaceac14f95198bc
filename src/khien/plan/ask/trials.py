"""One project let in under a change, found by short searches of equal work; bisection over the change.

Method page: docs/methods/reasons.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from khien.plan.ask import grants
from khien.plan.ask.desk import Choice, Desk, Found
from khien.plan.core.problem import NEVER, Floats, Ints, Problem

Change = Callable[[float], tuple[Problem, bool]]
"""The problem under a share (0 to 1) of the most that a change can be, and whether others gain by it too."""

HALVINGS = 5
STARTS = 3
"""Options, best first, from which a forced search may begin."""
MOST_STEPS = 4
"""How far the projects are followed that wait for one which is of no use alone."""
SAME = 1e-9
"""Values closer than this share are the same."""


@dataclass(frozen=True)
class Flip:
    """A change that lets a project in.

    `share` of the most that it can be; `low` is the greatest share that was tried and did not let it in; `confirmed`
    says whether a search that is free to leave the project out kept it.
    """

    share: float
    low: float
    confirmed: bool
    found: Found


@dataclass
class Trials:
    """Searches about one project that is out of the plan, always from the same plan and with the same work."""

    desk: Desk
    base: Found
    project: int
    steps: int
    allow: NDArray[np.uint8]
    companions: list[int] = field(default_factory=list)
    reference: float | None = None  # the best without the project; searched for unless given

    def __post_init__(self) -> None:
        if self.reference is not None:
            return
        p = grants.without(self.desk.c.problem, self.project)
        self.reference = max(self.base.score, self._searched(p, self.base.choice).score)

    @property
    def package(self) -> list[int]:
        """The project and its companions."""
        return [self.project, *self.companions]

    def _searched(self, p: Problem, choice: Choice, steps: int | None = None) -> Found:
        return self.desk.search(p, self.desk.tables(p), choice, self.steps if steps is None else steps)

    def forced(self, p: Problem, near: list[Choice]) -> Found | None:
        """The best plan with the project in (kept in whatever it costs) that a search of equal work finds."""
        held = grants.must(p, self.project)
        tables = self.desk.tables(held)
        starts = [f for choice in near if (f := self._refitted(held, choice)) is not None]
        options = range(int(p.opt_ptr[self.project]), int(p.opt_ptr[self.project + 1]))
        best = sorted(options, key=lambda o: -float(tables[1][o][p.allow[o] > 0].max(initial=-np.inf)))
        for o in best[:STARTS]:
            for companion in (False, True) if self.companions else (False,):
                choice = self.base.choice
                for other in self.companions if companion else []:
                    put = self.desk.forced(held, tables, choice, other)
                    choice = choice if put is None else put.choice
                found = self.desk.forced(held, tables, choice, self.project, o)
                if found is not None:
                    starts.append(found)
        if not starts:
            return None
        start = max(starts, key=lambda f: f.score)
        found = self.desk.search(held, tables, start.choice, self.steps)
        return found if found.choice.x[self.project] >= 0 and found.broken == 0.0 else None

    def _refitted(self, p: Problem, choice: Choice) -> Found | None:
        """A plan that had the project in, mended to other means; None where the project would go."""
        mended = self.desk.mended(p, choice)
        return self.desk.judge(p, mended) if mended.x[self.project] >= 0 else None

    def lets_in(self, p: Problem, near: list[Choice], for_all: bool) -> Found | None:
        """A plan with the project that is no worse than the best without it, and worse when it is taken out again."""
        found = self.forced(p, near)
        if found is None:
            return None
        kept = self.desk.search(p, self.desk.tables(p), found.choice, 0)  # whatever adds nothing is taken out
        if kept.choice.x[self.project] < 0:
            return None
        least = self.against(p, for_all)
        return kept if kept.score >= least - SAME * max(1.0, abs(least)) else None

    def against(self, p: Problem, for_all: bool) -> float:
        """The best without the project: under the change too, where others gain by it."""
        assert self.reference is not None
        if not for_all:
            return self.reference
        return max(self.reference, self._searched(grants.without(p, self.project), self.base.choice).score)

    def smallest(self, change: Change, desk: Callable[[float], Desk] | None = None) -> Flip | None:
        """The smallest share of a change that lets the project in, by bisection; None where all of it does not.

        `desk` gives the desk of a share, where the change is one of conditions and not of amounts.
        """

        def at(share: float) -> Trials:
            return self if desk is None else replace(self, desk=desk(share))

        p, for_all = change(1.0)
        found = at(1.0).lets_in(p, [], for_all)
        if found is None:
            return None
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            p, for_all = change(middle)
            other = at(middle).lets_in(p, [found.choice], for_all)
            if other is None:
                low = middle
            else:
                high, found = middle, other
        p, for_all = change(high)
        last = at(high)
        again = last._searched(p, found.choice)
        stays = again.choice.x[self.project] >= 0 and again.score >= last.against(p, for_all) - SAME
        return Flip(high, low, bool(stays), again if stays else found)


def missing(p: Problem, choice: Choice, ct: Ints, project: int, worth: Floats) -> list[int]:
    """Projects that are out and without which this one brings nothing, most favoured first where there is a choice.

    What it waits for; the rest of the unit that needs the fewest more; or, where it completes no unit itself, the
    project that waits for it, with what that needs. `ct` says from when conditions hold in the plan.
    """
    wanted: list[int] = []

    def want(i: int) -> None:
        if i != project and i not in wanted:
            wanted.append(i)
            for r in p.pr_req[p.pr_ptr[i] : p.pr_ptr[i + 1]]:
                complete(int(p.rq_cond[r]))

    def complete(condition: int) -> None:
        members = p.project_of[p.co_opt[p.co_ptr[condition] : p.co_ptr[condition + 1]]].tolist()
        if ct[condition] >= NEVER and members and project not in members and not set(members) & set(wanted):
            want(max(dict.fromkeys(members), key=lambda i: worth[i]))

    def nearest(i: int) -> bool:
        lacks = [[c for c in p.uc_cond[p.uc_ptr[u] : p.uc_ptr[u + 1]].tolist() if ct[c] >= NEVER] for u in units(p, i)]
        for condition in min((lack for lack in lacks if lack), key=len, default=[]):
            complete(condition)
        return bool(lacks)

    for r in p.pr_req[p.pr_ptr[project] : p.pr_ptr[project + 1]]:
        complete(int(p.rq_cond[r]))
    last = project
    for _ in range(MOST_STEPS):
        if nearest(last):
            break
        after = [i for i in followers(p, last) if choice.x[i] < 0]
        if not after:
            break
        last = max(after, key=lambda i: worth[i])
        want(last)
    return wanted


def _conditions(p: Problem, project: int) -> list[int]:
    """Conditions that some option of a project serves."""
    options = range(int(p.opt_ptr[project]), int(p.opt_ptr[project + 1]))
    return sorted({int(c) for o in options for c in p.oc_cond[p.oc_ptr[o] : p.oc_ptr[o + 1]]})


def units(p: Problem, project: int) -> list[int]:
    """Units that a project has a part in."""
    return sorted({int(u) for c in _conditions(p, project) for u in p.cu_unit[p.cu_ptr[c] : p.cu_ptr[c + 1]]})


def followers(p: Problem, project: int) -> list[int]:
    """Projects that may wait for this one."""
    asks = {int(r) for c in _conditions(p, project) for r in p.cr_req[p.cr_ptr[c] : p.cr_ptr[c + 1]]}
    return sorted({int(p.rq_project[r]) for r in asks})
