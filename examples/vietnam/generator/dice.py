"""Draws that depend on nothing but the seed and a key.

The same key gives the same number on every machine and Python, and adding a row never changes another one.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

SEED = "khien-vietnam-2026"
T = TypeVar("T")


def unit(*key: object) -> float:
    """A number in [0, 1) for the key."""
    text = "|".join([SEED, *map(str, key)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2**56


def between(low: float, high: float, *key: object) -> float:
    """A number in [low, high) for the key."""
    return low + (high - low) * unit(*key)


def whole(low: int, high: int, *key: object) -> int:
    """A whole number in low..high, both included."""
    return low + int(unit(*key) * (high - low + 1))


def pick(items: Sequence[T], *key: object) -> T:
    """One of the items."""
    return items[whole(0, len(items) - 1, *key)]


def some(items: Sequence[T], count: int, *key: object) -> list[T]:
    """`count` different items, in the order in which they came."""
    ranked = sorted(range(len(items)), key=lambda i: unit(*key, i))[:count]
    return [items[i] for i in sorted(ranked)]


def near(step: float, value: float) -> float:
    """The value rounded to the step, so that no figure looks more exact than it is."""
    return round(round(value / step) * step, 6)
