"""What happens around every request."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from khien.board.language import language_of
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.doors import Refused
from khien.office.models import User
from khien.office.unpack import LARGEST_UPLOAD

Answer = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""No script at all, nothing inline, nothing from another host."""
UPLOAD = "/programme/upload/"
LARGEST_FORM = 1024 * 1024
"""Bytes of a form without its file."""


def requests(answer: Answer) -> Answer:
    """Give every request an id that stands in the log and in the answer."""

    def around(request: HttpRequest) -> HttpResponse:
        request.id = str(uuid.uuid4())  # type: ignore[attr-defined]
        response = answer(request)
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response

    return around


def sizes(answer: Answer) -> Answer:
    """Refuse what is too large before anything of it is read; only people who have a session may send files."""

    def around(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        sends_file = request.path == UPLOAD and settings.SESSION_COOKIE_NAME in request.COOKIES
        if not length.isdigit() or int(length) > (LARGEST_UPLOAD if sends_file else 0) + LARGEST_FORM:
            return HttpResponse(status=413)
        return answer(request)

    return around


def headers(answer: Answer) -> Answer:
    """Headers that keep a page to itself; a view that needs another policy sets its own."""

    def around(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.setdefault("Content-Security-Policy", POLICY)
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("X-Frame-Options", "DENY")
        response.setdefault("Referrer-Policy", "same-origin")
        response.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if not request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
            response.setdefault("Cache-Control", "no-store")
        if settings.CONFIG.tls:
            response.setdefault("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}")
        return response

    return around


def people(answer: Answer) -> Answer:
    """Who asks, in which language; a session that was ended elsewhere is over at once."""

    def around(request: HttpRequest) -> HttpResponse:
        user = request.user if isinstance(request.user, User) else None
        request.actor = Actor(user, request.id)  # type: ignore[attr-defined]
        request.lang = language_of(request, user)  # type: ignore[attr-defined]
        return answer(request)

    return around


class Refusals:
    """Turn what a door or an act refused into a page that says why."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through."""
        return self.answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """403 for what somebody may not do, 409 for what cannot be done as asked."""
        lang = getattr(request, "lang", "vi")
        if isinstance(error, Refused):
            return render(request, "board/refused.html", {"why": error.verdict.why(lang)}, status=403)
        if isinstance(error, Trouble):
            return render(request, "board/trouble.html", {"why": error.message(lang)}, status=409)
        return None


refusals = Refusals
