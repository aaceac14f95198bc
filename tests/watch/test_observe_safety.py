"""A store survives: killed writers, many writers, compaction under readers, other places than a disk."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from khien.watch.observe import Guard, Store, StoreError

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
GUARD = Guard({"a": "x", "b": "x"})
WRITER = """
import sys
from datetime import date
import polars as pl
from khien.watch.observe import Guard, Store
store = Store(sys.argv[1], Guard({"a": "x", "b": "x"}))
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    frame = pl.DataFrame({"place": [str(i) for i in range(200)] * 2, "indicator": ["a"] * 200 + ["b"] * 200})
    frame = frame.with_columns(valid=pl.lit(date(2026, 1, 1)), issued=pl.lit(date(2026, 1, 2)),
        value=pl.lit(1000.0 * int(sys.argv[2][1:]) + number), unit=pl.lit("x"),
        source=pl.lit(f"{sys.argv[2]}-{number}"))
    store.append(frame)
    if sys.argv[4] == "compact" and number % 5 == 4:
        store.compact()
print("done", flush=True)
"""


def start(path: Path, name: str, count: int, also: str = "no") -> subprocess.Popen[str]:
    """A process of its own that appends batches of 200 rows for each of two indicators."""
    words = [sys.executable, "-c", WRITER, str(path), name, str(count), also]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def batches(path: Path) -> dict[str, tuple[int, int]]:
    """Rows of each batch in both indicators."""
    store = Store(path)
    found: dict[str, tuple[int, int]] = {}
    for at, indicator in enumerate("ab"):
        counted = store.observations(indicator).group_by("source").len().collect()
        for source, count in counted.iter_rows():
            pair = list(found.get(source, (0, 0)))
            pair[at] = count
            found[source] = (pair[0], pair[1])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("also", ["no", "compact"])
def test_a_writer_killed_at_any_moment_leaves_whole_batches(tmp_path: Path, also: str) -> None:
    chance = random.Random(5)
    for turn in range(6):
        writer = start(tmp_path / "store", f"w{turn}", 100_000, also)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(0.1 + chance.random() * 0.5)
        os.kill(writer.pid, signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        assert set(batches(tmp_path / "store").values()) <= {(200, 200)}
    found = batches(tmp_path / "store")
    assert len(found) > 6
    store = Store(tmp_path / "store", GUARD)
    for leftover in (tmp_path / "store").rglob("*"):
        os.utime(leftover, (0, 0))
    store.compact(grace=timedelta(0))
    store.compact(grace=timedelta(0))
    assert batches(tmp_path / "store") == found
    assert len(list((tmp_path / "store").rglob("*.parquet"))) == 2
    assert not list((tmp_path / "store").rglob("*.tmp"))


@pytest.mark.slow
def test_many_writers_and_a_compaction_lose_nothing(tmp_path: Path) -> None:
    writers = [start(tmp_path / "store", f"w{i}", 12, "compact" if i == 0 else "no") for i in range(3)]
    assert [w.wait(timeout=120) for w in writers] == [0, 0, 0]
    assert batches(tmp_path / "store") == {f"w{i}-{n}": (200, 200) for i in range(3) for n in range(12)}


def observations(value: float, count: int = 10, issued: date = date(2026, 1, 2)) -> pl.DataFrame:
    """Rows of one indicator."""
    return pl.DataFrame({"place": [f"{i:02}" for i in range(count)]}).with_columns(
        indicator=pl.lit("a"),
        valid=pl.lit(date(2026, 1, 1)),
        issued=pl.lit(issued),
        value=pl.lit(value),
        unit=pl.lit("x"),
        source=pl.lit("s"),
    )


def test_compaction_keeps_every_row_and_a_reader_that_was_there_before(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", GUARD)
    for number in range(12):
        store.append(observations(float(number), issued=date(2026, 1, 2 + number)))
    before = store.observations("a").sort(pl.all()).collect()
    reader = store.as_of("a", date(2026, 1, 5))
    done = store.compact()
    assert (done.before, done.after, done.rows, done.removed) == (12, 1, 120, 0)
    assert store.observations("a").sort(pl.all()).collect().equals(before)
    assert reader.collect()["value"].unique().to_list() == [3.0]
    store.append(observations(99.0, issued=date(2026, 2, 1)))
    assert Store(tmp_path / "store").as_of("a").collect()["value"].unique().to_list() == [99.0]
    assert store.compact(grace=timedelta(0)).removed == 14
    assert store.observations("a").collect().height == 130
    assert store.as_of("a", date(2026, 1, 5)).collect()["value"].unique().to_list() == [3.0]


def test_nothing_to_compact_is_no_trouble(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", GUARD)
    assert store.compact().after == 0
    store.append(observations(1.0))
    assert store.compact().after == 1
    assert store.compact().after == 1


def test_the_same_on_another_file_system(tmp_path: Path) -> None:
    store = Store(f"memory://{tmp_path.name}/store", GUARD)
    for number in range(3):
        store.append(observations(float(number), issued=date(2026, 1, 2 + number)))
    assert store.append(observations(2.0, issued=date(2026, 1, 4))).duplicates == 10
    again = Store(f"memory://{tmp_path.name}/store", GUARD)
    assert again.as_of("a", date(2026, 1, 3)).collect()["value"].unique().to_list() == [1.0]
    assert again.compact().rows == 30
    assert again.as_of("a").collect()["value"].unique().to_list() == [2.0]
    assert again.vintages("a", "03", date(2026, 1, 1)).height == 3


def test_a_place_that_cannot_be_reached_says_why() -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store("nonsense-scheme://x")


def test_without_fsspec_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(StoreError, match="needs the Python package fsspec"):
        Store("memory://x")


def test_two_writers_on_a_place_without_lock_both_get_in(tmp_path: Path) -> None:
    """The second finds its number taken, looks again at what is there, and takes the next."""
    url = f"memory://{tmp_path.name}/race"
    first, second = Store(url, GUARD), Store(url, GUARD)
    first.append(observations(1.0))
    stale = second.state
    second._log.state = _once(stale, second._log.state)  # type: ignore[method-assign]
    first.append(observations(2.0, issued=date(2026, 1, 3)))
    receipt = second.append(observations(2.0, issued=date(2026, 1, 3), count=11))
    assert (receipt.entry, receipt.added, receipt.duplicates) == (3, 1, 10)


def _once(first: object, then: object) -> object:
    """A function that gives an outdated answer the first time it is asked."""
    asked = []

    def state() -> object:
        asked.append(1)
        return first if len(asked) == 1 else then()  # type: ignore[operator]

    return state
