"""Directories of CAP feeds: a JSON list of feeds with their addresses."""

from __future__ import annotations

from khien.watch.feeds.bounded import json_of
from khien.watch.feeds.reading import Link, Reading

ADDRESSES = ("capAlertFeed", "url", "feed")


def read_directory(data: bytes, name: str, source: str | None = None) -> Reading:
    """Read a directory: one link for each feed, with its name; entries without an address are counted and left out."""
    reading = Reading("directory", name)
    top = json_of(data, name, reading.findings)
    if top is None:
        return reading
    if not isinstance(top, list):
        reading.findings.note("json-form", name, value=type(top).__name__, wanted="[{capAlertFeed}]")
        return reading
    links = []
    for item in top:
        url = next((item[a] for a in ADDRESSES if item.get(a)), None) if isinstance(item, dict) else None
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            links.append(Link(url, str(item.get("name", ""))))
    if len(links) < len(top):
        count = len(top) - len(links)
        reading.findings.note("skipped", name, count=count, reason="watch_why_no_address")
    reading.links = tuple(links)
    reading.counts = {"feeds": len(links)}
    return reading
