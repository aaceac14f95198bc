"""Regression with a whole distribution: a ridge line first, then a forest whose leaves hold what is left over.

Quantile regression forests after Meinshausen (2006), on extremely randomised trees (Geurts et al. 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from khien.watch.forecast.frames import LEVELS, Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


FARTHEST = 6.0  # standard deviations from the mean that count
SEEN_SHARE = 0.4  # of the features that a split may choose from
Singles = npt.NDArray[np.float32]


class ModelsMissing(RuntimeError):
    """The extra `forecast` is not installed."""


@dataclass(frozen=True, slots=True)
class Line:
    """Ridge regression with weights, one for every step. It never says more, or less, than was ever seen to come."""

    middle: Floats
    spread: Floats
    factors: dict[int, Floats]
    limits: dict[int, tuple[float, float]]

    def __call__(self, seen: Floats, steps: Ints) -> Floats:
        """Expected change [rows]; 0 for a step that was not learnt."""
        z = np.clip((seen - self.middle) / self.spread, -FARTHEST, FARTHEST)
        out = np.zeros(len(seen))
        for step, b in self.factors.items():
            rows = steps == step
            out[rows] = np.clip(b[0] + z[rows] @ b[1:], *self.limits[step])
        return out


def fit_line(seen: Floats, came: Floats, steps: Ints, weight: Floats, ridge: float) -> Line:
    """Weighted least squares with `ridge` times 1 % of each standardised column's variance added."""
    middle, spread = seen.mean(0), seen.std(0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    z = np.clip((seen - middle) / spread, -FARTHEST, FARTHEST)
    factors, limits = {}, {}
    for step in np.unique(steps):
        rows = steps == step
        x = np.concatenate([np.ones((int(rows.sum()), 1)), z[rows]], axis=1)
        w = weight[rows] / weight[rows].sum()
        inner = (x * w[:, None]).T @ x + 0.01 * ridge * np.eye(x.shape[1])
        factors[int(step)] = np.linalg.solve(inner, (x * w[:, None]).T @ came[rows])
        limits[int(step)] = (float(came[rows].min()), float(came[rows].max()))
    return Line(middle, spread, factors, limits)


@dataclass(frozen=True, slots=True)
class QuantileForest:
    """A line and a forest on its residuals."""

    line: Line
    forest: Any
    leaves: Ints  # [rows, trees]
    left: Floats  # [rows]: what the line left over
    weight: Floats  # [rows]

    def __call__(self, seen: Floats, steps: Ints, levels: Floats = LEVELS) -> Floats:
        """Quantiles [rows, levels] of the change."""
        middle = self.line(seen, steps)
        leaves = self.forest.apply(_with(seen, steps, middle))
        share: csr_matrix | None = None
        for tree in range(self.leaves.shape[1]):
            part = _shares(self.leaves[:, tree], leaves[:, tree], self.weight)
            share = part if share is None else share + part
        assert share is not None
        return middle[:, None] + weighted_quantiles(self.left, share.tocsr(), levels)


def fit(
    seen: Floats, came: Floats, steps: Ints, weight: Floats,
    *, ridge: float = 1.0, trees: int = 50, leaf: int = 10, seed: int = 0,
) -> QuantileForest:  # fmt: skip
    """Learn the change `came` [rows] from what was seen [rows, features], `steps` periods ahead.

    Raises:
        ModelsMissing: scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import ExtraTreesRegressor
    except ImportError as gone:
        raise ModelsMissing("scikit-learn") from gone
    line = fit_line(seen, came, steps, weight, ridge)
    middle = line(seen, steps)
    left = came - middle
    forest = ExtraTreesRegressor(
        trees, min_samples_leaf=leaf, max_features=SEEN_SHARE, n_jobs=-1, random_state=seed, bootstrap=False
    )
    x = _with(seen, steps, middle)
    forest.fit(x, left, sample_weight=weight)
    return QuantileForest(line, forest, np.asarray(forest.apply(x), dtype=np.int64), left, weight)


def _with(seen: Floats, steps: Ints, middle: Floats) -> Singles:
    return np.concatenate([seen, steps[:, None].astype(float), middle[:, None]], axis=1).astype(np.float32)


def _shares(learnt: Ints, asked: Ints, weight: Floats) -> csr_matrix:
    """[asked rows, learnt rows]: the share of each learnt case in the leaf that an asked row falls into."""
    leaves = int(max(learnt.max(), asked.max())) + 1
    full = np.bincount(learnt, weights=weight, minlength=leaves)
    holds = sp.csr_matrix((weight / full[learnt], (learnt, np.arange(len(learnt)))), shape=(leaves, len(learnt)))
    falls = sp.csr_matrix((np.ones(len(asked)), (np.arange(len(asked)), asked)), shape=(len(asked), leaves))
    return falls @ holds


def weighted_quantiles(values: Floats, share: csr_matrix, levels: Floats) -> Floats:
    """[rows, levels]: quantiles of `values` [n] by each row's weights [rows, n], joined between mid ranks."""
    order = np.argsort(values, kind="stable")
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.arange(len(values))
    ordered = values[order]
    out = np.empty((share.shape[0], len(levels)))
    for row in range(share.shape[0]):
        span = slice(share.indptr[row], share.indptr[row + 1])
        at = place[share.indices[span]]
        by = np.argsort(at)
        w = share.data[span][by]
        rank = (np.cumsum(w) - w / 2) / w.sum()
        out[row] = np.interp(levels, rank, ordered[at[by]])
    return out

