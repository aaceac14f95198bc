"""The island with its open cells filled in and a works for pumps, worked out by hand in docs/methods/fixes.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from tests.plan.small_programmes import named
from tests.plan.tiny import changed_rows, option, with_tables

import khien
from khien.programme import Programme


def added(programme: Programme, table: str, row: dict[str, Any]) -> Programme:
    """The programme with one row more."""
    frame = programme.frames[table]
    more = pl.DataFrame([{name: row.get(name) for name in frame.schema}], schema=frame.schema, orient="row")
    return with_tables(programme, **{table: pl.concat([frame, more])})


def with_pumps(island: Path, **project: Any) -> Programme:
    """Prices and needs known; pumps can be made by a project of 12,000 million VND."""
    p = khien.read(island)
    p = changed_rows(p, "items", pl.col("id") == "battery", price_mvnd=400)
    p = changed_rows(p, "items", pl.col("id") == "pump", price_mvnd=3000, replaced_by="pump-works")
    p = changed_rows(p, "products", pl.col("id").is_in(["siren", "purifier"]), units_per_year=1.0)
    p = added(p, "technologies", named("pump-works", group="land", kind="core"))
    way = {"subject": "pump-works", "to_stage": "make", "risk_class": "low", "status": "candidate"}
    p = added(p, "projects", named("pump-make", **{**way, "latest": "2030Q4", **project}))
    p = added(p, "options", option("pump-own", "pump-make", 4, 12_000, level=0.8, domestic_share=0.9))
    return added(p, "efforts", {"option": "pump-own", "skill": "engineer", "people": 1})
