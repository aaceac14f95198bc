"""The watch: what is above normal, which warnings are in force, which feeds are silent; now, or as of a past day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from khien.board.charts import watch_map, watch_now, watch_outside
from khien.board.charts.watch_levels import rule_of
from khien.board.charts.watch_map import Mark
from khien.board.charts.watch_now import Known, Value
from khien.board.http import actor_of, csv_answer, file_answer, lang_of, page
from khien.board.views.charts import POLICY as PICTURE
from khien.board.views.door import SCRIPTED
from khien.draw.numbers import number
from khien.office import watching
from khien.office.acts.warnings import NotSound
from khien.office.doors import require
from khien.office.doors import watch as door
from khien.office.watching import Watch
from khien.programme.tables.records import Indicator
from khien.watch.levels.tables import level_facts
from khien.watch.warn import Content, Record, WarnError
from khien.watch.warn.cap import area_name
from khien.words import t

MOST: Final = 40
"""Values above normal that the page lists; the file has them all."""
LEVELS: Final = "levels"
OFFICIAL: Final = "warnings"


def opened(request: HttpRequest) -> Watch:
    """The office's watch, for somebody who may see it."""
    require(door.may_read(actor_of(request).person))
    return watching.watch()


def known_of(request: HttpRequest) -> Known:
    """Up to when the page looks: now, or a past day that was asked for."""
    told = request.GET.get("day", "")
    try:
        day = date.fromisoformat(told)
    except ValueError:
        return Known(timezone.now())
    if len(told) != 10 or not date(1900, 1, 1) <= day < timezone.localdate():
        return Known(timezone.now())
    return Known(watching.end_of(day), day, request.GET.get("basis") != "issued")


def asked(known: Known, **more: str) -> str:
    """What links carry on, so that a page of a past day leads to pages of that day."""
    told = {} if known.day is None else {"day": known.day.isoformat()}
    if known.day is not None and not known.here:
        told["basis"] = "issued"
    return urlencode(told | {name: value for name, value in more.items() if value})


def desk_of(watch: Watch, known: Known) -> list[Record]:
    """All warnings as they were known then.

    Raises:
        NotSound: the journal was changed or damaged; nothing is read from it.
    """
    try:
        found = watch.desk(None if known.day is None else known.at)
    except WarnError as error:
        raise NotSound(error) from error
    return [] if found is None else list(found.warnings.values())


def in_force(records: Sequence[Record], known: Known) -> list[Record]:
    """What is official and holds, the gravest first, drills last."""
    held = [r for r in records if r.state == "official" and not r.expired(known.at)]
    return sorted(held, key=lambda r: (r.exercise, -r.content.level, r.content.onset))


@page("GET")
def situation(request: HttpRequest) -> HttpResponse:
    """Now."""
    watch, known = opened(request), Known(timezone.now())
    return render(request, "board/watch.html", seen(request, watch, known))


@page("GET")
def replay(request: HttpRequest) -> HttpResponse:
    """A past day: only what was known then."""
    watch, known = opened(request), known_of(request)
    desk_of(watch, known)
    span = watch_now.days(watch)
    if known.day is None and span is not None:
        last = max(span[0], date.fromordinal(span[1].toordinal() - 1))
        known = Known(watching.end_of(last), last)
    context = seen(request, watch, known) | {"replay": True, "span": span}
    if span is not None:
        today = timezone.localdate().toordinal()
        chosen = today if known.day is None else known.day.toordinal()
        context |= {"back": today - span[0].toordinal(), "at": chosen - today}
    response = render(request, "board/watch.html", context)
    response["Content-Security-Policy"] = SCRIPTED
    return response


def seen(request: HttpRequest, watch: Watch, known: Known) -> dict[str, Any]:
    """Everything that the page of a moment shows."""
    lang, looked = lang_of(request), watch_now.indicators_of(watch)
    values = {one.id: watch_now.newest(watch, one, known) for one in looked}
    records = desk_of(watch, known)
    held = in_force(records, known)
    shown = chosen_map(request, looked)
    high = [value for rows in values.values() for value in rows if value.unusual]
    high.sort(key=lambda v: (-v.verdict.rank, -(v.deviation or 0.0), v.place))
    alarms = watch_now.feeds(watch, known)
    names, often = {one.id: name_of(one, lang) for one in looked}, {one.id: one.frequency for one in looked}
    alerts, came = watch_outside.outside(watch, known, lang)
    return {
        "known": known, "asked": asked(known), "illustrative": watch.illustrative, "held": held,
        "areas": {r.id: [area_name(a, lang) for a in r.content.areas] for r in held},
        "events": {r.id: r.content.event(lang) for r in held},
        "waiting": sum(r.pending is not None for r in records), "shown": shown,
        "maps": [LEVELS, OFFICIAL, *(one.id for one in looked)], "names": names,
        "map": map_of(lang, shown, values, held, looked, watch.illustrative),
        "rows": places_of(lang, values, held), "count": len(high),
        "high": [told(v, lang) | {"of": period_name(v.valid, often[v.indicator], lang)} for v in high[:MOST]],
        "quiet": [a for a in alarms if a.health != "speaks"], "speaking": [a for a in alarms if a.health == "speaks"],
        "outside": alerts, "alerts_count": came, "empty": not looked and not records,
    }  # fmt: skip


def chosen_map(request: HttpRequest, looked: Sequence[Indicator]) -> str:
    """Which map is shown."""
    wanted = request.GET.get("map", LEVELS)
    return wanted if wanted in (LEVELS, OFFICIAL, *(one.id for one in looked)) else LEVELS


def headline_of(content: Content, lang: str) -> str:
    """The headline of a warning in a language."""
    return content.headline_vi if lang == "vi" else content.headline_en


def name_of(indicator: Indicator, lang: str) -> str:
    """What an indicator is called."""
    return indicator.name_vi if lang == "vi" else indicator.name_en


def period_name(valid: datetime, frequency: str, lang: str) -> str:
    """The time of a value: a month, a year, or a day."""
    vi = lang == "vi"
    if frequency == "month":
        return f"{valid:%m/%Y}" if vi else f"{valid:%Y-%m}"
    if frequency == "year":
        return f"{valid:%Y}"
    return f"{valid:%d/%m/%Y}" if vi else f"{valid:%Y-%m-%d}"


def told(value: Value, lang: str) -> dict[str, Any]:
    """A value as a line of the list."""
    digits = 0 if value.value == round(value.value) else 1
    return {
        "indicator": value.indicator, "place": value.place, "name": watch_now.place_name(value.place, lang),
        "value": number(value.value, lang, digits), "unit": watch_now.unit_name(value.unit, lang), "valid": value.valid,
        "normal": number(value.normal, lang, digits), "deviation": value.deviation, "verdict": value.verdict,
        "mark": level_text(value, lang), "kind": kind_of(value), "why": value.verdict.of(lang), "source": value.source,
        "issued": value.issued,
    }  # fmt: skip


def level_text(value: Value, lang: str) -> str:
    """A level in few letters: ``3``, ``1–3``, a letter for a disease; "" where there is no rule."""
    verdict = value.verdict
    if verdict.high is not None and verdict.low is not None:
        return str(verdict.high) if verdict.low == verdict.high else f"{verdict.low}–{verdict.high}"
    return t(f"lookout_short_{verdict.state}", lang) if verdict.state else ""


def kind_of(value: Value) -> str:
    """The class of a level's colour."""
    if value.verdict.high is not None:
        return str(value.verdict.high)
    return value.verdict.state if value.verdict.state in ("none", "warning", "epidemic") else ""


def map_of(
    lang: str, shown: str, values: dict[str, list[Value]], held: Sequence[Record], looked: Sequence[Indicator],
    illustrative: bool,
) -> dict[str, Any]:  # fmt: skip
    """The map that is shown: its marks, title and legend."""
    if shown in values:
        one = next(i for i in looked if i.id == shown)
        rows = {v.place: v for v in values[shown]}
        rule = rule_of(one)
        marks = {place: _mark(value, lang, rule is not None) for place, value in rows.items()}
        legend = [] if rule is None else ["none", "warning", "epidemic"] if rule.epidemic else list("012345")
        title = t("lookout_map_of", lang, name=name_of(one, lang))
    else:
        marks = _levels(lang, {} if shown == OFFICIAL else values, held)
        legend, title = list("012345") if shown == LEVELS else list("12345"), t(f"lookout_map_{shown}", lang)
    caption = t("lookout_illustrative_short", lang) if illustrative else ""
    drill = any(mark.hatched for mark in marks.values())
    svg = watch_map.drawn(marks, title, caption)
    named = [(kind, *_named(kind, lang)) for kind in legend]
    return {"svg": svg, "title": title, "legend": named, "drill": drill}


def _named(kind: str, lang: str) -> tuple[str, str]:
    """What a class of colour has on its tiles, and what that is called."""
    if kind.isdigit():
        return kind, str(level_facts(int(kind))[lang])
    return t(f"lookout_short_{kind}", lang), t(f"lookout_state_{kind}", lang)


def _mark(value: Value, lang: str, ruled: bool) -> Mark:
    unit = watch_now.unit_name(value.unit, lang)
    said = f"{number(value.value, lang, 0 if value.value == round(value.value) else 1)} {unit}"
    if not ruled:
        return Mark("0", number(value.value, lang), said)
    why = level_facts(0)[lang] if value.verdict.high == 0 else value.verdict.of(lang)
    return Mark(kind_of(value), level_text(value, lang) or "?", f"{said}. {why}")


def _levels(lang: str, values: dict[str, list[Value]], held: Sequence[Record]) -> dict[str, Mark]:
    """The highest level of every province, from warnings in force and from what was measured; drills show as drills."""
    found: dict[str, Mark] = {}
    ranks: dict[str, int] = {}

    def put(place: str, level: int, mark: Mark) -> None:
        if level > ranks.get(place, -1):
            ranks[place], found[place] = level, mark

    for rows in values.values():
        for value in rows:
            if value.verdict.high is not None:
                put(value.place, value.verdict.high, _mark(value, lang, True))
    for record in held:
        content = record.content
        event = content.event(lang)
        said = f"{event}, {t('lookout_level_no', lang, level=content.level)} ({record.id})"
        for place in content.areas:
            if record.exercise:
                if not ranks.get(place):
                    drill = f"{t('lookout_exercise', lang)}: {said}"
                    found[place] = Mark("0", t("lookout_short_exercise", lang), drill, hatched=True)
            else:
                put(place, content.level, Mark(str(content.level), str(content.level), said))
    return found


def places_of(lang: str, values: dict[str, list[Value]], held: Sequence[Record]) -> list[dict[str, Any]]:
    """Provinces at a level, the highest first: what the map says, in words."""
    found: dict[str, dict[str, Any]] = {}
    for record in held:
        if not record.exercise:
            for place in record.content.areas:
                row = found.setdefault(place, {"place": place, "level": 0, "warnings": [], "values": []})
                row["warnings"].append((record.id, record.content.event(lang), record.content.level))
                row["level"] = max(row["level"], record.content.level)
    for rows in values.values():
        for value in rows:
            if value.verdict.raised:
                row = found.setdefault(value.place, {"place": value.place, "level": 0, "warnings": [], "values": []})
                row["values"].append(told(value, lang))
                row["level"] = max(row["level"], value.verdict.high or 0)
    for place, row in found.items():
        row["name"] = watch_now.place_name(place, lang)
    return sorted(found.values(), key=lambda row: (-row["level"], row["name"]))


@page("GET")
def situation_csv(request: HttpRequest) -> HttpResponse:
    """The newest value of every indicator and place as CSV, as of now or of a past day."""
    watch, known = opened(request), known_of(request)
    values = [v for one in watch_now.indicators_of(watch) for v in watch_now.newest(watch, one, known)]
    return csv_answer(watch_now.frame_of(values), f"khien-watch-{known.at.date()}.csv")


@page("GET")
def situation_svg(request: HttpRequest) -> HttpResponse:
    """The map as SVG that carries its own letters."""
    watch, known, lang = opened(request), known_of(request), lang_of(request)
    looked = watch_now.indicators_of(watch)
    values = {one.id: watch_now.newest(watch, one, known) for one in looked}
    shown = chosen_map(request, looked)
    held = in_force(desk_of(watch, known), known)
    drawn = map_of(lang, shown, values, held, looked, watch.illustrative)
    return picture(drawn["svg"], f"khien-{shown}.svg", save=True)


def picture(svg: str, name: str, *, save: bool) -> HttpResponse:
    """A picture as a document of its own, or to be saved."""
    from khien.board.charts.pictures import lettered

    content = lettered(svg).encode()
    if save:
        return file_answer(content, name, "image/svg+xml")
    response = HttpResponse(content, content_type="image/svg+xml")
    response["Content-Security-Policy"] = PICTURE
    return response


def indicator_of(watch: Watch, name: str) -> Indicator:
    """An indicator; Http404 when there is none."""
    try:
        return watch.indicators()[name]
    except KeyError:
        raise Http404 from None
