"""The order of stages: marked rightly, and climbed step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from khien.programme.planned import planning_values
from khien.programme.quarters import quarter_number
from khien.programme.sheet import Desk


def stages_are_marked(desk: Desk) -> None:
    """Orders differ, exactly one stage is the service stage, at most one the assurance stage."""
    sheet = desk["stages"]
    if not sheet.frame.height:
        return
    seen: dict[int, str] = {}
    for line, stage, order in sheet.rows("id", "order"):
        if order is not None and order in seen:
            desk.note("stage-order", "stages", line, "order", order, other=seen[order])
        seen.setdefault(order, stage)
    count = int(sheet.frame["service"].sum())
    if count != 1:
        desk.note("service-stage", "stages", None, "service", count)
    count = int(sheet.frame["assurance"].sum())
    if count > 1:
        desk.note("assurance-stage", "stages", None, "assurance", count)


@dataclass(frozen=True)
class _Climb:
    """A project as the order of stages sees it; rank is the place of its stage, counted from 0."""

    line: int
    id: str
    rank: int
    status: str
    start: int | None
    end: int | None
    level: float | None


def stages_are_climbed(desk: Desk) -> None:
    """Tell leaps, gaps, and projects under way that start before the stage below is reached."""
    if desk.settings is None:
        return
    names = desk.frame("stages").drop_nulls(["id", "order"]).sort("order")["id"].to_list()
    rank = {name: place for place, name in enumerate(names)}
    mastered = _mastered(desk, rank, desk.settings.mastery_threshold)
    for subject, climbs in _climbs(desk, rank).items():
        stands = max([mastered.get(subject, -1), *(c.rank for c in climbs if c.status == "done")])
        for climb in climbs:
            if climb.rank > 0 and climb.status not in ("done", "stopped") and stands < climb.rank - 1:
                _tell(desk, subject, climb, climbs, names)


def _tell(desk: Desk, subject: str, climb: _Climb, climbs: list[_Climb], names: list[str]) -> None:
    lower = [c for c in climbs if c.rank < climb.rank and c.status not in ("done", "stopped")]
    below = [c for c in lower if c.rank == climb.rank - 1]
    fields: dict[str, Any] = {"project": climb.id, "subject": subject, "below": names[climb.rank - 1]}
    if not lower:
        desk.note("stage-leap", "projects", climb.line, "to_stage", names[climb.rank], **fields)
    elif not below:
        desk.note("stage-gap", "projects", climb.line, "to_stage", names[climb.rank], **fields)
    elif climb.status in ("committed", "running") and climb.start is not None:
        assert desk.settings is not None
        if not any(_supports(c, climb.start, desk.settings.mastery_threshold) for c in below):
            shown = desk.frame("projects").filter(pl.col("id") == climb.id)["start"][0]
            desk.note(
                "stage-not-reached", "projects", climb.line, "start", shown, status=climb.status, **fields
            )


def _supports(below: _Climb, start: int, threshold: float) -> bool:
    """Whether a project below can have brought its stage by a quarter; the unknown counts as yes."""
    if below.status == "candidate":
        return True
    reaches = below.level is None or below.level >= threshold
    return reaches and (below.end is None or below.end <= start)


def _mastered(desk: Desk, rank: dict[str, int], threshold: float) -> dict[str, int]:
    """Highest rank at which a subject's maturity reaches the threshold."""
    found: dict[str, int] = {}
    known = desk.frame("maturity").filter(pl.col("level") >= threshold).drop_nulls(["subject", "stage"])
    for subject, stage in known.select("subject", "stage").iter_rows():
        found[subject] = max(found.get(subject, -1), rank.get(stage, -1))
    return found


def _climbs(desk: Desk, rank: dict[str, int]) -> dict[str, list[_Climb]]:
    assert desk.settings is not None
    sheet = desk["projects"]
    fixed = sheet.frame.filter(pl.col("status").is_in(["committed", "running"]))
    chosen = desk.frame("options").filter(pl.col("id").is_in(fixed["option"].drop_nulls().to_list()))
    duration: dict[str, int] = {}
    if chosen.height:
        duration = dict(planning_values(chosen, desk.settings).select("option", "duration_quarters").iter_rows())
    level = dict(chosen.select("id", "level").iter_rows())
    climbs: dict[str, list[_Climb]] = {}
    columns = ("id", "subject", "to_stage", "status", "option", "start")
    for line, project, subject, stage, status, option, start in sheet.rows(*columns):
        if stage in rank and subject is not None and status is not None:
            begin = None if start is None else quarter_number(start)
            end = begin + duration[option] if begin is not None and option in duration else None
            climb = _Climb(line, project, rank[stage], status, begin, end, level.get(option))
            climbs.setdefault(subject, []).append(climb)
    return climbs


RULES: Final[tuple[Callable[[Desk], None], ...]] = (stages_are_marked, stages_are_climbed)
