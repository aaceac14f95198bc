"""What a running search shows on standard error: a live line on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from khien.cli.output import number, percent
from khien.words import t

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EVERY_SECONDS = 5.0
"""A plain line is printed at most this often, unless the search enters another stage."""


class State(Protocol):
    """What a search reports: seconds so far, best value, bound and gap (None while unknown), its stage."""

    @property
    def seconds(self) -> float: ...
    @property
    def value(self) -> float | None: ...
    @property
    def bound(self) -> float | None: ...
    @property
    def gap(self) -> float | None: ...
    @property
    def stage(self) -> str: ...


def describe_state(state: Any, lang: str) -> str:
    """Best value, bound and gap in one short line; what is not known yet is a dash.

    No plan is worth less than nothing: a bound below 0 is on its way to show that no plan exists, and is no figure.
    """
    bound = None if state.bound is not None and state.bound < 0 else state.bound
    return t(
        "cli_progress",
        lang,
        value=number(state.value, lang, 4),
        bound=number(bound, lang, 4),
        gap=percent(state.gap, lang, 2),
    )


def stage_word(stage: str, lang: str) -> str:
    """What a stage of the search is called; a stage without a word of its own says its name."""
    words = {"bound": "cli_stage_bound", "search": "cli_stage_search", "clash": "cli_stage_clash"}
    return t(words[stage], lang) if stage in words else stage


class PlainProgress:
    """Lines for logs and pipes: one when the stage changes, and one every few seconds."""

    def __init__(self, lang: str, stream: TextIO) -> None:
        self.lang = lang
        self.stream = stream
        self._last = float("-inf")
        self._stage: str | None = None
        self._unsaid: Any = None

    def __call__(self, state: Any) -> None:
        """Print the state when it is time to."""
        now = time.monotonic()
        self._unsaid = state
        if state.stage == self._stage and now - self._last < EVERY_SECONDS:
            return
        self._last, self._stage = now, state.stage
        self.say()

    def say(self) -> None:
        """Print the newest state unless it was printed already."""
        state, self._unsaid = self._unsaid, None
        if state is None:
            return
        seconds = number(state.seconds, self.lang, 1)
        line = f"{seconds:>7} s  {stage_word(state.stage, self.lang):<9} {describe_state(state, self.lang)}"
        print(line, file=self.stream, flush=True)


class LiveProgress:
    """One line that is drawn over, with a bar that fills with the time limit when there is one."""

    def __init__(self, lang: str, progress: Progress, task: TaskID) -> None:
        self.lang = lang
        self._progress = progress
        self._task = task

    def __call__(self, state: Any) -> None:
        """Show the newest state."""
        self._progress.update(
            self._task,
            completed=state.seconds,
            stage=stage_word(state.stage, self.lang),
            state=describe_state(state, self.lang),
        )


@contextmanager
def search_progress(lang: str, limit_seconds: float | None) -> Iterator[PlainProgress | LiveProgress]:
    """A callback for a search. It writes to standard error only, so that standard output stays clean."""
    if not sys.stderr.isatty():
        plain = PlainProgress(lang, sys.stderr)
        yield plain
        plain.say()
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from khien.cli.output import console

    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[stage]}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}"),
    )
    with Progress(*columns, console=console(sys.stderr), transient=True) as progress:
        task = progress.add_task("", total=limit_seconds, stage="", state="")
        yield LiveProgress(lang, progress, task)
