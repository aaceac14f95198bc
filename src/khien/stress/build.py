"""A programme, a plan and shocks made ready for the replay."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from khien.plan.frames.replay import Replay
from khien.plan.frames.value import discounts
from khien.plan.result import Plan
from khien.programme import Programme
from khien.reliance.coverage import demand
from khien.stress.core.model import Luck, Model, model_of
from khien.stress.effects_in import effect_arrays, subject_index
from khien.stress.library import involved
from khien.stress.means_in import limits_of, mean_arrays
from khien.stress.projects_in import ordered_rows, project_arrays
from khien.stress.settings import StressError, StressSettings
from khien.stress.shocks_in import hits_of, in_order, leaving_for_good, shock_arrays, supplies_of

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What is replayed, with the rows that the arrays were made from.

    Attributes:
        replay: the programme with the plan's what-ifs, and what the plan picks.
        rows: chosen projects in order of replay.
        shocks: shocks in the order of the arrays; the first `drawn` of them may come by chance, the others
            are partners and countries that are away for good where they are asked about.
        model: the arrays.
    """

    replay: Replay
    rows: list[Row]
    shocks: list[Row]
    drawn: int
    model: Model


def make_case(programme: Programme, plan: Plan, shocks: pl.DataFrame, settings: StressSettings) -> Case:
    """Make a plan ready.

    Raises
    ------
    PlanMismatch
        The plan was made from another programme.
    StressError
        The plan breaks the order of projects or cannot be understood.
    """
    replay = Replay.of(programme, plan)
    must_be_sound(replay, plan)
    rows = ordered_rows(replay)
    if len(rows) < len(replay.picks):
        raise StressError("stress_plan_broken", count=len(replay.picks) - len(rows))
    partners = sorted(involved(replay))
    all_shocks = in_order(shocks)
    drawn = len(all_shocks)
    countries = _countries(replay, partners)
    all_shocks += leaving_for_good(replay, "partner", partners)
    all_shocks += leaving_for_good(replay, "country", sorted(countries))
    supplies = supplies_of(replay, rows)
    arrays = (
        _horizon(replay)
        | project_arrays(
            replay,
            rows,
            settings.vary,
            subject_index(replay.programme),
            limits_of(replay, rows),
            hits_of(replay, rows, all_shocks),
        )
        | mean_arrays(replay)
        | shock_arrays(replay, all_shocks, supplies, "shocks" in settings.vary)
        | effect_arrays(replay, rows, supplies)
    )
    return Case(replay, rows, all_shocks, drawn, with_meetings(model_of(arrays | dict.fromkeys(("meets", "met")))))


def base_shocks(model: Model, drawn: int) -> Model:
    """The model with those shocks alone that may come by chance: what the many draws are replayed with."""
    kept = model.order.hit_by < drawn
    ptr = model.order.hit_ptr
    counts = [int(kept[a:b].sum()) for a, b in itertools.pairwise(ptr)]
    order = model.order._replace(hit_by=model.order.hit_by[kept], hit_ptr=np.cumsum([0, *counts]).astype(np.int64))
    parts = {name: _first_shocks(getattr(model, name), drawn) for name in ("luck", "blows", "strikes")}
    return with_meetings(model._replace(order=order, **parts))


def with_meetings(model: Model) -> Model:
    """The model with the items of which two shocks may take supplies at the same time."""
    luck, strikes = model.luck, model.strikes
    ends = luck.first_begin + luck.choices - 1 + strikes.lasts
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for shock, (a, b) in enumerate(itertools.pairwise(strikes.takes_ptr)):
        for item in strikes.takes_item[a:b]:
            spans[int(item)].append((int(luck.first_begin[shock]), int(ends[shock])))
    meets = np.zeros(len(strikes.item_freed_by), dtype=np.int64)
    for item, mine in spans.items():
        mine.sort()
        meets[item] = any(one[1] > other[0] for one, other in itertools.pairwise(mine))
    met = np.flatnonzero(meets[strikes.takes_item] * (strikes.takes_shock < len(ends)))
    return model._replace(strikes=strikes._replace(meets=meets, met=met))


def _first_shocks(part: Any, drawn: int) -> Any:
    cut = {name: getattr(part, name) for name in part._fields}
    by_shock = [name for name in cut if name in _BY_SHOCK]
    ends = {name: drawn + 1 if name.endswith("_ptr") else drawn for name in by_shock}
    return part._replace(**{name: cut[name][: ends[name]] for name in by_shock})


_BY_SHOCK = {
    *(*Luck._fields, "length", "pause", "loss_num", "loss_den", "skill", "skill_all", "money_ptr"),
    *("lasts", "loss", "takes_ptr"),
}
"""Arrays with one row a shock; what is laid end to end needs no cut."""


def must_be_sound(replay: Replay, plan: Plan) -> None:
    """Refuse a plan that breaks rules already as planned: what would be replayed is not what it says."""
    from khien.plan.verify import means, picks
    from khien.plan.verify.book import Book

    book = Book(replay.programme)
    chosen, broken = picks.read_choices(book, plan)
    for rule in (picks.fixed_stay, picks.windows, picks.precedences, picks.stages, picks.agreements):
        broken += rule(book, chosen)
    cohorts, wrong = picks.training(book, plan)
    broken += wrong + means.money(book, chosen, cohorts) + means.people(book, chosen, cohorts)
    broken += means.limits(book, chosen)
    if broken:
        first = broken[0]
        error = StressError("stress_plan_broken", count=len(broken))
        error.message_vi += " " + first.message_vi
        error.message_en += " " + first.message_en
        raise error


def _countries(replay: Replay, partners: list[str]) -> set[str]:
    from khien.reliance import controlling_country, partner_countries

    programme = replay.programme
    country, control = partner_countries(programme), controlling_country(programme)
    return {c for name in partners for c in (country[name], control[name])} - {programme.settings.home_country}


def _horizon(replay: Replay) -> dict[str, Any]:
    when, quarters = replay.when, replay.when.quarters
    required = demand(replay.programme).required
    known = (~np.isnan(required)).any(axis=0) if len(required) else np.zeros(quarters, dtype=bool)
    first = np.unique(when.first_of)
    index = np.searchsorted(first, when.first_of)
    counts = np.bincount(index, weights=known)
    starts = np.append(first, quarters).astype(np.int64)
    discount = discounts(replay)
    return {
        "quarters": quarters,
        "year_of": index.astype(np.int64),
        "year_start": starts,
        "starts": starts,
        "year_weight": np.where(known, 1.0 / np.maximum(counts, 1)[index], 0.0),
        "discount": discount,
        "discount_cut": discount * float(replay.programme.settings.reliance_weight),
    }
