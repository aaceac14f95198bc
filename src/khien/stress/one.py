"""One future as a programme and a plan: what happened in it, for the verifier, the frames and the curious."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import polars as pl

from khien import __version__
from khien.plan.result import HISTORY, Plan, choices_frame
from khien.plan.settings import PlanSettings
from khien.programme import Programme
from khien.stress.build import Case, base_shocks, make_case
from khien.stress.core.model import no_twist
from khien.stress.core.pause import FAR
from khien.stress.core.replay import Draws, broken_for, draws_for, replay, work_for
from khien.stress.settings import StressSettings
from khien.stress.shocks_in import read_shocks


@dataclass(frozen=True, eq=False)
class FutureOf:
    """One draw.

    Attributes:
        programme: the programme as it turned out: durations and costs of what was chosen, money and people less
            what shocks took (a drain in part of a year counts for all of it).
        plan: what was carried out when, as a plan of that programme; its value is that of the draw.
        projects: project, start, end (quarter indices; null where left out), cost_mvnd, success, and as planned.
        shocks: id and first quarter of what happened.
    """

    programme: Programme
    plan: Plan
    projects: pl.DataFrame
    shocks: pl.DataFrame


def future(
    programme: Programme,
    plan: Plan,
    draw: int,
    shocks: pl.DataFrame | str | os.PathLike[str] | None = None,
    *,
    seed: int = 0,
    repair: bool = True,
    vary: tuple[str, ...] = StressSettings.vary,
) -> FutureOf:
    """Draw number `draw` (0 is the first) of a stress test with the same seed, shocks and settings."""
    settings = StressSettings(draws=draw + 1, seed=seed, repair=repair, vary=vary)
    case = make_case(programme, plan, read_shocks(programme, shocks), settings)
    model = base_shocks(case.model, case.drawn)
    d = draws_for(model, 1)
    replay(model, no_twist(model), seed, draw, repair, work_for(model, 1), d, broken_for(model))
    happened = pl.DataFrame(
        [(row["id"], int(d.begin[0, s])) for s, row in enumerate(case.shocks[: case.drawn]) if d.on[0, s]],
        schema={"shock": pl.String, "begin": pl.Int64},
        orient="row",
    )
    turned_out = _programme(case, d, happened)
    return FutureOf(turned_out, _plan(case, turned_out, d), _projects(case, d), happened)


def _projects(case: Case, d: Draws) -> pl.DataFrame:
    rows = [
        {
            "project": row["project"],
            "start": int(d.start[i, 0]) if d.end[i, 0] < FAR // 2 else None,
            "end": int(d.end[i, 0]) if d.end[i, 0] < FAR // 2 else None,
            "cost_mvnd": int(d.cost[i, 0]),
            "success": bool(d.ok[i, 0]),
            "planned_start": row["start"],
            "planned_end": row["end"],
            "planned_cost_mvnd": row["cost_mvnd"],
        }
        for i, row in enumerate(case.rows)
    ]
    return pl.DataFrame(rows)


def _programme(case: Case, d: Draws, happened: pl.DataFrame) -> Programme:
    base = case.replay.programme
    quarters = {r["option"]: int(d.end[i, 0] - d.start[i, 0]) for i, r in enumerate(case.rows)}
    costs = {r["option"]: int(d.cost[i, 0]) for i, r in enumerate(case.rows)}
    out = {r["option"] for i, r in enumerate(case.rows) if d.end[i, 0] >= FAR // 2}

    def told(column: str, found: dict[str, int]) -> pl.Expr:
        known = {k: v for k, v in found.items() if k not in out}
        new = pl.col("id").replace_strict(known, default=None, return_dtype=pl.Int64)
        return pl.coalesce(new, pl.col(column)).alias(column)

    parts = ("low", "mode", "high")
    options = base.options.with_columns(
        *(told(f"duration_{p}_quarters", quarters) for p in parts), *(told(f"cost_{p}_mvnd", costs) for p in parts)
    )
    begins = dict(happened.iter_rows())
    frames = {**base.frames, "options": options, "money": _money(case, begins), "skill_supply": _people(case, begins)}
    return Programme(base.settings, frames)


def _money(case: Case, begins: dict[str, int]) -> pl.DataFrame:
    money = case.replay.programme.money
    k, starts, years = case.model.blows, case.model.horizon.year_start, case.replay.when.years
    amounts = money["amount_mvnd"].to_list()
    for s, row in enumerate(case.shocks[: case.drawn]):
        if row["kind"] != "budget" or row["id"] not in begins:
            continue
        first = begins[row["id"]]
        for x, (year, source) in enumerate(money.select("year", "source").iter_rows()):
            if year not in years or row["key"] not in (None, source):
                continue
            y = year - years[0]
            hit = min(first + int(k.length[s]), int(starts[y + 1])) - max(first, int(starts[y]))
            if hit > 0:
                whole = int(money["amount_mvnd"][x]) * int(k.loss_num[s]) * hit
                amounts[x] -= whole // (int(k.loss_den[s]) * int(starts[y + 1] - starts[y]))
    return money.with_columns(pl.Series("amount_mvnd", amounts, dtype=pl.Int64))


def _people(case: Case, begins: dict[str, int]) -> pl.DataFrame:
    base, k, when = case.replay.programme, case.model.blows, case.replay.when
    skills = base.skills["id"].sort().to_list()
    people = case.model.means.there.copy()
    for s, row in enumerate(case.shocks[: case.drawn]):
        if row["kind"] == "skill" and row["id"] in begins:
            at = begins[row["id"]]
            span = slice(at, at + int(k.length[s]))
            for x, skill in enumerate(skills):
                if row["key"] in (None, skill):
                    people[x, span] -= case.model.means.there[x, span] * int(k.loss_num[s]) // int(k.loss_den[s])
    rows = [
        (skill, year, int(people[x, np.flatnonzero(when.year_of == year)].min()))
        for x, skill in enumerate(skills)
        for year in when.years
    ]
    return pl.DataFrame(rows, schema=base.skill_supply.schema, orient="row")


def _plan(case: Case, programme: Programme, d: Draws) -> Plan:
    picks = [
        (row["project"], row["option"], int(d.start[i, 0])) for i, row in enumerate(case.rows) if d.end[i, 0] < FAR // 2
    ]
    return Plan(
        status="feasible",
        why_stopped="work",
        value=float(d.value[0]),
        bound=float("inf"),
        nothing=0.0,
        seconds=0.0,
        seed=0,
        clocked=False,
        programme_hash=programme.hash,
        settings=PlanSettings(),
        version=__version__,
        choices=choices_frame(programme, picks),
        training=case.replay.training,
        history=pl.DataFrame(schema=HISTORY),
    )
