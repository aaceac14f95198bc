"""Saved answers of other commands about the same plan: stress test, price of independence, reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from khien.plan.ask.frontier import BOUGHT, POINTS
from khien.plan.ask.kept import FILE
from khien.plan.ask.reasons import FLIPS, REASONS
from khien.plan.result import Plan, load_plan, plan_hash
from khien.programme import Programme
from khien.words import LANGUAGES, t

BINS = 48
"""Bars of the distribution of the final value."""

STRESS_FORMAT = "khien-stress-1"
REASONS_FORMAT = "khien-reasons-1"
STRESS_TABLES = ("coverage", "finish", "worth", "ranking", "promises")


class AsideError(ValueError):
    """A saved answer that cannot stand in a report: it is damaged, or belongs to another plan or programme."""

    def __init__(self, key: str, path: Path, **fields: str) -> None:
        self.message_vi, self.message_en = (t(key, lang, path=path, **fields) for lang in LANGUAGES)
        super().__init__(self.message_en)


@dataclass(frozen=True)
class Aside:
    """One answer: its tables by the name that they get in the report, and the figures that stand beside them."""

    name: str
    frames: Mapping[str, pl.DataFrame]
    figures: Mapping[str, Any] = field(default_factory=dict)


def read_stress(path: Path, programme: Programme, plan: Plan) -> Aside:
    """Read what ``khien stress`` wrote: its folder, or stress.json with the values of the draws beside it.

    Returns
    -------
    Aside
        Tables ``stress_coverage``, ``stress_finish``, ``stress_worth``, ``stress_ranking``, ``stress_promises``: see
        `khien.stress.frames`; ``stress_tail``: the values of all draws in bins (from, to, draws, worst: those among
        the worst twentieth).

    Raises
    ------
    AsideError
        It is damaged, or was made from another programme or plan; both hashes are named.
    """
    file = path / "stress.json" if path.is_dir() else path
    told = _json(file, STRESS_FORMAT)
    _same(file, "draw_aside_programme", told.get("programme_hash"), programme.hash)
    _same(file, "draw_aside_plan", told.get("plan_hash"), plan_hash(plan))
    frames = {}
    for name in STRESS_TABLES:
        frames[f"stress_{name}"] = _parquet(file.parent / f"stress_{name}.parquet")
    values = _parquet(file.parent / "stress_values.parquet")
    if "value" not in values.columns or len(values) != told["draws"]:
        raise AsideError("draw_aside_damaged", file.parent / "stress_values.parquet")
    figures = {name: value for name, value in told.items() if not isinstance(value, list)}
    return Aside("stress", {**frames, "stress_tail": binned(values["value"].to_numpy())}, figures)


def binned(values: np.ndarray[Any, np.dtype[np.float64]]) -> pl.DataFrame:
    """Return the distribution of values in bins of equal width: from, to, draws, and how many are in the worst 5 %."""
    worst = -(-len(values) // 20)
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    counts, _ = np.histogram(values, edges)
    tail, _ = np.histogram(np.sort(values)[:worst], edges)
    return pl.DataFrame({"from": edges[:-1], "to": edges[1:], "draws": counts, "worst": tail})


def read_frontier(path: Path, programme: Programme, plan: Plan) -> Aside:
    """Read what ``khien frontier --out`` wrote: a folder with points.csv, bought.csv and a plan for every promise.

    The plans say what was promised (``measure``, ``from_year``, ``level``) and on which programme it stands.

    Raises
    ------
    AsideError
        A part is missing or damaged, or it was made from another programme.
    """
    folder = path if path.is_dir() else path.parent
    plans = sorted(folder.glob("[0-9][0-9]/plan.json"))
    if not plans:
        raise AsideError("draw_aside_no_plans", folder)
    last = load_plan(plans[-1])
    _same(plans[-1], "draw_aside_programme", last.programme_hash, programme.hash)
    points = _csv(folder / "points.csv", POINTS)
    bought = _csv(folder / "bought.csv", BOUGHT)
    asked = last.settings
    survival = asked.min_survival_months is not None
    figures = {
        "measure": "survival" if survival else "reliance",
        "from_year": asked.min_reliance_from,
        "level": asked.survival_level if survival else None,
        "interrupted": (folder / FILE).exists(),
    }
    return Aside("frontier", {"frontier": points, "frontier_bought": bought}, figures)


def read_reasons(path: Path, programme: Programme, plan: Plan) -> Aside:
    """Read what ``khien explain --out`` wrote: its folder, or reasons.json.

    Returns
    -------
    Aside
        ``reasons`` and ``flips``: see `khien.plan.ask.reasons`; figures ``value``, ``bound``, ``better``, ``steps``.

    Raises
    ------
    AsideError
        It is damaged, or was made from another programme or plan.
    """
    file = path / "reasons.json" if path.is_dir() else path
    told = _json(file, REASONS_FORMAT)
    _same(file, "draw_aside_programme", told.get("programme_hash"), programme.hash)
    _same(file, "draw_aside_plan", told.get("plan_hash"), plan_hash(plan))
    try:
        reasons = pl.DataFrame(told["reasons"], schema=REASONS, orient="row")
        flips = pl.DataFrame(told["flips"], schema=FLIPS, orient="row")
    except (KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise AsideError("draw_aside_damaged", file) from error
    figures = {name: told.get(name) for name in ("value", "bound", "better", "steps")}
    return Aside("reasons", {"reasons": reasons, "flips": flips}, figures)


def _json(file: Path, form: str) -> dict[str, Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise AsideError("draw_aside_damaged", file) from error
    if not isinstance(told, dict) or told.get("format") != form:
        raise AsideError("draw_aside_form", file, form=form)
    return told


def _parquet(file: Path) -> pl.DataFrame:
    if not file.exists():
        raise AsideError("draw_aside_missing", file)
    try:
        return pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise AsideError("draw_aside_damaged", file) from error


def _csv(file: Path, schema: Mapping[str, Any]) -> pl.DataFrame:
    if not file.exists():
        raise AsideError("draw_aside_missing", file)
    try:
        return pl.read_csv(file, schema_overrides=dict(schema)).select(list(schema))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise AsideError("draw_aside_damaged", file) from error


def _same(file: Path, key: str, found: object, wanted: str) -> None:
    """Refuse what stands on something else; both hashes are named."""
    if found != wanted:
        raise AsideError(key, file, found=str(found)[:12], wanted=wanted[:12])
