"""Sources of facts: they point to a value that is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from khien.programme.guesses import guess
from khien.programme.sheet import Desk
from khien.programme.tables import TABLES

EVERY: Final = "*"


def facts_point_to_values(desk: Desk) -> None:
    """Table, row and column of a source exist; `*` stands for every row or column."""
    sheet = desk["sources_of_facts"]
    keys: dict[str, set[str]] = {}
    for line, table, row, column in sheet.rows("table", "row", "column"):
        if table is None:
            continue
        if table not in TABLES:
            desk.note(
                "fact-without-target", "sources_of_facts", line, "table", table, guess=guess(table, TABLES)
            )
            continue
        if column is not None and column != EVERY and column not in TABLES[table].columns:
            found = guess(column, TABLES[table].columns)
            desk.note("fact-without-target", "sources_of_facts", line, "column", column, guess=found)
        if table not in keys:
            keys[table] = set(row_keys(desk.frame(table), TABLES[table].key))
        if row is not None and row != EVERY and row not in keys[table]:
            desk.note("fact-without-target", "sources_of_facts", line, "row", f"{table}: {row}")


def row_keys(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.Series:
    """The key of every row as text, its parts joined by "|"; a missing part is empty."""
    parts = [pl.col(c).cast(pl.String).fill_null("") for c in key]
    return frame.select(pl.concat_str(parts, separator="|").alias("key"))["key"]


def bounds_run_upwards(desk: Desk) -> None:
    """The low bound of a fact is not above its high bound."""
    for line, low, high in desk["sources_of_facts"].where(pl.col("low") > pl.col("high"), "low", "high"):
        desk.note("bounds-backwards", "sources_of_facts", line, "high", high, low=low)


RULES: Final[tuple[Callable[[Desk], None], ...]] = (facts_point_to_values, bounds_run_upwards)
