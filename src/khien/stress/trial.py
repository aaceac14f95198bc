"""The stress test: `stress(programme, plan)`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import polars as pl

from khien import __version__
from khien.plan.frames.replay import Replay
from khien.plan.frames.value import worth as planned_worth
from khien.plan.result import Plan, plan_hash
from khien.programme import Programme
from khien.stress import frames
from khien.stress.build import Case, base_shocks, make_case
from khien.stress.compare import Answer, ask, pair_questions, project_questions, shock_questions
from khien.stress.library import ready_shocks
from khien.stress.result import StressResult
from khien.stress.run import Job, Outcome, Progress, run, scale_of
from khien.stress.settings import MOST_THREADS, StressError, StressSettings
from khien.stress.shocks_in import read_shocks


def stress(
    programme: Programme,
    plan: Plan,
    shocks: pl.DataFrame | str | os.PathLike[str] | None = None,
    *,
    ready: Iterable[str] = (),
    threads: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> StressResult:
    """Replay a plan through many futures.

    Parameters
    ----------
    programme : Programme
        The programme that the plan was made from, before the plan's own what-ifs.
    plan : Plan
    shocks : polars.DataFrame or path, optional
        Shocks in the form of the table `shocks` (a frame or a CSV file); left out, those of the programme.
    ready : iterable of str
        Ready shocks of the library that are added: see `khien.stress.ready`.
    threads : int, optional
        How many; left out, one for each processor. Has no influence on any number.
    cluster : str, optional
        Address of a Dask scheduler ("tcp://..."), whose workers then do the draws. Nor has this.
    progress : callable, optional
        Is given a `Progress` now and then.
    **settings
        See `StressSettings`: draws, seed, repair, vary, paired, pairs, delay_quarters.

    Returns
    -------
    StressResult
        Ctrl-C gives the draws done so far, and says so.

    Raises
    ------
    PlanMismatch
        The plan was made from another programme version.
    ProgrammeError
        A shock does not fit the programme (an unknown partner, say); it carries all findings.
    StressError
        Settings that make no sense, a plan that breaks rules as planned, or a cluster that does not answer.
    """
    began, asked = time.monotonic(), StressSettings(**settings)
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise StressError("stress_out_of_range", name="threads", value=threads, low=1, high=MOST_THREADS)
    table = _shocks(programme, plan, shocks, ready)
    case = make_case(programme, plan, table, asked)
    if not case.rows:
        raise StressError("stress_plan_empty")
    model = base_shocks(case.model, case.drawn)
    ends = np.array([row["end"] for row in case.rows], dtype=np.int64)
    job = Job(model, ends, asked.seed, asked.repair, scale_of(model, asked.seed, asked.repair))
    outcome = run(job, asked.draws, threads, cluster, progress)
    if not len(outcome.values):
        raise KeyboardInterrupt
    answers, why = _answers(case, asked, threads, progress) if outcome.why_stopped == "draws" else ([], "")
    return _result(case, plan, asked, job, outcome, answers, why or outcome.why_stopped, time.monotonic() - began)


def _shocks(programme: Programme, plan: Plan, shocks: Any, ready: Iterable[str]) -> pl.DataFrame:
    names = list(ready)
    replay = Replay.of(programme, plan)
    own = read_shocks(programme, shocks)
    if not names:
        return own
    added = ready_shocks(replay, names).filter(~pl.col("id").is_in(own["id"].to_list()))
    return read_shocks(programme, pl.concat([own, added]))


def _answers(
    case: Case, settings: StressSettings, threads: int | None, progress: Callable[[Progress], None] | None
) -> tuple[list[Answer], str]:
    """What is compared with and without; stopped, nothing is."""
    if not settings.paired:
        return [], ""
    try:
        answers = ask(case, project_questions(case, settings) + shock_questions(case), settings, threads, progress)
        pairs = pair_questions(case, answers, settings.pairs)
        return answers + ask(case, pairs, settings, threads, progress), ""
    except KeyboardInterrupt:
        return [], "interrupt"


def _result(
    case: Case,
    plan: Plan,
    settings: StressSettings,
    job: Job,
    outcome: Outcome,
    answers: list[Answer],
    why: str,
    seconds: float,
) -> StressResult:
    count, tally = len(outcome.values), outcome.tally
    floor = plan.settings.min_reliance
    since = plan.settings.min_reliance_from or case.replay.when.years[0]
    drawn = pl.DataFrame(
        [{k: v for k, v in row.items() if k != "stream"} for row in case.shocks[: case.drawn]],
        schema=case.replay.programme.shocks.schema,
    ).with_columns(pl.Series("happened_share", tally.happened / count, dtype=pl.Float64))
    return StressResult(
        settings=settings,
        draws=count,
        why_stopped=why,
        seconds=seconds,
        programme_hash=plan.programme_hash,
        plan_hash=plan_hash(plan),
        version=__version__,
        planned_value=planned_worth(case.replay),
        values=outcome.values,
        coverage=frames.shares_by_year(case, tally, count),
        money=frames.money(case, tally, job.scale, count),
        finish=frames.finishes(case, tally, count),
        worth=frames.worths(case, answers, settings.delay_quarters),
        ranking=frames.ranking(case, answers, tally.happened, count),
        promises=frames.promises(case, tally, count, settings.repair, None if floor is None else (floor, since)),
        shocks=drawn,
        details={
            "left_out_share": float(tally.left_out[0]) / count,
            "paired": min(settings.paired, settings.draws) if answers else 0,
            "shocks_without_chance": [r["id"] for r in case.shocks[: case.drawn] if r["chance_share"] is None],
        },
    )
