"""How ``khien warn`` shows a warning: one line, both previews, history, what it may bring, whom it may hit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from khien.cli.output import number
from khien.words import t

if TYPE_CHECKING:
    from khien.watch.warn import Content, Record

TEXTS = ("headline", "description", "instruction")
"""The texts of a warning, as options and in the preview."""


def summary_line(record: Record, now: datetime, lang: str) -> str:
    """One warning on one line: id, state, level, times in Viet Nam, areas, headline."""
    content = record.content
    state = t("warn_state_expired" if record.expired(now) else f"warn_state_{record.state}", lang)
    if record.pending is not None and record.official is not None:
        state += ", " + t("warn_pending", lang)
    areas = ", ".join(content.areas)
    fields = {name: local_time(getattr(content, name), lang) for name in ("onset", "expires")}
    fields |= {"level": str(content.level), "headline": content.text("headline", lang)}
    return t("warn_line", lang, id=record.id, state=state, areas=areas, **fields)


def local_time(moment: datetime, lang: str) -> str:
    """A moment in Viet Nam's time."""
    from khien.watch.levels.clocks import VIET_NAM

    return moment.astimezone(VIET_NAM).strftime("%d/%m/%Y %H:%M" if lang == "vi" else "%Y-%m-%d %H:%M")


def plain_record(record: Record, now: datetime) -> dict[str, Any]:
    """A warning as plain values for JSON."""
    told: dict[str, Any] = {"id": record.id, "state": record.state, "expired": record.expired(now)}
    told |= {"exercise": record.exercise, "content": record.content.to_dict()}
    told |= {"pending": None if record.pending is None else record.pending.to_dict()}
    told |= {"steps": [{**vars(step), "at": step.at.isoformat()} for step in record.steps]}
    return told | {"messages": [{"number": m.number, "kind": m.kind, "at": m.at.isoformat()} for m in record.messages]}


def record_lines(record: Record, now: datetime, lang: str) -> Iterator[str]:
    """A warning with its preview in both languages and its history."""
    yield summary_line(record, now, lang)
    content = record.pending or record.content
    for tongue in ("vi", "en"):
        yield t("warn_preview", lang, tongue=t(f"warn_tongue_{tongue}", lang))
        yield from (f"    {content.text(what, tongue)}" for what in TEXTS if content.text(what, tongue))
    for step in record.steps:
        act = t(f"warn_did_{step.act}", lang)
        yield t("warn_step", lang, at=local_time(step.at, lang), by=step.by, act=act, reason=step.reason).rstrip()


def cascade_lines(effects: Any, lang: str) -> Iterator[str]:
    """What it may bring, with hours."""
    if effects:
        yield t("warn_may_bring", lang)
    for effect in effects:
        low, high = (number(hours, lang) for hours in (effect.low_hours, effect.high_hours))
        mark = t("warn_illustrative", lang) if effect.status == "illustrative" else ""
        yield t("warn_effect", lang, path=" → ".join(effect.path), low=low, high=high, mark=mark)


def impact_lines(content: Content, programme: Any, lang: str) -> tuple[dict[str, Any], list[str]]:
    """People whom it may affect: figures for JSON, and lines."""
    import polars as pl

    from khien.watch.warn.impact import impact

    chance = 1.0 if content.probability is None else content.probability
    rows = [(area, level, chance) for area in content.areas for level in range(1, content.level + 1)]
    frame = pl.DataFrame(rows, schema=["place", "level", "probability"], orient="row")
    found = impact(frame, programme.frames["places"])
    total: Mapping[str, float] = found.total
    figures = {name: number(total[name], lang) for name in ("mean", "q05", "q95")}
    mark = t("warn_illustrative", lang) if found.illustrative else ""
    lines = [t("warn_impact_line", lang, mark=mark, draws=number(found.draws, lang), seed=found.seed, **figures)]
    if found.unknown:
        lines.append(t("warn_impact_unknown", lang, places=", ".join(found.unknown)))
    told = {"places": found.frame.to_dicts(), "total": dict(total), "illustrative": found.illustrative}
    return {**told, "method": found.method, "draws": found.draws, "seed": found.seed, "unknown": found.unknown}, lines
