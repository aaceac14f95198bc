"""What a program may ask of the watch: warnings, newest values, forecasts. It changes nothing there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import polars as pl
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from khien.board.api.door import NO, actor
from khien.board.charts import watch_now
from khien.board.charts.watch_now import Known, Value
from khien.board.views.watch import desk_of
from khien.office import watching
from khien.office.acts.tokens import Scope
from khien.office.doors import require
from khien.office.doors import watch as door
from khien.office.watching import Watch
from khien.programme.tables.records import Indicator
from khien.watch.warn import Content, Record
from khien.watch.warn.states import OPEN

router = Router()
CURVE = ("indicator", "place", "model", "reference", "horizon", "target")
Offset = Annotated[int, Query(ge=0, lt=2**40)]
Most = Annotated[int, Query(ge=1, le=1000)]
Text = Annotated[str | None, Query(max_length=80)]


class WarningOut(Schema):
    """A warning: what holds and, where somebody wrote something newer, what waits for approval."""

    id: str
    state: str
    expired: bool
    exercise: bool
    under_review: bool
    official: dict[str, Any] | None
    pending: dict[str, Any] | None
    messages: int
    changed: datetime


class IndicatorOut(Schema):
    """Something that is watched."""

    id: str
    name_vi: str
    name_en: str
    unit: str
    frequency: str
    threat: str | None
    level_rule: str | None
    owner: str


class ValueOut(Schema):
    """The newest value of a place; `normal` and `deviation` (in standard deviations) against the same time of earlier
    years, `level_low` and `level_high` by the legal rule, `state` of diseases."""

    place: str
    valid: datetime
    value: float
    unit: str
    issued: datetime
    received: datetime
    source: str
    normal: float | None
    deviation: float | None
    level_low: int | None
    level_high: int | None
    state: str


class CurveOut(Schema):
    """A forecast of one place and target: quantiles (0 to 1, rising) and their values. `issued` is missing for one that
    stands in no ledger."""

    indicator: str
    place: str
    model: str
    reference: date
    horizon: int
    target: date
    issued: datetime | None
    quantiles: list[float]
    values: list[float]


class Curves(Schema):
    """Some forecasts; `total` is how many there are."""

    total: int
    forecasts: list[CurveOut]


def opened(request: HttpRequest) -> Watch:
    """The office's watch, for a token that may read."""
    require(door.may_read(actor(request, Scope.READ).person))
    return watching.watch()


@router.get("/warnings", response={200: list[WarningOut], **NO})
def warnings(request: HttpRequest, all: bool = False) -> Any:
    """Open warnings (signals, under review, official), or with `all` every one, newest first."""
    now = timezone.now()
    records = desk_of(opened(request), Known(now))
    shown = [r for r in records if all or r.state in OPEN]
    return [_warning(r, now) for r in sorted(shown, key=lambda r: r.steps[-1].at, reverse=True)]


@router.get("/warnings/{id}", response={200: WarningOut, **NO})
def warning(request: HttpRequest, id: str) -> Any:
    """One warning."""
    now = timezone.now()
    found = next((r for r in desk_of(opened(request), Known(now)) if r.id == id), None)
    if found is None:
        raise Http404
    return _warning(found, now)


@router.get("/indicators", response={200: list[IndicatorOut], **NO})
def indicators(request: HttpRequest) -> Any:
    """What is watched."""
    return watch_now.indicators_of(opened(request))


@router.get("/indicators/{name}/latest", response={200: list[ValueOut], **NO})
def latest(request: HttpRequest, name: str) -> Any:
    """The newest value of every place that is still fresh, the most serious first."""
    watch = opened(request)
    return [_value(one) for one in watch_now.newest(watch, _indicator(watch, name), Known(timezone.now()))]


@router.get("/indicators/{name}/forecasts", response={200: Curves, **NO})
def forecasts(
    request: HttpRequest, name: str, place: Text = None, model: Text = None, offset: Offset = 0, most: Most = 200
) -> Any:
    """The newest forecast of every place and model, by place, model and target."""
    watch = opened(request)
    rows = watch.forecasts(_indicator(watch, name).id)
    for column, wanted in (("place", place), ("model", model)):
        rows = rows if wanted is None else rows.filter(pl.col(column) == wanted)
    rows = rows.filter(pl.col("reference") == pl.col("reference").max().over("place", "model"))
    curves = rows.sort(*CURVE, "quantile").group_by(CURVE, maintain_order=True)
    found = curves.agg(pl.col("issued").max(), pl.col("quantile").alias("quantiles"), pl.col("value").alias("values"))
    return {"total": found.height, "forecasts": found.slice(offset, most).to_dicts()}


def _indicator(watch: Watch, name: str) -> Indicator:
    try:
        return watch.indicators()[name]
    except KeyError:
        raise Http404 from None


def _warning(one: Record, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id, "state": one.state, "expired": one.expired(now), "exercise": one.exercise,
        "under_review": one.under_review, "official": _content(one.official), "pending": _content(one.pending),
        "messages": len(one.messages), "changed": one.steps[-1].at,
    }  # fmt: skip


def _content(content: Content | None) -> dict[str, Any] | None:
    return None if content is None else content.to_dict()


def _value(one: Value) -> dict[str, Any]:
    names = ("place", "valid", "value", "unit", "issued", "received", "source", "normal", "deviation")
    verdict = one.verdict
    return {name: getattr(one, name) for name in names} | {
        "level_low": verdict.low, "level_high": verdict.high, "state": verdict.state,
    }  # fmt: skip
