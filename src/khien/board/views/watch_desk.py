"""The warning desk: what waits, writing, looking at it as it will leave, review, approval, history, files, the feed.

Nothing here acts by itself: every step is a form that a named person sends, and the act asks its door again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone

from khien.board.charts import watch_form as forms
from khien.board.charts import watch_now
from khien.board.charts.watch_preview import Preview, preview, sent
from khien.board.http import actor_of, file_answer, lang_of, page, trouble_page
from khien.board.language import moment_text
from khien.board.views.watch import headline_of, opened
from khien.draw.numbers import percent
from khien.office import watching
from khien.office.acts import warnings as acts
from khien.office.acts.trouble import Trouble
from khien.office.acts.warnings import NotSound
from khien.office.doors import require
from khien.office.doors import watch as door
from khien.office.models import User
from khien.watch.warn import Content, Desk, Record, WarnError, cap_message
from khien.watch.warn.cap import area_name
from khien.watch.warn.cascade import may_bring
from khien.watch.warn.feed import atom_feed, file_name
from khien.watch.warn.reach import reach
from khien.watch.warn.states import OPEN
from khien.watch.warn.threats import known_threats, threat_name

ACTS: Final[dict[str, Any]] = {
    "review": acts.review, "approve": acts.approve, "stand-down": acts.stand_down, "cancel": acts.cancel,
}  # fmt: skip
CAP: Final = "application/cap+xml"


def desk_now() -> Desk | None:
    """The desk as it is; None before the journal was begun.

    Raises:
        NotSound: the journal was changed or damaged.
    """
    try:
        return watching.watch().desk()
    except WarnError as error:
        raise NotSound(error) from error


def found_at(id: str) -> tuple[Desk, Record]:
    """The desk and one warning; Http404 when there is none."""
    known = desk_now()
    if known is None or id not in known.warnings:
        raise Http404
    return known, known.warnings[id]


@page("GET", "POST")
def desk(request: HttpRequest) -> HttpResponse:
    """What waits, what is in force, what is over; a POST begins the journal."""
    watch, actor, lang, now = opened(request), actor_of(request), lang_of(request), timezone.now()
    context: dict[str, Any] = {
        "may_propose": door.may_propose(actor.person), "may_open": door.may_open(actor.person),
        "illustrative": watch.illustrative,
    }  # fmt: skip
    if request.method == "POST":
        told = [request.POST.get(name, "").strip() for name in ("sender", "name_vi", "name_en")]
        try:
            acts.begin(actor, *told)
        except Trouble as trouble:
            more = dict(zip(("sender", "name_vi", "name_en"), told, strict=True))
            return trouble_page(request, "board/watch_desk.html", context | more | _wrong(trouble, lang))
        return redirect("watch-desk")
    known = desk_now()
    if known is not None:
        lines = [_line(record, now, lang) for record in known.warnings.values()]
        lines.sort(key=lambda line: line["at"], reverse=True)
        context |= {
            "begun": True, "sender": known.sender, "name": known.name_vi if lang == "vi" else known.name_en,
            "waiting": [_line(r, now, lang, waits=True) for r in known.warnings.values() if r.pending is not None],
            "held": [line for line in lines if line["record"].official is not None and line["open"]],
            "over": [line for line in lines if not line["open"]],
        }  # fmt: skip
    return render(request, "board/watch_desk.html", context)


def _line(record: Record, now: Any, lang: str, *, waits: bool = False) -> dict[str, Any]:
    """A line of a list: what holds, or what waits for approval."""
    content = record.pending if waits and record.pending is not None else record.content
    return {
        "record": record, "content": content, "event": content.event(lang),
        "headline": headline_of(content, lang),
        "areas": ", ".join(area_name(code, lang) for code in content.areas), "at": record.steps[-1].at,
        "by": _person(record.steps[-1].by), "expired": record.expired(now),
        "open": record.state in OPEN and not record.expired(now),
    }  # fmt: skip


def _person(signed: str) -> str:
    """A name of the journal without the number of the account."""
    return signed.rpartition(" [")[0] or signed


@page("GET")
def warning(request: HttpRequest, id: str) -> HttpResponse:
    """One warning: what it says, as it would leave or left, what may be done by this person, its history."""
    return render(request, "board/watch_warning.html", _shown(request, id))


def _shown(request: HttpRequest, id: str) -> dict[str, Any]:
    watch, actor, lang, now = opened(request), actor_of(request), lang_of(request), timezone.now()
    known, record = found_at(id)
    person = actor.person
    content, told = record.content, reach(record)
    looked: Preview | None = None
    if record.pending is not None:
        looked = preview(known, record.pending, now, record)
    elif record.messages:
        looked = sent(known, record, len(record.messages))
    return {
        "record": record, "content": content, "event": content.event(lang), "preview": looked,
        "areas": [area_name(code, lang) for code in content.areas], "illustrative": watch.illustrative,
        "expired": record.expired(now), "seen": len(record.steps),
        "steps": [(step, _person(step.by)) for step in reversed(record.steps)],
        "messages": [(m, file_name(record, m), _person(m.by)) for m in reversed(record.messages)],
        "writers": ", ".join(_person(w) for w in record.writers), "changes": _changes(record, lang),
        "may": [
            ("review", door.may_review(person, record)), ("approve", door.may_approve(person, record, now)),
            ("stand-down", door.may_stand_down(person, record)), ("cancel", door.may_cancel(person, record)),
        ],
        "may_update": door.may_update(person, record),
        "effects": [(e, threat_name(e.effect, lang) or e.effect) for e in may_bring(content.hazard)][:8],
        "reach": told if told.sent else None,
    }  # fmt: skip


def _changes(record: Record, lang: str) -> list[tuple[str, str, str]]:
    """What new content changes in what is official: field, before, after."""
    if record.pending is None or record.official is None:
        return []
    old, new = record.official.to_dict(), record.pending.to_dict()
    found = []
    for name, value in new.items():
        if value != old[name]:
            found.append((name, _plain(name, old[name], lang), _plain(name, value, lang)))
    return found


def _plain(name: str, value: Any, lang: str) -> str:
    if name in ("onset", "expires"):
        return moment_text(datetime.fromisoformat(value), lang)
    if name == "areas":
        return ", ".join(area_name(code, lang) for code in value)
    if name == "probability":
        return percent(value, lang)
    return "–" if value in (None, "") else str(value)


@page("POST")
def act(request: HttpRequest, id: str) -> HttpResponse:
    """Review, approve, stand down or cancel, with a reason."""
    opened(request)
    what, reason, seen = (request.POST.get(name, "") for name in ("what", "reason", "seen"))
    found_at(id)
    if what not in ACTS:
        raise Http404
    try:
        ACTS[what](actor_of(request), id, reason, int(seen) if seen.isdigit() and len(seen) < 9 else None)
    except Trouble as trouble:
        told = _shown(request, id) | _wrong(trouble, lang_of(request)) | {"reason": reason}
        return trouble_page(request, "board/watch_warning.html", told)
    return redirect("watch-warning", id=id)


@page("GET", "POST")
def compose(request: HttpRequest, id: str = "") -> HttpResponse:
    """Write a signal, or new content for a warning: look at it as it would leave, then send it to be reviewed."""
    opened(request)
    actor, lang, now = actor_of(request), lang_of(request), timezone.now()
    known = desk_now()
    if known is None:
        return redirect("watch-desk")
    record = None if not id else found_at(id)[1]
    require(door.may_propose(actor.person) if record is None else door.may_update(actor.person, record))
    before = None if record is None else record.pending or record.content
    context: dict[str, Any] = _form(lang, record, known)
    if request.method == "GET":
        fields = forms.blank(request.GET.dict()) if before is None else forms.fields_of(before)
        return render(request, "board/watch_compose.html", context | {"f": fields})
    context |= {"f": forms.sent(request.POST)}
    content: Content | None = None
    try:
        content = forms.content_of(request.POST, before)
        if request.POST.get("what") == "look":
            return render(request, "board/watch_compose.html", context | _looked(known, content, record, now, lang))
        return redirect("watch-warning", id=_save(request, content, record))
    except Trouble as trouble:
        told = _wrong(trouble, lang)
        if content is not None and "wrong" not in told:  # a missing reason does not hide what else is to be mended
            told |= {"wrong": _looked(known, content, record, now, lang).get("wrong")}
        return trouble_page(request, "board/watch_compose.html", context | told)


def _save(request: HttpRequest, content: Content, record: Record | None) -> str:
    actor, reason = actor_of(request), request.POST.get("reason", "")
    if record is None:
        return acts.propose(actor, content, reason, request.POST.get("despite", "").strip() or None)
    seen = request.POST.get("seen", "")
    acts.update(actor, record.id, content, reason, int(seen) if seen.isdigit() and len(seen) < 9 else None)
    return record.id


def _form(lang: str, record: Record | None, known: Desk) -> dict[str, Any]:
    from khien.watch.levels.tables import HAZARDS, level_facts
    from khien.watch.warn.content import provinces

    still = [record for record in known.warnings.values() if record.state in OPEN]
    places = sorted(((code, watch_now.place_name(code, lang)) for code in provinces()), key=lambda pair: pair[0])
    return {
        "record": record, "illustrative": watching.watch().illustrative, "places": places,
        "by_law": [(h, threat_name(h, lang)) for h in HAZARDS],
        "others": sorted(((h, threat_name(h, lang)) for h in known_threats() if h not in HAZARDS), key=_by_name),
        "levels": [(str(n), level_facts(n)[lang]) for n in range(1, 6)],
        "seen": 0 if record is None else len(record.steps),
        "open": [(r, r.content.event(lang), headline_of(r.content, lang)) for r in still],
        "hazard_name": "" if record is None else record.content.event(lang),
    }  # fmt: skip


def _by_name(pair: tuple[str, str | None]) -> str:
    return pair[1] or pair[0]


def _looked(known: Desk, content: Content, record: Record | None, now: Any, lang: str) -> dict[str, Any]:
    """The preview of a form; what is wrong with it is told like at sending."""
    from khien.watch.warn.content import check

    try:
        kept = check(content, now)
    except WarnError as error:
        return _wrong(NotSound(error), lang)
    return {"preview": preview(known, kept, now, record)}


def _wrong(trouble: Trouble, lang: str) -> dict[str, Any]:
    """What is wrong: one sentence, or every finding with its way out."""
    if isinstance(trouble, NotSound):
        told = [(f.column or "", f.message(lang), f.way_out(lang)) for f in trouble.findings]
        return {"wrong": told}
    return {"why": trouble.message(lang)}


def message(request: HttpRequest, name: str) -> HttpResponse:
    """A message as CAP 1.2. What was sent is public, and needs no sign-in but in a demo."""
    return _public(request, lambda known: _cap(known, name))


def feed(request: HttpRequest) -> HttpResponse:
    """The Atom feed of official warnings; public like its messages."""
    return _public(request, lambda known: (atom_feed(known, timezone.now()), "application/atom+xml; charset=utf-8"))


def _cap(known: Desk, name: str) -> tuple[bytes, str]:
    for record in known.warnings.values():
        for one in record.messages:
            if file_name(record, one) == name:
                return cap_message(known, record, one), f"{CAP}; charset=utf-8"
    raise Http404


def _public(request: HttpRequest, make: Any) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(("GET",))
    if settings.CONFIG.demo and not isinstance(request.user, User):
        # What a demo makes up must not reach somebody who collects warnings.
        return redirect(settings.LOGIN_URL)
    known = desk_now()
    if known is None:
        raise Http404
    content, media = make(known)
    if "save" in request.GET:
        return file_answer(content, request.path.rpartition("/")[2], media)
    response = HttpResponse(content, content_type=media)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "public, max-age=60"
    return response
