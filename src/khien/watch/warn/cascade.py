"""What a threat may bring with it, and when: flood, then water, then disease, then supply.

The table (data/cascade.csv) is illustrative where it says so; a programme's own table `cascades` can be given as well.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Link:
    """One threat may raise another `low_hours` to `high_hours` after it began (None: not known; below 0: before)."""

    cause: str
    effect: str
    low_hours: float | None
    high_hours: float | None
    status: str
    note_vi: str = ""
    note_en: str = ""


@dataclass(frozen=True)
class Effect:
    """What may come: by which path, and how many hours after the first threat began (None where a step is not known).

    `status` is "illustrative" as soon as one step is.
    """

    effect: str
    path: tuple[str, ...]
    low_hours: float | None
    high_hours: float | None
    status: str
    note_vi: str
    note_en: str


@cache
def table() -> tuple[Link, ...]:
    """The links that come with Khiên."""
    text = (resources.files(__package__) / "data" / "cascade.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return tuple(
        Link(
            cause=row["cause"],
            effect=row["effect"],
            low_hours=float(row["low_hours"]),
            high_hours=float(row["high_hours"]),
            status=row["status"],
            note_vi=row["note_vi"],
            note_en=row["note_en"],
        )
        for row in rows
    )


def of_programme(pairs: Iterable[tuple[str, str]], known: Sequence[Link] | None = None) -> tuple[Link, ...]:
    """Links of a programme's table `cascades` (cause, effect): times from `known` where it has them, else unknown."""
    times = {(link.cause, link.effect): link for link in (table() if known is None else known)}
    unknown = Link("", "", None, None, "programme")
    return tuple(times.get(pair) or replace(unknown, cause=pair[0], effect=pair[1]) for pair in pairs)


def may_bring(threat: str, links: Sequence[Link] | None = None, *, depth: int = 3) -> list[Effect]:
    """Everything a threat may bring within so many steps, the soonest first; nothing comes twice on one path.

    Args:
        links: left out, those of `table`.
        depth: longest chain, in steps.

    Returns:
        For every effect the path with the earliest possible arrival (unknown times last).
    """
    used = table() if links is None else links
    best: dict[str, Effect] = {}
    waiting = [Effect(threat, (threat,), 0.0, 0.0, "", "", "")]
    while waiting:
        reached = waiting.pop()
        if len(reached.path) > depth:
            continue
        for link in used:
            if link.cause == reached.effect and link.effect not in reached.path:
                longer = _after(reached, link)
                waiting.append(longer)
                if link.effect not in best or _order(longer) < _order(best[link.effect]):
                    best[link.effect] = longer
    return sorted(best.values(), key=_order)


def _after(reached: Effect, link: Link) -> Effect:
    low, high = _sum(reached.low_hours, link.low_hours), _sum(reached.high_hours, link.high_hours)
    status = "illustrative" if "illustrative" in (reached.status, link.status) else link.status
    return Effect(link.effect, (*reached.path, link.effect), low, high, status, link.note_vi, link.note_en)


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _order(effect: Effect) -> tuple[bool, float, float, int, tuple[str, ...]]:
    unknown = effect.low_hours is None
    return unknown, effect.low_hours or 0.0, effect.high_hours or 0.0, len(effect.path), effect.path
