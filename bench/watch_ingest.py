"""How fast observations and alerts come in and are read: `python -m bench.watch_ingest [--rows N] [--stored N]`.

Figures to reach on two cores: 1 M observations checked and stored in under 10 s; one indicator out of 50 M rows read as
of a day in under 300 ms; 1,000 CAP messages parsed, validated and stored in under 5 s.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from khien.watch.feeds import alert_states, read_cap
from khien.watch.feeds.reading import together
from khien.watch.observe import Guard, Store

PLACES = [f"{i:05}" for i in range(1, 1001)]
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def observations(rows: int, indicators: list[str], seed: int, first: date = date(2020, 1, 6)) -> pl.DataFrame:
    """Weekly values of many places, each issued ten times."""
    draw = np.random.default_rng(seed)
    each = rows // len(indicators)
    weeks = each // (len(PLACES) * 10) or 1
    index = np.arange(each)
    week = (index // 10) % weeks
    frame = pl.DataFrame({"place": index // (10 * weeks) % len(PLACES), "week": week, "lag": index % 10 + 1})
    frame = frame.select(
        place=pl.col("place").replace_strict(dict(enumerate(PLACES)), return_dtype=pl.String),
        valid=pl.lit(first) + pl.duration(weeks=pl.col("week")),
        issued=pl.lit(first) + pl.duration(weeks=pl.col("week") + pl.col("lag")),
        unit=pl.lit("cases"),
        source=pl.lit("bench"),
    )
    drawn = {name: pl.Series(draw.poisson(50, each)) * 1.0 for name in indicators}
    return pl.concat([frame.with_columns(indicator=pl.lit(name), value=values) for name, values in drawn.items()])


def timed(what: Callable[[], object], times: int = 1) -> tuple[float, float, float]:
    """Median and slowest of some runs on the clock, and the processor time of one, all in seconds.

    Processor time is that of all threads; where other work shares the machine, it says more than the clock.
    """
    took = []
    cpu = time.process_time()
    for _ in range(times):
        begun = time.perf_counter()
        what()
        took.append(time.perf_counter() - begun)
    return statistics.median(took), max(took), (time.process_time() - cpu) / times


def said(median: float, slowest: float, cpu: float) -> str:
    """All in milliseconds, or in seconds where they are many."""
    if slowest > 1:
        return f"{median:.2f} s ({cpu:.2f} s of processor time)"
    return f"{1e3 * median:.0f} ms, slowest {1e3 * slowest:.0f} ms ({1e3 * cpu:.0f} ms of processor time)"


def ingest(folder: Path, rows: int) -> None:
    """Append a frame of a million rows, first to an empty store, then again a week later."""
    names = [f"i{n}" for n in range(10)]
    guard = Guard(dict.fromkeys(names, "cases"), PLACES)
    store = Store(folder / "ingest", guard)
    for round_ in range(2):
        frame = observations(rows, names, round_, date(2020, 1, 6) + timedelta(days=round_))
        took = timed(lambda frame=frame: store.append(frame, now=NOW))  # type: ignore[misc]
        print(f"{rows:,} observations of 10 indicators checked and stored, batch {round_ + 1}: {said(*took)}")
    took = timed(lambda: store.append(frame, now=NOW))
    print(f"the same {rows:,} again (all duplicates): {said(*took)}")


def as_of(folder: Path, stored: int, each: int) -> None:
    """Read one indicator of a large store as of a day."""
    names = [f"i{n:03}" for n in range(stored // each)]
    store = Store(folder / "stored", Guard(dict.fromkeys(names, "cases"), PLACES))
    begun = time.perf_counter()
    for start in range(0, len(names), 4):
        store.append(observations(each * len(names[start : start + 4]), names[start : start + 4], start), now=NOW)
    print(f"store of {stored:,} rows filled in {time.perf_counter() - begun:.0f} s")
    reader = Store(folder / "stored")
    day = date(2021, 3, 1)
    took = timed(lambda: reader.as_of(names[7], day).collect(), 11)
    found = reader.as_of(names[7], day).collect()
    print(f"one indicator ({each:,} rows) as of a day, {found.height:,} values: {said(*took)}")
    took = timed(lambda: Store(folder / "stored").as_of(names[3], day, places=PLACES[:34]).collect(), 11)
    print(f"34 places of it, store opened anew: {said(*took)}")
    # What arrives between two compactions lies in small files.
    for number in range(20):
        small = observations(20_000, [names[7]], 999, date(2024, 1, 1) + timedelta(days=number))
        store.append(small, now=NOW)
    took = timed(lambda: reader.as_of(names[7], day).collect(), 11)
    print(f"the same after 20 more appends: {said(*took)}")
    took = timed(store.compact)
    print(f"compaction of them: {said(*took)}")
    took = timed(lambda: reader.as_of(names[7], day).collect(), 11)
    print(f"and after it: {said(*took)}")


SAMPLE = Path(__file__).resolve().parent.parent / "tests" / "watch" / "files" / "vietnam_flood.xml"


def alerts(folder: Path, count: int) -> None:
    """Parse, validate and store CAP messages: real ones where the sample data is there, else the made-up one."""
    root = Path(os.environ.get("KHIEN_DATA", SAMPLE.parents[4] / "shared" / "data")) / "watch" / "alerts" / "cap"
    real = sorted(p for p in root.glob("*.xml") if p.stat().st_size < 50_000) or [SAMPLE]
    texts = [p.read_bytes() for p in real]
    found = [re.search(rb"<(?:\w+:)?identifier>([^<]*)<", text) for text in texts]
    messages = [
        texts[n % len(texts)].replace(found[n % len(texts)][1], b"bench-%d" % n, 1)  # type: ignore[index]
        for n in range(count)
    ]
    size = sum(map(len, messages)) / 1e6
    store = Store(folder / "alerts")
    took = timed(lambda: [read_cap(m, "bench").into(store, now=NOW) for m in messages])
    print(f"{count:,} CAP messages ({size:.1f} MB, from {len(texts)} different) read, stored one by one: {said(*took)}")
    whole = Store(folder / "alerts-together")
    took = timed(lambda: together([read_cap(m, "bench") for m in messages]).into(whole, now=NOW))
    print(f"the same read one by one and stored as one batch: {said(*took)}")
    rows = whole.records("alerts").collect()
    took = timed(lambda: alert_states(rows, NOW))
    print(f"their states: {said(*took)}")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--stored", type=int, default=50_000_000)
    parser.add_argument("--each", type=int, default=1_000_000)
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        alerts(Path(name), 1000)
        ingest(Path(name), args.rows)
        as_of(Path(name), args.stored, args.each)


if __name__ == "__main__":
    main()
