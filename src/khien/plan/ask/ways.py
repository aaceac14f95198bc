"""What a red site lacks, and every way to mend it that the tables of a programme make possible.

Method page: docs/methods/fixes.md.
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from khien.plan.ask.desk import Choice
from khien.plan.model import Compiled
from khien.reliance.network import reached_inputs
from khien.reliance.phases import flow
from khien.reliance.site_failures import SMALL, Sites
from khien.reliance.sources import Chain

MONTHS_PER_YEAR = 12.0


@dataclass(frozen=True)
class Lack:
    """An item that runs short while a node is out.

    `months` of its need are missing; `share` of the need, from somebody else, would do as well; `products` are those
    that lose something.
    """

    item: str
    months: float
    share: float
    products: tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """One thing that can be done: stock of an item, or a project carried out by one option in time.

    `kind` is "stock", or the form of the option ("own", "joint", "licence", "purchase"); `what` the item or option;
    `items` those that are no longer missed (empty: it helps the capabilities, by another product).
    """

    kind: str
    what: str
    items: frozenset[str]
    cost_mvnd: int
    project: int = -1
    option: int = -1

    @property
    def name(self) -> str:
        """What is done, whatever it is done for."""
        return f"{self.kind} {self.what}"


def lacks(seen: Sites, node: str) -> list[Lack]:
    """Items that run short, at the worst or best as `seen`, while a node is out."""
    out, found = seen.recover(node), []
    cut, chain = seen.cut(frozenset([node])), seen.chain
    serving = frozenset(p for p in chain.need.products if seen.standing.serves(p, seen.first))
    for item in sorted(seen.items(node)):
        users = tuple(product for product, _ in chain.items.get(item, ()) if product in serving)
        if not users or seen.standing.held(chain.replaced_by[item], seen.first):
            continue
        there = flow(chain, item, cut, serving, seen.worst)
        if there is not None and (more := out * (1.0 - there.rate) - there.stock) > SMALL:
            found.append(Lack(item, more, more / out, users))
    return found


def stock(chain: Chain, lack: Lack) -> tuple[Way | None, list[tuple[str, str, str]]]:
    """The stock that closes a lack; without its price or need, the cells (table, row, column) that are empty."""
    price = dict(chain.programme.items.select("id", "price_mvnd").iter_rows())[lack.item]
    missing = [] if price is not None else [("items", lack.item, "price_mvnd")]
    per_year = dict(chain.programme.products.select("id", "units_per_year").iter_rows())
    needs = {p: need.units for p, need in chain.items[lack.item] if p in lack.products}
    for product in sorted(p for p, units in needs.items() if units is None):
        if per_year[product] is None:
            missing.append(("products", product, "units_per_year"))
        else:
            missing += [("inputs", row, "quantity") for row in _uncounted(chain, product, lack.item)]
    if missing:
        return None, missing
    amount = lack.months / MONTHS_PER_YEAR * sum(units for units in needs.values() if units is not None)
    cost = math.ceil(amount * float(price or 0) - 1e-6)
    return Way("stock", lack.item, frozenset([lack.item]), cost), []


def _uncounted(chain: Chain, product: str, item: str) -> list[str]:
    """Rows of inputs (subject|input) without a quantity on the ways from a product to an item."""
    rows = chain.programme.inputs.select("subject", "input", "quantity").rows()
    down, up = {product}, {item}
    for _ in rows:  # no way is longer than there are rows
        down |= {thing for subject, thing, _ in rows if subject in down}
        up |= {subject for subject, thing, _ in rows if thing in up}
    return [f"{a}|{b}" for a, b, quantity in rows if quantity is None and a in down and b in up]


def projects(c: Compiled, subject: str | None, items: frozenset[str], home: bool, by: int) -> Iterator[Way]:
    """Options of candidates that make a subject available (or held at home) by a quarter."""
    own, facts = c.facts.programme.settings, c.facts
    for row in facts.of_subject.get(subject or "", []):
        if row["id"] not in c.projects or facts.order[row["to_stage"]] < facts.service_order:
            continue
        i = c.projects.index(row["id"])
        for o in facts.of_project[row["id"]]:
            ours = o["domestic_share"] >= own.domestic_threshold and o["completeness"] >= own.transfer_threshold - 1e-9
            if o["level"] < own.mastery_threshold or (home and not ours):
                continue
            k = c.options.index(o["id"])
            if c.problem.allow[k, : max(0, by - o["duration_quarters"] + 1)].any():
                yield Way(o["form"], o["id"], items, int(o["cost_mvnd"]), i, k)


def others(c: Compiled, chain: Chain, short: Sequence[Lack], base: Choice, by: int) -> Iterator[Way]:
    """Options that bring another product into service by a quarter, where it serves a capability that is hit."""
    items = {lack.item for lack in short}
    hit = chain.touched(items)
    needs: dict[str, set[str]] = {}
    for product, thing, _ in reached_inputs(chain.programme):
        needs.setdefault(product, set()).add(thing)
    for product in chain.need.products:
        if not chain.capabilities_of[product] & hit or needs.get(product, set()) & items:
            continue
        for way in projects(c, product, frozenset(), False, by):
            chosen = int(base.x[way.project])
            if chosen < 0 or int(base.s[way.project]) + int(c.problem.dur[chosen]) > by:
                yield way


def together(ways: dict[str, list[Way]], most: int) -> tuple[list[tuple[Way, ...]], int]:
    """One way for every item, the cheapest sums first; at most so many, and how many at the most are left out.

    A way that serves several items is taken once, and then for all of them; two options of one project do not go
    together. The best first: a partial choice waits by what it costs and what the rest costs at the least.
    """
    lists = list(ways.values())
    serves = Counter(way.name for some in lists for way in some)

    def least(names: set[str], k: int) -> float:
        """What the items from the k-th on cost at the least beside what is taken: shared costs in equal parts."""
        shares = [
            min((0.0 if way.name in names else way.cost_mvnd / serves[way.name] for way in some), default=0.0)
            for some in lists[k:]
        ]
        return sum(shares)

    found: dict[frozenset[str], tuple[Way, ...]] = {}
    count = itertools.count()  # so that ways themselves are never compared
    waiting: list[tuple[float, int, list[str], int, tuple[Way, ...]]] = [(0.0, 0, [], next(count), ())]
    while waiting and len(found) < most:
        _, level, _, _, taken = heapq.heappop(waiting)
        if level == -len(lists):
            known = frozenset(way.name for way in taken)
            found.setdefault(known, tuple(sorted(taken, key=lambda way: (way.kind, way.what))))
            continue
        for after in _with_one(taken, lists[-level]):
            names = [way.name for way in after]
            cost = sum(way.cost_mvnd for way in after) + least(set(names), 1 - level)
            heapq.heappush(waiting, (cost, level - 1, names, next(count), after))
    return list(found.values()), math.prod(len(some) for some in lists) - len(found) if waiting else 0


def _with_one(taken: tuple[Way, ...], ways: Sequence[Way]) -> Iterator[tuple[Way, ...]]:
    """What is taken with a way for one item more: one that is taken already, else each that goes with the others."""
    for way in ways:
        for k, other in enumerate(taken):
            if other.name == way.name:
                yield (*taken[:k], dataclasses.replace(other, items=other.items | way.items), *taken[k + 1 :])
                return
    projects = {way.project for way in taken if way.project >= 0}
    for way in ways:
        if way.project not in projects:
            yield (*taken, way)


def keepers(c: Compiled, chain: Chain, base: Choice, short: Sequence[Lack], by: int) -> set[int]:
    """Projects of the plan that bring the products at stake into service by a quarter, with all that those need."""
    wanted = {product for lack in short for product in lack.products}
    needs = [(r["met_by"], r["kind"] == "item") for r in c.facts.needs if r["product"] in wanted]
    found = set()
    for subject, home in dict.fromkeys([*((product, False) for product in sorted(wanted)), *needs]):
        for way in projects(c, subject, frozenset(), home, by):
            if base.x[way.project] == way.option and int(base.s[way.project] + c.problem.dur[way.option]) <= by:
                found.add(way.project)
    return found
