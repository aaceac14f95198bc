"""What if: the new plan from a warm start, what moved, and the rule that forced it.

Method page: docs/methods/what-if.md.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from khien.plan.ask.desk import Choice, choice_of
from khien.plan.ask.obstacle import both, obstacle, without
from khien.plan.compare import compare
from khien.plan.core.solve import Progress
from khien.plan.frames.people import people_by_quarter
from khien.plan.frames.replay import Replay, require_match
from khien.plan.model import Compiled, compile_programme
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings, apply
from khien.plan.solver import plan_programme
from khien.programme import Programme
from khien.words import LANGUAGES, t

FINISHING, MOST = 3.0, 0.4
"""The answer is read off in about so many times what compiling takes; at most that share of a limit is kept for it."""

MOVES = {
    "project": pl.String, "change": pl.String, "before": pl.String, "after": pl.String, "quarters": pl.Int64,
    "cost_mvnd": pl.Int64, "because": pl.String, "why_vi": pl.String, "why_en": pl.String,
}  # fmt: skip
FREED = {"kind": pl.String, "key": pl.String, "before": pl.Int64, "after": pl.Int64, "freed": pl.Int64}


@dataclass(frozen=True, kw_only=True, eq=False)
class WhatIf:
    """The answer to a question about a plan.

    Parameters
    ----------
    before, after : Plan
        The plan that was there, and the plan under the new settings.
    moves : polars.DataFrame
        One row per project that differs: `project`, `change` (in, out, option, moved), `before`, `after` (option @
        quarter), `quarters` moved (null if not in both), `cost_mvnd` (planned cost after less before), `because`
        (asked, rule or better), `why_vi`, `why_en`.
    freed : polars.DataFrame
        `kind` money (key: year, million VND spent) or people (key: skill, people times quarters), `before`, `after`,
        `freed` = before less after (negative: taken up); rows that do not change are left out.
    seconds : float
        Wall clock of the whole answer.
    """

    before: Plan
    after: Plan
    moves: pl.DataFrame = field(repr=False)
    freed: pl.DataFrame = field(repr=False)
    seconds: float


def what_if(
    programme: Programme,
    plan: Plan,
    settings: PlanSettings,
    progress: Callable[[Progress], None] | None = None,
) -> WhatIf:
    """Plan under other settings, going on from a plan of the same programme.

    The time limit is for the whole answer, a work limit for the search alone. The plan is never worse than the old one
    where that still keeps every rule. Raises NoPlan and SettingsError like `plan_programme`, and PlanMismatch.
    """
    began = time.perf_counter()
    require_match(programme, plan)
    old = _Side.of(programme, plan)
    spent = time.perf_counter() - began
    left = max(settings.time_limit - (1.0 + FINISHING) * spent, (1.0 - MOST) * settings.time_limit)
    inner = dataclasses.replace(settings, time_limit=left)
    after = plan_programme(programme, inner, progress, start=plan)
    after = dataclasses.replace(after, settings=settings)
    moves, freed = _moves(old, _Side.of(programme, after), plan, after), _freed(programme, plan, after)
    return WhatIf(before=plan, after=after, moves=moves, freed=freed, seconds=time.perf_counter() - began)


def asked(plan: Plan, **changes: object) -> PlanSettings:
    """The settings of a plan with changes: lists of names are added to, every other setting is replaced."""
    s = plan.settings
    lists = ("without_country", "without_partner", "pins", "forbids", "limits")
    new = {
        name: tuple(dict.fromkeys((*getattr(s, name), *value))) if name in lists else value  # type: ignore[misc]
        for name, value in changes.items()
    }
    if "limits" in new:
        new["limits"] = tuple(dict(new["limits"]).items())  # type: ignore[call-overload]
    for one, other in (("pins", "forbids"), ("forbids", "pins")):  # the newest word on a project counts
        if one in changes and other not in changes:
            new[other] = tuple(n for n in getattr(s, other) if n not in changes[one])  # type: ignore[operator]
    return dataclasses.replace(s, **new)  # type: ignore[arg-type]


@dataclass
class _Side:
    """A plan in the numbers of its own compiled programme."""

    c: Compiled
    choice: Choice
    cost: dict[str, int]

    @classmethod
    def of(cls, programme: Programme, plan: Plan) -> _Side:
        c = compile_programme(apply(programme, plan.settings), dataclasses.replace(plan.settings, scenarios=0))
        return cls(c, choice_of(c, plan), {o["id"]: o["cost_mvnd"] for o in c.facts.options.values()})

    def why_not(self, project: str, option: str, start: int) -> dict[str, str] | None:
        """The rule that keeps a project from this place of the plan, in words; None where it would fit."""
        if project not in self.c.projects:
            return {lang: t("ask_ruled_out", lang) for lang in LANGUAGES}
        if option not in self.c.options:
            return {lang: t("ask_option_gone", lang, option=option) for lang in LANGUAGES}
        if not 0 <= start < self.c.problem.T:
            return None
        i = self.c.projects.index(project)
        found = obstacle(self.c, without(self.c, self.choice, i), i, self.c.options.index(option), start)
        return None if found is None else {lang: found.words(lang) for lang in LANGUAGES}


def _moves(old: _Side, new: _Side, before: Plan, after: Plan) -> pl.DataFrame:
    rows_before = {r["project"]: r for r in before.choices.to_dicts()}
    rows_after = {r["project"]: r for r in after.choices.to_dicts()}
    changes = compare(before, after).filter(pl.col("what") == "project")
    rows = []
    for r in changes.to_dicts():
        name = r["subject"]
        a, b = rows_before.get(name), rows_after.get(name)
        cost = (0 if b is None else new.cost.get(b["option"], 0)) - (0 if a is None else old.cost.get(a["option"], 0))
        because, why = _why(after, old, new, name, a, b)
        moved = None if r["difference"] is None else int(r["difference"])
        rows.append((name, r["change"], r["before"], r["after"], moved, cost, because, *both(why)))
    return pl.DataFrame(rows, schema=MOVES, orient="row")


def _why(
    after: Plan, old: _Side, new: _Side, name: str, a: dict[str, object] | None, b: dict[str, object] | None
) -> tuple[str, dict[str, str]]:
    """What a person asked for; else the rule that forbids the old place now, or forbade the new place before."""
    if b is not None and name in after.settings.pins and a is None:
        return "asked", {lang: t("ask_because_pinned", lang) for lang in LANGUAGES}
    if a is not None:
        rule = new.why_not(name, str(a["option"]), int(str(a["start"])))
        if rule is not None:
            gone = name not in new.c.projects or str(a["option"]) not in new.c.options
            return "asked" if gone else "rule", {
                lang: t("ask_because_no_longer", lang, rule=rule[lang]) for lang in LANGUAGES
            }
    if b is not None:
        rule = old.why_not(name, str(b["option"]), int(str(b["start"])))
        if rule is not None:
            return "rule", {lang: t("ask_because_now", lang, rule=rule[lang]) for lang in LANGUAGES}
    return "better", {lang: t("ask_because_better", lang) for lang in LANGUAGES}


def _freed(programme: Programme, before: Plan, after: Plan) -> pl.DataFrame:
    sums = []
    for plan in (before, after):
        replay = Replay.of(programme, plan)
        people = people_by_quarter(replay).group_by("skill").agg(pl.col("need").sum())
        spent = np.bincount(
            replay.when.year_of - replay.when.years[0], replay.spend.sum(axis=0), minlength=len(replay.when.years)
        )
        own: dict[tuple[str, str], int] = {("people", s): int(n) for s, n in people.iter_rows()}
        own |= {("money", str(y)): round(a) for y, a in zip(replay.when.years, spent.tolist(), strict=True)}
        sums.append(own)
    rows = [
        (*key, sums[0].get(key, 0), sums[1].get(key, 0), sums[0].get(key, 0) - sums[1].get(key, 0))
        for key in sorted(sums[0] | sums[1])
        if sums[0].get(key, 0) != sums[1].get(key, 0)
    ]
    return pl.DataFrame(rows, schema=FREED, orient="row")
