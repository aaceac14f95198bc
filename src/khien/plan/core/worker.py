"""Linear programmes in a child process that can be killed.

The simplex library has been seen to go round for ever, past its own time limit. A thread that calls it cannot be
stopped; a process can. The child is started when it is first needed and kept for the calls that follow. It is
killed when a call is late, when the search is halted, and when this process ends; it ends by itself when this process
is gone. Where it is killed, or dies, the call has no result, just as if a limit had been reached.
"""

from __future__ import annotations

import atexit
import itertools
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from khien.plan.core.layout import Layout
from khien.plan.core.linear import Linear
from khien.plan.core.problem import Floats, Ints
from khien.plan.core.simplex import Call, Written, frame, read_frame

PROGRAM = Path(__file__).with_name("simplex.py")
GRACE = 0.25
"""Seconds that a call may go on after its limit before the child is killed."""
LONGEST = 120.0
"""Seconds after which a call is given up however much time is left: far more than any that came back ever took."""
LOOK = 0.05
"""Seconds between two looks at whether the caller still wants the answer."""

Left = Callable[[], float]


class Late(Exception):
    """The answer is not wanted any more."""


class Failed(RuntimeError):
    """The child raised an error: a mistake of ours."""


class Worker:
    """One child. Its methods raise `Late`, or OSError or EOFError where it is dead."""

    def __init__(self) -> None:
        # A group of its own, so that Ctrl-C in a terminal reaches this process alone.
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, bufsize=0, process_group=0,
        )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.into, self.out = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self.into, False)
        self.holds = -1  # number of the problem that was loaded last

    def ask(self, message: bytes, left: Left) -> Any:
        """The answer to a frame, unless no time is left."""
        watch = _Watch(left)
        rest = memoryview(message)
        while rest:
            watch.until(self.into, writing=True)
            rest = rest[os.write(self.into, rest) :]
        reader = _Reader(self.out, watch)
        how, what = read_frame(reader)
        if how != "done":
            raise Failed(what)
        return what

    def end(self) -> None:
        """Kill the child, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self) -> None:
        """Let go of the pipes."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class _Watch:
    """Waits for a pipe, but not longer than the caller wants."""

    def __init__(self, left: Left) -> None:
        self.left, self.began = left, time.perf_counter()
        self.over: float | None = None  # since when no time is left

    def until(self, pipe: int, writing: bool = False) -> None:
        """Come back when the pipe can be used; raise `Late` when it is too late."""
        while True:
            ready = select.select([] if writing else [pipe], [pipe] if writing else [], [], LOOK)
            if ready[0] or ready[1]:
                return
            now = time.perf_counter()
            if self.over is None and (self.left() <= 0.0 or now - self.began > LONGEST):
                self.over = now
            if self.over is not None and now - self.over > GRACE:
                raise Late


class _Reader:
    """A pipe that is read under a watch."""

    def __init__(self, pipe: int, watch: _Watch) -> None:
        self.pipe, self.watch = pipe, watch

    def read(self, size: int) -> bytes:
        """So many bytes, or fewer at the end."""
        parts = bytearray()
        while len(parts) < size:
            self.watch.until(self.pipe)
            part = os.read(self.pipe, min(size - len(parts), 1 << 20))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)


class _Crew:
    """The children of this process that nobody uses at the moment."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[Worker] = []
        self.foreign: list[Worker] = []  # those of the process that this one was forked from

    def take(self, key: int) -> Worker:
        """A child, if possible one that knows this problem."""
        with self.lock:
            self.idle.sort(key=lambda w: w.holds == key)
            while self.idle:
                worker = self.idle.pop()
                if worker.process.poll() is None:
                    return worker
                worker.end()
        return Worker()

    def give(self, worker: Worker) -> None:
        """Keep a child for the next call."""
        with self.lock:
            self.idle.append(worker)

    def end(self) -> None:
        """Kill all that are idle."""
        with self.lock:
            while self.idle:
                self.idle.pop().end()

    def forked(self) -> None:
        """In a forked process: these children are not ours."""
        self.lock = threading.Lock()
        self.foreign += self.idle
        self.idle = []
        for worker in self.foreign:
            worker.close()


crew = _Crew()
atexit.register(crew.end)
os.register_at_fork(after_in_child=crew.forked)
_numbers = itertools.count()


class Simplex:
    """The linear programmes of one problem."""

    def __init__(self, lin: Linear, lay: Layout) -> None:
        self.key = next(_numbers)
        self.size, self.count = lay.size, len(lin.worth)
        rows = lin.rows
        matrix = rows.data, rows.indices, rows.indptr
        written = Written(lin.given, lay.scale, *matrix, lin.worth, lin.choice, lin.futures > 0)
        self._load = frame(("load", self.key, tuple(written)))

    def least(self, keep: Ints, none: Floats, unit: float, most: int, left: Left) -> tuple[Floats, Floats] | None:
        """Prices of the least bound over the kept possibilities, and how much of each possibility the relaxation takes.

        Parameters
        ----------
        keep : integers
            Numbers of the possibilities that are left.
        none : floats
            What each choice is worth when nothing is chosen.
        unit : float
            A typical worth.
        most : int
            Steps of the simplex method.
        left : callable
            Seconds left; 0 halts the call.

        Returns
        -------
        (prices, taken), or None
            None where the steps, or the seconds, did not suffice, and where the child was killed or died.
        """
        worker = None
        try:
            worker = crew.take(self.key)
            if worker.holds != self.key:
                worker.ask(self._load, left)
                worker.holds = self.key
            seconds = min(LONGEST, max(0.01, left()))
            found = worker.ask(frame(("least", self.key, tuple(Call(keep, none, unit, most, seconds)))), left)
        except (Late, OSError, EOFError):
            if worker is not None:
                worker.end()
            return None
        except BaseException:
            if worker is not None:
                worker.end()
            raise
        crew.give(worker)
        if found is None:
            return None
        at, price, part = found
        prices, taken = np.zeros(self.size), np.zeros(self.count)
        prices[at] = price
        taken[keep] = part
        return prices, taken
