"""The run that says why each project is in a plan or not, and what would let it in."""

from __future__ import annotations

import json
from typing import Any

from khien.office.jobs.kinds import Work
from khien.office.jobs.told import both, figure, names_of, spoken, table
from khien.plan import load_plan
from khien.plan.ask.reasons import reasons
from khien.plan.result import plan_hash
from khien.programme.writing import write_text

MOST = 20
"""Rows on the page of the run, those whose loss is dearest; the file has all."""
FORMAT = "khien-reasons-1"
FIGURES = ("value", "bound", "better", "steps", "seconds")


def do(work: Work) -> dict[str, Any]:
    """Ask for every project; write `reasons.json`, the same as ``khien explain --out``."""
    plan = load_plan(work.inputs["plan.json"])
    told = reasons(work.programme, plan, progress=lambda done, of: work.tell(done / max(1, of), f"{done}/{of}"))
    if told.interrupted:
        raise KeyboardInterrupt  # a run that is stopped gives nothing
    plain: dict[str, Any] = {"format": FORMAT, "programme_hash": plan.programme_hash, "plan_hash": plan_hash(plan)}
    plain |= {name: getattr(told, name) for name in FIGURES}
    plain |= {"reasons": told.projects.to_dicts(), "flips": told.flips.to_dicts()}
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, indent=1)
    write_text(work.folder / "reasons.json", text + "\n")
    names = names_of(work.programme)
    dear = told.projects.sort("lost", descending=True, nulls_last=True).head(MOST).to_dicts()
    rows = [row | {"name": names[row["project"]], "why": spoken(both(row, "reason"), names)} for row in dear]
    return {
        "figures": [figure("value_best", told.value, "number"), figure("better", told.better, "number")],
        "tables": [table("reasons", "name/project:text lost/lost_without:number why:text", rows)],
    }
