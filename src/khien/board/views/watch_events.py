"""What really happened, as a list with a form: by it warnings are judged."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from khien.board.charts import watch_form, watch_now
from khien.board.charts.watch_now import Known
from khien.board.http import actor_of, lang_of, page
from khien.office.acts import events as acts
from khien.office.acts.trouble import Trouble
from khien.office.doors import watch as door
from khien.office.watching import Watch
from khien.watch.levels.tables import HAZARDS
from khien.watch.places import provinces
from khien.watch.warn.statistics import Event
from khien.watch.warn.threats import known_threats, threat_name

LEVELS: Final = ("1", "2", "3", "4", "5")
MOST: Final = 200
"""Events that the page lists, the newest first; the file has them all."""


def told(request: HttpRequest, watch: Watch, known: Known) -> dict[str, Any]:
    """The list as it was known then, and what the form lets one choose from.

    Raises:
        WarnError: the file is wrong.
    """
    lang, person = lang_of(request), actor_of(request).person
    past = sorted((e for e in watch.events() or () if e.onset <= known.at), key=lambda e: e.onset, reverse=True)
    context: dict[str, Any] = {
        "may_tell": door.may_tell(person), "events_count": len(past),
        "events": [
            {
                "hazard": threat_name(e.hazard, lang) or e.hazard, "place": watch_now.place_name(e.place, lang),
                "event": e, "at": e.onset.isoformat(),
            }
            for e in past[:MOST]
        ],
    }  # fmt: skip
    if context["may_tell"]:
        others = ((h, threat_name(h, lang) or h) for h in known_threats() if h not in HAZARDS)
        context |= {
            "by_law": [(h, threat_name(h, lang)) for h in HAZARDS],
            "others": sorted(others, key=lambda pair: pair[1]), "event_levels": LEVELS,
            "provinces": [(code, watch_now.place_name(code, lang)) for code in sorted(provinces())],
        }  # fmt: skip
    return context


@page("POST")
def change(request: HttpRequest) -> HttpResponse:
    """Add an event, or take one back that was told wrongly."""
    from khien.board.views.watch_record import shown

    actor, form = actor_of(request), request.POST
    level, reason = form.get("level", ""), form.get("reason", "")
    try:
        if form.get("what") == "take-back":
            acts.take_back(actor, _event(form, acts.moment_of(form.get("onset", "")), level), reason)
        else:
            acts.tell(actor, _event(form, watch_form.moment(form.get("onset", "")), level), reason)
    except Trouble as trouble:
        sent = {name: form.get(name, "") for name in ("hazard", "place", "onset", "level", "reason")}
        return shown(request, {"why": trouble.message(lang_of(request)), "sent": sent}, status=422)
    return redirect(f"{reverse('watch-record')}#events")


def _event(form: Any, onset: Any, level: str) -> Event:
    return Event(form.get("hazard", ""), form.get("place", ""), onset, int(level) if level in LEVELS else None)
