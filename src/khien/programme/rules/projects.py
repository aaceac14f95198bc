"""Projects: status, chosen option, pins and start windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from khien.programme.quarters import quarter_number
from khien.programme.sheet import Desk

FIXED: Final = ("committed", "running", "done")


def there_are_projects(desk: Desk) -> None:
    """Without projects there is nothing to plan; other uses of a programme do not need any."""
    if not desk.frame("projects").height and "projects" not in desk.broken:
        desk.note("nothing-to-plan", "projects", None, None)


def projects_have_options(desk: Desk) -> None:
    """Every project that may be carried out has at least one option."""
    with_options = set(desk.frame("options")["project"].drop_nulls())
    for line, project, status in desk["projects"].rows("id", "status"):
        if project is not None and status != "stopped" and project not in with_options:
            desk.note("project-without-option", "projects", line, "id", project)


def fixed_projects_say_what_and_when(desk: Desk) -> None:
    """A committed, running or done project names its option, one of its own, and its start."""
    owner = dict(desk.frame("options").select("id", "project").iter_rows())
    columns = ("id", "status", "option", "start")
    for line, project, status, option, start in desk["projects"].rows(*columns):
        if status in FIXED and option is None:
            desk.note("chosen-option-missing", "projects", line, "option", project, status=status)
        if status in FIXED and start is None:
            desk.note("start-missing", "projects", line, "start", project, status=status)
        if option in owner and owner[option] not in (None, project):
            desk.note(
                "option-of-other-project",
                "projects",
                line,
                "option",
                option,
                other=owner[option],
                project=project,
            )
        if status == "candidate":
            for column, value in (("option", option), ("start", start)):
                if value is not None:
                    desk.note("candidate-has-choice", "projects", line, column, value, project=project)


def pins_fit_the_status(desk: Desk) -> None:
    """Nobody can demand a stopped project or forbid one that is under way."""
    for line, project, status, pin in desk["projects"].where(
        pl.col("pin").is_not_null(), "id", "status", "pin"
    ):
        if (pin == "must" and status == "stopped") or (pin == "must_not" and status in FIXED):
            desk.note("pin-clash", "projects", line, "pin", pin, project=project, status=status)


def windows_lie_in_the_horizon(desk: Desk) -> None:
    """A candidate's start window runs forwards and meets the horizon; a fixed start is not after its end."""
    if desk.settings is None:
        return
    first, last = desk.settings.first, desk.settings.last
    columns = ("id", "status", "earliest", "latest", "start")
    for line, project, status, earliest, latest, start in desk["projects"].rows(*columns):
        if earliest is not None and latest is not None and quarter_number(latest) < quarter_number(earliest):
            desk.note(
                "window-backwards", "projects", line, "latest", latest, project=project, earliest=earliest
            )
        if status == "candidate" and earliest is not None and quarter_number(earliest) > last:
            desk.note("window-outside-horizon", "projects", line, "earliest", earliest, project=project)
        if status == "candidate" and latest is not None and quarter_number(latest) < first:
            desk.note("window-outside-horizon", "projects", line, "latest", latest, project=project)
        if status in FIXED and start is not None and quarter_number(start) > last:
            desk.note("start-outside-horizon", "projects", line, "start", start, project=project)
        elif status == "running" and start is not None and quarter_number(start) > first:
            desk.note("running-not-begun", "projects", line, "start", start, project=project)


def candidates_can_end_in_time(desk: Desk) -> None:
    """A candidate whose shortest option cannot end within the horizon will never be chosen."""
    if desk.settings is None:
        return
    first, last = desk.settings.first, desk.settings.last
    options = desk.frame("options").select("project", "duration_low_quarters").drop_nulls()
    shortest = dict(options.group_by("project").min().iter_rows())
    candidates = desk["projects"].where(pl.col("status") == "candidate", "id", "earliest")
    for line, project, earliest in candidates:
        begin = first if earliest is None else max(first, quarter_number(earliest))
        if project in shortest and begin <= last and begin + shortest[project] - 1 > last:
            desk.note("window-too-short", "projects", line, "earliest", project)


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    there_are_projects,
    projects_have_options,
    fixed_projects_say_what_and_when,
    pins_fit_the_status,
    windows_lie_in_the_horizon,
    candidates_can_end_in_time,
)
