"""How secrets are kept, so that whoever has only the database, or a backup without the key, cannot use them.

Those that the office must be able to read again (of second factors, of web hooks) are sealed with its key; those that
it only has to know again (of links, of tokens) are kept as a hash.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class Unreadable(ValueError):
    """What was sealed was sealed with another key: the office's secret key was changed or lost."""


def seal(text: str) -> str:
    """The text, sealed."""
    return _box().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """The text again.

    Raises:
        Unreadable: sealed with another key, or damaged.
    """
    try:
        return _box().decrypt(sealed.encode("ascii")).decode()
    except (InvalidToken, ValueError) as error:
        raise Unreadable("sealed with another KHIEN_SECRET_KEY") from error


def hashed(secret: str) -> str:
    """SHA-256 in hex of a secret that the office made itself. It holds 256 random bits, so it needs neither salt nor a
    slow hash; whatever somebody sends in its place has a hash too, and is found nowhere."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _box() -> Fernet:
    key = hashlib.sha256(b"khien seal 1\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
