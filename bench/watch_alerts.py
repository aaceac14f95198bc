"""Are alerts from forecast probabilities earlier than the legal rule, at the same rate of false alarms?

    python -m bench.watch_alerts [--data DIR] [--json] [--forecaster khien] [DISEASE ...]

Monthly cases of Viet Nam's provinces, 1997 to 2015, judged from 2010 on; see docs/methods/epidemic-alerts.md. Needs the
file vn_gdpm_monthly_province.parquet in DIR/watch/epi (KHIEN_DATA) and the extra `forecast`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.watch.levels.epidemic import baseline
from khien.watch.levels.places import units

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

DISEASES: Final = ("dengue", "ili", "diarrhea", "hfmd")
FIRST, LAST = 1997, 2015
JUDGED, CHOSEN = 2010, 2005
"""Alerts are judged from the first year on; the threshold is chosen on the years from the second to the first."""

AHEAD: Final = 3
"""Months that an alert may come before an epidemic and still count as one for it; forecasts reach as far."""

JOINED: Final = {"Hau Giang": "Can Tho", "Dak Nong": "Dak Lak", "Dien Bien": "Lai Chau", "Ha Tay": "Ha Noi"}
"""Provinces that were split or joined between 1997 and 2015, taken together all the time."""


@dataclass(frozen=True)
class Series:
    """Monthly cases: `cases` (provinces x months from January 1997, NaN: not reported), names, region of each."""

    disease: str
    names: tuple[str, ...]
    regions: NDArray[np.str_]
    cases: Array

    @property
    def months(self) -> int:
        """How many months there are."""
        return int(self.cases.shape[1])


@dataclass(frozen=True)
class Lines:
    """The legal rule for every province and month: mean and SD of the years it is compared with (NaN: fewer than five),
    and the states that follow."""

    mean: Array
    sd: Array
    known: Flags
    epidemic: Flags
    warning: Flags

    @property
    def above(self) -> Array:
        """The line of an epidemic: mean + 2 SD."""
        return self.mean + 2 * self.sd


def load(path: Path, disease: str) -> Series:
    """Cases of one disease by province and month; provinces that miss more than a tenth of all months are left out."""
    frame = pl.read_parquet(path).filter((pl.col("disease") == disease) & pl.col("year").is_between(FIRST, LAST))
    frame = frame.with_columns(pl.col("province").cast(pl.String).replace(JOINED))
    month = (pl.col("year").cast(pl.Int32) - FIRST) * 12 + pl.col("month") - 1
    # A province of two parts is known when all parts that exist are.
    whole = pl.col("cases").is_not_null().all()
    sums = frame.with_columns(month.alias("t")).group_by("province", "t").agg(
        pl.when(whole).then(pl.col("cases").sum()).alias("cases")
    )
    names = sorted(sums["province"].unique().to_list())
    cases = np.full((len(names), (LAST - FIRST + 1) * 12), np.nan)
    place = {name: i for i, name in enumerate(names)}
    for name, t, count in sums.select("province", "t", "cases").iter_rows():
        cases[place[name], t] = np.nan if count is None else count
    kept = [i for i, row in enumerate(cases) if disease == "hfmd" or np.isnan(row).mean() < 0.1]
    regions = np.array([_region(names[i]) for i in kept])
    return Series(disease, tuple(names[i] for i in kept), regions, cases[kept])


def _region(name: str) -> str:
    return units("Huế" if name == "Thua Thien Hue" else name)[0].regions["storm_area"][0]


def lines(cases: Array, *, leave_out: bool = True) -> Lines:
    """The legal rule; an earlier year in which the same month was above its own line is passed over as epidemic."""
    mean, sd = np.full(cases.shape, np.nan), np.full(cases.shape, np.nan)
    warning, epidemic = np.zeros(cases.shape, dtype=bool), np.zeros(cases.shape, dtype=bool)
    for p, row in enumerate(cases):
        for month in range(12):
            past: dict[int, int | None] = {}
            own: list[int] = []
            for t in range(month, cases.shape[1], 12):
                year = FIRST + t // 12
                against = baseline(past, year, own)
                past[year] = None if np.isnan(row[t]) else int(row[t])
                if against is None:
                    continue
                mean[p, t], sd[p, t] = float(against.mean), against.sd
                if (count := past[year]) is not None:
                    warning[p, t], epidemic[p, t] = against.reaches(count, 1), against.above(count, 2)
                    if leave_out and epidemic[p, t]:
                        own.append(year)
    return Lines(mean, sd, ~np.isnan(mean) & ~np.isnan(cases), epidemic, warning)


def features(series: Series, rule: Lines, ahead: int) -> Array:
    """What is known at the end of each month about the month `ahead` later: shape (provinces, months, features).

    The line and the mean of the later month are known: they stand on earlier years alone.
    """
    logs = np.log1p(series.cases)
    usual, line = np.log1p(rule.mean), np.log1p(rule.above)
    over = logs - usual
    months = (np.arange(series.months) + ahead) % 12
    season = 2 * np.pi * months / 12 * np.ones((len(logs), 1))
    later_line, later_usual = _shift(line, -ahead), _shift(usual, -ahead)
    year = np.stack([_shift(over, k) for k in range(12)])
    known = [
        logs, *(_shift(logs, k) for k in (1, 2, 3, 12 - ahead, 24 - ahead)), logs - _shift(logs, 2), usual,
        over, _shift(over, 1), _shift(over, 2), _mean(year, 0), line - logs, over / np.maximum(line - usual, 0.05),
        later_line - logs, later_line - later_usual, np.sin(season), np.cos(season),
        *_around(series.regions, over),
    ]  # fmt: skip
    return np.stack(known, axis=-1)


def _around(regions: NDArray[np.str_], over: Array) -> Iterator[Array]:
    """How far the region and the country are above their usual, this month and the last."""
    region = np.full(over.shape, np.nan)
    for name in np.unique(regions):
        region[regions == name] = _mean(over[regions == name], 0)
    country = np.broadcast_to(_mean(over, 0), over.shape)
    for level in (region, country):
        yield level
        yield _shift(np.array(level), 1)


def _mean(values: Array, axis: int) -> Array:
    """Mean of what is known; NaN of nothing."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _shift(values: Array, by: int) -> Array:
    """The values of `by` months ago (of months to come where it is negative)."""
    moved = np.full(values.shape, np.nan)
    if by >= 0:
        moved[:, by:] = values[:, : values.shape[1] - by]
    else:
        moved[:, :by] = values[:, -by:]
    return moved


def probabilities(series: Series, rule: Lines, *, first: int = CHOSEN, seed: int = 0) -> Array:
    """P(cases above the line) one to three months ahead, shape (3, provinces, months), NaN where not forecast.

    Boosted trees over all provinces, fitted anew for every year on what was known before it began.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    made = np.full((AHEAD, *series.cases.shape), np.nan)
    for ahead in range(1, AHEAD + 1):
        known = features(series, rule, ahead)
        later = _shift(np.where(rule.known, rule.epidemic, np.nan).astype(float), -ahead)
        reported = ~np.isnan(series.cases) & ~np.isnan(_shift(rule.mean, -ahead))
        for year in range(first, LAST + 1):
            start = (year - FIRST) * 12
            fit, ask = np.zeros_like(reported), np.zeros_like(reported)
            fit[:, 12 : start - ahead] = ~np.isnan(later[:, 12 : start - ahead])
            ask[:, start : start + 12] = reported[:, start : start + 12]
            model = HistGradientBoostingClassifier(
                max_iter=150, learning_rate=0.05, max_leaf_nodes=15, min_samples_leaf=40, random_state=seed
            )
            fit &= reported
            model.fit(known[fit], later[fit] > 0.5)
            made[ahead - 1][ask] = model.predict_proba(known[ask])[:, 1]
    return made


def of_the_product(series: Series, rule: Lines, *, first: int = JUDGED, seed: int = 0) -> Array:
    """The same from the forecasts of khien.watch.forecast: fitted anew every month, quantiles turned into chances."""
    from khien.watch.forecast import QUANTILES, Panel
    from khien.watch.forecast.models import POOLED, members
    from khien.watch.warn.exceed import exceed_probability

    made = np.full((AHEAD, *series.cases.shape), np.nan)
    steps = tuple(range(1, AHEAD + 1))
    for now in range((first - FIRST) * 12, series.months):
        last = date(FIRST + now // 12, now % 12 + 1, 28)
        panel = Panel(series.cases[:, : now + 1], series.names, last, every="month")
        quantiles = members(panel, steps, seed=seed)[POOLED]
        for p in range(len(series.names)):
            for ahead in steps:
                if now + ahead < series.months and not np.isnan(line := rule.above[p, now + ahead]):
                    # Forecasts are continuous, cases are not: half a case above the last count that is below the line.
                    step, values = np.floor(line) + 0.5, quantiles[p, ahead - 1]
                    made[ahead - 1, p, now] = float(exceed_probability(QUANTILES, values, step, floor=0.0))
    return made


def onsets(rule: Lines, start: int, end: int, cases: Array | None = None, least: int = 0) -> list[tuple[int, int]]:
    """Where an epidemic begins: a month above the line with at least so many cases, after three known ones below."""
    found = []
    for p in range(len(rule.known)):
        for t in range(max(start, AHEAD), end):
            before = slice(t - AHEAD, t)
            quiet = rule.known[p, before].all() and not rule.epidemic[p, before].any()
            if rule.known[p, t] and rule.epidemic[p, t] and quiet and (cases is None or cases[p, t] >= least):
                found.append((p, t))
    return found


def leads(alerts: Flags, begun: list[tuple[int, int]]) -> Array:
    """Months by which the first alert came before each onset: 3 to 0; 0 is the month that is itself above the line."""
    steps = range(1, AHEAD + 1)
    return np.array([max((k for k in steps if alerts[p, t - k]), default=0) for p, t in begun], dtype=float)


def false_alarms(alerts: Flags, rule: Lines, start: int, end: int) -> tuple[int, int]:
    """Alerts, and months in all, that no month above the line follows within three months."""
    quiet = np.zeros_like(alerts)
    for t in range(start, end - AHEAD):
        ahead = slice(t, t + AHEAD + 1)
        quiet[:, t] = rule.known[:, ahead].all(axis=1) & ~rule.epidemic[:, ahead].any(axis=1)
    return int((alerts & quiet).sum()), int(quiet.sum())


def threshold(chance: Array, rule: Lines, start: int, end: int, rate: float) -> float:
    """The least probability above which alerts keep a false-alarm rate."""
    window = chance[:, start:end]
    for step in np.unique(np.quantile(window[~np.isnan(window)], np.linspace(0, 1, 1001))):
        wrong, quiet = false_alarms(chance > step, rule, start, end)
        if wrong <= rate * quiet:
            return float(step)
    return 1.0


def compare(
    series: Series, *, seed: int = 0, leave_out: bool = True, forecaster: str = "trees"
) -> dict[str, Any]:
    """Both kinds of alert against each other for one disease.

    With the forecaster "khien" only the judged years are forecast, and no threshold is chosen before them.
    """
    rule = lines(series.cases, leave_out=leave_out)
    start, chosen, end = (JUDGED - FIRST) * 12, (CHOSEN - FIRST) * 12, series.months
    if not rule.known[:, :start].any():
        return {"disease": series.disease, "judged": False}
    made = (probabilities if forecaster == "trees" else of_the_product)(series, rule, seed=seed)
    chance = np.where(np.isnan(made).all(axis=0), np.nan, np.nanmax(np.nan_to_num(made, nan=-1.0), axis=0))
    begun = onsets(rule, start, end)
    wrong, quiet = false_alarms(rule.warning, rule, start, end)
    before, before_quiet = false_alarms(rule.warning, rule, chosen, start)
    legal = leads(rule.warning, begun)
    told: dict[str, Any] = {"disease": series.disease, "judged": True, "provinces": len(series.names)}
    told |= {"epidemics": len(begun), "epidemic_share": float(rule.epidemic[:, start:][rule.known[:, start:]].mean())}
    told["legal"] = {"false_alarm_rate": wrong / quiet, **_told(legal)}
    tau = {"equal": threshold(chance, rule, start, end, wrong / quiet)}
    if not np.isnan(chance[:, chosen:start]).all():
        tau["chosen_before"] = threshold(chance, rule, chosen, start, before / before_quiet)
    for name, step in tau.items():
        ours = leads(chance > step, begun)
        rate = false_alarms(chance > step, rule, start, end)[0] / quiet
        told[name] = {"threshold": step, "false_alarm_rate": rate, **_told(ours), **_paired(ours, legal, begun, seed)}
    big = onsets(rule, start, end, series.cases, 20)
    told["large"] = {"epidemics": len(big), "legal": _told(leads(rule.warning, big))}
    told["large"]["equal"] = _told(leads(chance > tau["equal"], big))
    return told


def _told(found: Array) -> dict[str, Any]:
    counts = [int((found == k).sum()) for k in range(AHEAD, -1, -1)]
    return {"median": float(np.median(found)), "mean": float(found.mean()), "counts_3_2_1_0": counts}


def _paired(ours: Array, legal: Array, begun: list[tuple[int, int]], seed: int) -> dict[str, Any]:
    """Epidemic by epidemic: earlier, alike, later; and the mean gain with an interval over provinces (bootstrap)."""
    gain = ours - legal
    places = np.array([p for p, _ in begun])
    groups = [gain[places == p] for p in np.unique(places)]
    rng = np.random.default_rng(seed)
    drawn = (rng.integers(0, len(groups), len(groups)) for _ in range(2000))
    draws = [float(np.concatenate([groups[i] for i in chosen]).mean()) for chosen in drawn]
    low, high = np.quantile(draws, [0.025, 0.975])
    counts = [int((gain > 0).sum()), int((gain == 0).sum()), int((gain < 0).sum())]
    return {"earlier_same_later": counts, "mean_gain": float(gain.mean()), "mean_gain_95": [float(low), float(high)]}


def main() -> None:
    """Print one block a disease, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("diseases", nargs="*", default=list(DISEASES))
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KHIEN_DATA", default)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--all-years", action="store_true", help="compare with the last five years, epidemic or not")
    about = "the bench's own trees, or khien.watch.forecast (half an hour a disease)"
    parser.add_argument("--forecaster", choices=("trees", "khien"), default="trees", help=about)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    # Threads that wait for one another cost more than they bring on a machine that has other work.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    path = args.data / "watch" / "epi" / "vn_gdpm_monthly_province.parquet"
    found = []
    for disease in args.diseases:
        began = time.perf_counter()
        one = load(path, disease)
        told = compare(one, seed=args.seed, leave_out=not args.all_years, forecaster=args.forecaster)
        found.append({**told, "seconds": round(time.perf_counter() - began, 1)})
        if not args.json:
            print(*_lines(found[-1]), sep="\n")
    if args.json:
        print(json.dumps(found, indent=2))


def _lines(told: dict[str, Any]) -> Iterator[str]:
    if not told["judged"]:
        yield f"{told['disease']}: no month before {JUDGED} has five earlier years; nothing can be judged or chosen"
        return
    yield (
        f"{told['disease']}: {told['epidemics']} epidemics in {told['provinces']} provinces, "
        f"{told['epidemic_share']:.0%} of months above the line ({told['seconds']} s)"
    )
    for name in (name for name in ("legal", "equal", "chosen_before") if name in told):
        one = told[name]
        yield (
            f"  {name:14} false alarms {one['false_alarm_rate']:.3f}  lead median {one['median']:.1f} mean "
            f"{one['mean']:.2f}  3, 2, 1, 0 months: {one['counts_3_2_1_0']}"
        )
        if name != "legal":
            low, high = one["mean_gain_95"]
            early, same, late = one["earlier_same_later"]
            yield (
                f"  {'':14} threshold {one['threshold']:.3f}; earlier {early}, alike {same}, later {late}; "
                f"mean gain {one['mean_gain']:.2f} ({low:.2f} to {high:.2f}) months"
            )
    big = told["large"]
    yield (
        f"  from 20 cases: {big['epidemics']} epidemics, legal median {big['legal']['median']:.1f} "
        f"{big['legal']['counts_3_2_1_0']}, ours {big['equal']['median']:.1f} {big['equal']['counts_3_2_1_0']}"
    )


if __name__ == "__main__":
    main()
