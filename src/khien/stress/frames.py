"""The tables of a stress test, out of what was counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from khien.plan.frames.money import money_by_year
from khien.plan.frames.value import yearly
from khien.stress.build import Case
from khien.stress.compare import Answer
from khien.stress.core.model import Ints
from khien.stress.core.tally import FINE, SHARE_BINS, Scale, Tally
from khien.stress.effects_in import firm_obligations

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
COLUMNS = tuple(f"q{round(100 * q):02d}" for q in QUANTILES)

Row = dict[str, Any]


def places(bins: Ints, shares: Iterable[float] = QUANTILES) -> list[int]:
    """For every share the first bin at which that share of all counts is reached."""
    reached = np.cumsum(bins)
    return [int(np.searchsorted(reached, max(1, np.ceil(share * reached[-1])))) for share in shares]


def shares_by_year(case: Case, tally: Tally, count: int) -> pl.DataFrame:
    """Coverage and self-reliance by year.

    Columns: year, measure ("coverage", "self_reliance"), planned, mean, q01 to q99 (0 to 1). Quantiles are right
    to 0.00005. Years in which nothing is required are left out.
    """
    planned = yearly(case.replay).filter(pl.col("capability") == "all")
    rows: list[Row] = []
    for which, measure in enumerate(("coverage", "self_reliance")):
        for y, row in enumerate(planned.iter_rows(named=True)):
            if row[measure] is None:
                continue
            found = [at / SHARE_BINS for at in places(tally.share_bins[which, y])]
            rows.append(
                {"year": row["year"], "measure": measure, "planned": row[measure]}
                | {"mean": float(tally.share_sum[which, y] / FINE / count)}
                | dict(zip(COLUMNS, found, strict=True))
            )
    return pl.DataFrame(rows, schema=_schema({"year": pl.Int64, "measure": pl.String}, "planned", "mean"))


def money(case: Case, tally: Tally, scale: Scale, count: int) -> pl.DataFrame:
    """Spending of options and what is left, by year.

    Columns: year, kind ("spend", "cash_end"), planned_mvnd, mean_mvnd, q01 to q99 (million VND),
    resolution_mvnd: quantiles are right to half of it, the outermost where they lie in the first or last bin
    at least or at most so.
    """
    frame = money_by_year(case.replay)
    rows: list[Row] = []
    for which, kind in enumerate(("spend", "cash_end")):
        planned = dict(frame.filter(pl.col("kind") == kind).select("year", "amount_mvnd").iter_rows())
        for y, year in enumerate(case.replay.when.years):
            low, width = int(scale.low[which, y]), int(scale.width[which, y])
            found = [float(low + at * width + width // 2) for at in places(tally.money_bins[which, y])]
            rows.append(
                {"year": year, "kind": kind, "planned_mvnd": float(planned[year])}
                | {"mean_mvnd": float(tally.money_sum[which, y]) / count}
                | dict(zip(COLUMNS, found, strict=True))
                | {"resolution_mvnd": width}
            )
    first = {"year": pl.Int64, "kind": pl.String}
    return pl.DataFrame(rows, schema=_schema(first, "planned_mvnd", "mean_mvnd") | {"resolution_mvnd": pl.Int64})


def finishes(case: Case, tally: Tally, count: int) -> pl.DataFrame:
    """When projects end.

    Columns: project, name_vi, name_en, planned_end (quarter index, end exclusive), planned_quarter (last one in
    which it runs), q05_end, q50_end, q95_end (null: after the horizon, or left out), mean_late_quarters (of the
    draws in which it is carried out), on_time_share, in_horizon_share, left_out_share, success_share.
    """
    label, last = case.replay.programme.label, case.replay.when.quarters
    rows = []
    for i, row in enumerate(case.rows):
        bins = tally.end_bins[i]
        ends = [at if at < last else None for at in places(bins, (0.05, 0.5, 0.95))]
        carried = count - int(bins[last + 1])
        rows.append(
            {
                "project": row["project"],
                "name_vi": row["name_vi"],
                "name_en": row["name_en"],
                "planned_end": row["end"],
                "planned_quarter": label(row["end"] - 1),
                "q05_end": ends[0],
                "q50_end": ends[1],
                "q95_end": ends[2],
                "mean_late_quarters": float(tally.late_sum[i]) / carried if carried else None,
                "on_time_share": float(bins[: min(max(row["end"], 0), last) + 1].sum()) / count,
                "in_horizon_share": float(bins[:last].sum()) / count,
                "left_out_share": float(bins[last + 1]) / count,
                "success_share": float(tally.success[i]) / count,
            }
        )
    return pl.DataFrame(rows, schema=FINISHES)


FINISHES = {
    "project": pl.String,
    "name_vi": pl.String,
    "name_en": pl.String,
    "planned_end": pl.Int64,
    "planned_quarter": pl.String,
    "q05_end": pl.Int64,
    "q50_end": pl.Int64,
    "q95_end": pl.Int64,
    "mean_late_quarters": pl.Float64,
    "on_time_share": pl.Float64,
    "in_horizon_share": pl.Float64,
    "left_out_share": pl.Float64,
    "success_share": pl.Float64,
}


def promises(case: Case, tally: Tally, count: int, repair: bool, floor: tuple[float, int] | None) -> pl.DataFrame:
    """How often what was promised is not kept.

    Columns: kind ("reserve": less than the reserve is left; "obligation"; "pin": a project that must be carried
    out is left out; "reliance_floor"; with repair also "people" and "limit"), id, year, broken_share.
    """
    years = case.replay.when.years
    rows: list[tuple[str, str | None, int | None, int]] = [
        ("reserve", None, year, int(tally.short[y])) for y, year in enumerate(years)
    ]
    for x, due in enumerate(firm_obligations(case.replay.programme)):
        rows.append(("obligation", due["id"], int(due["due"][:4]), int(tally.broken.dues[x])))
    if floor is not None:
        least, since = floor
        below = max(0, round(least * SHARE_BINS))
        for y, year in enumerate(years):
            if year >= since:
                rows.append(("reliance_floor", None, year, int(tally.share_bins[1, y, :below].sum())))
    if repair:
        pins = dict(case.replay.programme.projects.select("id", "pin").iter_rows())
        for i, row in enumerate(case.rows):
            if pins[row["project"]] == "must":
                rows.append(("pin", row["project"], None, int(tally.end_bins[i, -1])))
        rows.append(("people", None, None, int(tally.broken.people[0])))
        for x, limit in enumerate(case.replay.programme.limits["id"].to_list()):
            rows.append(("limit", limit, None, int(tally.broken.limits[x])))
    schema = {"kind": pl.String, "id": pl.String, "year": pl.Int64, "broken_share": pl.Float64}
    return pl.DataFrame([(*row[:3], row[3] / count) for row in rows], schema=schema, orient="row")


def worths(case: Case, answers: list[Answer], delay: int) -> pl.DataFrame:
    """What each project's success and each quarter of its delay is worth, dearest first.

    Columns: project, name_vi, name_en, success_worth and its standard error success_error (value with success
    less value without, all else alike), delay_loss and delay_error (value lost by a quarter of delay).
    """
    found = {(a.question.what, a.question.ids[0]): a for a in answers if a.question.what in ("success", "delay")}
    rows = []
    for row in case.rows:
        success, late = found.get(("success", row["project"])), found.get(("delay", row["project"]))
        if success is not None:
            rows.append(
                {
                    "project": row["project"],
                    "name_vi": row["name_vi"],
                    "name_en": row["name_en"],
                    "success_worth": success.loss,
                    "success_error": success.error,
                    "delay_loss": None if late is None else late.loss / delay,
                    "delay_error": None if late is None else late.error / delay,
                }
            )
    names: dict[str, Any] = dict.fromkeys(("project", "name_vi", "name_en"), pl.String)
    figures = dict.fromkeys(("success_worth", "success_error", "delay_loss", "delay_error"), pl.Float64)
    return pl.DataFrame(rows, schema=names | figures).sort("success_worth", "project", descending=[True, False])


def ranking(case: Case, answers: list[Answer], happened: Ints, count: int) -> pl.DataFrame:
    """What hurts, worst first: shocks, partners and countries that are away for good, failed projects, pairs.

    Columns: kind, id, other (of a pair), name_vi, name_en, loss (of value, when it happens), loss_error (standard
    error), loss_tail (mean of the worst twentieth of losses), happened_share (of the draws; null for what is only
    asked about), expected_loss (loss times that share).
    """
    names = _names(case)
    at = {row["id"]: i for i, row in enumerate(case.shocks[: case.drawn])}
    rows = []
    for answer in answers:
        what, ids = answer.question.what, answer.question.ids
        if what == "delay":
            continue
        share = float(happened[at[ids[0]]]) / count if what == "shock" else None
        kind = "project" if what == "success" else what
        called = [names.get((kind, name)) or names.get(("any", name)) or (name, name) for name in ids]
        rows.append(
            {
                "kind": kind,
                "id": ids[0],
                "other": ids[1] if len(ids) > 1 else None,
                "name_vi": " + ".join(vi for vi, _ in called),
                "name_en": " + ".join(en for _, en in called),
                "loss": answer.loss,
                "loss_error": answer.error,
                "loss_tail": answer.tail,
                "happened_share": share,
                "expected_loss": None if share is None else share * answer.loss,
            }
        )
    texts: dict[str, Any] = dict.fromkeys(("kind", "id", "other", "name_vi", "name_en"), pl.String)
    figures = dict.fromkeys(("loss", "loss_error", "loss_tail", "happened_share", "expected_loss"), pl.Float64)
    return pl.DataFrame(rows, schema=texts | figures).sort("loss", "kind", "id", descending=[True, False, False])


def _names(case: Case) -> dict[tuple[str, str], tuple[str, str]]:
    found = {("project", row["project"]): (row["name_vi"], row["name_en"]) for row in case.rows}
    for row in case.shocks[: case.drawn]:
        found["shock", row["id"]] = found["any", row["id"]] = (row["name_vi"], row["name_en"])
    for kind, frame in (("partner", case.replay.programme.organisations), ("country", case.replay.programme.countries)):
        for key, vi, en in frame.select("id", "name_vi", "name_en").iter_rows():
            found[kind, key] = (vi, en)
            found.setdefault(("any", key), (vi, en))
    return found


def _schema(first: dict[str, Any], *figures: str) -> dict[str, Any]:
    return first | dict.fromkeys((*figures, *COLUMNS), pl.Float64)
