"""What an earlier plan has started by a quarter, as settings of the re-plan from that quarter."""

from __future__ import annotations

import dataclasses

from khien.plan.result import Plan
from khien.plan.settings import PlanSettings


def carried_over(previous: Plan, from_quarter: str, settings: PlanSettings | None = None) -> PlanSettings:
    """Settings of a re-plan: what `previous` started before `from_quarter` stays.

    Parameters
    ----------
    previous : Plan
        The plan in force.
    from_quarter : str
        First quarter that is free again, such as "2028Q1".
    settings : PlanSettings, optional
        Everything else about the re-plan; the defaults if left out.

    Returns
    -------
    PlanSettings
        `settings` with `from_quarter`, `kept_projects` and `kept_training` filled in. Quarters are
        kept as text, so the re-plan may stand on a programme with another first quarter.
    """
    started = previous.choices.filter(previous.choices["start_quarter"] < from_quarter)
    trained = previous.training.filter(previous.training["start_quarter"] < from_quarter)
    return dataclasses.replace(
        settings or PlanSettings(),
        from_quarter=from_quarter,
        kept_projects=tuple(started.select("project", "option", "start_quarter").sort("project").iter_rows()),
        kept_training=tuple(
            trained.select("skill", "start_quarter", "cohorts").sort("skill", "start_quarter").iter_rows()
        ),
    )
