"""From ends of projects to coverage, as arrays: needs, what a cut takes, yields, supplies and obligations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Any

import numpy as np
import polars as pl

from khien.plan.frames.replay import Held, Replay, held
from khien.programme import Programme
from khien.reliance import NEVER, dependencies, kept_share, service_needs
from khien.reliance.coverage import Demand, demand
from khien.stress.core.cover import STEPS
from khien.stress.core.model import Ints, Reals, pointers
from khien.stress.projects_in import flat, ints

Row = dict[str, Any]
Supply = tuple[str, float, float]


def subject_index(programme: Programme) -> dict[str, int]:
    """Technologies and products, technologies first."""
    names = programme.technologies["id"].to_list() + programme.products["id"].to_list()
    return {name: i for i, name in enumerate(names)}


def path_losses(programme: Programme) -> dict[str, dict[str, float]]:
    """For every product what it loses without each thing it needs: mildest edge of the harshest path.

    The product itself is lost wholly. docs/methods/self-reliance.md.
    """
    edges: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for subject, name, criticality, lost in programme.inputs.select(
        "subject", "input", "criticality", "lost_share"
    ).iter_rows():
        if criticality != "convenience":
            edges[subject].append((name, 1.0 if criticality == "stops" else float(lost or 0.0)))
    found = {}
    for product in programme.products["id"].to_list():
        worst: dict[str, float] = {}
        queue = [(-1.0, product)]
        while queue:
            minus, name = heappop(queue)
            if name in worst:
                continue
            worst[name] = -minus
            for below, lost in edges[name]:
                if below not in worst:
                    heappush(queue, (max(minus, -lost), below))
        found[product] = worst
    return found


def effect_arrays(replay: Replay, rows: list[Row], supplies: Mapping[str, list[Supply]]) -> dict[str, Any]:
    """All arrays of the effects, by name; `supplies` gives site (or provider), share and months of stock by item."""
    programme, subject_at = replay.programme, subject_index(replay.programme)
    base = held(Replay(programme, replay.picks.head(0), replay.training.head(0)))
    need = demand(programme)
    cut = dependencies(programme)
    changing = {row["subject"] for row in rows}
    needs, service = _needs(programme, need, subject_at, base, changing)
    keep, fades = _keeps(replay, need, cut, base, changing)
    by_product = _yields(need)
    serves = np.array([not part and since == 0 for part, since in zip(needs, service, strict=True)], dtype=bool)
    steady = serves & np.array([not part for part in fades], dtype=bool)
    weight, per_unit = _weights(need)
    alive = np.flatnonzero(service < replay.when.quarters)
    into_year = replay.when.into_year.astype(np.int64)
    return dict(
        alive=alive,
        available=_times(base.available, subject_at),
        at_home=_times(base.at_home, subject_at),
        need_ptr=pointers(needs),
        need_subject=flat([[s for s, _ in part] for part in needs]),
        need_home=flat([[home for _, home in part] for part in needs]),
        service=service,
        serves=ints(serves),
        steady=ints(steady),
        keep=keep,
        **_fades(keep, fades, subject_at),
        yielded_ptr=pointers(by_product),
        yielded_capability=flat([[c for c, _ in part] for part in by_product]),
        yielded_amount=np.array([a for part in by_product for _, a in part], dtype=np.float64),
        base=np.stack(
            [
                np.repeat((need.yields @ serves.astype(np.float64))[:, None], STEPS, axis=1),
                need.yields @ np.where(steady[:, None], keep, 0.0),
            ]
        ),
        **_chains(weight, per_unit, into_year),
        after_cut=ints(replay.when.after_cut(t) for t in range(replay.when.quarters + 1)),
        weight=weight,
        per_unit=per_unit,
        **_items(programme, subject_at, supplies, set(alive.tolist())),
        **_dues(programme, need),
    )


def _times(found: Mapping[str, int], subject_at: Mapping[str, int]) -> Ints:
    return ints(found.get(name, NEVER) for name in subject_at)


def _needs(
    programme: Programme, need: Demand, subject_at: Mapping[str, int], base: Held, changing: set[str]
) -> tuple[list[list[tuple[int, int]]], Ints]:
    """Needs of every product that projects can still meet, and from when its other needs are met."""
    at = {name: i for i, name in enumerate(need.products)}
    needs: list[list[tuple[int, int]]] = [[] for _ in need.products]
    service = np.zeros(len(need.products), dtype=np.int64)
    for product, kind, met_by in service_needs(programme).select("product", "kind", "met_by").iter_rows():
        home = kind == "item"
        since = (base.at_home if home else base.available).get(met_by, NEVER)
        if since > 0 and met_by in changing:
            needs[at[product]].append((subject_at[met_by], int(home)))
        else:
            service[at[product]] = max(service[at[product]], since)
    return needs, service


def _keeps(
    replay: Replay, need: Demand, cut: pl.DataFrame, base: Held, changing: set[str]
) -> tuple[Reals, list[dict[str, Reals]]]:
    """What every product retains in the end, and no more than what until a subject is held at home, [4] each."""
    cut_quarters = int(replay.programme.settings.cut_quarters)
    at = {name: i for i, name in enumerate(need.products)}
    keep = np.ones((len(need.products), STEPS))
    fades: list[dict[str, Reals]] = [{} for _ in need.products]
    for product, months, lost, freed in cut.select("product", "months", "lost_share", "removed_by").iter_rows():
        if freed is not None and base.at_home.get(freed, NEVER) == 0:
            continue
        row, x = kept_share(months, lost, np.arange(STEPS), cut_quarters), at[product]
        if freed in changing:
            fades[x][freed] = np.minimum(fades[x].get(freed, row), row)
        else:
            keep[x] = np.minimum(keep[x], row)
    return keep, fades


def _fades(keep: Reals, fades: list[dict[str, Reals]], subject_at: Mapping[str, int]) -> dict[str, Any]:
    """The rows that matter, by product and quarter of a cut; those that retain least stand first."""
    parts: list[list[tuple[float, int]]] = [
        sorted((float(row[k]), subject_at[s]) for s, row in mine.items() if row[k] < last[k])
        for mine, last in zip(fades, keep, strict=True)
        for k in range(STEPS)
    ]
    ptr = pointers(parts)
    return {
        "fade_ptr": np.stack([ptr[k : len(ptr) - STEPS + k : STEPS] for k in range(STEPS + 1)], axis=1),
        "fade_subject": flat([[s for _, s in part] for part in parts]),
        "fade_level": np.array([level for part in parts for level, _ in part], dtype=np.float64),
    }


def _chains(weight: Reals, per_unit: Reals, into_year: Ints) -> dict[str, Any]:
    """How quarters follow each other, for coverage and for self-reliance."""
    quarters = len(into_year)
    steps = np.stack([np.zeros_like(into_year), into_year])
    before, first_at = np.full((2, quarters), -1), np.full((STEPS, quarters + 1), quarters)
    for t in range(1, quarters):
        before[0, t] = t - 1
        before[1, t] = max((u for u in range(t) if into_year[u] == into_year[t]), default=-1)
    for t in reversed(range(quarters)):
        first_at[:, t] = first_at[:, t + 1]
        first_at[into_year[t], t] = t
    same = (weight == weight[before]).all(axis=2) & (per_unit == per_unit[before]).all(axis=2)
    return {
        "step_of": steps,
        "before": before,
        "again": first_at[into_year, np.arange(1, quarters + 1)],
        "first_at": first_at,
        "every": np.arange(quarters + 1),
        "rises": ints(~same.ravel() | (before.ravel() < 0)).reshape(2, -1),
    }


def _yields(need: Demand) -> list[list[tuple[int, float]]]:
    """For every product the capabilities that it brings, and how much."""
    return [[(int(c), float(column[c])) for c in np.flatnonzero(column)] for column in need.yields.T]


def _weights(need: Demand) -> tuple[Reals, Reals]:
    """Share of every capability in coverage, and what one unit of it brings to that, [quarters, capabilities]."""
    known = ~np.isnan(need.required)
    weight = np.where(known, need.weights[:, None], 0.0)
    total = weight.sum(axis=0)
    weight = weight / np.where(total > 0, total, 1.0)
    per_unit = np.where(known, weight / np.where(known, need.required, 1.0), 0.0)
    return np.ascontiguousarray(weight.T), np.ascontiguousarray(per_unit.T)


def _items(
    programme: Programme, subject_at: Mapping[str, int], supplies: Mapping[str, list[Supply]], alive: set[int]
) -> dict[str, Any]:
    """What shocks can take: items and, under the name of the subject, its technical assurance."""
    freed = dict(programme.items.select("id", "replaced_by").iter_rows())
    at = {name: i for i, name in enumerate(supplies)}
    product_at = {name: i for i, name in enumerate(programme.products["id"].to_list())}
    used: list[list[tuple[int, float]]] = [[] for _ in supplies]
    for product, losses in path_losses(programme).items():
        for name, lost in losses.items():
            if name in at and lost > 0 and product_at[product] in alive:
                used[at[name]].append((product_at[product], lost))
    by = [name if name in subject_at else freed[name] for name in supplies]
    rows = [(share, months) for part in supplies.values() for _, share, months in part]
    return {
        "item_ptr": pointers(list(supplies.values())),
        "item_share": np.array([sum(share for _, share, _ in part) for part in supplies.values()]),
        "item_freed_by": ints(-1 if name is None else subject_at[name] for name in by),
        "used_ptr": pointers(used),
        "used_product": flat([[q for q, _ in part] for part in used]),
        "used_lost": np.array([lost for part in used for _, lost in part], dtype=np.float64),
        "supply_share": np.array([share for share, _ in rows], dtype=np.float64),
        "supply_months": np.array([months for _, months in rows], dtype=np.float64),
    }


def firm_obligations(programme: Programme) -> list[Row]:
    """Obligations whose amount must be in service in a quarter of the horizon."""
    every = programme.settings.obligations_firm
    return [
        row
        for row in programme.obligations.iter_rows(named=True)
        if row["capability"] and row["amount"] is not None and (row["firm"] or every)
        if 0 <= programme.quarter(row["due"]) < programme.n_quarters
    ]


def _dues(programme: Programme, need: Demand) -> dict[str, Any]:
    rows = firm_obligations(programme)
    yields = [need.yields[need.capabilities.index(row["capability"])] for row in rows]
    products = [np.flatnonzero(amounts).tolist() for amounts in yields]
    brought = [float(amounts[q]) for amounts, part in zip(yields, products, strict=True) for q in part]
    return {
        "due_quarter": ints(programme.quarter(row["due"]) for row in rows),
        "due_amount": np.array([row["amount"] for row in rows], dtype=np.float64),
        "due_ptr": pointers(products),
        "due_product": flat(products),
        "due_yield": np.array(brought, dtype=np.float64),
    }
