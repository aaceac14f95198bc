"""Which language a command speaks, known before its options are parsed (help is translated too)."""

from __future__ import annotations

from collections.abc import Sequence

from khien.words import LANGUAGES, default_language


def pick_language(argv: Sequence[str]) -> str:
    """``--lang`` when it stands among the words and names a language, else the user's language."""
    for position, word in enumerate(argv):
        if word == "--":
            break
        if word == "--lang" and position + 1 < len(argv) and argv[position + 1] in LANGUAGES:
            return argv[position + 1]
        if word.startswith("--lang=") and word[7:] in LANGUAGES:
            return word[7:]
    return default_language()
