"""One indicator in one place: what was seen, what is forecast, how such forecasts did, how its values were revised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Final

import polars as pl

from khien.board.charts import watch_fan
from khien.board.charts.memo import Memo
from khien.board.charts.watch_levels import Rule, rule_of, thresholds
from khien.board.charts.watch_now import FRESH, Known, Value, newest, unit_name
from khien.board.charts.watch_skill import Past, Skill, baseline_of, by, ends_of, past_of, ranked, skills, table
from khien.office.watching import SERIES, Watch
from khien.programme.tables.records import Indicator
from khien.watch.warn.silence import PERIOD
from khien.words import t

PARTS: Final = ("fan", "past", "skill", "vintages")
"""Pictures of the page; each has its numbers as CSV."""
SHOWN: Final = {"hour": 48, "day": 24, "week": 40, "month": 24, "quarter": 16, "year": 20}
"""Periods that stand before the forecast."""
MOST: Final = 60
"""Past forecasts drawn at once, and valid times whose vintages may be chosen."""
_pasts: Memo[Past] = Memo(3)


@dataclass(frozen=True)
class Chosen:
    """What was chosen on the page; what is empty or not there is chosen by itself."""

    place: str = ""
    model: str = ""
    horizon: str = ""
    valid: str = ""


class Look:
    """One indicator, as it was known at a moment."""

    def __init__(self, watch: Watch, indicator: Indicator, known: Known, chosen: Chosen) -> None:
        self.watch, self.indicator, self.known, self.chosen = watch, indicator, known, chosen

    @cached_property
    def values(self) -> list[Value]:
        """The newest value of every place."""
        return newest(self.watch, self.indicator, self.known)

    @cached_property
    def places(self) -> list[str]:
        """Places of which there is a value or a forecast; of a feed that fell silent, those of which there ever was."""
        found = {*(v.place for v in self.values), *self._all["place"].unique()}
        if not found and self.watch.store.exists:
            rows = self._known(self.watch.store.observations(self.indicator.id))
            found = set(rows.select(pl.col("place").unique()).collect()["place"])
        return sorted(found)

    @property
    def place(self) -> str:
        """The place that is looked at: the one chosen, else the most serious one."""
        if self.chosen.place in self.places:
            return self.chosen.place
        return self.values[0].place if self.values else (self.places[0] if self.places else "")

    @property
    def value(self) -> Value | None:
        """Its newest value."""
        return next((v for v in self.values if v.place == self.place), None)

    @cached_property
    def rule(self) -> Rule | None:
        """What its values are judged by."""
        return rule_of(self.indicator)

    @cached_property
    def _all(self) -> pl.DataFrame:
        """Every forecast that had been made by then."""
        return self._made(self.watch.forecasts(self.indicator.id))

    def _made(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Of forecasts or nowcasts those that had been made, and were known, by then."""
        rows = rows.filter(pl.col("reference") <= self._day)
        if self.known.day is None:
            return rows
        came = pl.col("added" if self.known.here else "issued")
        return rows.filter(came.is_null() | (came <= self.known.at))

    @property
    def _day(self) -> date:
        from django.utils import timezone

        return self.known.day or timezone.localdate(self.known.at)

    @cached_property
    def models(self) -> list[str]:
        """Models that forecast it: others first, the baseline last."""
        return ranked(self._all["model"].unique())

    @property
    def model(self) -> str:
        """The model that is looked at."""
        return self.chosen.model if self.chosen.model in self.models else self.models[0] if self.models else ""

    @property
    def baseline(self) -> str:
        """The model that it is measured by."""
        return baseline_of(self.models) or ""

    @cached_property
    def horizons(self) -> list[int]:
        """How many periods ahead there are forecasts."""
        return sorted(self._all["horizon"].unique())

    @property
    def horizon(self) -> int:
        """The horizon that past forecasts are shown of."""
        wanted = {str(h): h for h in self.horizons}
        return wanted.get(self.chosen.horizon, self.horizons[0] if self.horizons else 0)

    @cached_property
    def history(self) -> pl.DataFrame:
        """All known values of the place, oldest first."""
        rows = self.known.as_of(self.watch.store, self.indicator.id)
        return rows.filter(pl.col("place") == self.place).sort("valid").collect()

    @property
    def seen(self) -> list[tuple[date, float]]:
        """The last values of the place."""
        rows = self.history.tail(SHOWN[self.indicator.frequency]).select(pl.col("valid").dt.date(), "value").iter_rows()
        return list(rows)

    @cached_property
    def newest(self) -> pl.DataFrame:
        """The newest forecast of the place, of every model."""
        rows = self._all.filter(pl.col("place") == self.place)
        return rows.filter(pl.col("reference") == pl.col("reference").max().over("model"))

    @property
    def reference(self) -> date | None:
        """When the model's newest forecast was made."""
        found: date | None = self.newest.filter(pl.col("model") == self.model)["reference"].max()  # type: ignore[assignment]
        return found

    @property
    def stale(self) -> bool:
        """Whether even its farthest target has passed."""
        last: date | None = self.newest.filter(pl.col("model") == self.model)["target"].max()  # type: ignore[assignment]
        return last is not None and last + PERIOD[self.indicator.frequency] < self._day

    @cached_property
    def kept(self) -> tuple[int, int]:
        """How many forecasts of the model in the place stand in the ledger of promises, and how many only in files."""
        rows = self._all.filter(pl.col("place") == self.place, pl.col("model") == self.model)
        each = rows.unique(["reference", "horizon"])
        promised = each["added"].is_not_null().sum()
        return int(promised), each.height - int(promised)

    @property
    def promised(self) -> datetime | None:
        """When the newest forecast of the model came into the ledger; None for one that only lies in a file."""
        found: datetime | None = self.newest.filter(pl.col("model") == self.model)["added"].max()  # type: ignore[assignment]
        return found

    @cached_property
    def nowcast(self) -> pl.DataFrame:
        """The newest nowcast of the place: what its newest counts will come to. Empty when it is no longer new."""
        rows = self._made(self.watch.nowcasts(self.indicator.id)).filter(pl.col("place") == self.place)
        rows = rows.filter(pl.col("reference") == pl.col("reference").max())
        rows = rows.filter(pl.col("model") == pl.col("model").last())  # of two made on one day, one
        fresh = self._day - FRESH * PERIOD[self.indicator.frequency]
        return rows.filter(pl.col("reference") >= fresh).sort("target", "quantile")

    @cached_property
    def coming(self) -> list[tuple[date, int, float | None, float, float, float]]:
        """By period of the nowcast: its delay, what is known of it, and the median and ends of what it will come to."""
        known = dict(self.history.select(pl.col("valid").dt.date(), "value").iter_rows())
        rows = self.nowcast.group_by("target", "horizon", maintain_order=True).agg("quantile", "value")
        found = []
        for target, horizon, levels, values in rows.iter_rows():
            pair = ends_of(levels, 0.95)
            if pair is not None:
                middle = watch_fan.middle_of(levels, values)
                found.append((target, -horizon, known.get(target), middle, values[pair[0]], values[pair[1]]))
        return found

    def curves(self, model: str) -> dict[date, tuple[list[float], list[float]]]:
        """Target to quantiles and values of a model's newest forecast."""
        rows = self.newest.filter(pl.col("model") == model).sort("target", "quantile")
        grouped = rows.group_by("target", maintain_order=True).agg("quantile", "value")
        return {target: (levels, values) for target, levels, values in grouped.iter_rows()}

    def edges(self, target: date) -> list[tuple[str, float]]:
        """Where levels begin in the place."""
        return [] if self.rule is None else thresholds(self.rule, self.place, self._counts(target), target)

    def _counts(self, target: date) -> dict[int, int | None]:
        """Year to the count of the target's month or week, for the rule of diseases."""
        valid = pl.col("valid").dt
        weekly = self.indicator.frequency == "week"
        part, year = (valid.week(), valid.iso_year()) if weekly else (valid.month(), valid.year())
        wanted = target.isocalendar().week if weekly else target.month
        rows = self.history.filter(part == wanted).select(year, "value")
        return {of: round(value) for of, value in rows.iter_rows()}

    @cached_property
    def exceeding(self) -> list[tuple[date, int, list[tuple[str, float, float]]]]:
        """Of the newest forecast, by target: its horizon, and for each level where it begins and how likely it is."""
        from khien.watch.warn.exceed import exceed_probability

        ahead = dict(self.newest.filter(pl.col("model") == self.model).select("target", "horizon").iter_rows())
        found = []
        for target, (levels, values) in self.curves(self.model).items():
            edges = self.edges(target)
            if edges and len(levels) > 1:
                chances = exceed_probability(levels, values, [at for _, at in edges], floor=0.0, reach=True)
                rows = [(name, at, float(p)) for (name, at), p in zip(edges, chances, strict=True)]
                found.append((target, ahead[target], rows))
        return found

    @cached_property
    def past(self) -> Past:
        """Every forecast of every place whose outcome is known."""
        store, name = self.watch.store, self.indicator.id
        files = tuple(f.path for f in store.state.of("observations", name)) if store.exists else ()
        when = self._day, self.known.day, self.known.here
        key = (str(self.watch.folder), name, files, self.watch.forecast_stamp(), when)

        def make() -> Past:
            seen = self.known.as_of(store, name).select("place", target=pl.col("valid").dt.date(), outcome="value")
            return past_of(self._all, seen.collect().unique(["place", "target"], keep="last", maintain_order=True))

        return _pasts.of(key, make)

    @cached_property
    def here(self) -> Past:
        """The same, of the place alone."""
        return self.past.only(place=self.place)

    @cached_property
    def skills(self) -> list[Skill]:
        """How the models did in this place at all horizons."""
        return skills(self.here)

    @cached_property
    def skills_everywhere(self) -> list[Skill]:
        """How the models did in all places."""
        return skills(self.past)

    @cached_property
    def versus(self) -> list[tuple[date, float, object]]:
        """Past forecasts of the model and horizon in the place: target, outcome, values of the quantiles."""
        rows = self.here.only(model=self.model, horizon=self.horizon)
        pairs = zip(rows.tasks["target"], rows.outcome, rows.values, strict=True)
        return sorted(((d, float(o), v) for d, o, v in pairs), key=lambda row: row[0])[-MOST:]

    @cached_property
    def valids(self) -> list[datetime]:
        """Valid times of the place whose vintages may be chosen, newest first; those that were revised last first."""
        return list(self.history["valid"].tail(MOST).reverse())

    @cached_property
    def valid(self) -> datetime | None:
        """The valid time whose vintages are shown."""
        wanted = next((v for v in self.valids if v.isoformat() == self.chosen.valid), None)
        return wanted or next((v for v in self.valids if v in self._revised), self.valids[0] if self.valids else None)

    @cached_property
    def _revised(self) -> set[datetime]:
        """Valid times of which more than one issue is known."""
        if not self.watch.store.exists:
            return set()
        rows = self.watch.store.observations(self.indicator.id).filter(pl.col("place") == self.place)
        rows = self._known(rows).group_by("valid").agg(pl.len().alias("n")).filter(pl.col("n") > 1)
        return set(rows.collect()["valid"])

    @cached_property
    def vintages(self) -> pl.DataFrame:
        """Every value known by then of the chosen time, in the order of issue."""
        if self.valid is None:
            return pl.DataFrame()
        rows = self.watch.store.vintages(self.indicator.id, self.place, self.valid)
        return self._known(rows.lazy()).collect()

    def _known(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        rows = rows.filter(pl.col("issued") <= self.known.at)
        late = self.known.day is not None and self.known.here
        return rows.filter(pl.col("received") <= self.known.at) if late else rows

    def has(self, part: str) -> bool:
        """Whether there is anything to draw."""
        return bool({
            "fan": self.seen or self.curves(self.model) or self.coming, "past": self.versus,
            "skill": self.baseline and any(s.relative is not None for s in self.skills_everywhere),
            "vintages": self.vintages.height,
        }[part])  # fmt: skip

    def svg(self, part: str, lang: str, narrow: bool, caption: str) -> str:
        """A picture of the page."""
        unit = unit_name(self.indicator.unit, lang)
        if part == "fan":
            targets = self.curves(self.model)
            edges = self.edges(max(targets)) if targets else []
            named = [(_joined([n for n, at in edges if at == value], lang), value) for value in _each(edges)]
            base = self.baseline if self.baseline != self.model else ""
            other = [(day, watch_fan.middle_of(*curve)) for day, curve in self.curves(base).items()] if base else []
            late = [(day, middle, low, high) for day, _, _, middle, low, high in self.coming]
            return watch_fan.fan(
                lang, narrow, unit, caption, seen=self.seen, curves=targets, other=other, edges=named,
                names=(self.model, base), coming=late,
            )  # fmt: skip
        if part == "past":
            return watch_fan.against(lang, narrow, unit, caption, self.versus, self.past.levels.tolist())  # type: ignore[arg-type]
        if part == "skill":
            found = {int(h): rows for h, rows in by(self.past, "horizon").items()}  # type: ignore[call-overload]
            return watch_fan.skill_lines(lang, narrow, caption, found, self.baseline)
        rows = self.vintages.filter(pl.col("value").is_not_null()).select(pl.col("issued").dt.date(), "value")
        return watch_fan.vintages(lang, narrow, unit, caption, list(rows.iter_rows()))

    def frame(self, part: str) -> pl.DataFrame:
        """The numbers behind a picture, as a table."""
        if part == "vintages":
            return self.vintages
        if part == "skill":
            return table(self.past)
        if part == "past":
            rows = self.here.only(model=self.model, horizon=self.horizon)
            columns = [pl.Series(f"q{level:g}", rows.values[:, i]) for i, level in enumerate(rows.levels)]
            return rows.tasks.with_columns(*columns).sort("target")
        seen = pl.DataFrame(self.seen, schema=["target", "value"], orient="row").with_columns(kind=pl.lit("observed"))
        made = self.newest.select(*SERIES, "quantile", "value", kind=pl.lit("forecast"))
        late = self.nowcast.select(*SERIES, "quantile", "value", kind=pl.lit("nowcast"))
        return pl.concat([seen.with_columns(place=pl.lit(self.place)), late, made], how="diagonal_relaxed")


def _each(edges: Sequence[tuple[str, float]]) -> list[float]:
    """The values at which levels begin, each once."""
    return list(dict.fromkeys(at for _, at in edges))


def _joined(names: Sequence[str], lang: str) -> str:
    """Several levels that begin at one value, under one name."""
    if len(names) > 1 and names[0].isdigit():
        return edge_name(f"{names[0]}–{names[-1]}", lang)
    return ", ".join(edge_name(name, lang) for name in names)


def edge_name(name: str, lang: str) -> str:
    """What a level is called on a picture or in a table."""
    if name in ("warning", "epidemic"):
        return t(f"lookout_state_{name}", lang)
    return t("lookout_level_no", lang, level=name)


def worth_asking(looked: Sequence[Indicator], watch: Watch) -> list[str]:
    """Indicators of which there are forecasts."""
    return [one.id for one in looked if watch.forecasts(one.id).height]
