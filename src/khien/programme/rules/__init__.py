"""Rules that need more than one cell: what the tables mean together. One small function per rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from khien.programme.rules import (
    chain,
    facts,
    ground,
    means,
    needs,
    options,
    order,
    people,
    projects,
    promises,
    spending,
    stages,
)
from khien.programme.sheet import Desk

_RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    *needs.RULES,
    *stages.RULES,
    *chain.RULES,
    *projects.RULES,
    *options.RULES,
    *order.RULES,
    *means.RULES,
    *spending.RULES,
    *people.RULES,
    *promises.RULES,
    *ground.RULES,
    *facts.RULES,
)


def check_meaning(desk: Desk) -> None:
    """Report everything that reads well cell by cell and still cannot be meant."""
    for rule in _RULES:
        rule(desk)
