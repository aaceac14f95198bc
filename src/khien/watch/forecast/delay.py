"""Reporting delay: what a period's count will be once the late reports are in.

How many of a period's cases are known after d periods is learnt from earlier periods, each read as it was known at the
time; what is still to come follows a negative binomial whose mean and spread say how sure that share and the level of
cases are. See docs/methods/reporting-delay.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.watch.forecast.frames import FORECASTS, QUANTILES
from khien.watch.forecast.triangle import Array, DelayError, Triangle, from_cases, from_vintages

WINDOWS: Final = (4, 8, 13, 26, 52)
"""Lengths of the recent window, in periods; the one that would have foreseen best is taken."""
HISTORY: Final = 260
"""Periods that are looked back on for the spread of the shares and of the level."""
NEAR: Final = 50.0
"""For how many cases the long-run delays count beside those of the recent window."""
PRECISIONS: Final = np.geomspace(1.0, 1e5, 26)
STEPS: Final = np.array([0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0])
GROWTHS: Final = np.array([0.0, 0.25, 0.5, 0.75])
BREAKS: Final = np.array([0.0, 0.02, 0.05, 0.1, 0.2])
NODES: Final = 64
LEAST: Final = 0.05
"""No level of cases is taken to be lower."""
KNOWN: Final = {"place": pl.String(), "target": pl.Date(), "delay": pl.Int64(), "reported": pl.Float64()}
"""Columns of what is reported of a period so many periods later."""


@dataclass(frozen=True)
class Delays:
    """How reports come in, as learnt from one triangle.

    Attributes:
        shares: shape (D + 1,), rising to 1: share of the final count that is known after each delay.
        precisions: shape (D + 1,): the share of one period is Beta(m·share, m·(1 − share)) with this m.
        window: periods of the recent window.
        motion: how the level of cases moves from period to period.
    """

    shares: Array
    precisions: Array
    window: int
    motion: Motion


@dataclass(frozen=True)
class Nowcast:
    """The final counts of the periods that are not yet complete, oldest first.

    Attributes:
        starts: first day of each period, n of them.
        reported: shape (n,): what is known now.
        delays: shape (n,): periods since.
        mean: shape (n,); NaN where the model gives none.
        levels: the quantiles' levels.
        values: shape (n, levels), whole numbers, never below `reported`, never falling along a row.
    """

    starts: tuple[date, ...]
    reported: Array
    delays: NDArray[np.int64]
    mean: Array
    levels: tuple[float, ...]
    values: Array

    def frame(self, indicator: str, place: str, reference: date, model: str = "delay") -> pl.DataFrame:
        """The forecast frame; `horizon` counts periods back from the newest (0), so it is never above 0."""
        n, q = self.values.shape
        columns = {
            "indicator": [indicator] * (n * q),
            "place": [place] * (n * q),
            "reference": [reference] * (n * q),
            "horizon": np.repeat(-self.delays, q),
            "target": [start for start in self.starts for _ in range(q)],
            "quantile": np.tile(self.levels, n),
            "value": self.values.ravel(),
            "model": [model] * (n * q),
        }
        return pl.DataFrame(columns, schema_overrides=dict(FORECASTS))

    def known(self, place: str) -> pl.DataFrame:
        """What is reported of each period: columns `place, target, delay, reported`."""
        columns = {"place": [place] * len(self.starts), "target": list(self.starts)}
        return pl.DataFrame({**columns, "delay": self.delays, "reported": self.reported}, schema_overrides=dict(KNOWN))


def fit(triangle: Triangle, *, windows: Sequence[int] = WINDOWS, history: int = HISTORY) -> Delays:
    """Learn how reports come in. Only what the triangle shows is used, each past period as it was known at the time.

    Args:
        triangle: at least 2·(D + 1) periods of it must be complete, one with a case.
        windows: lengths of the recent window, from which one is chosen.
        history: periods that are looked back on.

    Raises:
        DelayError: too little is known.
    """
    counts = triangle.counts[-(history + max(windows)) :]
    done = len(counts) - counts.shape[1] + 1
    final = counts[: max(done, 0)].sum(axis=1)
    if done < 2 * counts.shape[1]:
        told = {"complete": max(done, 0), "needed": 2 * counts.shape[1], "most": max((len(counts) - 2) // 3, 0)}
        raise DelayError(f"{told['complete']} complete periods, {told['needed']} needed", "nowcast-few", **told)
    if not final.any():
        raise DelayError("no case in any complete period", "nowcast-no-case", complete=done)
    tried = [(*_foreseen(counts, final, window), window) for window in windows]
    _, precisions, shares, window = max(tried, key=lambda one: one[0])
    return Delays(shares, precisions, window, motion_of(final[-history:]))


def nowcast(triangle: Triangle, delays: Delays | None = None, *, levels: Sequence[float] = QUANTILES) -> Nowcast:
    """Quantiles of the final count of each period that is not yet complete.

    Args:
        triangle: what is known.
        delays: how reports come in; learnt from the triangle itself if left out.
        levels: rising, inside 0 to 1.

    Raises:
        DelayError: too little is known.
    """
    delays = fit(triangle) if delays is None else delays
    first, last = triangle.complete, len(triangle.counts) - 1
    level = carried(triangle.counts[:first].sum(axis=1)[-HISTORY:], delays.motion)
    means, rows = [], []
    for t in range(first, last + 1):
        d = last - t
        known = float(triangle.reported[t])
        coming = still_to_come(known, delays.shares[d], delays.precisions[d], delays.motion.ahead(level))
        means.append(known + coming.mean)
        rows.append(known + coming.quantiles(levels))
        level = Level(*coming.level, level.mean)
    open_ = slice(first, last + 1)
    found = np.array(rows).reshape(-1, len(levels)), np.array(means)
    ages = np.arange(last - first, -1, -1)
    return Nowcast(triangle.starts[open_], triangle.reported[open_], ages, found[1], tuple(levels), found[0])


@dataclass(frozen=True)
class Coming:
    """How many cases of a period are still to come: a mixture of negative binomials.

    Attributes:
        weights: shape (K,), sum 1: one for each possible share and level.
        shapes, rates: shape (K,): the level of cases, Gamma, with what is known of the period.
        missing: shape (K,): share that is not yet reported.
    """

    weights: Array
    shapes: Array
    rates: Array
    missing: Array

    @property
    def mean(self) -> float:
        """Expected number."""
        return float(self.weights @ (self.shapes * self.missing / self.rates))

    @property
    def level(self) -> tuple[float, float]:
        """Mean and variance of the period's level of cases, as now known."""
        mean = float(self.weights @ (self.shapes / self.rates))
        second = float(self.weights @ (self.shapes * (self.shapes + 1) / self.rates**2))
        return mean, max(second - mean**2, 1e-12)

    def below(self, counts: Array) -> Array:
        """P(R ≤ r) for whole numbers r, shape as given."""
        from scipy.special import betainc

        p = self.rates / (self.rates + self.missing)
        shown: Array = betainc(self.shapes, np.asarray(counts, float)[..., None] + 1.0, p) @ self.weights
        return shown

    def quantiles(self, levels: Sequence[float]) -> Array:
        """The least whole numbers that are not exceeded with these probabilities."""
        wanted = np.asarray(levels)
        low, high = np.full(len(wanted), -1.0), np.full(len(wanted), np.ceil(max(4.0 * self.mean, 8.0)))
        while (short := self.below(high) < wanted).any():
            low, high = np.where(short, high, low), np.where(short, 2 * high, high)
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            enough = self.below(middle) >= wanted
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return high


def still_to_come(known: float, share: float, precision: float, level: Sequence[Part]) -> Coming:
    """What is still to come of a period of which `known` cases are reported.

    Args:
        known: reported cases, 0 or more.
        share: expected share that is reported by now, 0 to 1.
        precision: of the share: Beta(precision·share, precision·(1 − share)).
        level: the level of cases before anything is known of the period.
    """
    from scipy.special import betaincinv, gammaln

    share = min(max(share, 1e-6), 1 - 1e-9)
    # Nodes at quantiles of the share, closer together towards both ends, with their widths as weights.
    step = (np.arange(NODES) + 0.5) / NODES
    nodes, width = step**2 * (3 - 2 * step), np.log(step * (1 - step))
    p = np.clip(betaincinv(precision * share, precision * (1 - share), nodes), 1e-9, 1 - 1e-12)
    # P(known | share) with the level integrated out: negative binomial.
    logs = [
        width + np.log(part.weight) + gammaln(part.shape + known) - gammaln(part.shape) + part.shape * np.log(part.rate)
        + known * np.log(p) - (part.shape + known) * np.log(part.rate + p)
        for part in level
    ]  # fmt: skip
    log = np.concatenate(logs)
    weights = np.exp(log - log.max())
    shapes = np.concatenate([np.full(NODES, part.shape + known) for part in level])
    rates = np.concatenate([part.rate + p for part in level])
    return Coming(weights / weights.sum(), shapes, rates, np.tile(1 - p, len(level)))


class Part(NamedTuple):
    """One part of what may be expected of a level: Gamma with this shape and rate, with this weight."""

    weight: float
    shape: float
    rate: float


class Level(NamedTuple):
    """The level of cases of a period as known: mean and variance, and the mean of the period before."""

    mean: float
    variance: float
    before: float


@dataclass(frozen=True)
class Motion:
    """How the level of cases moves: it goes on, less sure (step), with some of its last change (growth), or breaks.

    Attributes:
        step: standard deviation of the change from one period to the next, relative to the level.
        growth: how much of its last change goes on, 0 to 1.
        breaks: how likely a break is, after which the level is any that was ever seen.
        shape, rate: of those levels, Gamma.
    """

    step: float
    growth: float
    breaks: float
    shape: float
    rate: float

    def ahead(self, level: Level) -> list[Part]:
        """The level one period on, before anything is known of it."""
        shape, rate = _ahead(level.mean, level.variance, level.before, self.step, self.growth)
        parts = [Part(1 - self.breaks, float(shape), float(rate)), Part(self.breaks, self.shape, self.rate)]
        return parts[: 2 if self.breaks else 1]


def _ahead(mean: Any, variance: Any, before: Any, step: Any, growth: Any) -> tuple[Any, Any]:
    low = np.maximum(mean, LEAST)
    shape = 1 / (variance / low**2 + step**2)
    return shape, shape / (low * ((mean + 0.5) / (before + 0.5)) ** growth)


def carried(final: Array, motion: Motion) -> Level:
    """Carry the level through complete periods."""
    step, growth, breaks = (np.array([x]) for x in (motion.step, motion.growth, motion.breaks))
    mean, variance, before, _ = _carry(final, step, growth, breaks, motion.shape, motion.rate)
    return Level(float(mean[0]), float(variance[0]), float(before[0]))


def motion_of(final: Array) -> Motion:
    """The motion under which the complete periods would have been foreseen best, one ahead."""
    step, growth, breaks = (axis.ravel() for axis in np.meshgrid(STEPS, GROWTHS, BREAKS))
    mean, variance = max(float(final.mean()), LEAST), float(final.var()) + LEAST
    shape, rate = mean**2 / variance, mean / variance
    best = int(np.argmax(_carry(final, step, growth, breaks, shape, rate)[3]))
    return Motion(float(step[best]), float(growth[best]), float(breaks[best]), shape, rate)


def _carry(
    final: Array, step: Array, growth: Array, breaks: Array, any_shape: float, any_rate: float
) -> tuple[Array, Array, Array, Array]:
    """Mean, variance and mean before of the last period, and the log-likelihood, for many motions at once."""
    mean = before = np.full(len(step), final[0] + 0.5)
    variance, support = mean.copy(), np.zeros(len(step))
    for count in final[1:]:
        shape, rate = _ahead(mean, variance, before, step, growth)
        usual = np.log1p(-breaks) + _evidence(count, shape, rate)
        broken = np.log(np.maximum(breaks, 1e-300)) + _evidence(count, any_shape, any_rate)
        whole = np.logaddexp(usual, broken)
        w, v = np.exp(usual - whole), np.exp(broken - whole)
        m1, m2 = (shape + count) / (rate + 1), (any_shape + count) / (any_rate + 1)
        before, mean = mean, w * m1 + v * m2
        second = w * (m1**2 + m1 / (rate + 1)) + v * (m2**2 + m2 / (any_rate + 1))
        variance, support = second - mean**2, support + whole
    return mean, variance, before, support


def _evidence(count: float, shape: Any, rate: Any) -> Any:
    """Log-probability of a count whose level is Gamma, but for a part that is the same for all."""
    from scipy.special import gammaln

    return gammaln(shape + count) - gammaln(shape) + shape * np.log(rate) - (shape + count) * np.log(rate + 1)


def shares_through(counts: Array, window: int) -> Array:
    """Shares known after each delay as they could be told at the end of each period, from a recent window.

    Of those known after k periods, the share g(k) came in the k-th alone; a count after d periods is the final one
    times (1 − g(d + 1)) … (1 − g(D)). What came in the k-th period is known from k periods later on.

    Returns:
        Shape (T, D + 1): row τ as known at the end of period τ. Rows without any case are those of even arrival.
    """
    total = np.cumsum(np.nan_to_num(counts), axis=1)
    periods, delays = counts.shape
    result = np.ones((periods, delays))
    for k in range(delays - 1, 0, -1):
        new, all_ = (_shifted(np.nan_to_num(column), k) for column in (counts[:, k], total[:, k]))
        run_new, run_all = np.cumsum(new), np.cumsum(all_)
        long = (run_new + 1.0) / (run_all + k + 1.0)
        near_new, near_all = (run - _shifted(run, window) for run in (run_new, run_all))
        g = (near_new + NEAR * long) / (near_all + NEAR)
        result[:, k - 1] = result[:, k] * (1 - g)
    return result


def _shifted(values: Array, by: int) -> Array:
    """The values `by` periods later, zeros before."""
    return np.concatenate([np.zeros(min(by, len(values))), values[: max(len(values) - by, 0)]])


def _foreseen(counts: Array, final: Array, window: int) -> tuple[float, Array, Array]:
    """How well a window would have foreseen the shares of complete periods, the precisions that fit, the shares now."""
    told = shares_through(counts, window)
    delays = counts.shape[1]
    known = np.cumsum(counts[: len(final)], axis=1)
    when = np.arange(min(delays, len(final) // 2), len(final))
    support, precisions = 0.0, np.full(delays, PRECISIONS[-1])
    for d in range(delays - 1):
        p = np.clip(told[when + d, d], 1e-6, 1 - 1e-9)
        found = _beta_binomial(known[when, d], final[when], p)
        best = int(np.argmax(found))
        support, precisions[d] = support + found[best], PRECISIONS[best]
    return support, precisions, told[-1]


def _beta_binomial(known: Array, final: Array, share: Array) -> Array:
    """Log-likelihood of the known among the final, for every precision; parts that do not depend on it are left out."""
    from scipy.special import betaln

    a, b = np.outer(PRECISIONS, share), np.outer(PRECISIONS, 1 - share)
    found: Array = (betaln(known + a, final - known + b) - betaln(a, b)).sum(axis=1)
    return found


__all__ = ["DelayError", "Delays", "Nowcast", "Triangle", "fit", "from_cases", "from_vintages", "nowcast"]
