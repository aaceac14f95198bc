"""``khien ledger``: forecasts kept as they were issued, and scored when the outcome is known."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command, add_group
from khien.words import t

if TYPE_CHECKING:
    import polars as pl

    from khien.watch.forecast.ledger import Entry, Ledger

Found = TypeVar("Found")
TABLES = ("quantiles", "probabilities", "calibration", "levels")
CALLERS = {"by-unknown", "baseline-unknown", "data-hash", "ledger-other"}
"""What is wrong with the call and not with what it reads."""
SHORT = 12
"""Digits of a hash in a list; `--json` and `--entry` have all."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command and its parts to the parser."""
    parts = add_group(places, "ledger", lang, says=t("ledger_says", lang))
    made = "khien ledger add forecasts.parquet --ledger promises --issued 2026-11-30T06:00+07:00 --data known.csv"
    kept = _part(parts, "add", run_add, lang, made)
    kept.add_argument("forecasts", metavar="FILE", help=t("ledger_file_help", lang))
    kept.add_argument("--issued", required=True, metavar="MOMENT", help=t("ledger_issued_help", lang))
    kept.add_argument("--data", action="append", metavar="FILE", help=t("ledger_data_help", lang))
    kept.add_argument("--data-hash", metavar="HASH", help=t("ledger_data_hash_help", lang))
    kept.add_argument("--note", default="", metavar="TEXT", help=t("ledger_note_help", lang))
    scored = _part(
        parts,
        "score",
        run_score,
        lang,
        "khien ledger score --ledger promises --outcomes outcomes.csv --baseline persistence\n"
        "khien ledger score --ledger promises --store watch-store --as-of 2026-11-30 --by model --json",
    )
    which = scored.add_mutually_exclusive_group(required=True)
    which.add_argument("--outcomes", metavar="FILE", help=t("ledger_outcomes_help", lang))
    which.add_argument("--store", metavar="DIR", help=t("ledger_store_help", lang))
    scored.add_argument("--as-of", metavar="DATE", help=t("ledger_as_of_help", lang))
    scored.add_argument("--by", metavar="COLUMNS", help=t("ledger_by_help", lang))
    scored.add_argument("--baseline", metavar="MODEL", help=t("ledger_baseline_help", lang))
    scored.add_argument("--out", metavar="DIR", help=t("ledger_out_help", lang))
    shown = _part(parts, "show", run_show, lang, "khien ledger show --ledger promises --check")
    shown.add_argument("--entry", type=int, metavar="N", help=t("ledger_entry_help", lang))
    shown.add_argument("--check", action="store_true", help=t("ledger_check_help", lang))


def _part(parts: Any, name: str, run: Any, lang: str, example: str) -> Parser:
    parser = add_command(parts, name, run, lang, says=t(f"ledger_says_{name}", lang), example=example)
    parser.add_argument("--ledger", required=True, metavar="DIR", help=t("ledger_dir_help", lang))
    return parser


def run_add(args: argparse.Namespace) -> Exit:
    """Keep a file of forecasts."""
    from khien.cli.paths import existing

    issued = _moment(args.issued, args.lang)
    if (args.data is None) == (args.data_hash is None):
        raise Stop(Exit.WRONG_USE, t("ledger_needs_data", args.lang))
    path = existing(args.forecasts, args.lang)
    data = args.data_hash if args.data is None else _files_hash([existing(d, args.lang) for d in args.data])
    frame = _frame(path, args.lang)
    ledger = _opened(args)
    entry = _try(args, lambda: ledger.add(frame, issued=issued, data=data, note=args.note, table=path.name))
    told = {"number": entry.number, "hash": entry.hash}
    told |= {name: number(getattr(entry, name), args.lang) for name in ("forecasts", "rows")}
    answer(args, {"ledger": args.ledger, "entry": entry.to_dict()}, [t("ledger_added", args.lang, **told)])
    return Exit.DONE


def run_score(args: argparse.Namespace) -> Exit:
    """Score what is known, and say how much is not."""
    from khien.watch.forecast.ledger_score import BY, outcomes_from, outcomes_of, score_promises

    if args.as_of is not None and args.store is None:
        raise Stop(Exit.WRONG_USE, t("cli_arg_clash", args.lang, name="--as-of", other="--outcomes"))
    ledger = _there(args)
    promised = _try(args, lambda: ledger.read().collect())
    if args.store is None:
        from khien.cli.paths import existing

        path = existing(args.outcomes, args.lang)
        outcomes = _try(args, lambda: outcomes_of(_frame(path, args.lang), path.name))
    else:
        outcomes = outcomes_from(_store(args), promised, _as_of(args))
    by = BY if args.by is None else tuple(name.strip() for name in args.by.split(","))
    record = _try(args, lambda: score_promises(promised, outcomes, by=by, baseline=args.baseline))
    tables = {name: getattr(record, name) for name in TABLES}
    counts = {name: number(getattr(record, name), args.lang) for name in ("scored", "waiting")}
    lines = [t("ledger_scored", args.lang, hash=record.outcomes, **counts), t("ledger_kept_told", args.lang)]
    for name, table in tables.items():
        if table.height:
            lines += ["", t(f"ledger_title_{name}", args.lang), *_columns(table, args.lang)]
    if args.out is not None:
        from khien.programme.writing import csv_text, write_text

        for name, table in tables.items():
            write_text(Path(args.out) / f"{name}.csv", csv_text(table))
        lines += ["", t("ledger_scores_written", args.lang, path=args.out)]
    answer(args, {"ledger": args.ledger, "as_of": args.as_of, **record.to_dict()}, lines)
    return Exit.DONE


def run_show(args: argparse.Namespace) -> Exit:
    """The entries; the chain is always checked, the files on demand."""
    ledger = _there(args)
    entries = _try(args, ledger.entries)
    if args.entry is not None and not 1 <= args.entry <= len(entries):
        raise Stop(Exit.WRONG_USE, t("ledger_no_entry", args.lang, number=args.entry, last=len(entries)))
    shown = entries if args.entry is None else [entries[args.entry - 1]]
    last = entries[-1].hash if entries else None
    lines = [*_listed(shown, args), t("ledger_sound", args.lang, count=len(entries), hash=last)]
    if args.check:
        from khien.watch.forecast.ledger import LedgerError

        def checked() -> None:
            if found := ledger.check():
                raise LedgerError(found)

        _try(args, checked)
        lines.append(t("ledger_checked", args.lang))
    told = {"ledger": args.ledger, "entries": [entry.to_dict() for entry in shown], "last": last}
    answer(args, {**told, "checked": args.check}, lines)
    return Exit.DONE


def _listed(entries: Sequence[Entry], args: argparse.Namespace) -> Iterator[str]:
    if args.entry is not None:
        yield from (f"{name}: {_cell(value, args.lang)}" for name, value in entries[0].to_dict().items())
        return
    heads = ("number", "issued", "added", "forecasts", "hash", "models", "indicators", "span")
    body = [[t(f"ledger_head_{name}", args.lang) for name in heads]]
    for entry in entries:
        when = [f"{moment:%Y-%m-%d %H:%M}" for moment in (entry.issued, entry.added)]
        what = [", ".join(entry.models), ", ".join(entry.indicators), f"{entry.first} – {entry.last}"]
        count = number(entry.forecasts, args.lang)
        body.append([str(entry.number), *when, count, entry.hash[:SHORT], *what])
    yield from _aligned(body)


def keep(args: argparse.Namespace, frame: pl.DataFrame, data: str, note: str) -> Entry:
    """Keep what was just forecast in the ledger that `--ledger` names."""
    ledger = _opened(args)
    return _try(args, lambda: ledger.add(frame, issued=datetime.now(UTC), data=data, note=note))


def _opened(args: argparse.Namespace) -> Ledger:
    from khien.watch.forecast.ledger import Ledger
    from khien.watch.observe import StoreError

    try:
        return _try(args, lambda: Ledger(args.ledger))
    except StoreError as error:
        raise Stop(Exit.WRONG_USE, getattr(error, f"message_{args.lang}")) from None


def _there(args: argparse.Namespace) -> Ledger:
    ledger = _opened(args)
    if not ledger.files.names(""):
        raise Stop(Exit.WRONG_USE, t("ledger_no_ledger", args.lang, path=args.ledger))
    return ledger


def _try(args: argparse.Namespace, act: Callable[[], Found]) -> Found:
    """Do it; what is wrong with forecasts, outcomes or the ledger ends the command with all findings."""
    from khien.watch.forecast.ledger import LedgerError

    try:
        return act()
    except LedgerError as error:
        lines = [finding.line(args.lang) for finding in error.findings]
        found = [finding.to_dict() for finding in error.findings]
        code = Exit.WRONG_USE if {f.code for f in error.findings} <= CALLERS else Exit.INPUT_ERRORS
        raise Stop(code, lines[0], {"findings": found, "lines": lines[1:]}) from None


def _store(args: argparse.Namespace) -> Any:
    from khien.cli.feed import opened

    store = opened(args.store, args.lang)
    if not store.exists:
        raise Stop(Exit.WRONG_USE, t("watch_no_store", args.lang, path=args.store))
    return store


def _as_of(args: argparse.Namespace) -> date | datetime | None:
    return None if args.as_of is None else _moment(args.as_of, args.lang)


def _moment(text: str, lang: str) -> datetime:
    from khien.watch.observe.schema import moment

    try:
        return moment(text)
    except ValueError:
        raise Stop(Exit.WRONG_USE, t("ledger_no_time", lang, text=text)) from None


def _frame(path: Path, lang: str) -> pl.DataFrame:
    """A table from CSV or Parquet."""
    from khien.watch.warn.files_in import read_frame
    from khien.watch.warn.findings import WarnError

    try:
        return read_frame(path)
    except WarnError as error:
        raise Stop(Exit.INPUT_ERRORS, error.findings[0].line(lang)) from None


def _files_hash(paths: Sequence[Path]) -> str:
    """SHA-256 of one file, or of the hashes of several in their order."""
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _columns(table: pl.DataFrame, lang: str) -> Iterator[str]:
    kept = table.columns.index("kept")
    body = [[t(f"ledger_head_{name}", lang) for name in table.columns]]
    for row in table.iter_rows():
        body.append([_cell(cell, lang) for cell in row])
        body[-1][kept] = t(f"ledger_head_{row[kept]}", lang)
    yield from _aligned(body)


def _aligned(body: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in body) for i in range(len(body[0]))]
    for row in body:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: Any, lang: str) -> str:
    if isinstance(value, float):
        return number(value, lang, 3)
    if isinstance(value, list):
        return ", ".join(value)
    return "–" if value is None else str(value)
