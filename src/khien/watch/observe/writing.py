"""What of a batch is new, and the files that hold it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import polars as pl

from khien.watch.observe.files import Files
from khien.watch.observe.findings import WatchFindings
from khien.watch.observe.log import DataFile, State
from khien.watch.observe.reading import ORDER, newest, scan
from khien.watch.observe.records import KnownRecords
from khien.watch.observe.schema import OBSERVATIONS

SAME: Final = ["place", "valid", "issued", "value"]
TIMES: Final = ("valid", "issued", "received")


@dataclass
class Settled:
    """The new files of a batch and what was counted on the way."""

    files: list[DataFile] = field(default_factory=list)
    added: int = 0
    duplicates: int = 0
    revisions: int = 0
    late: int = 0
    records: dict[str, tuple[int, int]] = field(default_factory=dict)


def written(
    files: Files,
    state: State,
    rows: pl.DataFrame | None,
    records: Mapping[str, pl.DataFrame],
    known: KnownRecords,
    received: datetime,
    findings: WatchFindings,
    keep_good: bool,
) -> Settled:
    """Write what of a batch the store does not have yet; nothing is written when records contradict it."""
    made = Settled()
    known.begin()
    fresh = {}
    for table, frame in records.items():
        fresh[table], made.records[table] = known.new(files, state, table, frame, received, findings)
    if findings.errors and not keep_good:
        return made
    if rows is not None and rows.height:
        for part in rows.partition_by("indicator", maintain_order=True):
            new = _new_observations(files, state, part, made)
            if new.height:
                made.added += new.height
                made.files.append(write(files, new, "observations", part["indicator"][0], state.number + 1))
    for table, frame in fresh.items():
        if frame.height:
            made.files.append(write(files, frame, table, "", state.number + 1))
    return made


def write(files: Files, frame: pl.DataFrame, table: str, indicator: str, order: int) -> DataFile:
    """Write one file of a table; its name is used by nobody else."""
    folder = f"observations/indicator={indicator}" if table == "observations" else table
    path = f"{folder}/{order:012d}-{secrets.token_hex(6)}.parquet"
    files.put_table(path, frame)
    bounds: dict[str, tuple[int, int]] = {}
    for name in TIMES:
        if name in frame.columns and frame[name].count():
            bounds[name] = _span(frame[name])
    return DataFile(path, table, indicator, frame.height, order, bounds)


def _span(times: pl.Series) -> tuple[int, int]:
    """Earliest and latest, in microseconds since 1970."""
    plain = times.dt.epoch("us")
    return int(plain.min()), int(plain.max())  # type: ignore[arg-type]


def _new_observations(files: Files, state: State, part: pl.DataFrame, made: Settled) -> pl.DataFrame:
    """Rows of one indicator that are not there yet, sorted; the rest is counted."""
    count = part.height
    new = part.select(*OBSERVATIONS).unique(SAME, keep="first").sort(*ORDER, "value")
    about = [f for f in state.of("observations", part["indicator"][0]) if f.may_hold("valid", *_span(new["valid"]))]
    same = [f for f in about if f.may_hold("issued", *_span(new["issued"]))]
    if same:
        low, high = new["issued"].min(), new["issued"].max()
        there = scan(files, same, "observations").filter(pl.col("issued").is_between(low, high)).select(SAME).collect()
        new = new.join(there, on=SAME, how="anti", nulls_equal=True, maintain_order="left")
    made.duplicates += count - new.height
    old = pl.DataFrame(schema=OBSERVATIONS)
    if about and new.height:
        old = newest(files, about, None, None, None, new["valid"].min(), new["valid"].max()).collect()  # type: ignore[arg-type]
    made.revisions += _revisions(old, new)
    if old.height:
        made.late += new.join(old.select("place", "valid", newer="issued"), on=["place", "valid"]).filter(
            pl.col("newer") > pl.col("issued")
        ).height
    return new


def _revisions(old: pl.DataFrame, new: pl.DataFrame) -> int:
    """How many new rows differ in value from the vintage before them."""
    columns = [*ORDER, "value"]
    rows = new.select(*columns, fresh=True)
    if old.height:
        rows = pl.concat([rows, old.select(*columns, fresh=False)]).sort(ORDER)
    follows = (pl.col("place") == pl.col("place").shift(1)) & (pl.col("valid") == pl.col("valid").shift(1))
    changed = pl.col("value").ne_missing(pl.col("value").shift(1))
    return int(rows.select((pl.col("fresh") & follows & changed).sum()).item())
