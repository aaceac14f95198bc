"""One forecast: every model, the ensemble of those that count, and the baselines beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from khien.watch.forecast.baseline import climatology, persistence
from khien.watch.forecast.endemic import endemic
from khien.watch.forecast.ensemble import averaged, stretch, stretched, weights_by_record
from khien.watch.forecast.features import scaled, whole_of
from khien.watch.forecast.frames import LEVELS, Floats, Panel
from khien.watch.forecast.pooled import pooled
from khien.watch.forecast.prior import prior
from khien.watch.forecast.score import wis

ENSEMBLE: Final = "khien-ensemble"
POOLED: Final = "khien-pooled"
PRIOR: Final = "khien-prior"
ENDEMIC: Final = "khien-endemic"
PERSISTENCE: Final = "khien-persistence"
CLIMATOLOGY: Final = "khien-climatology"
MANY_YEARS: Final = 10  # of its own past, after which a series no longer needs made-up seasons
BELIEVED: Final = 25.0  # periods that equal weights, and intervals as they are, count for
MEMBERS: Final[tuple[str, ...]] = (POOLED, PRIOR, ENDEMIC)
"""Models that the ensemble may take in; the baselines stand beside it."""


@dataclass(slots=True)
class Record:
    """Past forecasts of the members and of their ensemble before widening, with what came; grows as time passes.

    Only what was known when the next forecast is made may be added: that is the caller's promise, and a test plants a
    future value to see that it has no effect.
    """

    members: list[dict[str, Floats]] = field(default_factory=list)  # [places, horizons, levels] by member
    raw: list[Floats] = field(default_factory=list)
    came: list[Floats] = field(default_factory=list)  # [places, horizons]; NaN where not known yet or counted before

    def add(self, forecasts: dict[str, Floats], raw: Floats, outcome: Floats) -> int:
        """Forecasts [places, horizons, levels] by member and of the raw ensemble, and outcomes [places, horizons].

        Returns the number under which outcomes that come later are given to :meth:`complete`.
        """
        self.members.append(forecasts)
        self.raw.append(raw)
        self.came.append(outcome)
        return len(self.came) - 1

    def complete(self, number: int, outcome: Floats) -> None:
        """Outcomes [places, horizons] of a forecast that was added before; those known already stay."""
        self.came[number] = np.where(np.isfinite(self.came[number]), self.came[number], outcome)

    def weights(self, names: tuple[str, ...], horizon: int) -> Floats:
        """Of these members at a horizon, by their mean score on logarithms where all of them spoke; else equal."""
        loss = [np.zeros((0, len(names)))]
        for said, came in zip(self.members, self.came, strict=True):
            if all(name in said for name in names) and np.isfinite(came[:, horizon]).any():
                outcome = np.log1p(came[:, horizon])
                loss.append(np.stack([wis(outcome, np.log1p(said[name][:, horizon])) for name in names], axis=1))
        together = np.concatenate(loss)
        known = int(np.isfinite(together).all(axis=1).sum())
        return weights_by_record(together, _believed(known, len(loss) - 1))

    def factors(self, horizon: int) -> Floats:
        """How much the ensemble's intervals at a horizon must grow to have covered as they say."""
        came = [c[:, horizon] for c in self.came]
        tasks = [int(np.isfinite(c).sum()) for c in came]
        if not any(tasks):
            return np.ones(len(LEVELS) // 2)
        past = np.concatenate([r[:, horizon] for r in self.raw])
        before = _believed(sum(tasks), sum(count > 0 for count in tasks))
        return stretch(np.log1p(past), np.log1p(np.concatenate(came)), before=before)


def _believed(tasks: int, periods: int) -> float:
    """Tasks that what is believed without a record counts for; places of one period share their fate: one witness."""
    return BELIEVED * tasks / max(periods, 1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one moment said.

    Attributes:
        values: quantiles [places, steps, levels] by model, the ensemble and both baselines among them.
        raw: the ensemble before its intervals were widened by the record.
        weights: of the members in the ensemble, by horizon.
    """

    values: dict[str, Floats]
    raw: Floats
    weights: dict[str, tuple[float, ...]]


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
    begun = panel.periods < panel.a_year  # too little to learn from, and to tell how far its values reach
    learnt = None if begun else pooled(panel, space, whole, steps, seed=seed)
    if learnt is not None:
        found[POOLED] = np.sort(space.back(learnt), axis=-1)
    if panel.periods < MANY_YEARS * panel.a_year:
        if begun or panel.every == "month":
            found[ENDEMIC] = np.sort(endemic(panel, space, steps), axis=-1)
        else:
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
    if POOLED not in found:  # less than a year is known: what is now is as good a guide as any
        names = (*names, PERSISTENCE)
    said = [found[name] for name in names]
    horizons = range(said[0].shape[1])
    weights = [record.weights(names, h) for h in horizons]
    raw = np.stack([averaged([f[:, h] for f in said], weights[h]) for h in horizons], axis=1)
    wide = np.stack([stretched(np.log1p(raw[:, h]), record.factors(h)) for h in horizons], axis=1)
    values = {ENSEMBLE: np.expm1(np.maximum(wide, 0.0)), **found}
    return Forecast(values, raw, {n: tuple(float(w[i]) for w in weights) for i, n in enumerate(names)})


def forecast(panel: Panel, steps: tuple[int, ...], record: Record | None = None, seed: int = 0) -> Forecast:
    """What the panel's next periods may bring; arguments as in `members` and `combine`."""
    return combine(members(panel, steps, seed), record)
