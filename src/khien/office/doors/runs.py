"""Who may see, start and stop runs."""

from __future__ import annotations

from khien.office.doors import Verdict, by_right
from khien.office.models import Run, User
from khien.office.rights import Right


def may_read(user: User) -> Verdict:
    """Whether the person may see runs and what came out of them."""
    return by_right(user, Right.RUNS_READ)


def may_start(user: User) -> Verdict:
    """Whether the person may start one."""
    return by_right(user, Right.RUNS_START)


def may_cancel(user: User, run: Run) -> Verdict:
    """Whether the person may stop this one: who asked for it, or an administrator."""
    if run.is_over:
        return Verdict(False, "office_why_run_over")
    if run.asked_by_id == user.pk and user.is_active:
        return Verdict(True, "office_why_yours")
    return by_right(user, Right.RUNS_CANCEL_ANY)


def may_restart(user: User, run: Run) -> Verdict:
    """Whether the person may start it again: only what was lost, cancelled or failed."""
    if run.state not in (Run.State.LOST, Run.State.CANCELLED, Run.State.FAILED):
        return Verdict(False, "office_why_run_not_lost")
    return may_start(user)
