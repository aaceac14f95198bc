"""Reading a store: the value that was known, and all values that ever were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import polars as pl

from khien.watch.observe.files import Files
from khien.watch.observe.log import DataFile
from khien.watch.observe.schema import OBSERVATIONS, microseconds, schema_of

OWN_PLAN: Final = 100_000
"""A file of at least so many rows is reduced by itself, in the order in which it is sorted, before it meets others."""
ORDER: Final = ("place", "valid", "issued", "received")
"""How rows are sorted inside every file of observations."""
BATCH: Final = "_batch"


def scan(files: Files, chosen: Sequence[DataFile], table: str, batch: bool = False) -> pl.LazyFrame:
    """All rows of some files of one table; with `batch` also the order of the batch that they came in."""
    if not chosen:
        empty = pl.LazyFrame(schema=schema_of(table))
        return empty.with_columns(pl.lit(0, pl.Int64).alias(BATCH)) if batch else empty
    if not batch:
        return pl.scan_parquet([files.source(f.path) for f in chosen], hive_partitioning=False, glob=False)  # type: ignore[arg-type]
    parts = [
        pl.scan_parquet(files.source(f.path), hive_partitioning=False, glob=False).with_columns(
            pl.lit(f.order, pl.Int64).alias(BATCH)
        )
        for f in chosen
    ]
    return pl.concat(parts)


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
    alone = [f for f in chosen if f.rows >= OWN_PLAN]
    small = [f for f in chosen if f.rows < OWN_PLAN]
    if len(alone) == 1 and not small:
        return _last_of_runs(scan(files, alone, "observations").filter(*wanted))
    parts = [_last_of_runs(scan(files, [f], "observations", batch=True).filter(*wanted)) for f in alone]
    parts.append(scan(files, small, "observations", batch=True).filter(*wanted))
    found = pl.concat(parts).sort(*ORDER, BATCH, maintain_order=True)
    return _last_of_runs(found).drop(BATCH)


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


def with_counts(vintages: pl.LazyFrame) -> pl.LazyFrame:
    """All vintages of one value in the order of issue, each with how it differs from the one before."""
    ordered = vintages.sort("issued", "received", BATCH, maintain_order=True)
    return ordered.with_columns(change=pl.col("value") - pl.col("value").shift(1)).select(*OBSERVATIONS, "change")
