"""How much better a nowcast is than what is reported: `python -m bench.watch_delay [--every N]`.

Dengue in Taiwan, by week of onset and report; and weekly influenza admissions of the FluSight hub, whose values are
revised up and down. Every nowcast sees only what was reported when its last week ended. The final value is that after
eight weeks. What "as reported" and the chain ladder are scored by is said in docs/methods/reporting-delay.md.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import poisson

from khien.watch.forecast.delay import Triangle, fit, from_cases, nowcast
from khien.watch.forecast.frames import LEVELS, QUANTILES, Floats
from khien.watch.forecast.revision import learn, read_vintages
from khien.watch.forecast.score import INNER, MEDIAN, OUTER, covered, wis

DATA = Path(os.environ.get("KHIEN_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "watch"
LONGEST = 8
SPANS = {
    "caught in Taiwan, 2004-2010, on which it was built": (2004, 2010, False),
    "caught in Taiwan, 2011-2020": (2011, 2020, False),
    "brought in from abroad, 2004-2020, looked at once": (2004, 2020, True),
}


def chain_ladder(triangle: Triangle, delays: np.ndarray, window: int) -> Floats:
    """Quantiles by the plain chain ladder: factors of a window of periods, what is missing Poisson."""
    total = np.cumsum(triangle.counts, axis=1)
    share = np.ones(total.shape[1])
    for k in range(total.shape[1] - 1, 0, -1):
        known = total[np.isfinite(total[:, k])][-window:]
        share[k - 1] = share[k] * ((known[:, k - 1].sum() + 0.5) / (known[:, k].sum() + 0.5))
    reported = triangle.reported[-len(delays) :]
    missing = reported / share[delays] - reported
    return np.asarray(reported[:, None] + poisson.ppf(LEVELS, missing[:, None] + 1e-9))


def dengue(first: int, last: int, imported: bool, every: int) -> Iterator[dict[str, float]]:
    """One row for every week of a span and delay: losses and cover of all methods."""
    frame = pl.read_parquet(DATA / "epi" / "dengue_taiwan_reporting_delay.parquet")
    frame = frame.filter(pl.col("imported") == imported)
    frame = frame.rename({"onset_date": "onset", "notification_date": "reported"})
    whole = from_cases(frame, date(2021, 12, 31), longest=LONGEST, since=date(1998, 1, 1))
    final = whole.counts.sum(axis=1)
    for t, start in enumerate(whole.starts):
        if not first <= start.year <= last or t % every:
            continue
        seen = whole.as_of(t)
        made = nowcast(seen, fit(seen))
        truth = final[t - len(made.starts) + 1 : t + 1]
        ways = {"ours": made.values, "ladder": chain_ladder(seen, made.delays, 10**6)}
        ways |= {"ladder26": chain_ladder(seen, made.delays, 26)}
        losses = {name: (wis(truth, q), covered(truth, q, OUTER), covered(truth, q, INNER)) for name, q in ways.items()}
        for i, delay in enumerate(made.delays):
            row = {"delay": float(delay), "final": truth[i], "reported": abs(truth[i] - made.reported[i])}
            row["mae"] = abs(truth[i] - made.values[i, MEDIAN])
            for name, (loss, outer, inner) in losses.items():
                row |= {name: loss[i], f"{name}_95": outer[i], f"{name}_50": inner[i]}
            yield row


def influenza(first: date, last: date) -> Iterator[dict[str, float]]:
    """The same for admissions, with the model of revisions."""
    target = pl.col("target") == "wk inc flu hosp"
    frame = pl.read_parquet(DATA / "flusight" / "flu_truth_vintages.parquet").filter(target)
    frame = frame.select(place=pl.col("location").cast(pl.String), valid="date", issued=pl.col("as_of"), value="value")
    places = {str(key[0]): part for key, part in frame.group_by("place")}
    dates = pl.read_csv(DATA / "flusight" / "flu_reference_dates.csv", try_parse_dates=True)
    wanted = dates.filter(pl.col("reference_date").is_between(first, last))["as_of_to_use"].to_list()
    whole = {p: read_vintages(part, date(2025, 9, 24), longest=LONGEST, lag=5) for p, part in places.items()}
    for now in wanted:
        known = {p: read_vintages(part, now, longest=LONGEST, lag=5) for p, part in places.items()}
        model = learn(known, QUANTILES)
        for place, one in known.items():
            for t in range(len(one.starts) - LONGEST, len(one.starts)):
                seen = np.flatnonzero(np.isfinite(one.values[t]))
                truth = whole[place].values[(one.starts[t] - whole[place].starts[0]).days // 7, -1:]
                if not len(seen) or seen[-1] == LONGEST or np.isnan(truth[0]):
                    continue
                value, delay = float(one.values[t, seen[-1]]), int(seen[-1])
                q = model.final(place, value, delay)[None]
                row = {"delay": float(delay), "final": truth[0], "reported": abs(truth[0] - value)}
                row |= {"mae": abs(truth[0] - q[0, MEDIAN]), "ours": wis(truth, q)[0]}
                yield row | {"ours_95": covered(truth, q, OUTER)[0], "ours_50": covered(truth, q, INNER)[0]}


def told(name: str, rows: Iterator[dict[str, float]]) -> None:
    """Means by delay, and over the first four delays together."""
    begun = time.perf_counter()
    frame = pl.DataFrame(list(rows)).filter(pl.col("delay") <= 3)
    by = frame.group_by("delay").agg(pl.len().alias("n"), pl.all().exclude("delay").mean()).sort("delay")
    together = frame.select(pl.lit(-1.0).alias("delay"), pl.len().alias("n"), pl.all().exclude("delay").mean())
    print(f"\n{name} ({time.perf_counter() - begun:.0f} s); delay -1 is 0 to 3 together")
    with pl.Config(tbl_cols=20, tbl_width_chars=200, float_precision=3, tbl_hide_dataframe_shape=True):
        print(pl.concat([by, together]))


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    args = parser.parse_args()
    for name, years in SPANS.items():
        told(f"dengue {name}", dengue(*years, args.every))
    for first, last in ((date(2023, 12, 30), date(2024, 4, 27)), (date(2024, 11, 23), date(2025, 5, 31))):
        told(f"influenza admissions, {first} to {last}", influenza(first, last))


if __name__ == "__main__":
    main()
