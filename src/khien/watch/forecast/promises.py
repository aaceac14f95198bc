"""Promises: forecasts in the one form in which they are kept, checked and told apart by the hash of their content."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
import polars as pl

from khien.watch.forecast.ledger_findings import LedgerError, LedgerFinding, named, typed

PROMISES: Final = pl.Schema(
    {
        "indicator": pl.String(),
        "place": pl.String(),
        "reference": pl.Date(),
        "horizon": pl.Int32(),
        "target": pl.Date(),
        "model": pl.String(),
        "level": pl.Int32(),
        "threshold": pl.Float64(),
        "quantile": pl.Float64(),
        "value": pl.Float64(),
    }
)
"""A quantile (`quantile` and its `value`), or a probability: `value` that the outcome lies above `threshold`.

Of a probability, `quantile` is missing; `level` names the threshold where it is that of a level. Where `threshold` is
missing too the outcome itself is 1 (it happened) or 0.
"""

FORECAST: Final = ("indicator", "place", "reference", "target", "model", "kind", "threshold")
"""What makes two promises the same: it may be made once."""

NAMED: Final = ("indicator", "place", "reference", "horizon", "target", "model")


def promises(frame: pl.DataFrame, table: str = "forecasts") -> pl.DataFrame:
    """A frame of forecasts in the form in which they are kept, sorted.

    Args:
        frame: `indicator, place, reference, horizon, target, model` and either `quantile, value` (inside 0 to 1,
            finite) or `probability` (0 to 1), with `threshold` and `level` if any. Others are left out.
        table: what findings call it.

    Returns:
        :data:`PROMISES`.

    Raises:
        LedgerError: everything that is wrong with it.
    """
    kind = ("probability",) if "probability" in frame.columns else ("quantile", "value")
    missing = [name for name in (*NAMED, *kind) if name not in frame.columns]
    if missing:
        raise LedgerError([LedgerFinding("column-missing", table, None, name) for name in missing])
    if frame.is_empty():
        raise LedgerError([LedgerFinding("nothing", table)])
    rows = _typed(frame, kind, table)
    findings = _wrong(rows, table)
    if findings:
        raise LedgerError(findings)
    return rows.select(PROMISES.names()).sort(PROMISES.names(), nulls_last=False)


def with_kind(frame: pl.DataFrame | pl.LazyFrame) -> Any:
    """The frame with `kind`: "quantiles", "exceeds" or "happens"."""
    probability = pl.when(pl.col("threshold").is_null()).then(pl.lit("happens")).otherwise(pl.lit("exceeds"))
    return frame.with_columns(
        kind=pl.when(pl.col("quantile").is_null()).then(probability).otherwise(pl.lit("quantiles"))
    )


def content_hash(frame: pl.DataFrame) -> str:
    """SHA-256 in hex over the values of a frame, column by column; the order of the columns and of the rows counts.

    Independent of how a file holds them: dates as days since 1970, numbers as little-endian doubles, texts with their
    lengths, and for each value whether it is missing.
    """
    done = hashlib.sha256(b"khien promises 1\n")
    for name, dtype in frame.schema.items():
        column = frame[name]
        done.update(f"{name}\n".encode())
        done.update(column.is_null().cast(pl.UInt8).to_numpy().tobytes())
        if dtype == pl.String:
            texts = [text.encode() for text in column.fill_null("").to_list()]
            done.update(np.array([len(text) for text in texts], dtype="<i8").tobytes())
            done.update(b"".join(texts))
        elif dtype.is_float():
            done.update((column.fill_null(0.0).to_numpy().astype("<f8") + 0.0).tobytes())
        else:
            done.update(column.to_physical().cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes())
    return done.hexdigest()


def _typed(frame: pl.DataFrame, kind: tuple[str, ...], table: str) -> pl.DataFrame:
    """The frame with the types of :data:`PROMISES` and the line of each row."""
    rows = frame.with_columns(row=pl.int_range(2, frame.height + 2))
    if kind == ("probability",):
        lacking = [pl.lit(None).alias(name) for name in ("threshold", "level") if name not in frame.columns]
        rows = rows.with_columns(pl.col("probability").alias("value"), pl.lit(None).alias("quantile"), *lacking)
    else:
        rows = rows.with_columns(pl.lit(None).alias("threshold"), pl.lit(None).alias("level"))
    findings: list[LedgerFinding] = []
    for name, dtype in PROMISES.items():
        rows, found = typed(rows, name, dtype, table)
        findings += found
    if findings:
        raise LedgerError(findings)
    return rows.select(*PROMISES.names(), "row")


def _wrong(rows: pl.DataFrame, table: str) -> list[LedgerFinding]:
    findings = []
    for name in NAMED:
        empty = pl.col(name).is_null()
        empty = empty | (pl.col(name) == "") if PROMISES[name] == pl.String else empty
        findings += named(rows, empty, "required", table, name)
    number = pl.col("value")
    probability = pl.col("quantile").is_null() if rows["quantile"].null_count() == rows.height else pl.lit(False)
    findings += named(rows, number.is_null() | ~number.is_finite(), "not-finite", table, "value")
    findings += named(rows, probability & ((number < 0) | (number > 1)), "probability-outside", table, "value")
    findings += named(rows, ~pl.col("threshold").is_finite(), "not-finite", table, "threshold")
    if rows["quantile"].null_count() < rows.height:
        q = pl.col("quantile")
        findings += named(rows, q.is_null() | ~((q > 0) & (q < 1)), "quantile-outside", table, "quantile")
    if findings:
        return findings
    rows = with_kind(rows)
    found = named(rows, pl.struct(*FORECAST, "quantile").is_duplicated(), "twice", table, "target")
    quantiles = rows.filter(pl.col("quantile").is_not_null()).sort(*FORECAST, "quantile", nulls_last=False)
    falls = (pl.col("value").diff() < 0).over(FORECAST)
    return found + named(quantiles.with_columns(falls=falls), pl.col("falls"), "crossing", table, "value")
