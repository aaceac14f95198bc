"""What of the watch needs a person today: warnings in force, drafts that wait, warnings that ran out, silent feeds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from khien.board.charts import watch_now
from khien.board.charts.watch_now import Known
from khien.board.views.watch import desk_of, headline_of, in_force, name_of
from khien.office import watching
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.doors import watch as door
from khien.office.models import User
from khien.watch.warn import Record
from khien.watch.warn.cap import area_name


def brief(actor: Actor, lang: str) -> dict[str, Any]:
    """What the page of today says of the watch; where its files are damaged, that, and the rest of the page stands."""
    if not door.may_read(actor.person):
        return {}
    watch, known = watching.watch(), Known(timezone.now())
    try:
        records, alarms = desk_of(watch, known), watch_now.feeds(watch, known)
        names = {one.id: name_of(one, lang) for one in watch_now.indicators_of(watch)}
    except Trouble as trouble:
        return {"watch_wrong": trouble.message(lang)}
    waiting = [r for r in records if r.pending is not None]
    return {
        "warnings": [_line(r, actor.person, known.at, lang) for r in in_force(records, known)],
        "drafts": [_line(r, actor.person, known.at, lang, waits=True) for r in waiting],
        "ran_out": [_line(r, actor.person, known.at, lang) for r in records if r.expired(known.at)],
        "silent": [(alarm, names.get(alarm.feed.indicator, "")) for alarm in alarms if alarm.health != "speaks"],
    }  # fmt: skip


def _line(record: Record, person: User, now: datetime, lang: str, *, waits: bool = False) -> dict[str, Any]:
    """A warning as a line: what holds or, of one that waits, what was written last; and what this person may do."""
    content = record.pending if waits and record.pending is not None else record.content
    you = ""
    if waits:
        may = {"approve": door.may_approve(person, record, now), "review": door.may_review(person, record)}
        you = next((what for what, verdict in may.items() if verdict), "")
    return {
        "record": record, "content": content, "event": content.event(lang), "you": you,
        "headline": headline_of(content, lang),
        "areas": ", ".join(area_name(code, lang) for code in content.areas),
    }  # fmt: skip
