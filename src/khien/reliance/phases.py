"""The linear programme of what is left under a cut: phases of time, stocks that are used once.

Method page: docs/methods/under-shock.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from khien.reliance.blocks import Block
from khien.reliance.coverage import Matrix
from khien.reliance.cuts import MONTHS_PER_QUARTER, Cut
from khien.reliance.sources import Chain, Need, Source
from khien.reliance.standing import Standing

MONTHS_PER_YEAR = 12.0

EARLIER = 1e-6
"""How much more a month counts in an earlier phase, so that of plans with the same sum the earlier is taken."""


@dataclass(frozen=True)
class Phase:
    """A stretch of months from the first day of the cut, inside one quarter of the programme."""

    begin: float
    end: float
    quarter: int

    @property
    def length(self) -> float:
        """Months."""
        return self.end - self.begin


@dataclass(frozen=True)
class Flow:
    """What is there of an item, in months of its need: a stock, and a rate while the cut lasts."""

    stock: float
    rate: float
    parts: dict[str, float] | None  # of the need, by product; None where it is not known


@dataclass(frozen=True)
class Left:
    """A programme of what is left, and where its answers stand.

    `lengths` are the columns of the phases' lengths, `covered[c]` those of the covered months of capability c by
    phase, -1 where nothing is required of it; `outputs[p, k]` those of the months of output of a product that is
    hit, where it serves. `weights` are those of all capabilities by phase, summing to 1.
    """

    block: Block
    lengths: list[int]
    covered: dict[int, list[int]]
    outputs: dict[tuple[str, int], int]
    weights: Matrix


def phases(first: int, months: float, quarters: int, assurance: float) -> list[Phase]:
    """Phases of a cut that begins with quarter `first`: split at the quarters and where assurance ends.

    What lies after the last quarter of the programme is left out.
    """
    end = min(float(months), float(MONTHS_PER_QUARTER * (quarters - first)))
    marks = {0.0, end, assurance, *(float(m) for m in range(0, int(end) + 1, MONTHS_PER_QUARTER))}
    kept = sorted(mark for mark in marks if 0.0 <= mark <= end)
    return [Phase(a, b, first + int(a // MONTHS_PER_QUARTER)) for a, b in pairwise(kept) if b > a]


def flow(chain: Chain, item: str, cut: Cut, serving: frozenset[str], worst: bool) -> Flow | None:
    """What is there of an item under a cut; None where the need is met in full for good.

    `serving` are the products that serve.
    """
    sources = chain.sources.get(item, [])
    users = [(product, need) for product, need in chain.items.get(item, []) if product in serving]
    missing = max(0.0, 1.0 - sum(source.share for source in sources))
    unknown_hit = worst and cut.may_hit_unknown and missing > 1e-9
    if not unknown_hit and not any(source.site in cut.sites for source in sources):
        return None
    stocks = [source.stock_months for source in sources]
    if not worst and (None in stocks or missing > 1e-9):
        return None
    stock = sum(source.share * (months or 0.0) for source, months in zip(sources, stocks, strict=True))
    total = _total(users)
    rate = sum(_rate(source, cut, total, worst) for source in sources)
    rate += missing * ((1.0 - cut.loss_share) if unknown_hit else 1.0)
    parts = {product: (need.units or 0.0) / total for product, need in users} if total else None
    if len(users) == 1:
        parts = {users[0][0]: 1.0}
    return None if rate >= 1.0 - 1e-12 else Flow(stock, rate, parts)


def _total(users: Sequence[tuple[str, Need]]) -> float | None:
    """Need of an item a year; None where it is not known."""
    if any(need.units is None for _, need in users):
        return None
    total = sum(need.units or 0.0 for _, need in users)
    return total if total > 0.0 else None


def _rate(source: Source, cut: Cut, total: float | None, worst: bool) -> float:
    if source.site in cut.sites:
        return (1.0 - cut.loss_share) * source.share
    if source.capacity is None or total is None:
        return source.share if worst else 1.0
    return max(source.share, source.capacity / total)


def what_is_left(
    chain: Chain,
    standing: Standing,
    cut: Cut,
    time: Sequence[Phase],
    *,
    worst: bool,
    frozen: bool = False,
    only: int | None = None,
) -> Left | None:
    """The programme of what is left over these phases; None where the cut takes nothing.

    With `frozen` everything stands as in the first phase; with `only` all there is goes to one capability. Lengths
    are fixed; who wants them free changes their bounds.
    """
    need = chain.need
    quarter = [time[0].quarter if frozen else phase.quarter for phase in time]
    serving = frozenset(p for p in need.products if standing.serves(p, quarter[-1]))
    flows = {
        item: flow(chain, item, cut, serving, worst)
        for item in _short(chain, cut, worst)
        if not all(standing.held(chain.replaced_by[item], q) for q in quarter)
    }
    gone = {
        subject: _gone(chain, standing, cut, subject, time, quarter, worst)
        for subject in (chain.subjects if cut.everything or cut.organisations else ())
    }
    gone = {subject: when for subject, when in gone.items() if any(when)}
    hit = _hit(chain, serving, flows, gone)
    touched = sorted(frozenset().union(*(chain.capabilities_of[product] for product in hit)))
    if only is not None:
        hit = [product for product in hit if only in chain.capabilities_of[product]]
        touched = [only]
    if not hit:
        return None
    block = Block()
    lengths = [block.variable(phase.length, low=phase.length) for phase in time]
    outputs = _outputs(block, lengths, hit, standing, quarter)
    _without_subjects(block, chain, lengths, outputs, gone)
    _without_items(block, chain, lengths, outputs, {i: f for i, f in flows.items() if f}, quarter, standing)
    weights = weights_of(chain, quarter)
    covered = {c: _covered(block, chain, c, lengths, outputs, quarter, standing, weights) for c in touched}
    return Left(block, lengths, covered, outputs, weights)


def _short(chain: Chain, cut: Cut, worst: bool) -> list[str]:
    """Items of which something may stop, in order."""
    found = {item for site in cut.sites for item in chain.items_of.get(site, ())}
    if worst and cut.may_hit_unknown:
        found |= chain.uncovered
    return sorted(found & chain.items.keys())


def _gone(
    chain: Chain,
    standing: Standing,
    cut: Cut,
    subject: str,
    time: Sequence[Phase],
    quarter: Sequence[int],
    worst: bool,
) -> list[bool]:
    """In which phases a subject is not kept up any more."""
    partners = standing.partners.get(subject, frozenset())
    known = partners <= cut.organisations if partners else worst and cut.may_hit_unknown
    if not (cut.everything or (cut.organisations and known)):
        return [False] * len(time)
    assurance = float(chain.programme.settings.assurance_months)
    return [
        phase.begin >= assurance - 1e-9 and not standing.held(subject, q)
        for phase, q in zip(time, quarter, strict=True)
    ]


def _hit(
    chain: Chain, serving: frozenset[str], flows: dict[str, Flow | None], gone: dict[str, list[bool]]
) -> list[str]:
    """Products that may lose something, in order."""
    found = {p for subject in gone for p, _ in chain.subjects[subject]}
    found |= {p for item, kept in flows.items() if kept is not None for p, _ in chain.items[item]}
    return [p for p in chain.need.products if p in found and p in serving]


def _outputs(
    block: Block, lengths: list[int], hit: list[str], standing: Standing, quarter: Sequence[int]
) -> dict[tuple[str, int], int]:
    """Months of output of every product that is hit, at most as long as it serves."""
    found = {}
    for product in hit:
        for k, q in enumerate(quarter):
            if standing.serves(product, q):
                found[product, k] = block.variable()
                block.at_most(0.0, (1.0, found[product, k]), (-1.0, lengths[k]))
    return found


def _without_subjects(
    block: Block,
    chain: Chain,
    lengths: list[int],
    outputs: dict[tuple[str, int], int],
    gone: dict[str, list[bool]],
) -> None:
    """Output loses its share while a subject is gone."""
    for subject, when in gone.items():
        for product, lost in chain.subjects[subject]:
            for k, out in enumerate(when):
                if out and (product, k) in outputs:
                    block.at_most(0.0, (1.0, outputs[product, k]), (lost - 1.0, lengths[k]))


def _without_items(
    block: Block,
    chain: Chain,
    lengths: list[int],
    outputs: dict[tuple[str, int], int],
    flows: dict[str, Flow],
    quarter: Sequence[int],
    standing: Standing,
) -> None:
    """Output loses its share with what is not there of an item; stock is used once."""
    products = {product for product, _ in outputs}
    for item, kept in flows.items():
        if not any(product in products for product, _ in chain.items[item]):
            continue
        used: list[tuple[float, int]] = []
        for k, q in enumerate(quarter):
            if standing.held(chain.replaced_by[item], q):
                continue
            common = None if kept.parts else block.variable()
            if common is not None:
                used.append((1.0, common))
                block.at_most(0.0, (1.0, common), (-1.0, lengths[k]))
            for product, need in chain.items[item]:
                if (product, k) not in outputs:
                    continue
                use = common
                if kept.parts is not None:
                    use = block.variable()
                    used.append((kept.parts.get(product, 0.0), use))
                    block.at_most(0.0, (1.0, use), (-1.0, lengths[k]))
                if use is not None:
                    out = (1.0, outputs[product, k])
                    block.at_most(0.0, out, (-need.lost, use), (need.lost - 1.0, lengths[k]))
            block.at_most(kept.stock, *used, *((-kept.rate, length) for length in lengths[: k + 1]))


def weights_of(chain: Chain, quarter: Sequence[int]) -> Matrix:
    """Weight of every capability in every phase, summing to 1 over those with a requirement."""
    need = chain.need
    there = ~np.isnan(need.required[:, list(quarter)])
    weights = np.where(there, need.weights[:, None], 0.0)
    total = weights.sum(axis=0)
    return np.asarray(weights / np.where(total > 0, total, 1.0))


def _covered(
    block: Block,
    chain: Chain,
    c: int,
    lengths: list[int],
    outputs: dict[tuple[str, int], int],
    quarter: Sequence[int],
    standing: Standing,
    weights: Matrix,
) -> list[int]:
    """Covered months of a capability by phase; -1 where nothing is required."""
    need, found = chain.need, []
    for k, q in enumerate(quarter):
        required = need.required[c, q]
        if np.isnan(required) or required <= 0.0:
            found.append(-1)
            continue
        cost = -weights[c, k] * (1.0 + EARLIER * (len(quarter) - k))
        column = block.variable(cost=float(cost))
        terms, base = [(1.0, column)], 0.0
        for p in np.flatnonzero(need.yields[c]).tolist():
            product, brings = need.products[p], float(need.yields[c, p] / required)
            if (product, k) in outputs:
                terms.append((-brings, outputs[product, k]))
            elif standing.serves(product, q):
                base += brings
        block.at_most(0.0, (1.0, column), (-1.0, lengths[k]))
        block.at_most(0.0, *terms, (-base, lengths[k]))
        found.append(column)
    return found
