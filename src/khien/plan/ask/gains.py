"""What a little more of each scarce thing wins for the whole plan: planned again, and not read off prices.

Method page: docs/methods/prices.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from khien.plan.ask.desk import Choice, Desk, choice_of, prices_of
from khien.plan.ask.more import added, richer
from khien.plan.ask.shadow import Resource, ShadowPrices, resources
from khien.plan.ask.start import carried
from khien.plan.clash import broken
from khien.plan.core import search, state
from khien.plan.core.branch import promising
from khien.plan.core.layout import layout
from khien.plan.core.problem import Floats
from khien.plan.core.solve import Outcome, solve
from khien.plan.frames.replay import require_match
from khien.plan.model import Compiled, compile_programme
from khien.plan.result import ROUNDING, Plan
from khien.plan.settings import apply
from khien.programme import Programme

STEP = 0.1
"""Share of what there is by which each thing is raised."""
TIMES = (1, 2, 4)
"""Where one step wins nothing, so many are tried."""
COUNT = 8
"""Things that are planned for, of all that there are."""
WORK, ROUNDS = 20_000, 20
"""Steps each time it is planned again, and in how many short searches at most."""
LOOK = 500
"""Steps of the short search by which those worth a whole one are told from the rest."""
SAME = 1e-9
"""Values closer than this share are the same."""

Tell = Callable[[str, int, int], None]

GAINS = {
    "kind": pl.String, "what": pl.String, "unit": pl.String, "step": pl.Float64, "more": pl.Float64,
    "gain": pl.Float64, "least": pl.Float64, "most": pl.Float64, "proven": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class WholeGains:
    """What more of each thing wins for the best whole plan that was found.

    Parameters
    ----------
    gains : polars.DataFrame
        One row per thing that was planned for, those first that win at the smallest step, and of these the one that
        wins most: `kind`, `what` and `unit` as in `ShadowPrices`; `step`, the smallest that won anything (the longest
        tried, where none did), as a share of what there is; `more`, the same in `unit`; `gain`, by how much the best
        plan found with it is better than the best found without; `least` and `most`, between which the true gain lies;
        `proven`: the two are one, and no smaller step that was tried wins anything.
    value, bound : float
        Of the best plan known without more of anything, to which all are compared, and its proven bound.
    better : float
        By how much that value lies above the plan's own: what the same searches found on the way.
    step : float
        The first step.
    work : int
        Steps of each search.
    considered : int
        How many things were looked at by short searches.
    interrupted : bool
        Stopped before all were planned for; what stands in `gains` was.
    seconds : float
    """

    gains: pl.DataFrame = field(repr=False)
    value: float
    bound: float
    better: float
    step: float
    work: int
    considered: int
    interrupted: bool
    seconds: float


def whole_gains(
    programme: Programme,
    plan: Plan,
    told: ShadowPrices,
    count: int = COUNT,
    step: float = STEP,
    work: int = WORK,
    progress: Tell = lambda stage, done, of: None,
) -> WholeGains:
    """Plan again with a step more of each of `count` things, going on from the plan and from one another.

    The same plan, prices and work give the same gains. Ctrl-C ends it and keeps what is done. `progress` is given the
    stage (look, plan) and how many of how many are done. Raises PlanMismatch, and ValueError for a step, count or work
    that is not above 0.
    """
    if not (step > 0.0 and count > 0 and work > 0):
        raise ValueError(f"step {step}, count {count} or work {work}")
    began = time.perf_counter()
    require_match(programme, plan)
    run = _Run(programme, plan, told, step, work, progress)
    interrupted = False
    try:
        run.begin()
        wanted = run.worth_planning(count)
        for k, r in enumerate(wanted, 1):
            run.plan_for(r)
            progress("plan", k, len(wanted))
    except KeyboardInterrupt:
        interrupted = True
    run.share()
    base = run.base
    return WholeGains(
        gains=pl.DataFrame(list(run.rows()), schema=GAINS, orient="row"), value=base.value, bound=base.bound,
        better=base.value - plan.value, step=step, work=work, considered=len(run.all), interrupted=interrupted,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


@dataclass
class _Asked:
    """The programme with more of something (or of nothing), the best plan found for it, and its bound."""

    c: Compiled
    choice: Choice
    value: float
    bound: float
    step: float = 0.0

    def better(self, choice: Choice) -> None:
        """Take another plan over, where it keeps every rule here and is worth more."""
        p = self.c.problem
        chosen = choice.x >= 0
        if not p.allow[choice.x[chosen], choice.s[chosen]].all():
            return
        st = state.new_state(p)
        state.rebuild(p, st, *choice)
        value = float(st.value[0]) - state.tail_loss(p, st)
        out = Outcome(*choice, value, float(state.broken(p, st)), 0.0, np.zeros(0), "work", 0.0, 0)
        if value > self.value and search.valid(p, st) == 0 and not broken(self.c, out):
            self.choice, self.value = choice, value


class _Run:
    """All searches of one question."""

    def __init__(
        self, programme: Programme, plan: Plan, told: ShadowPrices, step: float, work: int, tell: Tell
    ) -> None:
        self.plan, self.step, self.work, self.tell = plan, step, work, tell
        self.programme = apply(programme, plan.settings)
        self.c = compile_programme(self.programme, plan.settings)
        self.all = [r for r in resources(self.c, plan) if r.available > 0]
        self.worth = {(row["kind"], row["what"]): float(row["worth"]) for row in told.prices.to_dicts()}
        theta = prices_of(plan, layout(self.c.problem))
        self.theta = np.zeros(layout(self.c.problem).size) if theta is None else theta
        self.base = _Asked(self.c, choice_of(self.c, plan), plan.value, plan.bound)
        self.asked: dict[tuple[str, str], list[_Asked]] = {}
        self.looked: dict[tuple[str, str, int], Choice] = {}

    def begin(self) -> None:
        """What more is compared to: the plan, or what is found near it, unless it is proven to be the best."""
        if self.plan.status != "optimal":
            self._search(self.base)

    def worth_planning(self, count: int) -> list[Resource]:
        """The things for which short searches find most, in the order of the end; then the scarcest by price."""
        order = sorted(self.all, key=self._order)
        if len(order) <= count:
            return order
        found: dict[tuple[str, str], tuple[int, float]] = {}
        for k, times in enumerate(TIMES):
            if len(found) >= count:
                break
            for n, r in enumerate(order, 1):
                if (r.kind, r.what) not in found and (value := self._looked(r, times)) is not None:
                    found[r.kind, r.what] = k, -value
                self.tell("look", k * len(order) + n, len(TIMES) * len(order))
        return sorted(order, key=lambda r: (*found.get((r.kind, r.what), (len(TIMES), 0.0)), *self._order(r)))[:count]

    def _looked(self, r: Resource, times: int) -> float | None:
        """What a short search finds with so many steps more of a thing; None where it wins nothing."""
        mine = self._more(r, times * self.step)
        desk = Desk.of(mine.c, self._prices(mine.c))
        p = mine.c.problem
        mine.better(desk.search(p, desk.tables(p), mine.choice, LOOK).choice)
        if not self._won(mine):
            return None
        self.looked[r.kind, r.what, times] = mine.choice
        return mine.value

    def _order(self, r: Resource) -> tuple[float, str, str]:
        return -self.worth.get((r.kind, r.what), 0.0), r.kind, r.what

    def _more(self, r: Resource, step: float) -> _Asked:
        """What is asked with so much more of one thing, with the best plan known to start from."""
        c = richer(self.programme, self.c, self.plan.settings, r, step)
        start = self.asked[r.kind, r.what][-1] if self.asked.get((r.kind, r.what)) else self.base
        return _Asked(c, start.choice, start.value, np.inf, step)

    def _prices(self, c: Compiled) -> Floats:
        """Any prices prove a bound; those of the plan are near the best for a little more."""
        return self.theta if layout(c.problem).size == len(self.theta) else carried(self.c, c, self.theta)

    def plan_for(self, r: Resource) -> None:
        """One step, and more of them while nothing is won."""
        key = r.kind, r.what
        for times in TIMES:
            mine = self._more(r, times * self.step)
            if (*key, times) in self.looked:
                mine.better(self.looked[*key, times])
            self._search(mine)
            self.asked.setdefault(key, []).append(mine)
            if self._won(mine):
                break

    def _search(self, mine: _Asked) -> None:
        """Short searches, each from the best so far; where the problem is small enough, bound and tree too."""
        p = mine.c.problem
        desk = Desk.of(mine.c, self._prices(mine.c))
        mine.better(desk.polished(mine.choice, max(1, self.work // ROUNDS), ROUNDS).choice)
        bound = desk.bound
        if promising(p, desk.lay):
            start = Outcome(*mine.choice, mine.value, 0.0, np.inf, desk.theta, "work", 0.0, 0)
            out = solve(p, work=self.work, seed=self.plan.seed, start=start)
            if out.why == "interrupt":
                raise KeyboardInterrupt
            mine.better(Choice(out.x, out.s, out.cohorts))
            bound = out.bound
        mine.bound = max(mine.value, min(mine.bound, bound))

    def _won(self, mine: _Asked) -> bool:
        return mine.value > self.base.value + SAME * max(1.0, abs(self.base.value))

    def share(self) -> None:
        """A plan found for one question may answer another one better; so may a bound of a longer step."""
        everything = [self.base, *(a for steps in self.asked.values() for a in steps)]
        choices = [a.choice for a in everything]
        for a in everything:
            for choice in choices:
                a.better(choice)
        for steps in self.asked.values():
            for shorter, longer in zip(reversed(steps[:-1]), reversed(steps[1:]), strict=True):
                shorter.bound = min(shorter.bound, longer.bound)
            self.base.bound = min(self.base.bound, steps[0].bound)
        for a in everything:
            a.bound = max(a.bound, a.value)

    def rows(self) -> Iterator[tuple[object, ...]]:
        """What stands in `WholeGains.gains`, in its order."""
        told = []
        for r in self.all:
            steps = self.asked.get((r.kind, r.what))
            if not steps:
                continue
            at = next((k for k, a in enumerate(steps) if self._won(a)), len(steps) - 1)
            mine = steps[at]
            gain = max(0.0, mine.value - self.base.value)
            least, most = max(0.0, mine.value - self.base.bound), mine.bound - self.base.value
            nothing_before = all(self._none(a.bound - self.base.value) for a in steps[:at])
            proven = nothing_before and self._none(most - least)
            if proven:
                least = most = gain
            more = added(self.c, mine.c, r, mine.step)
            row = (r.kind, r.what, r.unit, mine.step, more, gain, least, most, proven)
            place = (at if self._won(mine) else len(TIMES), -gain, *self._order(r))
            told.append((place, row))
        return (row for _, row in sorted(told, key=lambda pair: pair[0]))

    def _none(self, difference: float) -> bool:
        """Whether a difference is no more than what rounding leaves of two proven values."""
        return difference <= 2.0 * ROUNDING * max(1.0, abs(self.base.value))
