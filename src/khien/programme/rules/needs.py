"""Capabilities and requirements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from khien.programme.sheet import Desk


def requirements_have_products(desk: Desk) -> None:
    """A required capability needs at least one product that would bring it."""
    brought = set(desk.frame("yields")["capability"].drop_nulls())
    seen: set[str] = set()
    for line, capability in desk["requirements"].rows("capability"):
        if capability is not None and capability not in brought and capability not in seen:
            seen.add(capability)
            desk.note("requirement-without-product", "requirements", line, "capability", capability)


def capabilities_have_requirements(desk: Desk) -> None:
    """A capability that is never required is left out of the coverage, which should not surprise anybody."""
    required = set(desk.frame("requirements")["capability"].drop_nulls())
    for line, capability in desk["capabilities"].rows("id"):
        if capability is not None and capability not in required:
            desk.note("capability-without-requirement", "capabilities", line, "id", capability)


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    requirements_have_products,
    capabilities_have_requirements,
)
