"""The guard at the door: what must not get into a store, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from khien.programme.guesses import guess
from khien.watch.observe.findings import WatchFindings
from khien.watch.observe.schema import OBSERVATIONS, UTC_TIME

TOLD: Final = 20
"""Different offending values that are told one by one for each kind of trouble; the rest is counted."""
LONGEST: Final = 200
"""Longest name of a place, a unit or a source."""
ROW: Final = "_row"
NEEDED: Final = ("indicator", "place", "valid", "issued", "value", "unit")
ODD_TEXT: Final = r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"


@dataclass(frozen=True)
class Guard:
    """What is let in.

    Attributes:
        units: the unit of every known indicator; a row of another indicator or unit is refused.
        places: the known places; None lets every place in.
        largest: values beyond this size are junk.
        ahead: how far `issued` and `received` may lie in the future, for clocks that differ.
        valid_ahead: how far `valid` may lie behind `issued` or in the future. A day, because a date is kept as its
            first moment in UTC and somewhere it is already tomorrow; a week-ending date published early needs more.
        earliest: the first moment that is believed.
    """

    units: Mapping[str, str]
    places: Collection[str] | None = None
    largest: float = 1e15
    ahead: timedelta = timedelta(hours=1)
    valid_ahead: timedelta = timedelta(days=1)
    earliest: datetime = field(default_factory=lambda: datetime.fromisoformat("1700-01-01T00:00:00+00:00"))


def shaped(
    frame: pl.DataFrame, received: datetime, source: str | None, table: str, findings: WatchFindings
) -> pl.DataFrame | None:
    """The frame with the columns of an observation and `_row`, the line of each; None when columns do not fit.

    A column `row` gives the lines of the file a frame came from; without it the header is line 1.
    """
    defaults = {"received": pl.lit(received, UTC_TIME), "source": pl.lit(source, pl.String)}
    columns = []
    for name, dtype in OBSERVATIONS.items():
        if name not in frame.columns:
            if name in NEEDED or (name == "source" and source is None):
                findings.note("column-missing", table, 1, name)
            elif name in defaults:
                columns.append(defaults[name].alias(name))
            continue
        have = frame.schema[name]
        if (made := _cast(name, have, dtype)) is None:
            findings.note("column-type", table, 1, name, str(have), wanted=str(dtype))
        else:
            columns.append(made)
    if findings.errors:
        return None
    row = pl.col("row").cast(pl.UInt32) if "row" in frame.columns else pl.row_index().cast(pl.UInt32) + 2
    return frame.select(*columns, row.alias(ROW))


def _cast(name: str, have: pl.DataType, want: pl.DataType) -> pl.Expr | None:
    column = pl.col(name)
    if have == want:
        return column
    if want == UTC_TIME and isinstance(have, pl.Date):
        return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if want == UTC_TIME and isinstance(have, pl.Datetime):
        plain = column.cast(pl.Datetime("us", have.time_zone))
        return plain.dt.replace_time_zone("UTC") if have.time_zone is None else plain.dt.convert_time_zone("UTC")
    if isinstance(want, pl.String) and isinstance(have, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if isinstance(want, pl.Float64) and have.is_numeric():
        return column.cast(pl.Float64)
    return column.cast(want) if isinstance(have, pl.Null) else None


def judge(rows: pl.DataFrame, guard: Guard, now: datetime, table: str, findings: WatchFindings) -> pl.Series:
    """Which rows may be stored; a finding for every kind of trouble and every value that makes it.

    Args:
        rows: as :func:`shaped` returns them.
        guard: what is let in.
        now: the present, for times that lie in the future.
        table: the file or table that findings name.
        findings: what is wrong is added here, all of it.
    """
    units = pl.DataFrame(
        {"indicator": list(guard.units), "_unit": list(guard.units.values())},
        schema={"indicator": pl.String, "_unit": pl.String},
    )
    joined = rows.join(units, on="indicator", how="left", maintain_order="left")
    checks = _checks(guard, now)
    flags = joined.select(**{code: expr.fill_null(False) for code, (expr, _) in checks.items()})
    flags = flags.with_columns(conflict=_conflicts(rows, flags.select(pl.any_horizontal(pl.all())).to_series()))
    bad = flags.select(pl.any_horizontal(pl.all())).to_series()
    if bad.any():
        columns = {code: column for code, (_, column) in checks.items()} | {"conflict": "value"}
        for code, column in columns.items():
            if flags[code].any():
                _tell(code, column, joined.filter(flags[code]), guard, table, findings)
    return ~bad


def _checks(guard: Guard, now: datetime) -> dict[str, tuple[pl.Expr, str]]:
    """Kind of trouble to what shows it and the column to name."""
    value, valid, issued, received = (pl.col(name) for name in ("value", "valid", "issued", "received"))
    texts = [pl.col(name) for name in ("place", "unit", "source")]
    odd = [c.str.contains(ODD_TEXT) | (c.str.len_chars() > LONGEST) | (c.str.strip_chars() == "") for c in texts]
    known = pl.lit(True) if guard.places is None else pl.col("place").is_in(list(guard.places))
    required = [pl.col(name).is_null() for name in OBSERVATIONS if name != "value"]
    soon, later = pl.lit(now + guard.ahead), pl.lit(now + guard.valid_ahead)
    return {
        "required": (pl.any_horizontal(required), "indicator"),
        "indicator-unknown": (pl.col("indicator").is_not_null() & pl.col("_unit").is_null(), "indicator"),
        "place-unknown": (~known, "place"),
        "unit": (pl.col("unit") != pl.col("_unit"), "unit"),
        "not-finite": (value.is_nan() | value.is_infinite(), "value"),
        "too-large": (value.is_finite() & (value.abs() > guard.largest), "value"),
        "valid-future": (valid > later, "valid"),
        "issued-future": (issued > soon, "issued"),
        "received-future": (received > soon, "received"),
        "valid-after-issued": ((valid > issued + guard.valid_ahead) & (valid <= later), "valid"),
        "issued-after-received": (issued > received + guard.ahead, "issued"),
        "time": (pl.min_horizontal(valid, issued, received) < pl.lit(guard.earliest), "valid"),
        "text": (pl.any_horizontal(odd), "place"),
    }


def _conflicts(rows: pl.DataFrame, bad: pl.Series) -> pl.Series:
    """Sound rows whose key and time of issue stand in the batch with another value too: which one holds is unknown."""
    key = ["indicator", "place", "valid", "issued", "received"]
    if rows.select(pl.struct(key).hash().n_unique()).item() == rows.height:
        return pl.repeat(False, rows.height, eager=True)
    counted = rows.select(*key, "value", bad=bad).select(
        conflict=(pl.col("value").filter(~pl.col("bad")).n_unique().over(key) > 1) & ~pl.col("bad")
    )
    return counted.to_series()


def _tell(
    code: str, column: str, rows: pl.DataFrame, guard: Guard, table: str, findings: WatchFindings
) -> None:
    """One finding for each different value, with the first line and how many rows have it; then how many more."""
    if code == "required":
        for name in (n for n in OBSERVATIONS if n != "value"):
            lacking = rows.filter(pl.col(name).is_null())
            if lacking.height:
                findings.note(code, table, int(lacking[ROW][0]), name, None, count=lacking.height)
        return
    by = [column, "_unit"] if code == "unit" else [column]
    counted = (pl.first(ROW), pl.len().alias("count"), pl.first("indicator").alias("of"))
    groups = rows.group_by(by, maintain_order=True).agg(*counted)
    for group in groups.head(TOLD).iter_rows(named=True):
        known = {"indicator-unknown": guard.units, "place-unknown": guard.places or ()}.get(code)
        near = None if known is None else guess(group[column], known)
        fields = {"count": group["count"], "guess": near, "wanted": group.get("_unit"), "indicator": group["of"]}
        findings.note(code, table, group[ROW], column, _shown(group[column]), largest=guard.largest, **fields)
    if groups.height > TOLD:
        findings.note("more", table, None, column, count=groups.height - TOLD, what=code)


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
