"""With and without: the same draws replayed twice, so that what differs is due to one project, shock or partner alone.

Method page: docs/methods/stress.md.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from khien.plan.futures import tail_count
from khien.stress.build import Case
from khien.stress.core.cover import worth
from khien.stress.core.follow import follow
from khien.stress.core.model import Model, Reals, Twist, no_twist
from khien.stress.core.replay import Draws, Work, broken_for, draws_for, replay, work_for
from khien.stress.run import Progress, cores
from khien.stress.settings import StressSettings

AT_ONCE = 128
"""Draws that one thread compares before it takes others: few, so that all threads end together."""


class Question(NamedTuple):
    """Two sides that are compared: how much less the value is on the bad one.

    `what` is "success" or "delay" (of a project), "shock", "partner", "country" or "pair"; `ids` names it. A side
    is a list of (field of the twist, index, value).
    """

    what: str
    ids: tuple[str, ...]
    good: tuple[tuple[str, int, int], ...]
    bad: tuple[tuple[str, int, int], ...]


class Answer(NamedTuple):
    """Mean loss with its standard error, and the mean of the worst twentieth of losses."""

    question: Question
    loss: float
    error: float
    tail: float


def project_questions(case: Case, settings: StressSettings) -> list[Question]:
    """What each project's success is worth, and each quarter of its delay."""
    found = []
    for i, row in enumerate(case.rows):
        found.append(Question("success", (row["project"],), (("success", i, 1),), (("success", i, 0),)))
        if row["end"] > 0:
            found.append(Question("delay", (row["project"],), (), (("delay", i, settings.delay_quarters),)))
    return found


def shock_questions(case: Case) -> list[Question]:
    """What each shock costs when it comes, and each partner and country that is away for good."""
    found = []
    for s, row in enumerate(case.shocks):
        drawn = s < case.drawn
        bad = (("shock", s, 1),)
        found.append(
            Question("shock" if drawn else row["kind"], (row["id"],), (("shock", s, 0),) if drawn else (), bad)
        )
    return found


def pair_questions(case: Case, answers: list[Answer], most: int) -> list[Question]:
    """All pairs among the worst shocks, partners and countries."""
    single = [a for a in answers if a.question.what in ("shock", "partner", "country") and a.loss > 0]
    worst = sorted(single, key=lambda a: (-a.loss, a.question.ids))[:most]
    return [
        Question(
            "pair",
            (*a.question.ids, *b.question.ids),
            (*a.question.good, *b.question.good),
            (*a.question.bad, *b.question.bad),
        )
        for a, b in itertools.combinations(worst, 2)
    ]


def ask(
    case: Case,
    questions: list[Question],
    settings: StressSettings,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[Answer]:
    """Replay the first `paired` draws once for every side, and compare.

    A side with nothing forced is the draws as they are. What does not change dates is worked out from the dates
    of the draws as they are.
    """
    count = min(settings.paired, settings.draws)
    losses = np.empty((len(questions), count))
    blocks = [(at, min(AT_ONCE, count - at)) for at in range(0, count, AT_ONCE)]
    began, done = time.monotonic(), 0

    def one(block: tuple[int, int]) -> None:
        nonlocal done
        at, size = block
        desk = _Desk(case.model, settings, at, size)
        for x, question in enumerate(questions):
            losses[x, at : at + size] = desk.value(question.good) - desk.value(question.bad)
            done += size
            if progress is not None and x % 16 == 0:
                progress(Progress("compare", done, count * len(questions), time.monotonic() - began))

    with ThreadPoolExecutor(max(1, threads or cores())) as pool:
        list(pool.map(one, blocks))
    return [_answer(question, losses[x]) for x, question in enumerate(questions)]


def _answer(question: Question, losses: Reals) -> Answer:
    n = len(losses)
    error = float(np.std(losses, ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    worst = np.sort(losses)[n - tail_count(n) :]
    return Answer(question, float(losses.mean()), error, float(worst.mean()))


class _Desk:
    """One block of draws, replayed for one side after another."""

    def __init__(self, model: Model, settings: StressSettings, first: int, size: int) -> None:
        self.model, self.settings, self.first = model, settings, first
        self.work: Work = work_for(model, size)
        self.plain: Draws = draws_for(model, size)
        self.draws: Draws = draws_for(model, size)
        self._replay(no_twist(model), self.plain)
        self.base = self.plain.value.copy()

    def value(self, side: tuple[tuple[str, int, int], ...]) -> Reals:
        """Values of the draws with what the side forces."""
        if not side:
            return self.base
        if all(field == "success" for field, _, _ in side):
            return self._other_luck(side)
        twist = no_twist(self.model)
        for field, index, value in side:
            getattr(twist, field)[index] = value
        self._replay(twist, self.draws)
        return self.draws.value.copy()

    def _replay(self, twist: Twist, draws: Draws) -> None:
        broken = broken_for(self.model)
        replay(self.model, twist, self.settings.seed, self.first, self.settings.repair, self.work, draws, broken)

    def _other_luck(self, side: tuple[tuple[str, int, int], ...]) -> Reals:
        """Success changes no date: coverage alone is worked out again."""
        m, w, d = self.model, self.work, self.plain
        ok = d.ok.copy()
        for _, index, value in side:
            ok[index] = value
        other: Any = self.draws
        follow(m.horizon.quarters, m.brings, m.services, ok, d.end, w.subjects, w.service)
        worth(
            m.strikes, m.yields, m.worths, w.strike, w.field, w.subjects, w.service, d.on, d.begin,
            other.coverage, other.reliance, other.value,
        )  # fmt: skip
        return np.array(other.value)
