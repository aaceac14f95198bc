"""What a stress test is asked: how many futures, from which seed, what is uncertain in them, and how to replay."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from khien.words import t

VARIES = ("success", "time", "cost", "shocks")
"""What may differ from one future to the next."""

MOST_THREADS = 1024

MOST_DRAWS = 20_000_000
"""The value of every draw is kept: 8 bytes each."""


class StressError(ValueError):
    """A stress test that cannot be run as asked; says what to do instead."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = t(key, "vi", **fields), t(key, "en", **fields)
        super().__init__(self.message_en)


@dataclass(frozen=True, kw_only=True)
class StressSettings:
    """Everything that decides the numbers of a stress test, besides programme, plan and shocks.

    Parameters
    ----------
    draws : int
        How many futures, 1 to 20 million.
    seed : int
        0 to 2**63 - 1. A draw depends on seed, number of the draw, project and shock alone.
    repair : bool
        True: what is late is moved to the right under money, people, ceilings and agreements, and left out
        where it cannot start any more. False: delays only push what waits for them.
    vary : tuple of str
        What is drawn: "success", "time", "cost", "shocks". What is not keeps its planning value (or succeeds,
        or does not happen).
    paired : int
        Draws on which every project, shock, partner and country is compared with and without; 0 for none.
    pairs : int
        All pairs among this many of the worst shocks, partners and countries are compared too.
    delay_quarters : int
        How long the delay is of which the worth is told.
    """

    draws: int = 100_000
    seed: int = 0
    repair: bool = True
    vary: tuple[str, ...] = VARIES
    paired: int = 512
    pairs: int = 5
    delay_quarters: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "vary", tuple(self.vary))
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise StressError("stress_out_of_range", name=name, value=value, low=low, high=high)
        if unknown := [name for name in self.vary if name not in VARIES]:
            raise StressError("stress_vary_unknown", value=", ".join(unknown), known=", ".join(VARIES))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in a result."""
        return asdict(self)


_RANGES: tuple[tuple[str, int, int], ...] = (
    ("draws", 1, MOST_DRAWS),
    ("seed", 0, 2**63 - 1),
    ("paired", 0, 1_000_000),
    ("pairs", 0, 100),
    ("delay_quarters", 1, 40),
)
