"""Replaying a plan through thousands of futures: `khien.stress(programme, plan)`.

The room can be called like the function of its name that it holds.
"""

import sys
from types import ModuleType
from typing import Any

from khien.stress.library import ready
from khien.stress.one import FutureOf, future
from khien.stress.result import StressResult
from khien.stress.run import Progress
from khien.stress.settings import StressError, StressSettings
from khien.stress.trial import stress

__all__ = [
    "FutureOf",
    "Progress",
    "StressError",
    "StressResult",
    "StressSettings",
    "future",
    "ready",
    "stress",
]


class _Room(ModuleType):
    """The room; calling it is calling `stress`."""

    def __call__(self, *args: Any, **kwargs: Any) -> StressResult:
        """See `khien.stress.trial.stress`."""
        return stress(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
