"""How good forecasts were: every forecast that was kept, against what came, by the one scorer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.watch.forecast.score import covered, wis

Array = NDArray[np.float64]
BASELINES: Final = ("khien-persistence", "persistence", "baseline")
"""Names, or ends of names, of models that others are measured by; the first that is there counts."""
TASK: Final = ("place", "reference", "horizon", "target")
WORST: Final = 5


@dataclass(frozen=True)
class Past:
    """Forecasts whose outcome is known.

    Attributes:
        tasks: columns of `TASK`, `model` and `outcome`, a row a forecast.
        levels: the quantiles, rising; shape (n,).
        values: shape (rows, n).
        skipped: forecasts left out because they have other quantiles than most.
    """

    tasks: pl.DataFrame
    levels: Array
    values: Array
    skipped: int = 0

    def only(self, **wanted: object) -> Past:
        """The rows in which these columns hold these values."""
        keep = np.ones(self.tasks.height, dtype=bool)
        for name, value in wanted.items():
            keep &= (self.tasks[name] == value).to_numpy()
        return Past(self.tasks.filter(pl.Series(keep)), self.levels, self.values[keep])

    @property
    def outcome(self) -> Array:
        """What came, a number a row."""
        return self.tasks["outcome"].to_numpy().astype(float)

    @cached_property
    def losses(self) -> tuple[Array, Array | None]:
        """The score of every row, and that of the baseline on the same task (no number where it gave none)."""
        if not self.tasks.height:
            return np.zeros(0), None
        mine = wis(self.outcome, self.values, self.levels)
        base = baseline_of(self.tasks["model"].unique())
        if base is None:
            return mine, None
        scored = self.tasks.with_columns(pl.Series("loss", mine))
        other = scored.filter(pl.col("model") == base).select(*TASK, other="loss")
        pairs = scored.join(other, on=list(TASK), how="left", maintain_order="left")
        return mine, pairs["other"].to_numpy().astype(float)


@dataclass(frozen=True)
class Skill:
    """How one model did on the tasks that both it and the baseline answered.

    `relative` is the mean weighted interval score divided by that of the baseline on the same tasks (below 1 is
    better); None where there is no baseline, or its score is zero.
    """

    model: str
    tasks: int
    wis: float
    relative: float | None
    cover50: float | None
    cover95: float | None


def past_of(forecasts: pl.DataFrame, truth: pl.DataFrame) -> Past:
    """Forecasts joined to what came.

    Args:
        forecasts: as :meth:`Watch.forecasts` gives them.
        truth: columns `place`, `target` (a date), `outcome`.
    """
    known = forecasts.join(truth, on=["place", "target"], how="inner").sort(*TASK, "model", "quantile")
    if not known.height:
        return Past(known.select(*TASK, "model", "outcome"), np.zeros(0), np.zeros((0, 0)))
    curves = known.group_by(*TASK, "model", "outcome", maintain_order=True).agg("quantile", "value")
    forms = curves["quantile"].to_list()
    common = max((tuple(form) for form in forms), key=_counted([tuple(form) for form in forms]).__getitem__)
    keep = pl.Series([tuple(form) == common for form in forms])
    kept = curves.filter(keep)
    values = np.array(kept["value"].to_list(), dtype=float)
    return Past(kept.select(*TASK, "model", "outcome"), np.array(common), values, int((~keep).sum()))


def _counted(forms: list[tuple[float, ...]]) -> dict[tuple[float, ...], int]:
    found: dict[tuple[float, ...], int] = {}
    for form in forms:
        found[form] = found.get(form, 0) + 1
    return found


def baseline_of(models: Iterable[str]) -> str | None:
    """The model that the others are measured by."""
    names = sorted(models)
    return next((name for end in BASELINES for name in names if name == end or name.endswith(end)), None)


def ranked(models: Iterable[str]) -> list[str]:
    """Models in the order in which they are offered: ensembles first, the baseline last."""
    names = sorted(models)
    base = baseline_of(names)
    return sorted(names, key=lambda name: (name == base, "ensemble" not in name, name))


def skills(past: Past, rows: NDArray[np.bool_] | None = None) -> list[Skill]:
    """Every model over all tasks of `past`, or over some of its rows; the best first.

    The relative score decides where there is one.
    """
    models = past.tasks["model"].to_numpy()
    among = np.ones(len(models), dtype=bool) if rows is None else rows
    found = [_skill(name, past, among & (models == name)) for name in sorted(set(models[among]))]
    return sorted(found, key=lambda s: (s.relative is None, s.relative if s.relative is not None else s.wis, s.model))


def _skill(name: str, past: Past, rows: NDArray[np.bool_]) -> Skill:
    mine, other = past.losses
    both = rows & np.isfinite(mine) & (np.isfinite(other) if other is not None else True)
    if not both.any():
        return Skill(name, 0, float("nan"), None, None, None)
    relative = None
    if other is not None and float(other[both].sum()) > 0:
        relative = float(mine[both].sum()) / float(other[both].sum())
    outcome, values = past.outcome[both], past.values[both]
    shares = [_share(outcome, values, past.levels, width) for width in (0.5, 0.95)]
    return Skill(name, int(both.sum()), float(mine[both].mean()), relative, shares[0], shares[1])


def _share(outcome: Array, values: Array, levels: Array, width: float) -> float | None:
    pair = ends_of(levels, width)
    return None if pair is None else float(np.nanmean(covered(outcome, values, pair)))


def ends_of(levels: Sequence[float] | Array, width: float) -> tuple[int, int] | None:
    """Where the ends of a central interval stand among the quantiles; None where they are not forecast."""
    found = []
    for end in ((1 - width) / 2, (1 + width) / 2):
        near = [i for i, level in enumerate(levels) if abs(level - end) < 1e-6]
        if not near:
            return None
        found.append(near[0])
    return found[0], found[1]


def by(past: Past, column: str) -> dict[object, list[Skill]]:
    """Skills for every value of a column (`horizon`, `place`), in its order."""
    each = past.tasks[column].to_numpy()
    return {value: skills(past, each == value) for value in sorted(set(past.tasks[column].to_list()))}


def worse_places(past: Past, model: str) -> list[tuple[str, Skill]]:
    """Places in which a model is no better than the baseline, the worst first."""
    told = [(str(place), s) for place, found in by(past, "place").items() for s in found if s.model == model]
    worse = [(place, skill) for place, skill in told if (skill.relative or 0) >= 1]
    return sorted(worse, key=lambda pair: -(pair[1].relative or 0))


def table(past: Past) -> pl.DataFrame:
    """All scores as a table: over everything, by horizon, by place."""
    rows = [("", "", *_plain(s)) for s in skills(past)]
    rows += [(str(h), "", *_plain(s)) for h, found in by(past, "horizon").items() for s in found]
    rows += [("", str(p), *_plain(s)) for p, found in by(past, "place").items() for s in found]
    names = ["horizon", "place", "model", "tasks", "wis", "relative_wis", "coverage_50", "coverage_95"]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def _plain(skill: Skill) -> tuple[object, ...]:
    return skill.model, skill.tasks, skill.wis, skill.relative, skill.cover50, skill.cover95
