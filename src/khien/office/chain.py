"""The hash chain of the log: what is hashed, and how. Shared by the office and by whoever checks it from outside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

START: Final = "0" * 64
"""What stands in place of the hash before the first entry."""

FIELDS: Final = (
    "seq", "at", "request", "actor_id", "actor_name", "roles", "act", "kind", "object", "before", "after", "previous",
)  # fmt: skip
"""Columns of an entry that its hash covers, in this order: everything but the hash itself."""


def entry_hash(entry: Mapping[str, Any]) -> str:
    """SHA-256 in hex over all fields of an entry, as canonical JSON. `actor_id` may be None, nothing else."""
    plain = json.dumps([entry[name] for name in FIELDS], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(b"khien log 1\n" + plain.encode("ascii")).hexdigest()


def canonical(value: Mapping[str, Any] | None) -> str:
    """What was before or after, as the text that is stored and hashed; nothing is the empty text."""
    if value is None:
        return ""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
