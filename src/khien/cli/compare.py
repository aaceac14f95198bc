"""``khien compare``: what two plans choose differently, and what each is worth."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.words import t

if TYPE_CHECKING:
    from khien.plan import Plan

SHOWN = 30
"""Differences of one kind printed as text; ``--json`` has them all."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "compare",
        run,
        lang,
        says=t("cli_compare_says", lang),
        example="khien compare out/vietnam/plan.json out/without-kr/plan.json",
    )
    parser.add_argument("a", metavar="PLAN_A", help=t("cli_plan_file_help", lang))
    parser.add_argument("b", metavar="PLAN_B", help=t("cli_plan_file_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print both records side by side and the projects that differ."""
    import khien
    from khien.cli.headline import plan_record
    from khien.cli.paths import existing

    a, b = (khien.load_plan(existing(path, args.lang)) for path in (args.a, args.b))
    differences = compare_choices(a, b)
    lines = [*_record_lines(a, b, args.lang), *_difference_lines(differences, args.lang)]
    if a.programme_hash != b.programme_hash:
        lines.append(t("cli_compare_other_programme", args.lang, a=a.programme_hash[:12], b=b.programme_hash[:12]))
    answer(args, {"a": plan_record(a), "b": plan_record(b), **differences}, lines)
    return Exit.DONE


def compare_choices(a: Plan, b: Plan) -> dict[str, list[dict[str, Any]]]:
    """Projects that only one plan chooses, and those that both choose in another option or quarter."""
    in_a, in_b = ({row["project"]: row for row in plan.choices.to_dicts()} for plan in (a, b))
    shared = [project for project in in_a if project in in_b]
    changed = [
        {
            "project": project,
            **{f"{name}_a": in_a[project][name] for name in ("option", "start_quarter")},
            **{f"{name}_b": in_b[project][name] for name in ("option", "start_quarter")},
        }
        for project in shared
        if any(in_a[project][name] != in_b[project][name] for name in ("option", "start_quarter"))
    ]
    return {
        "only_a": [_short(row) for project, row in in_a.items() if project not in in_b],
        "only_b": [_short(row) for project, row in in_b.items() if project not in in_a],
        "changed": changed,
    }


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("project", "option", "start_quarter")}


def _record_lines(a: Plan, b: Plan, lang: str) -> Iterator[str]:
    from khien.draw.numbers import number, percent

    rows = (
        (t("cli_compare_chosen", lang), number(a.choices.height, lang), number(b.choices.height, lang)),
        (t("cli_compare_value", lang), number(a.value, lang, 4), number(b.value, lang, 4)),
        (t("cli_compare_bound", lang), number(a.bound, lang, 4), number(b.bound, lang, 4)),
        (t("cli_compare_gap", lang), percent(a.gap, lang, 2), percent(b.gap, lang, 2)),
    )
    wide = max(len(label) for label, _, _ in rows)
    yield f"{'':<{wide}}{'A':>14}{'B':>14}"
    for label, left, right in rows:
        yield f"{label:<{wide}}{left:>14}{right:>14}"


def _difference_lines(differences: dict[str, list[dict[str, Any]]], lang: str) -> Iterator[str]:
    from khien.draw.numbers import number

    if not any(differences.values()):
        yield t("cli_compare_same", lang)
    for kind, rows in differences.items():
        if not rows:
            continue
        heading = {"only_a": "cli_compare_only_a", "only_b": "cli_compare_only_b", "changed": "cli_compare_changed"}
        yield t(heading[kind], lang, count=number(len(rows), lang))
        for row in rows[:SHOWN]:
            if kind == "changed":
                was = f"{row['option_a']} {row['start_quarter_a']}"
                yield f"  {row['project']}: {was} → {row['option_b']} {row['start_quarter_b']}"
            else:
                yield f"  {row['project']}: {row['option']} {row['start_quarter']}"
        if len(rows) > SHOWN:
            yield t("cli_more_rows", lang, count=number(len(rows) - SHOWN, lang))
