"""What is known at a moment: newest values beside what is normal, their levels, feeds that fell silent.

Everything is read "as of": the same page of a past day shows nothing that was not known then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final

import polars as pl

from khien.board.charts.memo import Memo
from khien.board.charts.watch_levels import Rule, Verdict, judged, rule_of
from khien.office.watching import Watch
from khien.programme.tables.records import Indicator
from khien.watch.observe import Store
from khien.watch.places import COUNTRY, provinces
from khien.watch.warn.silence import PERIOD, Alarm, Feed, alarms
from khien.words import catalogue, t

YEARS: Final = 8
"""How far back values are read: five years without an epidemic, and some with one."""
FRESH: Final = 3
"""A value that is older than so many periods is no longer the state of today."""
UNUSUAL: Final = 2.0
"""Standard deviations above the mean of the same month of earlier years from which a value is not normal."""
LEAST: Final = 3
"""Earlier values without which nothing is said of what is normal."""
COLUMNS: Final = (
    "indicator", "place", "name", "valid", "value", "unit", "normal", "sd", "deviation", "level_low", "level_high",
    "state", "issued", "received", "source",
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """Up to when a page looks: what was issued and, where it matters, received here by then.

    Attributes:
        at: the moment.
        day: the day that was asked for; None for now.
        here: only what had been received here by then, not all that had been published.
    """

    at: datetime
    day: date | None = None
    here: bool = True

    def as_of(self, store: Store, indicator: str, since: datetime | None = None) -> pl.LazyFrame:
        """What was known of an indicator, valid up to the moment, without what was withdrawn."""
        got = self.at if self.here and self.day is not None else None
        rows = store.as_of(indicator, self.at, since=since, until=self.at, known_at=got)
        return rows.filter(pl.col("value").is_not_null())


@dataclass(frozen=True)
class Value:
    """The newest value of an indicator in a place, and what it means."""

    indicator: str
    place: str
    valid: datetime
    value: float
    unit: str
    issued: datetime
    received: datetime
    source: str
    normal: float | None
    sd: float | None
    verdict: Verdict

    @property
    def deviation(self) -> float | None:
        """Standard deviations above the mean of the same month of earlier years."""
        if self.normal is None or not self.sd:
            return None
        return (self.value - self.normal) / self.sd

    @property
    def unusual(self) -> bool:
        """Whether it is above normal: at a level, a warning or epidemic of a disease, or far above other years."""
        return self.verdict.raised or (self.deviation is not None and self.deviation > UNUSUAL)

    def row(self) -> tuple[object, ...]:
        """In the order of `COLUMNS`."""
        verdict = self.verdict
        return (
            self.indicator, self.place, place_name(self.place, "vi"), self.valid, self.value, self.unit, self.normal,
            self.sd, self.deviation, verdict.low, verdict.high, verdict.state, self.issued, self.received, self.source,
        )  # fmt: skip


_values: Memo[list[Value]] = Memo(40)
_spoken: Memo[Feed] = Memo(200)


def indicators_of(watch: Watch) -> list[Indicator]:
    """What is watched, by id."""
    return sorted(watch.indicators(), key=lambda one: one.id)


def newest(watch: Watch, indicator: Indicator, known: Known) -> list[Value]:
    """The newest value of every place that is still fresh, the most serious first."""
    store = watch.store
    minute = known.at.replace(second=0, microsecond=0) if known.day is None else known.at
    files = tuple(file.path for file in store.state.of("observations", indicator.id)) if store.exists else ()
    key = (str(watch.folder), indicator.model_dump_json(), files, minute, known.here)
    return _values.of(key, lambda: list(_newest(store, indicator, known)))


def _newest(store: Store, indicator: Indicator, known: Known) -> Iterator[Value]:
    if not store.exists:
        return
    since = known.at - timedelta(days=366 * YEARS)
    frame = known.as_of(store, indicator.id, since).collect()
    if not frame.height:
        return
    last = frame.group_by("place", maintain_order=True).last()
    fresh = known.at - FRESH * PERIOD[indicator.frequency]
    last = last.filter(pl.col("valid") >= fresh).select(*frame.columns)
    rule, past = rule_of(indicator), _same_time(frame, last, indicator.frequency == "week")
    found = [_value(row, rule, past.get(row["place"], {})) for row in last.iter_rows(named=True)]
    yield from sorted(found, key=lambda v: (-v.verdict.rank, -(v.deviation or -9e9), v.place))


def _same_time(frame: pl.DataFrame, last: pl.DataFrame, weekly: bool) -> dict[str, dict[int, list[float]]]:
    """By place the values of the month (of weekly ones the week) of its newest value, by earlier year."""
    valid = pl.col("valid").dt
    part, year = (valid.week(), valid.iso_year()) if weekly else (valid.month(), valid.year())
    ends = last.select("place", _year=year, _part=part)
    rows = frame.with_columns(_of=year).join(ends, on="place")
    rows = rows.filter(part == pl.col("_part"), pl.col("_of") < pl.col("_year"))
    found: dict[str, dict[int, list[float]]] = {}
    for place, of, value in rows.select("place", "_of", "value").iter_rows():
        found.setdefault(place, {}).setdefault(of, []).append(value)
    return found


def _value(row: Mapping[str, object], rule: Rule | None, past: Mapping[int, list[float]]) -> Value:
    earlier = pl.Series([v for year in past.values() for v in year], dtype=pl.Float64)
    enough = len(earlier) >= LEAST
    mean, sd = (earlier.mean(), earlier.std()) if enough else (None, None)
    valid: datetime = row["valid"]  # type: ignore[assignment]
    counts = {year: round(sum(values)) for year, values in past.items()}
    place, value = str(row["place"]), float(row["value"])  # type: ignore[arg-type]
    verdict = Verdict() if rule is None else judged(rule, place, value, counts, valid.year)
    kept = {name: row[name] for name in ("valid", "issued", "received")}
    return Value(
        str(row["indicator"]), place, value=value, unit=str(row["unit"]), source=str(row["source"]),
        normal=mean, sd=sd, verdict=verdict, **kept,  # type: ignore[arg-type]
    )  # fmt: skip


def feeds(watch: Watch, known: Known) -> list[Alarm]:
    """How every indicator's feed is, the worst first."""
    store = watch.store
    found = []
    for indicator in indicators_of(watch):
        files = tuple(file.path for file in store.state.of("observations", indicator.id)) if store.exists else ()
        when = None if known.day is None else known.at
        key = (str(watch.folder), indicator.id, indicator.frequency, files, when, known.here)
        found.append(_spoken.of(key, lambda one=indicator, at=when: _feed(store, one, at, known)))  # type: ignore[misc]
    return alarms(found, known.at)


def _feed(store: Store, indicator: Indicator, when: datetime | None, known: Known) -> Feed:
    rows = store.observations(indicator.id)
    if when is not None:
        rows = rows.filter(pl.col("received" if known.here else "issued") <= when)
    # Where all that had been published is asked for, what came is taken to have come when it was published.
    came = pl.col("received" if known.here or when is None else "issued").max()
    last = rows.select(came.alias("came"), pl.col("valid").max()).collect().row(0)
    return Feed(indicator.id, indicator.frequency, last[0], last[1])


def place_name(code: str, lang: str) -> str:
    """Name of a province or of the country; a code that is neither stands for itself."""
    if code == COUNTRY:
        return "Việt Nam" if lang == "vi" else "Viet Nam"
    found = provinces().get(code)
    if found is None:
        return code
    if lang == "vi":
        return found.name
    from khien.watch.places import letters

    bare = letters(found.name)
    return " ".join(word.capitalize() if word != "tp" else "TP" for word in bare.split())


def unit_name(unit: str, lang: str) -> str:
    """A unit in the words of a language, where the catalogue has it in one of them; else (mm, km) as it is written."""
    key = _units().get(unit.strip().casefold())
    return unit if key is None else t(f"lookout_unit_{key}", lang)


@cache
def _units() -> dict[str, str]:
    """What a unit is called, in either language, to the end of its key."""
    start = "lookout_unit_"
    known = {key: texts for key, texts in catalogue().items() if key.startswith(start)}
    return {text.casefold(): key.removeprefix(start) for key, texts in known.items() for text in texts.values()}


def frame_of(values: list[Value]) -> pl.DataFrame:
    """Values as a table."""
    return pl.DataFrame([value.row() for value in values], schema=list(COLUMNS), orient="row", infer_schema_length=None)


def days(watch: Watch) -> tuple[date, date] | None:
    """First and last day of which anything was received here or done to a warning; None when nothing ever was."""
    from django.utils import timezone

    moments = [entry.at for entry in watch.entries()]
    store = watch.store
    if store.exists:
        for indicator in watch.indicators():
            told = store.observations(indicator.id).select(pl.col("received").min()).collect().item()
            moments += [] if told is None else [told]
    if not moments:
        return None
    zone = timezone.get_current_timezone()
    return min(moments).astimezone(zone).date(), datetime.now(UTC).astimezone(zone).date()
