"""Shadow prices: what a little more of each scarce thing is worth to the relaxation, and over which step that holds.

Method page: docs/methods/prices.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack

from khien.plan.ask.desk import choice_of, prices_of
from khien.plan.ask.obstacle import limit_unit
from khien.plan.core import dual, state
from khien.plan.core.branch import promising
from khien.plan.core.layout import Layout, layout
from khien.plan.core.linear import linear
from khien.plan.core.problem import Floats, Ints, Problem
from khien.plan.frames.replay import require_match
from khien.plan.model import Compiled, compile_programme
from khien.plan.result import Plan
from khien.plan.settings import apply
from khien.programme import Programme

LITTLE = 1e-4
"""Share of what there is by which prices are taken above it."""
STEPS = (0.2, 0.1, 0.05, 0.02, 0.01)
"""Steps that are tried, as shares of what there is, the longest first."""
HOLDS = 0.05
"""A price holds over a step if the gain is within this share of what it predicts."""

PRICES = {
    "kind": pl.String, "what": pl.String, "price": pl.Float64, "unit": pl.String, "available": pl.Float64,
    "worth": pl.Float64, "step_up": pl.Float64, "predicted": pl.Float64, "gained": pl.Float64, "step_down": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class ShadowPrices:
    """Prices of the relaxation behind the bound.

    Parameters
    ----------
    prices : polars.DataFrame
        One row per thing that has a price, the scarcest first: `kind` (money, people, limit, reliance, survival),
        `what` (year, skill, limit), `price` (value per `unit`), `unit` (mvnd, person: one more in every quarter, or
        point: of a floor less), `available` in that unit, `worth` of 1 % of it. For the scarcest, which were solved
        again: `step_up` and `step_down`, the longest steps tried (shares of what there is) over which the price holds
        within 5 % (null: not tried; 0: not even over the shortest), and over `step_up` what it `predicted` and what was
        `gained`.
    by_year : polars.DataFrame
        `skill`, `year`, `price` of one more person in every quarter of that year.
    value : float
        Value of the relaxation, without the rounded forms of the bound.
    exact : bool
        Whether the relaxation was solved to its end as a linear programme. Else the programme is too large for that:
        prices are those of the bound, near the best, and none was tried by solving again.
    seconds : float
    """

    prices: pl.DataFrame = field(repr=False)
    by_year: pl.DataFrame = field(repr=False)
    value: float
    exact: bool
    seconds: float


@dataclass(frozen=True)
class Resource:
    """Something scarce: one unit more of it adds `per` to what the prices at `at` fetch."""

    kind: str
    what: str
    unit: str
    available: float
    at: Ints
    per: float

    def price(self, theta: Floats) -> float:
        """Value of one unit more."""
        return self.per * float(theta[self.at].sum())


def shadow_prices(
    programme: Programme,
    plan: Plan,
    checked: int = 10,
    progress: Callable[[int, int], None] | None = None,
) -> ShadowPrices:
    """Prices of money by year, of every skill, ceiling and floor; the `checked` scarcest are solved again.

    The same plan gives the same prices. Raises PlanMismatch.
    """
    began = time.perf_counter()
    require_match(programme, plan)
    c = compile_programme(apply(programme, plan.settings), plan.settings)
    own = resources(c, plan)
    relaxed = Relaxation.of(c, prices_of(plan, layout(c.problem)), own)
    program = Program(relaxed.p, relaxed.lay) if relaxed.exact else None
    rows = []
    for r in own:
        price = r.price(relaxed.theta)
        if price > 0.0:
            rows.append((r, price, 0.01 * price * r.available))
    rows.sort(key=lambda row: (-row[2], row[0].kind, row[0].what))
    told = []
    for k, (r, price, worth) in enumerate(rows):
        steps: Steps = (None, None, None, None)
        if program is not None and k < checked and r.available > 0:
            steps = _steps(program, relaxed, r, price)
        told.append((r.kind, r.what, price, r.unit, r.available, worth, *steps))
        if progress is not None and k < checked:
            progress(k + 1, min(checked, len(rows)))
    return ShadowPrices(
        prices=pl.DataFrame(told, schema=PRICES, orient="row"), by_year=_by_year(c, relaxed), value=relaxed.value,
        exact=relaxed.exact, seconds=time.perf_counter() - began,
    )  # fmt: skip


@dataclass
class Relaxation:
    """The relaxation of a problem, as a linear programme in its prices where that is small enough to be written out."""

    p: Problem
    lay: Layout
    theta: Floats
    value: float
    exact: bool

    @classmethod
    def of(cls, c: Compiled, theta: Floats | None, own: list[Resource]) -> Relaxation:
        """Prices just above what there is; where it is too large, those that are given, which are near the best."""
        p, lay = c.problem, layout(c.problem)
        if not promising(p, lay):
            given = np.zeros(lay.size) if theta is None else theta
            bound, _ = dual.evaluate(p, lay, given, 1.0, 1.0, np.zeros(lay.size), np.zeros(p.allow.shape))
            return cls(p, lay, given, bound, False)
        program = Program(p, lay)
        value, _ = program.solved(np.zeros(lay.size))
        above = np.zeros(lay.size)
        for k, r in enumerate(own):  # each another share: where prices are not unique, those just above are meant
            above[r.at] += LITTLE * (1.0 + 0.1 * (k % 7)) * r.available * r.per
        _, theta = program.solved(above)
        return cls(p, lay, theta, value, True)


class Program:
    """min given . prices + sum of the best of every choice, over prices that are not negative."""

    def __init__(self, p: Problem, lay: Layout) -> None:
        self.p, self.lay = p, lay
        lin = linear(p, lay)
        self.given = lin.given
        n = len(lin.worth)
        choices = csr_matrix((-np.ones(n), (np.arange(n), lin.choice)), shape=(n, lin.choices))
        self.own = np.flatnonzero(_plain(lay))
        scale = csr_matrix(
            (1.0 / lay.scale[self.own], (self.own, np.arange(len(self.own)))), shape=(lay.size, len(self.own))
        )
        self.matrix = hstack((lin.rows @ scale, choices), format="csr")
        self.unit = max(1e-12, float(np.abs(lin.worth).max(initial=0.0)))
        self.right = -lin.worth / self.unit
        none = np.zeros(lin.choices)
        none[: len(p.must)] = np.where(p.must == 1, -p.must_cost, 0.0)
        self.low = np.concatenate((np.zeros(len(self.own)), none / self.unit))

    def solved(self, more: Floats, seconds: float | None = None) -> tuple[float, Floats]:
        """Value and prices where so much more is there of everything that has a price; nan and none when it is late."""
        lay, given = self.lay, self.given + more
        cost = np.concatenate((given[self.own] / lay.scale[self.own], np.ones(len(self.low) - len(self.own))))
        bounds = np.column_stack((self.low, np.full(len(self.low), np.inf)))
        limit = {} if seconds is None else {"time_limit": seconds}
        found = linprog(cost, A_ub=self.matrix, b_ub=self.right, bounds=bounds, method="highs", options=limit)
        theta = np.zeros(lay.size)
        if found.status != 0:
            return float("nan"), theta
        theta[self.own] = np.maximum(0.0, found.x[: len(self.own)]) / lay.scale[self.own] * self.unit
        return self.p.constant + float(found.fun) * self.unit, theta


def _plain(lay: Layout) -> NDArray[np.bool_]:
    """Prices of the plain relaxation: the rounded forms of people and money are left out."""
    own = np.ones(lay.size, dtype=bool)
    pools, quarters = lay.room.shape[1:]
    own[lay.people + pools * quarters : lay.money] = False
    own[lay.places : lay.rows] = False
    return own


def resources(c: Compiled, plan: Plan) -> list[Resource]:
    """Everything scarce that a person can have more of."""
    lay = layout(c.problem)
    return [*_money(c, lay), *_people(c, lay), *_limits(c, lay, plan), *_floors(c, lay)]


def _money(c: Compiled, lay: Layout) -> list[Resource]:
    p = c.problem
    income: dict[int, int] = {}
    for r in c.facts.programme.money.to_dicts():
        income[r["year"]] = income.get(r["year"], 0) + r["amount_mvnd"]
    return [
        Resource(
            "money", str(year), "mvnd", float(income.get(year, 0)),
            np.arange(lay.money + y, lay.money + (len(p.funds) if p.carry else y + 1)), 1.0,
        )
        for y, year in enumerate(c.facts.when.years)
    ]  # fmt: skip


def _people(c: Compiled, lay: Layout) -> list[Resource]:
    p = c.problem
    return [
        Resource(
            "people", skill, "person", float(np.maximum(p.cap[k], 0).mean()),
            np.arange(lay.people + k * p.T, lay.people + (k + 1) * p.T), 1.0,
        )
        for k, skill in enumerate(c.pools)
    ]  # fmt: skip


def _limits(c: Compiled, lay: Layout, plan: Plan) -> list[Resource]:
    p, out = c.problem, []
    st = state.new_state(p)
    state.rebuild(p, st, *choice_of(c, plan))
    for row, name in enumerate(c.rows):
        unit = limit_unit(c, row)
        room = abs(int(p.row_rhs[row])) or _counted(p, st, row)
        out.append(Resource("limit", name, "mvnd", room / unit, np.array([lay.rows + row]), float(unit)))
    return out


def _floors(c: Compiled, lay: Layout) -> list[Resource]:
    s = c.facts.settings
    names = [("reliance", y, s.min_reliance or 0.0) for y in c.floor_years]
    names += [("survival", y, s.survival_level) for y in c.survival_years]
    return [
        Resource(kind, str(year), "point", 100 * floor, np.array([lay.floors + b]), 0.01)
        for b, (kind, year, floor) in enumerate(names)
    ]


def _counted(p: Problem, st: state.State, row: int) -> int:
    """What the plan spends under a limit that is a share of its own spend, in units of the row."""
    total = 0
    for i in np.flatnonzero(st.x >= 0).tolist():
        o = int(st.x[i])
        own = slice(int(p.or_ptr[o]), int(p.or_ptr[o + 1]))
        mult = int(p.or_mult[own][p.or_row[own] == row].sum())
        total += max(0, mult) * int(state.spend_in(p, o, int(st.s[i]), row))
    return total


Steps = tuple[float | None, float | None, float | None, float | None]


def _steps(program: Program, relaxed: Relaxation, r: Resource, price: float) -> Steps:
    """Longest step up over which the price holds, predicted and actual gain there, and the longest step down."""

    def actual(amount: float) -> float:
        more = np.zeros(relaxed.lay.size)
        more[r.at] = amount * r.per
        return program.solved(more)[0] - relaxed.value

    for share in STEPS:
        amount = share * r.available
        gained = actual(amount)
        if abs(gained - price * amount) <= HOLDS * price * amount:
            up: Steps = (share, price * amount, gained, 0.0)
            break
    else:
        up = (0.0, None, None, 0.0)
    for share in STEPS:
        amount = share * r.available
        if abs(-actual(-amount) - price * amount) <= HOLDS * price * amount:
            return (*up[:3], share)
    return up


def _by_year(c: Compiled, relaxed: Relaxation) -> pl.DataFrame:
    p, lay = c.problem, relaxed.lay
    rows = []
    for k, skill in enumerate(c.pools):
        at = lay.people + k * p.T
        each = np.bincount(p.year_of, relaxed.theta[at : at + p.T], minlength=len(c.facts.when.years))
        rows += [(skill, y, float(v)) for y, v in zip(c.facts.when.years, each, strict=True)]
    return pl.DataFrame(rows, schema={"skill": pl.String, "year": pl.Int64, "price": pl.Float64}, orient="row")
