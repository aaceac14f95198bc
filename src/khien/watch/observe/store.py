"""The store: one folder of observations and records, appended to in whole batches and never changed in place."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from khien.programme.columns import SLUG
from khien.programme.findings import Finding
from khien.watch.observe.compacting import Compaction, compact
from khien.watch.observe.files import Files, files_at
from khien.watch.observe.findings import BatchRefused, StoreError, WatchFindings
from khien.watch.observe.guard import ROW, Guard, judge, shaped
from khien.watch.observe.log import FORMAT, Log, State
from khien.watch.observe.reading import newest, scan, with_changes
from khien.watch.observe.records import KnownRecords
from khien.watch.observe.schema import OBSERVATIONS, RECORD_KEYS, RECORDS, moment, start
from khien.watch.observe.writing import Settled, written

if TYPE_CHECKING:
    from khien.watch.indicators import Indicators

MARK: Final = "store.json"
INDICATORS: Final = "indicators.csv"
PLACES: Final = "places.json"
ATTEMPTS: Final = 100


@dataclass(frozen=True)
class Batch:
    """What one act brings into a store: observations and records by table; any of them may be missing."""

    observations: pl.DataFrame | None = None
    records: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What became of a batch.

    Attributes:
        entry: number of the log's entry; None when there was nothing new to store.
        received: the time that was written down as received.
        added: observations stored.
        duplicates: observations that were there already, with the same value and time of issue.
        revisions: stored observations whose value differs from the vintage before.
        late: stored observations that were issued before one that was known already.
        refused: observations left out, with `keep_good`.
        records: table to (stored, there already) for records.
        findings: what was wrong or doubtful.
    """

    entry: int | None
    received: datetime
    added: int = 0
    duplicates: int = 0
    revisions: int = 0
    late: int = 0
    refused: int = 0
    records: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        names = ("entry", "added", "duplicates", "revisions", "late", "refused")
        told = {name: {"added": new, "duplicates": old} for name, (new, old) in self.records.items()}
        found = [f.to_dict() for f in self.findings]
        return {n: getattr(self, n) for n in names} | {
            "received": self.received.isoformat(),
            "records": told,
            "findings": found,
        }


class Store:
    """Observations and records in a local folder or, with ``scheme://``, wherever fsspec reaches.

    Args:
        path: the folder; it is made by the first act that writes.
        guard: what is let in beyond the store's own indicators and places; see :class:`Guard`.

    Raises:
        StoreError: the folder is something else, of another version or damaged.
    """

    def __init__(self, path: str | os.PathLike[str], guard: Guard | None = None) -> None:
        self.path = os.fspath(path)
        self.files: Files = files_at(path)
        self._log = Log(self.files, self.path)
        self._guard = guard
        self._known = KnownRecords()
        if MARK in self.files.names(""):
            self._check_mark()
        elif self.files.names(""):
            raise StoreError("watch_store_other", path=self.path)

    @property
    def exists(self) -> bool:
        """Whether anything was ever written."""
        return MARK in self.files.names("")

    @property
    def state(self) -> State:
        """What the store holds now, as a list of files."""
        return self._log.state()

    @property
    def indicators(self) -> Indicators:
        """The indicators that the store knows."""
        from khien.watch.indicators import Indicators

        if INDICATORS not in self.files.names(""):
            return Indicators()
        return Indicators.from_csv(self.files.read(INDICATORS))

    @property
    def places(self) -> frozenset[str] | None:
        """Ids of the places that the store knows; None when it was never told any, and takes them all."""
        if PLACES not in self.files.names(""):
            return None
        return frozenset(json.loads(self.files.read(PLACES)))

    def register(self, indicators: Indicators | None = None, places: Collection[str] | None = None) -> None:
        """Let the store know more indicators and places. What it knows already stays.

        Raises:
            BatchRefused: an indicator is known with another unit, which would make old values wrong.
        """
        self._begin()
        mine, there = self.indicators, self.places
        more = None if indicators is None else mine.joined(indicators)
        if (more is None or more == mine) and (places is None or (there is not None and there >= set(places))):
            return
        with self.files.lock():
            if indicators is not None and len(indicators):
                self.files.put(INDICATORS, self.indicators.joined(indicators).to_csv())
            if places is not None:
                known = sorted({*(self.places or ()), *places})
                self.files.put(PLACES, json.dumps(known, ensure_ascii=False).encode())

    def append(
        self,
        frame: pl.DataFrame,
        *,
        source: str | None = None,
        received: datetime | None = None,
        keep_good: bool = False,
        now: datetime | None = None,
        name: str = "observations",
    ) -> Receipt:
        """Store a frame of observations, all of it or nothing.

        Args:
            frame: columns of :data:`OBSERVATIONS`; `received` and `source` may be missing. Dates are their first
                moment, times without zone are UTC. A column `row` says on which line of its file each row stood.
            source: who published it, where the frame does not say.
            received: when it came, where the frame does not say; else now.
            keep_good: store what is sound and leave out the rest; else one bad row refuses the whole batch.
            now: the present, for tests and replays.
            name: the file that findings name.

        Raises:
            BatchRefused: with all findings; the store is as it was.
        """
        return self.put(Batch(frame), source=source, received=received, keep_good=keep_good, now=now, name=name)

    def put(
        self,
        batch: Batch,
        *,
        source: str | None = None,
        received: datetime | None = None,
        keep_good: bool = False,
        now: datetime | None = None,
        name: str = "observations",
    ) -> Receipt:
        """Store observations and records in one step; otherwise as :meth:`append`."""
        now = moment(now or datetime.now(UTC))
        received = now if received is None else moment(received)
        findings = WatchFindings()
        rows, refused = self._sound(batch.observations, received, source, now, name, findings)
        soon = now + (self._guard or Guard({})).ahead
        records = {table: _past(table, frame, soon, findings) for table, frame in batch.records.items()}
        if findings.errors and not (keep_good and rows is not None):
            raise BatchRefused(findings, refused)
        self._begin()
        with self.files.lock():
            for _ in range(ATTEMPTS):
                state = self._log.state()
                made = written(self.files, state, rows, records, self._known, received, findings, keep_good)
                if findings.errors and not keep_good:
                    raise BatchRefused(findings, refused)
                if not made.files:
                    return self._receipt(None, received, made, refused, findings)
                if self._log.commit(self._entry(state, made, now)):
                    self._known.stored(file.path for file in made.files)
                    return self._receipt(state.number + 1, received, made, refused, findings)
                for file in made.files:
                    self.files.remove(file.path)
        raise StoreError("watch_store_busy", path=self.path)

    def as_of(
        self,
        indicator: str,
        when: date | datetime | str | None = None,
        *,
        places: Collection[str] | None = None,
        since: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        known_at: date | datetime | str | None = None,
    ) -> pl.LazyFrame:
        """What was known of an indicator: for each place and valid time the value issued last.

        Args:
            indicator: its id; one that the store does not know gives no rows.
            when: only values issued by then (a date: by its end, in UTC); None for all.
            places: only these places.
            since, until: only valid times from and to.
            known_at: only values that had been received here by then, whenever they were issued.

        Returns:
            A lazy frame of :data:`OBSERVATIONS`, sorted by place and valid time. It reads the files as they are
            now; what is appended later does not change it. A missing value means that it was withdrawn.
        """
        issued, got = (None if t is None else moment(t) for t in (when, known_at))
        first, last = None if since is None else start(since), None if until is None else moment(until)
        return newest(self.files, self.state.of("observations", indicator), issued, got, places, first, last)

    def vintages(self, indicator: str, place: str, valid: date | datetime | str) -> pl.DataFrame:
        """Every value ever received for one place and time, in the order of issue, with `change` to the one before."""
        at = start(valid)
        chosen = self.state.of("observations", indicator)
        rows = scan(self.files, chosen, "observations").filter(
            pl.col("place") == place, pl.col("valid") == at
        )
        return with_changes(rows).collect()

    def observations(self, indicator: str) -> pl.LazyFrame:
        """Every row of an indicator, all vintages, in no order."""
        return scan(self.files, self.state.of("observations", indicator), "observations")

    def records(self, table: str) -> pl.LazyFrame:
        """Every row of a table of records, all versions, in the order of receipt."""
        return scan(self.files, self.state.of(table), table)

    def freshness(self) -> pl.DataFrame:
        """For each indicator how fresh it is, from the log alone: no value is read.

        Returns:
            `indicator, rows, last_valid, last_issued, last_received`, times in UTC and missing where nothing ever came;
            sorted by indicator.
        """
        times = ("valid", "issued", "received")
        files = [
            {"indicator": f.indicator, "rows": f.rows, **{f"last_{name}": f.bounds[name][1] for name in times}}
            for f in self.state.of("observations")
        ]
        last = [f"last_{name}" for name in times]
        schema = {"indicator": pl.String} | dict.fromkeys(["rows", *last], pl.Int64)
        known = [{"indicator": name, "rows": 0} for name in self.indicators.units]
        both = pl.DataFrame([*known, *files], schema=schema)
        found = both.group_by("indicator").agg(pl.sum("rows"), pl.max(*last)).sort("indicator")
        return found.with_columns(pl.from_epoch(name, "us").dt.replace_time_zone("UTC") for name in last)

    def compact(
        self,
        *,
        grace: timedelta = timedelta(days=1),
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Compaction:
        """Join the many small files of an indicator into few large ones; no row is lost or changed.

        Appending and reading go on meanwhile. Replaced files are removed when nobody can still read them: by a
        compaction that comes `grace` later.
        """
        if not self.exists:
            return Compaction()
        return compact(self.files, self._log, grace, progress)

    def _sound(
        self,
        frame: pl.DataFrame | None,
        received: datetime,
        source: str | None,
        now: datetime,
        name: str,
        findings: WatchFindings,
    ) -> tuple[pl.DataFrame | None, int]:
        """The rows that may be stored, and how many may not."""
        if frame is None:
            return pl.DataFrame(schema=OBSERVATIONS), 0
        rows = shaped(frame, received, source, name, findings)
        if rows is None:
            return None, frame.height
        good = judge(rows, self._guarded(), now, name, findings)
        return rows.filter(good).drop(ROW), int((~good).sum())

    def _guarded(self) -> Guard:
        units, places = self.indicators.units, self.places
        if self._guard is None:
            return Guard(units, places)
        # An id names a folder of the store, so it must be a slug wherever it comes from.
        own = {name: unit for name, unit in self._guard.units.items() if re.match(SLUG, name)}
        mine = self._guard.places
        both = mine if places is None else places if mine is None else frozenset((*mine, *places))
        return replace(self._guard, units={**own, **units}, places=both)

    def _begin(self) -> None:
        if not self.exists:
            tables = {"observations": OBSERVATIONS, **RECORDS}
            columns = {table: {name: str(dtype) for name, dtype in s.items()} for table, s in tables.items()}
            self.files.create(MARK, json.dumps({"format": FORMAT, "tables": columns}, indent=1).encode())

    def _check_mark(self) -> None:
        try:
            version = json.loads(self.files.read(MARK))["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError("watch_store_damaged", path=self.path, file=MARK) from error
        if version != FORMAT:
            raise StoreError("watch_store_version", path=self.path, version=version)

    def _entry(self, state: State, made: Settled, now: datetime) -> dict[str, Any]:
        return {
            "number": state.number + 1,
            "kind": "append",
            "at": now.isoformat(),
            "add": [f.to_dict() for f in made.files],
            "drop": {},
        }

    def _receipt(
        self, entry: int | None, received: datetime, made: Settled, refused: int, findings: WatchFindings
    ) -> Receipt:
        return Receipt(
            entry,
            received,
            made.added,
            made.duplicates,
            made.revisions,
            made.late,
            refused,
            made.records,
            tuple(findings),
        )


def _past(table: str, frame: pl.DataFrame, soon: datetime, findings: WatchFindings) -> pl.DataFrame:
    """Records that were issued by now; those of the future are told, and left out where the rest is kept."""
    key, name = RECORD_KEYS[table][-1], RECORD_KEYS[table][-2]
    last = frame[key].max()
    if not any(frame[column].null_count() for column in RECORD_KEYS[table]) and (last is None or last <= soon):  # type: ignore[operator]
        return frame
    for when, record in frame.filter(pl.col(key) > soon).select(key, name).unique().sort(name).iter_rows():
        findings.note("issued-future", table, None, key, when.isoformat(), count=1, id=record)
    lacking = frame.filter(pl.any_horizontal(pl.col(*RECORD_KEYS[table]).is_null()))
    if lacking.height:
        findings.note("required", table, None, key, None, count=lacking.height)
    return frame.filter(pl.col(key) <= soon)


__all__ = ["Batch", "Compaction", "Receipt", "Store"]
