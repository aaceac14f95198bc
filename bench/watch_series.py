"""What statistical models of single series are worth: `python -m bench.watch_series [--places N]`.

Monthly dengue, hand-foot-mouth disease, influenza and diarrhoea of Viet Nam's provinces, 1 to 3 months ahead, from
every third month of 2012 to 2014; nothing after the month is seen. The provinces with the most cases.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from khien.watch.forecast.baseline import climatology, persistence
from khien.watch.forecast.frames import Floats, Panel
from khien.watch.forecast.score import INNER, OUTER, covered, wis
from khien.watch.forecast.series import Model, forecast_series

DATA = Path(os.environ.get("KHIEN_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "watch" / "epi"
DISEASES = ("dengue", "hfmd", "ili", "diarrhea")
STEPS = (1, 2, 3)
MODELS: tuple[Model, ...] = ("ets", "theta", "naive", "mean")


def monthly(disease: str, places: int) -> pl.DataFrame:
    """Dates and the provinces with the most cases, 2002 on."""
    frame = pl.read_parquet(DATA / "vn_gdpm_monthly_province.parquet")
    rows = frame.filter(pl.col("disease").cast(pl.String) == disease, pl.col("year") >= 2002)
    rows = rows.select(date=pl.date("year", "month", 1), place=pl.col("province").cast(pl.String), cases="cases")
    whole = rows.pivot("place", index="date", values="cases").sort("date")
    sums = whole.drop("date").sum().transpose(include_header=True).sort("column_0", descending=True)
    return whole.select("date", *sums["column"].head(places))


def one(disease: str, places: int) -> None:
    """Mean WIS of each model over places, months and steps, and relative to the better baseline."""
    frame = monthly(disease, places)
    values = frame.drop("date").cast(pl.Float64).to_numpy().T
    dates = frame["date"].to_list()
    loss: dict[str, list[Floats]] = {}
    inside: dict[str, list[Floats]] = {}
    took = dict.fromkeys(MODELS, 0.0)
    for now in [n for n, day in enumerate(dates) if date(2012, 1, 1) <= day <= date(2014, 12, 1)][::3]:
        truth = values[:, [now + step for step in STEPS]]
        seen = frame.head(now + 1)
        panel = Panel(values[:, : now + 1], tuple(frame.columns[1:]), dates[now], "month")
        made = {"persistence": persistence(panel, STEPS), "climatology": climatology(panel, STEPS)}
        for model in MODELS[:3]:
            begun = time.perf_counter()
            made[model] = forecast_series(seen, "month", STEPS, model)
            took[model] += time.perf_counter() - begun
        made["mean"] = np.mean([made[model] for model in MODELS[:2]], axis=0)
        for name, quantiles in made.items():
            loss.setdefault(name, []).append(wis(truth, quantiles))
            both = [covered(truth, quantiles, pair) for pair in (INNER, OUTER)]
            inside.setdefault(name, []).append(np.stack(both))
    known = np.isfinite(np.stack([np.concatenate(rows) for rows in loss.values()])).all(axis=0)
    means = {name: float(np.concatenate(rows)[known].mean()) for name, rows in loss.items()}
    best = min(means["persistence"], means["climatology"])
    print(f"\n{disease}: {len(values)} provinces, {int(known.sum())} forecasts; seconds {took}")
    for name, mean in means.items():
        share = [float(np.nanmean(np.concatenate(list(np.stack(inside[name])[:, k])))) for k in (0, 1)]
        print(f"  {name:12} WIS {mean:8.2f}  relative {mean / best:5.3f}  50 % {share[0]:.2f}  95 % {share[1]:.2f}")


def main() -> None:
    """All four diseases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=10)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    for disease in DISEASES:
        one(disease, args.places)


if __name__ == "__main__":
    main()
