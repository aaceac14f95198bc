"""The value chain as a stress test needs it: what each product needs, and who brings how much of it.

Method page: docs/methods/under-shock.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import polars as pl

from khien.programme import Programme
from khien.reliance.coverage import Demand, demand
from khien.reliance.network import reached_inputs
from khien.reliance.purchases import bill_of_items


class Source(NamedTuple):
    """One row of `supplies`."""

    site: str
    share: float
    capacity: float | None
    recover_months: float | None
    stock_months: float | None


class Need(NamedTuple):
    """What a product loses without a thing; `units` is its need of an item in a year, None where unknown."""

    thing: str
    lost: float
    units: float | None


@dataclass(frozen=True)
class Chain:
    """Needs of all products that bring something, and the sources of all items."""

    programme: Programme
    need: Demand
    items: dict[str, list[tuple[str, Need]]]  # item -> (product, need)
    subjects: dict[str, list[tuple[str, float]]]  # subject -> (product, share lost)
    sources: dict[str, list[Source]]
    replaced_by: dict[str, str | None]

    @cached_property
    def items_of(self) -> dict[str, list[str]]:
        """Items that each site supplies."""
        found: dict[str, list[str]] = defaultdict(list)
        for item, sources in self.sources.items():
            for source in sources:
                found[source.site].append(item)
        return dict(found)

    @cached_property
    def uncovered(self) -> frozenset[str]:
        """Items of whose need a part comes from somebody who is not known."""
        sums = {item: sum(source.share for source in sources) for item, sources in self.sources.items()}
        return frozenset(item for item, total in sums.items() if total < 1.0 - 1e-9)

    @cached_property
    def capabilities_of(self) -> dict[str, frozenset[int]]:
        """Capabilities (by index) to which a product brings something."""
        return {
            product: frozenset(self.need.yields[:, p].nonzero()[0].tolist())
            for p, product in enumerate(self.need.products)
        }

    def touched(self, items: Iterable[str]) -> frozenset[int]:
        """Capabilities that lose something without these items."""
        return frozenset().union(
            *(self.capabilities_of[product] for item in items for product, _ in self.items.get(item, ()))
        )


def value_chain(programme: Programme) -> Chain:
    """Read the value chain of a programme; inputs that stop or degrade count, at any depth."""
    items: dict[str, list[tuple[str, Need]]] = defaultdict(list)
    subjects: dict[str, list[tuple[str, float]]] = defaultdict(list)
    known = set(programme.items["id"].to_list())
    need = demand(programme)
    units = _units(programme)
    for product, thing, lost in reached_inputs(programme):
        if thing in known:
            items[thing].append((product, Need(thing, lost, units.get((product, thing)))))
        else:
            subjects[thing].append((product, lost))
    for product in need.products:
        subjects[product].append((product, 1.0))
    sources: dict[str, list[Source]] = defaultdict(list)
    for row in programme.supplies.filter(pl.col("share") > 0).sort("item", "site").iter_rows(named=True):
        numbers = (row["capacity"], row["recover_months"], row["stock_months"])
        sources[row["item"]].append(Source(row["site"], row["share"], *numbers))
    replaced = dict(programme.items.select("id", "replaced_by").iter_rows())
    return Chain(programme, need, dict(items), dict(subjects), dict(sources), replaced)


def _units(programme: Programme) -> dict[tuple[str, str], float | None]:
    """Items that each product takes in a year."""
    per_year = dict(programme.products.select("id", "units_per_year").iter_rows())
    return {
        (product, item): None if quantity is None or per_year[product] is None else quantity * per_year[product]
        for product, item, quantity in bill_of_items(programme).iter_rows()
    }
