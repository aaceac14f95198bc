"""Several hazards at once: the highest level of an area, and the rise of compound or successive hazards (Art 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from khien.watch.levels.findings import LevelError, LevelFinding
from khien.watch.levels.tables import common


@dataclass(frozen=True)
class Compound:
    """Level of hazards together: `base` is the highest alone, `rise` what was added, `level` at most the cap."""

    levels: tuple[int, ...]
    base: int
    rise: int
    level: int
    serious: bool


def highest(levels: Sequence[int]) -> int:
    """Several levels in one area: the highest counts. Raises LevelError for none, or for one that is no level."""
    _check(levels)
    return max(levels)


def compound(levels: Sequence[int], *, serious: bool = False) -> Compound:
    """Compound or successive hazards: one level up, two where serious loss is likely, never above 5.

    Args:
        levels: level 0 to 5 of each hazard. Those below the scale (0) do not make a compound: with fewer than two on
            the scale nothing rises.
        serious: a person judges that serious loss of life or property is likely.

    Raises:
        LevelError: fewer than two levels, or one that is no level.
    """
    _check(levels)
    if len(levels) < 2:
        raise LevelError([LevelFinding("one-hazard", "compound", "levels", ",".join(map(str, levels)))])
    facts, base = common()["compound"], max(levels)
    rise = 0
    if sum(level > 0 for level in levels) >= 2:
        rise = facts["rise_serious"] if serious else facts["rise"]
    level = min(base + rise, facts["cap"])
    return Compound(tuple(levels), base, level - base, level, serious)


def _check(levels: Sequence[int]) -> None:
    wrong = [level for level in levels if isinstance(level, bool) or level not in range(6)]
    if wrong or not levels:
        raise LevelError([LevelFinding("not-a-level", "compound", "levels", ", ".join(map(str, wrong)))])
