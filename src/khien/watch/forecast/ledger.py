"""The promise ledger: every forecast ever issued, kept as it was issued, to be scored when the outcome is known.

A batch is one Parquet file and one entry of a log. An entry holds the hash of the batch's content, of the data that it
stood on and of the entry before, so that nothing can be changed, dropped or put in later unseen. See
docs/methods/promise-ledger.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import polars as pl

from khien.watch.forecast.ledger_findings import LedgerError, LedgerFinding, refuse
from khien.watch.forecast.promises import FORECAST, PROMISES, content_hash, promises, with_kind
from khien.watch.observe.files import Files, files_at
from khien.watch.observe.schema import moment

MARK: Final = "ledger.json"
LOG: Final = "log"
FORMAT: Final = 1
START: Final = "0" * 64
"""What stands in place of the hash before the first entry."""
AHEAD: Final = timedelta(hours=1)
"""How far ahead of ours the clock of an issuer may be."""
ATTEMPTS: Final = 100


@dataclass(frozen=True)
class Entry:
    """One batch of promises.

    Attributes:
        number: 1, 2, 3 …
        issued: when the forecasts were issued, as their issuer says, UTC.
        added: when they came into the ledger, by its own clock, UTC.
        rows, forecasts: rows of the file, and forecasts (a set of quantiles is one).
        models, indicators: whose, of what; sorted.
        first, last: earliest and latest reference date.
        content: SHA-256 of the promises.
        data: SHA-256 of the data that they stood on.
        note: version of the model or how it was made; may be empty.
        file: where the promises are.
        previous: hash of the entry before.
    """

    number: int
    issued: datetime
    added: datetime
    rows: int
    forecasts: int
    models: tuple[str, ...]
    indicators: tuple[str, ...]
    first: date
    last: date
    content: str
    data: str
    note: str
    file: str
    previous: str

    @property
    def hash(self) -> str:
        """SHA-256 in hex over all of it as canonical JSON."""
        plain = json.dumps(self.plain(), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(b"khien ledger 1\n" + plain.encode("ascii")).hexdigest()

    def plain(self) -> dict[str, Any]:
        """Plain values for JSON, without the hash."""
        told = {name: v.isoformat() if isinstance(v, date) else v for name, v in asdict(self).items()}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in told.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the hash."""
        return {**self.plain(), "hash": self.hash}


class Ledger:
    """The ledger in a local folder or, with ``scheme://``, wherever fsspec reaches.

    Raises:
        LedgerError: the folder holds something else, or a ledger of another version.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self.files: Files = files_at(path)
        self._known: list[tuple[Entry, str]] = []
        there = self.files.names("")
        if MARK not in there and there:
            raise refuse("ledger-other", self.path)
        if MARK in there and json.loads(self.files.read(MARK)).get("format") != FORMAT:
            raise refuse("ledger-version", self.path, FORMAT)

    def entries(self) -> list[Entry]:
        """All entries, in order. What this object has read and checked once is not read again.

        Raises:
            LedgerError: one is missing, changed, or does not follow the one before.
        """
        names = self.files.names(LOG)
        if len(names) < len(self._known):
            self._known = []
        for name in names[len(self._known) :]:
            last = self._known[-1][1] if self._known else START
            entry = self._checked(f"{LOG}/{name}", len(self._known) + 1, last)
            self._known.append((entry, entry.hash))
        return [entry for entry, _ in self._known]

    def add(
        self,
        frame: pl.DataFrame,
        *,
        issued: datetime,
        data: str,
        note: str = "",
        table: str = "forecasts",
        now: datetime | None = None,
    ) -> Entry:
        """Keep a batch of forecasts, all of it or nothing.

        Args:
            frame: see :func:`khien.watch.forecast.promises.promises`.
            issued: when they were issued; without a zone it is UTC. Not in the future.
            data: SHA-256 in hex of the data that they stood on; see :func:`data_hash`.
            note: version of the model or how it was made.
            table: what findings call the frame.
            now: the present, for tests and replays.

        Returns:
            The entry, which is on the disk.

        Raises:
            LedgerError: everything that is wrong; a forecast that is there already is refused, whatever it says.
        """
        now, issued = moment(now or datetime.now(UTC)), moment(issued)
        findings = [] if re.fullmatch(r"[0-9a-f]{64}", data) else [LedgerFinding("data-hash", value=data[:80])]
        if issued > now + AHEAD:
            findings.append(LedgerFinding("issued-future", table, value=issued.isoformat()))
        try:
            rows = promises(frame, table)
        except LedgerError as error:
            raise LedgerError([*findings, *error.findings]) from None
        if findings:
            raise LedgerError(findings)
        self._begin()
        with self.files.lock():
            for _ in range(ATTEMPTS):
                entry = self._entry(rows, issued, now, data, note, table)
                self.files.put_table(entry.file, rows)
                if self.files.create(_name(entry.number), json.dumps(entry.to_dict(), ensure_ascii=False).encode()):
                    return entry
                self.files.remove(entry.file)
        raise refuse("ledger-busy", self.path)

    def read(self, entries: list[Entry] | None = None) -> pl.LazyFrame:
        """All promises: :data:`PROMISES`, `kind`, and `entry`, `issued`, `added` of their batch."""
        chosen = self.entries() if entries is None else entries
        if not chosen:
            stamps = {"entry": pl.Int64(), "issued": pl.Datetime("us", "UTC"), "added": pl.Datetime("us", "UTC")}
            return pl.LazyFrame(schema={**PROMISES, "kind": pl.String(), **stamps})
        parts = []
        for one in chosen:
            stamps_of = {"entry": pl.lit(one.number, pl.Int64), "issued": _at(one.issued), "added": _at(one.added)}
            part: pl.LazyFrame = with_kind(pl.scan_parquet(self.files.source(one.file)))
            parts.append(part.with_columns(**stamps_of))
        return pl.concat(parts)

    def check(self) -> list[LedgerFinding]:
        """Read every file again and compare it with the hash of its entry; what is missing or changed.

        Raises:
            LedgerError: the log itself is broken.
        """
        found = []
        for one in self.entries():
            try:
                whole = content_hash(pl.read_parquet(self.files.source(one.file))) == one.content
            except (OSError, pl.exceptions.PolarsError):
                whole = False
            if not whole:
                found.append(LedgerFinding("file-changed", one.file, value=str(one.number)))
        return found

    def _begin(self) -> None:
        if MARK not in self.files.names(""):
            self.files.create(MARK, json.dumps({"format": FORMAT}).encode())

    def _entry(
        self, rows: pl.DataFrame, issued: datetime, now: datetime, data: str, note: str, table: str
    ) -> Entry:
        before, content = self.entries(), content_hash(rows)
        if same := [one for one in before if one.content == content]:
            raise refuse("added-already", table, same[0].number)
        made = with_kind(rows).select(FORECAST).unique()
        models, indicators = (tuple(sorted(made[name].unique())) for name in ("model", "indicator"))
        first, last = made["reference"].min(), made["reference"].max()
        self._refuse_repeats(made, [e for e in before if _meet(e, models, indicators, first, last)], table)
        number = len(before) + 1
        return Entry(
            number, issued, now, rows.height, made.height, models, indicators, first, last, content, data, note,
            _file(number, content), before[-1].hash if before else START,
        )  # fmt: skip

    def _refuse_repeats(self, made: pl.DataFrame, others: list[Entry], table: str) -> None:
        if not others:
            return
        there = self.read(others).select(*FORECAST, "entry").unique().collect()
        again = made.join(there, on=list(FORECAST), how="inner", nulls_equal=True).sort(FORECAST)
        if again.height:
            one = again.row(0, named=True)
            told = " · ".join(str(one[name]) for name in ("indicator", "place", "reference", "target", "model"))
            raise refuse("promised-already", table, told, count=again.height, entry=one["entry"])

    def _checked(self, file: str, number: int, previous: str) -> Entry:
        try:
            found = json.loads(self.files.read(file))
            entry = _entry_of(found)
            sound = file == _name(number) and entry.number == number and entry.previous == previous
            if not sound or entry.file != _file(number, entry.content) or entry.hash != found["hash"]:
                raise ValueError(file)
        except (ValueError, TypeError, KeyError):
            raise refuse("ledger-broken", file, number) from None
        return entry


def data_hash(*frames: pl.DataFrame) -> str:
    """SHA-256 in hex of the frames that forecasts stood on, in the order given."""
    return hashlib.sha256("".join(content_hash(frame) for frame in frames).encode()).hexdigest()


def _meet(entry: Entry, models: tuple[str, ...], indicators: tuple[str, ...], first: date, last: date) -> bool:
    """Whether an entry can hold a forecast that some new ones repeat."""
    shared = set(entry.models) & set(models) and set(entry.indicators) & set(indicators)
    return bool(shared) and entry.first <= last and first <= entry.last


def _entry_of(found: Mapping[str, Any]) -> Entry:
    fields = {name: found[name] for name in Entry.__dataclass_fields__}
    fields |= {name: datetime.fromisoformat(fields[name]) for name in ("issued", "added")}
    fields |= {name: date.fromisoformat(fields[name]) for name in ("first", "last")}
    return Entry(**fields | {name: tuple(fields[name]) for name in ("models", "indicators")})


def _name(number: int) -> str:
    return f"{LOG}/{number:012d}.json"


def _file(number: int, content: str) -> str:
    return f"promises/{number:08}-{content[:16]}.parquet"


def _at(when: datetime) -> pl.Expr:
    return pl.lit(when).cast(pl.Datetime("us", "UTC"))


__all__ = ["Entry", "Ledger", "LedgerError", "LedgerFinding", "data_hash"]
