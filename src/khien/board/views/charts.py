"""Pictures of results and the numbers behind them, as files."""

from __future__ import annotations

import base64
import hashlib
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page

from khien.board.charts import shelf, show
from khien.board.charts.sight import PLANS, Sight, sight_of
from khien.board.http import actor_of, file_answer, page
from khien.office import reads
from khien.office.models import Run

POLICY = "default-src 'none'; style-src '{style}'; font-src data:; sandbox"
"""A picture is a document of its own: it may use the letters that it carries, and nothing else."""
FOR_A_YEAR = "private, max-age=31536000, immutable"


def sight_for(run: Run, part: str) -> Sight:
    """What a finished run lets one look at: a plan, or the plan that a stress test replayed.

    Raises:
        Http404: nothing of that kind came out of it, or there is no such part.
    """
    if part not in show.NAMES:
        raise Http404
    if run.state == Run.State.DONE and run.kind in PLANS:
        return sight_of(run)
    if run.state == Run.State.DONE and run.kind == "stress" and run.source is not None:
        return sight_of(run.source, run)
    raise Http404


@gzip_page
@page("GET")
def picture(request: HttpRequest, pk: int, part: str, file: str) -> HttpResponse:
    """A picture as SVG, compressed on its way: it holds no secret that its length could tell.

    Its address holds the hash of what it shows, so that a browser may keep it.
    """
    sight = sight_for(reads.run(actor_of(request), int(pk)), part)
    name, lang, size, _ = file.split(".")
    key = show.drawn_from(sight, part).key
    try:
        content = shelf.kept(key, file, partial(show.picture, sight, part, name, lang, size))
    except KeyError:
        raise Http404 from None
    if "save" in request.GET:
        return file_answer(content, f"khien-{pk}-{name}.{lang}.svg", "image/svg+xml")
    response = HttpResponse(content, content_type="image/svg+xml")
    response["Content-Security-Policy"] = POLICY.format(style=_hash(content))
    if request.GET.get("v") == key[:12]:
        response["Cache-Control"] = FOR_A_YEAR
    return response


def _hash(svg: bytes) -> str:
    """The hash of the one style that a picture holds, as a policy names it."""
    style = svg.partition(b"<style>")[2].partition(b"</style>")[0]
    return f"sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}"


@page("GET")
def numbers(request: HttpRequest, pk: int, part: str, name: str) -> HttpResponse:
    """The numbers behind a picture or a table of shades, as CSV."""
    sight = sight_for(reads.run(actor_of(request), int(pk)), part)
    try:
        key = show.drawn_from(sight, part).key
        content = shelf.kept(key, f"{part}.{name}.csv", partial(show.csv, sight, part, name))
    except KeyError:
        raise Http404 from None
    return file_answer(content, f"khien-{pk}-{name}.csv", "text/csv; charset=utf-8")
