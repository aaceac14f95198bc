"""Every word that a user sees, in Vietnamese and in English.

The catalogues are the TOML files of this folder, one per room; a key is unique over all of them.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

LANGUAGES: Final = ("vi", "en")


class MissingWord(KeyError):
    """A key that no catalogue holds, or a field that the text needs and did not get: a fault of ours."""


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All keys with their texts.

    Raises:
        ValueError: a key stands in two files, or lacks one of the languages.
    """
    words: dict[str, Mapping[str, str]] = {}
    files = sorted(
        (f for f in resources.files(__name__).iterdir() if f.name.endswith(".toml")), key=lambda f: f.name
    )
    for file in files:
        for key, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if key in words:
                raise ValueError(f"{file.name}: key {key!r} stands in another catalogue too")
            if set(texts) != set(LANGUAGES):
                raise ValueError(f"{file.name}: key {key!r} needs exactly {' and '.join(LANGUAGES)}")
            words[key] = texts
    return words


def t(key: str, lang: str | None = None, /, **fields: Any) -> str:
    """The text of a key in a language, with its named fields filled in.

    Args:
        key: key of a catalogue.
        lang: "vi" or "en"; left out, the user's language.
        fields: values for the `{names}` in the text.

    Raises:
        MissingWord: no such key, or a field is missing.
    """
    texts = catalogue().get(key)
    if texts is None:
        raise MissingWord(key)
    text = texts["vi" if (lang or default_language()) == "vi" else "en"]
    try:
        return text.format(**fields) if fields or "{" in text else text
    except (KeyError, IndexError) as missing:
        raise MissingWord(f"{key}: field {missing} is not given") from missing


def default_language() -> str:
    """`KHIEN_LANG` if set to vi or en; else vi where the locale is Vietnamese; else en."""
    if (asked := os.environ.get("KHIEN_LANG", "").lower()) in LANGUAGES:
        return asked
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if locale := os.environ.get(name):
            return "vi" if locale.lower().startswith("vi") else "en"
    return "en"
