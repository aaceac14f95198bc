"""Asking one address once: only http and https, never more bytes or time than agreed, no way into inner networks."""

from __future__ import annotations

import email.message
import http.client
import ipaddress
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Final
from urllib.parse import urlsplit

from khien.watch.feeds.bounded import CHUNK, unpacked
from khien.watch.observe.findings import WatchFindings

REDIRECTS: Final = 5
LONGEST_WAIT: Final = 86_400.0
"""Most seconds for which a server may put us off."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: of HTTP; 0 when there was no answer at all.
        body: its bytes; None when there are none to use.
        etag, modified: what to ask with the next time.
        passing: whether asking again later may help, where there is no body.
        wait: seconds for which the server asks to be left alone; 0 for none.
    """

    status: int
    body: bytes | None = None
    etag: str | None = None
    modified: str | None = None
    passing: bool = False
    wait: float = 0.0


class _Refused(urllib.error.URLError):
    """An address that is not asked."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows only to http and https, never from https down to http, and never into an inner network."""

    max_redirections = REDIRECTS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The next question, or an error."""
        why = trouble_with(newurl, asked_by=req.full_url)
        if why is not None:
            raise _Refused(why)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def trouble_with(url: str, asked_by: str | None = None) -> str | None:
    """Why an address is not asked; None when it may be.

    An address that a person gave may lie in an inner network. One that a feed or a redirect gave may do so only on
    the host that gave it: else a feed could make us ask what only we can reach.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "watch_why_url_form"
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return "watch_why_url_scheme"
    if asked_by is None:
        return None
    first = urlsplit(asked_by)
    if first.scheme == "https" and parts.scheme == "http":
        return "watch_why_url_downgrade"
    same = (first.hostname, first.port or _port(first.scheme)) == (host, port or _port(parts.scheme))
    return None if same or _is_public(host) else "watch_why_url_inner"


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _is_public(host: str) -> bool:
    """Whether every address of a host is one of the open internet."""
    try:
        found = {str(info[4][0]).partition("%")[0] for info in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return True  # a name without an address reaches nobody; asking it will say so
    return all(ipaddress.ip_address(address).is_global for address in found)


def fetch(
    url: str,
    findings: WatchFindings,
    *,
    limit: int,
    timeout: float = 20.0,
    etag: str | None = None,
    modified: str | None = None,
    asked_by: str | None = None,
) -> Answer:
    """Ask an address.

    Args:
        url: http or https.
        findings: why there is nothing to use is added here.
        limit: most bytes of the answer, also after unpacking.
        timeout: seconds that the server may be silent; the whole answer may take three times as long.
        etag, modified: what the last answer said of itself; the server then answers 304 when nothing is new.
        asked_by: the address that named this one, where no person did.
    """
    if (why := trouble_with(url, asked_by)) is not None:
        findings.note("url", None, value=url, reason=why)
        return Answer(0)
    headers = {"User-Agent": "khien", "Accept-Encoding": "identity", "Accept": "*/*"}
    headers |= {name: said for name, said in (("If-None-Match", etag), ("If-Modified-Since", modified)) if said}
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    try:
        request = urllib.request.Request(url, headers=headers)
        with opener.open(request, timeout=timeout) as answer:
            return _taken(answer, url, limit, time.monotonic() + 3 * timeout, findings)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 304:
                return Answer(304, None, etag, modified)
            findings.note("fetch", None, value=url, reason=f"HTTP {error.code}")
            passing = error.code >= 500 or error.code in (408, 425, 429)
            return Answer(error.code, passing=passing, wait=_wait(error.headers))
    except _Refused as error:
        findings.note("url", None, value=url, reason=str(error.reason))
    except (OSError, http.client.HTTPException, ValueError) as error:
        findings.note("fetch", None, value=url, reason=_reason(error))
        return Answer(0, passing=True)
    return Answer(0)


def _taken(
    answer: http.client.HTTPResponse, url: str, limit: int, deadline: float, findings: WatchFindings
) -> Answer:
    """The body, as far as it may go."""
    parts, size = [], 0
    while part := answer.read1(CHUNK):
        parts.append(part)
        size += len(part)
        if size > limit:
            findings.note("fetch-too-large", None, value=url, limit=limit / 10**6)
            return Answer(answer.status)
        if time.monotonic() > deadline:
            findings.note("fetch", None, value=url, reason="watch_why_slow")
            return Answer(answer.status, passing=True)
    told = answer.headers.get("Content-Length", "")
    if told.isdigit() and int(told) != size:
        findings.note("fetch", None, value=url, reason="watch_why_cut")
        return Answer(answer.status, passing=True)
    body: bytes | None = b"".join(parts)
    if body is not None and answer.headers.get("Content-Encoding", "identity") == "gzip":
        body = unpacked(body, limit, url, findings)
    return Answer(answer.status, body, answer.headers.get("ETag"), answer.headers.get("Last-Modified"))


def _wait(headers: email.message.Message) -> float:
    """Seconds of Retry-After, as a number or a date."""
    said = headers.get("Retry-After", "")
    try:
        seconds = float(said) if said.strip().isdigit() else None
        if seconds is None:
            seconds = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", None) or error
    if isinstance(inner, TimeoutError):
        return "watch_why_slow"
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
