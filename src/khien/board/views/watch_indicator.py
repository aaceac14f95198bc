"""One indicator: forecast, record, vintages; and all models beside each other."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.gzip import gzip_page

from khien.board.charts import watch_now, watch_skill
from khien.board.charts.watch_indicator import PARTS, Chosen, Look, edge_name, worth_asking
from khien.board.charts.watch_levels import DECISION
from khien.board.http import csv_answer, lang_of, page
from khien.board.views.watch import asked, indicator_of, known_of, name_of, opened, period_name, picture, told
from khien.draw.numbers import number, percent
from khien.words import t

UNFORECAST = ("fan", "vintages")
"""Pictures of an indicator that nobody forecasts."""
FEW = 30
"""Forecasts below which a record says little, and the page says so."""


def look_of(request: HttpRequest, name: str) -> Look:
    """What the page looks at."""
    watch = opened(request)
    chosen = Chosen(*(request.GET.get(key, "")[:80] for key in ("place", "model", "horizon", "valid")))
    return Look(watch, indicator_of(watch, name), known_of(request), chosen)


@page("GET")
def indicator(request: HttpRequest, name: str) -> HttpResponse:
    """Newest forecast as a fan, past forecasts against what came, skill, vintages."""
    look, lang = look_of(request, name), lang_of(request)
    context: dict[str, Any] = {
        "look": look, "known": look.known, "title": name_of(look.indicator, lang), "asked": asked(look.known),
        "unit": watch_now.unit_name(look.indicator.unit, lang),
        "illustrative": look.watch.illustrative, "replay": look.known.day is not None,
        "place_name": watch_now.place_name(look.place, lang), "link": _link(look),
        "places": [(place, watch_now.place_name(place, lang)) for place in look.places],
        "value": None if look.value is None else told(look.value, lang),
        "of": "" if look.value is None else period_name(look.value.valid, look.indicator.frequency, lang),
        "figures": [_figure(look, part, lang) for part in (PARTS if look.models else UNFORECAST) if look.place],
        "chances": _chances(look, lang), "coming": _coming(look, lang), "made_on": look.nowcast["reference"].max(),
        "last_of": "" if look.value or not look.valids else period_name(look.valids[0], look.indicator.frequency, lang),
        "promised": look.promised, "in_ledger": look.kept[0], "in_files": look.kept[1],
        "skills": _skills(look.skills, lang), "everywhere": _skills(look.skills_everywhere, lang),
        "few": bool(look.versus) and len(look.versus) < FEW, "table": look.vintages.to_dicts(), "digits": _digits(look),
        "by_law": look.rule is not None and DECISION in (look.indicator.level_rule or ""),
    }  # fmt: skip
    return render(request, "board/watch_indicator.html", context)


def _digits(look: Look) -> int:
    """Decimals of the issues of a value: none where all are whole, as counts are."""
    if not look.vintages.height:
        return 0
    values = look.vintages["value"].drop_nulls()
    return int(bool((values != values.round()).any()))


def _chances(look: Look, lang: str) -> list[tuple[Any, ...]]:
    """Target and horizon, and of every level its name, where it begins and how likely it is."""
    return [(day, ahead, [(edge_name(n, lang), at, p) for n, at, p in rows]) for day, ahead, rows in look.exceeding]


def _coming(look: Look, lang: str) -> list[dict[str, Any]]:
    """What the newest counts will come to, the newest first; beside what is known, the share of it that is there."""
    return [
        {
            "of": period_name(datetime.combine(day, time()), look.indicator.frequency, lang), "delay": delay,
            "known": number(known, lang), "median": number(middle, lang),
            "ends": f"{number(low, lang)} – {number(high, lang)}",
            "share": percent(None if known is None or not middle else known / middle, lang, 0),
        }
        for day, delay, known, middle, low, high in reversed(look.coming)
    ]  # fmt: skip


def _link(look: Look) -> str:
    """What was chosen, for the addresses of pictures and files."""
    valid = "" if look.valid is None else look.valid.isoformat()
    told = {"place": look.place, "model": look.model, "horizon": str(look.horizon), "valid": valid}
    return "&".join(part for part in (urlencode(told), asked(look.known)) if part)


def _figure(look: Look, part: str, lang: str) -> dict[str, Any]:
    place = watch_now.place_name(look.place, lang)
    fields = {"name": name_of(look.indicator, lang), "place": place, "model": look.model, "horizon": look.horizon}
    named = part if look.models or part != "fan" else "known"
    return {
        "part": part, "there": look.has(part), "title": t(f"lookout_fig_{named}", lang, **fields),
        "note": t(f"lookout_note_{named}", lang, **fields),
    }  # fmt: skip


def _skills(found: list[watch_skill.Skill], lang: str) -> list[dict[str, Any]]:
    """Scores as they are written; which side of the baseline a model stands on is said in words too."""
    return [
        {
            "model": s.model, "tasks": s.tasks, "wis": number(s.wis, lang, 2), "relative": number(s.relative, lang, 3),
            "better": None if s.relative is None else s.relative < 1, "cover50": percent(s.cover50, lang, 0),
            "cover95": percent(s.cover95, lang, 0), "base": watch_skill.baseline_of([s.model]) == s.model,
        }
        for s in found
    ]  # fmt: skip


def caption_at(moment: datetime, illustrative: bool, lang: str) -> str:
    """What a picture stands on."""
    at = timezone.localdate(moment)
    made = t("lookout_caption", lang, at=at.strftime("%d/%m/%Y") if lang == "vi" else at.isoformat())
    return f"{t('lookout_illustrative_short', lang)} · {made}" if illustrative else made


@gzip_page
@page("GET")
def chart(request: HttpRequest, name: str, part: str, lang: str, size: str) -> HttpResponse:
    """A picture of the page."""
    look = look_of(request, name)
    if not look.has(part):
        raise Http404
    svg = look.svg(part, lang, size == "narrow", caption_at(look.known.at, look.watch.illustrative, lang))
    return picture(svg, f"khien-{name}-{part}.{lang}.svg", save="save" in request.GET)


@page("GET")
def numbers(request: HttpRequest, name: str, part: str) -> HttpResponse:
    """The numbers behind a picture as CSV."""
    look = look_of(request, name)
    return csv_answer(look.frame(part), f"khien-{name}-{part}.csv")


@page("GET")
def models(request: HttpRequest) -> HttpResponse:
    """All models of an indicator over everything that they forecast, by horizon, and where the best is no better."""
    watch, known, lang = opened(request), known_of(request), lang_of(request)
    looked = watch_now.indicators_of(watch)
    there = worth_asking(looked, watch)
    context: dict[str, Any] = {
        "there": [(one.id, name_of(one, lang)) for one in looked if one.id in there], "known": known,
        "illustrative": watch.illustrative, "asked": asked(known), "replay": known.day is not None,
    }  # fmt: skip
    wanted = request.GET.get("indicator", "")
    name = wanted if wanted in there else there[0] if there else None
    if name is not None:
        look = Look(watch, indicator_of(watch, name), known, Chosen())
        context |= _compared(look, lang)
    return render(request, "board/watch_models.html", context)


def _compared(look: Look, lang: str) -> dict[str, Any]:
    found = look.skills_everywhere
    horizons = {h: {s.model: s for s in rows} for h, rows in watch_skill.by(look.past, "horizon").items()}
    order = [s.model for s in found]
    grid = [
        (model, [number(rows[model].relative, lang, 3) if model in rows else "–" for rows in horizons.values()])
        for model in order
    ]
    best = next((s.model for s in found if s.model != look.baseline), "")
    worse = watch_skill.worse_places(look.past, best) if best and look.baseline else []
    tasks = look.past.tasks
    return {
        "look": look, "name": name_of(look.indicator, lang), "skills": _skills(found, lang), "grid": grid,
        "horizons": list(horizons), "best": best, "link": _link(look), "skipped": look.past.skipped,
        "worse": [(watch_now.place_name(p, lang), number(s.relative, lang, 3), s.tasks) for p, s in worse],
        "count": tasks["place"].n_unique(),
        "figure": _figure(look, "skill", lang) | {"note": t("lookout_note_skill_all", lang)},
        "first": tasks["reference"].min(), "last": tasks["reference"].max(), "tasks": tasks.height,
    }  # fmt: skip
