"""Planning a programme: the one function that everything else calls."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import polars as pl

import khien
from khien.plan.ahead import check_futures, over_futures
from khien.plan.ask.desk import choice_of
from khien.plan.ask.start import begin, settled
from khien.plan.certificate import certified
from khien.plan.clash import NoPlan, broken, fixed_clash, missed, rescued
from khien.plan.core import state
from khien.plan.core.solve import Outcome, Progress, solve
from khien.plan.frames.replay import Replay, picked
from khien.plan.frames.value import worth
from khien.plan.futures import mean_and_tail, pack, weighed
from khien.plan.model import Compiled, compile_programme
from khien.plan.model.compiled import successes
from khien.plan.result import HISTORY, ROUNDING, Plan, choices_frame, fixed_picks, training_frame
from khien.plan.settings import PlanSettings, apply
from khien.programme import Programme

LEAST_FOR_CLASH = 30.0
"""Seconds in which rules that clash may be sought, however short the limit of the search was."""


def plan_programme(
    programme: Programme,
    settings: PlanSettings | None = None,
    progress: Callable[[Progress], None] | None = None,
    start: Plan | None = None,
) -> Plan:
    """Choose projects, options and start quarters so that discounted coverage and self-reliance are greatest.

    Parameters
    ----------
    programme : Programme
        Is not changed.
    settings : PlanSettings, optional
        Limits of the search and what-ifs.
    progress : callable, optional
        Is given `Progress` (seconds, value, bound, gap, stage) several times a second.
    start : Plan, optional
        A plan of the same programme, maybe made under other settings, from which the search goes on. What the
        settings now rule out is taken out of it first.

    Returns
    -------
    Plan
        With `value`, a proven `bound`, and why the search stopped. Under a work limit it is the same
        plan bit for bit every time; Ctrl-C gives the best plan so far, and is passed on where none keeps the rules yet.

    Raises
    ------
    NoPlan
        No plan keeps every rule; `clash` says which rules cannot hold together.
    SettingsError
        A what-if names what the programme does not have.
    """
    began = time.perf_counter()
    settings = settings or PlanSettings()
    changed = apply(programme, settings)
    check_futures(changed, settings)
    compiled = compile_programme(changed, settings)
    if clash := fixed_clash(compiled):
        raise NoPlan(clash, certain=True)
    base = state.new_state(compiled.problem)
    seconds = max(0.1, settings.time_limit - (time.perf_counter() - began))
    alone = float(base.value[0]) - state.tail_loss(compiled.problem, base) + 100.0 * missed(compiled, base.level)
    if settings.scenarios and start is None:
        out = over_futures(compiled, seconds, alone, progress)
    else:
        first = None if start is None else begin(programme, start, compiled)
        seconds = max(0.1, settings.time_limit - (time.perf_counter() - began))
        out = solve(
            compiled.problem, time_limit=seconds, work=settings.work, seed=settings.seed,
            gap_target=settings.gap_target, progress=progress, nothing=alone, start=first,
        )  # fmt: skip
    if start is not None:
        out = settled(compiled, out, choice_of(compiled, start))
    if broken(compiled, out):
        if out.why == "interrupt":  # nothing to keep yet, and nothing is known of a clash
            raise KeyboardInterrupt
        out = rescued(compiled, out, math.inf if settings.work else max(LEAST_FOR_CLASH, settings.time_limit), progress)
    return as_plan(programme, changed, compiled, settings, out, time.perf_counter() - began)


def as_plan(
    programme: Programme,
    changed: Programme,
    c: Compiled,
    settings: PlanSettings,
    out: Outcome,
    seconds: float,
) -> Plan:
    """What the engine found as a plan, its value worked out anew from its choices."""
    fixed = fixed_picks(changed)
    choices = choices_frame(changed, [*fixed, *c.picks(out.x, out.s)])
    training = training_frame(changed, c.cohorts(out.cohorts))
    replay = Replay(changed, picked(changed, choices), training)
    value = worth(replay)
    nothing = worth(Replay(changed, picked(changed, choices_frame(changed, fixed)), training_frame(changed, [])))
    certificate, bound = certified(c.problem, out)
    details: dict[str, Any] = {"steps": out.steps, "columns": int(c.problem.allow.sum())}
    if settings.scenarios:
        details |= {"planned_value": value} | _told_futures(c, out, replay)
        alone = c.of_futures(state.new_state(c.problem).level)
        value, nothing = details["weighed_value"], weighed(alone, settings.tail_weight)
    best = bound - value <= ROUNDING * max(1.0, abs(bound))
    return Plan(
        status="optimal" if best else "feasible", why_stopped=out.why, value=value, bound=max(bound, value),
        nothing=nothing, seconds=seconds, seed=settings.seed, programme_hash=programme.hash, settings=settings,
        clocked=settings.work is None and out.why not in ("gap", "optimal"),
        version=khien.__version__, choices=choices, training=training, history=_history(out),
        certificate=certificate, details=details,
    )  # fmt: skip


def _history(out: Outcome) -> pl.DataFrame:
    """What the search reached when: a row wherever something changed."""
    rows = [r for i, r in enumerate(out.history) if i == 0 or r[1:] != out.history[i - 1][1:]]
    return pl.DataFrame(rows, schema=HISTORY, orient="row")


def _told_futures(c: Compiled, out: Outcome, replay: Replay) -> dict[str, Any]:
    """What the plan is worth over the sampled futures, and in which of them each choice succeeds."""
    st = state.new_state(c.problem)
    state.rebuild(c.problem, st, out.x, out.s, out.cohorts)
    values = c.of_futures(st.level)
    mean, tail = mean_and_tail(values)
    success = successes(c.facts)
    chosen = replay.picks.select("project", "option").sort("project").iter_rows()
    s = c.facts.settings
    return {
        "scenarios": s.scenarios,
        "tail_weight": s.tail_weight,
        "expected_value": mean,
        "tail_value": tail,
        "weighed_value": weighed(values, s.tail_weight),
        "successes": {project: pack(success[option]) for project, option in chosen},
    }
