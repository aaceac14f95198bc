"""Proposing a version, and deciding on it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from khien.board.http import actor_of, page
from khien.office import reads
from khien.office.acts import proposals as acts


@page("POST")
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose a version."""
    actor = actor_of(request)
    acts.propose(actor, reads.version(actor, pk), request.POST.get("reason", ""))
    return redirect("version", pk=pk)


@page("POST")
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Adopt, refuse or withdraw."""
    actor = actor_of(request)
    proposal = get_object_or_404(reads.proposals(actor), pk=pk)
    reason, what = request.POST.get("reason", ""), request.POST.get("what", "")
    if what == "withdraw":
        acts.withdraw(actor, proposal, reason)
    elif what in ("adopt", "refuse"):
        acts.decide(actor, proposal, adopt=what == "adopt", reason=reason)
    return redirect("version", pk=proposal.version_id)
