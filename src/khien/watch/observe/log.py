"""The log of a store: which files hold its rows. A batch is in the store from the moment its entry is there.

``log/000000000042.json`` is entry 42. It names the files that one act added, so that an act over many files is still
one step. An entry of a compaction holds the whole state instead, and reading begins at the newest of those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from khien.watch.observe.files import Files
from khien.watch.observe.findings import StoreError

FOLDER: Final = "log"
HINT: Final = "newest-state.json"
FORMAT: Final = 1


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of the store.

    Attributes:
        path: its name in the store.
        table: `observations` or a table of records.
        indicator: whose values it holds; empty for records.
        rows: how many.
        order: the last batch in it; of two values with the same times that of the later batch counts.
        bounds: smallest and largest `valid`, `issued` and `received`, in microseconds since 1970.
    """

    path: str
    table: str
    indicator: str
    rows: int
    order: int
    bounds: Mapping[str, tuple[int, int]] = field(hash=False, default_factory=dict)

    def may_hold(self, column: str, low: int | None, high: int | None) -> bool:
        """Whether a time between the two can be in it."""
        first, last = self.bounds.get(column, (-(2**63), 2**63))
        return (low is None or last >= low) and (high is None or first <= high)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in ("path", "table", "indicator", "rows", "order")} | {
            "bounds": {name: list(pair) for name, pair in self.bounds.items()}
        }


@dataclass(frozen=True)
class State:
    """What a store holds after entry `number`; `dropped` are replaced files that readers may
    still use, with the time from which on they were not needed."""

    number: int = 0
    files: tuple[DataFile, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict, hash=False)
    entries: tuple[Mapping[str, Any], ...] = ()

    def of(self, table: str, indicator: str = "") -> list[DataFile]:
        """Files of a table, in the order of their batches."""
        found = [f for f in self.files if f.table == table and (not indicator or f.indicator == indicator)]
        return sorted(found, key=lambda f: (f.order, f.path))

    def after(self, entry: Mapping[str, Any]) -> State:
        """The state once an entry is applied."""
        added = tuple(_file_of(item) for item in entry["add"])
        if entry.get("state"):
            return State(entry["number"], added, dict(entry["drop"]))
        return State(entry["number"], (*self.files, *added), self.dropped, (*self.entries, entry))


def _file_of(item: Mapping[str, Any]) -> DataFile:
    bounds = {name: (int(pair[0]), int(pair[1])) for name, pair in item["bounds"].items()}
    return DataFile(item["path"], item["table"], item["indicator"], item["rows"], item["order"], bounds)


def name_of(number: int) -> str:
    """The file of an entry."""
    return f"{FOLDER}/{number:012d}.json"


class Log:
    """Reads and extends the log; what was read once is kept."""

    def __init__(self, files: Files, path: str) -> None:
        self.files, self.path = files, path
        self._state = State()

    def state(self) -> State:
        """The newest state.

        Raises:
            StoreError: an entry is missing or cannot be read.
        """
        try:
            return self._read()
        except FileNotFoundError:
            # Entries that a newer state makes needless may be cleared away while they are being read.
            self._state = State()
        try:
            return self._read()
        except FileNotFoundError as error:
            raise StoreError("watch_store_damaged", path=self.path, file=str(error.filename or FOLDER)) from error

    def _read(self) -> State:
        numbers = [int(name[:-5]) for name in self.files.names(FOLDER) if name[:-5].isdigit()]
        if not numbers:
            return State()
        state, newest = self._state, max(numbers)
        hint = self._hint(numbers)
        if state.number < hint or state.number > newest:
            state = State().after(self._entry(hint)) if hint else State()
        for number in range(state.number + 1, newest + 1):
            state = state.after(self._entry(number))
        self._state = state
        return state

    def commit(self, entry: Mapping[str, Any]) -> bool:
        """Add an entry; False when another writer took its number first."""
        data = json.dumps({"format": FORMAT, **entry}, ensure_ascii=False, separators=(",", ":")).encode()
        if not self.files.create(name_of(entry["number"]), data):
            return False
        if entry.get("state"):
            self.files.put(f"{FOLDER}/{HINT}", json.dumps({"number": entry["number"]}).encode())
        return True

    def _hint(self, numbers: list[int]) -> int:
        if HINT not in self.files.names(FOLDER):
            return 0
        number = int(json.loads(self.files.read(f"{FOLDER}/{HINT}"))["number"])
        return number if number in numbers else 0

    def _entry(self, number: int) -> Mapping[str, Any]:
        try:
            entry: Mapping[str, Any] = json.loads(self.files.read(name_of(number)))
            if entry["format"] != FORMAT:
                raise StoreError("watch_store_version", path=self.path, version=entry["format"])
            return entry
        except (ValueError, KeyError) as error:
            raise StoreError("watch_store_damaged", path=self.path, file=name_of(number)) from error
