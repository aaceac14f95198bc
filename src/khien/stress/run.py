"""Many draws: in pieces over threads, or over the workers of a cluster, with progress, and to be stopped.

A piece is a range of draws. What a piece gives does not depend on who works it out, and pieces are put together
by adding whole numbers and by the place of their draws: the result is the same bit for bit however they are spread.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from khien.stress.core.model import Ints, Model, Reals, no_twist
from khien.stress.core.replay import BLOCK, Draws, Work, draws_for, replay, work_for
from khien.stress.core.tally import (
    MONEY_BINS,
    Scale,
    Tally,
    add,
    count_ends,
    count_money,
    count_rest,
    count_shares,
    tally_for,
)
from khien.stress.settings import StressError

PIECE = 8 * BLOCK
"""Draws between two looks at the clock."""

SENT = 16 * BLOCK
"""The same where counts are sent from one machine to another."""

PILOT = 2 * BLOCK
"""Draws from which the bins of money are laid out: always the first ones, so that they are always the same."""

PATIENCE = 10.0
"""Seconds until a cluster that does not answer is given up."""


@dataclass(frozen=True)
class Progress:
    """How far a stress test is: its stage ("draws" or "compare"), draws done, draws wanted, seconds so far."""

    stage: str
    done: int
    total: int
    seconds: float


class Job(NamedTuple):
    """What a worker needs besides the range of draws."""

    model: Model
    ends: Ints
    seed: int
    repair: bool
    scale: Scale


class Part(NamedTuple):
    """What a piece gives: values in the order of its draws, and counts."""

    first: int
    values: Reals
    tally: Tally


class Desk(NamedTuple):
    """Room for one worker after another, and what has been counted there."""

    work: Work
    draws: Draws
    tally: Tally


def desk_for(model: Model) -> Desk:
    """Room, and counters at nought."""
    return Desk(work_for(model), draws_for(model), tally_for(model))


def scale_of(model: Model, seed: int, repair: bool) -> Scale:
    """Bins of money by year, twice as wide as what the first draws span, in whole million VND."""
    draws, work, tally = draws_for(model), work_for(model), tally_for(model)
    low = np.full((2, len(model.means.income)), np.iinfo(np.int64).max)
    high = -low
    for first in range(0, PILOT, BLOCK):
        replay(model, no_twist(model), seed, first, repair, work, draws, tally.broken)
        for which, money in enumerate((draws.spend, draws.cash)):
            low[which] = np.minimum(low[which], money.min(axis=1).astype(np.int64))
            high[which] = np.maximum(high[which], money.max(axis=1).astype(np.int64))
    half = (high - low) // 2 + 1
    return Scale(low - half, -(-2 * (high - low + 2) // MONEY_BINS))


def work_out(job: Job, first: int, count: int) -> Part:
    """One piece of the draws."""
    desk, values = desk_for(job.model), np.empty(count)
    fill(job, desk, first, values)
    return Part(first, values, desk.tally)


def fill(job: Job, desk: Desk, first: int, values: Reals) -> None:
    """Fill the values of the draws from `first` on; what is counted is added up at the desk."""
    model, twist = job.model, no_twist(job.model)
    for at in range(0, len(values), BLOCK):
        size = min(BLOCK, len(values) - at)
        draws = desk.draws if size == BLOCK else draws_for(model, size)
        room = desk.work if size == BLOCK else work_for(model, size)
        replay(model, twist, job.seed, first + at, job.repair, room, draws, desk.tally.broken)
        _count(job, draws, desk.tally)
        values[at : at + size] = draws.value


def _count(job: Job, d: Draws, t: Tally) -> None:
    count_shares(d.coverage, 0, t.share_sum, t.share_bins)
    count_shares(d.reliance, 1, t.share_sum, t.share_bins)
    count_money(d.spend, 0, t.money_sum, t.money_bins, job.scale.low, job.scale.width)
    count_money(d.cash, 1, t.money_sum, t.money_bins, job.scale.low, job.scale.width)
    count_ends(d.end, job.ends, d.ok, job.model.horizon.quarters, t.end_bins, t.late_sum, t.success, t.left_out)
    count_rest(d.cash, job.model.means.reserve, d.on, t.short, t.happened)


class Outcome(NamedTuple):
    """What all pieces together give; fewer draws than asked for where somebody stopped it."""

    values: Reals
    tally: Tally
    why_stopped: str  # "draws": all were done; "interrupt"


def run(
    job: Job,
    draws: int,
    threads: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """All draws. Ctrl-C gives those done so far."""
    size = PIECE if cluster is None else SENT
    pieces = [(first, min(size, draws - first)) for first in range(0, draws, size)]
    values, total = np.full(draws, np.nan), tally_for(job.model)
    began, done, why = time.monotonic(), 0, "draws"
    if cluster is None:
        source = _threads(job, pieces, threads, values, total)
    else:
        source = _cluster(job, pieces, cluster, values, total)
    try:
        for count in source:
            done += count
            if progress is not None:
                progress(Progress("draws", done, draws, time.monotonic() - began))
    except KeyboardInterrupt:
        why = "interrupt"
    finally:
        source.close()
    return Outcome(values[~np.isnan(values)], total, why)


def _threads(
    job: Job, pieces: list[tuple[int, int]], threads: int | None, values: Reals, total: Tally
) -> Generator[int, None, None]:
    """Fill `values` and `total`: the compiled replay lets go of the interpreter. Yields how many draws were done.

    A piece that has begun is finished, so that values and counts are always of the same draws.
    """
    count = max(1, min(threads or cores(), len(pieces)))
    stop = threading.Event()
    desks = [desk_for(job.model) for _ in range(count)]

    def one(piece: tuple[int, int]) -> int:
        if stop.is_set():
            return 0
        desk, (first, size) = desks.pop(), piece
        found = np.empty(size)
        fill(job, desk, first, found)
        values[first : first + size] = found
        desks.append(desk)
        return size

    pool = ThreadPoolExecutor(count)
    try:
        for future in as_completed([pool.submit(one, piece) for piece in pieces]):
            yield future.result()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
        for desk in desks:
            add(total, desk.tally)


def _cluster(
    job: Job, pieces: list[tuple[int, int]], address: str, values: Reals, total: Tally
) -> Generator[int, None, None]:
    """The same by the workers of a Dask cluster."""
    try:
        distributed: Any = import_module("distributed")  # an extra, without types
    except ImportError as error:
        raise StressError("stress_no_distributed") from error
    try:
        client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise StressError("stress_no_cluster", address=address, why=str(error) or type(error).__name__) from error
    try:
        shared = client.scatter(job, broadcast=True, hash=False)
        futures = [client.submit(work_out, shared, first, count, pure=False) for first, count in pieces]
        for _, part in distributed.as_completed(futures, with_results=True):
            values[part.first : part.first + len(part.values)] = part.values
            add(total, part.tally)
            yield len(part.values)
    finally:
        with suppress(Exception):
            client.close()


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


__all__ = ["Job", "Outcome", "Part", "Progress", "cores", "run", "scale_of", "work_out"]
