"""The reason for every project: what is lost without it, or what it falls short of.

Prices are those of the relaxation behind the bound, and say so; see docs/methods/bound.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from khien.plan.core.layout import layout
from khien.plan.core.prices import price_tables
from khien.plan.frames.replay import Replay, picked
from khien.plan.frames.value import worth
from khien.plan.model import compile_programme
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
    losses = {n: _loss(changed, plan, n) for n in names if n in chosen}
    prices = _prices(changed, plan)
    rows = [_row(n, status[n], losses.get(n), prices) for n in names]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _loss(changed: Programme, plan: Plan, project: str) -> float:
    """Value with and without one choice, nothing else moved."""
    rest = plan.choices.filter(pl.col("project") != project)
    return plan.value - worth(Replay(changed, picked(changed, rest), plan.training))


def _prices(changed: Programme, plan: Plan) -> dict[str, tuple[float, float]]:
    """Best reduced worth of every candidate and the price of the means it uses there."""
    if plan.certificate is None:
        return {}
    c = compile_programme(changed, plan.settings)
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
        return name, True, *_both(key, lost=_figure(loss), price=_figure(price or 0.0)), loss, price
    if row["pin"] == "must_not":
        return name, False, *_both("explain_refused_pin"), None, None
    if worth_ is None:
        return name, False, *_both("explain_refused_never"), None, None
    if worth_ < -1e-6:
        return name, False, *_both("explain_refused_price", short=_figure(-worth_)), worth_, price
    return name, False, *_both("explain_refused_close", spare=_figure(worth_)), worth_, price


def _both(key: str, **fields: object) -> tuple[str, str]:
    return t(key, "vi", **fields), t(key, "en", **fields)


def _figure(value: float) -> str:
    return f"{value:.4f}"
