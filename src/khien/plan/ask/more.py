"""The programme with a step more of one scarce thing, the same share of everything that it is counted in."""

from __future__ import annotations

import polars as pl

from khien.plan.ask.shadow import Resource
from khien.plan.model import Compiled, compile_programme
from khien.plan.settings import PlanSettings
from khien.programme import Programme

DIGITS = 4
"""Of a share under a limit, which is counted in whole parts of its last digit."""
NOISE = 1e-9


def richer(programme: Programme, c: Compiled, settings: PlanSettings, r: Resource, step: float) -> Compiled:
    """Compiled anew (starts may open where there is more); a floor that was asked for is lowered as it stands."""
    changed = with_more(programme, r, step)
    if changed is not None:
        return compile_programme(changed, settings)
    floors = c.problem.b_floor.copy()
    names = [("reliance", str(y)) for y in c.floor_years] + [("survival", str(y)) for y in c.survival_years]
    floors[names.index((r.kind, r.what))] *= max(0.0, 1.0 - step)
    return c.with_problem(c.problem._replace(b_floor=floors))


def added(c: Compiled, new: Compiled, r: Resource, step: float) -> float:
    """How much more of it there is, in its unit; of a limit that is a share, by what the plan spends under it."""
    p, q = c.problem, new.problem
    if r.kind == "money":
        year = c.facts.when.years.index(int(r.what))
        return float(q.funds[year] - p.funds[year])
    if r.kind == "people":
        pool = list(c.pools).index(r.what)
        return float((q.cap[pool] - p.cap[pool]).mean())
    if r.kind == "limit":
        row = c.rows.index(r.what)
        if p.row_rhs[row] != q.row_rhs[row]:
            return float(q.row_rhs[row] - p.row_rhs[row]) / r.per
    return step * r.available


def with_more(programme: Programme, r: Resource, step: float) -> Programme | None:
    """The tables with more money of a year, people of a skill or room under a limit; None for what no table holds.

    Money is rounded down, people up, so that a step is at least one person.
    """
    if r.kind == "money":
        table, mine, column = "money", pl.col("year") == int(r.what), "amount_mvnd"
        value = (pl.col(column) * (1.0 + step) + NOISE).floor()
    elif r.kind == "people":
        table, mine, column = "skill_supply", pl.col("skill") == r.what, "people"
        value = (pl.col(column) * (1.0 + step) - NOISE).ceil()
    elif r.kind == "limit":
        return _room(programme, r.what, step)
    else:
        return None
    frame = programme.frames[table]
    new = pl.when(mine).then(value.cast(pl.Int64)).otherwise(pl.col(column)).alias(column)
    return Programme(programme.settings, {**programme.frames, table: frame.with_columns(new)}, programme.findings)


def _room(programme: Programme, limit: str, step: float) -> Programme:
    """A ceiling so much higher (a share: at most all), or a floor so much lower."""
    mine, up = pl.col("id") == limit, pl.col("kind") == "ceiling"
    amount = (
        pl.when(up)
        .then((pl.col("amount_mvnd") * (1.0 + step) + NOISE).floor())
        .otherwise((pl.col("amount_mvnd") * max(0.0, 1.0 - step) - NOISE).ceil())
        .cast(pl.Int64)
    )
    share = (
        pl.when(up)
        .then((pl.col("share") * (1.0 + step)).clip(upper_bound=1.0))
        .otherwise(pl.col("share") * max(0.0, 1.0 - step))
        .round(DIGITS)
    )
    frame = programme.limits.with_columns(
        pl.when(mine).then(amount).otherwise(pl.col("amount_mvnd")).alias("amount_mvnd"),
        pl.when(mine).then(share).otherwise(pl.col("share")).alias("share"),
    )
    return Programme(programme.settings, {**programme.frames, "limits": frame}, programme.findings)
