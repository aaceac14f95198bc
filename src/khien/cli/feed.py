"""``khien feed``: check, read and poll what comes from outside."""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command, add_group
from khien.cli.paths import existing, existing_file, unknown_id
from khien.words import t

if TYPE_CHECKING:
    from khien.programme import Finding
    from khien.watch.feeds import Reading, Trust
    from khien.watch.feeds.polling import Polled
    from khien.watch.observe import BatchRefused, Receipt, Store

KINDS = ("cap", "rss", "geojson", "stix", "kev", "directory", "hub", "table")
"""As :data:`khien.watch.feeds.KINDS`, without importing the room before a command runs."""

SIGNED = ("cap", "rss")
"""Kinds that are signed, or lead to messages that are."""

SHOWN = 20
MOST_MB = 10**6
"""Largest limit of an answer or a file that may be asked for: a terabyte."""
MANY = 20
SMALL = ("cap", "rss", "geojson", "stix")
"""So many files of these kinds are stored in one step where nothing speaks against it: a step costs several syncs."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command and its parts to the parser."""
    parts = add_group(places, "feed", lang, says=t("watch_feed_says", lang))
    check = add_command(
        parts,
        "check",
        run_check,
        lang,
        says=t("watch_feed_check_says", lang),
        example="khien feed check alert.xml --kind cap\nkhien feed check cases.csv --kind table --mapping cases.toml",
    )
    _what(check, lang)
    read = add_command(
        parts,
        "read",
        run_read,
        lang,
        says=t("watch_feed_read_says", lang),
        example=(
            "khien feed read flu_truth_vintages.parquet --kind hub --store watch-store\n"
            "khien feed read cases.csv --kind table --mapping cases.toml --store watch-store --keep-good"
        ),
    )
    _what(read, lang)
    _into(read, lang)
    read.add_argument("--together", action="store_true", help=t("watch_together_help", lang))
    _poll(parts, lang)
    maps = add_command(
        parts, "maps", run_maps, lang, says=t("watch_feed_maps_says", lang), example="khien feed maps vn-gdpm"
    )
    maps.add_argument("name", nargs="?", metavar="NAME", help=t("watch_feed_maps_name_help", lang))


def _poll(parts: argparse._SubParsersAction[Parser], lang: str) -> None:
    parser = add_command(
        parts,
        "poll",
        run_poll,
        lang,
        says=t("watch_feed_poll_says", lang),
        example="khien feed poll https://www.gdacs.org/xml/rss.xml --kind rss --store watch-store --times 0",
    )
    parser.add_argument("url", metavar="URL", help=t("watch_feed_url_help", lang))
    parser.add_argument("--kind", choices=KINDS, required=True, help=t("watch_feed_kind_help", lang))
    parser.add_argument("--mapping", metavar="FILE", help=t("watch_feed_mapping_help", lang))
    parser.add_argument("--source", metavar="NAME", help=t("watch_feed_source_help", lang))
    parser.add_argument("--target", metavar="NAME", help=t("watch_feed_target_help", lang))
    parser.add_argument("--unit", metavar="UNIT", help=t("watch_feed_unit_help", lang))
    parser.add_argument("--limit-mb", type=float, metavar="MB", help=t("watch_feed_limit_help", lang))
    parser.add_argument("--certificate", action="append", metavar="FILE", help=t("watch_feed_certificate_help", lang))
    _into(parser, lang)
    parser.add_argument("--state", metavar="FILE", help=t("watch_feed_state_help", lang))
    parser.add_argument("--every", type=float, default=300.0, metavar="S", help=t("watch_feed_every_help", lang))
    parser.add_argument("--times", type=int, default=1, metavar="N", help=t("watch_feed_times_help", lang))
    parser.add_argument("--timeout", type=float, default=20.0, metavar="S", help=t("watch_feed_timeout_help", lang))
    parser.add_argument("--follow", type=int, default=50, metavar="N", help=t("watch_feed_follow_help", lang))


def _what(parser: Parser, lang: str) -> None:
    """What is read."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=t("watch_feed_files_help", lang))
    parser.add_argument("--kind", choices=KINDS, required=True, help=t("watch_feed_kind_help", lang))
    parser.add_argument("--mapping", metavar="FILE", help=t("watch_feed_mapping_help", lang))
    parser.add_argument("--source", metavar="NAME", help=t("watch_feed_source_help", lang))
    parser.add_argument("--issued", metavar="DATE", help=t("watch_feed_issued_help", lang))
    parser.add_argument("--target", metavar="NAME", help=t("watch_feed_target_help", lang))
    parser.add_argument("--unit", metavar="UNIT", help=t("watch_feed_unit_help", lang))
    parser.add_argument("--limit-mb", type=float, metavar="MB", help=t("watch_feed_limit_help", lang))
    parser.add_argument("--certificate", action="append", metavar="FILE", help=t("watch_feed_certificate_help", lang))


def _into(parser: Parser, lang: str) -> None:
    """Where it goes."""
    parser.add_argument("--store", required=True, metavar="DIR", help=t("watch_store_help", lang))
    parser.add_argument("--programme", metavar="PATH", help=t("watch_programme_help", lang))
    parser.add_argument("--keep-good", action="store_true", help=t("watch_keep_good_help", lang))


def _check_use(args: argparse.Namespace) -> None:
    """What is wrong with the call itself, before a file is read or a server asked."""
    if args.limit_mb is not None and not 0 < args.limit_mb <= MOST_MB:
        most = number(MOST_MB, args.lang)
        raise Stop(Exit.WRONG_USE, t("cli_range", args.lang, option="--limit-mb", low=0, high=most))
    for name in getattr(args, "files", ()):
        existing_file(name, args.lang)
    if args.kind == "table" and args.mapping is None:
        raise Stop(Exit.WRONG_USE, t("watch_feed_needs_mapping", args.lang))
    if args.kind != "table" and args.mapping is not None:
        raise Stop(Exit.WRONG_USE, t("cli_plan_needs", args.lang, one="--mapping", other="--kind table"))


def run_check(args: argparse.Namespace) -> Exit:
    """Say what is in files and everything that is wrong with them; nothing is stored."""
    _check_use(args)
    readings = [_read(args, name) for name in args.files]
    lines = [line for reading in readings for line in _said(reading, args.lang)]
    answer(args, {"files": [reading.to_dict() for reading in readings]}, lines)
    return Exit.DONE if all(reading.ok for reading in readings) else Exit.INPUT_ERRORS


def run_read(args: argparse.Namespace) -> Exit:
    """Store files, each whole or not at all."""
    _check_use(args)
    store = opened(args.store, args.lang)
    _learn(store, args)
    if args.together:
        return _together(store, args)
    lines: list[str] = []
    told: list[dict[str, Any]] = []
    code = Exit.DONE
    for reading, receipt, refused in _stored(store, args):
        lines += _said(reading, args.lang)
        findings = receipt.findings if receipt is not None else () if refused is None else refused.findings
        lines += _findings([f for f in findings if f not in reading.findings], args.lang)
        if refused is not None:
            code = Exit.INPUT_ERRORS
            lines.append(t("watch_feed_refused", args.lang, file=reading.name))
        elif receipt is not None:
            lines += _receipt(receipt, args.lang)
        plain = {"receipt": None if receipt is None else receipt.to_dict(), "stored": refused is None}
        told.append({**reading.to_dict(), **plain, "refused_for": [f.to_dict() for f in findings if refused]})
    answer(args, {"store": args.store, "files": told}, lines)
    return code


def _stored(
    store: Store, args: argparse.Namespace
) -> Iterator[tuple[Reading, Receipt | None, BatchRefused | None]]:
    """Each file with what became of it. Many small ones that are sound share one step, told with the last of them."""
    from khien.watch.feeds.reading import together
    from khien.watch.observe import BatchRefused

    many = len(args.files) >= MANY and args.kind in SMALL
    readings = [_read(args, name) for name in args.files] if many else (_read(args, name) for name in args.files)
    sound = [reading for reading in readings if reading.ok] if many else []
    shared: Receipt | None = None
    if sound:
        # If one of them contradicts another or the store, each is tried by itself, and only that one is refused.
        with contextlib.suppress(BatchRefused):
            shared = together(sound).into(store)
    for reading in readings:
        if shared is not None and reading.ok:
            yield reading, shared if reading is sound[-1] else None, None
            continue
        try:
            yield reading, reading.into(store, keep_good=args.keep_good), None
        except BatchRefused as refused:
            yield reading, None, refused


def _together(store: Store, args: argparse.Namespace) -> Exit:
    """Store all files in one step: fast for many small ones, and a mistake in one keeps out all."""
    from khien.watch.feeds.reading import together
    from khien.watch.observe import BatchRefused

    readings = [_read(args, name) for name in args.files]
    whole = together(readings)
    lines = [line for reading in readings for line in _said(reading, args.lang)]
    payload = {"store": args.store, "files": [reading.to_dict() for reading in readings]}
    try:
        receipt = whole.into(store, keep_good=args.keep_good)
    except BatchRefused as refused:
        more = [f for f in refused.findings if f not in whole.findings]
        lines += [*_findings(more, args.lang), t("watch_feed_refused", args.lang, file=", ".join(args.files[:3]))]
        told = [finding.to_dict() for finding in refused.findings]
        answer(args, {**payload, "receipt": None, "refused_for": told}, lines)
        return Exit.INPUT_ERRORS
    lines += _receipt(receipt, args.lang)
    answer(args, {**payload, "receipt": receipt.to_dict()}, lines)
    return Exit.DONE


def run_poll(args: argparse.Namespace) -> Exit:
    """Ask a feed; an answer with mistakes or none at all gives 1, an interruption in between 3."""
    from khien.watch.feeds.polling import Feed, poll

    for name, least in (("every", 0), ("timeout", 0.1), ("times", 0), ("follow", 0)):
        if not getattr(args, name) >= least or not math.isfinite(getattr(args, name)):
            shown = number(least, args.lang, 0 if least == int(least) else 1)
            raise Stop(Exit.WRONG_USE, t("watch_feed_number", args.lang, option=f"--{name}", least=shown))
    _check_use(args)
    store = opened(args.store, args.lang)
    _learn(store, args)
    limit = None if args.limit_mb is None else int(args.limit_mb * 10**6)
    feed = Feed(
        args.url,
        args.kind,
        Path(args.state or _state_for(args)),
        source=args.source,
        mapping=args.mapping,
        target=args.target,
        unit=args.unit,
        every=args.every,
        timeout=args.timeout,
        limit=limit,
        follow=args.follow,
        keep_good=args.keep_good,
        trust=_trust(args),
    )
    found: list[Polled] = []

    def tell(result: Polled) -> None:
        found.append(result)
        if not args.json:
            for line in _polled(result, args):
                print(line, flush=True)

    code = Exit.DONE
    try:
        poll(feed, store, times=args.times or None, told=tell)
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED if found else Exit.STOPPED
    if args.json:
        answer(args, {"url": args.url, "store": args.store, "polls": [one.to_dict() for one in found[-1000:]]}, [])
    if code is Exit.DONE and found and found[-1].status in ("failed", "refused"):
        return Exit.INPUT_ERRORS
    return code


def run_maps(args: argparse.Namespace) -> Exit:
    """List the mappings that come along, or show one of them, to be copied and changed."""
    from khien.watch.feeds import about, ready

    maps = ready()
    if args.name is None:
        lines = [f"{name:<24}{about(text, args.lang)}" for name, text in maps.items()]
        answer(args, {"maps": list(maps)}, lines)
        return Exit.DONE
    if args.name not in maps:
        raise Stop(Exit.WRONG_USE, unknown_id(t("watch_mapping", args.lang), args.name, list(maps), args.lang))
    answer(args, {"name": args.name, "toml": maps[args.name]}, maps[args.name].splitlines())
    return Exit.DONE


def opened(path: str, lang: str) -> Store:
    """The store at a place."""
    from khien.watch.observe import Store, StoreError

    try:
        return Store(path)
    except StoreError as error:
        raise Stop(Exit.WRONG_USE, getattr(error, f"message_{lang}")) from None


def _learn(store: Store, args: argparse.Namespace) -> None:
    """Let the store know the indicators and places of a programme."""
    if args.programme is None:
        return
    import khien
    from khien.watch.indicators import Indicators

    programme = khien.read(existing(args.programme, args.lang))
    store.register(Indicators.of(programme), programme.places["id"].to_list())


def _read(args: argparse.Namespace, name: str) -> Reading:
    from khien.watch.feeds import read

    if args.issued is not None:
        _is_date(args.issued, args.lang)
    options = {k: getattr(args, k) for k in ("mapping", "issued", "target", "unit", "source", "limit_mb")}
    return read(name, args.kind, trust=_trust(args), **options)


def _trust(args: argparse.Namespace) -> Trust | None:
    """Whose signatures count, where somebody says so."""
    if args.certificate is None:
        return None
    if args.kind not in SIGNED:
        raise Stop(Exit.WRONG_USE, t("watch_feed_certificate_kind", args.lang, kind=args.kind))
    from khien.watch.feeds import read_trust
    from khien.watch.observe import BatchRefused

    paths = [existing_file(path, args.lang) for path in args.certificate]
    try:
        return read_trust(paths)
    except BatchRefused as refused:
        found = refused.findings
        details = {"findings": [finding.to_dict() for finding in found]}
        lines = list(_findings(found, args.lang))
        raise Stop(Exit.WRONG_USE, lines[0], {**details, "lines": lines[1:]}) from None


def _is_date(text: str, lang: str) -> None:
    from khien.watch.observe.schema import moment

    try:
        moment(text)
    except ValueError:
        raise Stop(Exit.WRONG_USE, t("watch_no_date", lang, text=text)) from None


def _state_for(args: argparse.Namespace) -> Path:
    """Where polling remembers, when nobody says: beside the store, by the feed's address."""
    import hashlib

    name = hashlib.sha256(args.url.encode()).hexdigest()[:16]
    if "://" in args.store:
        raise Stop(Exit.WRONG_USE, t("watch_feed_state_needed", args.lang))
    store = Path(args.store)
    return store.with_name(store.name + "-polling") / f"{name}.json"


def _said(reading: Reading, lang: str) -> Iterator[str]:
    counts = {
        "observations": number(reading.observations.height, lang),
        "records": number(sum(frame.height for frame in reading.records.values()), lang),
        "links": number(len(reading.links), lang),
    }
    yield t("watch_feed_found", lang, file=reading.name, kind=reading.kind, **counts)
    yield from _findings(reading.findings, lang)


def _findings(findings: list[Finding], lang: str) -> Iterator[str]:
    from khien.cli.findings import finding_lines

    yield from finding_lines(findings, lang, limit=SHOWN)


def _receipt(receipt: Receipt, lang: str) -> Iterator[str]:
    names = ("added", "duplicates", "revisions", "late", "refused")
    yield t("watch_receipt", lang, **{name: number(getattr(receipt, name), lang) for name in names})
    for table, (new, old) in receipt.records.items():
        yield t("watch_receipt_records", lang, table=table, new=number(new, lang), old=number(old, lang))


def _polled(result: Polled, args: argparse.Namespace) -> Iterator[str]:
    status = t(f"watch_poll_{result.status}", args.lang)
    if result.status == "early" and result.again is not None:
        status = t("watch_poll_early_until", args.lang, status=status, again=f"{result.again:%H:%M:%S} UTC")
    yield f"{result.at:%Y-%m-%d %H:%M:%S} UTC  {args.url}  {status}"
    yield from _findings(list(result.findings), args.lang)
    if result.receipt is not None:
        yield from _receipt(result.receipt, args.lang)
    if result.followed or result.pending:
        counts = {"followed": number(result.followed, args.lang), "pending": number(result.pending, args.lang)}
        yield t("watch_poll_links", args.lang, **counts)
