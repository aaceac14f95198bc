"""Money of a plan by year and by who gets it. Method page: docs/methods/money.md."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.plan.frames.replay import Replay

MONEY = {"year": pl.Int64, "kind": pl.String, "source": pl.String, "amount_mvnd": pl.Int64}
SPEND_BY = {"kind": pl.String, "key": pl.String, "year": pl.Int64, "amount_mvnd": pl.Int64}


def by_year(replay: Replay, per_quarter: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum the last axis (quarters) over each year."""
    starts = np.unique(replay.when.first_of)
    return np.add.reduceat(per_quarter, starts, axis=-1)


def training_spend(replay: Replay) -> NDArray[np.int64]:
    """Cost of the cohorts by quarter, charged in the quarter in which they start."""
    cost = dict(zip(*(replay.programme.training[c].to_list() for c in ("skill", "cost_mvnd")), strict=True))
    charged = np.zeros(replay.when.quarters, dtype=np.int64)
    for skill, start, cohorts in replay.training.select("skill", "start", "cohorts").iter_rows():
        charged[start] += cohorts * cost[skill]
    return charged


def obligation_years(replay: Replay, from_year: int | None, due: str) -> list[int]:
    """Years of the horizon from `from_year` (or the first) to the year in which the obligation is due."""
    return [y for y in replay.when.years if (from_year is None or y >= from_year) and y <= int(due[:4])]


def money_by_year(replay: Replay) -> pl.DataFrame:
    """See `khien.plan.frames.money_by_year`."""
    years = replay.when.years
    rows: list[tuple[int, str, str | None, int]] = []
    for year, source, amount in (
        replay.programme.money.select("year", "source", "amount_mvnd").sort("source", "year").iter_rows()
    ):
        if year in years:
            rows.append((year, "income", source, amount))
    spend = by_year(replay, replay.spend.sum(axis=0))
    trained = by_year(replay, training_spend(replay))
    rows += [(y, "spend", None, int(a)) for y, a in zip(years, spend, strict=True)]
    rows += [(y, "training", None, int(a)) for y, a in zip(years, trained, strict=True)]
    for row in replay.programme.obligations.sort("id").iter_rows(named=True):
        if row["cost_mvnd"]:
            for year in obligation_years(replay, row["from_year"], row["due"]):
                rows.append((year, "obligation", row["id"], row["cost_mvnd"]))
    rows += _cash(rows, years, bool(replay.programme.settings.carry_over))
    return pl.DataFrame(rows, schema=MONEY, orient="row").sort("year", "kind", "source", nulls_last=True)


def _cash(
    rows: list[tuple[int, str, str | None, int]], years: list[int], carry_over: bool
) -> list[tuple[int, str, str | None, int]]:
    """What is left at the end of each year: cumulated where unspent money passes on."""
    left = dict.fromkeys(years, 0)
    for year, kind, _, amount in rows:
        left[year] += amount if kind == "income" else -amount
    cash: list[tuple[int, str, str | None, int]] = []
    before = 0
    for year in years:
        before = left[year] + (before if carry_over else 0)
        cash.append((year, "cash_end", None, before))
    return cash


def spend_by(replay: Replay) -> pl.DataFrame:
    """See `khien.plan.frames.spend_by`."""
    years = by_year(replay, replay.spend)
    long = replay.picks.select("partner", "country", "form", "group", "risk_class").with_columns(
        pl.Series("amount_mvnd", years, dtype=pl.Array(pl.Int64, years.shape[1]))
        if len(years)
        else pl.lit(None, dtype=pl.Array(pl.Int64, years.shape[1])).alias("amount_mvnd"),
        pl.lit(replay.when.years, dtype=pl.List(pl.Int64))
        .list.to_array(len(replay.when.years))
        .alias("year"),
    )
    long = long.explode("amount_mvnd", "year").filter(pl.col("amount_mvnd") != 0)
    parts = [
        long.filter(pl.col(kind).is_not_null())
        .group_by(pl.lit(kind).alias("kind"), pl.col(kind).alias("key"), "year")
        .agg(pl.col("amount_mvnd").sum())
        for kind in ("partner", "country", "form", "group", "risk_class")
    ]
    return pl.concat([p.select(pl.col(c).cast(d) for c, d in SPEND_BY.items()) for p in parts]).sort(
        "kind", "key", "year"
    )
