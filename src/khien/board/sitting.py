"""How long a session lasts, and what it still lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from khien.office.acts.second import has_second
from khien.office.acts.signing import go_on
from khien.office.models import User

HAS_SECOND: Final = "second"
"""Key of the session under which stands that its person was seen to have a second factor."""
_OPEN: Final = ("/account/second/", "/sign-out/", "/language/", "/static/", "/health/")


def sitting(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """End a session that was silent for too long; where the office requires a second factor, lead there first."""

    def around(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or request.path.startswith("/static/"):
            return answer(request)
        if not go_on(request, user):
            return redirect(settings.LOGIN_URL)
        if settings.CONFIG.second_factor and not request.path.startswith(_OPEN) and not request.session.get(HAS_SECOND):
            if not has_second(user):
                return redirect("second")
            request.session[HAS_SECOND] = True
        return answer(request)

    return around
