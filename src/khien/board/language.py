"""The language of a page."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone

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


def moment_text(moment: datetime, lang: str, to: str = "minute") -> str:
    """A moment in the office's time zone, to the minute or to the second, as readers of the language write it."""
    day = "%d/%m/%Y" if lang == "vi" else "%Y-%m-%d"
    return timezone.localtime(moment).strftime(f"{day} %H:%M:%S" if to == "second" else f"{day} %H:%M")
