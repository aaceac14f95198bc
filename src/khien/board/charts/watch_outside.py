"""Alerts of other offices, as their feeds brought them, and how sure it is that they come from them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from khien.board.charts.memo import Memo
from khien.board.charts.watch_now import Known
from khien.office.watching import Watch
from khien.words import catalogue, t

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MOST: Final = 20
"""Alerts that the page lists, the newest first."""
SHOWN: Final = (
    "sender", "senderName", "status", "event", "severity", "headline", "description", "instruction", "area", "web",
    "expires", "sent", "received", "identifier", "source", "signed", "signature",
)  # fmt: skip
CHECKED: Final = "sha256:"
LARGEST_PEM: Final = 10**6
_names: Memo[dict[str, str]] = Memo(2)


def outside(watch: Watch, known: Known, lang: str) -> tuple[list[dict[str, Any]], int]:
    """Alerts that hold, each once, in the language that it has; and how many there are."""
    from khien.watch.feeds.in_force import alert_states

    store = watch.store
    if not store.exists:
        return [], 0
    rows = store.records("alerts").filter(pl.col("sent") <= known.at).collect()
    got = known.at if known.day is not None and known.here else None
    held = alert_states(rows, known.at, known_at=got).filter(pl.col("state") == "active")
    own = pl.col("language").fill_null("").str.to_lowercase().str.starts_with(lang)
    held = held.sort(own, "sent", descending=[True, True]).unique(
        ["sender", "identifier"], keep="first", maintain_order=True
    )
    newest = held.sort("sent", descending=True).head(MOST).select(SHOWN)
    names = signers(watch)
    told = [row | {"trust": trust(row, names), "words": _words(row, lang)} for row in newest.iter_rows(named=True)]
    return told, held.height


def _words(row: dict[str, Any], lang: str) -> dict[str, str]:
    """Codes of CAP in the words of the page."""
    return {name: code_name(row[name] or "", lang) for name in ("status", "severity")}


def code_name(code: str, lang: str) -> str:
    """A code of CAP in the words of a language; what is none stands for itself."""
    key = f"lookout_code_{code}"
    return t(key, lang) if key in catalogue() else code


def trust(row: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    """Whether a message was signed, whether somebody checked that, and whose key it was."""
    signature = row["signature"] or ""
    if signature.startswith(CHECKED):
        return {"state": "checked", "key": signature.removeprefix(CHECKED)[:12], "name": names.get(signature, "")}
    return {"state": "unchecked" if signature or row["signed"] else "unsigned", "key": "", "name": ""}


def signers(watch: Watch) -> dict[str, str]:
    """Keys, as the table of alerts names them, and whose they are by the files in the folder `certificates`."""
    files = sorted(watch.certificates.glob("*.pem"))
    stamp = tuple((str(file), file.stat().st_mtime_ns) for file in files)
    return _names.of(stamp, lambda: {key: name for file in files for key, name in _holders(file)}) if files else {}


def _holders(file: Path) -> list[tuple[str, str]]:
    """Key and name of everybody in a file; the name is the subject of the certificate, for a bare key that of the file.

    A file that is neither names nobody.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    try:
        with file.open("rb") as handle:
            data = handle.read(LARGEST_PEM)
        if b"BEGIN CERTIFICATE" in data:
            found: list[tuple[Any, str]] = [
                (one.public_key(), _subject(one) or file.stem) for one in x509.load_pem_x509_certificates(data)
            ]
        else:
            found = [(load_pem_public_key(data), file.stem)]
    except (OSError, ValueError):
        return []
    spki = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    return [(CHECKED + hashlib.sha256(key.public_bytes(*spki)).hexdigest(), name) for key, name in found]


def _subject(certificate: Certificate) -> str:
    """Organisation and name of who holds a certificate."""
    from cryptography.x509.oid import NameOID

    parts = [
        str(one.value)
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for one in certificate.subject.get_attributes_for_oid(oid)
    ]
    return ", ".join(dict.fromkeys(parts))
