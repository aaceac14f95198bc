"""A head start for plans over sampled futures: the programme in which everything succeeds is planned first.

That problem is a fraction of the size. Its best plan is where the search begins, and its prices, spread evenly over
the futures, are where the bound begins: what fails takes worth away, so that they prove no more than before.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable

import numpy as np

from khien.plan.core.layout import Layout, layout
from khien.plan.core.problem import Floats
from khien.plan.core.solve import Outcome, Progress, solve
from khien.plan.model import Compiled, compile_programme
from khien.plan.settings import PlanSettings, SettingsError
from khien.programme import Programme

HEAD = 0.35
"""Share of the limit that the head start takes."""
MOST_PROJECTS = 300
"""Larger programmes are planned without futures: their bound would say nothing within an hour."""
MOST_GOALS = 4_000_000
"""Goals of all futures together; about half a kilobyte of memory each."""
GOALS_PER_SECOND = 100_000
"""That can be written down in a second of the limit, with time left to search (300 000 on an idle core of 2026)."""

Tell = Callable[[Progress], None] | None


def check_futures(programme: Programme, settings: PlanSettings) -> None:
    """Refuse futures that do not fit, with what would; raises SettingsError."""
    count, projects = settings.scenarios, len(programme.projects)
    if not count:
        return
    if projects > MOST_PROJECTS:
        raise SettingsError("settings_futures_projects", projects=projects, most=MOST_PROJECTS)
    both = 2 if programme.settings.reliance_weight > 0 else 1
    each = max(1, both * programme.n_quarters * programme.requirements["capability"].n_unique())
    if count * each > MOST_GOALS:
        raise SettingsError("settings_futures_many", count=count, most=MOST_GOALS // each)
    within = math.inf if settings.work is not None else settings.time_limit * GOALS_PER_SECOND
    if count * each > within:
        need = math.ceil(count * each / GOALS_PER_SECOND)
        raise SettingsError(
            "settings_futures_time", count=count, limit=settings.time_limit, need=need, most=int(within // each)
        )


def over_futures(c: Compiled, seconds: float, nothing: float, progress: Tell) -> Outcome:
    """Best plan and bound over sampled futures, within so many seconds or the work limit of the settings."""
    began = time.perf_counter()
    s = c.facts.settings
    plain = compile_programme(c.facts.programme, dataclasses.replace(s, scenarios=0))
    head = None if s.work is None else int(HEAD * s.work)
    first = solve(
        plain.problem, time_limit=HEAD * seconds, work=head, seed=s.seed,
        progress=None if progress is None else lambda now: progress(_unknown(now)),
    )  # fmt: skip
    start = dataclasses.replace(first, theta=spread(plain, c, first.theta))
    stopped, spent = first.why == "interrupt", time.perf_counter() - began
    out = solve(
        c.problem, time_limit=0.0 if stopped else max(0.1, seconds - spent),
        work=0 if stopped else None if s.work is None or head is None else s.work - head, seed=s.seed,
        gap_target=s.gap_target, nothing=nothing, start=start,
        progress=None if progress is None else lambda now: progress(_later(now, spent)),
    )  # fmt: skip
    history = [(at + spent, value, bound) for at, value, bound in out.history]
    return dataclasses.replace(
        out, why="interrupt" if stopped else out.why, steps=first.steps + out.steps, history=history,
        seconds=spent + out.seconds,
    )  # fmt: skip


def _unknown(now: Progress) -> Progress:
    """Value and bound of the head start are not those of the plan that was asked for."""
    return dataclasses.replace(now, value=None, bound=math.inf, gap=None)


def _later(now: Progress, seconds: float) -> Progress:
    return dataclasses.replace(now, seconds=now.seconds + seconds)


def spread(plain: Compiled, c: Compiled, theta: Floats) -> Floats:
    """Prices of the problem in which everything succeeds as prices of the one over futures."""
    p, q = plain.problem, c.problem
    old, new = layout(p), layout(q)
    out = np.zeros(new.size)
    out[: new.goals] = theta[: old.goals]
    out[new.requests : new.links] = theta[old.requests : old.links]
    out[new.floors + q.tail_from : new.floors + len(q.b_floor)] = q.tail_weight
    whole = plain.parts[0]
    key_of = {condition: key for key, condition in whole.conditions.items()}
    units = [(q.uc_ptr[u], q.uc_cond[q.uc_ptr[u] : q.uc_ptr[u + 1]].tolist()) for u in range(len(q.uc_ptr) - 1)]
    entry = {frozenset(conditions): (int(at), conditions) for at, conditions in units}
    share = 1.0 / len(c.parts)
    for c0 in range(len(p.cond_init)):  # what the rules ask for comes first, and is the same
        if c0 not in key_of and old.or_of[c0] >= 0:
            out[_or(new, q.T, c0)] = theta[_or(old, p.T, c0)]
    for part in c.parts:
        for name, a in whole.accumulators.items():
            if name in part.accumulators:
                mine = part.accumulators[name]
                there = slice(new.goals + int(q.ag_ptr[mine]), new.goals + int(q.ag_ptr[mine + 1]))
                out[there] += share * theta[old.goals + int(p.ag_ptr[a]) : old.goals + int(p.ag_ptr[a + 1])]
        for key, c0 in whole.conditions.items():
            c1 = part.conditions.get(key, -1)
            if c1 >= 0 and old.or_of[c0] >= 0 and new.or_of[c1] >= 0:
                out[_or(new, q.T, c1)] += share * theta[_or(old, p.T, c0)]
        for u in range(len(p.uc_ptr) - 1):
            entries = range(p.uc_ptr[u], p.uc_ptr[u + 1])
            conditions = [part.conditions.get(key_of[int(p.uc_cond[k])], -1) for k in entries]
            at, order = entry.get(frozenset(conditions), (-1, []))
            for k, c1 in zip(entries, conditions, strict=True):
                if at >= 0 and old.link_of[k] >= 0 and new.link_of[at + order.index(c1)] >= 0:
                    out[_link(new, q.T, at + order.index(c1))] += share * theta[_link(old, p.T, k)]
    return out


def _or(lay: Layout, T: int, condition: int) -> slice:
    at = lay.ors + int(lay.or_of[condition]) * (T + 1)
    return slice(at, at + T + 1)


def _link(lay: Layout, T: int, entry: int) -> slice:
    at = lay.links + int(lay.link_of[entry]) * (T + 1)
    return slice(at, at + T + 1)
