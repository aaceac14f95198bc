"""Reading input-output tables. Method page: docs/methods/industry.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from khien.reliance.industry import Floats, IndustryTable, TableError

TOLERANCE = 0.01
"""How far the deliveries of a row may be from its output, as a share of it: tables are rounded."""

ROUNDED = 100.0
"""And how far in units of money at least: rows of hundreds of whole numbers."""


def read_industry_table(path: str | Path, labels: str | Path | None = None) -> IndustryTable:
    """Read an input-output table.

    Parameters
    ----------
    path : path
        `.npz` with `Z`, `Y` and `x`, or `.csv` with `country`, `industry`, one column per row named
        `COUNTRY|INDUSTRY`, then columns of final use.
    labels : path, optional
        CSV with `country` and `industry` for an `.npz`; left out, the one `*labels*.csv` beside it.

    Raises
    ------
    TableError
        The file is something else, or does not add up.
    """
    file = Path(path)
    try:
        table = _csv(file) if file.suffix.lower() == ".csv" else _npz(file, labels)
    except (KeyError, ValueError, pl.exceptions.PolarsError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError("industry_unreadable", file=file.name, why=str(error).splitlines()[0]) from error
    return _checked(table, file.name)


def _npz(file: Path, labels: str | Path | None) -> IndustryTable:
    if labels is None:
        beside = sorted(file.parent.glob("*labels*.csv"))
        own = [found for found in beside if found.name.split("_")[0] == file.stem.split("_")[0]] or beside
        if len(own) != 1:
            raise TableError("industry_labels", file=file.name, count=len(own))
        labels = own[0]
    names = _named(Path(labels))
    with np.load(file, allow_pickle=False) as arrays:
        between, final, output = (np.asarray(arrays[name], dtype=np.float64) for name in ("Z", "Y", "x"))
    if between.shape != (len(names), len(names)) or len(final) != len(names) or output.shape != (len(names),):
        shapes = f"Z {between.shape}, Y {final.shape}, x {output.shape}"
        raise TableError("industry_shape", file=file.name, shapes=shapes, count=len(names))
    totals = final.reshape(len(names), -1).sum(axis=1)
    return IndustryTable(tuple(names["country"]), tuple(names["industry"]), between, totals, output)


def _named(file: Path) -> pl.DataFrame:
    """A CSV file as text; the columns that name an economy and an industry are there."""
    with file.open("rb") as raw:
        if raw.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise TableError("industry_unreadable", file=file.name, why="UTF-16")
    rows = pl.read_csv(file, infer_schema=False)
    for column in ("country", "industry"):
        if column not in rows.columns:
            raise TableError("industry_label", file=file.name, column=column)
    return rows


def _csv(file: Path) -> IndustryTable:
    rows = _named(file)
    countries, industries = tuple(rows["country"]), tuple(rows["industry"])
    columns = [f"{country}|{industry}" for country, industry in zip(countries, industries, strict=True)]
    missing = [name for name in columns if name not in rows.columns]
    if missing:
        raise TableError("industry_column", file=file.name, column=missing[0])
    final = [name for name in rows.columns if name not in {"country", "industry", "output", *columns}]
    between, uses = _numbers(rows, columns), _numbers(rows, final)
    totals = uses.sum(axis=1) if final else np.zeros(len(rows))
    output = _numbers(rows, ["output"])[:, 0] if "output" in rows.columns else between.sum(axis=1) + totals
    return IndustryTable(countries, industries, between, totals, output)


def _numbers(rows: pl.DataFrame, columns: list[str]) -> Floats:
    return np.asarray(rows.select(pl.col(columns).cast(pl.Float64)).to_numpy(), dtype=np.float64)


def _checked(table: IndustryTable, file: str) -> IndustryTable:
    names = [f"{c}|{i}" for c, i in zip(table.country, table.industry, strict=True)]
    for values in (table.between, table.final[:, None], table.output[:, None]):
        row, column = np.nonzero(~np.isfinite(values))
        if len(row):
            raise TableError("industry_number", file=file, row=names[row[0]], column=int(column[0]) + 1)
    row, column = np.nonzero(table.between < 0)
    if len(row):
        value = table.between[row[0], column[0]]
        raise TableError("industry_negative", file=file, row=names[row[0]], column=names[column[0]], value=value)
    sums = table.between.sum(axis=1) + table.final
    off = np.abs(sums - table.output) > np.maximum(TOLERANCE * np.abs(table.output), ROUNDED)
    if off.any():
        i = int(np.flatnonzero(off)[0])
        raise TableError("industry_sum", file=file, row=names[i], sum=sums[i], output=table.output[i])
    return table
