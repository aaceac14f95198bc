"""Money, people and limits as arrays."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from khien.plan.frames.money import by_year, obligation_years, training_spend
from khien.plan.frames.people import people_by_quarter
from khien.plan.frames.replay import Replay
from khien.stress.core.model import Ints
from khien.stress.projects_in import ints

Row = dict[str, Any]


def mean_arrays(replay: Replay) -> dict[str, Any]:
    """All arrays of money, people and limits, by name."""
    settings, years = replay.programme.settings, replay.when.years
    limits = replay.programme.limits.to_dicts()
    shares = [Fraction(Decimal(str(row["share"]))) if row["share"] is not None else Fraction(0) for row in limits]
    first, last = years[0], years[-1]

    def year(value: int | None, default: int) -> int:
        return (default if value is None else min(max(value, first - 1), last + 1)) - first

    return {
        "income": income(replay),
        "charged": charged(replay),
        "reserve": int(settings.reserve_mvnd),
        "carry_over": int(settings.carry_over),
        "free": free_people(replay),
        "there": supply_alone(replay),
        "ceiling": ints(row["kind"] == "ceiling" for row in limits),
        "bar": ints(-1 if row["amount_mvnd"] is None else row["amount_mvnd"] for row in limits),
        "share_num": ints(share.numerator for share in shares),
        "share_den": ints(share.denominator for share in shares),
        "first_year": ints(max(0, year(row["from_year"], first)) for row in limits),
        "last_year": ints(min(len(years) - 1, year(row["to_year"], last)) for row in limits),
    }


def limits_of(replay: Replay, rows: list[Row]) -> list[list[int]]:
    """For every chosen project the limits that count it."""
    limits = replay.programme.limits.select("over", "key").rows()
    columns = ("group", "partner", "country", "risk_class", "form")
    return [
        [
            x
            for x, (over, key) in enumerate(limits)
            if over == "all" or (over in columns and row[over] == key and key is not None)
        ]
        for row in rows
    ]


def income(replay: Replay) -> Ints:
    """Money in by year of the horizon."""
    years = replay.when.years
    found = np.zeros(len(years), dtype=np.int64)
    for year, amount in replay.programme.money.select("year", "amount_mvnd").iter_rows():
        if year in years:
            found[year - years[0]] += amount
    return found


def charged(replay: Replay) -> Ints:
    """Training and obligations by year."""
    found: Ints = by_year(replay, training_spend(replay)).astype(np.int64)
    for row in replay.programme.obligations.iter_rows(named=True):
        if row["cost_mvnd"]:
            for year in obligation_years(replay, row["from_year"], row["due"]):
                found[year - replay.when.years[0]] += row["cost_mvnd"]
    return found


def free_people(replay: Replay) -> Ints:
    """People there are, trained ones included, less what obligations take, [skills, quarters]."""
    nobody = Replay(replay.programme, replay.picks.head(0), replay.training)
    frame = people_by_quarter(nobody)
    free = (frame["supply"] - frame["need"]).to_numpy().astype(np.int64)
    return free.reshape(-1, replay.when.quarters) if len(free) else np.zeros((0, replay.when.quarters), np.int64)


def supply_alone(replay: Replay) -> Ints:
    """People by skill_supply alone, which a drain takes from, [skills, quarters]."""
    nobody = Replay(replay.programme, replay.picks.head(0), replay.training.head(0))
    supply = people_by_quarter(nobody)["supply"].to_numpy().astype(np.int64)
    return supply.reshape(-1, replay.when.quarters) if len(supply) else np.zeros((0, replay.when.quarters), np.int64)
