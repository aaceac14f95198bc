"""The run that plans."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from khien.office.jobs.kinds import Work
from khien.plan import NoPlan, PlanSettings, frames, plan_programme
from khien.plan.core.solve import Progress
from khien.words import t


class NoAnswer(Exception):
    """The work ended with a clear answer that is no result, in both languages."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


def do(work: Work) -> dict[str, Any]:
    """Plan, write `plan.json`, and return the headline.

    Raises:
        NoAnswer: no plan exists; the clashing rules are named.
    """
    settings = PlanSettings.from_dict({**work.settings, "seed": work.seed})

    def tell(step: Progress) -> None:
        value = "–" if step.value is None else f"{step.value:.4f}"
        gap = "–" if step.gap is None else f"{100 * step.gap:.2f} %"
        work.tell(min(1.0, step.seconds / settings.time_limit), f"{value} · {gap}")

    try:
        plan = plan_programme(work.programme, settings, tell)
    except NoPlan as clash:
        words = {lang: "; ".join(getattr(rule, lang) for rule in clash.clash) for lang in ("vi", "en")}
        raise NoAnswer(*(t("office_run_no_plan", lang, rules=words[lang]) for lang in ("vi", "en"))) from clash
    plan.save(work.folder / "plan.json")
    years = frames.coverage_by_year(work.programme, plan).filter(pl.col("capability") == "all").sort("year")
    money = frames.money_by_year(work.programme, plan)
    spent = money.filter(pl.col("kind").is_in(["spend", "training", "obligation"]))
    fixed = int(plan.choices["fixed"].sum())
    return {
        "status": plan.status,
        "why_stopped": plan.why_stopped,
        "value": plan.value,
        "bound": plan.bound,
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
