"""The reason for every project: what is lost without it, or what it falls short of.

Prices are those of the relaxation behind the bound, and say so; see docs/methods/bound.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from khien.plan.core import state
from khien.plan.core.layout import layout
from khien.plan.core.prices import price_tables
from khien.plan.frames.replay import Replay, picked
from khien.plan.frames.value import weighed_worth
from khien.plan.futures import weighed
from khien.plan.model import Compiled, compile_programme
from khien.plan.result import Plan
from khien.plan.settings import apply
from khien.programme import Programme
from khien.words import t

SCHEMA = {
    "project": pl.String, "chosen": pl.Boolean, "reason_vi": pl.String, "reason_en": pl.String,
    "worth": pl.Float64, "price": pl.Float64,
}  # fmt: skip


def explain(programme: Programme, plan: Plan, project: str | None = None) -> pl.DataFrame:
    """One row per project (or for the one named): chosen or not, why in both languages, worth and price.

    For a chosen project `worth` is the value that is lost when it alone is taken out; for a refused one its
    best reduced worth (negative: what it falls short of). `price` is what its means cost at the prices of
    the relaxation. Null where there is nothing to say or the plan carries no prices.
    """
    changed = apply(programme, plan.settings)
    names = programme.projects["id"].to_list() if project is None else [project]
    status = {r["id"]: r for r in changed.projects.to_dicts()}
    chosen = set(plan.choices["project"].to_list())
    c = compile_programme(changed, plan.settings) if plan.certificate or plan.settings.scenarios else None
    losses = {n: _loss(changed, plan, n, c) for n in names if n in chosen}
    prices = {} if c is None else _prices(plan, c)
    rows = [_row(n, status[n], losses.get(n), prices) for n in names]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


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


def _prices(plan: Plan, c: Compiled) -> dict[str, tuple[float, float]]:
    """Best reduced worth of every candidate and the price of the means it uses there."""
    if plan.certificate is None:
        return {}
    p, lay = c.problem, layout(c.problem)
    if lay.size != plan.certificate["size"]:
        return {}
    theta = np.zeros(lay.size)
    theta[np.array(plan.certificate["at"], dtype=np.int64)] = plan.certificate["price"]
    price, red = np.zeros(p.allow.shape), np.zeros(p.allow.shape)
    best, where = np.zeros(len(p.must)), np.zeros((len(p.must), 2), dtype=np.int64)
    price_tables(p, lay, theta, price, red, best, where)
    out = {}
    for i, name in enumerate(c.projects):
        if where[i, 0] >= 0:
            out[name] = (float(best[i]), float(price[where[i, 0], where[i, 1]]))
    return out


def _row(
    name: str, row: dict[str, Any], loss: float | None, prices: dict[str, tuple[float, float]]
) -> tuple[Any, ...]:
    worth_, price = prices.get(name, (None, None))
    if row["status"] in ("done", "stopped"):
        return name, False, *_both("explain_done"), None, None
    if loss is not None:
        key = "explain_chosen" if row["status"] == "candidate" and price is not None else "explain_fixed"
        return name, True, *_both(key, lost=loss, price=price or 0.0), loss, price
    if row["pin"] == "must_not":
        return name, False, *_both("explain_refused_pin"), None, None
    if worth_ is None:
        return name, False, *_both("explain_refused_never"), None, None
    if worth_ < -1e-6:
        return name, False, *_both("explain_refused_price", short=-worth_), worth_, price
    return name, False, *_both("explain_refused_close", spare=worth_), worth_, price


def _both(key: str, **figures: float) -> tuple[str, str]:
    """The reason in Vietnamese, with decimal commas, and in English."""
    said = {name: f"{value:.4f}" for name, value in figures.items()}
    return t(key, "vi", **{name: text.replace(".", ",") for name, text in said.items()}), t(key, "en", **said)
