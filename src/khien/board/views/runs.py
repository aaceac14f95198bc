"""Runs: the list, one run, starting, stopping, and what came out."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from khien.board.asking import flat, whole, wishes
from khien.board.choices import plan_choices
from khien.board.http import actor_of, come_again, file_answer, lang_of, page, paged
from khien.office import reads
from khien.office.acts import imports
from khien.office.acts import runs as acts
from khien.office.acts.programme_store import programme_of
from khien.office.acts.trouble import Trouble
from khien.office.doors import runs as door
from khien.office.doors import versions as versions_door
from khien.office.jobs.kinds import KINDS
from khien.office.models import Run

REFRESH = 3
"""Seconds after which the page of a run that goes on asks again, by a header and without a script."""


@page("GET")
def runs(request: HttpRequest) -> HttpResponse:
    """All runs, and the form for a plan."""
    actor = actor_of(request)
    versions, chosen = list(reads.versions(actor)[:100]), request.GET.get("version", "")
    context: dict[str, Any] = {
        "runs": paged(request, reads.runs(actor)), "may_start": door.may_start(actor.person), "versions": versions,
        "chosen": chosen,
    }  # fmt: skip
    if versions and context["may_start"]:
        version = next((one for one in versions if str(one.pk) == chosen), versions[0])
        context |= plan_choices(programme_of(version), lang_of(request))
    return render(request, "board/runs.html", context)


@page("POST")
def start(request: HttpRequest) -> HttpResponse:
    """Ask for a run; the same request again leads to the run that is there."""
    actor = actor_of(request)
    kind = request.POST.get("kind", "plan")
    if kind not in KINDS:
        raise Trouble("office_trouble_settings")
    source = None
    if (chosen := request.POST.get("source", "")).isdigit():
        source = reads.run(actor, int(chosen))
        version = source.version
    else:
        version = reads.version(actor, whole(request.POST.get("version", "")) or 0)
    settings = wishes(kind, flat(request.POST))
    run = acts.ask_run(actor, kind, version, settings, whole(request.POST.get("seed", "")) or 0, source)
    return redirect("run", pk=run.pk)


@page("GET")
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: how it goes, or what came out."""
    actor = actor_of(request)
    this = reads.run(actor, pk)
    person = actor.person
    response = render(request, "board/run.html", {
        "run": this, "files": list(this.artefacts.select_related(None).values("name", "media", "blob__size")),
        "derived": list(this.derived.order_by("-pk")[:20]), "may_start": door.may_start(person),
        "may_cancel": door.may_cancel(person, this), "may_restart": door.may_restart(person, this),
        "asked": _asked(this, lang_of(request)), "may_write": versions_door.may_write(person),
    })  # fmt: skip
    if not this.is_over:
        come_again(request, response, REFRESH)
    return response


def _asked(this: Run, lang: str) -> list[tuple[str, str]]:
    """The settings of a run in words; names are only looked up where ids stand."""
    from khien.board.charts.comparison import NAMED, pairs
    from khien.draw.results import names_of

    ids = any(this.settings.get(name) for name in NAMED)
    return pairs(this.settings, lang, names_of(programme_of(this.version))[lang] if ids else {})


@page("POST")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop it."""
    actor = actor_of(request)
    acts.cancel_run(actor, reads.run(actor, pk))
    return redirect("run", pk=pk)


@page("POST")
def restart(request: HttpRequest, pk: int) -> HttpResponse:
    """Start it again."""
    actor = actor_of(request)
    acts.restart_run(actor, reads.run(actor, pk))
    return redirect("run", pk=pk)


@page("POST")
def save_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what an import found sound as a version."""
    actor = actor_of(request)
    run = reads.run(actor, pk)
    saved = imports.save_import(actor, run, request.POST.get("reason", ""))
    return redirect(f"{reverse('compare')}?a={run.version_id}&b={saved.pk}")


@page("GET")
def everything(request: HttpRequest, pk: int) -> HttpResponse:
    """All that a run was asked, stood on and made, as one zip: enough to make it again elsewhere."""
    run = reads.run(actor_of(request), pk)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        names = ("kind", "state", "settings", "seed", "code", "created", "started", "ended", "headline", "log")
        told = {name: getattr(run, name) for name in names} | {
            "run": run.pk, "version": run.version_id, "programme_hash": run.version.hash, "source": run.source_id,
            "asked_by": run.asked_by.name, "trouble": {"vi": run.trouble_vi, "en": run.trouble_en},
        }  # fmt: skip
        packed.writestr("run.json", json.dumps(told, ensure_ascii=False, indent=1, default=str))
        packed.writestr("programme.zip", bytes(run.version.blob.content))
        for one in run.artefacts.select_related("blob"):
            packed.writestr(f"files/{one.name}", bytes(one.blob.content))
    return file_answer(out.getvalue(), f"khien-run-{run.pk}.zip", "application/zip")


REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:"
)
"""A report is one file with its own script. In a sandbox it has no origin: it sees no cookie and no page of ours."""


@page("GET")
def artefact(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A file that a run made: a report to be read, everything else to be saved."""
    found = reads.artefact(actor_of(request), pk, name)
    content = bytes(found.blob.content)
    if found.run.kind == "report" and found.name in ("report.vi.html", "report.en.html") and "save" not in request.GET:
        response = HttpResponse(content, content_type="text/html; charset=utf-8")
        response["Content-Security-Policy"] = REPORT_POLICY
        return response
    return file_answer(content, f"run-{pk}-{found.name}", found.media)
