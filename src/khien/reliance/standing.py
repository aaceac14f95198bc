"""What serves and what is ours, quarter by quarter, and who stands behind the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from khien.reliance.horizon import NEVER


@dataclass(frozen=True)
class Standing:
    """First quarter in which each product serves and each subject is held at home; missing is never.

    `partners` says which foreign organisations stand behind a subject until it is held at home. A subject
    that is missing there, or that has none, depends on somebody abroad who is not known.
    """

    service_from: Mapping[str, int] = field(default_factory=dict)
    held_from: Mapping[str, int] = field(default_factory=dict)
    partners: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def serves(self, product: str, quarter: int) -> bool:
        """Whether a product serves in a quarter."""
        return self.service_from.get(product, NEVER) <= quarter

    def held(self, subject: str | None, quarter: int) -> bool:
        """Whether a subject is held at home in a quarter."""
        return subject is not None and self.held_from.get(subject, NEVER) <= quarter


Stand = Callable[[frozenset[str]], Standing]
"""How things stand when these organisations are cut off: running projects with them do not end in that year."""


def fixed(standing: Standing) -> Stand:
    """The same standing whoever is cut off."""
    return lambda organisations: standing
