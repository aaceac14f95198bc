"""A WebAuthn key made of software: answers what a page asks, as a browser with a real key would."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256


def plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class SoftKey:
    """One key, good for one place: the host that it was made for."""

    def __init__(self, origin: str, host: str) -> None:
        self.origin, self.host, self.id = origin, host, b"a soft key of tests"
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.count = 0

    def create(self, asked: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.create`."""
        public = cbor.encode(dict(ES256.from_cryptography_key(self.private.public_key())))
        about = self._about(0x45) + bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        told = self._told("webauthn.create", asked["publicKey"]["challenge"])
        attested = cbor.encode({"fmt": "none", "attStmt": {}, "authData": about})
        return self._answer({"clientDataJSON": plain(told), "attestationObject": plain(attested)})

    def get(self, asked: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.get`."""
        self.count += 1
        about, told = self._about(0x05), self._told("webauthn.get", asked["publicKey"]["challenge"])
        signature = self.private.sign(about + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({
            "clientDataJSON": plain(told), "authenticatorData": plain(about), "signature": plain(signature),
            "userHandle": None,
        })  # fmt: skip

    def _about(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _told(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        return json.dumps({
            "type": "public-key", "id": plain(self.id), "rawId": plain(self.id), "response": response,
            "clientExtensionResults": {},
        })  # fmt: skip
