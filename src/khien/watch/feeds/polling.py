"""Polling: asking a feed again and again, politely, and going on after a stop where it was."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from khien.programme import Finding
from khien.programme.writing import write_text
from khien.watch.feeds.bounded import LIMITS
from khien.watch.feeds.cap import read_cap
from khien.watch.feeds.fetching import fetch
from khien.watch.feeds.reading import Link, Reading
from khien.watch.feeds.signature import Trust
from khien.watch.observe import BatchRefused, Receipt, Store, WatchFindings

SHORTEST: Final = 10.0
"""No feed is asked more often than every so many seconds."""
LONGEST_PAUSE: Final = 3600.0
MOST_SEEN: Final = 5000


@dataclass(frozen=True)
class Feed:
    """What is polled and how.

    Attributes:
        url: its address.
        kind: how it is read; see :data:`khien.watch.feeds.KINDS`.
        state: the file in which polling remembers where it was.
        source: who publishes it, where the feed does not say.
        mapping: for "table", which column is what.
        target, unit: for "hub", what the file does not say; one without `as_of` was issued when it was asked for.
        every: seconds between two questions; after a failure they double up to an hour.
        timeout: seconds that a server may be silent.
        limit: most bytes of an answer; None for the kind's own limit.
        follow: most linked CAP messages that are fetched at one time.
        pause: seconds between two of them.
        keep_good: store what is sound of an answer with mistakes; else nothing of it.
        trust: whose signature each CAP message must bear, also those that the feed links to.
    """

    url: str
    kind: str
    state: Path
    source: str | None = None
    mapping: str | None = None
    target: str | None = None
    unit: str | None = None
    every: float = 300.0
    timeout: float = 20.0
    limit: int | None = None
    follow: int = 50
    pause: float = 1.0
    keep_good: bool = False
    trust: Trust | None = None


@dataclass
class Memory:
    """What polling remembers of a feed."""

    url: str
    etag: str | None = None
    modified: str | None = None
    sha256: str | None = None
    asked: str | None = None
    answered: str | None = None
    not_before: str | None = None
    failures: int = 0
    seen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, feed: Feed) -> Memory:
        """What the state file says; a new start when it is missing, broken or of another feed."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            found = cls(**json.loads(feed.state.read_text(encoding="utf-8")))
            if found.url == feed.url and isinstance(found.seen, dict):
                return found
        return cls(feed.url)

    def save(self, feed: Feed) -> None:
        """Write the state file, whole or not at all."""
        write_text(feed.state, json.dumps(vars(self), ensure_ascii=False, indent=1))


@dataclass(frozen=True)
class Polled:
    """What one question brought.

    Attributes:
        status: "new", "unchanged", "early" (the feed was not asked, its time has not come), "failed" (no answer) or
            "refused" (an answer with mistakes, of which nothing was stored).
        receipt: what was stored of the feed itself.
        followed: linked messages that were stored; `pending` are left for the next time.
        findings: everything that went wrong.
        again: before this moment the feed is not asked again.
    """

    at: datetime
    status: str
    receipt: Receipt | None = None
    followed: int = 0
    pending: int = 0
    findings: tuple[Finding, ...] = ()
    again: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "at": self.at.isoformat(),
            "status": self.status,
            "receipt": None if self.receipt is None else self.receipt.to_dict(),
            "followed": self.followed,
            "pending": self.pending,
            "findings": [finding.to_dict() for finding in self.findings],
            "again": None if self.again is None else self.again.isoformat(),
        }


def poll(
    feed: Feed,
    store: Store,
    *,
    times: int | None = 1,
    told: Callable[[Polled], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Polled]:
    """Ask a feed so many times (None: until interrupted), each `every` seconds after the one before.

    A stop at any moment loses nothing: what was stored is whole, and what was stored but not yet written
    down in the state file is found to be there already the next time.

    Args:
        feed: what is asked.
        store: where it goes.
        times: how often.
        told: called after each time.
        sleep, clock: for tests.
    """
    found: list[Polled] = []
    while times is None or len(found) < times:
        if found:
            sleep(_pause(feed, Memory.load(feed), clock()))
        result = once(feed, store, sleep=sleep, clock=clock)
        found = [*found[-999:], result] if times is None else [*found, result]
        if told is not None:
            told(result)
    return found


def _pause(feed: Feed, memory: Memory, now: datetime) -> float:
    until = memory.not_before and datetime.fromisoformat(memory.not_before)
    left = 0.0 if not until else (until - now).total_seconds()
    return max(left, 0.0)


def once(
    feed: Feed, store: Store, *, sleep: Callable[[float], None], clock: Callable[[], datetime]
) -> Polled:
    """Ask a feed once, unless its time has not come."""
    memory, now, findings = Memory.load(feed), clock(), WatchFindings()
    if (left := _pause(feed, memory, now)) > 0:
        return Polled(now, "early", again=now + timedelta(seconds=left))
    limit = feed.limit or LIMITS.get(feed.kind, LIMITS["table"])
    asked = {"etag": memory.etag, "modified": memory.modified}
    answer = fetch(feed.url, findings, limit=limit, timeout=feed.timeout, **asked)
    memory.asked = now.isoformat()
    every = max(feed.every, SHORTEST)
    if answer.body is None and answer.status != 304:
        memory.failures += 1
        every = max(min(every * 2**memory.failures, LONGEST_PAUSE), every, answer.wait)
        return _leave(feed, memory, now, every, Polled(now, "failed", findings=tuple(findings)))
    body = answer.body or b""
    digest = hashlib.sha256(body).hexdigest()
    memory.answered, memory.failures = now.isoformat(), 0
    if answer.status == 304 or (digest == memory.sha256 and feed.kind != "rss"):
        return _leave(feed, memory, now, every, Polled(now, "unchanged"))
    reading = _read(feed, body, now)
    findings += reading.findings
    try:
        receipt = reading.into(store, keep_good=feed.keep_good, now=now)
    except BatchRefused as refused:
        memory.failures += 1
        every = max(min(every * 2**memory.failures, LONGEST_PAUSE), every)
        told = [f for f in refused.findings if f not in findings]
        return _leave(feed, memory, now, every, Polled(now, "refused", findings=(*findings, *told)))
    followed, pending = _follow(feed, store, reading.links, memory, findings, sleep, now)
    if not pending:
        memory.etag, memory.modified, memory.sha256 = answer.etag, answer.modified, digest
    status = "new" if receipt.entry is not None or followed else "unchanged"
    return _leave(feed, memory, now, every, Polled(now, status, receipt, followed, pending, tuple(findings)))


def _leave(feed: Feed, memory: Memory, now: datetime, every: float, result: Polled) -> Polled:
    """Remember when the feed may be asked again."""
    again = now + timedelta(seconds=every)
    memory.not_before = again.isoformat()
    memory.save(feed)
    return replace(result, again=again)


def _read(feed: Feed, body: bytes, now: datetime) -> Reading:
    """The answer, read as the feed's kind. Tables go through a file, as they do when they are read from one."""
    from khien.watch.feeds import BYTES, from_bytes, read

    if feed.kind in BYTES:
        return from_bytes(feed.kind, body, feed.url, feed.source, feed.limit, feed.trust)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / ("answer.parquet" if body[:4] == b"PAR1" else "answer.csv")
        place.write_bytes(body)
        told: dict[str, Any] = {name: getattr(feed, name) for name in ("mapping", "source", "target", "unit")}
        limit = None if feed.limit is None else feed.limit / 10**6
        return read(place, feed.kind, issued=now, limit_mb=limit, **told)


def _follow(
    feed: Feed,
    store: Store,
    links: tuple[Link, ...],
    memory: Memory,
    findings: WatchFindings,
    sleep: Callable[[float], None],
    now: datetime,
) -> tuple[int, int]:
    """Fetch linked CAP messages that are new or changed; how many were stored, and how many are left for later."""
    if feed.kind != "rss":
        return 0, 0
    waiting = [link for link in links if memory.seen.get(link.url) != link.version]
    stored = 0
    for number, link in enumerate(waiting[: feed.follow]):
        if number:
            sleep(feed.pause)
        url = urljoin(feed.url, link.url)
        answer = fetch(url, findings, limit=LIMITS["cap"], timeout=feed.timeout, asked_by=feed.url)
        if answer.body is None and answer.passing:
            continue
        # What cannot be read now will not be readable later: only a new version is asked for again.
        memory.seen[link.url] = link.version
        if answer.body is None:
            continue
        message = read_cap(answer.body, url, feed.source, trust=feed.trust)
        try:
            receipt = message.into(store, now=now)
            stored += receipt.entry is not None
            findings += message.findings
        except BatchRefused as refused:
            findings += refused.findings
        memory.save(feed)
    current = {link.url for link in links}
    rest = [url for url in memory.seen if url not in current]
    for url in rest[: max(0, len(memory.seen) - MOST_SEEN)]:
        del memory.seen[url]
    return stored, sum(memory.seen.get(link.url) != link.version for link in links)

