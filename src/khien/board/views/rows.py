"""One row of a table: its form, its history, and saving it as a new version."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from khien.board.http import actor_of, lang_of, page, trouble_page
from khien.office import edit, reads
from khien.office.acts import versions as acts
from khien.office.acts.history import row_history
from khien.office.acts.programme_store import programme_of
from khien.office.acts.trouble import Trouble
from khien.office.doors import Refused
from khien.office.doors import versions as door
from khien.office.models import Version
from khien.programme import TABLES, Column, Programme, Table


@page("GET", "POST")
def row(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A row that is there (`?key=`) or a new one; a POST checks the whole programme and saves a version."""
    version = reads.version(actor_of(request), pk)
    if name not in TABLES:
        raise Http404
    table, key = TABLES[name], request.GET.get("key")
    programme = programme_of(version)
    try:
        cells = {} if key is None else edit.cells_of(programme, table, key)
    except edit.NoSuchRow:
        raise Http404 from None
    context = _context(request, version, table, key, cells)
    if request.method == "POST":
        return _save(request, version, programme, table, key, context)
    if "history" in request.GET and key is not None:
        context["history"] = row_history(actor_of(request), version, name, key)
    return render(request, "board/row.html", context)


def _context(
    request: HttpRequest, version: Version, table: Table, key: str | None, cells: dict[str, str]
) -> dict[str, Any]:
    lang = lang_of(request)
    sent = {n: request.POST.get(f"cell-{n}", "") for n in table.columns} if request.method == "POST" else cells
    return {
        "version": version,
        "table": table,
        "title": table.title(lang),
        "called": cells.get(f"name_{lang}", ""),
        "key": key,
        "fields": [_field(column, sent.get(column.name, ""), lang) for column in table.columns.values()],
        "reason": request.POST.get("reason", ""),
        "may_write": door.may_write(actor_of(request).person),
        "has_children": version.children.exists(),
    }


def _field(column: Column, value: str, lang: str) -> dict[str, Any]:
    choices = column.choices or (("true", "false") if column.kind == "bool" else ())
    return {
        "name": column.name,
        "value": value,
        "meaning": column.meaning(lang),
        "unit": column.unit,
        "required": column.required,
        "choices": choices,
        "numeric": column.kind in ("int", "number"),
        "to": ", ".join(TABLES[name].title(lang) if name in TABLES else name for name in column.to),
    }


def _save(
    request: HttpRequest, version: Version, programme: Programme, table: Table, key: str | None, context: dict[str, Any]
) -> HttpResponse:
    gone = request.POST.get("what") == "remove" and key is not None
    cells = None if gone else {field["name"]: field["value"] for field in context["fields"]}
    try:
        taken = edit.with_row(programme, table, key, cells)
        if taken.programme is None:
            return trouble_page(request, "board/row.html", context | {"taken": taken})
        saved = acts.save_version(actor_of(request), taken.programme, version, context["reason"])
    except Trouble as trouble:
        return trouble_page(request, "board/row.html", context | {"why": trouble.message(lang_of(request))})
    except Refused as refused:
        why = refused.verdict.why(lang_of(request))
        return render(request, "board/row.html", context | {"why": why}, status=403)
    return redirect(f"{reverse('compare')}?a={version.pk}&b={saved.pk}")
