"""Khiên: one programme, from threat to vote.

    import khien
    programme = khien.read("examples/island")
    plan = khien.plan_programme(programme, khien.PlanSettings(time_limit=10))
    result = khien.stress(programme, plan, draws=10_000)

Names are imported when they are first used, so that `import khien` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from khien.plan import NoPlan, Plan, PlanSettings, load_plan, plan_programme
    from khien.programme import Finding, Programme, ProgrammeError, Settings, check, diff, read, write

__version__ = "0.1.0"

_HOMES: Final = {
    "khien.programme": (
        "Finding",
        "Programme",
        "ProgrammeError",
        "Settings",
        "check",
        "diff",
        "read",
        "write",
    ),
    "khien.plan": ("NoPlan", "Plan", "PlanSettings", "load_plan", "plan_programme"),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Finding",
    "NoPlan",
    "Plan",
    "PlanSettings",
    "Programme",
    "ProgrammeError",
    "Settings",
    "check",
    "diff",
    "load_plan",
    "plan_programme",
    "read",
    "write",
]


def __getattr__(name: str) -> Any:
    if name in ("stress", "connect"):  # rooms that can be called
        return import_module(f"khien.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'khien' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF, "connect", "stress"})
