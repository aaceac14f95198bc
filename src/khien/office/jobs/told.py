"""What a run tells pages: figures and tables as plain values, each with the key of its words and its form.

A form is "share" (0-1, shown in percent), "number" (four digits), "whole", or "text"; a text in both languages is a
pair `{"vi": …, "en": …}`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from khien.programme import Programme

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
"""An id of more than one word; a single word may be a word of the sentence."""


def figure(word: str, value: float | None, form: str) -> dict[str, Any]:
    """One figure that stands by itself; its words are those of `office_told_{word}`."""
    return {"key": f"office_told_{word}", "value": _plain(value), "form": form}


def table(word: str, columns: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One table.

    Args:
        word: its title is `office_told_{word}`.
        columns: `name:form` or `name/word:form`, with blanks between them; the word is the name unless given.
        rows: what stands in it, by the names of the columns.
    """
    named = [_column(text) for text in columns.split()]
    cells = [[{"value": _plain(row[name]), "form": form} for name, _, form in named] for row in rows]
    heads = [{"key": f"office_told_{head}", "form": form} for _, head, form in named]
    return {"key": f"office_told_{word}", "columns": heads, "rows": cells}


def _column(text: str) -> tuple[str, str, str]:
    name, _, form = text.partition(":")
    name, _, head = name.partition("/")
    return name, head or name, form


def both(row: Mapping[str, Any], name: str = "name") -> dict[str, str]:
    """The pair of texts that a row holds under `name_vi` and `name_en`."""
    return {"vi": str(row[f"{name}_vi"]), "en": str(row[f"{name}_en"])}


def spoken(texts: Mapping[str, str], names: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Texts in which ids that have a name stand by it."""

    def called(text: str, lang: str) -> str:
        return _ID.sub(lambda found: names.get(found[0], {}).get(lang, found[0]), text)

    return {lang: called(text, lang) for lang, text in texts.items()}


def names_of(programme: Programme) -> dict[str, dict[str, str]]:
    """What projects are called, and their options: the project's name, with the form in brackets."""
    found = {row["id"]: both(row) for row in programme.projects.iter_rows(named=True)}
    for option, project, form in programme.options.select("id", "project", "form").iter_rows():
        found[option] = {lang: f"{name} ({form})" for lang, name in found[project].items()}
    return found


def _plain(value: Any) -> Any:
    """What JSON can hold; what has no end is unknown."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
