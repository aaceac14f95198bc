"""Adoption: proposed by one, decided by another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from tests.office.conftest import dearer

from khien import Programme
from khien.office.acts.proposals import adopted, decide, propose, withdraw
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.acts.versions import save_version
from khien.office.doors import Refused
from khien.office.models import Entry, Proposal, Version
from khien.office.rights import Role

Act = Callable[..., Actor]


def test_the_secretary_adopts_what_somebody_else_proposed(actor: Act, first: Version, isle: Programme) -> None:
    assert adopted() is None
    decide(actor(Role.COUNCIL_SECRETARY), propose(actor(Role.ANALYST), first, "ready"), adopt=True, reason="meeting 1")
    assert adopted() == first
    second = save_version(actor(Role.ANALYST), dearer(isle), first, "more")
    refused = propose(actor(Role.ANALYST), second, "please")
    decide(actor(Role.COUNCIL_SECRETARY), refused, adopt=False, reason="too dear")
    assert adopted() == first
    acts = [entry.act for entry in Entry.objects.order_by("seq")]
    assert acts[1:] == ["proposal.make", "proposal.adopt", "version.save", "proposal.make", "proposal.refuse"]


def test_who_proposes_cannot_decide(actor: Act, first: Version) -> None:
    proposal = propose(actor(Role.COUNCIL_SECRETARY), first, "from the council itself")
    with pytest.raises(Refused, match="Who proposes does not decide"):
        decide(actor(Role.COUNCIL_SECRETARY), proposal, adopt=True, reason="mine")
    decide(actor(Role.COUNCIL_SECRETARY, "another"), proposal, adopt=True, reason="fine")
    assert adopted() == first


def test_the_database_itself_keeps_the_two_apart(actor: Act, first: Version) -> None:
    proposal = propose(actor(Role.ANALYST), first, "ready")
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(state="adopted", decided_by=proposal.by)


def test_an_analyst_cannot_decide_and_a_viewer_cannot_propose(actor: Act, first: Version) -> None:
    with pytest.raises(Refused, match="council secretary"):
        decide(actor(Role.ANALYST, "second"), propose(actor(Role.ANALYST), first, "ready"), adopt=True, reason="yes")
    with pytest.raises(Refused):
        propose(actor(Role.VIEWER), first, "please")


def test_nothing_is_decided_twice(actor: Act, first: Version) -> None:
    proposal = propose(actor(Role.ANALYST), first, "ready")
    with pytest.raises(Trouble, match="proposed already"):
        propose(actor(Role.ANALYST), first, "once more")
    decide(actor(Role.COUNCIL_SECRETARY), proposal, adopt=True, reason="yes")
    with pytest.raises(Refused, match="decided already"):
        decide(actor(Role.COUNCIL_SECRETARY), proposal, adopt=False, reason="no")
    with pytest.raises(Trouble, match="adopted one already"):
        propose(actor(Role.ANALYST), first, "again")


def test_only_who_proposed_takes_it_back(actor: Act, first: Version) -> None:
    proposal = propose(actor(Role.ANALYST), first, "ready")
    with pytest.raises(Refused, match="Only who proposed"):
        withdraw(actor(Role.ANALYST, "second"), proposal, "no")
    assert withdraw(actor(Role.ANALYST), proposal, "a mistake").state == "withdrawn"
    assert adopted() is None
