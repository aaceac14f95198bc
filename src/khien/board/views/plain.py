"""Pages that stand for themselves: what went wrong with a form, language, health."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from khien.board.language import COOKIE
from khien.office.health import health as state
from khien.office.models import User
from khien.words import LANGUAGES


def wrong_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old, or did not come from our page."""
    return render(request, "board/wrong_form.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """There is no such page."""
    return render(request, "board/not_found.html", status=404)


def our_fault(request: HttpRequest) -> HttpResponse:
    """A mistake of ours; the page names the request, which stands in the server's log too."""
    return render(request, "board/our_fault.html", status=500)


def language(request: HttpRequest) -> HttpResponse:
    """Change the language, for the account or (before sign-in) for the browser."""
    if request.method != "POST":
        return HttpResponseNotAllowed(("POST",))
    wanted = request.POST.get("language", "")
    response = redirect(_back(request))
    if wanted in LANGUAGES:
        if isinstance(request.user, User):
            request.user.language = wanted
            request.user.save(update_fields=("language",))
        response.set_cookie(COOKIE, wanted, max_age=31_536_000, httponly=True, samesite="Lax")
    return response


def health(request: HttpRequest) -> HttpResponse:
    """Whether the office is well, for a monitor; `?need=worker` also asks for a worker. 503 when not."""
    told = state()
    well = told["well"] and not (request.GET.get("need") == "worker" and not told.get("workers"))
    return JsonResponse(told, status=200 if well else 503)


def _back(request: HttpRequest) -> str:
    where = request.POST.get("next", "/")
    return where if url_has_allowed_host_and_scheme(where, allowed_hosts=None) else "/"
