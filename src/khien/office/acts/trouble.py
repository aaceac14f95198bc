"""What people can mend themselves when an act does not go through."""

from __future__ import annotations

from typing import Final

from khien.words import t

LONGEST_REASON: Final = 1000


class Trouble(Exception):
    """An act cannot be done as asked; says why and what to do instead."""

    def __init__(self, key: str, **fields: object) -> None:
        self.key, self.fields = key, fields
        super().__init__(self.message("en"))

    def message(self, lang: str) -> str:
        """The sentence, in one language; a field may be a pair of texts, one for each."""
        fields = {name: value[lang] if isinstance(value, dict) else value for name, value in self.fields.items()}
        return t(self.key, lang, **fields)


def reason_of(text: str) -> str:
    """A reason as it is kept: one line, not empty, not too long.

    Raises:
        Trouble: there is none, or it is too long.
    """
    line = " ".join(text.split())
    if not line:
        raise Trouble("office_trouble_no_reason")
    if len(line) > LONGEST_REASON:
        raise Trouble("office_trouble_long_reason", most=LONGEST_REASON)
    return line
