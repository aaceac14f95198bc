"""Weekly counts of the demo, whose reports come late, and the nowcast that says what the newest will come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import numpy as np
import polars as pl

ID: Final = "hand-foot-mouth-week"
SEED: Final = 20261201
WEEKS: Final = 115
SHARES: Final = (9, 5, 3, 1)
"""How much of a week is reported, on the average, by the Tuesday after it and by the three that follow."""


def rows(places: Sequence[str], source: str, now: datetime) -> pl.DataFrame:
    """Every issue of every week's count, up to the moment."""
    draw = np.random.default_rng(SEED)
    today = now.astimezone(UTC).date()
    monday = today - timedelta(days=today.weekday())
    found = []
    for back in range(WEEKS, 0, -1):
        start = monday - timedelta(weeks=back)
        season = 1 + 0.6 * np.cos((start.timetuple().tm_yday - 290) / 365 * 2 * np.pi)
        counts = draw.poisson(draw.gamma(40, season * 1.1, len(places)))
        known = np.cumsum(draw.dirichlet(SHARES, len(places)), axis=1)
        for step in range(len(SHARES)):
            issued = datetime.combine(start + timedelta(days=8 + 7 * step), time(2), UTC)
            if issued <= now:
                values = np.round(counts * known[:, step])
                day = datetime.combine(start, time(), UTC)
                found += [(place, day, issued, float(value)) for place, value in zip(places, values, strict=True)]
    frame = pl.DataFrame(found, schema=["place", "valid", "issued", "value"], orient="row")
    moments = pl.col("valid", "issued", "received").cast(pl.Datetime("us", "UTC"))
    return frame.select(
        pl.lit(ID).alias("indicator"), "place", "valid", "issued", pl.col("issued").alias("received"), "value",
        pl.lit("ca").alias("unit"), pl.lit(source).alias("source"),
    ).with_columns(moments)  # fmt: skip


def nowcasts(issues: pl.DataFrame, today: date) -> pl.DataFrame:
    """What the newest weeks will come to, as `khien nowcast` says it."""
    from khien.watch.forecast.nowcasting import from_issues

    return from_issues(issues, ID, today, longest=len(SHARES) - 1, way="revisions").rows
