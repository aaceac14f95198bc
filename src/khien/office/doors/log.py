"""Who may read the log. Nobody may change it: there is no door for that."""

from __future__ import annotations

from khien.office.doors import Verdict, by_right
from khien.office.models import User
from khien.office.rights import Right


def may_read(user: User) -> Verdict:
    """Whether the person may read every entry."""
    return by_right(user, Right.LOG_READ)
