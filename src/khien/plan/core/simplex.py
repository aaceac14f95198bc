"""The program of the child process that solves linear programmes: see `worker`.

It is run as a file of its own, and so imports nothing of Khiên: it starts as fast as SciPy does. Its input are frames
(eight bytes of length, then a pickle), ("load", key, problem) or ("least", key, call); it answers each with one frame.
It ends with its input, also while it calculates.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import threading
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack

#: What `linprog` says where no plan is left, so that ever higher prices give ever lower bounds.
FALLS_FOR_EVER = 3
#: The highest price then, in typical worths per scaled unit: far more than a part needs to be seen to be empty.
HIGHEST = 1e4

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Written(NamedTuple):
    """What stays the same in all calls of a problem; see `linear.Linear`."""

    given: Floats  # what the prices fetch for all that is there
    scale: Floats  # price = variable / scale
    data: Floats  # the rows, compressed
    indices: NDArray[np.int32]
    indptr: NDArray[np.int32]
    worth: Floats
    choice: Ints
    presolve: bool  # pays where thousands of goals say the same, as those of sampled futures do; else it costs


class Call(NamedTuple):
    """One linear programme: the possibilities that are left, and what each choice is worth when none is taken."""

    keep: Ints
    none: Floats
    unit: float  # a typical worth
    most: int  # steps of the simplex method
    seconds: float


def least(w: Written, call: Call) -> tuple[Ints, Floats, Floats] | None:
    """Prices above 0 of the least bound over what is kept: where, how high; and how much is taken of each one kept.

    None where the steps or seconds did not suffice.
    """
    keep, none, unit = call.keep, call.none, call.unit
    rows = csr_matrix((w.data, w.indices, w.indptr), shape=(len(w.worth), len(w.given)))[keep]
    n = len(none)
    ones = csr_matrix((np.ones(len(keep)), (np.arange(len(keep)), w.choice[keep])), shape=(len(keep), n))
    # A price that nothing left would pay is 0: most are, and the fewer there are, the quicker it goes.
    paid = np.zeros(len(w.given), dtype=bool)
    paid[rows.indices[rows.data < 0.0]] = True
    at = np.flatnonzero(paid | (w.given < 0.0))
    scale = csr_matrix((1.0 / w.scale[at], (at, np.arange(len(at)))), shape=(len(w.given), len(at)))
    cost = np.concatenate((w.given[at] / w.scale[at], np.ones(n)))
    low = np.concatenate((np.zeros(len(at)), none / unit))
    options = {
        "maxiter": call.most, "presolve": w.presolve, "primal_feasibility_tolerance": 1e-10,
        "dual_feasibility_tolerance": 1e-10, "time_limit": call.seconds,
    }  # fmt: skip
    matrix = hstack((rows @ scale, -ones), format="csr")
    for top in (np.inf, HIGHEST):
        bounds = np.column_stack((low, np.full(len(low), top)))
        found = linprog(
            cost, A_ub=matrix, b_ub=-w.worth[keep] / unit, bounds=bounds, method="highs-ds", options=options
        )
        if found.status != FALLS_FOR_EVER:
            break
    if found.status != 0:
        return None
    price = np.maximum(0.0, found.x[: len(at)])
    some = np.flatnonzero(price)
    taken = np.maximum(0.0, -found.ineqlin.marginals)
    return at[some], price[some] / w.scale[at[some]] * unit, taken


def read_frame(source: BinaryIO) -> Any:
    """The next message; raises EOFError at the end."""
    head = source.read(8)
    if len(head) < 8:
        raise EOFError
    body = source.read(int.from_bytes(head, "little"))
    return pickle.loads(body)


def frame(message: Any) -> bytes:
    """A message as it is sent."""
    body = pickle.dumps(message, protocol=5)
    return len(body).to_bytes(8, "little") + body


def answer(known: dict[int, Written], message: tuple[Any, ...]) -> Any:
    """Do what a message asks for. Only the problem that came last is kept."""
    what, key, given = message
    if what == "load":
        known.clear()
        known[key] = Written(*given)
        return None
    return least(known[key], Call(*given))


def main() -> None:
    """Answer until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints is no reply
    asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    known: dict[int, Written] = {}
    while True:
        message = asked.get()
        try:
            reply = ("done", answer(known, message))
        except Exception as error:
            reply = ("failed", f"{type(error).__name__}: {error}")
        whole = memoryview(frame(reply))
        while whole:
            whole = whole[replies.write(whole) :]


def _listen(asked: queue.SimpleQueue[Any]) -> None:
    """Hand messages on. The end of the input ends the process, also in the middle of a calculation."""
    with os.fdopen(0, "rb", closefd=False) as source:
        while True:
            try:
                asked.put(read_frame(source))
            except (EOFError, OSError):
                os._exit(0)


if __name__ == "__main__":
    main()
