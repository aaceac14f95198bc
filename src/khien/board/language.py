"""The language of a page."""

from __future__ import annotations

from django.http import HttpRequest

from khien.office.models import User
from khien.words import LANGUAGES

COOKIE = "lang"


def language_of(request: HttpRequest, user: User | None) -> str:
    """The account's language; before sign-in that of the cookie, else of the browser, else Vietnamese."""
    if user is not None:
        return user.language
    if (chosen := request.COOKIES.get(COOKIE)) in LANGUAGES:
        return str(chosen)
    for part in request.headers.get("Accept-Language", "").split(","):
        if (wanted := part.strip()[:2].lower()) in LANGUAGES:
            return wanted
    return "vi"
