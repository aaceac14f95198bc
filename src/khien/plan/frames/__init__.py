"""What a plan means, as tables: replayed plainly from its choices, never taken from the search.

Every function takes the programme that the plan was made from (before the plan's own what-ifs,
which are applied here) and the plan, and raises `PlanMismatch` if the two do not belong together.
"""

from __future__ import annotations

import polars as pl

from khien.plan.frames import money, people, value
from khien.plan.frames.replay import PlanMismatch, Replay
from khien.plan.frames.value import plan_value
from khien.plan.result import Plan
from khien.programme import Programme
from khien.reliance import NEVER

ROADMAP = (
    "project",
    "name_vi",
    "name_en",
    "group",
    "subject",
    "to_stage",
    "risk_class",
    "form",
    "partner",
    "country",
    "start",
    "end",
    "start_quarter",
    "end_quarter",
    "cost_mvnd",
    "success_share",
    "fixed",
    "status",
)

__all__ = [
    "PlanMismatch",
    "all_frames",
    "coverage_by_year",
    "in_service",
    "money_by_year",
    "people_by_quarter",
    "plan_value",
    "refused",
    "roadmap",
    "spend_by",
]


def roadmap(programme: Programme, plan: Plan) -> pl.DataFrame:
    """Every chosen project with its option, in order of start.

    Columns: project, name_vi, name_en, group, subject, to_stage, risk_class, form, partner (null
    for own work), country (home for own work), start and end (quarter indices, end exclusive),
    start_quarter, end_quarter (last one in which it runs), cost_mvnd (planning value, million
    VND), success_share, fixed (committed or running), status.
    """
    return _roadmap(Replay.of(programme, plan))


def money_by_year(programme: Programme, plan: Plan) -> pl.DataFrame:
    """Money by year: `year`, `kind`, `source`, `amount_mvnd` (million VND).

    Kinds: income (source: the money's source), spend (of options), training, obligation (source:
    the obligation) and cash_end (what is left; cumulated where unspent money passes on).
    """
    return money.money_by_year(Replay.of(programme, plan))


def people_by_quarter(programme: Programme, plan: Plan) -> pl.DataFrame:
    """Heads by `skill` and `quarter` (with `quarter_label`): `need` and `supply`, trained ones included."""
    return people.people_by_quarter(Replay.of(programme, plan))


def coverage_by_year(programme: Programme, plan: Plan) -> pl.DataFrame:
    """Coverage and self-reliance by year: means over the quarters of the year.

    Columns: year, capability ("all" for the programme), coverage, self_reliance (0 to 1),
    required and yield_amount (in the capability's unit; null for all). Years in which a
    capability has no requirement are left out; for "all" they are null.
    """
    return value.yearly(Replay.of(programme, plan))


def spend_by(programme: Programme, plan: Plan) -> pl.DataFrame:
    """Spending on options by `kind` (partner, country, form, group, risk_class), `key` and `year`.

    Amounts are million VND; zeros are left out. Own work counts to the home country and to no partner.
    """
    return money.spend_by(Replay.of(programme, plan))


def refused(programme: Programme, plan: Plan) -> pl.DataFrame:
    """Candidates that the plan does not choose.

    Columns: project, name_vi, name_en, group, subject, to_stage, risk_class, pin, options (how many).
    """
    return _refused(Replay.of(programme, plan))


def in_service(programme: Programme, plan: Plan) -> pl.DataFrame:
    """`product`, `from_quarter` and `held_at_home_from`: quarter indices, null if never in the horizon."""
    return _in_service(Replay.of(programme, plan))


def all_frames(programme: Programme, plan: Plan) -> dict[str, pl.DataFrame]:
    """Every frame above by its name, from one replay."""
    replay = Replay.of(programme, plan)
    return {
        "roadmap": _roadmap(replay),
        "money_by_year": money.money_by_year(replay),
        "people_by_quarter": people.people_by_quarter(replay),
        "coverage_by_year": value.yearly(replay),
        "spend_by": money.spend_by(replay),
        "refused": _refused(replay),
        "in_service": _in_service(replay),
    }


def _roadmap(replay: Replay) -> pl.DataFrame:
    return replay.picks.select(ROADMAP).sort("start", "end", "project")


def _refused(replay: Replay) -> pl.DataFrame:
    programme = replay.programme
    parts = (programme.technologies, programme.products)
    groups = pl.concat([part.select(pl.col("id").alias("subject"), "group") for part in parts])
    options = programme.options.group_by("project").agg(pl.len().cast(pl.Int64).alias("options"))
    return (
        programme.projects.filter(pl.col("status") == "candidate")
        .rename({"id": "project"})
        .join(replay.picks, on="project", how="anti", maintain_order="left")
        .join(groups, on="subject", how="left", maintain_order="left")
        .join(options, on="project", how="left", maintain_order="left")
        .with_columns(pl.col("options").fill_null(0))
        .select(
            "project", "name_vi", "name_en", "group", "subject", "to_stage", "risk_class", "pin", "options"
        )
    )


def _in_service(replay: Replay) -> pl.DataFrame:
    products = replay.programme.products["id"]
    last = replay.when.quarters

    def times(found: dict[str, int]) -> pl.Series:
        quarters = [q if (q := found.get(p, NEVER)) < last else None for p in products.to_list()]
        return pl.Series(quarters, dtype=pl.Int64)

    return pl.DataFrame(
        {
            "product": products,
            "from_quarter": times(replay.held.service),
            "held_at_home_from": times(replay.held.at_home),
        }
    )
