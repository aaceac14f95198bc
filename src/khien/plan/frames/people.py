"""People that a plan needs, against those there are. Method page: docs/methods/people.md."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.plan.frames.money import obligation_years
from khien.plan.frames.replay import Replay

Heads = NDArray[np.int64]


def people_by_quarter(replay: Replay) -> pl.DataFrame:
    """See `khien.plan.frames.people_by_quarter`."""
    skills = replay.programme.skills["id"].sort().to_list()
    at = {name: i for i, name in enumerate(skills)}
    quarters = replay.when.quarters
    need, supply = _need(replay, at), _supply(replay, at)
    labels = [replay.programme.label(q) for q in range(quarters)]
    return pl.DataFrame(
        {
            "skill": pl.Series([s for s in skills for _ in range(quarters)], dtype=pl.String),
            "quarter": np.tile(np.arange(quarters), len(skills)),
            "quarter_label": pl.Series(labels * len(skills), dtype=pl.String),
            "need": need.ravel(),
            "supply": supply.ravel(),
        }
    )


def _need(replay: Replay, at: dict[str, int]) -> Heads:
    """Heads that running options and obligations need, [skills, quarters]."""
    need = np.zeros((len(at), replay.when.quarters), dtype=np.int64)
    used = replay.picks.select("option", "start", "end").join(replay.programme.efforts, on="option")
    for skill, people, start, end in used.select("skill", "people", "start", "end").iter_rows():
        need[at[skill], max(0, start) : max(0, end)] += people
    for row in replay.programme.obligations.iter_rows(named=True):
        if row["skill"] is not None and row["people"]:
            years = obligation_years(replay, row["from_year"], row["due"])
            need[at[row["skill"]], np.isin(replay.when.year_of, years)] += row["people"]
    return need


def _supply(replay: Replay, at: dict[str, int]) -> Heads:
    """Heads there are, trained ones included, [skills, quarters]."""
    supply = np.zeros((len(at), replay.when.quarters), dtype=np.int64)
    for skill, from_year, people in (
        replay.programme.skill_supply.sort("skill", "from_year")
        .select("skill", "from_year", "people")
        .iter_rows()
    ):
        supply[at[skill], replay.when.quarters_of(from_year, None)] = people
    trained = replay.training.join(replay.programme.training, on="skill")
    columns = ("skill", "start", "cohorts", "duration_quarters", "people_per_cohort")
    for skill, start, cohorts, duration, people in trained.select(columns).iter_rows():
        supply[at[skill], start + duration :] += cohorts * people
    return supply
