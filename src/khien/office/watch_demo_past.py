"""What came of the demo's past warnings and forecasts: a journal of half a year, what happened, promises kept in time.

As made up as the rest of the demo, and marked like it.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import polars as pl

from khien.office import watching
from khien.watch import warn
from khien.watch.forecast.ledger import Ledger, data_hash
from khien.watch.warn import Content
from khien.watch.warn.exceed import exceed_probability
from khien.words import t

WARNED: Final = (
    ("rain", 171, 2, ("66", "68"), 0.55, (("66", 20, 2),)),
    ("flood", 150, 2, ("19", "24", "25"), 0.6, (("19", 30, 2), ("24", 34, 3), ("25", 41, 2))),
    ("storm", 128, 3, ("40", "42", "44"), 0.65, (("42", 22, 3), ("44", 25, 3))),
    ("rain", 96, 3, ("46", "48"), 0.7, (("46", 14, 3), ("48", 17, 3))),
    ("flood", 71, 3, ("42", "44"), 0.5, (("46", 26, 3),)),
    ("storm", 43, 4, ("22", "31", "33", "37"), 0.7, (("31", 24, 4), ("22", 26, 4), ("33", 30, 3))),
)  # fmt: skip
"""Hazard, days ago, level, provinces and probability of a past warning, and what came: province, hours later, level."""
MISSED: Final = (("rain", 112, "14", 2), ("flood", 60, "15", 2))
"""What nobody warned of: hazard, days ago, province, level."""
LASTED: Final = 56
"""Hours until a past warning ran out."""
HEAVY: Final = 50.0
"""Rain of a day, in mm, that probabilities are promised of."""
BATCHES: Final = 20
"""How many of the last reference dates of each indicator are in the ledger."""
KEPT: Final = ("demo-ensemble", "demo-climatology")


def bring(watch: watching.Watch, now: datetime) -> None:
    """Write all of it into a folder that holds the demo's forecasts and no journal yet."""
    _warnings(watch, now)
    _events(watch, now)
    _promises(watch, now)


def _warnings(watch: watching.Watch, now: datetime) -> None:
    names = [t("lookout_demo_sender", lang) for lang in ("vi", "en")]
    duty, approver = (t(f"lookout_demo_{post}", "vi") for post in ("duty", "approver"))
    why = t("lookout_demo_reason", "vi")
    begun = now - timedelta(days=200)
    warn.open_journal(watch.journal, "warnings@demo.invalid", *names, by=approver, now=begun)
    for hazard, ago, level, areas, chance, _ in WARNED:
        at = now - timedelta(days=ago)
        key = "storm" if ago == WARNED[-1][1] else "past"
        texts: dict[str, Any] = {
            f"{what}_{lang}": t(f"lookout_demo_{key}_{what}", lang)
            for what in ("headline", "description", "instruction") for lang in ("vi", "en")
        }  # fmt: skip
        ends = at + timedelta(hours=LASTED)
        content = Content(hazard, level, areas, at + timedelta(hours=12), ends, probability=chance, **texts)
        made = warn.propose(watch.journal, content, by=duty, why=why, now=at).warning
        for act, hours in ((warn.review, 1), (warn.approve, 2), (warn.stand_down, LASTED - 6)):
            act(watch.journal, made, by=approver, why=why, now=at + timedelta(hours=hours))


def _events(watch: watching.Watch, now: datetime) -> None:
    came = [
        (hazard, place, now - timedelta(days=ago) + timedelta(hours=hours), level)
        for hazard, ago, _, _, _, events in WARNED for place, hours, level in events
    ]  # fmt: skip
    came += [(hazard, place, now - timedelta(days=ago), level) for hazard, ago, place, level in MISSED]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("hazard", "place", "onset", "level"))
    rows.writerows((hazard, place, onset.isoformat(), level) for hazard, place, onset, level in sorted(came))
    (watch.folder / watching.EVENTS).write_text(out.getvalue(), encoding="utf-8")


def _promises(watch: watching.Watch, now: datetime) -> None:
    """One batch for each day or month of the past, as if it had been kept on the day on which it was made."""
    ledger = watch.ledger
    for indicator, make, after in (("rain-24h", _chances, 0), ("dengue-cases", _quantiles, 40)):
        made = watch.forecasts(indicator).filter(pl.col("model").is_in(KEPT))
        made = made.filter(pl.col("reference").rank("dense", descending=True) <= BATCHES)
        for (reference,), part in made.group_by("reference", maintain_order=True):
            _keep(ledger, make(part), reference, after, now)


def _keep(ledger: Ledger, rows: pl.DataFrame, reference: Any, after: int, now: datetime) -> None:
    """Keep a batch as of the reference day, or of so many days later where data come late."""
    day: date = reference + timedelta(days=after)
    issued = datetime.combine(day, time(1), UTC)
    if issued < now:
        ledger.add(rows, issued=issued, data=data_hash(rows), note="demo", now=issued + timedelta(minutes=5))


def _quantiles(made: pl.DataFrame) -> pl.DataFrame:
    return made.select("indicator", "place", "reference", "horizon", "target", "model", "quantile", "value")


def _chances(made: pl.DataFrame) -> pl.DataFrame:
    """How likely each forecast makes a day of heavy rain."""
    keys = ["indicator", "place", "reference", "horizon", "target", "model"]
    curves = made.sort(*keys, "quantile").group_by(keys, maintain_order=True).agg("quantile", "value")
    pairs = zip(curves["quantile"], curves["value"], strict=True)
    chances = [float(exceed_probability(q.to_list(), v.to_list(), [HEAVY], floor=0.0)[0]) for q, v in pairs]
    return curves.select(keys).with_columns(probability=pl.Series(chances), threshold=pl.lit(HEAVY))
