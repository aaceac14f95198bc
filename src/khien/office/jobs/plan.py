"""The run that plans."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import polars as pl

from khien.office.jobs.kinds import NoAnswer, Work
from khien.plan import NoPlan, Plan, PlanSettings, frames, plan_programme
from khien.plan.core.solve import Progress
from khien.words import t


def do(work: Work) -> dict[str, Any]:
    """Plan, write `plan.json`, and return the headline.

    Raises:
        NoAnswer: no plan exists; the clashing rules are named.
    """
    settings = PlanSettings.from_dict({**work.settings, "seed": work.seed})
    try:
        plan = plan_programme(work.programme, settings, teller(work, settings.time_limit))
    except NoPlan as clash:
        raise no_plan(clash) from clash
    plan.save(work.folder / "plan.json")
    return headline(work, plan)


def teller(work: Work, seconds: float) -> Callable[[Progress], None]:
    """Progress of a search as a run tells it: share of the time, value and gap."""

    def tell(step: Progress) -> None:
        value = "–" if step.value is None else f"{step.value:.4f}"
        gap = "–" if step.gap is None else f"{100 * step.gap:.2f} %"
        work.tell(min(1.0, step.seconds / seconds), f"{value} · {gap}")

    return tell


def no_plan(clash: NoPlan) -> NoAnswer:
    """The rules that cannot hold together, or those that the nearest plan breaks where time ran out."""
    rules = {lang: "; ".join(getattr(rule, lang) for rule in clash.told) for lang in ("vi", "en")}
    key = "office_run_no_plan" if clash.smallest else "office_run_no_plan_yet"
    return NoAnswer(*(t(key, lang, rules=rules[lang]) for lang in ("vi", "en")))


def headline(work: Work, plan: Plan) -> dict[str, Any]:
    """What pages show of a plan."""
    years = frames.coverage_by_year(work.programme, plan).filter(pl.col("capability") == "all").sort("year")
    money = frames.money_by_year(work.programme, plan)
    spent = money.filter(pl.col("kind").is_in(["spend", "training", "obligation"]))
    fixed = int(plan.choices["fixed"].sum())
    return {
        "status": plan.status,
        "why_stopped": plan.why_stopped,
        "value": plan.value,
        "bound": plan.bound if math.isfinite(plan.bound) else None,
        "gap": plan.gap if math.isfinite(plan.gap) else None,
        "seconds": plan.seconds,
        "clocked": plan.clocked,
        "chosen": plan.choices.height - fixed,
        "fixed": fixed,
        "income_mvnd": int(money.filter(pl.col("kind") == "income")["amount_mvnd"].sum()),
        "spend_mvnd": int(spent["amount_mvnd"].sum()),
        "years": years.select("year", "coverage", "self_reliance").to_dicts(),
        "summary_vi": plan.summary("vi"),
        "summary_en": plan.summary("en"),
    }
