"""One forecast: every model, the ensemble of those that count, and the baselines beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from khien.watch.forecast.baseline import climatology, persistence
from khien.watch.forecast.ensemble import averaged, stretch, stretched, weights_by_record
from khien.watch.forecast.features import scaled, whole_of
from khien.watch.forecast.frames import LEVELS, Floats, Panel
from khien.watch.forecast.pooled import pooled
from khien.watch.forecast.prior import prior
from khien.watch.forecast.score import wis

ENSEMBLE: Final = "khien-ensemble"
POOLED: Final = "khien-pooled"
PRIOR: Final = "khien-prior"
PERSISTENCE: Final = "khien-persistence"
CLIMATOLOGY: Final = "khien-climatology"
MANY_YEARS: Final = 10  # of its own past, after which a series no longer needs made-up seasons
MEMBERS: Final[tuple[str, ...]] = (POOLED, PRIOR)
"""Models that the ensemble may take in; the baselines stand beside it."""


@dataclass(slots=True)
class Record:
    """Past forecasts of the members and of their ensemble before widening, with what came; grows as time passes.

    Only what was known when the next forecast is made may be added: that is the caller's promise, and a test plants a
    future value to see that it has no effect.
    """

    members: dict[str, list[Floats]] = field(default_factory=dict)  # log(value + 1) [tasks, levels]
    raw: list[Floats] = field(default_factory=list)
    came: list[Floats] = field(default_factory=list)  # [tasks]

    def add(self, forecasts: dict[str, Floats], raw: Floats, outcome: Floats) -> None:
        """Forecasts [places, steps, levels] by member and of the raw ensemble, and outcomes [places, steps]."""
        known = np.isfinite(outcome)
        for name, values in forecasts.items():
            self.members.setdefault(name, []).append(values[known])
        self.raw.append(raw[known])
        self.came.append(outcome[known])

    def weights(self, names: tuple[str, ...]) -> Floats:
        """Of these members, by their mean score on the scale of the logarithm; equal while a record is missing."""
        if not self.came or any(len(self.members.get(n, [])) != len(self.came) for n in names):
            return np.full(len(names), 1 / len(names))
        came = np.log1p(np.concatenate(self.came))
        loss = [wis(came, np.log1p(np.concatenate(self.members[name]))) for name in names]
        return weights_by_record(np.stack(loss, axis=1))

    def factors(self) -> Floats:
        """How much the ensemble's intervals must grow to have covered as they say."""
        if not self.came:
            return np.ones(len(LEVELS) // 2)
        return stretch(np.log1p(np.concatenate(self.raw)), np.log1p(np.concatenate(self.came)))


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one moment said.

    Attributes:
        values: quantiles [places, steps, levels] by model, the ensemble and both baselines among them.
        raw: the ensemble before its intervals were widened by the record.
        weights: of the members in the ensemble.
    """

    values: dict[str, Floats]
    raw: Floats
    weights: dict[str, float]


def members(panel: Panel, steps: tuple[int, ...], seed: int = 0) -> dict[str, Floats]:
    """Quantiles [places, steps, levels] of every model and both baselines; no other moment is needed for it.

    Args:
        panel: what is known now, and nothing later.
        steps: periods ahead, rising; 1 is the first after the last one known.
        seed: of trees and draws; the same panel and seed give the same forecast.

    Raises:
        ModelsMissing: the extra `forecast` is not installed.
    """
    space = scaled(panel)
    whole = whole_of(panel, space.z)
    found: dict[str, Floats] = {}
    learnt = pooled(panel, space, whole, steps, seed=seed)
    if learnt is not None:
        found[POOLED] = np.sort(space.back(learnt), axis=-1)
    if panel.every == "week" and panel.periods < MANY_YEARS * panel.a_year:
        found[PRIOR] = np.sort(space.back(prior(panel, space, whole, steps)), axis=-1)
    found[PERSISTENCE] = persistence(panel, steps, seed=seed)
    found[CLIMATOLOGY] = climatology(panel, steps)
    return found


def combine(found: dict[str, Floats], record: Record | None = None) -> Forecast:
    """The ensemble of what the members say, weighted and widened by how they did so far.

    Without a record all weigh alike and intervals stay as they are.
    """
    record = record or Record()
    names = tuple(name for name in MEMBERS if name in found)
    if not names:
        raw, weights = found[PERSISTENCE], np.zeros(0)
    else:
        weights = record.weights(names)
        raw = averaged([found[name] for name in names], weights)
    wide = np.expm1(np.maximum(stretched(np.log1p(raw), record.factors()), 0.0))
    return Forecast({ENSEMBLE: wide, **found}, raw, dict(zip(names, map(float, weights), strict=True)))


def forecast(panel: Panel, steps: tuple[int, ...], record: Record | None = None, seed: int = 0) -> Forecast:
    """What the panel's next periods may bring; arguments as in `members` and `combine`."""
    return combine(members(panel, steps, seed), record)
