"""A line of the server's log for every answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from khien.office.models import User
from khien.office.telling import REQUEST

log = logging.getLogger("khien.web")
_SILENT = ("/static/", "/health/")


def traffic(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Tell method, path (without what was asked for, which may be private), status and time; never a secret link."""

    def around(request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        token = REQUEST.set(getattr(request, "id", ""))
        try:
            response = answer(request)
            if not request.path.startswith(_SILENT) or response.status_code >= 500:
                user = getattr(request, "user", None)
                who = user.pk if isinstance(user, User) else None
                path = "/link/…" if request.path.startswith("/link/") else request.path
                log.info("answered", extra={
                    "method": request.method, "path": path[:200], "status": response.status_code,
                    "ms": round(1000 * (time.monotonic() - began), 1), "user": who,
                })  # fmt: skip
            return response
        finally:
            REQUEST.reset(token)

    return around
