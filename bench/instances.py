"""Other people's programme-planning instances written down as the engine's problem.

Format: JSON (xz) with projects, modes, budgets per year, people per pool and quarter, partner shares,
area targets at milestones. Money in 0.1 million, 80 quarters from 2026.
"""

from __future__ import annotations

import json
import lzma
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from khien.plan.core.build import Builder
from khien.plan.core.problem import Problem


def load(path: str | Path) -> dict[str, Any]:
    """The instance as plain data."""
    path = Path(path)
    data = path.read_bytes()
    if path.suffix == ".xz":
        data = lzma.decompress(data)
    instance: dict[str, Any] = json.loads(data)
    return instance


def to_problem(d: dict[str, Any]) -> Problem:
    """Additive value per option and completion quarter, milestone shortfalls as goals."""
    b = Builder(d["quarters"])
    b.funds = list(d["budget_per_year"])
    for caps in d["people_capacity"]:
        b.add_pool(np.array(caps))
    short = d["penalty_short"]
    for targets in d["area_target"]:
        a = b.add_accumulator()
        for year, target in zip(d["milestones_year_index"], targets, strict=True):
            b.add_goal(a, 4 * year, float(target), float(short))
            b.constant -= short * target
    shares = [Fraction(str(c)) for c in d["partner_share_cap"]]
    for _ in shares:
        b.add_row(0, d["quarters"], 0)
    finished = [b.add_condition() for _ in d["projects"]]
    for p in d["projects"]:
        b.add_project()
        if p["must"]:
            b.constant -= p["must_penalty"]
        for m in p["modes"]:
            _add_mode(b, d, p, m, shares, finished)
        for q in p["preds"]:
            b.add_request(p["id"], finished[q])
    return b.build()


def _add_mode(
    b: Builder, d: dict[str, Any], p: dict[str, Any], m: dict[str, Any], shares: list[Fraction], finished: list[int]
) -> None:
    dur, T = m["duration"], d["quarters"]
    value = np.zeros(T)
    ends = np.arange(dur, T + 1)
    value[: T - dur + 1] = m["benefit"] * np.array(d["value_table"][p["area"]], dtype=float)[ends]
    if p["must"]:
        value += p["must_penalty"]
    people = {k: v for k, v in enumerate(m["people"]) if v}
    o = b.add_option(p["id"], dur, [m["cost_per_quarter"]] * dur, people, value=value)
    for k, cap in enumerate(shares):
        own = 1 if m["partner"] == k else 0
        b.options[o].rows[k] = own * cap.denominator - cap.numerator
    b.add_member(finished[p["id"]], o)
    c = b.add_condition()
    b.add_member(c, o)
    b.add_unit([c], [(p["area"], [float(m["benefit"])] * 4)])


def value_of(d: dict[str, Any], chosen: dict[int, tuple[int, int]]) -> int:
    """Objective of a plan {project: (mode, start)}, straight from the format's definition."""
    total = 0
    level: dict[tuple[int, int], int] = {}
    for p in d["projects"]:
        if p["id"] not in chosen:
            total -= p["must_penalty"] if p["must"] else 0
            continue
        mode, start = chosen[p["id"]]
        m = p["modes"][mode]
        end = start + m["duration"]
        total += m["benefit"] * d["value_table"][p["area"]][end]
        for k, year in enumerate(d["milestones_year_index"]):
            if end <= 4 * year:
                level[p["area"], k] = level.get((p["area"], k), 0) + m["benefit"]
    for a, targets in enumerate(d["area_target"]):
        for k, target in enumerate(targets):
            total -= d["penalty_short"] * max(0, target - level.get((a, k), 0))
    return total


def violations(d: dict[str, Any], chosen: dict[int, tuple[int, int]]) -> list[str]:
    """Every broken rule of the format, in words; no code shared with the engine."""
    out: list[str] = []
    T = d["quarters"]
    people = [[0] * T for _ in d["people_capacity"]]
    years = [0] * d["years"]
    by_partner: dict[int, int] = {}
    spend = 0
    for i, (mode, start) in chosen.items():
        m = d["projects"][i]["modes"][mode]
        end = start + m["duration"]
        if start < 0 or end > T:
            out.append(f"project {i} runs {start}..{end}, outside 0..{T}")
            continue
        for q in d["projects"][i]["preds"]:
            if q not in chosen:
                out.append(f"project {i} needs {q}, which is not chosen")
            elif chosen[q][1] + d["projects"][q]["modes"][chosen[q][0]]["duration"] > start:
                out.append(f"project {i} starts before {q} has ended")
        for t in range(start, end):
            years[t // 4] += m["cost_per_quarter"]
            for k, v in enumerate(m["people"]):
                people[k][t] += v
        cost = m["duration"] * m["cost_per_quarter"]
        spend += cost
        by_partner[m["partner"]] = by_partner.get(m["partner"], 0) + cost
    for y, (used, budget) in enumerate(zip(years, d["budget_per_year"], strict=True)):
        if used > budget:
            out.append(f"year {y}: spends {used} of {budget}")
    for k, caps in enumerate(d["people_capacity"]):
        out += [f"pool {k} quarter {t}: {people[k][t]} of {caps[t]}" for t in range(T) if people[k][t] > caps[t]]
    for k, cap in enumerate(d["partner_share_cap"]):
        if by_partner.get(k, 0) > Fraction(str(cap)) * spend:
            out.append(f"partner {k}: {by_partner[k]} of {spend}, above {cap}")
    return out
