"""What the verifier says about a broken rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from khien.words import t

Amount = int | float | Fraction | None


@dataclass(frozen=True)
class Violation:
    """One rule of the rule book that a plan breaks.

    `table` and `rows` name where the rule comes from (key values joined by "|"); `amounts` are the
    numbers that clash, by name, money in million VND.
    """

    rule: str
    table: str
    rows: tuple[str, ...]
    amounts: Mapping[str, Amount]
    message_vi: str
    message_en: str

    def message(self, lang: str | None = None) -> str:
        """The message in one language."""
        return self.message_vi if lang == "vi" else self.message_en

    def __str__(self) -> str:
        return f"{self.rule}: {self.message_en}"


def violation(
    rule: str,
    key: str,
    table: str,
    rows: Iterable[str],
    amounts: Mapping[str, Amount] | None = None,
    **fields: object,
) -> Violation:
    """Make a violation; `key` is the text in the catalogue, filled with the rows, amounts and fields."""
    named = tuple(rows)
    shown: dict[str, object] = {"rows": ", ".join(named), **fields}
    for name, amount in (amounts or {}).items():
        shown[name] = float(amount) if isinstance(amount, Fraction) and amount.denominator > 1 else amount
    return Violation(rule, table, named, dict(amounts or {}), t(key, "vi", **shown), t(key, "en", **shown))
