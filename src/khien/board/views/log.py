"""The log."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from khien.board.http import actor_of, page, paged
from khien.office import reads


@page("GET")
def entries(request: HttpRequest) -> HttpResponse:
    """All entries, newest first; by act, object or person when asked."""
    found = reads.entries(actor_of(request))
    head = found.values("seq", "hash").first()
    asked = {name: request.GET.get(name, "")[:80] for name in ("act", "kind", "object", "who")}
    for name in ("act", "kind", "object"):
        if asked[name]:
            found = found.filter(**{name: asked[name]})
    if asked["who"]:
        found = found.filter(actor_name__icontains=asked["who"])
    shown = paged(request, found, 100)
    rows = [(entry, _pairs(entry.before), _pairs(entry.after)) for entry in shown]
    return render(request, "board/log.html", {"page": shown, "rows": rows, "head": head, "asked": asked})


def _pairs(text: str) -> list[tuple[str, str]]:
    if not text:
        return []
    plain = json.loads(text)
    return [(name, v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)) for name, v in plain.items()]
