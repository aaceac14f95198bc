"""The run that asks "what if" of a plan: goes on from it under other settings, and says what moved and why."""

from __future__ import annotations

import dataclasses
from typing import Any

from khien.office.jobs.kinds import Work
from khien.office.jobs.plan import headline, no_plan, teller
from khien.office.jobs.told import both, figure, names_of, spoken, table
from khien.plan import NoPlan, load_plan
from khien.plan.ask.whatif import asked, what_if

MOST = 200


def do(work: Work) -> dict[str, Any]:
    """Plan again, write the new `plan.json`, return its headline with all that moved.

    Raises:
        NoAnswer: no plan exists under what was asked.
    """
    before = load_plan(work.inputs["plan.json"])
    changes = {name: _frozen(value) for name, value in work.settings.items()}
    settings = dataclasses.replace(asked(before, **changes), seed=work.seed, work=None)
    try:
        told = what_if(work.programme, before, settings, teller(work, settings.time_limit))
    except NoPlan as clash:
        raise no_plan(clash) from clash
    told.after.save(work.folder / "plan.json")
    order = {"in": 0, "out": 1, "option": 2, "moved": 3}
    moves = sorted(told.moves.to_dicts(), key=lambda row: (order[row["change"]], row["project"]))[:MOST]
    names = names_of(work.programme)
    skills = {row["id"]: both(row) for row in work.programme.skills.iter_rows(named=True)}
    rows = [row | {"name": names[row["project"]], "why": spoken(both(row, "why"), names)} for row in moves]
    columns = "name/project:text before:text after:text cost_mvnd/cost:whole why:text"
    freed = "before:whole after:whole freed:whole"
    money, people = (told.freed.filter(told.freed["kind"] == kind).to_dicts() for kind in ("money", "people"))
    people = [row | {"key": skills.get(row["key"], row["key"])} for row in people]
    return headline(work, told.after) | {
        "figures": [
            figure("value_before", before.value, "number"),
            figure("value_after", told.after.value, "number"),
            figure("moves", told.moves.height, "whole"),
        ],
        "tables": [
            table("what_moved", columns, rows),
            table("freed_money", f"key/year:text {freed}", money),
            table("freed_people", f"key/skill:text {freed}", people),
        ],
    }


def _frozen(value: Any) -> Any:
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value
