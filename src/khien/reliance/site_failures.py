"""Every single and every double failure of the sites that supply a programme, ranked by damage and not by spend.

Method page: docs/methods/under-shock.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.programme import Programme
from khien.reliance.blocks import Floats, solve_all
from khien.reliance.cuts import Cut, owners, site_cut
from khien.reliance.phases import Phase, weights_of, what_is_left
from khien.reliance.purchases import bill_of_items
from khien.reliance.sources import Chain, value_chain
from khien.reliance.standing import Stand, Standing
from khien.reliance.under_shock import LONGEST_MONTHS, NONE, Case, covered, cut_months, held_level, peace

SMALL = 1e-6
"""Months of coverage below this are nothing."""

CHUNK = 500
"""Failures that are judged between two calls of the progress."""

AT_ONCE = 100
"""Pairs that are solved before it is asked whether the rest can be among the worst."""

By = Literal["site", "organisation"]
Ints = NDArray[np.int64]
Failing = tuple[frozenset[str], float]
Progress = Callable[[int, int], None]


@dataclass
class Sites:
    """What supplies something, as a programme stands in one quarter, seen at its worst or best.

    `groups` names what fails as one, with its sites: a site alone, or all sites of a supplier.
    """

    chain: Chain
    standing: Standing
    first: int
    worst: bool
    groups: dict[str, list[str]]
    _losses: dict[Failing, float] = field(default_factory=dict)

    def cut(self, keys: frozenset[str]) -> Cut:
        """What stops when these do."""
        return site_cut(self.chain.programme, *sorted(site for key in keys for site in self.groups[key]))

    def items(self, key: str) -> frozenset[str]:
        """Items that it supplies."""
        return frozenset(item for site in self.groups[key] for item in self.chain.items_of[site])

    def recover(self, key: str) -> float:
        """Months that it is out; one that says nothing is out for the length of a cut, or not at all."""
        own = set(self.groups[key])
        rows = [s.recover_months for sources in self.chain.sources.values() for s in sources if s.site in own]
        known = max((months for months in rows if months is not None), default=0.0)
        return max(known, cut_months(self.chain.programme)) if None in rows and self.worst else known

    def losses(self, failing: list[Failing]) -> list[float]:
        """Months of the programme's coverage that each failure costs."""
        fresh = [one for one in dict.fromkeys(failing) if one not in self._losses and one[1] > 0.0]
        cases = [
            Case(self.standing, self.cut(keys), [Phase(0.0, months, self.first)], self.worst, frozen=True)
            for keys, months in fresh
        ]
        weights = weights_of(self.chain, [self.first])
        before = np.nan_to_num(peace(self.chain, self.standing, [self.first]))
        for one, matrix in zip(fresh, covered(self.chain, cases), strict=True):
            lost = float((weights * (before - np.nan_to_num(matrix))).sum()) * one[1]
            self._losses[one] = lost if lost > SMALL else 0.0
        return [self._losses.get(one, 0.0) for one in failing]

    def outputs(self, keys: list[str], months: float) -> Floats:
        """Share of its output that each product puts out while each of them fails, [keys, products]."""
        need = self.chain.need
        serves = np.array([self.standing.serves(p, self.first) for p in need.products], dtype=np.float64)
        found = np.tile(serves, (len(keys), 1))
        if months <= 0.0:
            return found
        at = {product: i for i, product in enumerate(need.products)}
        time = [Phase(0.0, months, self.first)]
        left = [
            what_is_left(self.chain, self.standing, self.cut(frozenset([key])), time, worst=self.worst, frozen=True)
            for key in keys
        ]
        solved = iter(solve_all([one.block for one in left if one is not None]))
        for i, one in enumerate(left):
            if one is not None:
                x = next(solved)
                for (product, _), column in one.outputs.items():
                    found[i, at[product]] = np.clip(x[column] / months, 0.0, 1.0)
        return found

    def survivals(self, longest: float) -> list[float]:
        """Months for which no coverage is lost when each stops for good, in the order of the groups."""
        before = np.nan_to_num(peace(self.chain, self.standing, [self.first])[:, 0])
        found, blocks = [longest] * len(self.groups), []
        for i, key in enumerate(self.groups):
            cut, time = self.cut(frozenset([key])), [Phase(0.0, longest, self.first)]
            left = what_is_left(self.chain, self.standing, cut, time, worst=self.worst, frozen=True)
            if left is not None:
                hold = {c: float(before[c]) for c in left.covered}
                blocks.append((i, held_level(left, before, hold), left.lengths))
        for (i, _, lengths), x in zip(blocks, solve_all([block for _, block, _ in blocks]), strict=True):
            found[i] = float(x[lengths].sum())
        return found


def both_sides(programme: Programme, stand: Stand, first: int, by: By = "site") -> tuple[Sites, Sites]:
    """What supplies something, at its worst and at its best."""
    chain, standing = value_chain(programme), stand(NONE)
    owner = dict(programme.sites.select("id", "organisation").iter_rows())
    groups: dict[str, list[str]] = {}
    for site in sorted(chain.items_of):
        groups.setdefault(site if by == "site" else owner[site], []).append(site)
    groups = dict(sorted(groups.items()))
    return Sites(chain, standing, first, True, groups), Sites(chain, standing, first, False, groups)


def single_site_failures(
    programme: Programme, stand: Stand, *, first: int, by: By = "site", longest: float = LONGEST_MONTHS
) -> pl.DataFrame:
    """What it costs when each supplying site (or supplier) fails until it has recovered, and how long it costs nothing.

    Parameters
    ----------
    programme : Programme
    stand : callable
        As for `coverage_under_shock`.
    first : int
        Quarter of the programme in which the sites fail; everything stands as in that quarter.
    by : {"site", "organisation"}
        What fails as one: a site alone, or all sites of a supplier.
    longest : float
        Months at which time to survive is cut off.

    Returns
    -------
    polars.DataFrame
        One row per site in `supplies` (or per supplier), the greatest damage first: `site` (not by organisation),
        `organisation`, `country`, `control` (country of control), `items` (how many it supplies), `spend_share` (of
        the value of all items in one unit of every product; null where nothing of it is known), `recover_months`
        (null where a supply does not say), `survive_worst`, `survive_best`, `loss_worst`, `loss_best` (months of the
        programme's coverage), `red_worst`, `red_best` (survived for less long than it takes to recover).
    """
    worst, best = both_sides(programme, stand, first, by)
    keys = list(worst.groups)
    columns: dict[str, list[float]] = {}
    for name, seen in (("worst", worst), ("best", best)):
        out = [seen.recover(key) for key in keys]
        columns[f"survive_{name}"] = seen.survivals(longest)
        columns[f"loss_{name}"] = seen.losses([(frozenset([s]), m) for s, m in zip(keys, out, strict=True)])
        columns[f"_out_{name}"] = out
    table = pl.DataFrame({by: keys, **columns}, schema_overrides={by: pl.String})
    unequal = pl.col("_out_worst") != pl.col("_out_best")
    who = ["site", "organisation", "country", "control"] if by == "site" else ["organisation", "country", "control"]
    return (
        table.join(_who(programme).select(who).unique(), on=by, how="left")
        .join(_spend(programme, by), on=by, how="left")
        .with_columns(
            pl.Series("items", [len(worst.items(key)) for key in keys], dtype=pl.Int64),
            pl.when(unequal).then(None).otherwise(pl.col("_out_worst")).alias("recover_months"),
            *((pl.col(f"survive_{n}") < pl.col(f"_out_{n}") - SMALL).alias(f"red_{n}") for n in ("worst", "best")),
        )
        .select(
            *who, "items", "spend_share", "recover_months",
            "survive_worst", "survive_best", "loss_worst", "loss_best", "red_worst", "red_best",
        )
        .sort(["loss_worst", "loss_best", "survive_worst", by], descending=[True, True, False, False])
    )  # fmt: skip


def double_site_failures(
    programme: Programme,
    stand: Stand,
    *,
    first: int,
    by: By = "site",
    top: int | None = None,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """What it costs when two sites (or suppliers) fail at once, both out until the later one has recovered.

    Returns
    -------
    polars.DataFrame
        One row per pair of sites in `supplies`, the greatest damage first (`top` of them if given): `a`, `b`,
        `loss_worst`, `loss_best` (months of the programme's coverage), `more` (of the worst, beyond the dearer of
        the two alone, each out as long as the pair), `hidden` (at the worst, either alone would cost nothing).
    """
    worst, best = both_sides(programme, stand, first, by)
    pairs = list(combinations(worst.groups, 2)) if top is None else worst_pairs(worst, top)
    loss_worst, alone = _pair_losses(worst, pairs, lambda done: progress and progress(done, 2 * len(pairs)))
    loss_best, _ = _pair_losses(best, pairs, lambda done: progress and progress(len(pairs) + done, 2 * len(pairs)))
    found = pl.DataFrame(
        {
            "a": [a for a, _ in pairs],
            "b": [b for _, b in pairs],
            "loss_worst": loss_worst,
            "loss_best": loss_best,
            "more": [max(0.0, loss - dear) for loss, dear in zip(loss_worst, alone, strict=True)],
            "hidden": [loss > SMALL and dear <= SMALL for loss, dear in zip(loss_worst, alone, strict=True)],
        },
        schema_overrides={"a": pl.String, "b": pl.String, "hidden": pl.Boolean},
    ).sort(["loss_worst", "loss_best", "more", "a", "b"], descending=[True, True, True, False, False])
    return found if top is None else found.head(top)


def worst_pairs(seen: Sites, top: int) -> list[tuple[str, str]]:
    """Pairs among which the `top` worst are, without solving all of them.

    A pair that shares no item costs at most what it costs when each product puts out the less of what it puts out
    when either fails. Pairs are solved in the order of that bound, until the rest cannot be among the worst.
    """
    keys = list(seen.groups)
    if len(keys) < 2:
        return []
    out = np.array([seen.recover(key) for key in keys])
    bounds = [_bounds(seen, keys, out, float(months)) for months in np.unique(out)]
    left, right = (np.concatenate([one[side] for one in bounds]) for side in (0, 1))
    bound, months = np.concatenate([one[2] for one in bounds]), np.concatenate([one[3] for one in bounds])
    order = np.argsort(-bound, kind="stable")
    solved: list[tuple[float, tuple[str, str]]] = []
    for begin in range(0, len(order), AT_ONCE):
        reached = sorted((loss for loss, _ in solved), reverse=True)[:top]
        if len(reached) == top and bound[order[begin]] < reached[-1] - SMALL:
            break
        part = [(keys[left[i]], keys[right[i]], float(months[i])) for i in order[begin : begin + AT_ONCE]]
        losses = seen.losses([(frozenset([a, b]), m) for a, b, m in part])
        solved += [(loss, (min(a, b), max(a, b))) for loss, (a, b, _) in zip(losses, part, strict=True)]
    solved.sort(key=lambda one: (-one[0], one[1]))
    least = solved[top - 1][0] if len(solved) >= top else 0.0
    return [pair for loss, pair in solved if loss >= least - SMALL]


def _bounds(seen: Sites, keys: list[str], out: Floats, months: float) -> tuple[Ints, Ints, Floats, Floats]:
    """Pairs (by place in `keys`) that are out for so many months, and at most what each costs; inf if they share."""
    members = np.flatnonzero(out <= months)
    outputs = seen.outputs([keys[i] for i in members], months)
    need = seen.chain.need
    required = need.required[:, seen.first]
    asked = np.flatnonzero(~np.isnan(required))
    brings = (need.yields[asked] / required[asked, None]).T
    weights = weights_of(seen.chain, [seen.first])[asked, 0]
    before = peace(seen.chain, seen.standing, [seen.first])[asked, 0]
    items = [seen.items(keys[i]) for i in members]
    left, right, bound = [], [], []
    for i, member in enumerate(members):
        others = [j for j in range(len(members)) if (j > i or out[members[j]] < months) and j != i]
        if out[member] < months or not others:
            continue
        covered_ = np.minimum(1.0, np.minimum(outputs[i], outputs[others]) @ brings)
        lost = ((before - covered_) @ weights) * months
        shared = np.array([not items[i].isdisjoint(items[j]) for j in others])
        left.append(np.full(len(others), member))
        right.append(members[others])
        bound.append(np.where(shared, np.inf, lost))
    if not left:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, np.zeros(0), np.zeros(0)
    whole = np.concatenate(bound)
    return np.concatenate(left), np.concatenate(right), whole, np.full(len(whole), months)


def _pair_losses(
    seen: Sites, pairs: list[tuple[str, str]], progress: Callable[[int], object]
) -> tuple[list[float], list[float]]:
    """What each pair costs, and what the dearer of the two alone. Pairs that serve no common capability add up."""
    out = {key: seen.recover(key) for key in seen.groups}
    supplied = {key: seen.items(key) for key in seen.groups}
    served = {key: seen.chain.touched(supplied[key]) for key in seen.groups}
    loss, alone = [], []
    for begin in range(0, len(pairs), CHUNK):
        part = pairs[begin : begin + CHUNK]
        months = [max(out[a], out[b]) for a, b in part]
        one = seen.losses([(frozenset([a]), m) for (a, _), m in zip(part, months, strict=True)])
        two = seen.losses([(frozenset([b]), m) for (_, b), m in zip(part, months, strict=True)])
        apart = [supplied[a].isdisjoint(supplied[b]) and served[a].isdisjoint(served[b]) for a, b in part]
        asked = [(frozenset(pair), m) for pair, m, separate in zip(part, months, apart, strict=True) if not separate]
        solved = iter(seen.losses(asked))
        loss += [x + y if separate else next(solved) for x, y, separate in zip(one, two, apart, strict=True)]
        alone += [max(x, y) for x, y in zip(one, two, strict=True)]
        progress(begin + len(part))
    return loss, alone


def _who(programme: Programme) -> pl.DataFrame:
    chains = owners(programme)
    rows = [
        (site, organisation, chains[organisation][0][1], chains[organisation][-1][1])
        for site, organisation in programme.sites.select("id", "organisation").iter_rows()
    ]
    return pl.DataFrame(rows, schema=["site", "organisation", "country", "control"], orient="row")


def _spend(programme: Programme, by: By) -> pl.DataFrame:
    """Share of each site or supplier in the known value of all items in one unit of every product."""
    value = pl.col("quantity") * pl.col("price_mvnd") * pl.col("share")
    return (
        bill_of_items(programme)
        .join(programme.items.select(pl.col("id").alias("item"), "price_mvnd"), on="item")
        .join(programme.supplies.select("item", "site", "share"), on="item")
        .drop_nulls(["quantity", "price_mvnd"])
        .join(programme.sites.select(pl.col("id").alias("site"), "organisation"), on="site")
        .group_by(by)
        .agg(value.sum().alias("value"))
        .select(by, (pl.col("value") / pl.col("value").sum()).fill_nan(None).alias("spend_share"))
    )
