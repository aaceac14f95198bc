"""``khien industry``: what home industries lose when one partner's deliveries stop, from an input-output table."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command
from khien.cli.reliance import aligned
from khien.words import t

SHOWN = 15
"""Rows printed as text; ``--json`` has them all."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "industry",
        run,
        lang,
        says=t("industry_says", lang),
        example="khien industry wiod2013_2011.npz --home JPN\nkhien industry wiod2013_2011.npz --home JPN --cut CHN",
    )
    parser.add_argument("table", metavar="TABLE", help=t("industry_table_help", lang))
    parser.add_argument("--home", metavar="ISO", required=True, help=t("industry_home_help", lang))
    parser.add_argument("--cut", metavar="ISO", help=t("industry_cut_help", lang))
    parser.add_argument("--share", type=float, default=1.0, metavar="X", help=t("industry_share_help", lang))
    parser.add_argument("--labels", metavar="CSV", help=t("industry_labels_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print every partner, or every industry when one partner is cut."""
    if not 0.0 < args.share <= 1.0:
        raise Stop(Exit.WRONG_USE, t("industry_share_outside", args.lang, share=args.share))

    from khien.cli.paths import existing_file
    from khien.reliance.industry import industry_dependence, industry_shock
    from khien.reliance.industry_files import read_industry_table

    labels = None if args.labels is None else existing_file(args.labels, args.lang)
    table = read_industry_table(existing_file(args.table, args.lang), labels)
    asked: dict[str, Any] = {"table": str(args.table), "home": args.home, "cut": args.cut, "cut_share": args.share}
    if args.cut is None:
        rows = industry_dependence(table, args.home, args.share).to_dicts()
        lines = list(_partners(rows, args.lang))
        answer(args, {**asked, "partners": rows}, [*lines, t("industry_note", args.lang)])
    else:
        rows = industry_shock(table, args.home, args.cut, args.share).to_dicts()
        total = sum(row["output"] for row in rows)
        shares = {
            way: sum(row[f"{way}_loss"] for row in rows) / total if total else 0.0 for way in ("forward", "bottleneck")
        }
        shown = {way: percent(share, args.lang) for way, share in shares.items()}
        head = t("industry_head", args.lang, home=args.home, partner=args.cut, **shown)
        lines = [head, "", *_industries(rows, args.lang), t("industry_note", args.lang)]
        answer(args, {**asked, **{f"{way}_share": x for way, x in shares.items()}, "industries": rows}, lines)
    return Exit.DONE


def _partners(rows: list[dict[str, Any]], lang: str) -> Iterator[str]:
    heads = ("partner", "delivered", "forward", "direct", "bottleneck")
    body = [[row["partner"], number(row["delivered"], lang), *_shares(row, lang)] for row in rows[:SHOWN]]
    yield from aligned([t(f"industry_{head}", lang) for head in heads], body)
    if len(rows) > SHOWN:
        yield t("cli_more_rows", lang, count=number(len(rows) - SHOWN, lang))
    yield ""


def _industries(rows: list[dict[str, Any]], lang: str) -> Iterator[str]:
    heads = ("industry", "delivered", "forward", "direct", "bottleneck", "scarce")
    body = [
        [row["industry"], number(row["delivered"], lang), *_shares(row, lang), row["scarce"] or "–"]
        for row in rows[:SHOWN]
    ]
    yield from aligned([t(f"industry_{head}", lang) for head in heads], body)
    if len(rows) > SHOWN:
        yield t("cli_more_rows", lang, count=number(len(rows) - SHOWN, lang))
    yield ""


def _shares(row: dict[str, Any], lang: str) -> list[str]:
    return [percent(row[f"{way}_share"], lang) for way in ("forward", "direct", "bottleneck")]
