"""Signed CAP: an enveloped XML signature (XML-DSig) with a key and a certificate from files.

Needs the extra `sign`.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from khien.watch.feeds.signature import SignatureWrong, read_trust, signed_part
from khien.watch.observe.findings import BatchRefused
from khien.watch.warn.findings import refuse


def sign(message: bytes, key: Path, certificate: Path) -> bytes:
    """The message with its signature as the last element.

    Args:
        key: private key, PEM (RSA or EC), without a password.
        certificate: X.509 certificate of that key, PEM; it goes into the message.

    Raises:
        WarnError: the extra is not installed, or key and certificate cannot be used.
        OSError: a file cannot be read.
    """
    _need()
    from lxml import etree
    from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod
    from signxml.signer import XMLSigner

    key_pem, cert_pem = key.read_bytes(), certificate.read_text(encoding="ascii", errors="replace")
    root = etree.fromstring(message, etree.XMLParser(resolve_entities=False, no_network=True))
    try:
        signer = XMLSigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=_algorithm(key_pem),
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
        )
        signed = signer.sign(root, key=key_pem, cert=cert_pem)
    except Exception as error:  # whatever the libraries raise for a key or certificate they cannot use
        raise refuse("cannot-sign", value=f"{type(error).__name__}: {error}") from None
    made: bytes = etree.tostring(signed, encoding="utf-8", xml_declaration=True)
    return made


def verify(message: bytes, certificate: Path) -> bytes:
    """The part of a message that a signature by this certificate covers, as XML.

    Raises:
        WarnError: there is no valid signature by it over the whole message.
        OSError: the certificate cannot be read.
    """
    _need()
    try:
        return signed_part(message, read_trust([certificate]))[0]
    except SignatureWrong as wrong:
        raise refuse("bad-signature", value=str(wrong)) from None
    except BatchRefused as none:
        raise refuse("bad-signature", value=none.findings[0].fields["reason"]) from None


def _algorithm(pem: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem, password=None)
    return "ecdsa-sha256" if isinstance(key, EllipticCurvePrivateKey) else "rsa-sha256"


def _need() -> None:
    if find_spec("signxml") is None:
        raise refuse("no-signxml")
