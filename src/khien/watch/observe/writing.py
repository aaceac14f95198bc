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
from khien.watch.observe.schema import OBSERVATIONS, RECORD_KEYS, UTC_TIME, schema_of

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
    received: datetime,
    findings: WatchFindings,
    keep_good: bool,
) -> Settled:
    """Write what of a batch the store does not have yet; nothing is written when records contradict it."""
    made = Settled()
    fresh = {
        table: _new_records(files, state, table, frame, received, made, findings)
        for table, frame in records.items()
    }
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


def _new_records(
    files: Files,
    state: State,
    table: str,
    frame: pl.DataFrame,
    received: datetime,
    made: Settled,
    findings: WatchFindings,
) -> pl.DataFrame:
    """Records that are not there yet; the same version with other content is a finding, for one is not genuine."""
    schema, key = schema_of(table), list(RECORD_KEYS[table])
    rows = frame.with_columns(pl.lit(received, UTC_TIME).alias("received")).select(*schema)
    there = scan(files, state.of(table), table).select(*key, "sha256").unique().collect()
    versions = rows.select(*key, "sha256").unique(maintain_order=True)
    known = versions.join(there.rename({"sha256": "_sha"}), on=key, how="left", nulls_equal=True, maintain_order="left")
    twice = versions.filter(pl.struct(key).is_duplicated()).with_columns(_sha=pl.lit("", pl.String))
    clash = pl.concat([known.filter(pl.col("_sha") != pl.col("sha256")), twice]).unique("sha256", maintain_order=True)
    for row in clash.iter_rows(named=True):
        findings.note("record-conflict", table, None, key[-2], row[key[-2]])
    content = [name for name in key if name not in ("issued", "sent")] + ["sha256"]
    new = rows.join(clash, on="sha256", how="anti", maintain_order="left")
    new = new.join(there, on=content, how="anti", nulls_equal=True, maintain_order="left")
    count = rows.select(pl.struct(*key, "sha256").n_unique()).item()
    fresh = new.select(pl.struct(*key, "sha256").n_unique()).item()
    made.records[table] = (int(fresh), int(count) - int(fresh) - clash.height)
    return new
