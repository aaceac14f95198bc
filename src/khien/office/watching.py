"""How the office keeps what it watches: the folder ``watch`` in its data folder.

``observations/`` is the store of observations, ``promises/`` the ledger of forecasts, ``forecasts/*.parquet`` are
further forecasts as ``khien forecast --out`` writes them (columns `indicator, place, reference, horizon, target,
quantile, value, model`) and nowcasts as ``khien nowcast --out`` does, ``warnings.jsonl`` is the journal of warnings,
``events.csv`` says what really happened (`hazard, place, onset, level`, as ``khien warn statistics`` reads it),
``certificates/*.pem`` says whose keys sign what comes in. The commands ``khien feed``, ``khien observe``,
``khien forecast``, ``khien ledger`` and ``khien warn`` work on the same folder: what they bring is seen here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.utils import timezone

from khien.office.acts.trouble import Trouble
from khien.watch.warn import Desk, Entry, Journal, desk
from khien.watch.warn.journal import FILE as WARNINGS

if TYPE_CHECKING:
    import polars as pl

    from khien.watch.forecast.ledger import Ledger
    from khien.watch.indicators import Indicators
    from khien.watch.observe import Store
    from khien.watch.warn.statistics import Event

FOLDER: Final = "watch"
OBSERVATIONS: Final = "observations"
FORECASTS: Final = "forecasts"
PROMISES: Final = "promises"
EVENTS: Final = "events.csv"
CERTIFICATES: Final = "certificates"
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
    def certificates(self) -> Path:
        """Certificates and keys (PEM) of offices whose messages come in; by them pages say who signed."""
        return self.folder / CERTIFICATES

    @property
    def store(self) -> Store:
        """The store of observations; empty until something is brought.

        Raises:
            Trouble: the folder is damaged or of another version.
        """
        from khien.watch.observe import Store, StoreError

        try:
            found = Store(self.folder / OBSERVATIONS)
            _ = found.exists and found.state
        except StoreError as error:
            raise Trouble("lookout_trouble_store", what={"vi": error.message_vi, "en": error.message_en}) from error
        return found

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

    @property
    def ledger(self) -> Ledger:
        """The ledger of promises; empty until one is kept.

        Raises:
            LedgerError: the folder holds something else.
        """
        from khien.watch.forecast.ledger import Ledger

        return Ledger(self.folder / PROMISES)

    def events(self) -> list[Event] | None:
        """What really happened, from `events.csv`, by which warnings are judged; None without the file.

        Raises:
            WarnError: everything that is wrong with the file.
        """
        stamp = _stamp([self.folder / EVENTS])
        return list(_events(self.folder / EVENTS, stamp)) if stamp else None

    def events_now(self) -> list[Event]:
        """The same, read again whatever is kept of it: for who is about to change the file."""
        from khien.watch.warn.files_in import read_events

        file = self.folder / EVENTS
        return read_events(file) if file.exists() else []

    def forecast_stamp(self) -> Stamp:
        """Every file that holds forecasts, with time and size; it changes when forecasts do."""
        places = (self.folder / FORECASTS).glob("*.parquet"), (self.folder / PROMISES / "log").glob("*.json")
        return _stamp([file for place in places for file in sorted(place)])

    def forecasts(self, indicator: str) -> pl.DataFrame:
        """Forecasts of an indicator as they were made, sorted.

        Returns:
            The columns of `SERIES`, `quantile`, `value`, and `issued` and `added`: when a forecast was issued and came
            into the ledger, missing for one that only lies in a file. `reference` and `target` are dates. Of a
            forecast that stands in several files the last counts, before all of them the ledger. What is no finite
            number is left out, and so are nowcasts: of periods that are over, they are no forecasts.

        Raises:
            Trouble: a file is no table of forecasts, or the ledger is broken.
        """
        return _forecasts(self.folder, indicator, self.forecast_stamp())[0]

    def nowcasts(self, indicator: str) -> pl.DataFrame:
        """Nowcasts of an indicator (what its newest counts will come to), as `khien nowcast` wrote them or kept them in
        the ledger; returns and raises as `forecasts`, and `horizon` is minus the delay."""
        return _forecasts(self.folder, indicator, self.forecast_stamp())[1]


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
def _events(file: Path, stamp: Stamp) -> tuple[Event, ...]:
    from khien.watch.warn.files_in import read_events

    return tuple(read_events(file))


@lru_cache(maxsize=2)
def _entries(folder: Path, stamp: Stamp) -> tuple[Entry, ...]:
    return tuple(Journal(folder).read())


@lru_cache(maxsize=6)
def _forecasts(folder: Path, indicator: str, stamp: Stamp) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Forecasts, and nowcasts."""
    import polars as pl

    from khien.watch.forecast.ledger import LedgerError
    from khien.watch.forecast.nowcasting import MODELS

    wanted: dict[str, Any] = {
        "indicator": pl.String, "place": pl.String, "reference": pl.Date, "horizon": pl.Int32, "target": pl.Date,
        "model": pl.String, "quantile": pl.Float64, "value": pl.Float64,
    }  # fmt: skip
    none = {name: pl.lit(None, pl.Datetime("us", "UTC")) for name in ("issued", "added")}
    files = [Path(name) for name, _, _ in stamp if name.endswith(".parquet")]
    parts = [pl.DataFrame(schema=wanted).with_columns(**none, _rank=pl.lit(-1))]
    for number, file in enumerate(files):
        try:
            rows = pl.scan_parquet(file).filter(pl.col("indicator") == indicator)
            found = rows.select(pl.col(name).cast(dtype) for name, dtype in wanted.items()).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise Trouble("lookout_trouble_forecasts", file=file.name, what=str(error).splitlines()[0][:200]) from error
        parts.append(found.with_columns(**none, _rank=pl.lit(number)))
    if len(files) < len(stamp):
        try:
            rows = Watch(folder).ledger.read().filter(pl.col("indicator") == indicator)
            rows = rows.filter(pl.col("quantile").is_not_null())
            parts.append(rows.select(*wanted, "issued", "added", _rank=pl.lit(len(files))).collect())
        except LedgerError as error:
            told = {lang: " ".join(f.message(lang) for f in error.findings) for lang in ("vi", "en")}
            raise Trouble("lookout_trouble_ledger", what=told) from error
    whole = pl.concat(parts).drop_nulls([*SERIES, "quantile", "value"])
    whole = whole.filter(pl.all_horizontal(pl.col("quantile", "value").is_finite())).sort(*SERIES, "quantile", "_rank")
    whole = whole.unique([*SERIES, "quantile"], keep="last", maintain_order=True).drop("_rank")
    ours = pl.col("model").is_in(list(MODELS.values()))
    return whole.filter(~ours), whole.filter(ours)
