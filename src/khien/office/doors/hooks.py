"""Who may see and change where the office sends word of what happens."""

from __future__ import annotations

from khien.office.doors import Verdict, by_right
from khien.office.models import User
from khien.office.rights import Right


def may_change(user: User) -> Verdict:
    """Whether the person may add and end web hooks, and see what was sent."""
    return by_right(user, Right.HOOKS_CHANGE)
