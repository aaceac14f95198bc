"""Intervals of exact decimal numbers, as they stand in the tables: ``(3,4]``, ``[14,)``, ``(,0)``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_FORM = re.compile(r"([\[(])(-?[\d.]+)?,(-?[\d.]+)?([\])])")


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`; None is without limit; a closed end belongs to the interval."""

    low: Decimal | None
    high: Decimal | None
    low_closed: bool
    high_closed: bool

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Read one as a table writes it.

        Raises:
            ValueError: it is not written like an interval, or holds no number.
        """
        found = _FORM.fullmatch(text.replace(" ", ""))
        if not found or not (found[2] or found[3]):
            raise ValueError(f"not an interval: {text!r}")
        low, high = (None if part is None else Decimal(part) for part in (found[2], found[3]))
        if low is not None and high is not None and low > high:
            raise ValueError(f"an interval that holds nothing: {text!r}")
        return cls(low, high, found[1] == "[", found[4] == "]")

    def holds(self, value: Decimal) -> bool:
        """Whether the value lies inside."""
        over = self.low is None or value > self.low or (self.low_closed and value == self.low)
        under = self.high is None or value < self.high or (self.high_closed and value == self.high)
        return over and under

    @property
    def edges(self) -> tuple[Decimal, ...]:
        """Its finite ends."""
        return tuple(edge for edge in (self.low, self.high) if edge is not None)

    def text(self, lang: str = "en") -> str:
        """As a reader of the law writes it: ``>3–4``, ``≥14``, ``<0``, ``5``."""
        low, high = (None if edge is None else _plain(edge, lang) for edge in (self.low, self.high))
        if low is None:
            return ("≤" if self.high_closed else "<") + str(high)
        start = ("" if self.low_closed else ">") + low
        if high is None:
            return ("≥" if self.low_closed else ">") + low
        if low == high:
            return low
        return f"{start}–{'' if self.high_closed else '<'}{high}"


def _plain(value: Decimal, lang: str) -> str:
    text = f"{value:f}"
    return text.replace(".", ",") if lang == "vi" else text
