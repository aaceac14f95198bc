"""Choosing and scheduling projects and their form: the search, its result, and what the result means."""

from khien.plan.carry import carried_over
from khien.plan.clash import NoPlan
from khien.plan.compare import compare
from khien.plan.result import Plan, PlanFileError, load_plan
from khien.plan.settings import PlanSettings, SettingsError
from khien.plan.solver import plan_programme

__all__ = [
    "NoPlan",
    "Plan",
    "PlanFileError",
    "PlanSettings",
    "SettingsError",
    "carried_over",
    "compare",
    "load_plan",
    "plan_programme",
]
