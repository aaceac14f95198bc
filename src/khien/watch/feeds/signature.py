"""Signatures of CAP messages from outside, checked against the certificates or keys that somebody named, and no others.

XML-DSig as CAP 1.2 has it: one enveloped signature over the whole message. What is then read is what was signed, not
what stands around it. Needs the extra `sign`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from khien.watch.feeds.cap_rules import SIGNATURE
from khien.watch.observe.findings import BatchRefused, WatchFindings

UNCHECKED: Final = "unchecked"
"""Stands in the table `alerts` for a signature that nobody checked; else the key that signed."""
LARGEST_PEM: Final = 10**6
PUBLIC: Final = re.compile(rb"-----BEGIN ((?:RSA )?PUBLIC KEY)-----.*?-----END \1-----", re.DOTALL)
"""A public key in a PEM file, which may hold several."""
STRONG: Final = ("RSA_", "SHA", "ECDSA_")
"""Beginnings of the names of methods that count: RSA, RSA-PSS and ECDSA, without SHA-1."""
NAMES: Final = {"ds": SIGNATURE}
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
CANONICAL: Final = ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2001/10/xml-exc-c14n#",
                    "http://www.w3.org/2006/12/xml-c14n11")  # fmt: skip


class SignatureWrong(ValueError):
    """No valid signature over the whole message by anybody trusted; the text is a key of the words or a reason."""


@dataclass(frozen=True)
class Trust:
    """Whose signatures count: certificates, and public keys without one."""

    certificates: tuple[Any, ...] = ()  # cryptography.x509.Certificate
    keys: tuple[bytes, ...] = ()  # PEM, SubjectPublicKeyInfo


def read_trust(paths: Iterable[Path]) -> Trust:
    """Certificates and public keys from PEM files; a file may hold several, so that an old and a new one both count.

    Raises:
        BatchRefused: the extra `sign` is not installed, or a file holds neither.
    """
    findings = WatchFindings()
    if find_spec("signxml") is None:
        findings.note("signature-extra")
        raise BatchRefused(findings)
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    certificates: list[Any] = []
    keys: list[bytes] = []
    for path in paths:
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST_PEM)
            if b"BEGIN CERTIFICATE" in data:
                certificates += x509.load_pem_x509_certificates(data)
            plain = [found[0] for found in PUBLIC.finditer(data)]
            if b"BEGIN CERTIFICATE" not in data and not plain:
                plain = [data]  # the library says what it is not
            keys += [_spki(load_pem_public_key(block)) for block in plain]
        except Exception as error:  # whatever a library raises for what is no certificate or key
            findings.note("signature-key", path.name, value=path.name, reason=f"{type(error).__name__}: {error}"[:160])
    if findings:
        raise BatchRefused(findings)
    return Trust(tuple(certificates), tuple(keys))


def signed_part(message: bytes, trust: Trust) -> tuple[bytes, str]:
    """What a trusted signature covers, as canonical XML without the signature, and the key: ``sha256:`` and its hash.

    Args:
        message: XML that has no document type (see :func:`khien.watch.feeds.xml_in.parse`).
        trust: whose signature counts.

    Raises:
        SignatureWrong: there is not exactly one signature as a child of the root, it is by nobody trusted, it does not
            cover the whole message or points to something outside (which is never fetched), or a byte was changed.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(message, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SignatureWrong(str(error)) from None
    found = root.findall("ds:Signature", NAMES)
    if len(found) != 1 or len(root.findall(".//ds:Signature", NAMES)) != 1:
        raise SignatureWrong("watch_why_one_signature")
    _covers_all(found[0])
    reason = "watch_why_other_key"
    for anchor in _anchors(trust, found[0]):
        try:
            result = _verified(root, parser, *anchor)
        except SignatureWrong as wrong:
            reason = str(wrong) if str(wrong) != "watch_why_other_key" else reason
            continue
        key = result.signature_key
        if anchor[1] is not None and key != anchor[1]:
            continue
        if result.signed_xml is None or result.signed_xml.tag != root.tag:
            raise SignatureWrong("watch_why_part")
        return bytes(result.signed_data), "sha256:" + hashlib.sha256(key).hexdigest()
    raise SignatureWrong(reason)


def _covers_all(signature: Any) -> None:
    """The one reference must mean the whole document, changed by nothing but leaving the signature itself out."""
    references = signature.findall("ds:SignedInfo/ds:Reference", NAMES)
    uris = [reference.get("URI") for reference in references]
    if any(uri and not uri.startswith("#") for uri in uris):
        raise SignatureWrong("watch_why_outside")
    if uris != [""]:
        raise SignatureWrong("watch_why_part")
    done = [node.get("Algorithm") for node in references[0].findall("ds:Transforms/ds:Transform", NAMES)]
    plain = {ENVELOPED, *CANONICAL, *(name + "#WithComments" for name in CANONICAL), CANONICAL[1] + "WithComments"}
    if not set(done) <= plain:
        raise SignatureWrong("watch_why_transform")


def _anchors(trust: Trust, signature: Any) -> Iterator[tuple[Any, bytes | None]]:
    """Certificates to check with, and for a bare key the key that must have signed (None: the certificate's own).

    The library checks with certificates, or with the key that the message itself brings. So a message of which only the
    key is known is checked with the certificate in it that belongs to that key, else with the key value in it.
    """
    from cryptography import x509

    for certificate in trust.certificates:
        yield certificate, None
    if not trust.keys:
        return
    brought = [node.text or "" for node in signature.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NAMES)]
    for text in brought:
        pem = f"-----BEGIN CERTIFICATE-----\n{text.strip()}\n-----END CERTIFICATE-----\n"
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            if _spki(certificate.public_key()) in trust.keys:
                yield certificate, None
        except ValueError:
            continue
    if not brought:
        yield from ((None, key) for key in trust.keys)


def _verified(root: Any, parser: Any, certificate: Any, key: bytes | None) -> Any:
    """The library's answer.

    Raises:
        SignatureWrong: in words for a reader as far as the cause is known.
    """
    from signxml.algorithms import SignatureMethod
    from signxml.exceptions import InvalidCertificate, InvalidDigest, InvalidSignature
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    good = frozenset(m for m in SignatureMethod if m.name.startswith(STRONG) and "SHA1" not in m.name)
    wanted = SignatureConfiguration(location="./", require_x509=key is None, signature_methods=good)
    try:
        return XMLVerifier().verify(root, x509_cert=certificate, expect_config=wanted, parser=parser)
    except InvalidDigest:
        raise SignatureWrong("watch_why_altered") from None
    except InvalidCertificate:
        raise SignatureWrong("watch_why_certificate") from None
    except InvalidSignature:
        raise SignatureWrong("watch_why_other_key") from None
    except Exception as error:  # a forged message may fail in any way
        raise SignatureWrong(f"{type(error).__name__}: {error}"[:160]) from None


def _spki(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    made: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return made


__all__ = ["UNCHECKED", "SignatureWrong", "Trust", "read_trust", "signed_part"]
