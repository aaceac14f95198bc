"""People: need against supply by skill and year, as a table that says in text what its shade says."""

from __future__ import annotations

import polars as pl

from khien.board.charts.blocks import Cell, Grid
from khien.draw.charts.common import called
from khien.draw.numbers import MISSING, number, percent
from khien.draw.results import Results
from khien.words import t

STEPS = (0.0, 0.25, 0.5, 0.75, 0.9, 0.98)
"""Loads (0-1) from which a cell is one shade darker."""


def skills_grid(results: Results, lang: str) -> Grid:
    """Return need against supply by skill and year, each the busiest quarter of its year."""
    rows = busiest(results.frame("people_by_quarter"))
    names = results.called("skills", lang)
    known = {(row["skill"], row["year"]): row for row in rows.iter_rows(named=True)}
    years = sorted({year for _, year in known})
    skills = sorted({skill for skill, _ in known}, key=lambda skill: called(names, skill))
    lines = [(called(names, skill), [_cell(known.get((skill, year)), lang) for year in years]) for skill in skills]
    legend = [Cell(percent(step, lang), i + 1) for i, step in enumerate(STEPS)]
    return Grid(
        "people-grid", t("pages_skills_grid", lang), t("pages_skills_grid_note", lang), t("draw_skill", lang),
        [str(year) for year in years], lines, legend, rows.write_csv(),
    )  # fmt: skip


def busiest(frame: pl.DataFrame) -> pl.DataFrame:
    """Return, per skill and year, need and supply of the quarter in which most of the supply is needed.

    Columns: skill, year, need, supply (people), load (need over supply; null where there is no supply).
    """
    load = pl.col("need") / pl.when(pl.col("supply") > 0).then(pl.col("supply"))
    rows = frame.with_columns(year=pl.col("quarter_label").str.slice(0, 4).cast(pl.Int64), load=load)
    rows = rows.sort("skill", "year", "load", "need", descending=[False, False, True, True], nulls_last=True)
    columns = ("skill", "year", "need", "supply", "load")
    return rows.group_by("skill", "year", maintain_order=True).first().select(columns)


def _cell(row: dict[str, float | None] | None, lang: str) -> Cell:
    if row is None:
        return Cell(MISSING)
    load = row["load"]
    text = f"{number(row['need'], lang)}/{number(row['supply'], lang)}"
    if load is None:
        return Cell(text, None if row["need"] else 0)
    return Cell(text, sum(load >= step for step in STEPS), percent(load, lang))
