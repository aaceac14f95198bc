"""Web hooks, and what the office sent lately."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from khien.board.http import actor_of, lang_of, page, paged, trouble_page
from khien.office import reads
from khien.office.acts import hooks as acts
from khien.office.acts.trouble import Trouble


@page("GET", "POST")
def hooks(request: HttpRequest) -> HttpResponse:
    """All hooks, and the messages of the last weeks; a POST adds a hook and shows its secret once."""
    actor = actor_of(request)
    context: dict[str, Any] = {"hooks": list(reads.hooks(actor)), "notices": paged(request, reads.notices(actor), 50)}
    if request.method == "POST":
        told = [request.POST.get(name, "") for name in ("name", "url", "acts")]
        context |= dict(zip(("name", "url", "acts"), told, strict=True))
        try:
            hook, secret = acts.add_hook(actor, told[0], told[1], told[2].replace(",", " ").split())
        except Trouble as trouble:
            return trouble_page(request, "board/hooks.html", context | {"why": trouble.message(lang_of(request))})
        return render(request, "board/hook_made.html", {"hook": hook, "secret": secret})
    return render(request, "board/hooks.html", context)


@page("POST")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell it nothing any more."""
    acts.end_hook(actor_of(request), pk)
    return redirect("hooks")
