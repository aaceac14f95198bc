"""Polling against a server of our own: polite, bounded, and going on where it stopped."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from khien.watch.feeds.fetching import fetch, trouble_with
from khien.watch.feeds.polling import Feed, Memory, poll
from khien.watch.observe import Store, WatchFindings

MADE = (Path(__file__).parent / "files" / "vietnam_flood.xml").read_bytes()
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
Reply = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers what the test laid out, and remembers what was asked."""

    protocol_version = "HTTP/1.1"
    pages: dict[str, Reply]
    asked: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        """Answer one question."""
        self.asked.append((self.path, dict(self.headers)))
        self.close_connection = True
        self.pages.get(self.path, say(b"", 404))(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


def say(body: bytes, status: int = 200, **headers: str) -> Reply:
    """A plain answer."""

    def reply(handler: Handler) -> None:
        handler.send_response(status)
        told = {"Content-Length": str(len(body))} | {k.replace("_", "-"): v for k, v in headers.items()}
        for name, value in told.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def once_only(body: bytes, etag: str) -> Reply:
    """An answer that is not given twice to who has it."""

    def reply(handler: Handler) -> None:
        if handler.headers.get("If-None-Match") == etag:
            say(b"", 304)(handler)
        else:
            say(body, ETag=etag, Last_Modified="Mon, 30 Nov 2026 10:00:00 GMT")(handler)

    return reply


class Site:
    """A server with its pages."""

    def __init__(self) -> None:
        kind = type("Kind", (Handler,), {"pages": {}, "asked": []})
        self.pages: dict[str, Reply] = kind.pages
        self.asked: list[tuple[str, dict[str, str]]] = kind.asked
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    """A server on this machine."""
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Clock:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def asking(feed: Feed, store: Store, times: int = 1, clock: Clock | None = None) -> list[Any]:
    """Poll without waiting."""
    clock = clock or Clock()
    return poll(feed, store, times=times, sleep=clock.sleep, clock=clock)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store")


def feed(site: Site, tmp_path: Path, page: str = "/a.xml", kind: str = "cap", **more: Any) -> Feed:
    """A feed of the server."""
    return Feed(site.url + page, kind, tmp_path / "state.json", **({"timeout": 2.0} | more))


def test_what_is_new_is_stored_and_asked_for_only_once(site: Site, store: Store, tmp_path: Path) -> None:
    site.pages["/a.xml"] = once_only(MADE, '"v1"')
    clock = Clock()
    found = asking(feed(site, tmp_path), store, 3, clock)
    assert [f.status for f in found] == ["new", "unchanged", "unchanged"]
    assert clock.slept == [300.0, 300.0]
    assert [headers.get("If-None-Match") for _, headers in site.asked] == [None, '"v1"', '"v1"']
    assert site.asked[1][1]["If-Modified-Since"] == "Mon, 30 Nov 2026 10:00:00 GMT"
    assert store.records("alerts").collect().height == 2


def test_a_server_without_etags_is_told_apart_by_content(site: Site, store: Store, tmp_path: Path) -> None:
    site.pages["/a.xml"] = say(MADE)
    assert [f.status for f in asking(feed(site, tmp_path), store, 2)] == ["new", "unchanged"]
    assert store.state.number == 1


def test_asked_before_its_time_a_feed_is_left_alone(site: Site, store: Store, tmp_path: Path) -> None:
    site.pages["/a.xml"] = say(MADE)
    clock = Clock()
    asking(feed(site, tmp_path), store, clock=clock)
    clock.now += timedelta(seconds=299)
    assert asking(feed(site, tmp_path), store, clock=clock)[0].status == "early"
    clock.now += timedelta(seconds=2)
    assert asking(feed(site, tmp_path), store, clock=clock)[0].status == "unchanged"
    assert len(site.asked) == 2


def test_failures_make_pauses_longer_and_a_server_may_ask_for_more(site: Site, store: Store, tmp_path: Path) -> None:
    site.pages["/a.xml"] = say(b"", 503)
    clock = Clock()
    found = asking(feed(site, tmp_path, every=60.0), store, 8, clock)
    assert {f.status for f in found} == {"failed"}
    assert clock.slept == [120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0]
    site.pages["/a.xml"] = say(b"", 429, Retry_After="7200")
    clock.now += timedelta(hours=2)
    asking(feed(site, tmp_path), store, clock=clock)
    assert Memory.load(feed(site, tmp_path)).not_before == (clock.now + timedelta(hours=2)).isoformat()
    site.pages["/a.xml"] = say(MADE)
    clock.now += timedelta(hours=3)
    assert asking(feed(site, tmp_path), store, clock=clock)[0].status == "new"
    assert Memory.load(feed(site, tmp_path)).failures == 0


def test_an_answer_with_mistakes_stores_nothing_and_is_asked_again(site: Site, store: Store, tmp_path: Path) -> None:
    site.pages["/a.xml"] = once_only(MADE.replace(b"<status>Actual", b"<status>Real"), '"bad"')
    clock = Clock()
    found = asking(feed(site, tmp_path), store, 2, clock)
    assert [f.status for f in found] == ["refused", "refused"]
    assert [f.code for f in found[0].findings] == ["cap-value"]
    assert not store.exists
    site.pages["/a.xml"] = once_only(MADE, '"good"')
    clock.now += timedelta(hours=1)
    assert asking(feed(site, tmp_path), store, clock=clock)[0].status == "new"


def rss(*links: str, stamp: str = "Sun, 28 Sep 2025 03:00:00 GMT") -> bytes:
    """A feed with some links."""
    told = f"<pubDate>{stamp}</pubDate><title>t</title>"
    items = "".join(f"<item>{told}<link>{link}</link><guid>{link}</guid></item>" for link in links)
    return f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()


def message(number: int) -> bytes:
    """The made-up message under another identifier."""
    return MADE.replace(b"VN-TEST-2025-0928-01", f"VN-TEST-{number}".encode())


def test_links_are_followed_politely_and_the_rest_the_next_time(site: Site, store: Store, tmp_path: Path) -> None:
    links = [f"{site.url}/m{i}.xml" for i in range(5)]
    site.pages["/feed.xml"] = say(rss(*links))
    for number in range(5):
        site.pages[f"/m{number}.xml"] = say(message(number))
    clock = Clock()
    found = asking(feed(site, tmp_path, "/feed.xml", "rss", follow=3), store, 3, clock)
    assert [(f.followed, f.pending) for f in found] == [(3, 2), (2, 0), (0, 0)]
    assert clock.slept[:2] == [1.0, 1.0]
    assert store.records("alerts").collect()["identifier"].n_unique() == 5
    assert sorted(path for path, _ in site.asked) == sorted(["/feed.xml"] * 3 + [f"/m{i}.xml" for i in range(5)])
    site.pages["/m0.xml"] = say(message(77))
    site.pages["/feed.xml"] = say(rss(*links, stamp="Mon, 29 Sep 2025 03:00:00 GMT"))
    clock.now += timedelta(hours=1)
    again = asking(feed(site, tmp_path, "/feed.xml", "rss"), store, 1, clock)
    assert again[0].followed == 1
    assert store.records("alerts").collect()["identifier"].n_unique() == 6


def test_links_may_be_relative_to_the_feed(site: Site, store: Store, tmp_path: Path) -> None:
    link = "<link rel='alternate' type='application/cap+xml' href='cap/1.xml'/>"
    times = "<updated>2025-09-28T03:00:00Z</updated><published>2025-09-28T03:00:00Z</published>"
    entry = f"<entry><id>1</id><title>t</title>{times}{link}</entry>"
    atom = f"<feed xmlns='http://www.w3.org/2005/Atom'><id>x</id><title>x</title>{entry}</feed>"
    site.pages["/alerts/feed.xml"] = say(atom.encode())
    site.pages["/alerts/cap/1.xml"] = say(MADE)
    assert asking(feed(site, tmp_path, "/alerts/feed.xml", "rss"), store)[0].followed == 1


def test_a_broken_link_is_told_once_and_one_that_is_down_tried_again(site: Site, store: Store, tmp_path: Path) -> None:
    links = [f"{site.url}/{name}.xml" for name in ("gone", "down", "bomb", "good")]
    site.pages["/feed.xml"] = say(rss(*links))
    site.pages["/down.xml"] = say(b"", 500)
    site.pages["/bomb.xml"] = say(b'<!DOCTYPE a [<!ENTITY a "ha">]><alert>&a;</alert>')
    site.pages["/good.xml"] = say(MADE)
    clock = Clock()
    found = asking(feed(site, tmp_path, "/feed.xml", "rss"), store, 2, clock)
    assert [f.code for f in found[0].findings] == ["fetch", "fetch", "xml-doctype"]
    assert (found[0].followed, found[0].pending) == (1, 1)
    assert [f.code for f in found[1].findings] == ["fetch"]
    site.pages["/down.xml"] = say(message(5))
    clock.now += timedelta(hours=1)
    assert asking(feed(site, tmp_path, "/feed.xml", "rss"), store, 1, clock)[0].followed == 1


def test_no_feed_sends_us_into_an_inner_network(site: Site, store: Store, tmp_path: Path) -> None:
    other = Site()
    other.pages["/secret.xml"] = say(MADE)
    site.pages["/feed.xml"] = say(rss(f"{other.url}/secret.xml", "http://169.254.169.254/x.xml", "http://[::1]:1/x.xml"))
    site.pages["/away.xml"] = say(b"", 302, Location=f"{other.url}/secret.xml")
    site.pages["/file.xml"] = say(b"", 302, Location="file:///etc/passwd")
    site.pages["/round.xml"] = say(b"", 302, Location="/round.xml")
    found = asking(feed(site, tmp_path, "/feed.xml", "rss"), store)
    assert {f.fields["reason"] for f in found[0].findings} == {"watch_why_url_inner"}
    for page in ("/away.xml", "/file.xml", "/round.xml"):
        findings = WatchFindings()
        answer = fetch(site.url + page, findings, limit=10**6, timeout=2.0)
        assert answer.body is None
        assert len(findings) == 1, page
    assert not other.asked
    other.server.shutdown()
    other.server.server_close()


STRANGE = ["file:///etc/passwd", "ftp://x/y", "http://", "gopher://x", "http://u:p@h/", "http://[", "x"]


@pytest.mark.parametrize("url", STRANGE)
def test_only_plain_web_addresses_are_asked(url: str) -> None:
    findings = WatchFindings()
    assert fetch(url, findings, limit=10).body is None
    assert [f.code for f in findings] == ["url"]


def test_from_https_nobody_leads_down_to_http() -> None:
    assert trouble_with("http://example.org/", asked_by="https://example.org/") == "watch_why_url_downgrade"
    assert trouble_with("https://example.org/b", asked_by="https://example.org/a") is None


def drip(handler: Handler) -> None:
    """An answer that never ends."""
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


def cut(handler: Handler) -> None:
    """An answer that ends before it should."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(MADE[:100])


def test_answers_that_are_too_large_too_slow_or_cut_off(site: Site) -> None:
    bomb = gzip.compress(b" " * 10**7)
    site.pages |= {"/big": say(b" " * 200_000), "/drip": drip, "/cut": cut, "/deaf": lambda h: time.sleep(1)}
    site.pages["/bomb"] = say(bomb, Content_Encoding="gzip")
    site.pages["/zip"] = say(gzip.compress(MADE), Content_Encoding="gzip")
    codes = {}
    for page in ("/big", "/drip", "/cut", "/deaf", "/bomb", "/none"):
        findings = WatchFindings()
        begun = time.monotonic()
        assert fetch(site.url + page, findings, limit=100_000, timeout=0.3).body is None
        assert time.monotonic() - begun < 5
        codes[page] = [f.code for f in findings]
        assert findings[0].message("vi")
    assert codes["/big"] == ["fetch-too-large"]
    assert codes["/bomb"] == ["file-too-large"]
    assert codes["/drip"] == codes["/cut"] == codes["/deaf"] == codes["/none"] == ["fetch"]
    assert fetch(site.url + "/zip", WatchFindings(), limit=100_000).body == MADE


def test_nobody_home_is_a_finding() -> None:
    findings = WatchFindings()
    answer = fetch("http://127.0.0.1:9/x", findings, limit=10, timeout=1.0)
    assert (answer.body, answer.passing) == (None, True)
    assert [f.code for f in findings] == ["fetch"]


def test_what_cannot_be_read_at_all_is_refused_also_where_the_good_is_kept(
    site: Site, store: Store, tmp_path: Path
) -> None:
    site.pages["/a.xml"] = say(b"<html>down for maintenance</html>")
    assert asking(feed(site, tmp_path, keep_good=True), store)[0].status == "refused"
    assert not store.exists


def test_a_broken_state_file_is_a_new_start(site: Site, store: Store, tmp_path: Path) -> None:
    site.pages["/a.xml"] = say(MADE)
    for text in ("", "[1]", '{"url": 1}', '{"nonsense": 1}', "\0"):
        (tmp_path / "state.json").write_text(text)
        assert asking(feed(site, tmp_path), store)[0].status in ("new", "unchanged")
    assert json.loads((tmp_path / "state.json").read_text())["url"] == site.url + "/a.xml"


def test_a_stop_between_storing_and_remembering_repeats_nothing(site: Site, store: Store, tmp_path: Path) -> None:
    site.pages["/a.xml"] = say(MADE)
    asking(feed(site, tmp_path), store)
    (tmp_path / "state.json").unlink()
    again = asking(feed(site, tmp_path), store)[0]
    assert (again.status, again.receipt.records) == ("unchanged", {"alerts": (0, 1)})


def test_tables_and_hubs_are_polled_too(site: Site, store: Store, tmp_path: Path) -> None:
    site.pages["/t.csv"] = say(b"target,location,date,as_of,value\nwk inc flu hosp,US,2024-01-06,2024-01-10,5\n")
    found = asking(feed(site, tmp_path, "/t.csv", "hub"), store)
    assert found[0].receipt.added == 1
    assert found[0].to_dict()["status"] == "new"
    site.pages["/new.csv"] = say(b"location,date,value\nUS,2026-11-28,5\n")
    more = {"state": tmp_path / "other.json", "target": "wk inc dengue", "unit": "cases"}
    new = Feed(site.url + "/new.csv", "hub", timeout=2.0, **more)
    assert asking(new, store)[0].receipt.added == 1
    assert store.vintages("wk-inc-dengue", "US", "2026-11-28")["issued"].to_list() == [NOW]
