"""How good forecasts would have been: each made from what was known on its day, scored by what came."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from khien.watch.forecast.frames import FORECASTS, Floats, as_frame
from khien.watch.forecast.hub import Hub, Moment
from khien.watch.forecast.models import ENSEMBLE, MEMBERS, PERSISTENCE, Forecast, Record, combine, members
from khien.watch.forecast.score import Score, score

HISTORY_STEP = 3  # of the earlier seasons every third reference date is enough for a record
SURGE = 0.4  # growth of the logarithm over three weeks

class NothingKnown(ValueError):
    """No reference date has data before it."""


Told = Callable[[int, int, float], None]
"""Called with how many moments are done, of how many, and seconds so far."""
Many = Callable[[Sequence[Moment], Callable[[Moment], dict[str, Floats]]], Iterable[dict[str, Floats]]]
"""Makes the members' forecasts of many moments, in order; the workers of a Dask cluster may share them."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came of it.

    Attributes:
        target: what was forecast.
        forecasts: all our forecasts, as rows.
        scores: by model, ours and the published ones, on the tasks that the baseline answered too.
        seasons: the ensemble's scores by season.
        horizons: the ensemble's scores by horizon.
        places: columns `place, tasks, wis, relative`, best first.
        surge95: share of outcomes in surge weeks that the central 95 % held; NaN where there were none.
        seconds: how long it took.
    """

    target: str
    forecasts: pl.DataFrame
    scores: dict[str, Score]
    seasons: dict[str, Score]
    horizons: dict[int, Score]
    places: pl.DataFrame
    surge95: float
    seconds: float


@dataclass(slots=True)
class _Waiting:
    """A forecast whose outcomes are not all known yet."""

    moment: Moment
    made: Forecast
    counted: Floats
    number: int | None = None  # in the record, once an outcome is known


@dataclass(slots=True)
class Diary:
    """Keeps the record as time passes: an outcome counts from the vintage on that first shows it."""

    record: Record = field(default_factory=Record)
    waiting: list[_Waiting] = field(default_factory=list)

    def learn(self, hub: Hub, as_of: date) -> None:
        """Takes in every outcome that this vintage is the first to show."""
        still = []
        for entry in self.waiting:
            outcome = hub.so_far(entry.moment, as_of)
            new = np.where(entry.counted > 0, np.nan, outcome)
            if np.isfinite(new).any():
                if entry.number is None:
                    own = {name: entry.made.values[name] for name in MEMBERS if name in entry.made.values}
                    own[PERSISTENCE] = entry.made.values[PERSISTENCE]
                    entry.number = self.record.add(own, entry.made.raw, new)
                else:
                    self.record.complete(entry.number, new)
                entry.counted = np.where(np.isfinite(outcome), 1.0, entry.counted)
            if not (entry.counted > 0).all() and (as_of - entry.moment.reference).days < 120:
                still.append(entry)
        self.waiting = still

    def note(self, moment: Moment, made: Forecast) -> None:
        """Remembers what was forecast."""
        self.waiting.append(_Waiting(moment, made, np.zeros((len(moment.panel.places), len(moment.horizons)))))


def one_by_one(moments: Sequence[Moment], make: Callable[[Moment], dict[str, Floats]]) -> Iterable[dict[str, Floats]]:
    """The members' forecasts on this machine."""
    return map(make, moments)


def on_cluster(address: str) -> Many:
    """The members' forecasts on the workers of a Dask cluster; needs the extra `cluster`."""
    from distributed import Client

    def shared(moments: Sequence[Moment], make: Callable[[Moment], dict[str, Floats]]) -> Iterable[dict[str, Floats]]:
        with Client(address) as client:  # type: ignore[no-untyped-call]
            yield from client.gather(client.map(make, moments))

    return shared


def _make(moment: Moment) -> dict[str, Floats]:
    return members(moment.panel, moment.steps)


def backtest(
    hub: Hub, history: Hub | None = None, *, baseline: str | None = None, told: Told | None = None,
    many: Many = one_by_one, since: date | None = None, until: date | None = None,
) -> Backtest:  # fmt: skip
    """Forecast every reference date of a hub from what was known then, and score it as the hub does.

    Args:
        hub: what to forecast. Its published forecasts are only compared with, never learnt from.
        history: earlier seasons of the same target. Their forecasts start the record that weighs the members and widens
            intervals; only reference dates before the hub's first one, and outcomes known by then, count. How their
            values were revised tells how the hub's first ones will be.
        baseline: published model to be relative to; left out, the one whose name ends in "baseline"; our
            own persistence where none is published.
        told: progress.
        many: who makes the members' forecasts.
        since: first reference date; earlier ones are left out.
        until: last reference date; later ones are left out.
    """
    begun = time.monotonic()
    if history is not None:
        hub = hub.after(history)
    moments = [m for m in hub.moments() if (since or date.min) <= m.reference <= (until or date.max)]
    if not moments:
        raise NothingKnown(hub.target)
    first = moments[0].reference
    before = [] if history is None else [m for m in history.moments() if m.reference < first][::HISTORY_STEP]
    diary = Diary()
    total = len(before) + len(moments)
    done = 0
    if history is not None:
        vintages = dict(history.references.iter_rows())
        for moment, found in zip(before, many(before, _make), strict=True):
            diary.learn(history, vintages[moment.reference])
            diary.note(moment, combine(found, diary.record))
            done += 1
            _say(told, done, total, begun)
        last = max((v for v in history.truth["as_of"].unique() if v < first), default=None)
        if last is not None:
            diary.learn(history, last)
        diary.waiting.clear()
    vintages = dict(hub.references.iter_rows())
    made: list[Forecast] = []
    for moment, found in zip(moments, many(moments, _make), strict=True):
        diary.learn(hub, vintages[moment.reference])
        made.append(combine(found, diary.record))
        diary.note(moment, made[-1])
        done += 1
        _say(told, done, total, begun)
    return _judged(hub, moments, made, baseline, begun)


def _say(told: Told | None, done: int, total: int, begun: float) -> None:
    if told is not None:
        told(done, total, time.monotonic() - begun)


def _judged(hub: Hub, moments: list[Moment], made: list[Forecast], baseline: str | None, begun: float) -> Backtest:
    outcomes = [hub.outcomes(m) for m in moments]
    names = sorted(hub.published["model"].unique())
    base = baseline or next((n for n in names if n.lower().endswith("baseline")), None)
    if base is None:
        beside = [f.values[PERSISTENCE] for f in made]
    else:
        beside = [hub.of_model(base, m) for m in moments]
    ours = [f.values[ENSEMBLE] for f in made]
    scores = {}
    for name in dict.fromkeys(n for f in made for n in f.values):
        said = [f.values.get(name, _nothing(m)) for f, m in zip(made, moments, strict=True)]
        scores[name] = _score(outcomes, said, beside)
    for name in names:
        scores[name] = _score(outcomes, [hub.of_model(name, m) for m in moments], beside)
    by_season: dict[str, list[int]] = {}
    for i, moment in enumerate(moments):
        year = moment.reference.year - (moment.reference.month < 8)
        by_season.setdefault(f"{year}/{(year + 1) % 100:02d}", []).append(i)
    seasons = {
        s: _score([outcomes[i] for i in at], [ours[i] for i in at], [beside[i] for i in at])
        for s, at in by_season.items()
    }
    horizons = {
        h: _score([o[:, j] for o in outcomes], [f[:, j] for f in ours], [b[:, j] for b in beside])
        for j, h in enumerate(moments[0].horizons)
    }
    rows = [
        as_frame(f.values[name], m.panel, m.steps, hub.target, m.reference, name, m.horizons[0])
        for m, f in zip(moments, made, strict=True)
        for name in f.values
    ]
    forecasts = pl.concat(rows) if rows else pl.DataFrame(schema=FORECASTS)
    places = _by_place(moments, outcomes, ours, beside)
    return Backtest(
        hub.target, forecasts, scores, seasons, horizons, places,
        _in_surge(hub, moments, outcomes, ours), time.monotonic() - begun,
    )  # fmt: skip


def _nothing(moment: Moment) -> Floats:
    return np.full((len(moment.panel.places), len(moment.horizons), 23), np.nan)


def _score(outcomes: Sequence[Floats], said: Sequence[Floats], beside: Sequence[Floats]) -> Score:
    def flat(arrays: Sequence[Floats], tail: tuple[int, ...]) -> Floats:
        return np.concatenate([a.reshape(-1, *tail) for a in arrays])

    return score(flat(outcomes, ()), flat(said, (23,)), flat(beside, (23,)))


def _by_place(
    moments: list[Moment], outcomes: list[Floats], ours: list[Floats], beside: list[Floats]
) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for place in sorted({p for m in moments for p in m.panel.places}):
        at = [(i, m.panel.places.index(place)) for i, m in enumerate(moments) if place in m.panel.places]
        came, said, other = ([part[i][p] for i, p in at] for part in (outcomes, ours, beside))
        found = _score(came, said, other)
        if found.tasks:
            rows.append({"place": place, "tasks": found.tasks, "wis": found.wis, "relative": found.relative})
    schema = {"place": pl.String, "tasks": pl.Int64, "wis": pl.Float64, "relative": pl.Float64}
    return pl.DataFrame(rows, schema=schema).sort("relative", "place")


def _in_surge(hub: Hub, moments: list[Moment], outcomes: list[Floats], ours: list[Floats]) -> float:
    """Share within 95 % of outcomes whose logarithm stands more than 0.4 above that of three weeks earlier."""
    held = []
    for moment, outcome, said in zip(moments, outcomes, ours, strict=True):
        by = hub.known(hub.scored_by(moment.reference))
        if by is None:
            continue
        row = {place: i for i, place in enumerate(by.places)}
        when = {day: i for i, day in enumerate(by.dates())}
        for j, target in enumerate(moment.targets):
            if target not in when or when[target] < 3:
                continue
            for p, place in enumerate(moment.panel.places):
                if place not in row or not np.isfinite(outcome[p, j]):
                    continue
                earlier = by.values[row[place], when[target] - 3]
                if np.log1p(outcome[p, j]) - np.log1p(earlier) > SURGE:
                    held.append(said[p, j, 1] <= outcome[p, j] <= said[p, j, 21])
    return float(np.mean(held)) if held else float("nan")
