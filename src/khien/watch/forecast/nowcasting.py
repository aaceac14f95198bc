"""Nowcasts of many places: from all that was issued of an indicator, by the model that fits how it is published.

Counts that only grow follow the model of delays, each place by itself; what is also lowered, or was not issued in some
period, follows the model of revisions, learnt from all places. See docs/methods/reporting-delay.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import polars as pl

from khien.programme.findings import Finding, ProgrammeError
from khien.watch.forecast.delay import KNOWN, Nowcast, nowcast
from khien.watch.forecast.frames import FORECASTS, QUANTILES
from khien.watch.forecast.revision import Vintages, learn, read_vintages
from khien.watch.forecast.triangle import DAYS, DelayError, Period, Triangle, known_cells
from khien.watch.observe.findings import WatchFindings

Way = Literal["delays", "revisions"]
MODELS: Final[Mapping[Way, str]] = {"delays": "khien-delays", "revisions": "khien-revisions"}
"""Names under which forecasts of each model go."""
USUAL: Final = 0.9
"""Share of the periods whose first issue came by the end of delay 0, where nobody says how long that is."""
Told = Callable[[int, int], None]
"""Called with how many places are done, of how many."""


class NowcastRefused(ProgrammeError):
    """No place can be nowcast; `findings` says why, place by place."""


@dataclass(frozen=True)
class Nowcasts:
    """What the newest periods will come to.

    Attributes:
        rows: quantiles as rows of :data:`khien.watch.forecast.frames.FORECASTS`; `horizon` is minus the delay.
        known: columns `place, target, delay, reported`: what was known of each of these periods.
        way: the model, "delays" or "revisions".
        why: what decided for it: "grows" (nothing was ever lowered and nothing is missing), "lowered", "missing" or
            "asked".
        lag: days from the day that names a period to the end of delay 0; None for a triangle, which has its delays.
        findings: places that were left out, and why.
    """

    rows: pl.DataFrame
    known: pl.DataFrame
    way: Way
    why: str
    lag: int | None
    findings: tuple[Finding, ...]


def from_issues(
    issues: pl.DataFrame,
    indicator: str,
    now: date,
    *,
    period: Period = "week",
    longest: int = 8,
    lag: int | None = None,
    way: Way | None = None,
    only: Collection[str] | None = None,
    levels: Sequence[float] = QUANTILES,
    told: Told | None = None,
) -> Nowcasts:
    """Nowcast an indicator from everything that was issued of it.

    Args:
        issues: columns `place, valid, issued, value`, every issue of every value; missing values are passed over. Of
            several on one day the last row counts.
        indicator: its id.
        now: issues after this day are not known.
        period: what a value stands for.
        longest: the last delay, in periods; what is known then is the final value.
        lag: days from `valid` to the end of delay 0; left out, the least within which nine in ten of the periods had
            their first issue.
        way: the model; left out, delays where counts only grew and none is missing, else revisions.
        only: these places; revisions are learnt from all the same.
        levels: rising, inside 0 to 1.
        told: progress.

    Raises:
        NowcastRefused: no place has enough to learn from, or values below 0, which are no counts.
    """
    findings = WatchFindings()
    days = [pl.col(name).cast(pl.Date) for name in ("valid", "issued")]
    rows = issues.select("place", *days, pl.col("value").cast(pl.Float64)).drop_nulls()
    rows = rows.filter(pl.col("issued") <= now)
    if rows.is_empty():
        findings.note("nowcast-nothing", indicator, value=now.isoformat())
    below = rows.group_by("place").agg(pl.min("value")).filter(pl.col("value") < 0).sort("place")
    for place, lowest in below.iter_rows():
        findings.note("nowcast-count", indicator, None, None, f"{place}: {lowest:g}")
    rows = rows.filter(~pl.col("place").is_in(below["place"].to_list()))
    if rows.is_empty():
        raise NowcastRefused(findings)
    lag = usual_lag(rows, DAYS[period], now) if lag is None else lag
    places = _places(rows, indicator, now, period, longest, lag, findings)
    why = _why(places, now, lag) if way is None else "asked"
    chosen: Way = ("delays" if why == "grows" else "revisions") if way is None else way
    if only is not None:
        wanted = {place: one for place, one in places.items() if place in only}
        for place in sorted(set(only) - set(places)):
            findings.note("nowcast-nothing", indicator, value=place)
    else:
        wanted = places
    if chosen == "delays":
        triangles = _triangles(wanted, indicator, now, lag, findings)
        found = _by_delays(triangles, indicator, levels, findings, told)
    else:
        found = _by_revisions(wanted, places, indicator, levels, findings)
    return _together(found, indicator, now, chosen, why, lag, findings)


def from_triangles(
    triangles: Mapping[str, Triangle],
    indicator: str,
    now: date,
    *,
    levels: Sequence[float] = QUANTILES,
    findings: WatchFindings | None = None,
    told: Told | None = None,
) -> Nowcasts:
    """Nowcast from reporting triangles by place, each place from its own alone.

    Args:
        triangles: as known at the end of `now`.
        indicator, now, levels, told: as for :func:`from_issues`.
        findings: what is known to be wrong already.

    Raises:
        NowcastRefused: no place has enough to learn from.
    """
    findings = WatchFindings() if findings is None else findings
    found = _by_delays(triangles, indicator, levels, findings, told)
    return _together(found, indicator, now, "delays", "grows", None, findings)


def usual_lag(rows: pl.DataFrame, step: int, now: date) -> int:
    """Days after the day that names a period within which nine in ten of the periods had their first issue.

    Only periods count that were first issued live: not those that the first issue of a place brought along, nor those
    that waited a whole period longer than is usual, for then an issue was missed. A newest period that is there
    already, no sooner than half of them, is not waited for any longer.
    """
    first = rows.group_by("place", "valid").agg(pl.min("issued"))
    begun = pl.min("issued").over("place")
    live = first.filter((pl.col("issued") > begun) | (pl.col("valid") == pl.col("valid").max().over("place", "issued")))
    waits = (live["issued"] - live["valid"]).dt.total_days().to_numpy()
    near = waits[waits < np.median(waits) + step]
    usual = int(np.quantile(near, USUAL, method="inverted_cdf"))
    newest = rows["valid"].max()
    assert isinstance(newest, date)
    age = (now - newest).days
    return max(min(usual, age) if age >= np.median(near) else usual, 0)


def _places(
    rows: pl.DataFrame, indicator: str, now: date, period: Period, longest: int, lag: int, findings: WatchFindings
) -> dict[str, Vintages]:
    """Values by period and delay of each place, from the first period whose delay 0 could be seen on."""
    found = {}
    for (place,), part in sorted(rows.group_by(["place"], maintain_order=True), key=lambda one: str(one[0][0])):
        begun = part["issued"].min()
        live = part.filter(pl.col("valid") + timedelta(days=lag) >= begun)
        try:
            found[str(place)] = read_vintages(live, now, period=period, longest=longest, lag=lag)
        except DelayError as error:
            _note(findings, error, indicator, str(place))
    return found


def _why(places: Mapping[str, Vintages], now: date, lag: int) -> str:
    """Whether values were lowered, or some are missing that time has passed for, or they only ever grew."""
    missing = False
    for one in places.values():
        steps = np.diff(one.values, axis=1)
        if (steps[np.isfinite(steps)] < 0).any():
            return "lowered"
        missing |= bool(np.isnan(one.values[_over(one, len(one.values), now, lag)]).any())
        missing |= _periods(one, now, lag) > len(one.values)
    return "missing" if missing else "grows"


def _periods(one: Vintages, now: date, lag: int) -> int:
    """How many periods, from its first on, have delay 0 behind them."""
    return max((now - one.starts[0]).days - lag, -1) // DAYS[one.period] + 1


def _over(one: Vintages, periods: int, now: date, lag: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Which cells, period by delay, lie in the past."""
    age = _periods(one, now, lag) - 1 - np.arange(periods)
    return np.asarray(age[:, None] >= np.arange(one.values.shape[1]))


def _triangles(
    places: Mapping[str, Vintages], indicator: str, now: date, lag: int, findings: WatchFindings
) -> dict[str, Triangle]:
    found = {}
    for place, one in places.items():
        try:
            found[place] = _triangle(one, now, lag)
        except DelayError as error:
            _note(findings, error, indicator, place)
    return found


def _triangle(one: Vintages, now: date, lag: int) -> Triangle:
    """What each delay added. What was never issued counts as nothing reported so far."""
    periods = _periods(one, now, lag)
    values = np.full((periods, one.values.shape[1]), np.nan)
    shown = one.values[:periods]
    values[: len(shown)] = shown
    counts = np.diff(np.nan_to_num(values), axis=1, prepend=0.0)
    counts[~known_cells(*counts.shape)] = np.nan
    if (counts < 0).any():
        raise DelayError("an issue lowered a value", "nowcast-lowered", count=int((counts < 0).sum()))
    step = timedelta(days=DAYS[one.period])
    return Triangle(counts, tuple(one.starts[0] + step * t for t in range(periods)), one.period)


def _by_delays(
    triangles: Mapping[str, Triangle],
    indicator: str,
    levels: Sequence[float],
    findings: WatchFindings,
    told: Told | None,
) -> dict[str, Nowcast]:
    found = {}
    for number, (place, triangle) in enumerate(triangles.items(), 1):
        try:
            found[place] = nowcast(triangle, levels=levels)
        except DelayError as error:
            _note(findings, error, indicator, place)
        if told is not None:
            told(number, len(triangles))
    return found


def _by_revisions(
    wanted: Mapping[str, Vintages],
    places: Mapping[str, Vintages],
    indicator: str,
    levels: Sequence[float],
    findings: WatchFindings,
) -> dict[str, Nowcast]:
    """Those wanted by what was learnt from all; periods of which nothing was issued yet are left to a forecast."""
    if not places:
        return {}
    try:
        model = learn(places, levels)
    except DelayError as error:
        _note(findings, error, indicator, ", ".join(list(places)[:3]) + (" …" if len(places) > 3 else ""))
        return {}
    found = {}
    for place, one in wanted.items():
        seen = np.isfinite(one.values)
        delays = seen.shape[1] - 1 - seen[:, ::-1].argmax(axis=1)
        new = np.arange(len(seen)) > len(seen) - seen.shape[1]
        open_ = np.flatnonzero(new & seen.any(axis=1) & (delays < seen.shape[1] - 1))
        reported, delays = one.values[open_, delays[open_]], delays[open_]
        values = np.array([model.final(place, k, d) for k, d in zip(reported, delays, strict=True)])
        starts = tuple(one.starts[t] for t in open_)
        none = np.full(len(starts), np.nan)
        found[place] = Nowcast(starts, reported, delays, none, tuple(levels), values.reshape(len(starts), len(levels)))
    return found


def _note(findings: WatchFindings, error: DelayError, indicator: str, place: str) -> None:
    if not error.code:
        raise error
    findings.note(error.code, indicator, None, None, place, **error.fields)


def _together(
    found: Mapping[str, Nowcast],
    indicator: str,
    now: date,
    way: Way,
    why: str,
    lag: int | None,
    findings: WatchFindings,
) -> Nowcasts:
    if not found:
        raise NowcastRefused(findings)
    rows = pl.concat([one.frame(indicator, place, now, MODELS[way]) for place, one in found.items()])
    known = pl.concat([one.known(place) for place, one in found.items()])
    return Nowcasts(rows.cast(dict(FORECASTS)), known.cast(KNOWN), way, why, lag, tuple(findings))  # type: ignore[arg-type]


__all__ = ["MODELS", "NowcastRefused", "Nowcasts", "Way", "from_issues", "from_triangles", "usual_lag"]
