"""Reading a store: the value that was known, and all values that ever were."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl

from khien.watch.observe.files import Files
from khien.watch.observe.log import DataFile
from khien.watch.observe.schema import OBSERVATIONS, microseconds, schema_of

OWN_PLAN: Final = 100_000
"""A file of at least so many rows is reduced by itself, in the order in which it is sorted, before it meets others."""
ORDER: Final = ("place", "valid", "issued", "received")
"""How rows are sorted inside every file of observations."""


def scan(files: Files, chosen: Sequence[DataFile], table: str) -> pl.LazyFrame:
    """All rows of some files of one table, file by file."""
    if not chosen:
        return pl.LazyFrame(schema=schema_of(table))
    sources: Any = [files.source(f.path) for f in chosen]
    if table == "observations":
        return pl.scan_parquet(sources, hive_partitioning=False, glob=False)
    # Records of older stores lack columns that came later.
    schema = schema_of(table)
    return pl.scan_parquet(sources, schema=schema, missing_columns="insert", hive_partitioning=False, glob=False)


def newest(
    files: Files,
    chosen: Sequence[DataFile],
    issued: datetime | None,
    received: datetime | None,
    places: Collection[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> pl.LazyFrame:
    """For each place and valid time the row issued last, among those issued and received by then.

    Of rows issued at the same time that received last counts, then that of the later batch.
    """
    low, high = (None if t is None else microseconds(t) for t in (since, until))
    stop, got = (None if t is None else microseconds(t) for t in (issued, received))
    chosen = [
        f
        for f in chosen
        if f.may_hold("valid", low, high) and f.may_hold("issued", None, stop) and f.may_hold("received", None, got)
    ]
    wanted = _conditions(issued, received, places, since, until)
    parts = []
    for large, group in itertools.groupby(sorted(chosen, key=_order), key=lambda f: f.rows >= OWN_PLAN):
        together = list(group)
        runs = [[f] for f in together] if large else [together]
        rows = [scan(files, run, "observations").filter(*wanted) for run in runs]
        parts += [_last_of_runs(part) for part in rows] if large else rows
    if len(chosen) == 1 and chosen[0].rows >= OWN_PLAN:
        return parts[0]
    found = pl.concat(parts) if parts else scan(files, [], "observations")
    last = found.group_by("place", "valid").agg(pl.max("issued"))
    kept = found.join(last, on=["place", "valid", "issued"], how="semi", maintain_order="left")
    # Rows stand in the order of their batches, and the sort leaves equals as they are.
    return _last_of_runs(kept.sort("place", "valid", "received", maintain_order=True))


def _order(file: DataFile) -> tuple[int, str]:
    return file.order, file.path


def _last_of_runs(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The last row of every place and valid time, of rows that are sorted."""
    place, valid = pl.col("place"), pl.col("valid")
    changes = (place != place.shift(-1)) | (valid != valid.shift(-1))
    return rows.filter(changes.fill_null(True))


def _conditions(
    issued: datetime | None,
    received: datetime | None,
    places: Collection[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> list[pl.Expr]:
    wanted = [pl.lit(True)]
    if issued is not None:
        wanted.append(pl.col("issued") <= issued)
    if received is not None:
        wanted.append(pl.col("received") <= received)
    if places is not None:
        wanted.append(pl.col("place").is_in(list(places)))
    if since is not None:
        wanted.append(pl.col("valid") >= since)
    if until is not None:
        wanted.append(pl.col("valid") <= until)
    return wanted


def with_changes(vintages: pl.LazyFrame) -> pl.LazyFrame:
    """All vintages of one value in the order of issue, each with how it differs from the one before."""
    ordered = vintages.sort("issued", "received", maintain_order=True)
    return ordered.with_columns(change=pl.col("value") - pl.col("value").shift(1)).select(*OBSERVATIONS, "change")
