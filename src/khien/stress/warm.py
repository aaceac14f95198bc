"""Compile the replay once, so that the first stress test does not wait: ``python -m khien.stress.warm``."""

from __future__ import annotations

import polars as pl

from khien import __version__
from khien.plan.result import HISTORY, Plan, choices_frame, training_frame
from khien.plan.settings import PlanSettings
from khien.programme import Programme
from khien.programme.skeleton import skeleton
from khien.stress.trial import stress

LATE = 12
"""Quarter in which the one project starts: by then the money of its whole cost has been saved."""


def small() -> tuple[Programme, Plan]:
    """The smallest programme, and its one project planned."""
    programme = skeleton()
    project, option = programme.options.select("project", "id").row(0)
    plan = Plan(
        status="feasible",
        why_stopped="work",
        value=0.0,
        bound=0.0,
        nothing=0.0,
        seconds=0.0,
        seed=0,
        clocked=False,
        programme_hash=programme.hash,
        settings=PlanSettings(),
        version=__version__,
        choices=choices_frame(programme, [(project, option, LATE)]),
        training=training_frame(programme, []),
        history=pl.DataFrame(schema=HISTORY),
    )
    return programme, plan


def warm() -> None:
    """Replay a few futures in both ways; what it compiles stays in the cache."""
    programme, plan = small()
    for repair in (True, False):
        stress(programme, plan, draws=2, repair=repair, paired=2, pairs=1)


if __name__ == "__main__":
    warm()
