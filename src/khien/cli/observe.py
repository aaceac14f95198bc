"""``khien observe``: what a store knows of an indicator, as of any day."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.cli.paths import writable
from khien.words import t

if TYPE_CHECKING:
    import polars as pl

    from khien.watch.observe import Store

COLUMNS = ("place", "valid", "issued", "received", "value", "change", "unit", "source")
ROWS = 40
"""Rows printed as text; ``--json`` and ``--out`` have them all."""

COMPACT, ALERTS = "compact", "alerts"
"""Words that stand where an indicator may stand, and are none."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "observe",
        run,
        lang,
        says=t("watch_observe_says", lang),
        example=(
            "khien observe --store watch-store\n"
            "khien observe --store watch-store wk-inc-flu-hosp --as-of 2024-01-04 --place US --out known.csv\n"
            "khien observe --store watch-store wk-inc-flu-hosp --place US --vintages 2023-12-30\n"
            "khien observe --store watch-store alerts --as-of 2026-11-30T06:00:00+07:00\n"
            "khien observe --store watch-store compact"
        ),
    )
    parser.add_argument("what", nargs="?", metavar="INDICATOR", help=t("watch_observe_what_help", lang))
    parser.add_argument("--store", required=True, metavar="DIR", help=t("watch_store_help", lang))
    parser.add_argument("--as-of", metavar="DATE", help=t("watch_as_of_help", lang))
    parser.add_argument("--known-at", metavar="DATE", help=t("watch_known_at_help", lang))
    parser.add_argument("--place", action="append", metavar="ID", help=t("watch_place_help", lang))
    parser.add_argument("--since", metavar="DATE", help=t("watch_since_help", lang))
    parser.add_argument("--until", metavar="DATE", help=t("watch_until_help", lang))
    parser.add_argument("--vintages", metavar="DATE", help=t("watch_vintages_help", lang))
    parser.add_argument("--provinces", choices=("count", "rate"), help=t("watch_provinces_help", lang))
    parser.add_argument("--out", metavar="FILE", help=t("watch_out_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print what is known; read-only but for ``compact``."""
    _check_dates(args)
    with reading_store(args.store, args.lang) as store:
        if args.what == COMPACT:
            return _compact(store, args)
        if args.what == ALERTS:
            return _alerts(store, args)
        return _list(store, args) if args.what is None else _known(store, args)


@contextlib.contextmanager
def reading_store(path: str, lang: str) -> Iterator[Store]:
    """A store that is there; what is damaged in it ends the command with the file's name."""
    import polars as pl

    from khien.cli.feed import opened
    from khien.watch.observe import StoreError

    store = opened(path, lang)
    try:
        if not store.exists:
            raise Stop(Exit.WRONG_USE, t("watch_no_store", lang, path=path))
        yield store
    except StoreError as error:
        raise Stop(Exit.INPUT_ERRORS, getattr(error, f"message_{lang}")) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, FileNotFoundError) as error:
        # A Parquet file of the store is missing or broken.
        told = {"path": path, "file": (str(error).splitlines() or ["?"])[0][:200]}
        raise Stop(Exit.INPUT_ERRORS, t("watch_store_damaged", lang, **told)) from None


def known_indicator(store: Store, name: str, lang: str) -> None:
    """End the command where the store does not know an indicator, with the nearest that it knows."""
    if name not in store.indicators:
        from khien.cli.paths import unknown_id

        known = store.indicators.frame["id"].to_list()
        raise Stop(Exit.WRONG_USE, unknown_id(t("watch_head_indicator", lang), name, known, lang))


def _check_dates(args: argparse.Namespace) -> None:
    from khien.watch.observe.schema import moment

    for name in ("as_of", "known_at", "since", "until", "vintages"):
        text = getattr(args, name)
        try:
            _ = None if text is None else moment(text)
        except ValueError:
            raise Stop(Exit.WRONG_USE, t("watch_no_date", args.lang, text=text)) from None


def _compact(store: Store, args: argparse.Namespace) -> Exit:
    done = store.compact()
    counts = {name: getattr(done, name) for name in ("before", "after", "rows", "removed")}
    shown = {name: number(count, args.lang) for name, count in counts.items()}
    answer(args, {"store": args.store, **counts}, [t("watch_compacted", args.lang, **shown)])
    return Exit.DONE


def _list(store: Store, args: argparse.Namespace) -> Exit:
    """The indicators of a store with how many rows each has, and what they lack."""
    state, indicators = store.state, store.indicators
    fresh = {row["indicator"]: row for row in store.freshness().to_dicts()}
    rows = [{**row.model_dump(), **{k: v for k, v in fresh[row.id].items() if k != "indicator"}} for row in indicators]
    names = ["last_valid", "last_issued", "unit", "frequency", "feed", "threat", "level_rule", "owner"]
    lang = args.lang
    body = [
        [row["id"], row[f"name_{lang}"], number(row["rows"], lang), *(_cell(row[n], lang) for n in names)]
        for row in rows
    ]
    heads = [t(f"watch_head_{name}", args.lang) for name in ("indicator", "name", "rows", *names)]
    lines = list(_table(heads, body))
    for table in ("alerts", "events", "threats"):
        if count := sum(f.rows for f in state.of(table)):
            lines.append(t("watch_records", args.lang, table=table, count=number(count, args.lang)))
    if gaps := len(indicators.gaps()):
        lines.append(t("watch_gaps", args.lang, count=number(gaps, args.lang)))
    found = [finding.to_dict() for finding in indicators.gaps()]
    answer(args, {"store": args.store, "indicators": rows, "findings": found}, lines)
    return Exit.DONE


def _known(store: Store, args: argparse.Namespace) -> Exit:
    known_indicator(store, args.what, args.lang)
    _known_places(store, args)
    findings: list[Any] = []
    if args.vintages is not None:
        if len(args.place or []) != 1:
            raise Stop(Exit.WRONG_USE, t("watch_vintages_need_place", args.lang))
        frame = store.vintages(args.what, args.place[0], args.vintages)
    else:
        spans = {name: getattr(args, name) for name in ("since", "until", "known_at")}
        frame = store.as_of(args.what, args.as_of, places=args.place, **spans).collect()
        if args.provinces is not None:
            frame, findings = _in_provinces(frame, args)
    lines = written(frame, args) if args.out is not None else list(_values(frame, args.lang))
    if findings:
        from khien.cli.findings import finding_lines

        lines = [*lines, *finding_lines(findings, args.lang, limit=20)]
    payload = {"store": args.store, "indicator": args.what, "as_of": args.as_of, "known_at": args.known_at}
    told = [finding.to_dict() for finding in findings]
    answer(args, {**payload, "values": frame.to_dicts(), "findings": told}, lines)
    return Exit.DONE


def _known_places(store: Store, args: argparse.Namespace) -> None:
    """End the command where an indicator has no value at all of a place that was named: it was mistyped."""
    if not args.place:
        return
    import polars as pl

    from khien.cli.paths import unknown_id

    known = store.observations(args.what).select(pl.col("place").unique()).collect()["place"].to_list()
    for place in args.place:
        if place not in known:
            raise Stop(Exit.WRONG_USE, unknown_id(t("watch_head_place", args.lang), place, known, args.lang))


def _in_provinces(frame: pl.DataFrame, args: argparse.Namespace) -> tuple[pl.DataFrame, list[Any]]:
    from khien.watch.observe import WatchFindings
    from khien.watch.places import to_34

    findings = WatchFindings()
    return to_34(frame, args.provinces, findings), list(findings)


def table_path(args: argparse.Namespace) -> Path:
    """The file of ``--out``, which must end in .csv or .parquet and can be written."""
    path = Path(args.out)
    if path.suffix not in (".csv", ".parquet"):
        raise Stop(Exit.WRONG_USE, t("watch_out_wrong", args.lang, path=path))
    writable(path.parent)
    return path


def written(frame: pl.DataFrame, args: argparse.Namespace) -> list[str]:
    """The rows in a CSV or Parquet file, which appears whole or not at all."""
    from khien.programme.writing import write_file

    path = table_path(args)
    write_file(path, frame.write_csv if path.suffix == ".csv" else frame.write_parquet)
    return [t("watch_written", args.lang, path=path, count=number(frame.height, args.lang))]


def _values(frame: pl.DataFrame, lang: str) -> Iterator[str]:
    columns = [name for name in COLUMNS if name in frame.columns]
    body = [[_cell(cell, lang) for cell in row] for row in frame.select(columns).head(ROWS).iter_rows()]
    yield from _table([t(f"watch_head_{c}", lang) for c in columns], body)
    if frame.height > ROWS:
        yield t("cli_more_rows", lang, count=number(frame.height - ROWS, lang))
    yield t("watch_values", lang, count=number(frame.height, lang))


def _alerts(store: Store, args: argparse.Namespace) -> Exit:
    """The alerts of a store and what became of them by a moment."""
    from datetime import UTC, datetime

    from khien.watch.feeds import alert_states
    from khien.watch.observe import WatchFindings

    findings = WatchFindings()
    when = args.as_of or datetime.now(UTC)
    frame = store.records("alerts").collect()
    frame = alert_states(frame, when, known_at=args.known_at, findings=findings)
    columns = ["state", "status", "sent", "event", "severity", "urgency", "certainty", "area", "expires"]
    columns += ["signature", "sender", "identifier"]
    one = frame.unique([*columns[-2:], "sent"], keep="first", maintain_order=True).sort("sent", descending=True)
    body = [[_cell(cell, args.lang)[:40] for cell in row] for row in one.select(columns).head(ROWS).iter_rows()]
    for row in body:
        row[0] = t(f"watch_state_{row[0]}", args.lang)
        row[-3] = t(f"watch_signature_{_trusted(row[-3])}", args.lang)
    lines = list(_table([t(f"watch_head_{c}", args.lang) for c in columns], body))
    active = one.filter((one["state"] == "active") & (one["status"] == "Actual")).height
    lines.append(t("watch_alerts", args.lang, active=number(active, args.lang), count=number(one.height, args.lang)))
    from khien.cli.findings import finding_lines

    lines += finding_lines(findings, args.lang, limit=20)
    told = [finding.to_dict() for finding in findings]
    answer(args, {"store": args.store, "alerts": frame.to_dicts(), "findings": told}, lines)
    return Exit.DONE


def _trusted(signature: str) -> str:
    """What to say of a signature: none, unchecked or checked."""
    return {"–": "none", "unchecked": "unchecked"}.get(signature, "checked")


def _cell(value: Any, lang: str = "en") -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return number(value, lang, 0 if value == int(value) else 3)
    if hasattr(value, "strftime"):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return str(value.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S"))
    return str(value)


def _table(heads: list[str], body: list[list[str]]) -> Iterator[str]:
    """A table of text, columns as wide as they need."""
    wide = [max(len(row[i]) for row in [heads, *body]) for i in range(len(heads))]
    for row in [heads, *body]:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip()
