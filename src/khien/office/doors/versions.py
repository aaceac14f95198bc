"""Who may read, save, propose and decide on versions."""

from __future__ import annotations

from collections.abc import Iterable

from khien.office.doors import Verdict, by_right
from khien.office.models import Proposal, User
from khien.office.rights import Right
from khien.office.territory import outside
from khien.programme import Change, Programme


def may_read(user: User) -> Verdict:
    """Everybody who is of the office sees the whole programme."""
    return by_right(user, Right.VERSIONS_READ)


def may_write(user: User) -> Verdict:
    """Whether the person may save some version at all; what may stand in it `may_save` says."""
    whole = by_right(user, Right.VERSIONS_WRITE)
    if whole:
        return whole
    own = by_right(user, Right.VERSIONS_WRITE_OWN_PLACE)
    if own and not user.provinces:
        return Verdict(False, "office_why_no_province")
    if own:
        return Verdict(True, "office_why_own_province", {"provinces": ", ".join(sorted(user.provinces))})
    return whole


def may_save(user: User, before: Programme | None, after: Programme, changes: Iterable[Change]) -> Verdict:
    """Whether the person may save these changes: all of them, or only rows of their own provinces."""
    writing = may_write(user)
    if not writing or by_right(user, Right.VERSIONS_WRITE):
        return writing
    if before is None:
        return Verdict(False, "office_why_first_version")
    foreign = list(changes)
    for province in sorted(user.provinces):
        own = outside(foreign, before, after, province)
        foreign = own
    if foreign:
        first = foreign[0]
        place = f"{first.table} {first.key}" + (f" {first.column}" if first.column else "")
        return Verdict(False, "office_why_other_rows", {
            "count": len(foreign), "first": place, "provinces": ", ".join(sorted(user.provinces)),
        })  # fmt: skip
    return writing


def may_propose(user: User) -> Verdict:
    """Whether the person may propose a version for adoption."""
    return by_right(user, Right.PROPOSALS_MAKE)


def may_decide(user: User, proposal: Proposal) -> Verdict:
    """Whether the person may decide on a proposal: never on one's own."""
    right = by_right(user, Right.PROPOSALS_DECIDE)
    if not right:
        return right
    if proposal.state != Proposal.State.OPEN:
        return Verdict(False, "office_why_decided")
    if proposal.by_id == user.pk:
        return Verdict(False, "office_why_own_proposal")
    if proposal.version.author_id == user.pk:
        return Verdict(False, "office_why_own_version")
    return right


def may_withdraw(user: User, proposal: Proposal) -> Verdict:
    """Whether the person may take a proposal back: only who made it, while it is open."""
    if proposal.state != Proposal.State.OPEN:
        return Verdict(False, "office_why_decided")
    if proposal.by_id != user.pk:
        return Verdict(False, "office_why_not_yours")
    return by_right(user, Right.PROPOSALS_MAKE)
