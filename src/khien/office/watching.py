"""How the office keeps what it watches: the folder ``watch`` in its data folder.

``observations/`` is the store of observations, ``forecasts/*.parquet`` are forecasts as they were made (columns
`indicator, place, reference, horizon, target, quantile, value, model`), ``warnings.jsonl`` is the journal of warnings.
The folder is that of the commands ``khien feed``, ``khien observe`` and ``khien warn``: what they bring is seen here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils import timezone

from khien.watch.warn import Desk, Entry, Journal, desk
from khien.watch.warn.journal import FILE as WARNINGS

if TYPE_CHECKING:
    import polars as pl

    from khien.watch.indicators import Indicators
    from khien.watch.observe import Store

FOLDER: Final = "watch"
OBSERVATIONS: Final = "observations"
FORECASTS: Final = "forecasts"
ILLUSTRATIVE: Final = "illustrative.txt"
"""A file whose presence says that nothing in the folder was measured."""
SERIES: Final = ("indicator", "place", "reference", "horizon", "target", "model")
"""Columns that name one forecast."""

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Watch:
    """The folder, read anew whenever something in it changed."""

    folder: Path

    @property
    def illustrative(self) -> bool:
        """Whether the folder is marked as holding made-up data."""
        return (self.folder / ILLUSTRATIVE).is_file()

    @property
    def store(self) -> Store:
        """The store of observations; empty until something is brought.

        Raises:
            StoreError: the folder is damaged or of another version.
        """
        from khien.watch.observe import Store

        return Store(self.folder / OBSERVATIONS)

    def indicators(self) -> Indicators:
        """What is watched."""
        return self.store.indicators

    @property
    def journal(self) -> Journal:
        """The journal of warnings."""
        return Journal(self.folder)

    def entries(self) -> tuple[Entry, ...]:
        """Everything that was done to warnings; empty before the journal is begun.

        Raises:
            WarnError: the journal was changed or damaged.
        """
        stamp = _stamp([self.folder / WARNINGS])
        return _entries(self.folder, stamp) if stamp else ()

    def desk(self, until: datetime | None = None) -> Desk | None:
        """All warnings, or what was known of them by a moment; None before the journal was begun."""
        kept = [entry for entry in self.entries() if until is None or entry.at <= until]
        return desk(kept) if kept else None

    def forecast_files(self) -> list[Path]:
        """Files of forecasts, by name: of one forecast that stands in several the last counts."""
        place = self.folder / FORECASTS
        return sorted(place.glob("*.parquet")) if place.is_dir() else []

    def forecasts(self, indicator: str, places: Collection[str] | None = None) -> pl.DataFrame:
        """Forecasts of an indicator as they were made, sorted; `reference` and `target` are dates.

        Raises:
            polars.exceptions.PolarsError: a file is no table of forecasts.
        """
        found = _forecasts(indicator, _stamp(self.forecast_files()))
        if places is None:
            return found
        import polars as pl

        return found.filter(pl.col("place").is_in(list(places)))

    def stamp(self) -> str:
        """What changes with everything that pages show: the observations, the forecasts, the warnings."""
        store = self.store
        number = store.state.number if store.exists else 0
        return f"{number}-{hash((_stamp(self.forecast_files()), _stamp([self.folder / WARNINGS]))) & 0xFFFFFFFFFFFF:x}"


def watch() -> Watch:
    """The office's own folder."""
    return Watch(settings.CONFIG.home / FOLDER)


def end_of(day: date) -> datetime:
    """The last moment of a day in the office's time zone, in UTC."""
    return timezone.make_aware(datetime.combine(day, time.max)).astimezone(UTC)


def _stamp(files: Collection[Path]) -> Stamp:
    """Name, time and size of the files that are there."""
    found = []
    for file in files:
        try:
            told = file.stat()
        except FileNotFoundError:
            continue
        found.append((str(file), told.st_mtime_ns, told.st_size))
    return tuple(found)


@lru_cache(maxsize=2)
def _entries(folder: Path, stamp: Stamp) -> tuple[Entry, ...]:
    return tuple(Journal(folder).read())


@lru_cache(maxsize=6)
def _forecasts(indicator: str, stamp: Stamp) -> pl.DataFrame:
    import polars as pl

    wanted = {
        "indicator": pl.String, "place": pl.String, "reference": pl.Date, "horizon": pl.Int32, "target": pl.Date,
        "model": pl.String, "quantile": pl.Float64, "value": pl.Float64,
    }  # fmt: skip
    parts = []
    for number, (file, _, _) in enumerate(stamp):
        rows = pl.scan_parquet(file).filter(pl.col("indicator") == indicator)
        rows = rows.select(pl.col(name).cast(dtype) for name, dtype in wanted.items())
        parts.append(rows.with_columns(pl.lit(number).alias("_file")))
    if not parts:
        return pl.DataFrame(schema=wanted)
    found = pl.concat(parts).sort(*SERIES, "quantile", "_file").collect()
    return found.unique([*SERIES, "quantile"], keep="last", maintain_order=True).drop("_file")
