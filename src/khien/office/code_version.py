"""Which code made a result: the release, and a hash over the source, so that no two states of it look alike."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import khien


@cache
def code_version() -> str:
    """Like ``0.1.0+3f2a…``: the release and twelve letters of a hash over everything that can change a result."""
    folder = Path(khien.__file__).parent
    digest = hashlib.sha256()
    for room in ("programme", "reliance", "plan", "stress", "draw"):
        for path in sorted((folder / room).rglob("*")):
            if path.suffix in (".py", ".toml"):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{khien.__version__}+{digest.hexdigest()[:12]}"
