"""RSS and Atom feeds that lead to CAP messages (GDACS, Meteoalarm, national services), and what they say themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import polars as pl

from khien.watch.feeds.bounded import LIMITS
from khien.watch.feeds.cap_check import parsed_time
from khien.watch.feeds.events import KINDS, from_events
from khien.watch.feeds.hashing import content_hash
from khien.watch.feeds.reading import Link, Reading
from khien.watch.feeds.xml_in import Node, parse
from khien.watch.observe.schema import EVENTS

CAP_TYPES: Final = ("application/cap+xml", "application/common-alerting-protocol+xml")


def read_rss(data: bytes, name: str, source: str | None = None, limit: int = LIMITS["rss"]) -> Reading:
    """Read a feed: links to CAP messages, and one event for each entry that says what, when and how bad.

    Args:
        limit: most bytes.
        data: RSS 2.0 or Atom, at most 16 MB, without document type.
        name: for findings.
        source: who publishes it; left out, the host of the feed's own address.
    """
    reading = Reading("rss", name)
    found = reading.findings
    if len(data) > limit:
        found.note("file-too-large", name, value=name, limit=limit / 10**6)
        return reading
    root = parse(data, name, found)
    if root is None:
        return reading
    channel = root.first("channel") if root.name == "rss" else root if root.name == "feed" else None
    if channel is None:
        found.note("feed-root", name, root.line, value=root.name)
        return reading
    source = source or _host(channel) or name
    entries = list(channel.all("item" if root.name == "rss" else "entry"))
    reading.links = tuple({link.url: link for entry in entries if (link := _cap_link(entry))}.values())
    rows = [row for entry in entries if (row := _event(entry, source, reading, name))]
    reading.records["events"] = pl.DataFrame(rows, schema=EVENTS).unique(maintain_order=True)
    reading.counts = {"entries": len(entries), "links": len(reading.links)}
    from_events(reading)
    return reading


def _host(channel: Node) -> str | None:
    from urllib.parse import urlsplit

    for link in channel.all("link"):
        if host := urlsplit(link.attributes.get("href", "") or link.words).hostname:
            return host
    return None


def _cap_link(entry: Node) -> Link | None:
    """The address of the entry's CAP message: said to be one, or ending as one."""
    title = entry.said("title") or ""
    told = [entry.said(n) for n in ("sent", "updated", "datemodified", "pubDate", "published", "version", "guid", "id")]
    version = " ".join(text for text in told if text)[:200]
    if url := entry.said("cap"):
        return Link(url, title, version)
    links = list(entry.all("link"))
    for link in links:
        if link.attributes.get("type", "") in CAP_TYPES and (url := link.attributes.get("href")):
            return Link(url, title, version)
    for link in links:
        url = link.attributes.get("href") or link.words
        if url.partition("?")[0].endswith((".xml", ".cap")):
            return Link(url, title, version)
    return None


def _event(entry: Node, source: str, reading: Reading, name: str) -> dict[str, Any] | None:
    """One entry as an event; None when it names no time."""
    key = entry.said("identifier") or entry.said("guid") or entry.said("id") or entry.said("link")
    issued = _when(entry, ("sent", "updated", "datemodified", "pubDate", "published"))
    begins = _when(entry, ("onset", "fromdate", "effective", "published", "pubDate", "updated"))
    if key is None or issued is None:
        reading.findings.note("time", name, entry.line, "pubDate", entry.said("pubDate") or "-")
        return None
    lat, lon = _position(entry, reading, name)
    severity = entry.first("severity")
    unit = None if severity is None else severity.attributes.get("unit")
    magnitude = None if severity is None or not unit else _number(severity.attributes.get("value"))
    row = {
        "id": key,
        "kind": KINDS.get(entry.said("eventtype") or "", (entry.said("event") or "alert").lower()),
        "time": begins,
        "until": _when(entry, ("expires", "todate")),
        "issued": issued,
        "source": source,
        "title": entry.said("title"),
        "lat": lat,
        "lon": lon,
        "magnitude": magnitude,
        "magnitude_unit": unit,
        "level": entry.said("alertlevel") or (severity.words if severity is not None and not unit else None),
        "country": entry.said("iso3") or entry.said("country") or entry.said("areaDesc"),
        "status": entry.said("status") or entry.said("iscurrent"),
        "link": entry.said("link") or _href(entry),
    }
    return row | {"sha256": content_hash(row)}


def _href(entry: Node) -> str | None:
    link = entry.first("link")
    return None if link is None else link.attributes.get("href")


def _when(entry: Node, names: Iterable[str]) -> datetime | None:
    """The first of some times that can be read: ISO 8601, or the form of e-mail that RSS uses."""
    for name in names:
        text = entry.said(name)
        if text is None:
            continue
        if (found := parsed_time(text)) is not None:
            return found
        try:
            found = parsedate_to_datetime(text)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            continue
    return None


def _position(entry: Node, reading: Reading, name: str) -> tuple[float | None, float | None]:
    point = entry.first("Point")
    texts = (point.said("lat"), point.said("long")) if point is not None else (None, None)
    if None in texts and (both := entry.said("point")):
        parts = both.split()
        texts = (parts[0], parts[1]) if len(parts) == 2 else (None, None)
    lat, lon = (_number(text) for text in texts)
    if lat is None or lon is None:
        return None, None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        reading.findings.note("geometry", name, entry.line, None, entry.said("title"), reason=f"{lat}, {lon}")
        return None, None
    return lat, lon


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
