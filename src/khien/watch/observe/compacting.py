"""Joining many small files into few large ones, and clearing away what nobody reads any more."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from khien.watch.observe.files import Files, LocalFiles
from khien.watch.observe.findings import StoreError
from khien.watch.observe.log import FOLDER, HINT, DataFile, Log, State
from khien.watch.observe.reading import ORDER, scan
from khien.watch.observe.schema import RECORDS, schema_of
from khien.watch.observe.writing import write

UNFINISHED: Final = timedelta(hours=1)
"""A file that no entry names is left alone so long: its writer may be alive."""
LARGEST_FILE: Final = 4_000_000
"""Rows of one file after compaction, at most."""


@dataclass(frozen=True)
class Compaction:
    """What a compaction did: files before and after, rows in the files that were joined, files removed for good."""

    before: int = 0
    after: int = 0
    rows: int = 0
    removed: int = 0


def compact(
    files: Files, log: Log, grace: timedelta, progress: Callable[[str, int, int], None] | None
) -> Compaction:
    """Join the files of every indicator and table that has several.

    New files are written without holding anybody up; then one entry of the log puts them in the place of those they
    join, which another compaction must not have replaced meanwhile.
    """
    state = log.state()
    groups = _groups(state)
    joined: list[DataFile] = []
    for done, group in enumerate(groups):
        joined += _join(files, group)
        if progress is not None:
            progress("compact", done + 1, len(groups))
    replaced = [f.path for group in groups for f in group]
    after = len(state.files)
    if groups or state.entries:
        after = _settle(files, log, joined, replaced)
    removed = _clear(files, log, grace)
    return Compaction(len(state.files), after, sum(f.rows for f in joined), removed)


def _groups(state: State) -> list[list[DataFile]]:
    """Files that belong together, where there are several; those that are large enough stay as they are."""
    found: dict[tuple[str, str], list[DataFile]] = {}
    for file in sorted(state.files, key=lambda f: (f.order, f.path)):
        if file.rows < LARGEST_FILE:
            found.setdefault((file.table, file.indicator), []).append(file)
    return [group for _, group in sorted(found.items()) if len(group) > 1]


def _join(files: Files, group: Sequence[DataFile]) -> list[DataFile]:
    """Write the rows of a group again as few files, and prove that they are the same rows."""
    table = group[0].table
    rows = scan(files, group, table)
    if table == "observations":
        rows = rows.sort(*ORDER, maintain_order=True)
    frame = rows.collect()
    order = max(f.order for f in group)
    made = [
        write(files, frame.slice(at, LARGEST_FILE), table, group[0].indicator, order)
        for at in range(0, frame.height, LARGEST_FILE)
    ]
    before, after = (_fingerprint(files, part, table) for part in (group, made))
    if before != after:
        for file in made:
            files.remove(file.path)
        raise StoreError("watch_store_compaction", path=group[0].path)
    return made


def _fingerprint(files: Files, chosen: Sequence[DataFile], table: str) -> tuple[int, int]:
    """Number of rows and the sum of their hashes, which does not depend on their order."""
    frame = scan(files, chosen, table).select(*schema_of(table)).collect()
    return frame.height, int(frame.hash_rows(seed=7).cast(pl.Int128).sum() or 0)


def _settle(files: Files, log: Log, joined: Sequence[DataFile], replaced: Sequence[str]) -> int:
    """Put the joined files in the place of the others, in one step; how many files there are then."""
    gone = set(replaced)
    with files.lock():
        for _ in range(100):
            state = log.state()
            if not gone <= {f.path for f in state.files}:
                for file in joined:
                    files.remove(file.path)
                return len(state.files)
            kept = [*joined, *(f for f in state.files if f.path not in gone)]
            now = datetime.now(UTC).isoformat()
            entry = {
                "number": state.number + 1,
                "kind": "compact",
                "state": True,
                "at": now,
                "add": [f.to_dict() for f in kept],
                "drop": {**state.dropped, **dict.fromkeys(replaced, now)},
            }
            if log.commit(entry):
                return len(kept)
    raise StoreError("watch_store_busy", path=log.path)


def _clear(files: Files, log: Log, grace: timedelta) -> int:
    """Remove what nobody can still read: replaced files, leftovers of dead writers, old entries of the log."""
    with files.lock():
        state, now = log.state(), datetime.now(UTC)
        live = {f.path for f in state.files}
        removed = 0
        for path in _data_files(files):
            since = state.dropped.get(path)
            age = timedelta(seconds=files.age(path)) if since is None else now - datetime.fromisoformat(since)
            # A file that was never named may belong to a compaction that is just being written.
            if path not in live and age > (max(grace, UNFINISHED) if since is None else grace):
                files.remove(path)
                removed += 1
        if isinstance(files, LocalFiles):
            for name, seconds in list(files.drafts()):
                if seconds > max(grace, UNFINISHED).total_seconds():
                    files.remove(name)
                    removed += 1
        _clear_log(files, grace)
    return removed


def _data_files(files: Files) -> list[str]:
    found = []
    folders = [f"observations/{name}" for name in files.names("observations")]
    for folder in [*folders, *RECORDS]:
        found += [f"{folder}/{name}" for name in files.names(folder) if name.endswith(".parquet")]
    return found


def _clear_log(files: Files, grace: timedelta) -> None:
    """Entries before the newest state are read by nobody."""
    names = files.names(FOLDER)
    if HINT not in names:
        return
    newest = int(json.loads(files.read(f"{FOLDER}/{HINT}"))["number"])
    for name in names:
        old = name[:-5].isdigit() and int(name[:-5]) < newest
        if old and files.age(f"{FOLDER}/{name}") > grace.total_seconds():
            files.remove(f"{FOLDER}/{name}")
