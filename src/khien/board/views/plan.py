"""A plan: headline, roadmap, money, people, coverage, reasons, frontier; its projects; two plans side by side."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from khien.board.charts import show
from khien.board.charts.memo import Memo
from khien.board.charts.sight import PLANS, Sight, sight_of
from khien.board.http import actor_of, come_again, lang_of, page, paged
from khien.office import reads
from khien.office.acts.proposals import adopted
from khien.office.acts.record import Actor
from khien.office.doors import runs as runs_door
from khien.office.models import Run

PARTS: Final = ("roadmap", "money", "people", "outcome", "why", "frontier")
HEAVY: Final = ("headline", "log")
"""Columns of a run that lists of runs do without."""
REFRESH: Final = 2
"""Seconds after which a page asks again whose pictures are still being drawn."""
WAITING: Final = 5
"""Seconds after which a page asks again that waits for a run."""


_said: Memo[dict[str, Any]] = Memo(40)


def newest_plan(actor: Actor) -> Run | None:
    """The plan that pages show by themselves: the last one of what holds, else the last one of all."""
    done = reads.runs(actor).filter(state=Run.State.DONE, kind="plan")
    holds = adopted()
    of_it = None if holds is None else done.filter(version__hash=holds.hash).first()
    return of_it or done.first()


def plan_of(actor: Actor, pk: int) -> Run:
    """A finished plan; Http404 when the run is none."""
    run = reads.run(actor, pk)
    if run.state != Run.State.DONE or run.kind not in PLANS:
        raise Http404
    return run


def about(request: HttpRequest, run: Run) -> dict[str, Any]:
    """What every page about a plan says at its top: which it is, and which others there are."""
    actor, holds = actor_of(request), adopted()
    others = reads.runs(actor).filter(state=Run.State.DONE, kind__in=PLANS).defer(*HEAVY)[:60]
    return {
        "run": run,
        "holds": holds is not None and holds.hash == run.version.hash,
        "plans": list(others),
        "may_start": runs_door.may_start(actor.person),
    }


def shown(request: HttpRequest, template: str, sight: Sight, part: str, more: dict[str, Any]) -> HttpResponse:
    """A page with a part of the report in it; it asks again by itself while pictures are being drawn."""
    if not show.is_ready(sight, part):
        response = render(request, "board/working_out.html", about(request, sight.plan) | more)
        come_again(request, response, REFRESH)
        return response
    body = show.body(sight, part, lang_of(request))
    context = about(request, sight.plan) | {"body": body, "part": part} | more
    response = render(request, template, context)
    if body.missing:
        come_again(request, response, REFRESH)
    return response


def said_of(sight: Sight, lang: str, name: str) -> dict[str, Any]:
    """What stands behind the numbers of a page that no part of a report lays out."""
    return _said.of((sight.only(("stress",)).key, lang, name), lambda: _say(sight, lang, name))


def _say(sight: Sight, lang: str, name: str) -> dict[str, Any]:
    from khien.board.charts.about import Teller

    teller = Teller(sight, lang, sight.results())
    return {"about": teller.about(name), "dated": teller.dated}


def nothing(request: HttpRequest, heading: str) -> HttpResponse:
    """A page that says that there is no plan yet, and who can make one."""
    may = runs_door.may_start(actor_of(request).person)
    return render(request, "board/no_plan.html", {"heading": heading, "may_start": may})


def by_link(request: HttpRequest, address: str, heading: str) -> HttpResponse:
    """Go to the page about the plan that was chosen, or about the one that is shown by itself."""
    chosen = request.GET.get("run", "")
    run = plan_of(actor_of(request), int(chosen)) if chosen.isdigit() and len(chosen) < 19 else None
    run = run or newest_plan(actor_of(request))
    return nothing(request, heading) if run is None else redirect(address, pk=run.pk)


@page("GET")
def newest(request: HttpRequest) -> HttpResponse:
    """The plan that holds."""
    return by_link(request, "plan-run", "pages_plan")


@page("GET")
def part(request: HttpRequest, pk: int, name: str = "plan") -> HttpResponse:
    """One part of a plan; the first is its headline."""
    if name not in (*PARTS, "plan"):
        raise Http404
    sight = sight_of(plan_of(actor_of(request), pk))
    missing = {"why": "explain", "frontier": "frontier"}.get(name)
    more: dict[str, Any] = {"parts": PARTS, "asked": None, "ask": missing}
    if missing is not None and sight.aside(missing) is None:
        more["lacks"] = missing
        more["asked"] = _under_way(sight.plan, missing)
    elif missing is not None:
        more["answer"] = sight.aside(missing)
    response = shown(request, "board/plan.html", sight, name, more)
    if more["asked"] is not None:
        come_again(request, response, WAITING)
    return response


def _under_way(plan: Run, kind: str) -> Run | None:
    """A run that will answer, if somebody has asked."""
    runs = Run.objects.filter(kind=kind, state__in=(Run.State.WAITING, Run.State.RUNNING))
    runs = runs.filter(version__hash=plan.version.hash) if kind == "frontier" else runs.filter(source=plan)
    return runs.order_by("-pk").first()


@page("GET")
def projects(request: HttpRequest, pk: int) -> HttpResponse:
    """All projects, chosen and refused, searched without diacritics, by group and by whether they are in."""
    from khien.board.charts.projects import listed

    sight, lang = sight_of(plan_of(actor_of(request), pk)), lang_of(request)
    asked = {name: request.GET.get(name, "")[:200] for name in ("q", "group", "is")}
    found = listed(sight, lang, q=asked["q"], group=asked["group"], is_=asked["is"])
    groups = sorted(sight.results().called("groups", lang).items(), key=lambda pair: pair[1])
    context = about(request, sight.plan) | {
        "parts": PARTS, "part": "projects", "page": paged(request, found, 100), "asked_for": asked,
        "count": len(found), "groups": groups, "stress": sight.aside("stress"), **said_of(sight, lang, "roadmap"),
    }  # fmt: skip
    return render(request, "board/plan_projects.html", context)


@page("GET")
def project(request: HttpRequest, pk: int, project: str) -> HttpResponse:
    """One project: what it is, what was chosen, its other options, why, and where the numbers come from."""
    from khien.board.charts.projects import told

    sight = sight_of(plan_of(actor_of(request), pk))
    found = told(sight, lang_of(request), project)
    if found is None:
        raise Http404
    return render(request, "board/plan_project.html", about(request, sight.plan) | found)


@page("GET")
def compare(request: HttpRequest) -> HttpResponse:
    """What moved from one plan to another, and how value and money changed."""
    from khien.board.charts.comparison import compared

    actor, lang = actor_of(request), lang_of(request)
    chosen = [request.GET.get(name, "") for name in ("a", "b")]
    runs = [plan_of(actor, int(n)) if n.isdigit() and len(n) < 19 else None for n in chosen]
    plans = list(reads.runs(actor).filter(state=Run.State.DONE, kind__in=PLANS).defer(*HEAVY)[:100])
    context: dict[str, Any] = {"a": runs[0], "b": runs[1], "plans": plans}
    if runs[0] is not None and runs[1] is not None:
        context |= compared(Sight(runs[0]), Sight(runs[1]), lang)
    return render(request, "board/plan_compare.html", context)
