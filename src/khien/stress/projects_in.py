"""Chosen projects as arrays, in an order in which nothing waits for what stands further down."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from khien.plan.frames.replay import Replay
from khien.programme.planned import profile_parts
from khien.stress.chances import constant_tables, cost_tables, duration_steps, places_of
from khien.stress.core.model import LUCK_BITS, Ints, pointers

Row = dict[str, Any]
UNKNOWN = -1


def ordered_rows(replay: Replay) -> list[Row]:
    """Chosen projects as rows with all that their option says, in order of replay.

    Besides what `picked` gives a row has `stream` (row of the project in its table), the three-point
    estimates, `order` (of its stage), `waits` (what comes before, lag) and `stands` (any of these must end).
    """
    programme = replay.programme
    stream = {name: i for i, name in enumerate(programme.projects["id"].to_list())}
    stage = dict(programme.stages.select("id", "order").iter_rows())
    options = {row["id"]: row for row in programme.options.iter_rows(named=True)}
    rows = {row["project"]: row for row in replay.picks.iter_rows(named=True)}
    for name, row in rows.items():
        option = options[row["option"]]
        row |= {key: option[key] for key in option if key.startswith(("duration_", "cost_"))} | {
            "cost_mvnd": row["cost_mvnd"],
            "duration_quarters": row["duration_quarters"],
            "stream": stream[name],
            "order": stage[row["to_stage"]],
            "waits": [],
            "stands": [],
        }
    _add_waits(replay, rows)
    _add_stands(replay, rows, stage)
    return _in_order(rows)


def _add_waits(replay: Replay, rows: Mapping[str, Row]) -> None:
    for before, after, lag in replay.programme.precedences.select("before", "after", "lag_quarters").iter_rows():
        if after in rows and before in rows and not rows[after]["fixed"]:
            rows[after]["waits"].append((before, lag or 0))


def _add_stands(replay: Replay, rows: Mapping[str, Row], stage: Mapping[str, int]) -> None:
    """Rule 5: what brings a subject to the stage just below, of what ends in time as planned."""
    programme, threshold = replay.programme, replay.programme.settings.mastery_threshold
    level = dict(programme.options.select("id", "level").iter_rows())
    reached: dict[str, int] = defaultdict(lambda: UNKNOWN)
    for subject, at, mature in programme.maturity.select("subject", "stage", "level").iter_rows():
        if mature >= threshold:
            reached[subject] = max(reached[subject], stage[at])
    leads: dict[str, list[int]] = defaultdict(list)
    for subject, to, status, option in programme.projects.select("subject", "to_stage", "status", "option").iter_rows():
        if status == "done" and level[option] >= threshold:
            reached[subject] = max(reached[subject], stage[to])
        if status in ("candidate", "committed", "running"):
            leads[subject].append(stage[to])
    mine: dict[str, list[str]] = defaultdict(list)
    for name, row in rows.items():
        if row["level"] >= threshold:
            mine[row["subject"]].append(name)
    for row in rows.values():
        lower = [order for order in stage.values() if order < row["order"]]
        leap = not any(order < row["order"] for order in leads[row["subject"]])
        if row["fixed"] or not lower or leap or reached[row["subject"]] >= max(lower):
            continue
        row["stands"] = [
            other
            for other in mine[row["subject"]]
            if max(lower) <= rows[other]["order"] < row["order"] and rows[other]["end"] <= row["start"]
        ]


def _in_order(rows: Mapping[str, Row]) -> list[Row]:
    """By planned start, but never before what is waited for."""
    after: dict[str, list[str]] = defaultdict(list)
    missing = dict.fromkeys(rows, 0)
    for name, row in rows.items():
        for before in {b for b, _ in row["waits"]} | set(row["stands"]):
            after[before].append(name)
            missing[name] += 1
    ready = [(row["start"], row["stream"], name) for name, row in rows.items() if not missing[name]]
    heapq.heapify(ready)
    found: list[Row] = []
    while ready:
        name = heapq.heappop(ready)[2]
        found.append(rows[name])
        for other in after[name]:
            missing[other] -= 1
            if not missing[other]:
                heapq.heappush(ready, (rows[other]["start"], rows[other]["stream"], other))
    return found


def project_arrays(
    replay: Replay,
    rows: list[Row],
    vary: tuple[str, ...],
    subject_at: Mapping[str, int],
    limits_of: list[list[int]],
    hit_by: list[list[int]],
) -> dict[str, Any]:
    """All arrays of the chosen projects, by name."""
    settings, programme = replay.programme.settings, replay.programme
    at = {row["project"]: i for i, row in enumerate(rows)}
    skills = {name: i for i, name in enumerate(programme.skills["id"].sort().to_list())}
    ceilings = [kind == "ceiling" and bar is not None for kind, bar in programme.limits["kind", "amount_mvnd"].rows()]
    service = int(programme.stages.filter("service")["order"][0])
    steps = [_steps(row, "time" in vary) for row in rows]
    efforts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for option, skill, people in programme.efforts.select("option", "skill", "people").iter_rows():
        if people:
            efforts[option].append((skills[skill], people))
    parts = [np.cumsum([0, *profile_parts(row["spend_profile"])]).tolist() for row in rows]
    waits = [[(at[b], lag) for b, lag in row["waits"]] for row in rows]
    stands = [[at[b] for b in row["stands"]] for row in rows]
    needs = [efforts[row["option"]] for row in rows]
    caps = [[x for x in part if ceilings[x]] for part in limits_of]
    groups = list(dict.fromkeys(tuple(part) for part in hit_by))

    def brings(row: Row) -> int:
        if row["order"] < service or row["level"] < settings.mastery_threshold:
            return 0
        home = (row["domestic_share"] or 0.0) >= settings.domestic_threshold
        return 2 if home and row["completeness"] >= settings.transfer_threshold else 1

    return {
        "stream": ints(row["stream"] for row in rows),
        "planned": ints(row["start"] for row in rows),
        "duration": ints(row["duration_quarters"] for row in rows),
        "cost": (costs := ints(row["cost_mvnd"] for row in rows)),
        "fixed": ints(row["fixed"] for row in rows),
        "latest": ints(latest_starts(replay, rows)),
        "spent": ints(UNKNOWN if row["charged_before"] is None else row["charged_before"] for row in rows),
        "settled": (settled := ints(row["end"] <= 0 for row in rows)),
        "idle": settled,
        "success": ints(places_of(row["success_share"] if "success" in vary else 1.0, LUCK_BITS) for row in rows),
        "subject": ints(subject_at[row["subject"]] for row in rows),
        "brings": ints(brings(row) for row in rows),
        "foreign": ints(row["foreign"] for row in rows),
        "low": ints(low for low, _ in steps),
        "time_ptr": pointers([places for _, places in steps]),
        "time_at": flat([places for _, places in steps]),
        "cost_table": cost_tables(_costs(rows)) if "cost" in vary else constant_tables(costs),
        "spend_ptr": pointers(parts),
        "spend_parts": flat(parts),
        "wait_ptr": pointers(waits),
        "wait_for": flat([[b for b, _ in part] for part in waits]),
        "wait_lag": flat([[lag for _, lag in part] for part in waits]),
        "stage_ptr": pointers(stands),
        "stage_by": flat(stands),
        "effort_ptr": pointers(needs),
        "effort_skill": flat([[s for s, _ in part] for part in needs]),
        "effort_people": flat([[n for _, n in part] for part in needs]),
        "limit_ptr": pointers(limits_of),
        "limit": flat(limits_of),
        "cap_ptr": pointers(caps),
        "cap": flat(caps),
        "hit_group": ints(groups.index(tuple(part)) for part in hit_by),
        "hit_ptr": pointers([list(group) for group in groups]),
        "hit_by": flat([list(group) for group in groups]),
    }


def _steps(row: Row, drawn: bool) -> tuple[int, list[int]]:
    if not drawn or row["end"] <= 0:
        return row["duration_quarters"], []
    three = [row[f"duration_{part}_quarters"] for part in ("low", "mode", "high")]
    return duration_steps(three[0], three[1], three[2], max(0, -row["start"]))


def _costs(rows: list[Row]) -> pl.DataFrame:
    columns = [f"cost_{part}_mvnd" for part in ("low", "mode", "high")]
    return pl.DataFrame({c: [row[c] for row in rows] for c in columns}, schema=dict.fromkeys(columns, pl.Int64))


def latest_starts(replay: Replay, rows: list[Row]) -> list[int]:
    """Last quarter in which each may start: its window, and the agreements that cover its option."""
    programme, last = replay.programme, replay.when.quarters - 1
    windows = dict(programme.projects.select("id", "latest").iter_rows())
    agreements = programme.agreements.to_dicts() if programme.settings.agreements_bind else []
    found = []
    for row in rows:
        late = windows[row["project"]]
        allowed = last if late is None else min(last, programme.quarter(late))
        if agreements and row["foreign"]:
            covering = [a["until"] for a in agreements if _covers(a, row)]
            ends = [last if until is None else programme.quarter(until) for until in covering]
            allowed = min(allowed, max(ends, default=-1))
        found.append(allowed)
    return found


def _covers(agreement: Row, row: Row) -> bool:
    forms = [form.strip() for form in agreement["forms"].split(";")]
    party = agreement["party"] in (row["partner"], row["country"])
    return party and row["form"] in forms and agreement["group"] in (None, row["group"])


def ints(values: Any) -> Ints:
    """Whole numbers (or yes and no) as an array."""
    return np.array([int(value) for value in values], dtype=np.int64)


def flat(parts: list[list[int]]) -> Ints:
    """Parts laid end to end."""
    return np.array([value for part in parts for value in part], dtype=np.int64)
