"""``khien warn``: the desk of warnings, from a signal to an official message and to what it was worth."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command, add_group
from khien.cli.warn_lines import TEXTS, cascade_lines, impact_lines, plain_record, record_lines, summary_line
from khien.words import t

if TYPE_CHECKING:
    from khien.watch.warn import Desk, Journal, WarnError

DIR = "--journal out/warnings"
WHO = "--by Trực_ban_48 --reason bản_tin_06h"
ACTS = ("review", "approve", "stand-down", "cancel")


def add(places: argparse._SubParsersAction[Any], lang: str) -> None:
    """Add the command and its parts to the parser."""
    parts = add_group(places, "warn", lang, says=t("warn_says", lang))
    _add_open(parts, lang)
    _add_content(_part(parts, "propose", run_propose, lang, _example_propose()), lang, needed=True)
    for act in ACTS:
        parser = _part(parts, act, run_act, lang, f"khien warn {act} 2026-0001-storm {DIR} {WHO}")
        _add_id(parser, lang)
        _add_who(parser, lang)
        parser.set_defaults(act=act)
    update = _part(parts, "update", run_update, lang, f"khien warn update 2026-0001-storm --level 5 {DIR} {WHO}")
    _add_id(update, lang)
    _add_content(update, lang, needed=False)
    listed = _part(parts, "list", run_list, lang, f"khien warn list {DIR}")
    listed.add_argument("--all", action="store_true", help=t("warn_all_help", lang))
    shown = _part(parts, "show", run_show, lang, f"khien warn show 2026-0001-storm {DIR} --programme examples/vietnam")
    _add_id(shown, lang)
    shown.add_argument("--programme", metavar="PATH", help=t("warn_programme_help", lang))
    _add_out(parts, lang)
    _add_record(parts, lang)
    _part(parts, "verify", run_verify, lang, f"khien warn verify {DIR}")
    _add_analysis(parts, lang)


def _example_propose() -> str:
    when = "--onset 2026-09-15T16:00+07:00 --expires 2026-09-16T22:00+07:00"
    texts = "--headline-vi Bão_vào_Đà_Nẵng --headline-en Storm_at_Da_Nang"
    return f"khien warn propose --hazard storm --level 4 --area 48 {when} {texts} --probability 0.7 {DIR} {WHO}"


def _part(parts: Any, name: str, run: Any, lang: str, example: str, *, journal: bool = True) -> Parser:
    parser = add_command(parts, name, run, lang, says=t(f"warn_says_{name.replace('-', '_')}", lang), example=example)
    if journal:
        parser.add_argument("--journal", metavar="DIR", help=t("warn_journal_help", lang))
    return parser


def _add_id(parser: Parser, lang: str) -> None:
    parser.add_argument("warning", metavar="ID", help=t("warn_id_help", lang))


def _add_who(parser: Parser, lang: str) -> None:
    parser.add_argument("--by", required=True, metavar="WHO", help=t("warn_by_help", lang))
    parser.add_argument("--reason", required=True, metavar="WHY", help=t("warn_reason_help", lang))


def _add_open(parts: Any, lang: str) -> None:
    example = f"khien warn open {DIR} --sender pctt.gov.vn --name-vi Ban_Chỉ_huy --name-en Command --by Chánh_Văn_phòng"
    parser = _part(parts, "open", run_open, lang, example)
    parser.add_argument("--sender", required=True, metavar="NAME", help=t("warn_sender_help", lang))
    parser.add_argument("--name-vi", required=True, metavar="NAME", help=t("warn_name_vi_help", lang))
    parser.add_argument("--name-en", required=True, metavar="NAME", help=t("warn_name_en_help", lang))
    parser.add_argument("--by", required=True, metavar="WHO", help=t("warn_by_help", lang))


def _add_content(parser: Parser, lang: str, *, needed: bool) -> None:
    if needed:
        parser.add_argument("--hazard", required=True, metavar="ID", help=t("warn_hazard_help", lang))
        for tongue in ("vi", "en"):
            about = t("warn_event_help", lang, tongue=t(f"warn_tongue_{tongue}", lang))
            parser.add_argument(f"--event-{tongue}", default="", metavar="TEXT", help=about)
        parser.add_argument("--exercise", action="store_true", help=t("warn_exercise_help", lang))
        parser.add_argument("--despite", metavar="ID", help=t("warn_despite_help", lang))
    parser.add_argument("--level", type=int, required=needed, metavar="N", help=t("warn_level_help", lang))
    parser.add_argument("--area", action="append", required=needed, metavar="CODE", help=t("warn_area_help", lang))
    for name in ("onset", "expires"):
        key = f"warn_{name}_help"
        parser.add_argument(f"--{name}", required=needed, metavar="MOMENT", help=t(key, lang))
    parser.add_argument("--probability", type=float, metavar="P", help=t("warn_probability_help", lang))
    for what in TEXTS:
        for tongue in ("vi", "en"):
            required = needed and what == "headline"
            told = t(f"warn_{what}_help", lang, tongue=t(f"warn_tongue_{tongue}", lang))
            parser.add_argument(f"--{what}-{tongue}", required=required, metavar="TEXT", help=told)
    _add_who(parser, lang)


def _add_out(parts: Any, lang: str) -> None:
    cap = _part(parts, "cap", run_cap, lang, f"khien warn cap 2026-0001-storm {DIR} --out warning.xml")
    _add_id(cap, lang)
    cap.add_argument("--message", type=int, metavar="N", help=t("warn_message_help", lang))
    cap.add_argument("--out", metavar="FILE", help=t("warn_cap_out_help", lang))
    feed = _part(parts, "feed", run_feed, lang, f"khien warn feed {DIR} --out out/feed")
    feed.add_argument("--out", required=True, metavar="DIR", help=t("warn_feed_out_help", lang))
    for parser in (cap, feed):
        parser.add_argument("--areas", metavar="FILE", help=t("warn_areas_help", lang))
        parser.add_argument("--key", metavar="FILE", help=t("warn_key_help", lang))
        parser.add_argument("--cert", metavar="FILE", help=t("warn_cert_help", lang))


def _add_record(parts: Any, lang: str) -> None:
    stats = _part(parts, "statistics", run_statistics, lang, f"khien warn statistics {DIR} --events events.csv")
    stats.add_argument("--events", required=True, metavar="FILE", help=t("warn_events_help", lang))
    stats.add_argument("--level", type=int, default=1, metavar="N", help=t("warn_stat_level_help", lang))
    stats.add_argument("--occasions", type=int, metavar="N", help=t("warn_occasions_help", lang))
    reach = _part(parts, "reach", run_reach, lang, f"khien warn reach 2026-0001-storm {DIR} --sent 48 --by Trực_ban_48")
    _add_id(reach, lang)
    reach.add_argument("--sent", action="append", metavar="ID", help=t("warn_sent_help", lang))
    reach.add_argument("--confirmed", action="append", metavar="ID", help=t("warn_confirmed_help", lang))
    reach.add_argument("--by", metavar="WHO", help=t("warn_by_help", lang))


def _add_analysis(parts: Any, lang: str) -> None:
    example = "khien warn exceed forecasts.parquet --threshold 1=120 --threshold 2=180 --cost 1 --loss 5"
    exceed = _part(parts, "exceed", run_exceed, lang, example, journal=False)
    exceed.add_argument("forecasts", metavar="FILE", help=t("warn_forecasts_help", lang))
    which = exceed.add_mutually_exclusive_group(required=True)
    which.add_argument("--thresholds", metavar="FILE", help=t("warn_thresholds_help", lang))
    which.add_argument("--threshold", action="append", metavar="N=X", help=t("warn_threshold_help", lang))
    which.add_argument("--counts", metavar="FILE", help=t("warn_counts_help", lang))
    exceed.add_argument("--cost", type=float, metavar="C", help=t("warn_cost_help", lang))
    exceed.add_argument("--loss", type=float, metavar="L", help=t("warn_loss_help", lang))
    silent = _part(parts, "silent", run_silent, lang, "khien warn silent feeds.csv", journal=False)
    silent.add_argument("feeds", metavar="FILE", help=t("warn_feeds_help", lang))
    silent.add_argument("--at", metavar="MOMENT", help=t("warn_at_help", lang))


def run_open(args: argparse.Namespace) -> Exit:
    """Begin a journal."""
    from khien.watch.warn import open_journal

    journal = _journal(args)
    entry = _try(args, lambda: open_journal(journal, args.sender, args.name_vi, args.name_en, by=args.by))
    told = {"journal": str(journal.folder), "hash": entry.hash}
    answer(args, told, [t("warn_opened", args.lang, path=journal.folder)])
    return Exit.DONE


def run_propose(args: argparse.Namespace) -> Exit:
    """Record a signal."""
    from khien.watch.warn import Content, propose

    told: dict[str, Any] = {name: _moment(getattr(args, name), args.lang) for name in ("onset", "expires")}
    told |= {f"{what}_{tongue}": getattr(args, f"{what}_{tongue}") or "" for what in TEXTS for tongue in ("vi", "en")}
    told |= {"probability": args.probability, "exercise": args.exercise}
    told |= {"event_vi": args.event_vi, "event_en": args.event_en}
    content = Content(args.hazard, args.level, tuple(args.area), **told)
    journal = _journal(args)
    entry = _try(args, lambda: propose(journal, content, by=args.by, why=args.reason, despite=args.despite))
    return _say(args, journal, entry.warning)


def run_update(args: argparse.Namespace) -> Exit:
    """Write new content that waits for approval."""
    from khien.watch.warn import update
    from khien.watch.warn.acts import changed

    journal = _journal(args)
    record = _try(args, lambda: _desk(journal).get(args.warning))
    changes: dict[str, Any] = {"level": args.level, "probability": args.probability}
    changes["areas"] = None if args.area is None else tuple(args.area)
    changes |= {n: _moment(getattr(args, n), args.lang) for n in ("onset", "expires") if getattr(args, n)}
    changes |= {f"{w}_{tongue}": getattr(args, f"{w}_{tongue}") for w in TEXTS for tongue in ("vi", "en")}
    content = changed(record.pending or record.content, **changes)
    _try(args, lambda: update(journal, args.warning, content, by=args.by, why=args.reason))
    return _say(args, journal, args.warning)


def run_act(args: argparse.Namespace) -> Exit:
    """Review, approve, stand down or cancel: what the named person decided."""
    from khien.watch import warn

    acts = {"review": warn.review, "approve": warn.approve, "stand-down": warn.stand_down, "cancel": warn.cancel}
    journal = _journal(args)
    _try(args, lambda: acts[args.act](journal, args.warning, by=args.by, why=args.reason))
    return _say(args, journal, args.warning)


def run_list(args: argparse.Namespace) -> Exit:
    """All open warnings, or all."""
    now, journal = datetime.now(UTC), _journal(args)
    records = list(_try(args, lambda: _desk(journal)).warnings.values())
    shown = [r for r in records if args.all or (r.state in ("signal", "review", "official") and not r.expired(now))]
    lines = [summary_line(record, now, args.lang) for record in shown] or [t("warn_none", args.lang)]
    answer(args, {"warnings": [plain_record(record, now) for record in shown]}, lines)
    return Exit.DONE


def run_show(args: argparse.Namespace) -> Exit:
    """One warning: state, preview in both languages, history, what it may bring, whom it may hit."""
    from khien.watch.warn.cascade import may_bring, of_programme

    now, journal = datetime.now(UTC), _journal(args)
    record = _try(args, lambda: _desk(journal).get(args.warning))
    programme = None
    if args.programme is not None:
        import khien
        from khien.cli.paths import existing

        programme = khien.read(existing(args.programme, args.lang))
    links = None
    if programme is not None:
        links = of_programme(programme.frames["cascades"].select("cause", "effect").iter_rows())
    effects = may_bring(record.content.hazard, links)
    lines = [*record_lines(record, now, args.lang), *cascade_lines(effects, args.lang)]
    payload = {**plain_record(record, now), "may_bring": [vars(effect) for effect in effects]}
    if programme is not None:
        payload["impact"], more = impact_lines(record.content, programme, args.lang)
        lines += more
    answer(args, payload, lines)
    return Exit.DONE


def run_cap(args: argparse.Namespace) -> Exit:
    """One official message as CAP 1.2, to standard output or a file."""
    from khien.watch.warn import cap_message, identifier
    from khien.watch.warn.findings import refuse

    desk = _try(args, lambda: _desk(_journal(args)))
    record = _try(args, lambda: desk.get(args.warning))
    wanted = len(record.messages) if args.message is None else args.message
    if not 1 <= wanted <= len(record.messages):
        raise _refused(args, refuse("no-message", record.id, value=wanted, count=len(record.messages)))
    message = record.messages[wanted - 1]
    made = _try(args, lambda: cap_message(desk, record, message, _shapes(args)))
    made = _signed(args, made)
    name, text = identifier(record, message), made.decode("utf-8")
    if args.out is not None:
        from khien.programme.writing import write_text

        write_text(Path(args.out), text)
        text = t("warn_written", args.lang, path=args.out)
    answer(args, {"identifier": name, "out": args.out, "cap": made.decode("utf-8")}, [text])
    return Exit.DONE


def run_feed(args: argparse.Namespace) -> Exit:
    """Write the Atom feed and the messages it names."""
    from khien.watch.warn.feed import write_feed

    desk = _try(args, lambda: _desk(_journal(args)))
    shapes = _try(args, lambda: _shapes(args))
    files = write_feed(desk, Path(args.out), shapes=shapes, signed=lambda made: _signed(args, made))
    told = t("warn_feed_written", args.lang, count=len(files) - 1, path=files[-1])
    answer(args, {"files": [str(path) for path in files]}, [told])
    return Exit.DONE


def run_statistics(args: argparse.Namespace) -> Exit:
    """Hits, misses, false alarms and lead time by hazard."""
    from khien.cli.paths import existing
    from khien.watch.warn.files_in import read_events
    from khien.watch.warn.statistics import tally

    if args.level not in range(1, 6):
        raise Stop(Exit.WRONG_USE, t("cli_range", args.lang, option="--level", low=1, high=5))
    if args.occasions is not None and args.occasions < 0:
        raise Stop(Exit.WRONG_USE, t("watch_feed_number", args.lang, option="--occasions", least=0))
    desk = _try(args, lambda: _desk(_journal(args)))
    path = existing(args.events, args.lang)
    events = _try(args, lambda: read_events(path), Exit.INPUT_ERRORS)
    found = tally(desk, events, datetime.now(UTC), level=args.level, occasions=args.occasions)
    rows = []
    lines = []
    for one in found:
        lead = None if one.median_lead is None else one.median_lead.total_seconds() / 3600
        told = {**one.table.to_dict(), "late": one.late, "waiting": one.waiting, "median_lead_hours": lead}
        rows.append({"hazard": one.hazard, **told})
        scores = {name: percent(told[name], args.lang, 0) for name in ("pod", "far", "csi", "ets")}
        counts = {name: told[name] for name in ("hits", "misses", "false_alarms", "late", "waiting")}
        lead_text = number(lead, args.lang, 1)
        lines.append(t("warn_statistics_line", args.lang, hazard=one.hazard, lead=lead_text, **counts, **scores))
    answer(args, {"level": args.level, "hazards": rows}, lines or [t("warn_none", args.lang)])
    return Exit.DONE


def run_reach(args: argparse.Namespace) -> Exit:
    """Record who was sent a warning or confirmed it, and say how far it got."""
    from khien.watch.warn import confirmed, sent
    from khien.watch.warn.reach import reach

    journal = _journal(args)
    if (args.sent or args.confirmed) and args.by is None:
        raise Stop(Exit.WRONG_USE, t("warn_reach_needs_by", args.lang))
    if args.sent:
        _try(args, lambda: sent(journal, args.warning, args.sent, by=args.by))
    if args.confirmed:
        _try(args, lambda: confirmed(journal, args.warning, args.confirmed, by=args.by))
    found = reach(_try(args, lambda: _desk(journal).get(args.warning)))
    minutes = None if found.median_time is None else found.median_time.total_seconds() / 60
    fields = {"share": percent(found.share, args.lang, 0), "minutes": number(minutes, args.lang)}
    lines = [t("warn_reach_line", args.lang, id=found.warning, sent=found.sent, confirmed=found.confirmed, **fields)]
    if found.silent:
        lines.append(t("warn_reach_silent", args.lang, who=", ".join(found.silent)))
    if found.unsent:
        lines.append(t("warn_reach_unsent", args.lang, who=", ".join(found.unsent)))
    told = {"sent": found.sent, "confirmed": found.confirmed, "share": found.share, "median_minutes": minutes}
    answer(args, {"id": found.warning, **told, "silent": found.silent, "unsent": found.unsent}, lines)
    return Exit.DONE


def run_verify(args: argparse.Namespace) -> Exit:
    """Check the chain of the journal and print its last hash."""
    entries = _try(args, lambda: _journal(args).read(), Exit.INPUT_ERRORS)
    last = entries[-1].hash if entries else None
    told = {"entries": len(entries), "last": last}
    answer(args, told, [t("warn_verified", args.lang, count=len(entries), hash=last)])
    return Exit.DONE


def run_exceed(args: argparse.Namespace) -> Exit:
    """The probability of exceeding each level by lead time, and whether to act."""
    from khien.cli.paths import existing
    from khien.watch.warn.costloss import cost_ratio
    from khien.watch.warn.exceed import exceedance
    from khien.watch.warn.files_in import read_frame

    if (args.cost is None) != (args.loss is None):
        raise Stop(Exit.WRONG_USE, t("warn_cost_needs_loss", args.lang))
    try:
        ratio = None if args.cost is None else cost_ratio(args.cost, args.loss)
    except ValueError:
        raise Stop(Exit.WRONG_USE, t("warn_cost_wrong", args.lang)) from None
    path = existing(args.forecasts, args.lang)
    forecasts = _try(args, lambda: read_frame(path), Exit.INPUT_ERRORS)
    steps = _thresholds(args, forecasts)
    files = {"forecasts": path.name, "thresholds": Path(args.thresholds or "--threshold").name}
    found = _try(args, lambda: exceedance(forecasts, steps), Exit.INPUT_ERRORS, files)
    rows = found.to_dicts()
    lines = []
    for row in rows:
        row["act"] = None if ratio is None else row["probability"] > ratio
        decision = "" if ratio is None else " " + t("warn_act" if row["act"] else "warn_no_act", args.lang)
        chance = percent(row["probability"], args.lang)
        fields = {name: row[name] for name in ("indicator", "place", "target", "level", "lead_days", "model")}
        lines.append(t("warn_exceed_line", args.lang, chance=chance, **fields) + decision)
    answer(args, {"ratio": ratio, "rows": rows}, lines)
    return Exit.DONE


def run_silent(args: argparse.Namespace) -> Exit:
    """Feeds that are late, silent, stale or never spoke."""
    from khien.cli.paths import existing
    from khien.watch.warn.files_in import read_feeds
    from khien.watch.warn.silence import alarms

    now = datetime.now(UTC) if args.at is None else _moment(args.at, args.lang)
    path = existing(args.feeds, args.lang)
    found = alarms(_try(args, lambda: read_feeds(path), Exit.INPUT_ERRORS), now)
    rows, lines = [], []
    for one in found:
        hours = one.overdue.total_seconds() / 3600
        told = {"indicator": one.feed.indicator, "place": one.feed.place, "health": one.health}
        rows.append({**told, "overdue_hours": hours})
        if one.health != "speaks":
            health = t(f"warn_health_{one.health}", args.lang)
            name = " ".join(part for part in (one.feed.indicator, one.feed.place) if part)
            lines.append(t("warn_silent_line", args.lang, name=name, health=health, hours=number(hours, args.lang, 1)))
    answer(args, {"feeds": rows}, lines or [t("warn_all_speak", args.lang, count=len(found))])
    return Exit.DONE


def _journal(args: argparse.Namespace) -> Journal:
    from khien.watch.warn import Journal

    place = args.journal or os.environ.get("KHIEN_WARNINGS")
    if not place:
        raise Stop(Exit.WRONG_USE, t("warn_which_journal", args.lang))
    from khien.watch.warn.journal import FILE

    folder = Path(place)
    # Whoever names the file means the folder that it lies in.
    return Journal(folder.parent if folder.name == FILE and not folder.is_dir() else folder)


def _desk(journal: Journal) -> Desk:
    from khien.watch.warn import desk

    return desk(journal.read())


def _try(
    args: argparse.Namespace, act: Any, code: Exit = Exit.WRONG_USE, files: Mapping[str, str] | None = None
) -> Any:
    """Run it; a refusal becomes one message with every finding, each naming the file that a table came from."""
    from khien.watch.warn import WarnError

    try:
        return act()
    except WarnError as error:
        if files:
            error.findings = [replace(one, table=files.get(one.table or "", one.table)) for one in error.findings]
        raise _refused(args, error, code) from None


def _refused(args: argparse.Namespace, error: WarnError, code: Exit = Exit.WRONG_USE) -> Stop:
    from khien.cli.findings import refusal

    ruined = ("journal-broken", "act-unknown", "entry-not-allowed")
    broken = any(finding.code in ruined for finding in error.findings)
    told = refusal(t("warn_refused", args.lang), error.findings, args.lang)
    return Stop(Exit.INPUT_ERRORS if broken else code, *told)


def _moment(text: str, lang: str) -> datetime:
    from khien.cli.level import moment

    return moment(text, lang)


def _say(args: argparse.Namespace, journal: Journal, key: str) -> Exit:
    now, record = datetime.now(UTC), _desk(journal).get(key)
    answer(args, plain_record(record, now), [summary_line(record, now, args.lang)])
    return Exit.DONE


def _shapes(args: argparse.Namespace) -> Any:
    from khien.cli.paths import existing
    from khien.watch.warn.shapes import read_shapes

    return None if args.areas is None else read_shapes(existing(args.areas, args.lang))


def _signed(args: argparse.Namespace, message: bytes) -> bytes:
    """The message, signed when a key is named by option or environment."""
    key, cert = args.key or os.environ.get("KHIEN_CAP_KEY"), args.cert or os.environ.get("KHIEN_CAP_CERT")
    if not key and not cert:
        return message
    if not (key and cert):
        raise Stop(Exit.WRONG_USE, t("warn_key_needs_cert", args.lang))
    from khien.watch.warn.signing import sign

    made: bytes = _try(args, lambda: sign(message, Path(key), Path(cert)))
    return made


def _thresholds(args: argparse.Namespace, forecasts: Any) -> Any:
    import polars as pl

    from khien.cli.paths import existing
    from khien.watch.warn.files_in import read_frame

    if args.thresholds is not None:
        path = existing(args.thresholds, args.lang)
        return _try(args, lambda: read_frame(path), Exit.INPUT_ERRORS)
    if args.counts is not None:
        return _legal_lines(args, forecasts)
    rows = []
    for text in args.threshold:
        level, _, value = text.partition("=")
        try:
            rows.append((int(level), float(value)))
        except ValueError:
            raise Stop(Exit.WRONG_USE, t("warn_threshold_wrong", args.lang, text=text)) from None
    return pl.DataFrame(rows, schema=["level", "threshold"], orient="row")


def _legal_lines(args: argparse.Namespace, forecasts: Any) -> Any:
    """Warning (1) and epidemic (2) under Circular 15/2026, from the counts of earlier years."""
    from khien.cli.level import refused
    from khien.cli.paths import existing
    from khien.watch.levels import LevelError
    from khien.watch.levels.epidemic_file import read_counts
    from khien.watch.warn.exceed import check_forecasts
    from khien.watch.warn.legal_lines import epidemic_lines

    try:
        counts = read_counts(existing(args.counts, args.lang))
    except LevelError as error:
        raise refused(error, args.lang, Exit.INPUT_ERRORS) from None
    _try(args, lambda: check_forecasts(forecasts), Exit.INPUT_ERRORS)
    return _try(args, lambda: epidemic_lines(counts, forecasts), Exit.INPUT_ERRORS)
