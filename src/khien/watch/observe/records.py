"""Which versions of records a store has: read once, and then only what is new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import polars as pl

from khien.watch.observe.files import Files
from khien.watch.observe.findings import WatchFindings
from khien.watch.observe.log import State
from khien.watch.observe.reading import scan
from khien.watch.observe.schema import RECORD_KEYS, UTC_TIME, schema_of

Key = tuple[Any, ...]
TIMES: Final = ("issued", "sent")
ALERTS: Final = "alerts"
CHECKED: Final = "alerts whose signature was checked"
SURE: Final = pl.col("signature").str.starts_with("sha256:").fill_null(False)
"""Whether the signature of an alert was checked. What somebody sent before without one, or in its name, does not keep
such a message out."""


class KnownRecords:
    """Version to hash of its content, for each table. No row ever leaves a store, so what was read stays right."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._versions: dict[str, dict[Key, str]] = defaultdict(dict)
        self._contents: dict[str, set[Key]] = defaultdict(set)
        self._fresh: dict[str, dict[Key, str]] = {}

    def begin(self) -> None:
        """Forget what was found new for a batch that did not get in."""
        self._fresh = {}

    def new(
        self,
        files: Files,
        state: State,
        table: str,
        frame: pl.DataFrame,
        received: datetime,
        findings: WatchFindings,
    ) -> tuple[pl.DataFrame, tuple[int, int]]:
        """Records that are not there yet, and how many versions are new and how many were there.

        The same version with other content is a finding: one of the two is not genuine. The same content as another
        version of the same record adds nothing. An alert whose signature was checked is only held against such alerts.
        """
        self._read(files, state, table)
        key, schema = RECORD_KEYS[table], schema_of(table)
        rows = frame.select(*(pl.lit(received, UTC_TIME).alias(n) if n == "received" else n for n in schema))
        against = CHECKED if table == ALERTS and frame.select(SURE.all()).item() else table
        versions, contents = self._versions[against], self._contents[against]
        met: dict[Key, str] = {}
        good: set[str] = set()
        bad = old = 0
        for row in dict.fromkeys(zip(*(rows[name].to_list() for name in (*key, "sha256")), strict=True)):
            version, sha256 = row[:-1], row[-1]
            if versions.get(version, met.get(version, sha256)) != sha256:
                findings.note("record-conflict", table, None, key[-2], version[-2])
                bad += 1
            elif version in versions or _content(key, version, sha256) in contents:
                old += 1
            else:
                met[version] = sha256
                good.add(sha256)
        self._fresh[against] = met
        if bad or old:
            rows = rows.filter(pl.col("sha256").is_in(list(good)))
        return rows, (len(good), old)

    def stored(self, paths: Iterable[str]) -> None:
        """What was found new last is in the store now, in these files."""
        for against, met in self._fresh.items():
            for version, sha256 in met.items():
                self._note(ALERTS if against == CHECKED else against, version, sha256, sure=against == CHECKED)
        self._fresh = {}
        self._seen |= set(paths)

    def _note(self, table: str, version: Key, sha256: str, *, sure: bool) -> None:
        if sure or version not in self._versions[CHECKED]:
            for name in (table, CHECKED) if sure else (table,):
                self._versions[name][version] = sha256
                self._contents[name].add(_content(RECORD_KEYS[table], version, sha256))

    def _read(self, files: Files, state: State, table: str) -> None:
        """Take in the files that were not read yet."""
        chosen = [file for file in state.of(table) if file.path not in self._seen]
        if not chosen:
            return
        key = RECORD_KEYS[table]
        sure = SURE if table == ALERTS else pl.lit(False)
        rows = scan(files, chosen, table).select(*key, "sha256", _sure=sure).unique().sort("_sure", descending=True)
        for *version, sha256, checked in rows.collect().iter_rows():
            self._note(table, tuple(version), sha256, sure=checked)
        self._seen |= {file.path for file in chosen}


def _content(key: tuple[str, ...], version: Key, sha256: str) -> Key:
    """What a record says, whichever its version."""
    return (*(value for name, value in zip(key, version, strict=True) if name not in TIMES), sha256)
