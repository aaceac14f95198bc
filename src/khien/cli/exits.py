"""What a command's exit code says, and how a command stops early."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """Exit codes of every command; scripts may rely on them."""

    DONE = 0
    """Done, also when a time limit ended a search that had a valid plan."""
    INPUT_ERRORS = 1
    """The input holds errors; warnings alone do not count."""
    WRONG_USE = 2
    """Called wrongly: an unknown option, a path that is not there, a folder that cannot be written."""
    INTERRUPTED = 3
    """A person interrupted the command, and what was found until then is kept and usable."""
    NO_PLAN = 4
    """No plan exists under the rules given."""
    OUR_FAULT = 5
    """A mistake in Khiên."""
    STOPPED = 130
    """Interrupted before there was anything to keep, as shells report it."""


class Stop(Exception):
    """Ends a command with an exit code, one clear message and, for ``--json``, details."""

    def __init__(self, code: Exit, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = dict(details or {})
