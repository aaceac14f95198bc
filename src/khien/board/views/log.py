"""The log."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from khien.board.http import actor_of, lang_of, page, paged
from khien.office import reads
from khien.office.models import Entry
from khien.words import catalogue, t

ACTS: Final = "office_act_"
KINDS: Final = (
    "user", "ticket", "token", "authenticator", "version", "proposal", "run", "warning", "event", "hook",
)  # fmt: skip
"""What acts are done to."""
PAGES: Final = {"user": "account", "version": "version", "run": "run"}
"""Kinds of objects that have a page of their own, by their number."""


@page("GET")
def entries(request: HttpRequest) -> HttpResponse:
    """All entries, newest first; by act, object or person when asked."""
    found = reads.entries(actor_of(request))
    head = found.values("seq", "hash").first()
    asked = {name: request.GET.get(name, "")[:80] for name in ("act", "kind", "object", "who")}
    for name in ("act", "kind", "object"):
        if asked[name]:
            found = found.filter(**{name: asked[name]})
    if asked["who"]:
        found = found.filter(actor_name__icontains=asked["who"])
    shown = paged(request, found, 100)
    lang = lang_of(request)
    kinds = {kind: t(f"log_kind_{kind}", lang) for kind in KINDS}
    acts = {key.removeprefix(ACTS): t(key, lang) for key in catalogue() if key.startswith(ACTS)}
    pairs = partial(_pairs, lang=lang)
    rows = [(entry, pairs(entry.before), pairs(entry.after), kinds.get(entry.kind), _page(entry)) for entry in shown]
    told = {"page": shown, "rows": rows, "head": head, "asked": asked, "kinds": sorted(kinds.items(), key=_name)}
    return render(request, "board/log.html", told | {"acts": sorted(acts.items(), key=_name)})


def _name(pair: tuple[str, str]) -> str:
    return pair[1].casefold()


def _page(entry: Entry) -> str:
    """Where an object has its page; "" when it has none."""
    if entry.kind in PAGES and entry.object.isdigit():
        return reverse(PAGES[entry.kind], args=(int(entry.object),))
    return reverse("watch-warning", args=(entry.object,)) if entry.kind == "warning" and "-" in entry.object else ""


def _pairs(text: str, lang: str) -> list[tuple[str, str]]:
    """What an entry says, with its names, states and yes or no in words; what has none stands for itself."""
    said = json.loads(text or "{}")
    return [(_worded(name, lang, f"log_field_{name}"), _value(name, value, lang)) for name, value in said.items()]


def _value(name: str, value: Any, lang: str) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return t("draw_yes" if value else "draw_no", lang)
    if name == "roles":
        return ", ".join(_worded(role, lang, f"office_role_{role}") for role in value)
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if name == "state":
        return _worded(value, lang, f"office_state_{value}", f"office_proposal_{value}", f"lookout_state_{value}")
    return _worded(value, lang, f"office_kind_{value}") if name == "kind" else value


def _worded(value: str, lang: str, *keys: str) -> str:
    """The text of the first key that there is, else the value itself."""
    return next((t(key, lang) for key in keys if key in catalogue()), value)
