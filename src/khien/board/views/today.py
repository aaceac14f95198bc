"""What needs a person today."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from khien.board.charts import show
from khien.board.charts.sight import sight_of
from khien.board.http import actor_of, come_again, lang_of, page
from khien.board.tables import due_obligations
from khien.board.views.plan import said_of
from khien.board.views.watch_brief import brief
from khien.office import reads
from khien.office.acts.programme_store import programme_of
from khien.office.acts.proposals import adopted
from khien.office.doors import versions as door
from khien.office.models import Proposal, Run, Version

REFRESH = 2
"""Seconds after which the page asks again while pictures are being drawn."""


@page("GET")
def today(request: HttpRequest) -> HttpResponse:
    """Proposals to decide, warnings and feeds, runs that go on or need a hand, the standing of the programme,
    obligations that fall due."""
    actor = actor_of(request)
    open_proposals = list(reads.proposals(actor).filter(state=Proposal.State.OPEN))
    runs = reads.runs(actor)
    holds = adopted()
    shown = holds or reads.versions(actor).first()
    plan = None if shown is None else _last_plan(actor_runs=runs, version=shown)
    sight = None if plan is None else sight_of(plan)
    body = None if sight is None else show.body(sight, "today", lang_of(request))
    context: dict[str, Any] = {
        "proposals": [(proposal, door.may_decide(actor.person, proposal)) for proposal in open_proposals],
        "working": list(runs.filter(state__in=(Run.State.WAITING, Run.State.RUNNING))[:20]),
        "stuck": list(runs.filter(state__in=(Run.State.LOST, Run.State.FAILED))[:10]),
        "heads": list(reads.heads(actor)[:10]),
        "adopted": holds,
        "version": shown,
        "plan": plan,
        "body": body,
        "obligations": [] if shown is None else due_obligations(programme_of(shown)),
        "may_write": door.may_write(actor.person),
        **brief(actor, lang_of(request)),
    }
    if sight is not None:
        context |= said_of(sight, lang_of(request), "coverage")
    response = render(request, "board/today.html", context)
    if body is not None and body.missing:
        come_again(request, response, REFRESH)
    return response


def _last_plan(actor_runs: Any, version: Version) -> Run | None:
    """The last finished plan of a content: two versions with the same hash share it."""
    found: Run | None = actor_runs.filter(kind="plan", state=Run.State.DONE, version__hash=version.hash).first()
    return found
