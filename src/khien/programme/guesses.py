"""Did you mean ...?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def guess(word: object, known: Iterable[object]) -> str | None:
    """The known word nearest to a mistyped one, or None."""
    text = str(word).strip().lower()
    by_plain = {_plain(str(k)): str(k) for k in known}
    if exact := by_plain.get(_plain(text)):
        return exact
    near = difflib.get_close_matches(_plain(text), by_plain, n=1, cutoff=0.75)
    return by_plain[near[0]] if near else None


def _plain(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
