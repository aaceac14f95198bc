"""Proposing a version for adoption, and deciding on it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble, reason_of
from khien.office.doors import require
from khien.office.doors import versions as door
from khien.office.models import Proposal, Version


def adopted() -> Version | None:
    """The version that holds: the one adopted last."""
    last = Proposal.objects.filter(state=Proposal.State.ADOPTED).order_by("-decided", "-pk").first()
    return None if last is None else last.version


def propose(actor: Actor, version: Version, reason: str) -> Proposal:
    """Propose a version.

    Raises:
        Refused: the person may not propose.
        Trouble: it is proposed already, it is adopted, or no reason.
    """
    require(door.may_propose(actor.person))
    reason = reason_of(reason)
    with transaction.atomic():
        if Proposal.objects.filter(version=version, state=Proposal.State.OPEN).exists():
            raise Trouble("office_trouble_proposed")
        holds = adopted()
        if holds is not None and holds.pk == version.pk:
            raise Trouble("office_trouble_adopted")
        proposal = Proposal.objects.create(version=version, by=actor.person, reason=reason)
        record(actor, "proposal.make", proposal, None, {"version": version.pk, "hash": version.hash, "reason": reason})
    return proposal


def decide(actor: Actor, proposal: Proposal, *, adopt: bool, reason: str) -> Proposal:
    """Adopt or refuse. Who proposed, or wrote the version, cannot.

    Raises:
        Refused: the person may not decide on this one, or it is decided already.
        Trouble: no reason.
    """
    return _close(actor, proposal, Proposal.State.ADOPTED if adopt else Proposal.State.REFUSED, reason)


def withdraw(actor: Actor, proposal: Proposal, reason: str) -> Proposal:
    """Take back one's own proposal.

    Raises:
        Refused: it is somebody else's, or it is decided already.
        Trouble: no reason.
    """
    return _close(actor, proposal, Proposal.State.WITHDRAWN, reason)


def _close(actor: Actor, proposal: Proposal, state: Proposal.State, reason: str) -> Proposal:
    reason = reason_of(reason)
    with transaction.atomic():
        # Read again under the lock: two secretaries may press at once.
        proposal = Proposal.objects.select_for_update(of=("self",)).select_related("version").get(pk=proposal.pk)
        asked = door.may_withdraw if state == Proposal.State.WITHDRAWN else door.may_decide
        require(asked(actor.person, proposal))
        holds = adopted()
        proposal.state, proposal.decision = state, reason
        proposal.decided_by, proposal.decided = actor.person, timezone.now()
        proposal.save(update_fields=("state", "decision", "decided_by", "decided"))
        before = {"state": "open", "adopted": None if holds is None else holds.pk}
        record(actor, f"proposal.{_VERBS[state]}", proposal, before, {
            "state": state, "version": proposal.version_id, "hash": proposal.version.hash, "reason": reason,
        })  # fmt: skip
    return proposal


_VERBS = {Proposal.State.ADOPTED: "adopt", Proposal.State.REFUSED: "refuse", Proposal.State.WITHDRAWN: "withdraw"}
