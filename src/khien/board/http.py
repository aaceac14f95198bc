"""What views share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

import polars as pl
from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render

from khien.office.acts.record import Actor
from khien.office.models import User

View = Callable[..., HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """On whose behalf the request asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def lang_of(request: HttpRequest) -> str:
    """The language of the page."""
    return str(getattr(request, "lang", "vi"))


def page(*methods: str) -> Callable[[View], View]:
    """A view for people who have signed in, that answers these methods only."""

    def around(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, **words: Any) -> HttpResponse:
            if not isinstance(request.user, User):
                return redirect(f"{settings.LOGIN_URL}?next={quote(request.path)}")
            if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
                return HttpResponseNotAllowed(methods)
            return view(request, **words)

        return inner

    return around


def come_again(request: HttpRequest, response: HttpResponse, seconds: int) -> None:
    """Let the page be asked for again by itself. The address is named without its fragment: a browser that stands at
    one would only scroll there."""
    response["Refresh"] = f"{seconds}; url={request.get_full_path()}"


def paged(request: HttpRequest, rows: Any, size: int = 50) -> Page[Any]:
    """The page of a long list that was asked for; a wrong number gives the first or last one."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def file_answer(content: bytes, name: str, media: str) -> HttpResponse:
    """A file to be saved, never shown as a page of ours."""
    response = HttpResponse(content, content_type=media)
    plain = name.replace("/", "-")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(plain)}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def csv_answer(frame: pl.DataFrame, name: str) -> HttpResponse:
    """A table as CSV that spreadsheets read as UTF-8. A text that begins like a formula, which some of them run when
    the file is opened, has an apostrophe before it."""
    safe = frame.with_columns(pl.col(pl.String).str.replace(r"^([=+\-@\t\r])", "'${1}"))
    content = "\N{BYTE ORDER MARK}" + safe.write_csv()
    return file_answer(content.encode(), name, "text/csv; charset=utf-8")


def trouble_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page of a form again, with what is to be mended; 422, for nothing was done."""
    return render(request, template, context, status=422)
