"""Who asks: a bearer token, never a session, so that no page elsewhere can ask in somebody's name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from khien.office.acts.attempts import MOST_PER_ADDRESS, WINDOW, address_subject
from khien.office.acts.record import Actor
from khien.office.acts.tokens import Scope, find_token
from khien.office.acts.trouble import Trouble
from khien.office.doors import Refused
from khien.office.models import Attempt


class Why(Schema):
    """Why something was not done, in both languages."""

    why_vi: str
    why_en: str


NO: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 409, 413, 422, 429), Why)
"""The answers that every question may get beside its own."""


class TooOften(Exception):
    """Too many wrong tokens from one address lately."""


class Bearer(HttpBearer):
    """The token of a person."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token as stored, or None; guesses are counted with those of passwords."""
        subject = address_subject(request)
        now = timezone.now()
        found = find_token(token)
        if found is not None:
            return found
        if Attempt.objects.filter(subject=subject, at__gt=now - WINDOW).count() >= MOST_PER_ADDRESS:
            raise TooOften
        Attempt.objects.filter(at__lt=now - timedelta(days=1)).delete()
        Attempt.objects.create(subject=subject, at=now)
        return None


def actor(request: HttpRequest, scope: Scope) -> Actor:
    """On whose behalf a token asks.

    Raises:
        HttpError: the token was not made for this.
    """
    token = request.auth  # type: ignore[attr-defined]
    if scope not in token.scopes.split(","):
        raise HttpError(403, "office_why_scope")
    return Actor(token.user, request.id)  # type: ignore[attr-defined]


def make_api() -> NinjaAPI:
    """The API with the answers for what goes wrong; its description is at /api/openapi.json."""
    api = NinjaAPI(title="Khiên", version="1", docs_url=None, auth=Bearer(), urls_namespace="api")

    def say(status: int, key: str, **fields: object) -> HttpResponse:
        words = {lang: Trouble(key, **fields).message(lang) for lang in ("vi", "en")}
        answer = api.create_response(
            HttpRequest(), {f"why_{lang}": word for lang, word in words.items()}, status=status
        )
        if status == 401:
            answer["WWW-Authenticate"] = "Bearer"
        return answer

    def refused(request: HttpRequest, error: Any) -> HttpResponse:
        words = {f"why_{lang}": error.verdict.why(lang) for lang in ("vi", "en")}
        return api.create_response(request, words, status=403)

    def trouble(request: HttpRequest, error: Any) -> HttpResponse:
        return api.create_response(request, {f"why_{x}": error.message(x) for x in ("vi", "en")}, status=409)

    def wrong(request: HttpRequest, error: Any) -> HttpResponse:
        places = ", ".join(".".join(str(part) for part in one["loc"]) for one in error.errors[:5])
        return say(422, "office_api_wrong", places=places.replace("{", "(").replace("}", ")"))

    def other(request: HttpRequest, error: Any) -> HttpResponse:
        return say(403, "office_why_scope") if error.status_code == 403 else say(error.status_code, "office_api_body")

    api.add_exception_handler(Refused, refused)
    api.add_exception_handler(Trouble, trouble)
    api.add_exception_handler(ValidationError, wrong)
    api.add_exception_handler(HttpError, other)
    api.add_exception_handler(Http404, lambda request, error: say(404, "office_api_none"))
    api.add_exception_handler(AuthenticationError, lambda request, error: say(401, "office_api_token"))
    minutes = int(WINDOW.total_seconds() // 60)
    api.add_exception_handler(TooOften, lambda request, error: say(429, "office_trouble_too_often", minutes=minutes))
    return api
