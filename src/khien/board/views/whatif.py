"""What if: a plan asked again under other settings, from where it stands."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from khien.board.asking import flat, wishes
from khien.board.charts.sight import PLANS, Sight
from khien.board.choices import plan_choices
from khien.board.http import actor_of, come_again, lang_of, page, trouble_page
from khien.board.views.plan import HEAVY, about, by_link, plan_of
from khien.office import reads
from khien.office.acts import runs as acts
from khien.office.acts.programme_store import programme_of
from khien.office.acts.trouble import Trouble
from khien.office.models import Run

LISTS: Final = ("without_country", "without_partner", "pins", "forbids")
TEXTS: Final = ("budget_factor", "reliance_weight", "min_reliance", "min_reliance_from", "time_limit")
REFRESH: Final = 2


@page("GET")
def newest(request: HttpRequest) -> HttpResponse:
    """Of the plan that holds."""
    return by_link(request, "whatif-run", "pages_whatif")


@page("GET", "POST")
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a plan, or the answer when the run is one; a POST asks, and leads to the answer."""
    actor = actor_of(request)
    run = reads.run(actor, pk)
    if run.kind == "whatif" and "form" not in request.GET and request.method != "POST":
        return _answer(request, run)
    plan = plan_of(actor, pk)
    if request.method == "POST":
        try:
            asked = acts.ask_run(actor, "whatif", plan.version, wishes("whatif", flat(request.POST)), plan.seed, plan)
        except Trouble as trouble:
            why = trouble.message(lang_of(request))
            return trouble_page(request, "board/whatif.html", _form(request, plan) | {"why": why})
        return redirect("whatif-run", pk=asked.pk)
    return render(request, "board/whatif.html", _form(request, plan))


def _form(request: HttpRequest, plan: Run) -> dict[str, Any]:
    from khien.board.charts.comparison import said
    from khien.draw.results import names_of

    lang = lang_of(request)
    programme = programme_of(plan.version)
    names = names_of(programme)[lang]
    answers = Run.objects.filter(kind="whatif", source=plan).select_related("asked_by").defer(*HEAVY).order_by("-pk")
    return about(request, plan) | {
        **plan_choices(programme, lang),
        "sent": {name: request.POST.get(name, "") for name in TEXTS},
        "marked": {name: request.POST.getlist(name) for name in LISTS},
        "answers": [(run, said(run.settings, lang, names)) for run in answers[:20]],
    }


def _whys(table: dict[str, Any] | None, lang: str) -> dict[str, dict[str, Any]]:
    """What the run says of each project that moved: how its cost changed and why; by the name that it shows."""
    if table is None:
        return {}
    at = {column["key"].removeprefix("office_told_"): i for i, column in enumerate(table["columns"])}
    return {
        row[at["project"]]["value"][lang]: {"cost": row[at["cost"]]["value"], "why": row[at["why"]]["value"][lang]}
        for row in table["rows"]
    }


def _answer(request: HttpRequest, run: Run) -> HttpResponse:
    """What came out, or how far it is."""
    from khien.board.charts.comparison import compared, said
    from khien.draw.results import names_of

    source = run.source
    lang = lang_of(request)
    asked = said(run.settings, lang, names_of(programme_of(run.version))[lang])
    context: dict[str, Any] = about(request, run) | {"source": source, "asked": asked}
    if run.state == Run.State.DONE and source is not None and source.kind in PLANS:
        context |= compared(Sight(source), Sight(run), lang_of(request))
        told = {table["key"]: table for table in (run.headline or {}).get("tables", [])}
        whys = _whys(told.get("office_told_what_moved"), lang_of(request))
        context["moves"] = [move | whys.get(move["name"], {"cost": None, "why": ""}) for move in context["moves"]]
        context["has_whys"] = bool(whys)
        context["freed"] = [told[key] for key in ("office_told_freed_money", "office_told_freed_people") if key in told]
    response = render(request, "board/whatif_answer.html", context)
    if not run.is_over:
        come_again(request, response, REFRESH)
    return response
