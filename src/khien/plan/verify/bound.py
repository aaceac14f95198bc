"""Check the bound that a plan states: recompute it from the prices that the plan carries.

The one file of the verifier that reads the engine's problem, because the prices only mean something there;
it calls none of the code that made the bound. The formula is the Lagrangian of docs/methods/bound.md.

All numbers are whole multiples of 2^-100: prices are rounded to such a multiple, which is allowed because
any prices that are not negative prove a bound; every datum and every product is rounded upwards; sums,
differences and comparisons are exact. So what comes out is never below the bound that these prices prove.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

from khien.plan.core.layout import FAMILIES, PLACES
from khien.plan.core.problem import Problem
from khien.plan.model import compile_programme
from khien.plan.result import Plan
from khien.plan.settings import apply
from khien.plan.verify.tree import Offer, Whole, tree_bound
from khien.plan.verify.violation import Violation, violation
from khien.programme import Programme

BITS = 100
ONE = 1 << BITS

Table = list[list[int]]
Prices = dict[str, list[int]]


def verify_bound(programme: Programme, plan: Plan) -> list[Violation]:
    """What is wrong with the bound of a plan; an empty list is a proven bound.

    Parameters
    ----------
    programme : Programme
        The programme that the plan was made from, before the plan's own what-ifs.
    plan : Plan
        One without a certificate (not made by the solver) proves no bound: only its value is then held against
        what it states.

    Returns
    -------
    list of Violation
        All of the rule "bound": prices that do not belong to this problem, a stated bound below the one
        that the prices prove, or below the plan's value.
    """
    found = []
    if plan.bound < plan.value:
        amounts = {"bound": plan.bound, "value": plan.value}
        found.append(violation("bound", "verify_bound_low", "plan", [], amounts))
    if plan.certificate is None:
        return found
    p = compile_programme(apply(programme, plan.settings), plan.settings).problem
    prices = _prices(p, plan.certificate)
    if prices is None:
        return [*found, violation("bound", "verify_bound_certificate", "plan", [])]
    proven = Fraction(lagrangian(p, prices), ONE)
    if plan.bound != float("inf") and Fraction(plan.bound) < proven:
        if plan.certificate["kind"] == "tree":
            return found + tree_flaws(p, plan)
        amounts = {"bound": plan.bound, "proven": float(proven)}
        found.append(violation("bound", "verify_bound_proof", "plan", [], amounts))
    return found


def _prices(p: Problem, certificate: Any) -> Prices | None:
    """Prices by kind, in units of 2^-100; None if they are not prices of this problem."""
    ours = certificate.get("kind") in ("lagrangian", "tree") and certificate.get("size") == sum(_shape(p).values())
    return read_prices(p, certificate) if ours else None


def read_prices(p: Problem, entry: Any) -> Prices | None:
    """Prices out of their numbers and amounts; None if they cannot be prices of this problem."""
    shape = _shape(p)
    total = sum(shape.values())
    try:
        at, price = entry["at"], entry["price"]
        if len(at) != len(price):
            return None
        flat = [0] * total
        for i, x in zip(at, price, strict=True):
            if not 0 <= i < total or x < 0:
                return None
            flat[i] = round(Fraction(x) * ONE)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    ends = list(accumulate(shape.values(), initial=0))
    return {name: flat[a:b] for name, a, b in zip(shape, ends, ends[1:], strict=False)}


def tree_flaws(p: Problem, plan: Plan) -> list[Violation]:
    """What is wrong with a bound that a tree of prices proves."""

    def look(entry: Any, keep: Any) -> tuple[int, list[Offer]] | None:
        prices = read_prices(p, entry)
        return None if prices is None else priced(p._replace(allow=keep), prices)

    whole = Whole(p.allow == 1, p.opt_ptr.tolist(), [none_of(p, i) for i in range(len(p.must))], look)
    proven = tree_bound(whole, plan.certificate, int(Fraction(plan.bound) * ONE // 1))
    if proven is None:
        return [violation("bound", "verify_bound_certificate", "plan", [])]
    if proven > Fraction(plan.bound) * ONE:
        amounts = {"bound": plan.bound, "proven": float(Fraction(proven, ONE))}
        return [violation("bound", "verify_bound_proof", "plan", [], amounts)]
    return []


def _shape(p: Problem) -> dict[str, int]:
    """How many prices there are of each kind, in the order in which they stand."""
    links = sum(n for n in _sizes(p.uc_ptr) if n > 1)
    return {
        "people": FAMILIES * len(p.cap) * p.T, "money": len(p.funds), "places": PLACES * len(p.funds),
        "rows": len(p.row_rhs), "goals": len(p.g_time), "requests": len(p.rq_cond) * p.T,
        "links": links * (p.T + 1), "ors": int(p.cond_multi.sum()) * (p.T + 1), "floors": len(p.b_floor),
    }  # fmt: skip


def _sizes(ptr: Any) -> list[int]:
    return [int(b - a) for a, b in pairwise(ptr)]


def _up(x: float) -> int:
    """A datum, rounded upwards."""
    n, d = float(x).as_integer_ratio()
    return -(-n * ONE // d)


def _down(x: float) -> int:
    """A datum, rounded downwards."""
    n, d = float(x).as_integer_ratio()
    return n * ONE // d


def _times(a: int, b: int) -> int:
    """A product, rounded upwards."""
    return -(-a * b >> BITS)


def lagrangian(p: Problem, prices: Prices) -> int:
    """An upper bound on every plan's value under these prices, in units of 2^-100."""
    rest, offers = priced(p, prices)
    return rest + sum(max([none_of(p, i), *offer.values()]) for i, offer in enumerate(offers))


def none_of(p: Problem, i: int) -> int:
    """What it is worth not to choose a project."""
    return -_up(p.must_cost) if p.must[i] else 0


def priced(p: Problem, prices: Prices) -> tuple[int, list[Offer]]:
    """The bound without the projects, and what every project offers: worth less price of each (option, start)."""
    people = _People(p, prices["people"])
    credit = [[0] * (p.T + 1) for _ in p.cond_init]
    total = _up(p.constant) + people.capacity()
    total += sum(x * int(f) for x, f in zip(prices["money"], p.funds, strict=True))
    years = max(1, len(p.funds))
    total += sum(x * (i // years + 1) for i, x in enumerate(prices["places"]))
    total += sum(x * int(r) for x, r in zip(prices["rows"], p.row_rhs, strict=True))
    total += _goals(p, prices["goals"], prices["floors"]) + _tail(p, prices["floors"])
    requests = _rows(prices["requests"], p.T)
    for r, row in enumerate(requests):
        lag = int(p.rq_lag[r])
        for t in range(lag, p.T):
            credit[p.rq_cond[r]][t - lag] += row[t]
    total += _units(p, prices["goals"], _rows(prices["links"], p.T + 1), credit)
    held, worth = _conditions(p, _rows(prices["ors"], p.T + 1), credit)
    spend = _spend_prices(p, prices["money"])
    total += held + _training(p, people, spend)
    waits = [_suffix(row) for row in requests]
    return total, _projects(p, people, spend, prices["places"], prices["rows"], waits, worth)


def _rows(flat: list[int], width: int) -> Table:
    return [flat[i : i + width] for i in range(0, len(flat), width)]


def _suffix(row: list[int]) -> list[int]:
    return list(accumulate(reversed(row)))[::-1]


def _goals(p: Problem, goals: list[int], floors: list[int]) -> int:
    """Each goal is met or not, whichever is worth more at its price; floors raise the worth of theirs."""
    total = 0
    own = [ONE] * int(p.tail_from) + [ONE - _down(p.tail_weight)] * (len(floors) - int(p.tail_from))
    for b, x in enumerate(floors):
        if p.b_floor[b] > -1e200:
            n, d = float(p.b_floor[b]).as_integer_ratio()
            total -= x * n // d
    for g, x in enumerate(goals):
        slope, b = _up(p.g_slope[g]), int(p.g_block[g])
        if b >= 0:
            n, d = float(p.b_scale[b]).as_integer_ratio()
            slope = _times(slope, own[b] + -(-floors[b] * d // n))
        total += _times(_up(p.g_req[g]), max(0, slope - x)) + _times(_up(p.g_base[g]), x)
    return total


def _tail(p: Problem, floors: list[int]) -> int:
    """Sampled futures: the threshold of the tail and the shortfall of each future below it, 0 or all that can be.

    The prices of the futures, over their number and the weight of the tail, are the weights of a mean that is not
    below the tail's when they add up to 1 and none is above 1 / (futures in the tail). What breaks that is paid.
    """
    if not p.tail_worst:
        return 0
    prices, worst = floors[int(p.tail_from) :], int(p.tail_worst)
    n, low, high = len(prices), _down(p.tail_weight), _up(p.tail_weight)
    most = [0] * n
    for g in (p.g_block >= p.tail_from).nonzero()[0].tolist():
        most[int(p.g_block[g] - p.tail_from)] += n * _times(_up(p.g_req[g]), _up(p.g_slope[g]))
    over = worst * max(0, n * high - sum(prices)) + sum(max(0, worst * x - n * low) for x in prices)
    return _times(max(most), -(-over // (n * worst)))


def _amounts(p: Problem, u: int, goals: list[int]) -> list[int]:
    """What the goals pay for a unit in service, by quarter."""
    pay = [0] * (p.T + 1)
    for a in range(p.ua_ptr[u], p.ua_ptr[u + 1]):
        amounts = [_up(x) for x in p.ua_amt[a]]
        for g in range(p.ag_ptr[p.ua_acc[a]], p.ag_ptr[p.ua_acc[a] + 1]):
            pay[p.g_time[g]] += _times(amounts[p.g_phase[g]], goals[g])
    return pay


def _units(p: Problem, goals: list[int], links: Table, credit: Table) -> int:
    """A unit of several conditions enters at its best time, or never; others pass their pay on."""
    total = block = 0
    for u, size in enumerate(_sizes(p.uc_ptr)):
        pay = _amounts(p, u, goals)
        if size == 0:
            total += sum(pay)
        elif size == 1:
            mine = credit[p.uc_cond[p.uc_ptr[u]]]
            mine[:] = [x + y for x, y in zip(mine, pay, strict=True)]
        else:
            for c in p.uc_cond[p.uc_ptr[u] : p.uc_ptr[u + 1]]:
                link = links[block]
                block += 1
                pay = [x - y for x, y in zip(pay, link, strict=True)]
                credit[c] = [x + y for x, y in zip(credit[c], link, strict=True)]
            total += max(0, *_suffix(pay))
    return total


def _conditions(p: Problem, ors: Table, credit: Table) -> tuple[int, Table]:
    """Worth of what holds anyhow, and what every condition pays a project that makes it true at a time."""
    total = block = 0
    worth = []
    for c, row in enumerate(credit):
        init = min(int(p.cond_init[c]), p.T + 1)
        late = [0] * (p.T + 1 - init)
        if p.cond_multi[c]:
            paid = ors[block][:init]
            block += 1
            left = [x - y for x, y in zip(row, paid + late, strict=True)]
            total += max(0, *_suffix(left))
            worth.append(_suffix(paid + late))
        else:
            total += sum(row[init:])
            worth.append(_suffix(row[:init] + late))
    return total, worth


def _spend_prices(p: Problem, money: list[int]) -> list[int]:
    """Price of one million VND spent in each quarter; with carry-over it is missing in all later years."""
    by_year = _suffix(money) if p.carry else money
    return [by_year[y] for y in p.year_of]


class _People:
    """Prices of people, and of the rounded forms of their rows.

    The first row is the capacity itself, row k a rounded form. Of k places that a capacity C has, a team of a
    takes ceil(a (k + 1) / C) - 1, where C counts all training that could have ended: whatever fits, fits in
    the places.
    """

    def __init__(self, p: Problem, flat: list[int]) -> None:
        pools, T = len(p.cap), p.T
        self.p = p
        self.price = [_rows(flat[f * pools * T : (f + 1) * pools * T], T) for f in range(FAMILIES)]
        self.most = [[int(x) for x in row] for row in p.cap]
        for k, pool in enumerate(p.tr_pool):
            for t in range(int(p.tr_dur[k]), T):
                years = int(p.year_of[t - p.tr_dur[k]] - p.year_of[0]) + 1
                self.most[pool][t] += int(p.tr_people[k]) * int(p.tr_max[k]) * years

    def capacity(self) -> int:
        """What all capacity costs."""
        total = 0
        for pool, row in enumerate(self.p.cap):
            for t, cap in enumerate(row):
                total += self.price[0][pool][t] * int(cap)
                total += sum(self.price[k][pool][t] * k for k in range(1, FAMILIES))
        return total

    def of_team(self, pool: int, team: int) -> list[int]:
        """What a team costs from the start of the horizon up to each quarter."""
        costs = []
        for t, most in enumerate(self.most[pool]):
            cost = self.price[0][pool][t] * team
            if team <= most:
                for k in range(1, FAMILIES):
                    if x := self.price[k][pool][t]:
                        cost += x * max(0, -(-team * (k + 1) // max(1, most)) - 1)
            costs.append(cost)
        return list(accumulate(costs, initial=0))


def _training(p: Problem, people: _People, spend: list[int]) -> int:
    """In every year as many cohorts as may be, all in the best quarter, or none."""
    total = 0
    for k, pool in enumerate(p.tr_pool):
        after = [*_suffix(people.price[0][pool]), *[0] * (int(p.tr_dur[k]) + 1)]
        best: dict[int, int] = {}
        for t in range(int(p.tr_first[k]), p.T):
            gain = int(p.tr_people[k]) * after[t + int(p.tr_dur[k])] - int(p.tr_cost[k]) * spend[t]
            best[int(p.year_of[t])] = max(best.get(int(p.year_of[t]), 0), gain)
        total += int(p.tr_max[k]) * sum(best.values())
    return total


def _projects(
    p: Problem, people: _People, spend: list[int], places: list[int], rows: list[int], waits: Table, worth: Table
) -> list[Offer]:
    """What each project is worth at each option and start."""
    offers: list[Offer] = []
    for i in range(len(p.must)):
        wait = [waits[r] for r in p.pr_req[p.pr_ptr[i] : p.pr_ptr[i + 1]]]
        offers.append({})
        for o in range(p.opt_ptr[i], p.opt_ptr[i + 1]):
            own = _Option(p, o, people, spend, places, rows, worth)
            for t in p.allow[o].nonzero()[0].tolist():
                offers[i][o, t] = own.at(t) - sum(row[t] for row in wait)
    return offers


class _Option:
    """One option: what it is worth at each start, less the price of what it takes."""

    def __init__(
        self, p: Problem, o: int, people: _People, spend: list[int], places: list[int], rows: list[int], worth: Table
    ) -> None:
        self.p, self.o, self.d, self.price, self.places = p, o, int(p.dur[o]), spend, places
        uses = range(p.use_ptr[o], p.use_ptr[o + 1])
        self.teams = [people.of_team(int(p.use_pool[k]), int(p.use_amt[k])) for k in uses]
        self.spend = [int(x) for x in p.sp[p.sp_ptr[o] : p.sp_ptr[o + 1]]]
        self.cum = list(accumulate(self.spend, initial=0))
        joined = range(p.or_ptr[o], p.or_ptr[o + 1])
        self.rows = [
            (rows[p.or_row[k]] * int(p.or_mult[k]), int(p.row_q0[p.or_row[k]]), int(p.row_q1[p.or_row[k]]))
            for k in joined
            if rows[p.or_row[k]]
        ]
        made = range(p.oc_ptr[o], p.oc_ptr[o + 1])
        self.made = [(worth[p.oc_cond[k]], bool(p.oc_late[k])) for k in made]

    def at(self, t: int) -> int:
        """Worth less price of a start at t."""
        p, d = self.p, self.d
        x = _up(p.val[self.o, t])
        x -= sum(team[t + d] - team[t] for team in self.teams)
        x -= sum(s * self.price[t + j] for j, s in enumerate(self.spend))
        for price, q0, q1 in self.rows:
            a, b = min(max(q0 - t, 0), d), min(max(q1 - t, 0), d)
            x -= price * (self.cum[b] - self.cum[a])
        for row, late in self.made:
            end = int(p.next_year[t + d]) if late else t + d
            if end <= p.T:
                x += row[end]
        return x if p.carry else x - self._of_places(t)

    def _of_places(self, t: int) -> int:
        """Price of the places that the spend of each year takes."""
        p, total = self.p, 0
        by_year: dict[int, int] = {}
        for j, s in enumerate(self.spend):
            by_year[int(p.year_of[t + j])] = by_year.get(int(p.year_of[t + j]), 0) + s
        for y, s in by_year.items():
            for k in range(1, PLACES + 1):
                if x := self.places[(k - 1) * len(p.funds) + y]:
                    total += x * max(0, -(-s * (k + 1) // max(int(p.funds[y]), 1)) - 1)
        return total
