"""Stress: which shocks, how many futures, and what they do to a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from khien.board.asking import wishes
from khien.board.charts.sight import sight_of
from khien.board.http import actor_of, come_again, lang_of, page, trouble_page
from khien.board.views.plan import HEAVY, about, by_link, newest_plan, plan_of, shown
from khien.office import reads
from khien.office.acts import runs as acts
from khien.office.acts.programme_store import programme_of
from khien.office.acts.trouble import Trouble
from khien.office.models import Run

REFRESH: Final = 3
HIT: Final = {
    "partner": "organisations", "country": "countries", "site": "sites", "place": "places", "skill": "skills",
}  # fmt: skip
"""Tables that hold the names of what a kind of shock hits; sources of money have words of their own."""


@page("GET")
def newest(request: HttpRequest) -> HttpResponse:
    """The last answer about the plan that holds; the form when nobody has asked."""
    plan = newest_plan(actor_of(request))
    if plan is not None and "run" not in request.GET:
        runs = Run.objects.filter(kind="stress", source=plan).exclude(state__in=(Run.State.CANCELLED, Run.State.FAILED))
        if (last := runs.order_by("-pk").first()) is not None:
            return redirect("stress-run", pk=last.pk)
    return by_link(request, "stress-ask", "pages_stress")


@page("GET", "POST")
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """The shocks of the programme to choose from; a POST asks, and leads to the answer."""
    actor = actor_of(request)
    plan = plan_of(actor, pk)
    if request.method == "POST":
        try:
            run = acts.ask_run(actor, "stress", plan.version, _asked(request, plan), _seed(request), plan)
        except Trouble as trouble:
            why = trouble.message(lang_of(request))
            return trouble_page(request, "board/stress_ask.html", _form(request, plan) | {"why": why})
        return redirect("stress-run", pk=run.pk)
    return render(request, "board/stress_ask.html", _form(request, plan))


def _asked(request: HttpRequest, plan: Run) -> dict[str, Any]:
    """What the form asks; all shocks ticked is the same as saying nothing of them."""
    said: dict[str, Any] = wishes("stress", {"draws": request.POST.get("draws", "")})
    if request.POST.get("delays") == "push":
        said["repair"] = False
    known = programme_of(plan.version).shocks["id"].to_list()
    ticked = request.POST.getlist("shock")
    if "shocks" in request.POST and set(ticked) != set(known):
        said["shocks"] = sorted(set(ticked))
    return said if ticked else _without_shocks(said)


def _without_shocks(said: dict[str, Any]) -> dict[str, Any]:
    """Nothing ticked: the futures differ by chance of success, time and cost alone."""
    said.pop("shocks", None)
    return said | {"vary": ["success", "time", "cost"]}


def _hit(kind: str, key: str | None, lang: str, called: Mapping[str, Mapping[str, str]]) -> str | None:
    """What a shock hits, by name."""
    if key is None:
        return None
    if kind == "budget":
        from khien.draw.content.means import source_name

        return source_name(key, lang)
    return called.get(HIT[kind], {}).get(key, key)


def _seed(request: HttpRequest) -> int:
    text = request.POST.get("seed", "").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 11):
        raise Trouble("office_trouble_number", value=text[:40])
    return int(text or 0)


def _form(request: HttpRequest, plan: Run) -> dict[str, Any]:
    from khien.draw.results import names_of

    lang, programme = lang_of(request), programme_of(plan.version)
    ticked = request.POST.getlist("shock") if request.method == "POST" else programme.shocks["id"].to_list()
    called = names_of(programme)[lang]
    shocks = [
        row | {
            "name": row[f"name_{lang}"] or row["id"], "on": row["id"] in ticked,
            "hit": _hit(row["kind"], row["key"], lang, called),
        }
        for row in programme.shocks.iter_rows(named=True)
    ]  # fmt: skip
    answers = Run.objects.filter(kind="stress", source=plan).select_related("asked_by").defer(*HEAVY).order_by("-pk")
    return about(request, plan) | {"shocks": shocks, "answers": list(answers[:10]), "sent": request.POST}


@page("GET")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """What the futures say, or how far the run is."""
    run = reads.run(actor_of(request), pk)
    if run.kind != "stress" or run.source is None:
        raise Http404
    if run.state != Run.State.DONE:
        response = render(request, "board/stress_wait.html", about(request, run.source) | {"stress": run})
        if not run.is_over:
            come_again(request, response, REFRESH)
        return response
    sight = sight_of(run.source, run)
    return shown(request, "board/stress.html", sight, "stress", {"stress": run, "chosen": run.settings.get("shocks")})
