"""Re-planning from a later quarter: what has started stays, what is past is not touched."""

from __future__ import annotations

from collections.abc import Callable

from khien.plan.carry import carried_over
from khien.plan.core.solve import Progress
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings
from khien.plan.solver import plan_programme
from khien.programme import Programme


def replan(
    programme: Programme,
    previous: Plan,
    from_quarter: str,
    settings: PlanSettings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """Plan anew from a quarter ("2028Q1"): projects and cohorts that `previous` started before it stay.

    Raises NoPlan and SettingsError like `plan_programme`.
    """
    return plan_programme(programme, carried_over(previous, from_quarter, settings), progress)
