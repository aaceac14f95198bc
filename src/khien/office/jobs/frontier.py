"""The run that asks what independence costs."""

from __future__ import annotations

from typing import Any

from khien.office.jobs.kinds import Work
from khien.office.jobs.plan import no_plan
from khien.office.jobs.told import table
from khien.plan import NoPlan, PlanSettings
from khien.plan.ask.frontier import frontier


def do(work: Work) -> dict[str, Any]:
    """Plan for rising promises; write the points and what is bought for each as CSV.

    Raises:
        NoAnswer: no plan exists at all.
    """
    settings = PlanSettings(time_limit=work.settings["time_limit"], seed=work.seed)
    measure, points = work.settings["measure"], work.settings["points"]
    try:
        found = frontier(
            work.programme, measure, points, settings, lambda done, of: work.tell(done / max(1, of), f"{done}/{of}")
        )
    except NoPlan as clash:
        raise no_plan(clash) from clash
    if found.interrupted:
        raise KeyboardInterrupt  # a run that is stopped gives nothing
    found.points.write_csv(work.folder / "points.csv")
    found.bought.write_csv(work.folder / "bought.csv")
    promise = "share" if measure == "reliance" else "number"
    columns = (
        f"promise/promised:{promise} value:number bound:number gap:share self_reliance/least:share "
        "cost_mvnd/cost:whole projects:whole"
    )
    return {"clocked": True, "tables": [table("frontier", columns, found.points.to_dicts())]}
