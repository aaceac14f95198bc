"""Who may see the watch, and what may be done to a warning by whom. No door opens for the program itself."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from khien.office.doors import Verdict, by_right
from khien.office.models import User
from khien.office.rights import Right
from khien.watch.warn.states import OPEN, Record

_NUMBER: Final = re.compile(r"\[(\d{1,18})\]$")


def signature(user: User) -> str:
    """How a person stands in the journal of warnings: name, and number of the account, which never changes."""
    return f"{user.name} [{user.pk}]"


def is_by(user: User, signed: str) -> bool:
    """Whether a name in the journal is this person's: by the number of the account, or, where an entry came from the
    command line and has none, by the name."""
    found = _NUMBER.search(signed)
    if found is not None:
        return int(found[1]) == user.pk
    return signed.strip().casefold() == user.name.strip().casefold()


def may_read(user: User) -> Verdict:
    """Whether the person may see observations, forecasts and warnings."""
    return by_right(user, Right.WATCH_READ)


def may_propose(user: User) -> Verdict:
    """Whether the person may record a signal."""
    return by_right(user, Right.WARNINGS_PROPOSE)


def may_tell(user: User) -> Verdict:
    """Whether the person may say what really happened: whoever works at the desk."""
    approver = by_right(user, Right.WARNINGS_APPROVE)
    return approver or by_right(user, Right.WARNINGS_PROPOSE)


def may_open(user: User) -> Verdict:
    """Whether the person may begin the journal, and so say under which name the office warns."""
    return by_right(user, Right.WARNINGS_APPROVE)


def may_update(user: User, record: Record) -> Verdict:
    """Whether the person may write new content, which then waits for approval."""
    shut = _open(record)
    return by_right(user, Right.WARNINGS_PROPOSE) if shut is None else shut


def may_review(user: User, record: Record) -> Verdict:
    """Whether the person may take what waits into review: never who wrote a part of it."""
    if (shut := _open(record)) is not None:
        return shut
    if record.pending is None:
        return Verdict(False, "lookout_why_nothing_waits")
    if record.under_review:
        return Verdict(False, "lookout_why_in_review")
    return _of_others(user, record)


def may_approve(user: User, record: Record, now: datetime) -> Verdict:
    """Whether the person may make what is under review official: never who wrote a part of it."""
    if (shut := _open(record)) is not None:
        return shut
    if record.pending is None:
        return Verdict(False, "lookout_why_nothing_waits")
    if not record.under_review:
        return Verdict(False, "lookout_why_not_in_review")
    if record.pending.expires <= now:
        return Verdict(False, "lookout_why_over")
    return _of_others(user, record)


def may_stand_down(user: User, record: Record) -> Verdict:
    """Whether the person may end it. A signal may be laid aside by whoever may propose; what is official was approved,
    and to end it takes the same right."""
    if (shut := _open(record)) is not None:
        return shut
    approver = by_right(user, Right.WARNINGS_APPROVE)
    return approver if record.official is not None or approver else by_right(user, Right.WARNINGS_PROPOSE)


def may_cancel(user: User, record: Record) -> Verdict:
    """Whether the person may take back what is official."""
    if (shut := _open(record)) is not None:
        return shut
    if record.official is None:
        return Verdict(False, "lookout_why_not_official")
    return by_right(user, Right.WARNINGS_APPROVE)


def _open(record: Record) -> Verdict | None:
    return None if record.state in OPEN else Verdict(False, "lookout_why_closed")


def _of_others(user: User, record: Record) -> Verdict:
    right = by_right(user, Right.WARNINGS_APPROVE)
    if right and any(is_by(user, writer) for writer in record.writers):
        return Verdict(False, "lookout_why_wrote")
    return right
