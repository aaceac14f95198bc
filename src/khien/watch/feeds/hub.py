"""Target data of forecast hubs (FluSight, COVID-19, RespiCast): what was reported, with every vintage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from khien.programme import ProgrammeError
from khien.watch.feeds.bounded import LIMITS
from khien.watch.feeds.mapping import slug
from khien.watch.feeds.reading import Reading
from khien.watch.feeds.tables import COLUMNS, iso_times, load_frame
from khien.watch.indicators import Indicators
from khien.watch.observe.schema import UTC_TIME, start

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "target": ("target",),
    "location": ("location", "location_id"),
    "date": ("date", "target_end_date", "truth_date"),
    "value": ("value", "observation"),
    "as_of": ("as_of",),
}
"""What the hubs call each column."""

FORECASTS: Final = ("quantile", "output_type_id")
"""Columns that only files of forecasts have."""

UNITS: Final = {
    "wk inc flu hosp": "admissions",
    "wk inc covid hosp": "admissions",
    "wk inc rsv hosp": "admissions",
    "wk inc flu prop ed visits": "share",
    "wk inc covid prop ed visits": "share",
    "wk inc rsv prop ed visits": "share",
    "ILI incidence": "per 100,000",
    "ARI incidence": "per 100,000",
    "hospital admissions": "admissions",
}
"""Targets whose unit is known. Finland, Malta and Luxembourg give ILI and ARI per 100,000 consultations."""


def read_hub(
    path: Path,
    *,
    issued: date | datetime | str | None = None,
    target: str | None = None,
    unit: str | None = None,
    source: str | None = None,
    limit: int | None = None,
) -> Reading:
    """Read target data: `target, location, date, as_of, value` in CSV or Parquet, by any of the hubs' names for them.

    Every row becomes one observation of the indicator named after its target (``wk-inc-flu-hosp``). A missing value is
    kept: a week that was published and then withdrawn is not known any more.

    Args:
        path: the file.
        issued: when it was published, for files without `as_of`.
        target: what it is about, for files without `target`.
        unit: the unit of targets that are not known here.
        source: who publishes it; left out, "hub".
        limit: most bytes of a CSV, where 64 MB are too few.
    """
    reading = Reading("hub", path.name)
    wanted = [*(name for names in NAMES.values() for name in names), "source", *FORECASTS]
    frame = load_frame(path, ",", limit or LIMITS["table"], reading.findings, wanted)
    if frame is None:
        return reading
    if any(name in frame.columns for name in FORECASTS):
        reading.counts = {"forecasts": frame.height}
        reading.findings.note("skipped", path.name, count=frame.height, reason="watch_why_forecasts")
        return reading
    columns = {ours: next((n for n in names if n in frame.columns), None) for ours, names in NAMES.items()}
    given = {"as_of": issued, "target": target}
    for name, column in columns.items():
        if column is None and given.get(name) is None:
            code = "hub-issued" if name == "as_of" else "hub-columns"
            reading.findings.note(code, path.name, 1, name)
    if reading.findings.errors:
        return reading
    rows = frame.select(
        "row",
        target=_text(columns["target"], target),
        place=_text(columns["location"], None),
        valid=_time(frame, columns["date"], None, reading),
        issued=_time(frame, columns["as_of"], issued, reading),
        value=_value(frame, str(columns["value"]), reading),
        source=pl.col("source").cast(pl.String) if "source" in frame.columns else pl.lit(source or "hub"),
    )
    _finish(reading, rows, unit)
    return reading


def _finish(reading: Reading, rows: pl.DataFrame, unit: str | None) -> None:
    targets = rows["target"].drop_nulls().unique(maintain_order=True).to_list()
    units = {t: UNITS.get(t, unit) for t in targets}
    for name in (t for t, known in units.items() if known is None):
        reading.findings.note("hub-target", reading.name, None, "target", name)
    known = {t: u for t, u in units.items() if u is not None}
    rows = rows.filter(pl.col("target").is_in(list(known)))
    reading.observations = rows.with_columns(
        indicator=pl.col("target").replace_strict({t: slug(t) for t in known}, return_dtype=pl.String),
        unit=pl.col("target").replace_strict(known, return_dtype=pl.String),
    ).select(COLUMNS)
    same = {"frequency": "week", "place_level": "province", "feed": "hub", "owner": "-"}
    try:
        reading.indicators = Indicators.from_rows(
            {"id": slug(t), "name_vi": t, "name_en": t, "unit": u, **same} for t, u in known.items()
        )
    except ProgrammeError as error:
        reading.findings += error.findings
    reading.places = frozenset(rows["place"].drop_nulls())
    reading.counts = {"rows": rows.height, "vintages": rows["issued"].n_unique()}


def _text(column: str | None, given: str | None) -> pl.Expr:
    return pl.lit(given, pl.String) if column is None else pl.col(column).cast(pl.String)


def _time(
    frame: pl.DataFrame, column: str | None, given: date | datetime | str | None, reading: Reading
) -> pl.Expr | pl.Series:
    if column is None:
        return pl.lit(None if given is None else start(given), UTC_TIME)
    cells = frame[column]
    if isinstance(cells.dtype, pl.Date):
        return cells.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    found = iso_times(cells.cast(pl.String))
    for row, text in frame.filter(found.is_null()).select("row", pl.col(column).cast(pl.String)).head(20).iter_rows():
        reading.findings.note("time", reading.name, row, column, text)
    return found


def _value(frame: pl.DataFrame, column: str, reading: Reading) -> pl.Series:
    cells = frame[column]
    if cells.dtype.is_numeric():
        return cells.cast(pl.Float64)
    texts = cells.cast(pl.String).str.strip_chars().replace({"": None, "NA": None})
    found = texts.cast(pl.Float64, strict=False)
    bad = frame.filter(texts.is_not_null() & found.is_null()).select("row", column).head(20)
    for row, text in bad.iter_rows():
        reading.findings.note("number", reading.name, row, column, text)
    return found
