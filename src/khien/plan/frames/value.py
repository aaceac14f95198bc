"""Coverage and self-reliance of a plan, by quarter and by year, and its value.

Method pages: docs/methods/coverage.md, docs/methods/self-reliance.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from khien.plan.frames.replay import Replay
from khien.plan.futures import draw, weighed
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings
from khien.programme import Programme
from khien.reliance import dependencies
from khien.reliance.coverage import (
    Demand,
    Matrix,
    coverage_matrix,
    cut_output,
    demand,
    in_service_matrix,
    programme_coverage,
)

QUARTERS_PER_YEAR = 4


@dataclass(frozen=True)
class Outcome:
    """What a plan reaches, over capabilities and quarters; not a number where nothing is required."""

    need: Demand
    amount: Matrix  # yields in service
    covered: Matrix
    reliant: Matrix
    coverage: Matrix  # of the programme, [quarters]
    self_reliance: Matrix


def outcome(replay: Replay) -> Outcome:
    """Work out coverage and self-reliance of every capability and quarter."""
    need, held = demand(replay.programme), replay.held
    output = in_service_matrix(need, held.service)
    left = cut_output(
        need,
        dependencies(replay.programme),
        held.cut_service,
        held.cut_at_home,
        int(replay.programme.settings.cut_quarters),
    )
    covered, reliant = coverage_matrix(need, output), coverage_matrix(need, left)
    return Outcome(
        need,
        need.yields @ output,
        covered,
        reliant,
        programme_coverage(need, covered),
        programme_coverage(need, reliant),
    )


def discounts(replay: Replay) -> Matrix:
    """Weight of every quarter in the value: a quarter of the discount factor of its year."""
    years = replay.when.year_of - replay.when.year_of[0]
    factor: Matrix = (1.0 + float(replay.programme.settings.discount_rate)) ** -years.astype(np.float64)
    return factor / QUARTERS_PER_YEAR


def worth(replay: Replay) -> float:
    """Discounted coverage plus the weight times discounted self-reliance; nothing required counts 0."""
    reached = outcome(replay)
    weight = float(replay.programme.settings.reliance_weight)
    score = np.nan_to_num(reached.coverage) + weight * np.nan_to_num(reached.self_reliance)
    return float(discounts(replay) @ score)


def weighed_worth(replay: Replay, settings: PlanSettings) -> float:
    """`worth`, or over the sampled futures that the settings ask for: mean and tail, weighed.

    What fails in a future brings nothing there; everything else goes on as planned.
    """
    if not settings.scenarios:
        return worth(replay)
    programme = replay.programme
    options = programme.options.select("id", "project", "success_share").iter_rows()
    success = draw(programme.projects["id"].to_list(), options, settings.scenarios, settings.seed)
    known: dict[tuple[bool, ...], float] = {}
    values = []
    for k in range(settings.scenarios):
        fate = tuple(bool(success[option][k]) for option in replay.picks["option"])
        if fate not in known:
            known[fate] = worth(Replay(programme, replay.picks.filter(list(fate)), replay.training))
        values.append(known[fate])
    return weighed(values, settings.tail_weight)


def plan_value(programme: Programme, plan: Plan) -> float:
    """Value of a plan, worked out anew from its choices; over sampled futures if it was made for them."""
    return weighed_worth(Replay.of(programme, plan), plan.settings)


def yearly(replay: Replay) -> pl.DataFrame:
    """See `coverage_by_year`."""
    reached = outcome(replay)
    need, years = reached.need, replay.when.years
    spans = [replay.when.quarters_of(year, year) for year in years]

    def mean(matrix: Matrix) -> list[float]:
        return [
            float(matrix[..., span].mean(axis=-1)[c]) for c in range(len(need.capabilities)) for span in spans
        ]

    def whole(row: Matrix) -> list[float | None]:
        return [_mean_of_known(row[span]) for span in spans]

    count, missing = len(need.capabilities), pl.Series([None] * len(years), dtype=pl.Float64)
    overall = pl.DataFrame(
        {
            "year": years,
            "capability": ["all"] * len(years),
            "coverage": pl.Series(whole(reached.coverage), dtype=pl.Float64),
            "self_reliance": pl.Series(whole(reached.self_reliance), dtype=pl.Float64),
            "required": missing,
            "yield_amount": missing,
        }
    )
    each = pl.DataFrame(
        {
            "year": years * count,
            "capability": pl.Series([c for c in need.capabilities for _ in years], dtype=pl.String),
            "coverage": mean(reached.covered),
            "self_reliance": mean(reached.reliant),
            "required": mean(need.required),
            "yield_amount": mean(reached.amount),
        }
    )
    return pl.concat([overall, each.filter(pl.col("required").is_not_nan())])


def _mean_of_known(values: Matrix) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
