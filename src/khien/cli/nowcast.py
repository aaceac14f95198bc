"""``khien nowcast``: what the newest counts will be once the late reports are in."""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from khien.cli.backtest import day, telling
from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.cli.paths import existing_file
from khien.words import t

if TYPE_CHECKING:
    import polars as pl

    from khien.watch.forecast.nowcasting import Nowcasts
    from khien.watch.observe import BatchRefused, WatchFindings

SHOWN = 40
"""Periods printed as text; ``--json`` and ``--out`` have them all."""
ENDS = (0.025, 0.5, 0.975)


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "nowcast",
        run,
        lang,
        says=t("nowcast_says", lang),
        example=(
            "khien nowcast dengue --store watch-store --as-of 2026-11-30 --out dengue-now.parquet\n"
            "khien nowcast wk-inc-flu-hosp --store watch-store --place US --longest 6 --json\n"
            "khien nowcast dengue --reports triangle.csv --every week --lang vi"
        ),
    )
    parser.add_argument("indicator", metavar="INDICATOR", help=t("nowcast_indicator_help", lang))
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--store", metavar="DIR", help=t("watch_store_help", lang))
    which.add_argument("--reports", metavar="FILE", help=t("nowcast_reports_help", lang))
    parser.add_argument("--as-of", metavar="DATE", help=t("nowcast_as_of_help", lang))
    parser.add_argument("--every", choices=("week", "day"), default="week", help=t("nowcast_every_help", lang))
    parser.add_argument("--longest", type=int, metavar="N", help=t("nowcast_longest_help", lang))
    parser.add_argument("--lag", type=int, metavar="DAYS", help=t("nowcast_lag_help", lang))
    parser.add_argument("--model", choices=("delays", "revisions"), help=t("nowcast_model_help", lang))
    parser.add_argument("--place", action="append", metavar="ID", help=t("watch_place_help", lang))
    parser.add_argument("--out", metavar="FILE", help=t("watch_out_help", lang))
    parser.add_argument("--ledger", metavar="FOLDER", help=t("forecast_ledger_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print medians and intervals beside what is reported, and write all quantiles where asked."""
    import khien
    from khien.watch.forecast.nowcasting import NowcastRefused
    from khien.watch.observe import BatchRefused

    _check(args)
    try:
        found, made_of = _from_store(args) if args.reports is None else _from_file(args)
    except (NowcastRefused, BatchRefused) as refused:
        raise _stop(refused, args) from None
    made_from = {"version": khien.__version__, "data_sha256": made_of}
    lines = list(_lines(found, args))
    entry = None
    if args.ledger is not None:
        from khien.cli.ledger import keep

        entry = keep(args, found.rows, made_of, f"khien {khien.__version__}").number
    if args.out is not None:
        from khien.cli.observe import written

        lines += written(found.rows, args)
    payload = {
        "indicator": args.indicator,
        "as_of": _shown_day(found),
        **{name: getattr(found, name) for name in ("way", "why", "lag")},
        "made_from": made_from,
        "reported": _dated(found.known),
        "nowcasts": _dated(found.rows.drop("indicator", "model")),
        "findings": [finding.to_dict() for finding in found.findings],
        "ledger_entry": entry,
        "out": args.out,
    }
    answer(args, payload, lines)
    return Exit.DONE


def _check(args: argparse.Namespace) -> None:
    """What is wrong with the call itself, before anything is read."""
    for name, least in (("longest", 1), ("lag", 0)):
        if getattr(args, name) is not None and getattr(args, name) < least:
            raise Stop(Exit.WRONG_USE, t("watch_feed_number", args.lang, option=f"--{name}", least=least))
    if args.as_of is not None:
        day(args.as_of, args.lang)
    if args.out is not None:
        from khien.cli.observe import table_path

        table_path(args)


def _from_store(args: argparse.Namespace) -> tuple[Nowcasts, str]:
    """From every issue of an indicator that a store holds."""
    from khien.cli.observe import known_indicator, reading_store

    with reading_store(args.store, args.lang) as store:
        known_indicator(store, args.indicator, args.lang)
        rows = store.observations(args.indicator).sort("issued", "received", maintain_order=True).collect()
    # Times are kept in UTC; a value belongs to the day by which it was stored.
    return _from_issues(rows, args, datetime.now(UTC).date())


def _from_issues(rows: pl.DataFrame, args: argparse.Namespace, today: Any) -> tuple[Nowcasts, str]:
    import polars as pl

    from khien.watch.forecast.nowcasting import from_issues
    from khien.watch.forecast.reports_in import LONGEST

    now = today if args.as_of is None else day(args.as_of, args.lang)
    used = rows.select("place", *(pl.col(name).cast(pl.Date) for name in ("valid", "issued")), "value")
    used = used.filter(pl.col("issued") <= now)
    asked = {"period": args.every, "longest": args.longest or LONGEST, "lag": args.lag, "way": args.model}
    found = from_issues(used, args.indicator, now, only=args.place, told=_telling(args), **asked)
    return found, _hash(used)


def _from_file(args: argparse.Namespace) -> tuple[Nowcasts, str]:
    """From a file of cases, of a triangle or of issues."""
    from khien.watch.forecast.nowcasting import from_triangles
    from khien.watch.forecast.reports_in import read_reports
    from khien.watch.observe import WatchFindings

    reports = read_reports(existing_file(args.reports, args.lang))
    if reports.form == "issues":
        return _from_issues(reports.frame, args, reports.last_day(args.every))
    _only_for_issues(args)
    findings = WatchFindings(reports.findings)
    now = reports.last_day(args.every) if args.as_of is None else day(args.as_of, args.lang)
    reports = reports if args.place is None else reports.only(args.place, args.indicator, findings)
    triangles = reports.triangles(now, args.every, args.longest, args.indicator, findings)
    found = from_triangles(triangles, args.indicator, now, findings=findings, told=_telling(args))
    parts = [f"{place} {one.starts}".encode() + one.counts.tobytes() for place, one in sorted(triangles.items())]
    return found, hashlib.sha256(b"".join(parts)).hexdigest()


def _only_for_issues(args: argparse.Namespace) -> None:
    """Options that mean nothing where the delays stand in the file."""
    for name in ("lag", "model"):
        if getattr(args, name) is not None:
            raise Stop(Exit.WRONG_USE, t("nowcast_needless", args.lang, option=f"--{name}"))


def _telling(args: argparse.Namespace) -> Any:
    """Progress on standard error: a line every few seconds."""
    begun, told = time.monotonic(), telling(args.lang, "nowcast_progress")
    return lambda done, total: told(done, total, time.monotonic() - begun)


def _hash(rows: pl.DataFrame) -> str:
    """SHA-256 of all that was learnt from."""
    return hashlib.sha256(rows.sort(rows.columns).write_csv().encode()).hexdigest()


def _stop(refused: Any, args: argparse.Namespace) -> Stop:
    from khien.cli.findings import finding_lines

    found: WatchFindings | BatchRefused = refused.findings
    details = {"findings": [finding.to_dict() for finding in found]}  # type: ignore[union-attr]
    lines = list(finding_lines(list(found), args.lang, limit=20))  # type: ignore[arg-type]
    message = t("nowcast_refused", args.lang, indicator=args.indicator)
    return Stop(Exit.INPUT_ERRORS, message, {**details, "lines": lines})


def _shown_day(found: Nowcasts) -> str | None:
    return found.rows["reference"][0].isoformat() if found.rows.height else None


def _dated(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows with dates as text and gaps as null."""
    import polars as pl

    return frame.with_columns(pl.col(pl.Date).dt.to_string()).to_dicts()


def _lines(found: Nowcasts, args: argparse.Namespace) -> Iterator[str]:
    import polars as pl

    from khien.cli.findings import finding_lines
    from khien.cli.reliance import aligned

    lang = args.lang
    places = number(found.known["place"].n_unique(), lang)
    yield t("nowcast_head", lang, indicator=args.indicator, day=_shown_day(found), places=places)
    yield t(f"nowcast_way_{found.way}", lang) + " " + t(f"nowcast_why_{found.why}", lang)
    if found.lag is not None:
        yield t("nowcast_lag", lang, lag=number(found.lag, lang))
    wide = found.rows.filter(pl.col("quantile").is_in(ENDS)).pivot(
        "quantile", index=["place", "target"], values="value"
    )
    table = found.known.join(wide, on=["place", "target"], how="left", maintain_order="left")
    heads = [t(f"nowcast_col_{name}", lang) for name in ("place", "target", "delay", "reported", "median", "interval")]
    body = []
    for place, target, delay, reported, low, median, high in table.head(SHOWN).iter_rows():
        span = f"{number(low, lang)} – {number(high, lang)}"
        body.append([place, str(target), str(delay), number(reported, lang), number(median, lang), span])
    yield from aligned(heads, body)
    if table.height > SHOWN:
        yield t("cli_more_rows", lang, count=number(table.height - SHOWN, lang))
    yield from finding_lines(list(found.findings), lang, limit=20)
