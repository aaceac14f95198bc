"""Many rows of a table at once, as a grid; what is typed waits on the server until it is saved as a version."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from khien.board import tables
from khien.board.http import actor_of, lang_of, page, paged
from khien.board.views.door import SCRIPTED
from khien.office import edit, reads
from khien.office.acts import drafts as acts
from khien.office.acts.programme_store import programme_of
from khien.office.acts.trouble import Trouble
from khien.office.doors import Refused, require
from khien.office.doors import versions as door
from khien.office.models import Version
from khien.programme import TABLES, Table
from khien.programme.compare import row_key

_FIELDS: Final = 440
"""Fields of one form, below what the office takes at once."""
_EMPTY: Final = 3
"""Rows at the end that wait for something new."""
POLICY: Final = f"{SCRIPTED}; connect-src 'self'"


@page("GET", "POST")
def grid(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The rows as fields; a POST keeps them, and checks or saves everything that is kept on this version."""
    actor = actor_of(request)
    version = reads.version(actor, pk)
    if name not in TABLES:
        raise Http404
    require(door.may_write(actor.person))
    if request.method == "POST":
        return _done(request, version, TABLES[name])
    return _shown(request, version, TABLES[name], {})


def _done(request: HttpRequest, version: Version, table: Table) -> HttpResponse:
    actor, what, lang = actor_of(request), request.POST.get("what", "keep"), lang_of(request)
    try:
        if what == "forget":
            acts.forget(actor, version)
            return redirect("grid", pk=version.pk, name=table.name)
        count = acts.keep_rows(actor, version, table.name, _typed(request, table))
        if request.headers.get("X-Quiet"):
            return HttpResponse(str(count), content_type="text/plain")
        if what == "check":
            return _shown(request, version, table, {"taken": acts.check_draft(actor, version)})
        if what == "save":
            saved = acts.save_draft(actor, version, request.POST.get("reason", ""))
            if saved.version is None:
                return trouble(request, version, table, {"taken": saved.taken})
            return redirect(f"{reverse('compare')}?a={version.pk}&b={saved.version.pk}")
    except Trouble as error:
        return trouble(request, version, table, {"why": error.message(lang)})
    except Refused as refused:
        return trouble(request, version, table, {"why": refused.verdict.why(lang)}, 403)
    return redirect(f"{reverse('grid', args=(version.pk, table.name))}?{request.GET.urlencode()}")


def trouble(
    request: HttpRequest, version: Version, table: Table, told: dict[str, Any], status: int = 422
) -> HttpResponse:
    """The grid again, with what is to be mended."""
    response = _shown(request, version, table, told)
    response.status_code = status
    return response


def _typed(request: HttpRequest, table: Table) -> dict[str, dict[str, str] | None]:
    """The rows of the form by key."""
    rows: dict[str, dict[str, str] | None] = {}
    for n, key in enumerate(request.POST.getlist("key")):
        gone = f"gone-{n}" in request.POST
        rows[key] = None if gone else {c: request.POST.get(f"cell-{n}-{c}", "") for c in table.columns}
    return rows


def _shown(request: HttpRequest, version: Version, table: Table, told: dict[str, Any]) -> HttpResponse:
    actor, lang, programme = actor_of(request), lang_of(request), programme_of(version)
    wanted = request.GET.get("q", "")[:200]
    before, mine = acts.as_text(version, table.name), acts.kept(actor, version)
    draft = mine.get(table.name, {})
    keys = [row_key(table, row) for row in tables.search(programme, table, wanted)]
    shown = paged(request, keys, max(3, _FIELDS // (len(table.columns) + 2) - _EMPTY))
    added = [key for key in draft if edit.is_new(key)]
    free = max([int(key[1:]) for key in added], default=0)
    rows = [_row(table, key, draft.get(key, before[key]), before[key], key in draft) for key in shown]
    if shown.number == shown.paginator.num_pages:
        rows += [_row(table, key, draft[key], {}, True) for key in added[:20]]
        rows += [_row(table, f"{edit.NEW}{free + n}", {}, {}, False) for n in range(1, _EMPTY + 1)]
    response = render(request, "board/grid.html", told | {
        "version": version, "table": table, "title": table.title(lang), "page": shown, "rows": list(enumerate(rows)),
        "columns": [(c, c.meaning(lang)) for c in table.columns.values()], "q": wanted,
        "count": sum(len(part) for part in mine.values()), "elsewhere": sorted(set(mine) - {table.name}),
        "reason": request.POST.get("reason", ""), "has_children": version.children.exists(),
    })  # fmt: skip
    response["Content-Security-Policy"] = POLICY
    return response


def _row(table: Table, key: str, cells: dict[str, str] | None, before: dict[str, str], kept: bool) -> dict[str, Any]:
    """A row as the page shows it: what is typed, and whether that differs from what stands in the version."""
    new = edit.is_new(key)
    values = before if cells is None else cells
    shown = []
    for column in table.columns.values():
        text = values.get(column.name, "")
        changed = not new and text.strip() != before.get(column.name, "")
        choices = column.choices or (("true", "false") if column.kind == "bool" else ())
        shown.append({
            "name": column.name, "value": text, "hit": ' class="hit"' if changed else "", "choices": choices,
            "mode": ' inputmode="decimal"' if column.kind in ("int", "number") else "",
        })  # fmt: skip
    return {"key": key, "new": new, "gone": cells is None, "kept": kept, "cells": shown}
