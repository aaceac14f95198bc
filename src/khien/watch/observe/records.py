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
        version of the same record adds nothing.
        """
        self._read(files, state, table)
        key, schema = RECORD_KEYS[table], schema_of(table)
        rows = frame.select(*(pl.lit(received, UTC_TIME).alias(n) if n == "received" else n for n in schema))
        versions, contents = self._versions[table], self._contents[table]
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
        self._fresh[table] = met
        if bad or old:
            rows = rows.filter(pl.col("sha256").is_in(list(good)))
        return rows, (len(good), old)

    def stored(self, paths: Iterable[str]) -> None:
        """What was found new last is in the store now, in these files."""
        for table, met in self._fresh.items():
            self._versions[table] |= met
            self._contents[table] |= {_content(RECORD_KEYS[table], version, sha256) for version, sha256 in met.items()}
        self._fresh = {}
        self._seen |= set(paths)

    def _read(self, files: Files, state: State, table: str) -> None:
        """Take in the files that were not read yet."""
        chosen = [file for file in state.of(table) if file.path not in self._seen]
        if not chosen:
            return
        key = RECORD_KEYS[table]
        for row in scan(files, chosen, table).select(*key, "sha256").unique().collect().iter_rows():
            self._versions[table][row[:-1]] = row[-1]
            self._contents[table].add(_content(key, row[:-1], row[-1]))
        self._seen |= {file.path for file in chosen}


def _content(key: tuple[str, ...], version: Key, sha256: str) -> Key:
    """What a record says, whichever its version."""
    return (*(value for name, value in zip(key, version, strict=True) if name not in TIMES), sha256)
