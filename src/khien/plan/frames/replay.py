"""A plan laid over its programme: what is picked, what it costs when, and from when subjects are held."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.plan.result import Plan
from khien.plan.settings import apply
from khien.programme import Programme
from khien.programme.planned import charged_spend, planning_values
from khien.reliance import NEVER, Horizon, horizon, option_partners, service_needs, transfer
from khien.words import t

Quarters = dict[str, int]
FARTHEST = 800
"""Quarters before and after the first planned one in which something may begin or end: two hundred years."""


class PlanMismatch(ValueError):
    """A plan that was not made from this programme, or was changed by hand since."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = t(key, "vi", **fields), t(key, "en", **fields)
        super().__init__(self.message_en)


def require_match(programme: Programme, plan: Plan) -> None:
    """Refuse a plan whose figures would say nothing about this programme.

    Raises
    ------
    PlanMismatch
        The programme has another content hash than the plan names, or a choice of the plan is not one of its options,
        takes another time than that option, has labels of other quarters, or chooses a project twice.
    """
    if programme.hash != plan.programme_hash:
        raise PlanMismatch("plan_mismatch", plan=plan.programme_hash[:12], programme=programme.hash[:12])
    known = planning_values(programme.options, programme.settings).select("project", "option", "duration_quarters")
    laid = plan.choices.join(known, on=["project", "option"], how="left", maintain_order="left")
    whole = (pl.col("end") - pl.col("start") == pl.col("duration_quarters")).fill_null(False)
    fits = whole & pl.lit(_in_time(programme, plan))
    for row in laid.filter(~fits | pl.col("project").is_duplicated()).head(1).iter_rows(named=True):
        raise PlanMismatch("plan_choice_odd", project=row["project"], option=row["option"], start=row["start_quarter"])


def _in_time(programme: Programme, plan: Plan) -> pl.Series:
    """Of each choice, whether its quarters bear their labels and are no fantasy."""
    rows = plan.choices.select("start", "end", "start_quarter", "end_quarter").iter_rows()
    fits = [
        -FARTHEST < start < end < FARTHEST and labels == [programme.label(start), programme.label(end - 1)]
        for start, end, *labels in rows
    ]
    return pl.Series(fits, dtype=pl.Boolean)


@dataclass(frozen=True)
class Replay:
    """A programme (what-ifs applied), what a plan picks in it, and the cohorts it trains.

    `picks` is made by `picked`; `training` has skill, start, cohorts.
    """

    programme: Programme
    picks: pl.DataFrame
    training: pl.DataFrame

    @classmethod
    def of(cls, programme: Programme, plan: Plan) -> Replay:
        """Lay a plan over the programme that it was made from.

        Raises
        ------
        PlanMismatch
            See `require_match`.
        """
        require_match(programme, plan)
        changed = apply(programme, plan.settings)
        return cls(changed, picked(changed, plan.choices), plan.training)

    @cached_property
    def when(self) -> Horizon:
        """The quarters of the programme."""
        return horizon(self.programme)

    @cached_property
    def spend(self) -> NDArray[np.int64]:
        """Million VND that every pick is charged in every quarter, [picks, quarters]."""
        charged = np.zeros((len(self.picks), self.when.quarters), dtype=np.int64)
        columns = ("cost_mvnd", "duration_quarters", "spend_profile", "start", "charged_before")
        for i, (cost, duration, profile, start, spent) in enumerate(self.picks.select(columns).iter_rows()):
            first, amounts = charged_spend(cost, duration, profile, start, spent)
            inside = amounts[: max(0, self.when.quarters - first)]
            charged[i, first : first + len(inside)] = inside
        return charged

    @cached_property
    def held(self) -> Held:
        """From when subjects and products can be counted on."""
        return held(self)


@dataclass(frozen=True)
class Held:
    """First quarter in which each subject is available, or held at home; missing is never.

    The `cut_` ones hold when projects with foreign partners are cut in the year in which they
    would end. `service` holds for products alone.
    """

    available: Quarters
    at_home: Quarters
    service: Quarters
    cut_available: Quarters
    cut_at_home: Quarters
    cut_service: Quarters


def picked(programme: Programme, choices: pl.DataFrame) -> pl.DataFrame:
    """Everything about the chosen options that the frames need, one row per choice.

    Choices of done projects are left out: they cost nothing any more and their effect stands
    anyhow. `charged_before` is what a committed or running project has spent (null: not known).
    """
    projects = programme.projects.select(
        pl.col("id").alias("project"),
        "name_vi",
        "name_en",
        "subject",
        "to_stage",
        "risk_class",
        "status",
        pl.when(pl.col("status") != "candidate").then(pl.col("spent_mvnd")).alias("charged_before"),
    )
    return (
        choices.select("project", "option", "start", "end", "start_quarter", "end_quarter", "fixed")
        .join(projects, on="project", how="inner", maintain_order="left")
        .filter(pl.col("status") != "done")
        .join(_options(programme), on="option", how="inner", maintain_order="left")
        .join(_subject_groups(programme), on="subject", how="left", maintain_order="left")
    )


def _options(programme: Programme) -> pl.DataFrame:
    columns = ("form", "spend_profile", "success_share", "level", "domestic_share")
    values = planning_values(programme.options, programme.settings).drop("project")
    return (
        programme.options.select(pl.col("id").alias("option"), *columns)
        .join(option_partners(programme), on="option", maintain_order="left")
        .join(values, on="option", maintain_order="left")
        .join(transfer(programme).select("option", "completeness"), on="option", maintain_order="left")
    )


def _subject_groups(programme: Programme) -> pl.DataFrame:
    parts = (programme.technologies, programme.products)
    return pl.concat([part.select(pl.col("id").alias("subject"), "group") for part in parts])


def held(replay: Replay) -> Held:
    """Follow the ends of the picked options, what is done and what is mature already."""
    settings = replay.programme.settings
    ends = _effects(replay)
    at_home = ends.filter(
        (pl.col("domestic_share") >= settings.domestic_threshold)
        & (pl.col("completeness") >= settings.transfer_threshold)
    )
    mature, mature_at_home = _mature(replay.programme)
    available, held_at_home = _earliest(ends, "end", mature), _earliest(at_home, "end", mature_at_home)
    cut_available = _earliest(ends, "cut_end", mature)
    cut_at_home = _earliest(at_home, "cut_end", mature_at_home)
    needs = service_needs(replay.programme)
    return Held(
        available,
        held_at_home,
        _service(needs, available, held_at_home),
        cut_available,
        cut_at_home,
        _service(needs, cut_available, cut_at_home),
    )


def _effects(replay: Replay) -> pl.DataFrame:
    """Subject, end and cut_end of what reaches the service stage with enough mastery."""
    programme = replay.programme
    order = dict(zip(programme.stages["id"].to_list(), programme.stages["order"].to_list(), strict=True))
    done = (
        programme.projects.filter(pl.col("status") == "done")
        .select("subject", "to_stage", "option", pl.lit(0, dtype=pl.Int64).alias("end"))
        .join(_options(programme), on="option")
    )
    columns = ("subject", "to_stage", "end", "level", "domestic_share", "completeness", "foreign")
    after_cut = {end: replay.when.after_cut(end) for end in replay.picks["end"].unique().to_list()}
    return (
        pl.concat([replay.picks.select(columns), done.select(columns)])
        .filter(
            (pl.col("to_stage").replace_strict(order, return_dtype=pl.Int64) >= _service_order(programme))
            & (pl.col("level") >= programme.settings.mastery_threshold)
        )
        .with_columns(
            pl.when("foreign")
            .then(pl.col("end").replace_strict(after_cut, default=0, return_dtype=pl.Int64))
            .otherwise(pl.col("end").clip(0))
            .alias("cut_end"),
            pl.col("end").clip(0),
        )
    )


def _service_order(programme: Programme) -> int:
    return int(programme.stages.filter("service")["order"][0])


def _mature(programme: Programme) -> tuple[set[str], set[str]]:
    """Subjects that are available, and those held at home, by what is mature already."""
    settings = programme.settings
    rows = programme.maturity.join(
        programme.stages.select(pl.col("id").alias("stage"), "order", "service", "assurance"), on="stage"
    ).filter(pl.col("level") >= settings.mastery_threshold)
    mark = "assurance" if programme.stages["assurance"].any() else "service"
    home = rows.filter(mark, pl.col("domestic_share") >= settings.domestic_threshold)
    available = rows.filter(pl.col("order") >= _service_order(programme))
    return set(available["subject"].to_list()), set(home["subject"].to_list())


def _earliest(ends: pl.DataFrame, column: str, already: set[str]) -> Quarters:
    first = ends.group_by("subject").agg(pl.col(column).min())
    found: Quarters = dict(zip(first["subject"].to_list(), first[column].to_list(), strict=True))
    return found | dict.fromkeys(already, 0)


def _service(needs: pl.DataFrame, available: Quarters, at_home: Quarters) -> Quarters:
    """A product serves once the last of its needs is met."""
    by_item = pl.col("met_by").replace_strict(at_home, default=NEVER, return_dtype=pl.Int64)
    by_subject = pl.col("met_by").replace_strict(available, default=NEVER, return_dtype=pl.Int64)
    last = needs.group_by("product").agg(
        pl.when(pl.col("kind") == "item").then(by_item).otherwise(by_subject).max().alias("q")
    )
    return {p: q for p, q in zip(last["product"].to_list(), last["q"].to_list(), strict=True) if q < NEVER}
