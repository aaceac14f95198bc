"""People likely to be affected: hazard level x people exposed x vulnerability, with its uncertainty.

Nobody knows these shares for Viet Nam as a whole: the ones that come with Khiên are illustrative, and results say so
unless others are given. The mean is exact, the interval is drawn (Monte Carlo, seeded). See docs/methods/warnings.md.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.watch.warn.findings import WarnError, WarnFinding

Array = NDArray[np.float64]
LEVELS: Final = (1, 2, 3, 4, 5)
Shares = Mapping[int, tuple[float, float, float]]
"""Level to the share of a place's people who are exposed: least, likeliest, greatest."""


@dataclass(frozen=True)
class Impact:
    """People affected, by place.

    Attributes:
        frame: `place`, `people`, `mean` (exact), `q05`, `q50`, `q95`, `none` (chance that nobody is affected), and
            `mean_error` (standard error of the drawn mean), sorted by mean, greatest first. Places without people or
            vulnerability are in `unknown` and not in the frame.
        total: the same columns for all places together, drawn as if they were independent.
        illustrative: whether the shares are the ones that come with Khiên.
        method: how the intervals were found.
    """

    frame: pl.DataFrame
    total: dict[str, float]
    unknown: tuple[str, ...]
    illustrative: bool
    draws: int
    seed: int
    method: str = "Monte Carlo"


@cache
def illustrative_shares() -> Shares:
    """The shares of data/exposure.csv: made up, and marked so."""
    text = (resources.files(__package__) / "data" / "exposure.csv").read_text(encoding="utf-8")
    return {
        int(row["level"]): (float(row["low_share"]), float(row["mode_share"]), float(row["high_share"]))
        for row in csv.DictReader(io.StringIO(text))
    }


def impact(
    probabilities: pl.DataFrame,
    places: pl.DataFrame,
    *,
    shares: Shares | None = None,
    spread: float = 0.1,
    draws: int = 20_000,
    seed: int = 0,
) -> Impact:
    """People affected in every place.

    Args:
        probabilities: columns `place`, `level` (1 to 5) and `probability` that the level is reached or exceeded; a
            level that is missing has the probability of the next higher one. They may not rise with the level.
        places: the table `places` of a programme: `id`, `people`, `vulnerability` (0 to 1, the share of the exposed who
            are affected).
        shares: exposed share by level; left out, the illustrative ones.
        spread: vulnerability may be wrong by so much either way (triangular).
        draws, seed: of the interval.

    Raises:
        WarnError: probabilities outside 0 to 1, rising with the level, or levels outside 1 to 5.
    """
    found = _findings(probabilities)
    if found:
        raise WarnError(found)
    used = illustrative_shares() if shares is None else shares
    known = {row["id"]: row for row in places.select("id", "people", "vulnerability").to_dicts()}
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    unknown: list[str] = []
    total = np.zeros(draws)
    for place, at_least in sorted(_by_place(probabilities).items()):
        about = known.get(place)
        if about is None or about["people"] is None or about["vulnerability"] is None:
            unknown.append(place)
            continue
        people, fragile = float(about["people"]), _around(float(about["vulnerability"]), spread)
        drawn = _draw(rng, at_least, used, fragile, draws) * people
        total += drawn
        rows.append({"place": place, "people": int(people), **_summary(drawn, _mean(at_least, used, fragile) * people)})
    schema = ["place", "people", "mean", "q05", "q50", "q95", "none", "mean_error"]
    frame = pl.DataFrame(rows).sort("mean", descending=True) if rows else pl.DataFrame({name: [] for name in schema})
    whole = _summary(total, float(sum(row["mean"] for row in rows)))
    return Impact(frame, whole, tuple(unknown), shares is None, draws, seed)


def _draw(rng: np.random.Generator, at_least: Array, shares: Shares, fragile: Array, draws: int) -> Array:
    """Share of the people affected in each draw: level, exposed share and vulnerability drawn one after another."""
    # Level 0 has the chance 1 - P(level >= 1); a uniform number falls between the steps.
    level = (rng.random(draws)[:, None] < at_least[None, :]).sum(axis=1)
    exposed = np.zeros(draws)
    for step in LEVELS:
        here = level == step
        exposed[here] = _triangular(rng, np.array(shares[step]), int(here.sum()))
    return exposed * _triangular(rng, fragile, draws)


def _triangular(rng: np.random.Generator, ends: Array, size: int) -> Array:
    low, mode, high = ends
    return np.full(size, low) if low == high else rng.triangular(low, mode, high, size)


def _mean(at_least: Array, shares: Shares, fragile: Array) -> float:
    """The exact mean share: the three factors are independent, and a triangle's mean is that of its ends."""
    exactly = at_least - np.append(at_least[1:], 0.0)
    exposed = sum(p * sum(shares[level]) / 3 for level, p in zip(LEVELS, exactly, strict=True))
    return float(exposed * fragile.sum() / 3)


def _around(vulnerability: float, spread: float) -> Array:
    return np.array([max(0.0, vulnerability - spread), vulnerability, min(1.0, vulnerability + spread)])


def _summary(drawn: Array, mean: float) -> dict[str, float]:
    q05, q50, q95 = np.quantile(drawn, [0.05, 0.5, 0.95])
    error = float(drawn.std(ddof=1) / np.sqrt(len(drawn)))
    told = {"mean": mean, "q05": float(q05), "q50": float(q50), "q95": float(q95)}
    return told | {"none": float((drawn == 0).mean()), "mean_error": error}


def _by_place(probabilities: pl.DataFrame) -> dict[str, Array]:
    """Place to the probability of each level from 1 to 5 or more."""
    made: dict[str, Array] = {}
    for place, level, probability in probabilities.select("place", "level", "probability").iter_rows():
        made.setdefault(place, np.full(len(LEVELS), np.nan))[level - 1] = probability
    for at_least in made.values():
        above = 0.0
        for i in range(len(LEVELS) - 1, -1, -1):
            at_least[i] = above = above if np.isnan(at_least[i]) else at_least[i]
    return made


def _findings(probabilities: pl.DataFrame) -> list[WarnFinding]:
    missing = [c for c in ("place", "level", "probability") if c not in probabilities.columns]
    if missing:
        return [WarnFinding("column-missing", "probabilities", column) for column in missing]
    found = []
    p = pl.col("probability")
    if bad := probabilities.filter(p.is_null() | ~p.is_between(0, 1)).height:
        found.append(WarnFinding("not-a-probability", "probabilities", "probability", str(bad)))
    if probabilities.filter(~pl.col("level").is_in(LEVELS)).height:
        found.append(WarnFinding("not-a-level", "probabilities", "level", "?"))
    if probabilities.select("place", "level").is_duplicated().any():
        found.append(WarnFinding("level-twice", "probabilities", "level"))
    steps = probabilities.sort("level").with_columns(p.diff().over("place").alias("step"))
    rising = steps.filter(pl.col("step") > 1e-12)
    if not found and rising.height:
        found.append(WarnFinding("rises-with-level", "probabilities", "probability", str(rising["place"][0])))
    return found
