"""Feeds: small readers that turn files and answers from outside into observations, alerts, events and threats.

Every reader takes bytes or a file and returns a :class:`Reading`; nothing that it meets raises. ``reading.into(store)``
stores all of it in one step or, when something is wrong, nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final

from khien.watch.feeds.bounded import LIMITS, content
from khien.watch.feeds.cap import read_cap
from khien.watch.feeds.directory import read_directory
from khien.watch.feeds.geojson import read_geojson
from khien.watch.feeds.hub import read_hub
from khien.watch.feeds.in_force import alert_states
from khien.watch.feeds.mapping import about, load, ready
from khien.watch.feeds.reading import Link, Reading
from khien.watch.feeds.rss import read_rss
from khien.watch.feeds.signature import Trust, read_trust
from khien.watch.feeds.stix import read_kev, read_stix
from khien.watch.feeds.tables import read_table

BYTES: Final[Mapping[str, Callable[[bytes, str, str | None], Reading]]] = {
    "cap": read_cap,
    "rss": read_rss,
    "geojson": read_geojson,
    "stix": read_stix,
    "kev": read_kev,
    "directory": read_directory,
}
"""Kinds that are read from bytes, and so can be polled."""

KINDS: Final = (*BYTES, "hub", "table")


def read(
    path: str | Path,
    kind: str,
    *,
    mapping: str | Path | None = None,
    issued: date | datetime | str | None = None,
    target: str | None = None,
    unit: str | None = None,
    source: str | None = None,
    limit_mb: float | None = None,
    trust: Trust | None = None,
) -> Reading:
    """Read a saved file of a kind.

    Args:
        path: the file; gzip is unpacked for the kinds that are read from bytes.
        kind: one of :data:`KINDS`.
        mapping: for "table", a mapping file or the name of a ready one.
        issued, target, unit: for "hub", what the file does not say.
        source: who publishes it, where the file does not say.
        limit_mb: most megabytes, where the kind's own limit does not do.
        trust: for "cap", whose signature a message must bear.
    """
    path = Path(path)
    limit = None if limit_mb is None else int(limit_mb * 10**6)
    if kind == "hub":
        return read_hub(path, issued=issued, target=target, unit=unit, source=source, limit=limit)
    reading = Reading(kind, path.name)
    if kind == "table":
        if mapping is None:
            reading.findings.note("mapping-file", path.name, value="–", reason="watch_why_no_mapping")
            return reading
        made = load(mapping, reading.findings)
        return reading if made is None else read_table(path, made, limit)
    if kind not in BYTES:
        reading.findings.note("kind-unknown", path.name, value=kind, known=", ".join(KINDS))
        return reading
    limit = limit or LIMITS.get(kind, LIMITS["rss"])
    data = content(path, limit, reading.findings)
    if data is None:
        return reading
    return from_bytes(kind, data, path.name, source, limit, trust)


def from_bytes(
    kind: str,
    data: bytes,
    name: str,
    source: str | None = None,
    limit: int | None = None,
    trust: Trust | None = None,
) -> Reading:
    """Read what is already in memory, by one of the kinds in :data:`BYTES`; `limit` is the most bytes of XML."""
    if kind == "cap":
        return read_cap(data, name, source, limit=limit or LIMITS["cap"], trust=trust)
    if kind == "rss":
        return read_rss(data, name, source, limit=limit or LIMITS["rss"])
    return BYTES[kind](data, name, source)


__all__ = [
    "BYTES",
    "KINDS",
    "Link",
    "Reading",
    "Trust",
    "about",
    "alert_states",
    "from_bytes",
    "read",
    "read_cap",
    "read_geojson",
    "read_hub",
    "read_kev",
    "read_rss",
    "read_stix",
    "read_table",
    "read_trust",
    "ready",
]
