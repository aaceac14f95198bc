"""``khien compare``: what two plans choose differently, and what each is worth."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command
from khien.words import t

if TYPE_CHECKING:
    import polars as pl

    from khien.plan import Plan

SHOWN = 40
"""Differences of one kind printed as text; ``--json`` has them all."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "compare",
        run,
        lang,
        says=t("cli_compare_says", lang),
        example="khien compare out/vietnam/plan.json out/without-kr/plan.json --programme examples/vietnam",
    )
    parser.add_argument("a", metavar="PLAN_A", help=t("cli_plan_file_help", lang))
    parser.add_argument("b", metavar="PLAN_B", help=t("cli_plan_file_help", lang))
    parser.add_argument("--programme", metavar="PATH", help=t("cli_compare_programme_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print both records side by side, and what differs: projects, cohorts and (with the programme) money."""
    import khien
    from khien.cli.headline import plan_record
    from khien.cli.paths import existing
    from khien.plan.compare import compare

    a, b = (khien.load_plan(existing(path, args.lang)) for path in (args.a, args.b))
    programme = None if args.programme is None else khien.read(existing(args.programme, args.lang))
    changes = compare(a, b, programme)
    lines = [*_record_lines(a, b, args.lang), *_change_lines(changes, args.lang)]
    if a.programme_hash != b.programme_hash:
        hashes = {"a": a.programme_hash[:12], "b": b.programme_hash[:12]}
        lines.append(t("cli_compare_other_programme", args.lang, **hashes))
    answer(args, {"a": plan_record(a), "b": plan_record(b), "changes": changes.to_dicts()}, lines)
    return Exit.DONE


def _record_lines(a: Plan, b: Plan, lang: str) -> Iterator[str]:
    rows = [
        (t("cli_compare_chosen", lang), number(a.choices.height, lang), number(b.choices.height, lang)),
        (t("cli_compare_value", lang), number(a.value, lang, 4), number(b.value, lang, 4)),
        (t("cli_compare_bound", lang), number(a.bound, lang, 4), number(b.bound, lang, 4)),
        (t("cli_compare_gap", lang), percent(a.gap, lang, 2), percent(b.gap, lang, 2)),
    ]
    if a.settings.scenarios or b.settings.scenarios:
        figures = (
            (t("cli_compare_expected", lang), a.expected_value, b.expected_value),
            (t("cli_compare_tail", lang), a.tail_value, b.tail_value),
        )
        rows += [(label, number(left, lang, 4), number(right, lang, 4)) for label, left, right in figures]
    wide = max(len(label) for label, _, _ in rows)
    yield f"{'':<{wide}}{'A':>14}{'B':>14}"
    for label, left, right in rows:
        yield f"{label:<{wide}}{left:>14}{right:>14}"


def _change_lines(changes: pl.DataFrame, lang: str) -> Iterator[str]:
    """Projects, training and money that differ, each under its heading."""
    headings = {
        "project": t("cli_compare_projects", lang),
        "training": t("cli_compare_training", lang),
        "money": t("cli_compare_money", lang),
    }
    rows = [row for row in changes.to_dicts() if row["what"] in headings]
    if not rows:
        yield t("cli_compare_same", lang)
    for what, heading in headings.items():
        own = [row for row in rows if row["what"] == what]
        if own:
            yield f"{heading} ({number(len(own), lang)})"
        for row in own[:SHOWN]:
            yield _line(row, lang)
        if len(own) > SHOWN:
            yield t("cli_more_rows", lang, count=number(len(own) - SHOWN, lang))


def _line(row: dict[str, Any], lang: str) -> str:
    if row["what"] == "project":
        sign = {"in": "+", "out": "-"}.get(row["change"], "~")
        texts = [text for text in (row["before"], row["after"]) if text]
        return f"  {sign} {row['subject']}: " + " → ".join(texts)
    name = row["subject"] if row["what"] == "training" else f"{row['subject']} {_kind(row['change'], lang)}"
    texts = [number(int(row[side]), lang) for side in ("before", "after")]
    return f"  ~ {name}: {texts[0]} → {texts[1]}"


def _kind(kind: str, lang: str) -> str:
    return {
        "income": t("cli_compare_income", lang),
        "spend": t("cli_compare_spend", lang),
        "training": t("cli_compare_training", lang).lower(),
        "obligation": t("cli_compare_obligation", lang),
        "cash_end": t("cli_compare_cash_end", lang),
    }[kind]
