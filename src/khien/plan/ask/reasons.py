"""The reason for every project: what is lost without it; or the smallest change that lets it in.

Method page: docs/methods/reasons.md.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.plan.ask import grants, telling
from khien.plan.ask.desk import Desk, Found, choice_of, prices_of
from khien.plan.ask.idle import idle, lacks
from khien.plan.ask.obstacle import Obstacle, limit_unit, obstacle
from khien.plan.ask.obstacle import without as state_without
from khien.plan.ask.start import carried
from khien.plan.ask.trials import SAME, Change, Flip, Trials, missing
from khien.plan.core import state
from khien.plan.core.layout import layout
from khien.plan.core.problem import Problem
from khien.plan.frames.replay import require_match
from khien.plan.model import Compiled, compile_programme
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings, apply
from khien.programme import Programme

STEPS = 1000
"""Steps of search behind every figure; more make it surer and take longer."""
ROUNDS = 40
THREADS = 2
PLENTY = 1000
"""Money and people are multiplied by this to see which starts are closed by rules other than means."""

REASONS = {
    "project": pl.String, "chosen": pl.Boolean, "kind": pl.String, "lost": pl.Float64, "short": pl.Float64,
    "least": pl.Float64, "most": pl.Float64, "obstacle": pl.String, "companions": pl.String,
    "reason_vi": pl.String, "reason_en": pl.String,
}  # fmt: skip
FLIPS = {
    "project": pl.String, "kind": pl.String, "what": pl.String, "change": pl.Float64, "unit": pl.String,
    "share": pl.Float64, "refused_at": pl.Float64, "confirmed": pl.Boolean,
}  # fmt: skip


Told = tuple[tuple[Any, ...], list[tuple[Any, ...]]]
"""Row and flips of one project."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reasons:
    """Why each project is in a plan or not.

    Parameters
    ----------
    projects : polars.DataFrame
        One row per project. `kind`: done, fixed, forbidden, chosen, pinned; or, where it is out: refused, closed (no
        start keeps the rules), idle (no plan gains by it), useless (even for nothing it adds nothing to this plan),
        close (a plan with it was found that is as good). `lost` (chosen): value lost without it, the rest planned
        again. `short` (refused): value lost by forcing it in. `least`, `most`: the interval in which that loss truly
        lies, from the bound. `obstacle`: what is missing at its best place. `companions`: what has to come with it.
        `reason_vi`, `reason_en`.
    flips : polars.DataFrame
        One row per change that lets a refused project in: `kind` (money, people, limit, both: of money and people with
        those of its companions, agreement; over sampled futures also success), `what` (skill, limit or companions),
        `change` in `unit` (mvnd, people, points of chance, none), `share` of all that the project needs (or of the
        chance that it lacks), `refused_at` (the greatest share tried that did not let it in),
        `confirmed` by a search that was free to leave it out.
    value, bound : float
        Value of the best plan known, to which everything is compared, and the proven bound.
    better : float
        By how much that value lies above the plan's own: what the same search found on the way.
    steps : int
        Steps of search behind every figure.
    seconds : float
    interrupted : bool
        Stopped before all were asked about: those that were not are left out.
    """

    projects: pl.DataFrame = field(repr=False)
    flips: pl.DataFrame = field(repr=False)
    value: float
    bound: float
    better: float
    steps: int
    seconds: float
    interrupted: bool = False


def reasons(
    programme: Programme,
    plan: Plan,
    names: list[str] | None = None,
    steps: int = STEPS,
    progress: Callable[[int, int], None] | None = None,
    kept: Mapping[str, Told] | None = None,
    keep: Callable[[dict[str, Told]], None] | None = None,
) -> Reasons:
    """Reasons for all projects, or for those named. The same for the same plan and steps, bit for bit.

    `progress` is given how many of how many projects are done; `keep` what is known so far (row and flips by project),
    which as `kept` of the same question is not asked for again. Ctrl-C gives the projects that were asked about; before
    the first it is passed on. Raises PlanMismatch.
    """
    began = time.perf_counter()
    require_match(programme, plan)
    wanted = programme.projects["id"].to_list() if names is None else names
    told = {name: kept[name] for name in wanted if name in kept} if kept else {}
    desk, asker = _asker(programme, plan, steps)
    interrupted = False
    left = [name for name in wanted if name not in told]
    with ThreadPoolExecutor(THREADS) as threads:
        try:
            for name, found in zip(left, threads.map(asker.about, left), strict=True):
                told[name] = found
                if progress is not None:
                    progress(len(told), len(wanted))
                if keep is not None:
                    keep(told)
        except KeyboardInterrupt:
            if not told:
                raise
            interrupted = True
            threads.shutdown(wait=False, cancel_futures=True)
    rows = [told[name] for name in wanted if name in told]
    return Reasons(
        projects=pl.DataFrame([row for row, _ in rows], schema=REASONS, orient="row"),
        flips=pl.DataFrame([flip for _, flips in rows for flip in flips], schema=FLIPS, orient="row"),
        value=asker.base.value, bound=min(plan.bound, desk.bound), better=asker.base.value - plan.value, steps=steps,
        seconds=time.perf_counter() - began, interrupted=interrupted,
    )  # fmt: skip


def _asker(programme: Programme, plan: Plan, steps: int) -> tuple[Desk, _Asker]:
    changed = apply(programme, plan.settings)
    c = compile_programme(changed, plan.settings)
    desk = Desk.of(c, prices_of(plan, layout(c.problem)))
    base = desk.polished(choice_of(c, plan), 4 * steps, ROUNDS)
    plenty = _allow(_plenty(changed), plan.settings)
    agreed = _allow(_plenty(changed), plan.settings, agreements_bind=False)
    return desk, _Asker(changed, plan, desk, base, steps, plenty, agreed, desk.tables(c.problem))


def _plenty(programme: Programme) -> Programme:
    """The same programme with more money and people than anything could need."""
    many = {
        "money": programme.money.with_columns(pl.col("amount_mvnd") * PLENTY),
        "skill_supply": programme.skill_supply.with_columns(pl.col("people") * PLENTY),
    }
    return Programme(programme.settings, {**programme.frames, **many}, programme.findings)


def _allow(programme: Programme, settings: PlanSettings, **own: Any) -> NDArray[np.uint8]:
    """Starts that rules other than means allow."""
    if own:
        programme = Programme(programme.settings.model_copy(update=own), programme.frames, programme.findings)
    return compile_programme(programme, dataclasses.replace(settings, scenarios=0)).problem.allow


@dataclass
class _Asker:
    changed: Programme
    plan: Plan
    desk: Desk
    base: Found
    steps: int
    plenty: NDArray[np.uint8]
    agreed: NDArray[np.uint8]
    tables: Any

    def __post_init__(self) -> None:
        self.rows = {r["id"]: r for r in self.changed.projects.to_dicts()}
        self.held = set(self.plan.choices["project"].to_list())
        self.bound = min(self.plan.bound, self.desk.bound)
        self.at = {name: i for i, name in enumerate(self.desk.c.projects)}
        self.state = state.new_state(self.c.problem)
        state.rebuild(self.c.problem, self.state, *self.base.choice)

    @property
    def c(self) -> Compiled:
        return self.desk.c

    def about(self, name: str) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
        """Row and flips of one project."""
        row = self.rows[name]
        if row["status"] in ("done", "stopped"):
            return self._row(name, "done", False), []
        if name not in self.at:
            kind = "forbidden" if row["status"] == "candidate" else "fixed"
            return self._row(name, kind, kind == "fixed"), []
        i = self.at[name]
        if self.base.choice.x[i] >= 0:
            return self._chosen(name, i), []
        return self._refused(name, i)

    def _row(self, name: str, kind: str, chosen: bool, **told: Any) -> tuple[Any, ...]:
        figures = {key: told.pop(key, None) for key in ("lost", "short", "least", "most")}
        found = telling.Told(kind, figures, changed=self.changed_by_search(name), **told)
        said = None if found.blocked is None else found.blocked.words("en")
        return name, chosen, kind, *figures.values(), said, ", ".join(found.companions), *telling.reason(found)

    def changed_by_search(self, name: str) -> bool:
        """Whether the best plan known treats a project otherwise than the plan that was asked about."""
        return name in self.at and (self.base.choice.x[self.at[name]] >= 0) != (name in self.held)

    def _chosen(self, name: str, i: int) -> tuple[Any, ...]:
        """Loss without a project, all else planned again by a short search."""
        kind = "pinned" if self.rows[name]["pin"] == "must" else "chosen"
        p = grants.without(self.c.problem, i)
        found = self.desk.search(p, self.desk.tables(p), self.desk.mended(p, self.base.choice), self.steps)
        reach = min(self.bound, self.desk.bound - max(0.0, float(self.tables[2][i])))
        return self._row(
            name, kind, True, lost=max(0.0, self.base.score - found.score),
            least=max(0.0, self.base.score - reach), most=max(0.0, self.bound - found.score),
        )  # fmt: skip

    def _refused(self, name: str, i: int) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
        p, own = self.c.problem, grants.options_of(self.c.problem, [i])
        if idle(self.c, i) and not p.must[i]:
            return self._row(name, "idle", False, lacks=lacks(self.c, i), least=0.0, most=0.0), []
        if not self.plenty[own].any():
            flip = self._closed(i)
            told = [] if flip is None else [(name, "agreement", "", None, "none", 1.0, 0.0, flip.confirmed)]
            return self._row(name, "closed", False, flips=told), told
        st = state_without(self.c, self.base.choice, i)
        companions = missing(p, self.base.choice, st.ct, i, self.tables[2])
        trials = Trials(self.desk, self.base, i, self.steps, self.plenty, companions)
        now = trials.forced(p, []) if p.allow[own].any() else None
        short = None if now is None else max(0.0, self.base.score - now.score)
        reach = min(self.bound, self.desk.bound + min(0.0, float(self.tables[2][i])))
        interval = {
            "short": short, "least": max(0.0, self.base.score - reach),
            "most": None if now is None else max(0.0, self.bound - now.score),
            "companions": [self.c.projects[j] for j in companions], "blocked": self._blocked(st, i),
        }  # fmt: skip
        if now is not None and trials.lets_in(p, [now.choice], False) is not None:
            return self._row(name, "close", False, **interval), []
        flips = list(self._flips(name, i, trials))
        return self._row(name, "refused" if flips else "useless", False, flips=flips, **interval), flips

    def _closed(self, i: int) -> Flip | None:
        """Whether an agreement would open a start that lets the project in."""
        own = grants.options_of(self.c.problem, [i])
        if not self.agreed[own].any():
            return None
        trials = Trials(self.desk, self.base, i, self.steps, self.agreed)
        return trials.smallest(lambda share: (grants.opened(self.c.problem, [i], self.agreed), False))

    def _blocked(self, st: Any, i: int) -> Obstacle | None:
        """What is missing at the place of the greatest reduced worth that waits for nothing; else what it waits for."""
        best: Obstacle | None = None
        own = grants.options_of(self.c.problem, [i])
        places = [(float(self.tables[1][o, t]), o, int(t)) for o in own for t in np.flatnonzero(self.plenty[o])]
        for _, o, t in sorted(places, reverse=True):
            found = obstacle(self.c, st, i, o, t)
            if found is None:
                return None
            best = best or found
            if found.kind not in ("wait", "start"):
                return found
        return best

    def _flips(self, name: str, i: int, trials: Trials) -> Iterator[tuple[Any, ...]]:
        """Every kind of change that lets the project in, each by itself; together where none does."""
        p = grants.opened(self.c.problem, trials.package, self.plenty)
        free = trials.lets_in(grants.free(p, trials.package), [], False) is not None
        found = False
        for kind, what, unit, most, change in self._changes(p, i) if free else ():
            flip = trials.smallest(change)
            if flip is not None:
                found = True
                whole = float(np.ceil(most * flip.share - SAME))
                yield name, kind, what, whole, unit, whole / most, flip.low, flip.confirmed
        if self.plan.settings.scenarios:
            flip = self._success(i, trials)
            if flip is not None:
                found = True
                points = 100.0 * (1.0 - min(self.c.facts.options[self.c.options[o]]["success_share"]
                                            for o in grants.options_of(p, [i])))  # fmt: skip
                yield name, "success", "", flip.share * points, "points", flip.share, flip.low, flip.confirmed
        if free and not found:
            flip = trials.smallest(lambda share: (_both(p, trials.package, share), False))
            if flip is not None:
                cost = sum(max(grants.costs(p, o) for o in grants.options_of(p, [j])) for j in trials.package)
                others = ", ".join(self.c.projects[j] for j in trials.companions)
                yield name, "both", others, cost * flip.share, "mvnd", flip.share, flip.low, flip.confirmed

    def _changes(self, p: Problem, i: int) -> Iterator[tuple[str, str, str, float, Change]]:
        """Kind, what, unit, the most that it can be, and the problem by share of that."""
        own = grants.options_of(p, [i])
        most = max(grants.costs(p, o) for o in own)
        if most:

            def money(share: float) -> tuple[Problem, bool]:
                return grants.money_given(p, [i], np.ceil(share * most)), False

            yield "money", "", "mvnd", float(most), money
        entries = [e for o in own for e in range(int(p.use_ptr[o]), int(p.use_ptr[o + 1]))]
        for k in sorted({int(p.use_pool[e]) for e in entries}):
            team = max(int(p.use_amt[e]) for e in entries if p.use_pool[e] == k)

            def people(share: float, k: int = k, team: int = team) -> tuple[Problem, bool]:
                return grants.people_given(p, [i], {k: int(np.ceil(share * team))}), False

            if self._scarce(k):
                yield "people", self.c.pools[k], "people", float(team), people
        for row in sorted({int(r) for o in own for r in p.or_row[p.or_ptr[o] : p.or_ptr[o + 1]]}):
            spent = max((grants.costs(p, o) * self._mult(o, row) for o in own), default=0)

            def limit(share: float, row: int = row, spent: int = spent) -> tuple[Problem, bool]:
                return grants.limit_raised(p, row, int(np.ceil(share * spent))), True

            if spent > 0 and self._room(row) < spent:
                yield "limit", self.c.rows[row], "mvnd", spent / limit_unit(self.c, row), limit

    def _success(self, i: int, trials: Trials) -> Flip | None:
        """The smallest part of the chance that every option lacks, with which the project comes in."""
        if all(o["success_share"] >= 1.0 for o in self.c.facts.of_project[self.c.projects[i]]):
            return None
        desks: dict[float, Desk] = {}

        def desk(share: float) -> Desk:
            if share not in desks:
                c = compile_programme(surer(self.changed, self.c.projects[i], share), self.plan.settings)
                desks[share] = Desk.of(c, carried(self.c, c, self.desk.theta))
            return desks[share]

        def change(share: float) -> tuple[Problem, bool]:
            return grants.opened(desk(share).c.problem, trials.package, self.plenty), False

        return trials.smallest(change, desk)

    def _mult(self, option: int, row: int) -> int:
        """How much one million VND of an option counts in a row, where it takes room."""
        p = self.c.problem
        own = slice(int(p.or_ptr[option]), int(p.or_ptr[option + 1]))
        return max(0, int(p.or_mult[own][p.or_row[own] == row].sum()))

    def _room(self, row: int) -> int:
        return int(self.c.problem.row_rhs[row] - self.state.lhs[row])

    def _scarce(self, pool: int) -> bool:
        """Whether people of a pool have a price at all; without prices any may be what is missing."""
        if not self.desk.theta.any():
            return True
        lay, T = self.desk.lay, self.c.problem.T
        pools = lay.room.shape[1]
        at = [lay.people + (f * pools + pool) * T for f in range(lay.room.shape[0])]
        return any(bool((self.desk.theta[a : a + T] > 0).any()) for a in at)


def surer(programme: Programme, project: str, share: float) -> Programme:
    """The programme in which every option of a project has so much of the chance that it lacks."""
    chance = pl.col("success_share")
    raised = pl.when(pl.col("project") == project).then(chance + share * (1.0 - chance)).otherwise(chance)
    options = programme.options.with_columns(raised.alias("success_share"))
    return Programme(programme.settings, {**programme.frames, "options": options}, programme.findings)


def _both(p: Problem, projects: list[int], share: float) -> Problem:
    """A share of money and team of every option given."""
    return grants.people_given(grants.money_given(p, projects, None, share), projects, None, share)
