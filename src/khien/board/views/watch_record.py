"""What warnings and promises were worth: hits, misses and false alarms, and probabilities against what came."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import polars as pl
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page

from khien.board.charts import watch_now, watch_record
from khien.board.charts.watch_now import Known
from khien.board.charts.watch_record import CHANCES, PICTURES, QUANTILES, Promised
from khien.board.http import csv_answer, lang_of, page
from khien.board.views import watch_events
from khien.board.views.watch import asked, desk_of, known_of, name_of, opened, picture
from khien.board.views.watch_indicator import caption_at
from khien.draw.numbers import number, percent
from khien.office.acts.warnings import NotSound
from khien.office.watching import Watch
from khien.watch.forecast.ledger_findings import LedgerError
from khien.watch.warn import Desk, WarnError
from khien.watch.warn.statistics import Tally, tally
from khien.watch.warn.threats import threat_name
from khien.words import t

LEVELS: Final = ("1", "2", "3", "4", "5")
Wrong = list[tuple[str, str, str]]
"""What is wrong with a file: where, what, and the way out."""


@page("GET")
def record(request: HttpRequest) -> HttpResponse:
    """Warnings by hazard, and promises by model; of what is wrong with a file, the page says where and goes on."""
    return shown(request, {})


def shown(request: HttpRequest, more: dict[str, Any], status: int = 200) -> HttpResponse:
    """The page, with what a form has to say."""
    watch, known, lang = opened(request), known_of(request), lang_of(request)
    looked = watch_now.indicators_of(watch)
    names = {one.id: name_of(one, lang) for one in looked}
    chosen = {name: request.GET.get(name, "")[:80] for name in ("level", "indicator", "model")}
    level = int(chosen["level"]) if chosen["level"] in LEVELS else 1
    context: dict[str, Any] = {
        "known": known, "illustrative": watch.illustrative, "names": names, "level": level, "levels": LEVELS,
        "wrong": [], "ledger_wrong": [], "asked": asked(known), "replay": known.day is not None,
    }  # fmt: skip
    try:
        found = warned(watch, known, level)
        context |= {"told": found is not None, "tallies": [_tally(one, lang) for one in found or ()]}
        context |= watch_events.told(request, watch, known)
    except (WarnError, NotSound) as error:
        context["wrong"] = [(f.place, f.message(lang), f.way_out(lang)) for f in error.findings]
    try:
        scored = watch_record.promised(watch, known, chosen["indicator"])
        if scored is not None:
            context |= _promised(scored, chosen, known, names, lang)
    except LedgerError as error:
        context["ledger_wrong"] = [(f.place, f.message(lang), f.way_out(lang)) for f in error.findings]
    return render(request, "board/watch_record.html", context | more, status=status)


def warned(watch: Watch, known: Known, level: int) -> list[Tally] | None:
    """Official warnings against what happened up to the moment; None while nobody has said what happened.

    Raises:
        WarnError: the file of events is wrong.
    """
    events = watch.events()
    if events is None:
        return None
    records = {one.id: one for one in desk_of(watch, known)}
    past = [event for event in events if event.onset <= known.at]
    return tally(Desk("", "", "", records), past, known.at, level=level)


def _tally(one: Tally, lang: str) -> dict[str, Any]:
    table = one.table
    lead = None if one.median_lead is None else one.median_lead.total_seconds() / 3600
    told = table.to_dict()
    return {
        "hazard": threat_name(one.hazard, lang) or one.hazard, "table": table, "late": one.late,
        "waiting": one.waiting, "lead": number(lead, lang, 1), "csi": percent(table.csi, lang),
        "pod": percent(table.pod, lang), "pod_95": _between(told["pod_95"], lang),
        "far": percent(table.far, lang), "far_95": _between(told["far_95"], lang),
    }  # fmt: skip


def _between(ends: tuple[float, float] | None, lang: str) -> str:
    return "" if ends is None else f"{percent(ends[0], lang)} – {percent(ends[1], lang)}"


def _promised(
    scored: Promised, chosen: dict[str, str], known: Known, names: dict[str, str], lang: str
) -> dict[str, Any]:
    models = scored.models
    model = chosen["model"] if chosen["model"] in models else models[0] if models else ""
    indicator = chosen["indicator"] if chosen["indicator"] in scored.indicators else ""
    link = {"indicator": indicator, "model": model}
    told = scored.record
    return {
        "scored": told.scored, "coming": told.waiting, "entries": scored.entries, "models": models, "model": model,
        "indicator": indicator, "there": [(name, names.get(name, name)) for name in scored.indicators],
        "link": "&".join(part for part in (urlencode({k: v for k, v in link.items() if v}), asked(known)) if part),
        "pictures": [_figure(scored, name, model, lang) for name in PICTURES if scored.rows(name, model).height],
        "chances": [_chance(row, names, lang) for row in told.probabilities.iter_rows(named=True)],
        "sets": [_set(row, names, lang) for row in told.quantiles.iter_rows(named=True)],
    }  # fmt: skip


def _figure(scored: Promised, name: str, model: str, lang: str) -> dict[str, Any]:
    """A picture and its numbers: what was promised, what came with its interval, of how many."""
    _, promise, came = PICTURES[name]
    rows = [
        (
            percent(row[promise], lang, 1 if name == QUANTILES else 0), percent(row[came], lang),
            _between((row["from"], row["to"]), lang), row["n"], t(f"lookout_kept_{row['kept']}", lang),
        )
        for row in scored.rows(name, model).iter_rows(named=True)
    ]  # fmt: skip
    return {
        "name": name, "rows": rows, "title": t(f"lookout_fig_{name}", lang), "note": t(f"lookout_note_{name}", lang),
        "across": t(f"lookout_across_{name}", lang), "up": t(f"lookout_up_{name}", lang),
    }  # fmt: skip


def _of(row: dict[str, Any], names: dict[str, str], lang: str) -> dict[str, Any]:
    return {
        "model": row["model"], "indicator": names.get(row["indicator"], row["indicator"]), "horizon": row["horizon"],
        "kept": t(f"lookout_kept_{row['kept']}", lang), "n": row["n"],
    }  # fmt: skip


def _chance(row: dict[str, Any], names: dict[str, str], lang: str) -> dict[str, Any]:
    return _of(row, names, lang) | {
        "expected": percent(row["expected"], lang, 1), "happened": percent(row["happened"], lang, 1),
        "brier": number(row["brier"], lang, 3), "skill": number(row["skill"], lang, 2),
    }  # fmt: skip


def _set(row: dict[str, Any], names: dict[str, str], lang: str) -> dict[str, Any]:
    return _of(row, names, lang) | {
        "wis": number(row["wis"], lang, 2), "mae": number(row["mae"], lang, 2),
        "cover50": percent(row["cover50"], lang), "cover95": percent(row["cover95"], lang),
    }  # fmt: skip


def _scored(request: HttpRequest) -> tuple[Promised, str]:
    """What files and pictures stand on, and of which model; Http404 where there is nothing."""
    try:
        found = watch_record.promised(opened(request), known_of(request), request.GET.get("indicator", "")[:80])
    except LedgerError:
        raise Http404 from None
    if found is None or not found.models:
        raise Http404
    wanted = request.GET.get("model", "")
    return found, wanted if wanted in found.models else found.models[0]


@gzip_page
@page("GET")
def chart(request: HttpRequest, name: str, lang: str) -> HttpResponse:
    """A picture of promises."""
    scored, model = _scored(request)
    rows = scored.rows(name, model)
    if not rows.height:
        raise Http404
    watch, known = opened(request), known_of(request)
    svg = watch_record.reliability(lang, name, rows, caption_at(known.at, watch.illustrative, lang))
    return picture(svg, f"khien-{name}.{lang}.svg", save="save" in request.GET)


@page("GET")
def numbers(request: HttpRequest, name: str) -> HttpResponse:
    """The numbers of the page as CSV: of warnings, of a picture, or all scores of promises."""
    if name == "warnings":
        level = request.GET.get("level", "")
        try:
            found = warned(opened(request), known_of(request), int(level) if level in LEVELS else 1)
        except WarnError:
            raise Http404 from None
        if found is None:
            raise Http404
        frame = watch_record.tallies(found)
    else:
        scored, model = _scored(request)
        frame = scored.rows(name, model) if name in (CHANCES, QUANTILES) else _scores(scored)
    return csv_answer(frame, f"khien-record-{name}.csv")


def _scores(scored: Promised) -> pl.DataFrame:
    return pl.concat([scored.record.quantiles, scored.record.probabilities], how="diagonal_relaxed")
