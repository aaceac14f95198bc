"""The reason for every project at once, without planning again: what is lost without it, or what stands in its way.

Prices are those of the relaxation behind the bound, and say so; see docs/methods/bound.md. What lets a project in, and
what is lost when the rest is planned again, takes searches: `khien.plan.ask.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from khien.plan.ask.desk import Choice, choice_of, prices_of
from khien.plan.ask.obstacle import Obstacle, obstacle, without
from khien.plan.core import state
from khien.plan.core.layout import layout
from khien.plan.core.prices import price_tables
from khien.plan.frames.replay import Replay, picked, require_match
from khien.plan.frames.value import weighed_worth
from khien.plan.futures import weighed
from khien.plan.model import Compiled, compile_programme
from khien.plan.result import Plan
from khien.plan.settings import apply
from khien.programme import Programme
from khien.words import LANGUAGES, t

SCHEMA = {
    "project": pl.String, "chosen": pl.Boolean, "reason_vi": pl.String, "reason_en": pl.String,
    "worth": pl.Float64, "price": pl.Float64,
}  # fmt: skip


def explain(programme: Programme, plan: Plan, project: str | None = None) -> pl.DataFrame:
    """One row per project (or for the one named): chosen or not, why in both languages, worth and price.

    For a chosen project `worth` is the value that is lost when it alone is taken out; for a refused one its
    best reduced worth (negative: what it falls short of). `price` is what its means cost at the prices of
    the relaxation. Null where there is nothing to say or the plan carries no prices. Raises PlanMismatch.
    """
    require_match(programme, plan)
    changed = apply(programme, plan.settings)
    names = programme.projects["id"].to_list() if project is None else [project]
    status = {r["id"]: r for r in changed.projects.to_dicts()}
    chosen = set(plan.choices["project"].to_list())
    c = compile_programme(changed, plan.settings) if plan.certificate or plan.settings.scenarios else None
    losses = {n: _loss(changed, plan, n, c) for n in names if n in chosen}
    prices = {} if c is None else _prices(plan, c)
    side = None if c is None else _Side(c, choice_of(c, plan))
    rows = [_row(n, status[n], losses.get(n), prices, side) for n in names]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


Priced = tuple[float, float, tuple[int, int]]
"""Best reduced worth, the price of the means used there, and where: option and start."""


@dataclass(frozen=True)
class _Side:
    """The plan in the numbers of its compiled programme."""

    c: Compiled
    choice: Choice

    def blocked(self, name: str, option: int, start: int) -> Obstacle | None:
        """What a project that is out would break at a place."""
        i = self.c.projects.index(name)
        return obstacle(self.c, without(self.c, self.choice, i), i, option, start)


def _loss(changed: Programme, plan: Plan, project: str, c: Compiled | None) -> float:
    """Value with and without one choice, nothing else moved."""
    rest = plan.choices.filter(pl.col("project") != project)
    if c is not None and plan.settings.scenarios and project in c.projects:
        return plan.value - _over_futures(c, rest)
    return plan.value - weighed_worth(Replay(changed, picked(changed, rest), plan.training), plan.settings)


def _over_futures(c: Compiled, choices: pl.DataFrame) -> float:
    """Value over sampled futures by the engine, which is far quicker than to replay each of them."""
    p = c.problem
    x, s = np.full(len(p.must), -1, dtype=np.int64), np.zeros(len(p.must), dtype=np.int64)
    for project, option, start in choices.select("project", "option", "start").iter_rows():
        if project in c.projects:
            x[c.projects.index(project)], s[c.projects.index(project)] = c.options.index(option), start
    st = state.new_state(p)
    state.rebuild(p, st, x, s, np.zeros_like(st.cohorts))
    return weighed(c.of_futures(st.level), c.facts.settings.tail_weight)


def _prices(plan: Plan, c: Compiled) -> dict[str, Priced]:
    """Best reduced worth of every candidate and the price of the means it uses there."""
    p, lay = c.problem, layout(c.problem)
    theta = prices_of(plan, lay)
    if theta is None:
        return {}
    price, red = np.zeros(p.allow.shape), np.zeros(p.allow.shape)
    best, where = np.zeros(len(p.must)), np.zeros((len(p.must), 2), dtype=np.int64)
    price_tables(p, lay, theta, price, red, best, where)
    out = {}
    for i, name in enumerate(c.projects):
        if where[i, 0] >= 0:
            place = int(where[i, 0]), int(where[i, 1])
            out[name] = float(best[i]), float(price[place]), place
    return out


def _row(
    name: str, row: dict[str, Any], loss: float | None, prices: dict[str, Priced], side: _Side | None
) -> tuple[Any, ...]:
    worth_, price, place = prices.get(name, (None, None, (-1, 0)))
    blocked = side.blocked(name, *place) if side is not None and loss is None and worth_ is not None else None
    if row["status"] in ("done", "stopped"):
        return name, False, *_both("explain_done"), None, None
    if loss is not None:
        key = "explain_chosen" if row["status"] == "candidate" and price is not None else "explain_fixed"
        return name, True, *_both(key, lost=loss, price=price or 0.0), loss, price
    if row["pin"] == "must_not":
        return name, False, *_both("explain_refused_pin"), None, None
    if worth_ is None:
        return name, False, *_both("explain_refused_never"), None, None
    key, figure = ("explain_refused_price", -worth_) if worth_ < -1e-6 else ("explain_refused_close", worth_)
    said = _both(key, figure=figure)
    if blocked is not None:
        vi, en = (t("reason_blocked", lang, what=blocked.words(lang)) for lang in LANGUAGES)
        said = f"{said[0]} {vi}", f"{said[1]} {en}"
    return name, False, *said, worth_, price


def _both(key: str, **figures: float) -> tuple[str, str]:
    """The reason in Vietnamese, with decimal commas, and in English."""
    said = {name: f"{value:.4f}" for name, value in figures.items()}
    return t(key, "vi", **{name: text.replace(".", ",") for name, text in said.items()}), t(key, "en", **said)
