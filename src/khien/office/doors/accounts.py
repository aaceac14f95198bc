"""Who may see and change accounts."""

from __future__ import annotations

from khien.office.doors import Verdict, by_right
from khien.office.models import User
from khien.office.rights import Right, Role


def may_read(user: User) -> Verdict:
    """Whether the person may see all accounts."""
    return by_right(user, Right.ACCOUNTS_READ)


def may_invite(user: User) -> Verdict:
    """Whether the person may make accounts."""
    return by_right(user, Right.ACCOUNTS_CHANGE)


def may_change(user: User, other: User) -> Verdict:
    """Whether the person may change roles, send links or deactivate; never oneself, so that nobody raises oneself."""
    right = by_right(user, Right.ACCOUNTS_CHANGE)
    if right and user.pk == other.pk:
        return Verdict(False, "office_why_own_account")
    return right


def may_deactivate(user: User, other: User) -> Verdict:
    """The same, and the last administrator stays."""
    changing = may_change(user, other)
    if changing and Role.ADMINISTRATOR in other.roles and _administrators() <= 1:
        return Verdict(False, "office_why_last_administrator")
    return changing


def _administrators() -> int:
    return User.objects.filter(is_active=True, grants__role=Role.ADMINISTRATOR).distinct().count()
