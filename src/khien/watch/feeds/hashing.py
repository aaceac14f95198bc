"""What tells one version of a record from another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any


def content_hash(row: Mapping[str, Any]) -> str:
    """A hash of what a record says, which tells a changed version from the same one again."""
    told = sorted((key, str(value)) for key, value in row.items() if value is not None and key != "issued")
    return hashlib.sha256(repr(told).encode()).hexdigest()
