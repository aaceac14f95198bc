"""Where a new question starts from an old plan: its choices mended to the new rules, its prices carried by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator

import numpy as np

from khien.plan.ask.desk import Choice, Desk, Found, choice_of, prices_of
from khien.plan.ask.obstacle import obstacle
from khien.plan.core import search, state
from khien.plan.core.layout import Layout, layout
from khien.plan.core.problem import Floats, Problem
from khien.plan.core.solve import Outcome
from khien.plan.model import Compiled, compile_programme
from khien.plan.result import Plan
from khien.plan.settings import apply
from khien.programme import Programme

WAYS = 8
"""Options of a pinned project that are tried when room is made for it."""


def begin(programme: Programme, plan: Plan, c: Compiled) -> Outcome:
    """The outcome that a search of `c` starts from: the plan without what is now forbidden, and its prices.

    What breaks a window, a wait, people, money or a ceiling is taken out at the least loss; a project that must be in
    is put in and room is made for it. Floors and promises are left to the search.
    """
    desk = Desk.of(c, _prices(programme, plan, c))
    found = fitted(desk, c.problem, choice_of(c, plan))
    return Outcome(
        *found.choice, value=found.value, penalty=found.broken, bound=desk.bound, theta=desk.theta, why="work",
        seconds=0.0, steps=0,
    )  # fmt: skip


def fitted(desk: Desk, p: Problem, choice: Choice) -> Found:
    """A choice mended to the rules of `p`, with every project in that has to be."""
    found = desk.judge(p, desk.mended(p, choice))
    tables = desk.tables(p)
    for i in np.flatnonzero(p.must).tolist():
        if found.choice.x[i] >= 0:
            continue
        ways = range(p.opt_ptr[i], min(p.opt_ptr[i + 1], p.opt_ptr[i] + WAYS))
        tried = [f for o in ways if (f := desk.forced(p, tables, found.choice, i, o)) is not None]
        found = max([found, *tried], key=lambda f: f.score)
    return found


def settled(c: Compiled, out: Outcome, before: Choice) -> Outcome:
    """The outcome with every project back where it was before, as far as that costs nothing."""
    p = c.problem
    st = state.new_state(p)
    state.rebuild(p, st, out.x, out.s, out.cohorts)
    now = float(st.value[0]) - state.penalty(p, st)
    for _ in range(2):
        for i in np.flatnonzero((st.x != before.x) | (st.s != before.s)).tolist():
            here, there = (int(st.x[i]), int(st.s[i])), (int(before.x[i]), int(before.s[i]))
            if here[0] < 0 or there[0] < 0:
                continue
            state.remove(p, st, i)
            if obstacle(c, st, i, *there) is None:
                state.place(p, st, i, *there)
                new = float(st.value[0]) - state.penalty(p, st)
                if new >= now - 1e-12 * max(1.0, abs(now)) and search.valid(p, st) == 0:
                    now = max(now, new)
                    continue
                state.remove(p, st, i)
            state.place(p, st, i, *here)
    state.rebuild(p, st, st.x.copy(), st.s.copy(), st.cohorts.copy())
    value = float(st.value[0]) - state.tail_loss(p, st)
    return dataclasses.replace(out, x=st.x, s=st.s, cohorts=st.cohorts, value=value)


def _prices(programme: Programme, plan: Plan, c: Compiled) -> Floats | None:
    """Prices of the plan for the problem of `c`; None where it carries none that fit."""
    if plan.certificate is None:
        return None
    if plan.settings.scenarios or c.facts.settings.scenarios:
        return prices_of(plan, layout(c.problem))  # over futures only problems of the same form fit
    old = compile_programme(apply(programme, plan.settings), plan.settings)
    theta = prices_of(plan, layout(old.problem))
    return None if theta is None else carried(old, c, theta)


def carried(old: Compiled, new: Compiled, theta: Floats) -> Floats:
    """Prices of one problem as prices of another: each stands where the thing of the same name stands."""
    lay_old, lay_new = layout(old.problem), layout(new.problem)
    at = dict(_named(old, lay_old))
    out = np.zeros(lay_new.size)
    for name, there in _named(new, lay_new):
        here = at.get(name)
        if here is not None and here.stop - here.start == there.stop - there.start:
            out[there] = theta[here]
    return out


def _named(c: Compiled, lay: Layout) -> Iterator[tuple[Hashable, slice]]:
    """A name for every run of prices, the same in every problem of the programme."""
    p, T = c.problem, c.problem.T
    pools = lay.room.shape[1]
    for f in range(lay.room.shape[0]):
        for k, skill in enumerate(c.pools):
            yield ("people", f, skill), _run(lay.people + (f * pools + k) * T, T)
    years = len(p.funds)
    yield "money", _run(lay.money, years)
    yield "places", slice(lay.places, lay.rows)
    for r, name in enumerate(c.rows):
        yield ("row", name), _run(lay.rows + r, 1)
    for f, part in enumerate(c.parts):
        for key, a in part.accumulators.items():
            yield ("goal", f, key), slice(lay.goals + int(p.ag_ptr[a]), lay.goals + int(p.ag_ptr[a + 1]))
        blocks = [("floor", y) for y in part.floor_years] + [("survival", y) for y in part.survival_years]
        for b, floor in enumerate(blocks):
            yield floor, _run(lay.floors + b, 1)
    futures = len(c.parts) > 1  # there a subject has many conditions, told apart by the options that succeed
    names = {} if futures else {cond: key for part in c.parts for key, cond in part.conditions.items()}
    named = [_condition(c, i, names) for i in range(len(p.cond_init))]
    for r in range(len(p.rq_cond)):
        asks = c.projects[int(p.rq_project[r])], named[int(p.rq_cond[r])], int(p.rq_lag[r])
        yield ("request", asks), _run(lay.requests + r * T, T)
    for i in np.flatnonzero(lay.or_of >= 0).tolist():
        yield ("or", named[i]), _run(lay.ors + int(lay.or_of[i]) * (T + 1), T + 1)
    for u in range(len(p.uc_ptr) - 1):
        entries = range(int(p.uc_ptr[u]), int(p.uc_ptr[u + 1]))
        whole = frozenset(named[int(p.uc_cond[k])] for k in entries)
        for k in entries:
            if lay.link_of[k] >= 0:
                at = lay.links + int(lay.link_of[k]) * (T + 1)
                yield ("link", whole, named[int(p.uc_cond[k])]), _run(at, T + 1)


def _condition(c: Compiled, i: int, names: dict[int, tuple[str, str, bool]]) -> Hashable:
    """What a condition is called: the subject that it asks for, or the projects that it waits for."""
    if i in names:
        return names[i]
    p = c.problem
    members = p.co_opt[p.co_ptr[i] : p.co_ptr[i + 1]]
    if len(c.parts) > 1:
        return frozenset(c.options[int(o)] for o in members), int(p.cond_init[i])
    return frozenset(c.projects[int(p.project_of[o])] for o in members), int(p.cond_init[i])


def _run(at: int, length: int) -> slice:
    return slice(int(at), int(at) + length)
