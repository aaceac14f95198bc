"""A plan without a search, for pages that show one: what is committed, running and done, and nothing else."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import polars as pl

import khien
from khien import Programme
from khien.office.acts.bring import bring_plan
from khien.office.acts.record import Actor
from khien.office.acts.versions import save_version
from khien.office.models import Run, Version
from khien.plan import Plan, PlanSettings
from khien.plan.frames import plan_value
from khien.plan.result import FRAMES, choices_frame, fixed_picks


def modest(programme: Programme) -> Plan:
    """The plan that adds nothing, with its true value and no bound."""
    empty = {name: pl.DataFrame(schema=FRAMES[name]) for name in ("training", "history")}
    plan = Plan(
        status="feasible", why_stopped="work", value=0.0, bound=math.inf, nothing=0.0, seconds=0.0, seed=0,
        clocked=False, programme_hash=programme.hash, settings=PlanSettings(), version=khien.__version__,
        choices=choices_frame(programme, fixed_picks(programme)), **empty,
    )  # fmt: skip
    told = plan_value(programme, plan)
    return dataclasses.replace(plan, value=told, nothing=told)


def free(programme: Programme) -> Programme:
    """The programme without what a plan must reach, so that doing nothing more keeps every rule."""
    none = pl.lit(None, dtype=programme.projects.schema["pin"])
    return programme.replace(limits=programme.limits.clear(), projects=programme.projects.with_columns(pin=none))


def brought(analyst: Actor, programme: Programme, folder: Path) -> Run:
    """That plan, brought into an office that has this programme."""
    file = folder / "plan.json"
    modest(programme).save(file)
    parent = Version.objects.order_by("-pk").first()
    return bring_plan(analyst, save_version(analyst, programme, parent, "one more"), file.read_bytes())
