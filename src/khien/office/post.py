"""How messages leave the office: by mail, or as a signed call to a web hook. Knows no database."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import smtplib
import socket
import ssl
import time
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Final
from urllib.parse import urlsplit

from khien.office.config import Mail

PATIENCE: Final = 10.0
"""Seconds that another server has to answer."""
SIGNATURE: Final = "X-Khien-Signature"


class NotSent(Exception):
    """A message did not leave; `text` says why, for administrators. `for_good`: trying again is no use."""

    def __init__(self, text: str, *, for_good: bool = False) -> None:
        super().__init__(text)
        self.text, self.for_good = text, for_good


def send_mail(server: Mail, to: str, subject: str, text: str) -> None:
    """Hand one message to the mail server.

    Raises:
        NotSent: it did not take it.
    """
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = server.sender, to, " ".join(subject.split())
    message["Date"], message["Message-ID"] = formatdate(localtime=False), make_msgid(domain="khien.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        context = ssl.create_default_context()
        if server.tls == "tls":
            link: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=PATIENCE, context=context)
        else:
            link = smtplib.SMTP(server.host, server.port, timeout=PATIENCE)
        with link:
            if server.tls == "starttls":
                link.starttls(context=context)
            if server.user:
                link.login(server.user, server.password)
            link.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise NotSent("the mail server refuses the address", for_good=True) from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotSent(type(error).__name__) from error


def sign(secret: str, moment: int, body: bytes) -> str:
    """What stands in the header `X-Khien-Signature`: the moment, and HMAC-SHA256 in hex over moment, point and body."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def is_signed(secret: str, header: str, body: bytes, now: float, within: float = 300.0) -> bool:
    """Whether a call was signed with the secret, not long ago: what the receiver of a hook checks."""
    told = dict(part.partition("=")[::2] for part in header.split(","))
    moment = told.get("t", "")
    if not (moment.isascii() and moment.isdigit() and len(moment) < 16 and abs(now - int(moment)) <= within):
        return False
    return hmac.compare_digest(sign(secret, int(moment), body), header)


def call_hook(url: str, secret: str, content: Mapping[str, Any], *, private: bool) -> None:
    """Post JSON to an address, signed. Redirects are not followed; the name is looked up once, and what it leads to is
    what is called, so that no second answer of the name server leads inside.

    Args:
        private: addresses inside the own network, or of this machine, may be called, and http.

    Raises:
        NotSent: the address may not be called, or the other side did not answer with a 2xx.
    """
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    host, port, secure, target = _parts(url, private)
    headers = {
        "Content-Type": "application/json", "User-Agent": "Khien", "Host": _shown(host, port, secure),
        SIGNATURE: sign(secret, int(time.time()), body), "X-Khien-Event": str(content.get("act", "")),
        "X-Khien-Delivery": str(content.get("id", "")), "Connection": "close",
    }  # fmt: skip
    try:
        link = _Pinned(host, port, _address(host, port, private), secure)
        try:
            link.request("POST", target, body, headers)
            status = link.getresponse().status
        finally:
            link.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotSent(type(error).__name__) from error
    if not 200 <= status < 300:
        raise NotSent(f"HTTP {status}", for_good=status == 410)


def check_url(url: str, *, private: bool) -> None:
    """Whether an address may be called at all, before it is stored.

    Raises:
        NotSent: it may not.
    """
    host, port, _, _ = _parts(url, private)
    _address(host, port, private)


def _parts(url: str, private: bool) -> tuple[str, int, bool, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotSent("no address", for_good=True) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.password:
        raise NotSent("no address like https://host/path", for_good=True)
    if any(ord(c) < 33 or ord(c) > 126 for c in url):
        raise NotSent("no address like https://host/path", for_good=True)
    if parts.scheme == "http" and not private:
        raise NotSent("only https", for_good=True)
    secure = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname, port or (443 if secure else 80), secure, target


def _address(host: str, port: int, private: bool) -> str:
    """The address that a name leads to; refused when any of them lies inside."""
    try:
        found = {str(row[4][0]).partition("%")[0] for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise NotSent("the name is not known") from error
    if not private and not all(_outside(one) for one in found):
        raise NotSent("an address inside the own network", for_good=True)
    return sorted(found, key=lambda one: (":" in one, one))[0]


def _outside(text: str) -> bool:
    """Whether an address belongs to the public internet, whatever it is wrapped in."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.ip_address(int(address) & 0xFFFFFFFF)  # type: ignore[assignment]
        if inner is not None and not _outside(str(inner)):
            return False
    return address.is_global and not address.is_multicast


def _shown(host: str, port: int, secure: bool) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port == (443 if secure else 80) else f"{name}:{port}"


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, that shows and proves the name all the same."""

    def __init__(self, host: str, port: int, address: str, secure: bool) -> None:
        super().__init__(host, port, timeout=PATIENCE)
        self.address, self.secure = address, secure

    def connect(self) -> None:
        """Connect to the address that was looked at, no other."""
        self.sock = socket.create_connection((self.address, self.port), PATIENCE)
        if self.secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
