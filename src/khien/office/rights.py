"""The rights, each once (``thing:part:act``), and which role holds which. Nothing else in the product lists them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """What a person may do, in alphabetical order."""

    ACCOUNTS_CHANGE = "accounts:account:change"
    ACCOUNTS_READ = "accounts:account:read"
    HOOKS_CHANGE = "office:hook:change"
    LOG_READ = "log:entry:read"
    PROPOSALS_DECIDE = "programme:proposal:decide"
    PROPOSALS_MAKE = "programme:proposal:make"
    RUNS_CANCEL_ANY = "runs:run:cancel-any"
    RUNS_READ = "runs:run:read"
    RUNS_START = "runs:run:start"
    VERSIONS_READ = "programme:version:read"
    VERSIONS_WRITE = "programme:version:write"
    VERSIONS_WRITE_OWN_PLACE = "programme:version:write-own-place"
    WARNINGS_APPROVE = "watch:warning:approve"
    WARNINGS_PROPOSE = "watch:warning:propose"
    WATCH_READ = "watch:room:read"


class Role(StrEnum):
    """Roles of the programme; a person may hold several."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    DUTY_OFFICER = "duty-officer"
    WARNING_APPROVER = "warning-approver"
    PROVINCE_OFFICER = "province-officer"
    FUND_OFFICER = "fund-officer"
    COUNCIL_MEMBER = "council-member"
    COUNCIL_SECRETARY = "council-secretary"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


_SEE: Final = frozenset({Right.VERSIONS_READ, Right.RUNS_READ, Right.WATCH_READ})

RIGHTS_OF: Final[dict[Role, frozenset[Right]]] = {
    Role.VIEWER: _SEE,
    Role.ANALYST: _SEE | {Right.VERSIONS_WRITE, Right.PROPOSALS_MAKE, Right.RUNS_START},
    Role.DUTY_OFFICER: _SEE | {Right.WARNINGS_PROPOSE},
    Role.WARNING_APPROVER: _SEE | {Right.WARNINGS_APPROVE},
    Role.PROVINCE_OFFICER: _SEE | {Right.VERSIONS_WRITE_OWN_PLACE},
    Role.FUND_OFFICER: _SEE | {Right.RUNS_START},
    Role.COUNCIL_MEMBER: _SEE,
    Role.COUNCIL_SECRETARY: _SEE | {Right.PROPOSALS_MAKE, Right.PROPOSALS_DECIDE},
    Role.AUDITOR: _SEE | {Right.LOG_READ, Right.ACCOUNTS_READ},
    # Who hands out rights does not edit the programme, and reads the log but cannot change it.
    Role.ADMINISTRATOR: _SEE
    | {Right.ACCOUNTS_READ, Right.ACCOUNTS_CHANGE, Right.HOOKS_CHANGE, Right.LOG_READ, Right.RUNS_CANCEL_ANY},
}
"""Every role that may do more than see is listed with exactly what it may."""


def rights_of(roles: Iterable[str]) -> frozenset[Right]:
    """The rights of a person who holds these roles; names that are no role (any more) give none."""
    known = {role.value for role in Role}
    return frozenset().union(*(RIGHTS_OF[Role(role)] for role in roles if role in known))


def holders(right: Right) -> list[Role]:
    """The roles that hold a right: what the office says to somebody who lacks it."""
    return [role for role in Role if right in RIGHTS_OF[role]]
