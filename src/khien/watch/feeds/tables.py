"""Reading anybody's table, CSV or Parquet, by a mapping file."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from unicodedata import normalize

import polars as pl

from khien.programme import ProgrammeError
from khien.watch.feeds.bounded import LIMITS, content, text_of
from khien.watch.feeds.mapping import Mapping, TimePart, ValuePart, columns_in, filled
from khien.watch.feeds.reading import NEW, Reading
from khien.watch.indicators import Indicators
from khien.watch.observe.findings import WatchFindings
from khien.watch.observe.schema import UTC_TIME, start
from khien.watch.places import Scheme, find

MOST_ROWS: Final = 20_000_000
MOST_COLUMNS: Final = 2000
TOLD: Final = 20
ROW: Final = "row"
COLUMNS: Final = (*NEW, ROW)


def read_table(path: Path, mapping: Mapping, limit: int | None = None) -> Reading:
    """Read a CSV or Parquet file.

    Every cell that cannot be read is a finding with its line; a row with one gives no observation.

    Args:
        path: the file; CSV of at most 64 MB in UTF-8, or Parquet of at most 20 million rows.
        mapping: which column is what.
        limit: most bytes of a CSV, where 64 MB are too few.
    """
    reading = Reading("table", path.name)
    wanted = _wanted(mapping)
    frame = load_frame(path, mapping.file.delimiter, limit or LIMITS["table"], reading.findings, wanted)
    if frame is None or not _has_columns(frame, wanted, reading):
        return reading
    frame = _chosen(frame, mapping)
    parts = []
    for value in mapping.values:
        part = _values(frame, mapping, value, reading)
        if part.height:
            parts.append(part)
    if parts:
        reading.observations = pl.concat(parts).select(COLUMNS)
    if mapping.place.known == "seen":
        reading.places = frozenset(reading.observations["place"])
    elif mapping.place.kind != "id":
        reading.lie_in = frozenset(reading.observations["place"])
    reading.counts = {"rows": frame.height}
    if not parts and reading.ok:
        reading.findings.note("nothing", path.name, value=path.name)
    return reading


def load_frame(
    path: Path, delimiter: str, limit: int, findings: WatchFindings, wanted: Collection[str]
) -> pl.DataFrame | None:
    """A file as a frame with `row`, the number of each record (the header is 1); cells of CSV are texts.

    Of Parquet only the wanted columns are read, as far as they are there.
    """
    if path.suffix == ".parquet":
        frame = _parquet(path, wanted, findings)
    else:
        data = content(path, limit, findings)
        text = None if data is None else text_of(data, path.name, findings)
        frame = None if text is None else _csv(normalize("NFC", text), delimiter, path.name, findings)
    if frame is None:
        return None
    return frame.drop(ROW, strict=False).with_columns((pl.row_index() + 2).cast(pl.UInt32).alias(ROW))


def _parquet(path: Path, wanted: Collection[str], findings: WatchFindings) -> pl.DataFrame | None:
    try:
        scan = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        there = [name for name in scan.collect_schema() if name in wanted]
        count = scan.select(pl.len()).collect().item()
        if count > MOST_ROWS:
            findings.note("too-many-rows", path.name, value=count, limit=MOST_ROWS)
            return None
        return scan.select(there).collect()
    except FileNotFoundError:
        findings.note("file-missing", path.name, value=str(path))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        # Some broken files make Polars panic, which is no ordinary exception.
        findings.note("parquet", path.name, value=path.name, reason=(str(error).splitlines() or ["?"])[0][:120])
    return None


def _csv(text: str, delimiter: str, name: str, findings: WatchFindings) -> pl.DataFrame | None:
    if text[: text.find("\n")].count(delimiter) >= MOST_COLUMNS:
        findings.note("csv", name, 1, reason=f"> {MOST_COLUMNS} ×{delimiter!r}")
        return None
    try:
        return pl.read_csv(io.StringIO(text), separator=delimiter, infer_schema=False, truncate_ragged_lines=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        findings.note("csv", name, reason=(str(error).splitlines() or ["?"])[0][:160])
        return None


def _wanted(mapping: Mapping) -> list[str]:
    """All columns that a mapping names."""
    place, valid, issued = mapping.place, mapping.valid, mapping.issued
    wanted = [place.column, valid.column, issued.column, valid.week, *mapping.file.rows, *columns_in(place.id or "")]
    wanted += [x for x in (valid.year, valid.month, valid.day_of_month) if isinstance(x, str)]
    for value in mapping.values:
        wanted += [value.column, *columns_in(value.indicator)]
        wanted += [c for text in (value.name_vi, value.name_en) for c in columns_in(text or "")]
    return [name for name in dict.fromkeys(wanted) if name is not None]


def _has_columns(frame: pl.DataFrame, wanted: Sequence[str], reading: Reading) -> bool:
    """Whether all columns are there that the mapping names; each that is not is a finding."""
    lacking = [name for name in wanted if name not in frame.columns]
    for name in lacking:
        reading.findings.note("column-missing", reading.name, 1, name)
    return not lacking


def _chosen(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """The rows that the mapping wants, texts trimmed and without the marks for missing values."""
    for name, values in mapping.file.rows.items():
        frame = frame.filter(pl.col(name).cast(pl.String).is_in([_said(v) for v in values]))
    texts = [n for n, d in frame.schema.items() if isinstance(d, pl.String | pl.Categorical | pl.Enum)]
    trimmed = [pl.col(n).cast(pl.String).str.strip_chars().str.normalize("NFC") for n in texts]
    marks = list(mapping.file.missing)
    return frame.with_columns(pl.when(~t.is_in(marks)).then(t).alias(n) for n, t in zip(texts, trimmed, strict=True))


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(frame: pl.DataFrame, mapping: Mapping, value: ValuePart, reading: Reading) -> pl.DataFrame:
    """The observations that one value of each row makes."""
    number = pl.Series("value", [1.0]).new_from_index(0, frame.height)
    if value.column is not None:
        number = _numbers(frame, value.column, mapping, reading)
    rows = frame.with_columns(value=number * value.factor, valid=_times(frame, mapping, value, reading))
    if value.column is not None:
        # A cell that cannot be read is not a value that was published as not known.
        rows = rows.filter(number.is_not_null() | frame[value.column].is_null())
    if value.missing == "skip":
        rows = rows.filter(pl.col("value").is_not_null())
    rows = _kept(rows, "valid", reading)
    rows = _kept(_issued(rows, mapping, reading), "issued", reading)
    rows = _kept(_places(rows, mapping, reading), "place", reading)
    rows = _kept(_named(rows, value, reading), "indicator", reading)
    rows = rows.with_columns(unit=pl.lit(value.unit), source=pl.lit(mapping.file.source))
    return _combined(rows.select(COLUMNS), value)


def _kept(rows: pl.DataFrame, column: str, reading: Reading) -> pl.DataFrame:
    """The rows in which a column is known; how many are left out is told."""
    known = rows.filter(pl.col(column).is_not_null())
    if known.height < rows.height:
        first = int(rows.filter(pl.col(column).is_null())[ROW][0])
        count = rows.height - known.height
        reading.findings.note("skipped", reading.name, first, column, count=count, reason=f"watch_why_no_{column}")
    return known


def _numbers(frame: pl.DataFrame, column: str, mapping: Mapping, reading: Reading) -> pl.Series:
    cells = frame[column]
    if cells.dtype.is_numeric() or cells.dtype == pl.Boolean:
        return cells.cast(pl.Float64).alias("value")
    plain = cells.cast(pl.String)
    if mapping.file.thousands:
        plain = plain.str.replace_all(mapping.file.thousands, "", literal=True)
    if mapping.file.decimal == ",":
        plain = plain.str.replace(",", ".", literal=True)
    found = plain.cast(pl.Float64, strict=False)
    tell("number", frame, cells.is_not_null() & found.is_null(), column, reading)
    return found.alias("value")


def tell(code: str, frame: pl.DataFrame, bad: pl.Series, column: str, reading: Reading) -> None:
    """A finding for each different cell that cannot be used, with its first line."""
    if not bad.any():
        return
    cells = frame.filter(bad).group_by(column, maintain_order=True).agg(pl.first(ROW))
    for text, row in cells.head(TOLD).iter_rows():
        reading.findings.note(code, reading.name, row, column, text)
    if cells.height > TOLD:
        reading.findings.note("more", reading.name, None, column, count=cells.height - TOLD, what=code)


def _times(frame: pl.DataFrame, mapping: Mapping, value: ValuePart, reading: Reading) -> pl.Series:
    """When each row is about."""
    part = mapping.valid
    if part.constant is not None:
        return pl.Series([start(part.constant)], dtype=UTC_TIME).new_from_index(0, frame.height)
    if part.column is not None:
        return _moments(frame, part.column, part.format, reading)
    found = _from_parts(frame, part, value)
    column = part.week or (part.month if isinstance(part.month, str) else None) or str(part.year)
    tell("time", frame, found.is_null(), column, reading)
    return found


def _moments(frame: pl.DataFrame, column: str, form: str | None, reading: Reading) -> pl.Series:
    """A column of dates or times, in UTC."""
    cells = frame[column]
    if isinstance(cells.dtype, pl.Date):
        return cells.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(cells.dtype, pl.Datetime):
        plain = cells.cast(pl.Datetime("us", cells.dtype.time_zone))
        return plain.dt.replace_time_zone("UTC") if cells.dtype.time_zone is None else plain.dt.convert_time_zone("UTC")
    texts = cells.cast(pl.String)
    found = texts.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False) if form else iso_times(texts)
    tell("time", frame, texts.is_not_null() & found.is_null(), column, reading)
    return found


def iso_times(texts: pl.Series) -> pl.Series:
    """Texts in ISO 8601 as UTC; without time the day's first moment, without zone UTC; null for what is none."""
    days = texts.str.to_date("%Y-%m-%d", strict=False, exact=True).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    zoned = texts.str.replace("Z$", "+00:00").str.replace(" ", "T", literal=True)
    full = zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
    local = zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False).dt.replace_time_zone("UTC")
    return pl.select(pl.coalesce(days, full, local)).to_series()


def _from_parts(frame: pl.DataFrame, part: TimePart, value: ValuePart) -> pl.Series:
    """Dates from year and month, week or day; null where there is no such day."""
    if part.week is None:
        month = _whole(part.month if value.month is None else value.month)
        pieces = frame.select(y=_whole(part.year), m=month, d=_whole(part.day_of_month))
        keys = pieces.unique()
        days = [_day(*row) for row in keys.iter_rows()]
    else:
        pieces = frame.select(y=_whole(part.year), m=_whole(part.week), d=_whole(0))
        keys = pieces.unique()
        days = [week_day(y, w, part.weeks, part.day) for y, w, _ in keys.iter_rows()]
    table = keys.with_columns(day=pl.Series(days, dtype=pl.Date))
    found = pieces.join(table, on=["y", "m", "d"], how="left", nulls_equal=True, maintain_order="left")["day"]
    return found.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _whole(part: str | int | None) -> pl.Expr:
    """A column, a given number, or one."""
    if isinstance(part, str):
        return pl.col(part).cast(pl.Int32, strict=False)
    return pl.lit(1 if part is None else part, pl.Int32)


def _day(year: int | None, month: int | None, day: int | None) -> date | None:
    try:
        return date(year, month, day)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def week_day(year: int | None, week: int | None, weeks: str, day: str) -> date | None:
    """First or last day of a week: ISO weeks begin on Monday, epidemiological weeks (CDC) on Sunday.

    The first week of a year is in both countings the first with at least four days in it.
    """
    if year is None or week is None or not 1700 <= year <= 9000 or not 1 <= week <= 53:
        return None
    fourth = date(year, 1, 4)
    back = fourth.weekday() if weeks == "iso" else (fourth.weekday() + 1) % 7
    first = fourth - timedelta(days=back) + timedelta(weeks=week - 1)
    middle = first + timedelta(days=3)
    return None if middle.year != year else first + timedelta(days=0 if day == "start" else 6)


def _issued(rows: pl.DataFrame, mapping: Mapping, reading: Reading) -> pl.DataFrame:
    part = mapping.issued
    if part.column is not None:
        return rows.with_columns(_moments(rows, part.column, part.format, reading).alias("issued"))
    if part.constant is not None:
        return rows.with_columns(pl.lit(start(part.constant), UTC_TIME).alias("issued"))
    return rows.with_columns((pl.col("valid") + part.lag).alias("issued"))


def _places(rows: pl.DataFrame, mapping: Mapping, reading: Reading) -> pl.DataFrame:
    part = mapping.place
    if part.constant is not None:
        return rows.with_columns(place=pl.lit(part.constant))
    if part.id is not None:
        return _filled(rows, part.id, "place")
    if part.kind == "id":
        return rows.with_columns(place=pl.col(str(part.column)).cast(pl.String))
    schemes: dict[str, Scheme] = {"vn63": "63", "vn34": "34"}
    named = rows.with_columns(_text=pl.col(str(part.column)).cast(pl.String), _day=pl.col("valid").dt.date())
    keys = named.group_by("_text", "_day", maintain_order=True).agg(pl.first(ROW))
    where: dict[str, Any] = {"scheme": schemes.get(part.kind), "table": reading.name, "column": str(part.column)}
    told: set[str | None] = set()
    ids: list[str | None] = []
    for text, day, line in keys.iter_rows():
        trouble = WatchFindings()
        ids.append(find(text or "", trouble, on=day, row=line, **where))
        if trouble and text not in told and len(told) < TOLD:
            told.add(text)
            reading.findings += trouble
    table = keys.select("_text", "_day", pl.Series("_id", ids, dtype=pl.String))
    joined = named.join(table, on=["_text", "_day"], how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(place=pl.col("_id"))


def _filled(rows: pl.DataFrame, pattern: str, name: str) -> pl.DataFrame:
    """A column from a pattern over others, computed once for each combination."""
    used = columns_in(pattern)
    if not used:
        return rows.with_columns(pl.lit(pattern).alias(name))
    keys = rows.select(used).unique(maintain_order=True)
    rows_of_keys = keys.iter_rows(named=True)
    made = [filled(pattern, row, plain=True) if None not in row.values() else None for row in rows_of_keys]
    table = keys.with_columns(pl.Series("_made", made, dtype=pl.String))
    joined = rows.join(table, on=used, how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.col("_made").alias(name)).drop("_made")


def _named(rows: pl.DataFrame, value: ValuePart, reading: Reading) -> pl.DataFrame:
    """Give each row its indicator, and declare the indicators met."""
    rows = _filled(rows, value.indicator, "indicator")
    patterns = [value.indicator, value.name_vi or value.indicator, value.name_en or value.indicator]
    used = list(dict.fromkeys(c for p in patterns for c in columns_in(p)))
    keys = rows.select("indicator", *used).unique("indicator", maintain_order=True) if rows.height else rows.head(0)
    declared: list[dict[str, Any]] = []
    for row in keys.iter_rows(named=True):
        if row["indicator"] is None:
            continue
        declared.append(
            {
                "id": row["indicator"],
                "name_vi": filled(patterns[1], row, plain=False),
                "name_en": filled(patterns[2], row, plain=False),
                "unit": value.unit,
                "frequency": value.frequency,
                "place_level": value.place_level,
                "threat": value.threat,
                "owner": value.owner,
            }
        )
    try:
        reading.indicators = reading.indicators.joined(Indicators.from_rows(declared))
    except ProgrammeError as error:
        reading.findings += error.findings
        return rows.head(0)
    return rows


def _combined(rows: pl.DataFrame, value: ValuePart) -> pl.DataFrame:
    """Rows of the same place and times as one, as the mapping asks; increments as running sums."""
    key = ["indicator", "place", "valid", "issued", "unit", "source"]
    if value.combine != "none":
        how = {"sum": pl.sum("value"), "max": pl.max("value"), "mean": pl.mean("value")}
        how["count"] = pl.len().cast(pl.Float64)
        rows = rows.group_by(key, maintain_order=True).agg(how[value.combine].alias("value"), pl.first(ROW))
    if value.cumulate:
        rows = rows.sort("indicator", "place", "valid", "issued")
        rows = rows.with_columns(pl.col("value").cum_sum().over("indicator", "place", "valid"))
    return rows.select(COLUMNS)

