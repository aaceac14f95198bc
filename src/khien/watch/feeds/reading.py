"""What a reader found in one file or answer: observations, records, links, and everything that is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from khien.watch.indicators import Indicators
from khien.watch.observe import OBSERVATIONS, Batch, Receipt, Store
from khien.watch.observe.findings import WatchFindings

NEW = pl.Schema({name: dtype for name, dtype in OBSERVATIONS.items() if name != "received"})
"""Columns of observations that a reader gives: all but the time of receipt."""
NOTHING = pl.DataFrame(schema={**NEW, "row": pl.UInt32})
NONE = Indicators()
"""Frames and sets of indicators are never changed in place, so that one empty one serves all."""

LARGEST = ("cap", "rss", "geojson")
"""Kinds of which the largest of several values at one place and time counts."""


@dataclass(frozen=True)
class Link:
    """An address of a CAP message that a feed names, with its title and what tells its versions apart."""

    url: str
    title: str
    version: str = ""


@dataclass
class Reading:
    """What stood in a file.

    Attributes:
        kind: how it was read.
        name: the file or address.
        observations: values, without the time of receipt; `row` is the line or record they come from.
        records: table to records, without the time of receipt.
        indicators: the indicators that the values belong to, as far as the feed itself or its mapping declares them.
        places: places that the feed or its mapping declares as known; None for none declared.
        lie_in: places that the reader itself took from a list it trusts; a store that knows its places learns them.
        links: further messages that it points to.
        counts: what else is worth telling, by name.
        findings: everything that is wrong or doubtful.
    """

    kind: str
    name: str
    observations: pl.DataFrame = field(default_factory=lambda: NOTHING)
    records: dict[str, pl.DataFrame] = field(default_factory=dict)
    indicators: Indicators = field(default_factory=lambda: NONE)
    places: frozenset[str] | None = None
    lie_in: frozenset[str] = frozenset()
    links: tuple[Link, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    findings: WatchFindings = field(default_factory=WatchFindings)

    @property
    def ok(self) -> bool:
        """Whether nothing keeps it out of a store."""
        return not self.findings.errors

    def into(
        self, store: Store, *, keep_good: bool = False, received: datetime | None = None, now: datetime | None = None
    ) -> Receipt:
        """Store it in one step.

        Raises:
            BatchRefused: something is wrong with the file or a row; nothing was stored.
        """
        from khien.watch.observe import BatchRefused

        empty = not self.observations.height and not any(frame.height for frame in self.records.values())
        if not self.ok and (empty or not keep_good):
            raise BatchRefused(self.findings, self.observations.height)
        places = self.places
        if places is None and self.lie_in and store.places is not None:
            places = self.lie_in
        # What a feed says of an indicator never changes what the store was told of it by its owner.
        fresh = self.indicators.besides(store.indicators) if len(self.indicators) else self.indicators
        if len(fresh) or places is not None:
            store.register(fresh, places)
        batch = Batch(self.observations if self.observations.height else None, self.records)
        return store.put(batch, keep_good=keep_good, received=received, now=now, name=self.name)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "kind": self.kind,
            "name": self.name,
            "observations": self.observations.height,
            "records": {table: frame.height for table, frame in self.records.items()},
            "indicators": self.indicators.frame["id"].to_list(),
            "links": [link.url for link in self.links],
            "counts": self.counts,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def observed(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Observations from mappings of column to value."""
    return pl.DataFrame(rows, schema={**NEW, "row": pl.UInt32})


def together(readings: Sequence[Reading]) -> Reading:
    """Several readings as one, to be stored in one step; a mistake in one then keeps out all.

    Of alerts and events that speak of the same place and time the largest value counts, as it does within one feed.
    """
    found = Reading(readings[0].kind if readings else "-", ", ".join(r.name for r in readings[:3]))
    filled = [r.observations for r in readings if r.observations.height]
    if filled:
        found.observations = pl.concat(filled)
        if found.kind in LARGEST:
            key = ["indicator", "place", "valid", "issued", "unit", "source"]
            largest = found.observations.group_by(key, maintain_order=True).agg(pl.max("value"), pl.first("row"))
            found.observations = largest.select(found.observations.columns)
    for table in dict.fromkeys(t for r in readings for t in r.records):
        frames = [r.records[table] for r in readings if table in r.records]
        found.records[table] = pl.concat(frames).unique(maintain_order=True)
    for reading in readings:
        found.indicators = found.indicators.joined(reading.indicators) if len(reading.indicators) else found.indicators
        found.findings += reading.findings
        found.lie_in |= reading.lie_in
        if reading.places is not None:
            found.places = (found.places or frozenset()) | reading.places
    found.links = tuple(dict.fromkeys(link for r in readings for link in r.links))
    return found
