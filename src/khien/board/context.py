"""What every page is given."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from khien.office.doors import accounts as accounts_door
from khien.office.doors import log as log_door
from khien.office.models import User

_SECTION: Final = {
    "today": "today", "own": "own", "log": "log", "accounts": "accounts", "account": "accounts", "runs": "runs",
    "run": "runs", "programme": "programme", "version": "programme", "table": "programme",
    "row": "programme", "compare": "programme",
    "plan": "plan", "plan-run": "plan", "plan-part": "plan", "plan-projects": "plan", "plan-project": "plan",
    "plan-compare": "plan", "whatif": "whatif", "whatif-run": "whatif", "stress": "stress", "stress-run": "stress",
    "stress-ask": "stress", "reliance": "reliance", "reliance-run": "reliance", "reliance-partner": "reliance",
    **dict.fromkeys(
        ("watch", "watch-replay", "watch-models", "watch-indicator", "watch-record", "watch-desk", "watch-compose",
         "watch-warning", "watch-edit", "watch-act"), "watch",
    ),
    "people": "people", "people-run": "people", "complex": "complex", "complex-version": "complex",
}  # fmt: skip


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """Language, and which pages the person may open."""
    user = getattr(request, "user", None)
    user = user if isinstance(user, User) else None
    match = getattr(request, "resolver_match", None)
    return {
        "lang": getattr(request, "lang", "vi"),
        "me": user,
        "demo": settings.CONFIG.demo,
        "may_log": user is not None and bool(log_door.may_read(user)),
        "may_accounts": user is not None and bool(accounts_door.may_read(user)),
        "request_id": getattr(request, "id", ""),
        "here": _SECTION.get(match.url_name or "", "") if match else "",
        "query": _query(request),
    }


def _query(request: HttpRequest) -> str:
    """What was asked for but the page of a list: links to other pages of it keep the rest."""
    asked = request.GET.copy()
    asked.pop("page", None)
    return asked.urlencode() + "&" if asked else ""
