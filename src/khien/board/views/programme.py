"""Versions: the list, one version, its tables, what was sent, what differs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from khien.board import tables
from khien.board.http import actor_of, file_answer, lang_of, page, paged, trouble_page
from khien.office import intake, reads
from khien.office.acts import drafts, imports
from khien.office.acts import versions as acts
from khien.office.acts.programme_store import programme_of
from khien.office.acts.proposals import adopted
from khien.office.acts.trouble import Trouble
from khien.office.doors import runs as runs_door
from khien.office.doors import versions as door
from khien.office.models import Proposal, Version
from khien.office.unpack import LARGEST_UPLOAD, UploadError
from khien.programme import TABLES, diff, write


@page("GET")
def versions(request: HttpRequest) -> HttpResponse:
    """All versions, and the form for a new one."""
    return render(request, "board/programme.html", _list_context(request))


def _list_context(request: HttpRequest) -> dict[str, Any]:
    actor = actor_of(request)
    return {
        "versions": paged(request, reads.versions(actor)),
        "parents": list(reads.versions(actor)[:200]),
        "adopted": adopted(),
        "may_write": door.may_write(actor.person),
        "most": LARGEST_UPLOAD // 1024 // 1024,
        "drafts": drafts.overview(actor),
    }


@page("POST")
def upload(request: HttpRequest) -> HttpResponse:
    """Check what was sent; save it when it is sound, else show every finding beside its row."""
    actor, lang = actor_of(request), lang_of(request)
    context = _list_context(request) | {"reason": request.POST.get("reason", "")}
    sent = request.FILES.get("file")
    chosen = request.POST.get("parent", "")
    parent = reads.version(actor, int(chosen)) if chosen.isdigit() else None
    context["parent"] = parent
    try:
        if sent is None:
            raise Trouble("office_trouble_no_file")
        if (sent.size or 0) > LARGEST_UPLOAD:
            raise UploadError("office_upload_too_large", most=LARGEST_UPLOAD // 1024 // 1024)
        if request.POST.get("what") == "run" and parent is not None:
            return redirect("run", pk=imports.ask_import(actor, parent, sent.name or "", sent.read()).pk)
        taken = intake.take_in(sent.name or "", sent.read())
        if taken.programme is None:
            return trouble_page(request, "board/findings.html", context | {"taken": taken, "file": sent.name})
        version = acts.save_version(actor, taken.programme, parent, context["reason"])
    except (Trouble, UploadError) as trouble:
        return trouble_page(request, "board/programme.html", context | {"why": trouble.message(lang)})
    return redirect("version", pk=version.pk)


@page("GET")
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: who, when, why, on what; tables, warnings, proposals, runs."""
    actor, lang = actor_of(request), lang_of(request)
    this = reads.version(actor, pk)
    programme = programme_of(this)
    person = actor.person
    proposals = list(reads.proposals(actor).filter(version=this))
    holds = adopted()
    return render(request, "board/version.html", {
        "version": this,
        "title": programme.settings.title(lang),
        "tables": list(tables.overview(programme, lang)),
        "statuses": tables.statuses(programme),
        "warnings": intake.beside_rows(programme),
        "proposals": [(p, door.may_decide(person, p), door.may_withdraw(person, p)) for p in proposals],
        "proposed": any(p.state == Proposal.State.OPEN for p in proposals),
        "may_propose": door.may_propose(person),
        "may_start": runs_door.may_start(person),
        "runs": list(reads.runs(actor).filter(version=this)[:20]),
        "adopted": holds,
        "others": list(reads.versions(actor).exclude(pk=pk)[:100]),
    })  # fmt: skip


@page("GET")
def table(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The rows of one table, searched without diacritics, each with its sources on demand."""
    this = reads.version(actor_of(request), pk)
    if name not in TABLES:
        raise Http404
    programme, wanted = programme_of(this), request.GET.get("q", "")[:200]
    rows = tables.search(programme, TABLES[name], wanted)
    shown = paged(request, rows, 100)
    lang = lang_of(request)
    columns = [(c.name, c.meaning(lang), c.unit) for c in TABLES[name].columns.values()]
    return render(request, "board/table.html", {
        "version": this, "table": TABLES[name], "title": TABLES[name].title(lang), "about": TABLES[name].about(lang),
        "columns": columns, "page": shown, "rows": tables.shown(programme, TABLES[name], list(shown), lang),
        "q": wanted, "count": len(rows), "whole": programme.frames[name].height,
    })  # fmt: skip


@page("GET")
def download(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """A version as a zip of CSV files or as a workbook, to be edited and sent again."""
    this = reads.version(actor_of(request), pk)
    name = f"khien-{this.pk}-{this.hash[:12]}"
    if form == "zip":
        return file_answer(bytes(this.blob.content), f"{name}.zip", "application/zip")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "programme.xlsx"
        write(programme_of(this), file)
        media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return file_answer(file.read_bytes(), f"{name}.xlsx", media)


@page("GET")
def compare(request: HttpRequest) -> HttpResponse:
    """What differs from one version to another, table by table."""
    actor = actor_of(request)
    a, b = (_asked(request, name) for name in ("a", "b"))
    changes = [] if a is None or b is None else diff(programme_of(a), programme_of(b))
    together = a is not None and b is not None and _can_merge(a, b)
    return render(request, "board/compare.html", {
        "a": a, "b": b, "changes": paged(request, changes, 300), "count": len(changes),
        "versions": list(reads.versions(actor)[:200]), "together": together, "may_write": door.may_write(actor.person),
    })  # fmt: skip


def _asked(request: HttpRequest, name: str) -> Version | None:
    chosen = request.GET.get(name, "")
    return reads.version(actor_of(request), int(chosen)) if chosen.isdigit() else None


def _can_merge(a: Version, b: Version) -> bool:
    ancestor = acts.common_ancestor(a, b)
    return ancestor is not None and ancestor.pk not in (a.pk, b.pk)


@page("POST")
def merge(request: HttpRequest) -> HttpResponse:
    """Merge two versions, or show every cell on which they disagree."""
    actor = actor_of(request)
    ours, theirs = (reads.version(actor, int(request.POST.get(n, "0") or 0)) for n in ("a", "b"))
    merged = acts.merge_versions(actor, ours, theirs, request.POST.get("reason", ""))
    if merged.version is None:
        context = {"a": ours, "b": theirs, "conflicts": merged.conflicts}
        return trouble_page(request, "board/conflicts.html", context)
    return redirect("version", pk=merged.version.pk)
