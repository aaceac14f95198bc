"""People: need and supply by skill and year, and whom the plan trains."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from khien.board.charts.sight import sight_of
from khien.board.http import actor_of, page
from khien.board.views.plan import by_link, plan_of, shown


@page("GET")
def newest(request: HttpRequest) -> HttpResponse:
    """Of the plan that holds."""
    return by_link(request, "people-run", "pages_people")


@page("GET")
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Of any plan."""
    sight = sight_of(plan_of(actor_of(request), pk))
    return shown(request, "board/people.html", sight, "people", {})
