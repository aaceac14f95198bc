"""The same forecasts on every set of real data: a table of skill for each, worse places shown too.

    python -m bench.watch_skill flu                       # FluSight, two seasons, 59 reference dates
    python -m bench.watch_skill covid | respicast | dengue | vietnam
    python -m bench.watch_skill vietnam --every 2 --since 2013-01-01

The files are read from the folder that KHIEN_DATA names; none is part of the repository.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from khien.watch.forecast import ENSEMBLE, Score
from khien.watch.forecast.backtest import Backtest, backtest
from khien.watch.forecast.hub import Hub, from_observations, read_hub
from khien.watch.forecast.models import CLIMATOLOGY, PERSISTENCE

DISEASES = ("dengue", "hfmd", "ili", "diarrhea")
"""Dengue, hand-foot-mouth, influenza-like illness, diarrhoea: monthly cases by province of Viet Nam."""


def data() -> Path:
    """Where the files are."""
    return Path(os.environ.get("KHIEN_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "watch"


def sets(name: str, since: date | None, until: date | None) -> Iterator[tuple[str, Hub]]:
    """The backtests of a set."""
    if name in ("flu", "covid", "respicast"):
        folder = {"flu": "flusight", "covid": "covidhub", "respicast": "respicast"}[name]
        for hub in read_hub(data() / folder):
            if hub.published.height:
                yield hub.target, hub
    elif name == "dengue":
        yield "San Juan and Iquitos", two_cities(since or date(2006, 5, 1), until or date(2009, 4, 1))
    else:
        for disease in DISEASES:
            yield disease, provinces(disease, since or date(2013, 1, 1), until or date(2015, 9, 1))


def two_cities(since: date, until: date) -> Hub:
    """Weekly dengue cases, issued a week after the week ends."""
    parts = []
    for city in ("san_juan", "iquitos"):
        rows = pl.read_csv(data() / "epi" / f"dengue_{city}_training.csv", try_parse_dates=True)
        parts.append(rows.select(pl.lit(city).alias("place"), week_of(pl.col("week_start_date")), cases(rows)))
    together = pl.concat(parts).unique(["place", "valid"], keep="last")
    rows = together.with_columns((pl.col("valid") + timedelta(weeks=1)).alias("issued"))
    first = since + timedelta(days=(5 - since.weekday()) % 7)
    return from_observations(stamped(rows), "dengue", first, until, "week")


def week_of(day: pl.Expr) -> pl.Expr:
    """The Saturday of a day's week, so that both cities share their weeks."""
    return (day + pl.duration(days=(6 - day.dt.weekday()) % 7)).cast(pl.Date).alias("valid")


def cases(rows: pl.DataFrame) -> pl.Expr:
    """The column of all cases."""
    return pl.col("total_cases" if "total_cases" in rows.columns else "cases").cast(pl.Float64).alias("value")


def provinces(disease: str, since: date, until: date) -> Hub:
    """Monthly cases of provinces that still report in the last years; issued when the next month ends."""
    table = pl.read_parquet(data() / "epi" / "vn_gdpm_monthly_province.parquet")
    rows = table.with_columns(pl.col("disease", "province").cast(pl.String)).filter(
        pl.col("disease") == disease, pl.col("cases").is_not_null(), pl.col("year") >= 2000
    )
    late = rows.filter(pl.col("year") >= 2012).group_by("province").len().filter(pl.col("len") >= 12)
    valid = pl.date(pl.col("year"), pl.col("month"), 1)
    rows = rows.join(late, on="province").select(
        pl.col("province").alias("place"), valid.alias("valid"), pl.col("cases").cast(pl.Float64).alias("value"),
        valid.dt.offset_by("1mo").alias("issued"),
    )  # fmt: skip
    return from_observations(stamped(rows), disease, since, until, "month", ahead=3)


def stamped(rows: pl.DataFrame) -> pl.DataFrame:
    """Days as moments."""
    return rows.with_columns(pl.col("valid", "issued").cast(pl.Datetime("us", "UTC")))


def thinned(hub: Hub, every: int) -> Hub:
    """Every n-th reference date alone."""
    if every == 1:
        return hub
    from dataclasses import replace

    return replace(hub, references=hub.references.gather_every(every))


def told(name: str, found: Backtest) -> Iterator[str]:
    """The table of one set."""
    ours = found.scores[ENSEMBLE]
    yield f"{name}: {ours.tasks} tasks, {found.seconds:.0f} s"
    yield "  model                          tasks      WIS   relative  log rel.   50 %   95 %"
    for model, s in sorted(found.scores.items(), key=lambda item: item[1].relative if item[1].tasks else 9e9):
        if s.tasks:
            yield row(model, s)
    own = {n: found.scores[n].wis for n in (PERSISTENCE, CLIMATOLOGY) if n in found.scores and found.scores[n].tasks}
    if own:
        best = min(own, key=lambda n: own[n])
        yield f"  WIS against the better of our baselines ({best}): {ours.wis / own[best]:.3f}"
    if found.surge95 == found.surge95:
        yield f"  95 % interval in surge weeks: {found.surge95:.1%}"
    for season, s in found.seasons.items():
        yield row(f"  season {season}", s)
    places = found.places.filter(pl.col("tasks") > 10)
    for what, part in (("best", places.head(3)), ("worst", places.tail(3))):
        yield f"  {what} places: " + ", ".join(f"{p['place']} {p['relative']:.2f}" for p in part.iter_rows(named=True))


def row(name: str, s: Score) -> str:
    """One line."""
    return (
        f"  {name:<28} {s.tasks:>7} {s.wis:>8.2f} {s.relative:>10.3f} {s.log_relative:>9.3f}"
        f" {s.cover50:>6.1%} {s.cover95:>6.1%}"
    )


def main() -> None:
    """Print the tables of a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=("flu", "covid", "respicast", "dengue", "vietnam"))
    parser.add_argument("--every", type=int, default=1, help="only every n-th reference date")
    parser.add_argument("--since", type=date.fromisoformat)
    parser.add_argument("--until", type=date.fromisoformat)
    args = parser.parse_args()
    for name, hub in sets(args.set, args.since, args.until):
        def progress(done: int, total: int, seconds: float, name: str = name) -> None:
            print(f"\r{name}: {done}/{total}, {seconds:.0f} s ", end="", file=sys.stderr, flush=True)

        found = backtest(thinned(hub, args.every), told=progress)
        print("", file=sys.stderr)
        print("\n".join(told(name, found)), flush=True)


if __name__ == "__main__":
    main()
