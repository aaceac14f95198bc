"""Precedences: no rings, and nothing under way that breaks one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from khien.programme.planned import planning_values
from khien.programme.quarters import quarter_number, quarter_text
from khien.programme.rules.rings import rings
from khien.programme.sheet import Desk


def precedences_run_forwards(desk: Desk) -> None:
    """No project waits for itself, straight or in a ring."""
    sheet = desk["precedences"]
    for line, project in sheet.where(pl.col("before") == pl.col("after"), "before"):
        desk.note("precedence-self", "precedences", line, "after", project)
    edges = sheet.frame.select("before", "after").drop_nulls().iter_rows()
    for ring in rings((a, b) for a, b in edges):
        at = (pl.col("before") == ring[-1]) & (pl.col("after") == ring[0])
        line = next(sheet.where(at, "after"))[0]
        desk.note("precedence-cycle", "precedences", line, "after", " → ".join([*ring, ring[0]]))


def what_is_under_way_keeps_precedences(desk: Desk) -> None:
    """A committed or running project may not start before what it waits for can be ready."""
    settings = desk.settings
    projects = desk.frame("projects").drop_nulls(["id", "status"])
    under_way = projects.filter(pl.col("status").is_in(["committed", "running"])).drop_nulls("start")
    sheet = desk["precedences"]
    concerned = pl.col("after").is_in(under_way["id"].to_list())
    if settings is None or not under_way.height or not sheet.frame.filter(concerned).height:
        return
    ready = _ready(desk, projects)
    status = dict(projects.select("id", "status").iter_rows())
    start = dict(under_way.select("id", "start").iter_rows())
    for line, before, after, lag in sheet.where(concerned, "before", "after", "lag_quarters"):
        at = ready.get(before, 0)
        if before == after or (at is not None and at + (lag or 0) <= quarter_number(start[after])):
            continue
        key, end = ("never", "") if at is None else ("ends", quarter_text(at + (lag or 0)))
        fields = {"before": before, "after": after, "start": start[after], "status": status[after]}
        desk.note(
            "precedence-violated",
            "precedences",
            line,
            "after",
            after,
            reason=f"reason.{key}",
            ready=end,
            **fields,
        )


def _ready(desk: Desk, projects: pl.DataFrame) -> dict[str, int | None]:
    """Quarter (since year 0) from which a project can be ready; None for never, 0 for done or not known."""
    assert desk.settings is not None
    values = planning_values(desk.frame("options"), desk.settings)
    chosen = dict(values.select("option", "duration_quarters").iter_rows())
    shortest = dict(values.group_by("project").agg(pl.col("duration_quarters").min()).iter_rows())
    ready: dict[str, int | None] = {}
    for name, status, option, start, earliest, pin in projects.select(
        "id", "status", "option", "start", "earliest", "pin"
    ).iter_rows():
        ready[name] = 0
        if status == "stopped" or (status == "candidate" and pin == "must_not"):
            ready[name] = None
        elif status == "candidate" and name in shortest:
            begin = quarter_number(earliest) if earliest else 0
            ready[name] = max(desk.settings.first, begin) + shortest[name]
        elif status in ("committed", "running") and option in chosen and start:
            ready[name] = quarter_number(start) + chosen[option]
    return ready


def what_waits_for_nothing_is_told(desk: Desk) -> None:
    """A candidate that waits for a project which will not be done can never be chosen."""
    projects = desk.frame("projects").drop_nulls(["id", "status"])
    dead = (pl.col("status") == "stopped") | (
        (pl.col("status") == "candidate") & (pl.col("pin") == "must_not")
    )
    never = set(projects.filter(dead.fill_null(False))["id"])
    still_open = set(projects.filter(pl.col("status") == "candidate")["id"]) - never
    hopeless = pl.col("before").is_in(list(never)) & pl.col("after").is_in(list(still_open))
    for line, before, after in desk["precedences"].where(hopeless, "before", "after"):
        desk.note("precedence-never", "precedences", line, "before", before, after=after)


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    precedences_run_forwards,
    what_waits_for_nothing_is_told,
    what_is_under_way_keeps_precedences,
)
