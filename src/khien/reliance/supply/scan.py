"""Every single and every double failure of a supply network, ranked by what is lost and not by what is bought.

Method page: docs/methods/failures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.reliance.supply.cone import Cones
from khien.reliance.supply.lp import LONGEST, SMALL, Rows
from khien.reliance.supply.network import Floats, SupplyNetwork

Progress = Callable[[int, int], None]
"""Called with how many failures are judged, and of how many."""

CHUNK = 5_000
"""Double failures that are judged between two calls of the progress."""


def single_failures(
    network: SupplyNetwork, *, longest: float = LONGEST, progress: Progress | None = None
) -> pl.DataFrame:
    """What it costs when each node fails until it has recovered, and how long it costs nothing.

    Parameters
    ----------
    network : SupplyNetwork
    longest : float
        Periods at which time to survive is cut off.
    progress : callable, optional

    Returns
    -------
    polars.DataFrame
        One row per node, the greatest loss first: `node`, `recover` (periods; null where unknown), `survive`
        (periods; `longest` may be longer), `loss` (margin; null where the recovery time is unknown), `red`
        (it survives less long than it takes to recover; null where unknown).

    Raises
    ------
    SolverStopped
        A linear programme did not end in time.

    References
    ----------
    .. [1] D. Simchi-Levi et al., "Identifying risks and mitigating disruptions in the automotive
       supply chain", Interfaces 45(5), 2015.
    """
    cones = Cones(network)
    known = np.flatnonzero(~np.isnan(network.recover))
    failures = [(frozenset([int(i)]), float(network.recover[i])) for i in known]
    loss = np.full(network.size, np.nan)
    if cones.apply:
        survive = cones.survivals(longest)
        loss[known] = cones.losses(failures)[0]
    else:
        rows = Rows(network)
        survive = rows.survivals([frozenset([i]) for i in range(network.size)], longest)
        loss[known] = rows.losses(failures)[0]
    if progress is not None:
        progress(network.size, network.size)
    return (
        pl.DataFrame({"node": network.names, "recover": network.recover, "survive": survive, "loss": _tidy(loss)})
        .with_columns(pl.col("recover", "loss").fill_nan(None))
        .with_columns((pl.col("survive") < pl.col("recover") - SMALL).alias("red"))
        .sort(["loss", "survive", "node"], descending=[True, False, False], nulls_last=True)
    )


def double_failures(
    network: SupplyNetwork, *, top: int | None = None, progress: Progress | None = None
) -> pl.DataFrame:
    """What it costs when two nodes fail at once, both until the later of them has recovered.

    Parameters
    ----------
    network : SupplyNetwork
    top : int, optional
        Only so many of the worst; all if left out.
    progress : callable, optional

    Returns
    -------
    polars.DataFrame
        One row per pair of nodes with known recovery times, the greatest loss first: `a`, `b` (in the order
        of the network), `loss`, `more` (what the pair costs beyond the dearer of the two alone, each out as
        long as the pair), `hidden` (either alone would cost nothing).
    """
    cones = Cones(network)
    judge = _by_cones(network, cones) if cones.apply else _by_rows(network)
    known = np.flatnonzero(~np.isnan(network.recover))
    a, b = (known[side] for side in np.triu_indices(len(known), 1))
    horizon = np.maximum(network.recover[a], network.recover[b])
    loss, alone = np.zeros(len(a)), np.zeros(len(a))
    # By horizon, then by the first node: what a node costs alone over a horizon is asked for once.
    order = np.lexsort((b, a, horizon))
    for part in _chunks(len(order)):
        at = order[part]
        loss[at], alone[at] = judge(a[at], b[at], horizon[at])
        if progress is not None:
            progress(part.stop, len(order))
    names = np.array(network.names)
    loss, alone = _tidy(loss), _tidy(alone)
    pairs = pl.DataFrame({"a": names[a], "b": names[b], "loss": loss, "more": _tidy(loss - alone)})
    pairs = pairs.with_columns(pl.Series("hidden", (loss > 0) & (alone == 0)))
    pairs = pairs.sort(["loss", "more", "a", "b"], descending=[True, True, False, False])
    return pairs if top is None else pairs.head(top)


Pairs = NDArray[np.int64]
Judge = Callable[[Pairs, Pairs, Floats], tuple[Floats, Floats]]


def _by_rows(network: SupplyNetwork) -> Judge:
    """With the whole programme, where nothing shorter will do.

    A pair costs what one costs if the other makes nothing in that one's best answer; or if the other costs nothing,
    and both changes of what is done in peace can be made together.
    """
    rows = Rows(network)
    alone: dict[tuple[int, float], tuple[float, Floats]] = {}
    peace: dict[float, tuple[float, Floats]] = {}

    def judge(a: Pairs, b: Pairs, horizon: Floats) -> tuple[Floats, Floats]:
        _forget(alone, horizon)
        fresh = [key for key in dict.fromkeys(_keys(a, b, horizon)) if key not in alone]
        value, answers = rows.losses([(frozenset([node]), time) for node, time in fresh])
        alone.update({key: (float(v), x) for key, v, x in zip(fresh, value, answers, strict=True)})
        times = [time for time in dict.fromkeys(horizon.tolist()) if time not in peace]
        value, answers = rows.losses([(frozenset(), time) for time in times])
        peace.update({time: (float(v), x) for time, v, x in zip(times, value, answers, strict=True)})
        loss, dearer = np.zeros(len(a)), np.zeros(len(a))
        open_: list[int] = []
        for i, (p, q, time) in enumerate(zip(a.tolist(), b.tolist(), horizon.tolist(), strict=True)):
            (one, x), (two, y), (none, z) = alone[p, time], alone[q, time], peace[time]
            dearer[i] = loss[i] = max(one, two)
            together = min(one, two) <= none + SMALL and rows.works(x + y - z, (p, q), time)
            if x[q] > SMALL and y[p] > SMALL and not together:
                open_.append(i)
        loss[open_] = rows.losses([(frozenset([int(a[i]), int(b[i])]), float(horizon[i])) for i in open_])[0]
        return loss, dearer

    return judge


def _by_cones(network: SupplyNetwork, cones: Cones) -> Judge:
    """Without choice: pairs that share no seller add up, and one that is not needed in time adds nothing."""
    alone: dict[tuple[int, float], tuple[float, dict[int, float]]] = {}
    sellers = [cones.sellers(i) for i in range(network.size)]

    def judge(a: Pairs, b: Pairs, horizon: Floats) -> tuple[Floats, Floats]:
        _forget(alone, horizon)
        late = [key for key in _keys(a, b, horizon) if cones.lasts[key[0]] < key[1]]
        fresh = [key for key in dict.fromkeys(late) if key not in alone]
        value, makes = cones.losses([(frozenset([node]), time) for node, time in fresh])
        alone.update({key: (float(v), m) for key, v, m in zip(fresh, value, makes, strict=True)})
        loss, dearer = np.zeros(len(a)), np.zeros(len(a))
        open_: list[int] = []
        for i, (p, q, time) in enumerate(zip(a.tolist(), b.tolist(), horizon.tolist(), strict=True)):
            one, two = alone.get((p, time)), alone.get((q, time))
            if one is None or two is None:
                loss[i] = dearer[i] = one[0] if one else two[0] if two else 0.0
                continue
            dearer[i] = max(one[0], two[0])
            if sellers[p].isdisjoint(sellers[q]):
                loss[i] = one[0] + two[0]
            elif one[1].get(q, np.inf) <= SMALL or two[1].get(p, np.inf) <= SMALL:
                loss[i] = dearer[i]
            else:
                open_.append(i)
        loss[open_] = cones.losses([(frozenset([int(a[i]), int(b[i])]), float(horizon[i])) for i in open_])[0]
        return loss, dearer

    return judge


def _forget(alone: dict[tuple[int, float], Any], horizon: Floats) -> None:
    """Drop what belongs to horizons that do not come again: pairs are judged by horizon."""
    for key in [key for key in alone if key[1] < horizon[0]]:
        del alone[key]


def _keys(a: Pairs, b: Pairs, horizon: Floats) -> Iterator[tuple[int, float]]:
    for p, q, time in zip(a.tolist(), b.tolist(), horizon.tolist(), strict=True):
        yield p, time
        yield q, time


def _tidy(values: Floats) -> Floats:
    """What the solver leaves of a zero is a zero."""
    return np.where(np.abs(values) <= SMALL, 0.0, values)


def _chunks(count: int) -> Iterator[slice]:
    for begin in range(0, count, CHUNK):
        yield slice(begin, min(count, begin + CHUNK))
