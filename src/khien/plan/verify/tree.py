"""Check a tree of prices: does it prove that no plan is worth more than stated?

Each part of the tree is held against the bound that its own prices prove; what cannot beat the stated bound at
these prices is left out; what remains is split by a question. All numbers are whole (see `bound`), and nothing
here is shared with the code that grew the tree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Offer = dict[tuple[int, int], int]
"""What a project is worth at each (option, start), less the price of what it takes."""


class Whole(NamedTuple):
    """All plans: the starts allowed, the first option of every project, the worth of choosing none of a project.

    `look` reads prices and gives the bound without the projects, and the offers of the starts that are left.
    """

    allow: Any  # bool [options, quarters]
    first: list[int]  # [projects + 1]
    none: list[int]
    look: Callable[[Any, Any], tuple[int, list[Offer]] | None]


class _Part(NamedTuple):
    """A part of all plans: the starts left, the projects that have to be chosen, and the prices looked at last."""

    row: int
    keep: Any  # bool [options, quarters]
    must: frozenset[int]
    number: int
    rest: int
    offers: list[Offer]


def tree_bound(whole: Whole, certificate: Any, stated: int) -> int | None:
    """The stated bound if the tree proves it, else the bound of a part that is above it; None if it is no tree.

    The parts are made here, by the questions alone: "is this project chosen, with this option (-1: any), to
    start before this quarter?". Yes and no leave nothing out, so that the leaves cover all plans whatever the
    file says.
    """
    try:
        prices, rows = certificate["prices"], certificate["parts"]
        seen: set[int] = set()
        waiting = [_Part(0, whole.allow, frozenset(), -1, 0, [])]
        while waiting:
            part = waiting.pop()
            number, project, option, before, *branches = rows[part.row]
            if part.row in seen or part.row < 0 or number < 0 or len(branches) != 2:
                return None
            seen.add(part.row)
            if number != part.number:
                found = whole.look(prices[number], part.keep)
                if found is None:
                    return None
                part = part._replace(number=number, rest=found[0], offers=found[1])
            above = _narrowed(whole, part, stated)
            if above is None:
                continue
            bound, part = above
            if project < 0:
                return bound
            if min(branches) <= part.row:
                return None
            waiting += _answers(whole, part, (project, option, before), branches)
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    return stated


def _narrowed(whole: Whole, part: _Part, stated: int) -> tuple[int, _Part] | None:
    """None where the part cannot beat the stated bound; else its bound, and the part without what cannot beat it."""
    offers = [
        {at: x for at, x in offer.items() if part.keep[at]} | ({} if i in part.must else {(-1, -1): whole.none[i]})
        for i, offer in enumerate(part.offers)
    ]
    if not all(offers):
        return None
    best = [max(offer.values()) for offer in offers]
    bound = part.rest + sum(best)
    if bound <= stated:
        return None
    keep, must = part.keep.copy(), set(part.must)
    for i, offer in enumerate(offers):
        for at, x in offer.items():
            if bound - best[i] + x > stated:
                continue
            if at[0] < 0:
                must.add(i)
            else:
                keep[at] = False
    return bound, part._replace(keep=keep, must=frozenset(must))


def _answers(whole: Whole, part: _Part, question: tuple[int, int, int], branches: list[int]) -> list[_Part]:
    """The two parts of a question."""
    project, option, before = question
    mine = range(whole.first[project], whole.first[project + 1])
    yes, no = part.keep.copy(), part.keep.copy()
    yes[mine.start : mine.stop] = False
    for o in mine:
        if option in (-1, o):
            yes[o, :before] = part.keep[o, :before]
            no[o, :before] = False
    return [
        part._replace(row=branches[0], keep=yes, must=part.must | {project}),
        part._replace(row=branches[1], keep=no),
    ]
