"""``khien level``: the legal level of a hazard, an epidemic, and by when something must be reported."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import add_command, add_group
from khien.watch.levels.tables import HAZARDS, Hazard, Input, Words, epidemic_rules, hazard, level_facts
from khien.words import t

if TYPE_CHECKING:
    from khien.watch.levels import Answer
    from khien.watch.levels.epidemic_file import Judged

SHOWN = 40
"""Months and weeks printed as text; ``--json`` has them all."""

PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2]|W(0[1-9]|[1-4]\d|5[0-3])))?")
"""A year, a month or a week, as `--from` takes it."""

EXAMPLES: Mapping[str, str] = {
    "storm": "--place 48 --beaufort 12",
    "surge": "--place old-96 --total-m 2.5",
    "rain": "--rain-24h-mm 250 --days 3 --terrain mountain",
    "flood": "--stage-m 12.1 --station ha-noi --zone 2 --basins one",
    "flash-flood": "--place 14 --rain-24h-mm 150 --susceptibility high --earlier-days 2",
    "heat": "--place 40 --tmax-c 40.5 --days 6",
    "drought": "--place old-58 --rain-short-pct 60 --months 4 --water-short-pct 55",
    "salinity": "--place 86 --km-1permille 60 --km-4permille 45",
    "sea-wind": "--beaufort 8 --waters offshore",
    "fog": "--visibility-m 40 --where airport",
    "tornado": "--communes-share 0.1",
    "cold": "--place 15 --tavg-c 3.5 --days 6",
    "wildfire": "--zone 3 --hot-days 27",
    "earthquake": "--intensity VII --setting urban",
    "tsunami": "--wave-m 3",
}


def add(places: argparse._SubParsersAction[Any], lang: str) -> None:
    """Add the command and its parts to the parser."""
    parts = add_group(places, "level", lang, says=t("level_says", lang))
    add_command(parts, "list", run_list, lang, says=t("level_list_says", lang), example="khien level list")
    for name in HAZARDS:
        _add_hazard(parts, hazard(name), lang)
    _add_compound(parts, lang)
    _add_epidemic(parts, lang)
    _add_outbreak(parts, lang)
    _add_group(parts, lang)
    _add_due(parts, lang)


def _add_hazard(parts: argparse._SubParsersAction[Any], table: Hazard, lang: str) -> None:
    says = t("level_hazard_says", lang, hazard=table.words.of(lang), article=table.article)
    example = f"khien level {table.id} {EXAMPLES[table.id]}"
    parser = add_command(parts, table.id, run_hazard, lang, says=says, example=example)
    for asked in table.inputs.values():
        parser.add_argument(option(asked.name), dest=f"in_{asked.name}", **_told(asked, lang))
        if asked.from_speed:
            told = t("level_speed_help", lang, other=option(asked.name))
            parser.add_argument(option(asked.from_speed), dest=f"in_{asked.from_speed}", metavar="M/S", help=told)
    if any(asked.place_column for asked in table.inputs.values()):
        parser.add_argument("--place", metavar="PLACE", help=t("level_place_help", lang))
    if table.id == "flood":
        parser.add_argument("--station", metavar="NAME", help=t("level_station_help", lang))
    parser.set_defaults(hazard=table.id, place=None, station=None)


def option(name: str) -> str:
    """``rain_24h_mm`` as an option: ``--rain-24h-mm``."""
    return "--" + name.replace("_", "-")


def _told(asked: Input, lang: str) -> dict[str, Any]:
    if asked.kind == "choice":
        choices = "; ".join(f"{key} = {words.of(lang)}" for key, words in asked.choices.items())
        return {"metavar": "ID", "help": f"{asked.words.of(lang)}: {choices}"}
    unit = asked.unit_in(lang) or asked.unit
    return {"metavar": "X", "help": f"{asked.words.of(lang)} ({unit}, {asked.low:f}…{asked.high:f})"}


def _add_compound(parts: argparse._SubParsersAction[Any], lang: str) -> None:
    example = "khien level compound 3 2 --serious"
    parser = add_command(parts, "compound", run_compound, lang, says=t("level_compound_says", lang), example=example)
    parser.add_argument("levels", metavar="LEVEL", nargs="+", help=t("level_levels_help", lang))
    parser.add_argument("--serious", action="store_true", help=t("level_serious_help", lang))


def _add_epidemic(parts: argparse._SubParsersAction[Any], lang: str) -> None:
    example = "khien level epidemic dengue.csv --epidemic-years 2017,2019,2022"
    parser = add_command(parts, "epidemic", run_epidemic, lang, says=t("level_epidemic_says", lang), example=example)
    parser.add_argument("path", metavar="FILE", help=t("level_epidemic_file_help", lang))
    parser.add_argument("--epidemic-years", metavar="YEARS", default="", help=t("level_epidemic_years_help", lang))
    parser.add_argument("--from", dest="first", metavar="PERIOD", default="", help=t("level_from_help", lang))


def _add_outbreak(parts: argparse._SubParsersAction[Any], lang: str) -> None:
    example = "khien level outbreak --group B --linked 3 --scope beyond-commune"
    parser = add_command(parts, "outbreak", run_outbreak, lang, says=t("level_outbreak_says", lang), example=example)
    parser.add_argument("--group", metavar="A|B|C", required=True, help=t("level_group_help", lang))
    parser.add_argument("--confirmed", type=int, default=0, metavar="N", help=t("level_confirmed_help", lang))
    parser.add_argument("--linked", type=int, default=0, metavar="N", help=t("level_linked_help", lang))
    parser.add_argument("--abroad-risk", metavar="RISK", help=t("level_abroad_help", lang))
    scopes = ", ".join(row["scope"] for row in epidemic_rules()["civil"])
    parser.add_argument("--scope", metavar="SCOPE", help=t("level_scope_help", lang, scopes=scopes))


def _add_group(parts: argparse._SubParsersAction[Any], lang: str) -> None:
    example = "khien level group --fatality over-10 --route airborne --means none --spread large"
    parser = add_command(parts, "group", run_group, lang, says=t("level_score_says", lang), example=example)
    for name, raw in epidemic_rules()["points"].items():
        where = 1 if lang == "vi" else 2
        choices = "; ".join(f"{key} = {v[where]} ({v[0]})" for key, v in raw.items() if isinstance(v, list))
        parser.add_argument(f"--{name}", metavar="ID", required=True, help=f"{raw[lang]}: {choices}")
    parser.add_argument("--new-and-dangerous", action="store_true", help=t("level_new_help", lang))


def _add_due(parts: argparse._SubParsersAction[Any], lang: str) -> None:
    example = "khien level due cyber --at 2026-11-30T18:30Z --serious"
    parser = add_command(parts, "due", run_due, lang, says=t("level_due_says", lang), example=example)
    parser.add_argument("group", metavar="GROUP", help=t("level_due_group_help", lang))
    parser.add_argument("--at", metavar="MOMENT", help=t("level_at_help", lang))
    parser.add_argument("--serious", action="store_true", help=t("level_due_serious_help", lang))


def run_list(args: argparse.Namespace) -> Exit:
    """Every hazard with its article and what its table asks for."""
    lang = args.lang
    tables = [hazard(name) for name in HAZARDS]
    lines = [t("level_list_head", lang)]
    for table in tables:
        asked = ", ".join(option(name) for name in table.inputs)
        lines.append(t("level_list_line", lang, id=table.id, article=table.article, name=table.words.of(lang)))
        lines.append(f"    {asked}")
    payload = [
        {"id": h.id, "article": h.article, "name_vi": h.words.vi, "name_en": h.words.en, "inputs": list(h.inputs)}
        for h in tables
    ]
    answer(args, {"hazards": payload}, lines)
    return Exit.DONE


def run_hazard(args: argparse.Namespace) -> Exit:
    """Print the level of one hazard."""
    from khien.watch.levels import LevelError, evaluate

    given = {name[3:]: value for name, value in vars(args).items() if name.startswith("in_") and value is not None}
    try:
        found = evaluate(args.hazard, given, place=args.place, at_station=args.station)
    except LevelError as error:
        raise refused(error, args.lang) from None
    answer(args, found.to_dict(), _level_lines(found, args.lang))
    return Exit.DONE


def refused(error: Any, lang: str, code: Exit = Exit.WRONG_USE) -> Stop:
    """What could not be used, every finding in one message."""
    from khien.cli.findings import refusal

    return Stop(code, *refusal(t("level_refused", lang), error.findings, lang))


def _level_lines(found: Answer, lang: str) -> Iterator[str]:
    from khien.watch.levels.answer import commands_source

    facts = level_facts(found.high)
    name = {"name": facts[lang], "colour": facts[f"colour_{lang}"], "article": found.article(lang)}
    if found.level is None:
        yield t("level_head_range", lang, low=found.low, high=found.high, **name)
    else:
        yield t("level_head", lang, level=found.level, **name)
    yield t("level_why", lang, reason=found.reason(lang))
    if found.units and len({(unit.low, unit.high) for unit in found.units}) > 1:
        yield t("level_units", lang, units=", ".join(_unit(u.name, u.low, u.high) for u in found.units))
    for note in found.notes:
        yield t("level_note", lang, note=note.of(lang))
    if found.high:
        yield t("level_commands", lang, who=facts[f"commands_{lang}"], source=commands_source(lang))
    if found.hazard.bulletins:
        yield t("level_bulletins", lang, what=found.hazard.bulletins.of(lang))
    if found.hazard.remark:
        yield t("level_note", lang, note=found.hazard.remark.of(lang))
    for fact, status in found.statuses.items():
        if status != "text":
            yield t("level_not_verified", lang, fact=_fact(fact, lang), status=t(f"level_status.{status}", lang))


def _unit(name: str, low: int, high: int) -> str:
    return f"{name} {low}" if low == high else f"{name} {low}–{high}"


def _fact(fact: str, lang: str) -> str:
    return t("level_fact_station", lang) if fact == "station" else t("level_fact_place", lang)


def run_compound(args: argparse.Namespace) -> Exit:
    """Print the level of several hazards together."""
    from khien.watch.levels import LevelError, LevelFinding, compound

    try:
        levels = [level for word in args.levels for level in word.replace(",", " ").split()]
        if wrong := [level for level in levels if not (level.isdecimal() and len(level) == 1)]:
            raise LevelError([LevelFinding("not-a-level", "compound", "levels", ", ".join(wrong)[:80])])
        found = compound([int(level) for level in levels], serious=args.serious)
    except LevelError as error:
        raise refused(error, args.lang) from None
    fields = {"level": found.level, "base": found.base, "rise": found.rise}
    answer(args, vars(found), [t("level_compound_line", args.lang, name=level_facts(found.level)[args.lang], **fields)])
    return Exit.DONE


def run_epidemic(args: argparse.Namespace) -> Exit:
    """Judge every month and week of a file."""
    from khien.cli.paths import existing
    from khien.watch.levels import LevelError
    from khien.watch.levels.epidemic_file import alerts, read_counts

    years = _years(args.epidemic_years, args.lang)
    if args.first and not PERIOD.fullmatch(args.first):
        raise Stop(Exit.WRONG_USE, t("level_from_wrong", args.lang, text=args.first))
    try:
        judged = alerts(read_counts(existing(args.path, args.lang)), years)
    except LevelError as error:
        raise refused(error, args.lang, Exit.INPUT_ERRORS) from None
    shown = [j for j in judged if j.period >= args.first]
    payload = {"path": args.path, "epidemic_years": years, "sd": "sample", "sd_verified": False}
    payload["warning_by_month_verified"] = False
    answer(args, {**payload, "periods": [j.to_dict() for j in shown]}, _epidemic_lines(shown, not years, args.lang))
    return Exit.DONE


def _years(text: str, lang: str) -> list[int] | str:
    if text == "own":
        return text
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if wrong := [part for part in parts if not (part.isdecimal() and len(part) == 4)]:
        raise Stop(Exit.WRONG_USE, t("level_years_wrong", lang, text=", ".join(wrong)))
    return [int(part) for part in parts]


def _epidemic_lines(judged: list[Judged], all_years: bool, lang: str) -> Iterator[str]:
    if all_years:
        yield t("level_all_years", lang)
    yield t("level_sample_sd", lang)
    if any(j.state == "warning" and "W" not in j.period for j in judged):
        yield t("level_month_warning", lang)
    told = [j for j in judged if j.state in ("warning", "epidemic")]
    for j in told[-SHOWN:]:
        known = j.against
        lines = {"warning": number(known.line(1), lang, 1), "epidemic": number(known.line(2), lang, 1)} if known else {}
        where = f"{j.place} " if j.place else ""
        state = t(f"level_state.{j.state}", lang)
        yield t("level_epidemic_line", lang, where=where, period=j.period, state=state, cases=j.cases, **lines)
    counts = {state: sum(j.state == state for j in judged) for state in ("none", "warning", "epidemic", "unknown")}
    yield t("level_epidemic_counts", lang, **counts, shown=min(len(told), SHOWN), told=len(told))


def run_outbreak(args: argparse.Namespace) -> Exit:
    """Judge a disease that is not endemic."""
    from khien.watch.levels import LevelError
    from khien.watch.levels.epidemic import civil_defence, outbreak

    try:
        told = {"confirmed": args.confirmed, "linked": args.linked, "abroad_risk": args.abroad_risk}
        found = outbreak(args.group, **told)
        scope = None if args.scope is None else civil_defence(args.scope)
    except LevelError as error:
        raise refused(error, args.lang) from None
    state = t(f"level_state.{found.state}", args.lang)
    circular = epidemic_rules()["circular"][args.lang]
    rule = t(f"level_rule.{found.rule}", args.lang)
    lines = [t("level_outbreak_line", args.lang, state=state, rule=rule, article=found.article, circular=circular)]
    if scope is not None:
        fields = {"level": scope["level"], "article": scope["article"], "scope": scope[args.lang]}
        lines.append(t("level_civil", args.lang, **fields))
    answer(args, {**vars(found), "civil_defence": None if scope is None else dict(scope)}, lines)
    return Exit.DONE


def run_group(args: argparse.Namespace) -> Exit:
    """Print the group of a disease."""
    from khien.watch.levels import LevelError
    from khien.watch.levels.epidemic import group

    criteria = {name: getattr(args, name) for name in epidemic_rules()["points"]}
    try:
        found = group(**criteria, new_and_dangerous=args.new_and_dangerous)
    except LevelError as error:
        raise refused(error, args.lang) from None
    points = " + ".join(str(value) for value in found.points.values())
    fields = {"group": found.group, "score": found.score, "points": points}
    answer(args, vars(found), [t("level_group_line", args.lang, **fields)])
    return Exit.DONE


def run_due(args: argparse.Namespace) -> Exit:
    """Print by when each report is due."""
    from khien.watch.levels import LevelError, clocks

    start = moment(args.at, args.lang)
    try:
        due = clocks(args.group, start, marks=["serious"] if args.serious else [])
    except LevelError as error:
        raise refused(error, args.lang) from None
    lines = [_due_line(d.words, d.due, d.at_once, d.source.of(args.lang), d.status, args.lang) for d in due]
    answer(args, {"group": args.group, "at": start.isoformat(), "due": [d.to_dict() for d in due]}, lines)
    return Exit.DONE


def moment(text: str | None, lang: str) -> datetime:
    """A moment with its zone; now when none is given."""
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Stop(Exit.WRONG_USE, t("level_moment_wrong", lang, text=text))
    return found


def _due_line(words: Words, due: datetime, at_once: bool, source: str, status: str, lang: str) -> str:
    when = t("level_at_once", lang) if at_once else due.strftime("%d/%m/%Y %H:%M" if lang == "vi" else "%Y-%m-%d %H:%M")
    line = t("level_due_line", lang, when=when, what=words.of(lang), source=source)
    return line if status == "text" else f"{line} {t('level_flag', lang)}"
