"""Where a backtest's values come from: a folder in the form of the forecast hubs, or a store of observations.

What may be known at a reference date is decided here and nowhere else: `Hub.known`; `Hub.expected` adds the revisions
that, by all vintages until then, its newest values are still to see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from khien.watch.forecast.frames import LEVELS, QUANTILES, Every, Floats, Panel, moved
from khien.watch.forecast.settling import Young, young

CLOSED_DAYS: Final = 2  # before a reference date forecasts are due; what is published later was not known
GAP: Final = timedelta(weeks=12)  # without vintages: a season has ended, and its last vintage is what it is scored by
LEVEL_OF: Final = {round(q, 4): i for i, q in enumerate(QUANTILES)}
SUM_WITHIN: Final = 0.02
TRUTH: Final = ("target", "location", "date", "as_of", "value")


class HubError(ValueError):
    """Folders or files that are not of the hub's form; says which file, what is wrong with it and what is needed."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One reference date: what was known, and which targets are asked for."""

    reference: date
    panel: Panel
    horizons: tuple[int, ...]
    steps: tuple[int, ...]  # periods from the last one known to each target

    @property
    def targets(self) -> tuple[date, ...]:
        """The dates that are forecast."""
        return tuple(self.panel.at(step) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Hub:
    """One target of a folder, or one indicator of a store.

    Attributes:
        target: its name.
        truth: columns `location, date, as_of, value`; one row per place, week and vintage.
        references: columns `reference_date, as_of`: the newest vintage that a forecaster could use.
        published: columns `model, reference_date, horizon, target_date, location, quantile, value`; may be empty.
        population: people by place; empty where unknown.
        days: from a reference date to its targets, by horizon; empty where horizons count from the last value known.
        every: "week" or "month" from one value to the next.
        whole: every vintage shows all values; else only what is new or revised, and `as_of` is the day of issue.
        ahead: how many horizons where `days` is empty.
    """

    target: str
    truth: pl.DataFrame
    references: pl.DataFrame
    published: pl.DataFrame
    population: dict[str, float] = field(default_factory=dict)
    days: dict[int, int] = field(default_factory=dict)
    every: Every = "week"
    whole: bool = True
    ahead: int = 4
    _said: dict[tuple[str, date], pl.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    _young: list[Young] = field(default_factory=list, repr=False, compare=False)
    _expected: dict[date, Panel | None] = field(default_factory=dict, repr=False, compare=False)

    def moments(self) -> Iterator[Moment]:
        """Every reference date with what was known then, in order."""
        for reference, as_of in self.references.iter_rows():
            panel = self.expected(as_of)
            if panel is None:
                continue
            horizons = tuple(self.days) or tuple(range(1, self.ahead + 1))
            late = (reference - panel.last).days
            steps = tuple((late + days) // 7 for days in self.days.values()) or horizons
            if min(steps) >= 1:  # what is known already needs no forecast
                yield Moment(reference, panel, horizons, steps)

    def vintage(self, as_of: date) -> pl.DataFrame:
        """What was known on a day: columns `location, date, value`, one row per place and period."""
        if self.whole:
            return self.truth.filter(pl.col("as_of") == as_of)
        until = self.truth.filter(pl.col("as_of") <= as_of).sort("as_of", maintain_order=True)
        return until.unique(["location", "date"], keep="last", maintain_order=True)

    def known(self, as_of: date) -> Panel | None:
        """The series as one vintage showed them; None if it showed nothing."""
        rows = self.vintage(as_of).filter(pl.col("value").is_not_null())
        if rows.is_empty():
            return None
        places = sorted(rows["location"].unique())
        first, last = rows["date"].min(), rows["date"].max()
        assert isinstance(first, date)
        assert isinstance(last, date)
        values = _grid(rows, places, _days_between(first, last, self.every))
        people = [self.population.get(place) for place in places]
        size = None if None in people else np.array(people, dtype=float)
        return Panel(values, tuple(places), last, self.every, size, total_of(values))

    def expected(self, as_of: date) -> Panel | None:
        """The series as one vintage showed them, with the revisions that its newest values are still to see."""
        if as_of not in self._expected:
            if not self._young:
                self._young.append(young(self.truth, self.every))
            panel = self.known(as_of)
            self._expected[as_of] = None if panel is None else self._young[0].settled(panel, as_of)
        return self._expected[as_of]

    def scored_by(self, reference: date) -> date:
        """The vintage that a reference date's season is judged by: the last one before vintages pause for long."""
        days: list[date] = sorted(self.truth["as_of"].unique())
        if not self.whole:
            return days[-1]
        after = [day for day in days if day >= reference - GAP]
        for day, following in pairwise(after):
            if following - day > GAP and day >= reference:
                return day
        return after[-1]

    def outcomes(self, moment: Moment, as_of: date | None = None) -> Floats:
        """[places, horizons]: what came, by one vintage or by the one that counts in the end; NaN where not known."""
        by = self.scored_by(moment.reference) if as_of is None else as_of
        rows = self.vintage(by).filter(pl.col("date").is_in(list(moment.targets)))
        return _grid(rows, list(moment.panel.places), list(moment.targets))

    def after(self, history: Hub) -> Hub:
        """The same hub, which also knows how values were revised in the seasons before its first vintage."""
        rows = history.truth.filter(pl.col("as_of") < self.truth["as_of"].min())
        both = pl.concat([rows.select(self.truth.columns), self.truth], how="vertical_relaxed")
        return replace(self, _young=[young(both, self.every)], _expected={})

    def so_far(self, moment: Moment, as_of: date) -> Floats:
        """[places, horizons]: what came as far as it is known on a day, revisions to come foreseen; else NaN."""
        out = np.full((len(moment.panel.places), len(moment.targets)), np.nan)
        panel = self.expected(as_of)
        if panel is None:
            return out
        row = {place: i for i, place in enumerate(panel.places)}
        period = {day: i for i, day in enumerate(panel.dates())}
        for i, place in enumerate(moment.panel.places):
            for j, day in enumerate(moment.targets):
                if place in row and day in period:
                    out[i, j] = panel.values[row[place], period[day]]
        return out

    def of_model(self, model: str, moment: Moment) -> Floats:
        """[places, horizons, 23]: what a published model said; NaN where it said nothing or not all 23 quantiles."""
        if not self._said and self.published.height:
            parts = self.published.partition_by("model", "reference_date", as_dict=True)
            self._said.update({(str(name), day): part for (name, day), part in parts.items()})
        rows = self._said.get((model, moment.reference), self.published.clear())
        out = np.full((len(moment.panel.places), len(moment.horizons), len(LEVELS)), np.nan)
        place = {name: i for i, name in enumerate(moment.panel.places)}
        step = {horizon: i for i, horizon in enumerate(moment.horizons)}
        for location, horizon, quantile, value in rows.select("location", "horizon", "quantile", "value").iter_rows():
            level = LEVEL_OF.get(round(quantile, 4))
            if location in place and horizon in step and level is not None:
                out[place[location], step[horizon], level] = value
        out[~np.isfinite(out).all(-1)] = np.nan
        return out


def total_of(values: Floats) -> int | None:
    """The place whose recent values are the sum of all others, within 2 %; None if there is none."""
    recent = np.nan_to_num(values[:, -26:])
    whole = recent.sum(0)
    if len(values) < 3 or whole.sum() <= 0:
        return None
    off = np.abs(2 * recent - whole).sum(1) / whole.sum()
    return int(off.argmin()) if off.min() < SUM_WITHIN else None


def read_hub(folder: Path, target: str | None = None) -> list[Hub]:
    """Every target of a folder that has reference dates.

    Args:
        folder: holds `*_truth_vintages.parquet`, `*_published_forecasts.parquet`, and where there are any
            `*_reference_dates.csv` and `*locations.csv`.
        target: this one alone.

    Raises:
        HubError: what is missing or cannot be read, all of it at once.
    """
    missing: list[str] = []
    truth = _table(folder, "*truth_vintages.parquet", TRUTH, missing)
    published = _table(folder, "*published_forecasts.parquet", ("target", "model", "quantile", "value"), missing)
    if missing:
        raise HubError("; ".join(missing))
    assert truth is not None
    assert published is not None
    published = _plain(published)
    given = next(iter(sorted(folder.glob("*reference_dates.csv"))), None)
    dates = None if given is None else pl.read_csv(given, try_parse_dates=True)
    if dates is not None and "reference_date" not in dates.columns:
        raise HubError(f"{given.name if given else folder}: no column reference_date")
    hubs = []
    for name in sorted(truth["target"].unique()) if target is None else [target]:
        rows = _one_source(truth.filter(pl.col("target") == name))
        said = published.filter(pl.col("target") == name).drop("target")
        references = _references(rows, said, None if dates is None else _of(dates, name))
        if rows.height and references.height:
            days = _days(said, given is not None)
            hubs.append(Hub(name, rows, references, said, _people(folder), days))
    if not hubs:
        known = ", ".join(sorted(truth["target"].unique()))
        wanted = "" if target is None else f" named {target!r}"
        raise HubError(f"{folder}: no target{wanted} with reference dates; there are: {known}")
    return hubs


def _of(dates: pl.DataFrame, target: str) -> pl.DataFrame:
    """The reference dates of one target; all of them where the list names none."""
    return dates.filter(pl.col("target") == target) if "target" in dates.columns else dates


def _table(folder: Path, pattern: str, columns: tuple[str, ...], missing: list[str]) -> pl.DataFrame | None:
    found = sorted(folder.glob(pattern))
    if not found:
        missing.append(f"{folder}: no {pattern}")
        return None
    try:
        table = pl.read_parquet(found[0])
    except (pl.exceptions.PolarsError, OSError) as wrong:
        missing.append(f"{found[0].name}: {wrong}")
        return None
    gone = [column for column in columns if column not in table.columns]
    if gone:
        missing.append(f"{found[0].name}: no column {', '.join(gone)}")
        return None
    words = [c for c in ("target", "location", "model", "source") if c in table.columns]
    return table.with_columns(pl.col(words).cast(pl.String))


def _plain(published: pl.DataFrame) -> pl.DataFrame:
    """Hubs name the day of a forecast in two ways, and say its target's day or leave it to the horizon."""
    if "origin_date" in published.columns:
        published = published.rename({"origin_date": "reference_date"})
    if "target_end_date" in published.columns:
        published = published.rename({"target_end_date": "target_date"})
    else:
        published = published.with_columns(
            (pl.col("reference_date") + pl.duration(weeks=pl.col("horizon"))).alias("target_date")
        )
    return published.filter(pl.col("horizon") >= 0)


def _one_source(truth: pl.DataFrame) -> pl.DataFrame:
    """A place that two sources report is read from the first of them by name."""
    if "source" in truth.columns:
        first = truth.group_by("location").agg(pl.col("source").min())
        truth = truth.join(first, on=["location", "source"])
    return truth.select("location", "date", "as_of", "value").unique(["location", "date", "as_of"], keep="last")


def _references(rows: pl.DataFrame, said: pl.DataFrame, given: pl.DataFrame | None) -> pl.DataFrame:
    """Reference dates with the newest vintage before forecasts were due; dates without one are left out."""
    if given is not None:
        days = given["reference_date"]
        limit = timedelta(days=CLOSED_DAYS)
    else:
        days = said["reference_date"].unique().sort()
        limit = timedelta(days=1)  # such hubs close on the reference date itself
    vintages = sorted(rows["as_of"].unique())
    found = []
    for day in days.unique().sort():
        usable = [v for v in vintages if v <= day - limit]
        if usable:
            found.append((day, usable[-1]))
    return pl.DataFrame(found, schema={"reference_date": pl.Date, "as_of": pl.Date}, orient="row")


def _days(said: pl.DataFrame, by_reference: bool) -> dict[int, int]:
    """Days from reference date to target by horizon."""
    if by_reference or not said.height:
        return {h: 7 * h for h in range(4)}
    apart = said.select("horizon", (pl.col("target_date") - pl.col("reference_date")).dt.total_days().alias("days"))
    most = apart.group_by("horizon").agg(pl.col("days").mode().first()).sort("horizon")
    return {int(h): int(d) for h, d in most.iter_rows()}


def _people(folder: Path) -> dict[str, float]:
    """Population by place, the newest column; empty where the folder has none."""
    found = sorted(folder.glob("*locations.csv"))
    if not found:
        return {}
    table = pl.read_csv(found[0], schema_overrides={"location": pl.String})
    columns = sorted(c for c in table.columns if c.startswith("population"))
    if not columns or "location" not in table.columns:
        return {}
    return dict(zip(table["location"], table[columns[-1]].cast(pl.Float64), strict=True))


def _grid(rows: pl.DataFrame, places: list[str], days: list[date]) -> Floats:
    """[places, days] of `value`; NaN where no row is."""
    out = np.full((len(places), len(days)), np.nan)
    place = {name: i for i, name in enumerate(places)}
    day = {d: i for i, d in enumerate(days)}
    for name, when, value in rows.select("location", "date", "value").iter_rows():
        if name in place and when in day and value is not None:
            out[place[name], day[when]] = value
    return out


def _days_between(first: date, last: date, every: Every) -> list[date]:
    """Every period from the first to the last."""
    if every == "week":
        return [first + timedelta(weeks=w) for w in range((last - first).days // 7 + 1)]
    months = (last.year - first.year) * 12 + last.month - first.month
    return [moved(first, m, "month") for m in range(months + 1)]


def from_observations(
    rows: pl.DataFrame, indicator: str, since: date, until: date, every: Every, ahead: int = 4
) -> Hub:
    """A backtest of one indicator of a store: every reference date sees what had been issued by its end.

    Args:
        rows: its observations, all vintages: `place, valid, issued, value` and more.
        indicator: its id.
        since, until: first and last reference date.
        every: from one value, and one reference date, to the next. Values are put on the first day of their month.
        ahead: horizons, counted from the last value known.
    """
    day = pl.col("valid").dt.date()
    truth = rows.select(
        pl.col("place").alias("location"),
        (day.dt.truncate("1mo") if every == "month" else day).alias("date"),
        pl.col("issued").dt.date().alias("as_of"),
        "value",
    ).sort("as_of", maintain_order=True)
    days = _days_between(since, until, every)
    references = pl.DataFrame({"reference_date": days, "as_of": days}, schema_overrides={"as_of": pl.Date})
    nothing = pl.DataFrame(
        schema={
            "model": pl.String, "reference_date": pl.Date, "horizon": pl.Int32, "target_date": pl.Date,
            "location": pl.String, "quantile": pl.Float64, "value": pl.Float64,
        }
    )  # fmt: skip
    return Hub(indicator, truth, references, nothing, every=every, whole=False, ahead=ahead)
