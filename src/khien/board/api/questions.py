"""What a program may ask."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Path, Query, Schema

from khien.board.api.door import NO, actor, make_api
from khien.board.api.watch import router
from khien.office import reads
from khien.office.acts import runs as acts
from khien.office.acts.programme_store import programme_of
from khien.office.acts.proposals import adopted
from khien.office.acts.tokens import Scope
from khien.office.archive import pack
from khien.office.models import Run, Version
from khien.programme import TABLES

api = make_api()
api.add_router("/watch", router)
Id = Annotated[int, Path(ge=1, lt=2**63)]
Before = Annotated[int | None, Query(ge=1, lt=2**63)]
Most = Annotated[int, Query(ge=1, le=200)]
Kind = Literal["plan", "whatif", "stress", "reliance", "frontier", "explain", "report"]
State = Literal["waiting", "running", "done", "failed", "cancelled", "lost"]


class Well(Schema):
    """The office answers."""

    well: bool


class VersionOut(Schema):
    """A version of the programme."""

    id: int
    hash: str
    parent: int | None
    author: str
    reason: str
    created: datetime
    rows: int
    warnings: int
    adopted: bool


class Rows(Schema):
    """Some rows of a table; `total` is how many it has."""

    total: int
    rows: list[dict[str, Any]]


class RunOut(Schema):
    """A run: what was asked, how it goes, what came out."""

    id: int
    kind: str
    state: str
    version: int
    hash: str
    source: int | None
    settings: dict[str, Any]
    seed: int
    code: str
    asked_by: str
    created: datetime
    ended: datetime | None
    share: float | None
    trouble_vi: str
    trouble_en: str
    headline: dict[str, Any] | None
    files: list[str]


class RunIn(Schema):
    """A request; the same request again gives the run that is there."""

    kind: Kind
    version: Annotated[int, Field(ge=1, lt=2**63)]
    settings: Annotated[dict[str, Any], Field(default_factory=dict)]
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    source: Annotated[int | None, Field(ge=1, lt=2**63)] = None


class EntryOut(Schema):
    """An entry of the log, exactly as hashed."""

    seq: int
    at: str
    request: str
    actor_id: int | None
    actor_name: str
    roles: str
    act: str
    kind: str
    object: str
    before: str
    after: str
    previous: str
    hash: str


@api.get("/health", auth=None, response={200: Well})
def health(request: HttpRequest) -> Any:
    """Whether the office answers and reaches its database."""
    Version.objects.exists()
    return {"well": True}


@api.get("/versions", response={200: list[VersionOut], **NO})
def versions(request: HttpRequest, before: Before = None, most: Most = 50) -> Any:
    """Versions, newest first; go on with `before`, the smallest id so far."""
    rows = reads.versions(actor(request, Scope.READ))
    rows = rows if before is None else rows.filter(pk__lt=before)
    return [_version(one) for one in rows[:most]]


@api.get("/versions/{pk}", response={200: VersionOut, **NO})
def version(request: HttpRequest, pk: Id) -> Any:
    """One version."""
    return _version(reads.version(actor(request, Scope.READ), pk))


@api.get("/versions/{pk}/tables/{name}", response={200: Rows, **NO})
def table(
    request: HttpRequest, pk: Id, name: str, offset: Annotated[int, Query(ge=0, lt=2**40)] = 0, most: Most = 200
) -> Any:
    """Rows of a table, in their order."""
    found = reads.version(actor(request, Scope.READ), pk)
    if name not in TABLES:
        raise Http404
    frame = programme_of(found).frames[name]
    return {"total": frame.height, "rows": frame.slice(offset, most).to_dicts()}


@api.get("/versions/{pk}/findings", response={200: list[dict[str, Any]], **NO})
def findings(request: HttpRequest, pk: Id) -> Any:
    """What the check warns of: code, place and words."""
    programme = programme_of(reads.version(actor(request, Scope.READ), pk))
    return [one.to_dict() for one in programme.findings]


@api.get("/versions/{pk}/programme.zip", response={200: bytes, **NO}, operation_id="programme")
def programme(request: HttpRequest, pk: Id) -> Any:
    """The whole programme as a zipped folder of CSV files."""
    content = pack(programme_of(reads.version(actor(request, Scope.READ), pk)))
    return HttpResponse(content, content_type="application/zip")


@api.get("/runs", response={200: list[RunOut], **NO})
def runs(request: HttpRequest, state: State | None = None, before: Before = None, most: Most = 50) -> Any:
    """Runs, newest first."""
    rows = reads.runs(actor(request, Scope.READ))
    rows = rows if before is None else rows.filter(pk__lt=before)
    rows = rows if state is None else rows.filter(state=state)
    return [_run(one) for one in rows[:most]]


@api.post("/runs", response={200: RunOut, **NO})
def ask(request: HttpRequest, asked: RunIn) -> Any:
    """Ask for a run."""
    who = actor(request, Scope.RUN)
    source = None if asked.source is None else reads.run(who, asked.source)
    return _run(acts.ask_run(who, asked.kind, reads.version(who, asked.version), asked.settings, asked.seed, source))


@api.get("/runs/{pk}", response={200: RunOut, **NO})
def run(request: HttpRequest, pk: Id) -> Any:
    """One run."""
    return _run(reads.run(actor(request, Scope.READ), pk))


@api.post("/runs/{pk}/cancel", response={200: RunOut, **NO})
def cancel(request: HttpRequest, pk: Id) -> Any:
    """Stop a run."""
    who = actor(request, Scope.RUN)
    acts.cancel_run(who, reads.run(who, pk))
    return _run(reads.run(who, pk))


@api.get("/runs/{pk}/files/{path:name}", response={200: bytes, **NO})
def file(request: HttpRequest, pk: Id, name: str) -> Any:
    """A file that a run made."""
    found = reads.artefact(actor(request, Scope.READ), pk, name.replace("\0", ""))
    return HttpResponse(bytes(found.blob.content), content_type=found.media)


@api.get("/log", response={200: list[EntryOut], **NO})
def log(request: HttpRequest, before: Before = None, most: Most = 100) -> Any:
    """Entries of the log, newest first."""
    rows = reads.entries(actor(request, Scope.LOG))
    rows = rows if before is None else rows.filter(seq__lt=before)
    return list(rows[:most].values())


def _version(one: Version) -> dict[str, Any]:
    holds = adopted()
    return {
        "id": one.pk, "hash": one.hash, "parent": one.parent_id, "author": one.author_name, "reason": one.reason,
        "created": one.created, "rows": one.rows, "warnings": one.warnings,
        "adopted": holds is not None and holds.pk == one.pk,
    }  # fmt: skip


def _run(one: Run) -> dict[str, Any]:
    names = ("kind", "state", "settings", "seed", "code", "created", "ended", "share", "trouble_vi", "trouble_en")
    return {name: getattr(one, name) for name in (*names, "headline")} | {
        "id": one.pk, "version": one.version_id, "hash": one.version.hash, "source": one.source_id,
        "asked_by": one.asked_by.name, "files": list(one.artefacts.values_list("name", flat=True)),
    }  # fmt: skip
