"""``khien diff``: what differs between two programmes, row by row."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.words import t

if TYPE_CHECKING:
    from khien.programme.compare import Change

SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "diff",
        run,
        lang,
        says=t("cli_diff_says", lang),
        example="khien diff examples/vietnam mine.xlsx",
    )
    parser.add_argument("a", metavar="PATH_A", help=t("cli_path_help", lang))
    parser.add_argument("b", metavar="PATH_B", help=t("cli_path_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print every change from A to B; the same content in another order or form is no change."""
    import khien
    from khien.cli.paths import existing

    a, b = (khien.read(existing(path, args.lang)) for path in (args.a, args.b))
    changes = khien.diff(a, b)
    lines = [change_line(change) for change in changes]
    if changes:
        lines.append(t("cli_diff_summary", args.lang, count=number(len(changes), args.lang)))
    else:
        lines.append(t("cli_diff_same", args.lang, hash=a.hash[:12]))
    payload = {"a": a.hash, "b": b.hash, "changes": [change.to_dict() for change in changes]}
    answer(args, payload, lines)
    return Exit.DONE


def change_line(change: Change) -> str:
    """``~ projects siren-make start: 2026Q1 → 2026Q3``; a whole row shows its filled cells."""
    head = f"{SIGNS[change.kind]} {change.table} {change.key}"
    if change.column is not None:
        return f"{head} {change.column}: {_shown(change.before)} → {_shown(change.after)}"
    row: dict[str, Any] = change.after if change.kind == "added" else change.before
    filled = [f"{name}={_shown(value)}" for name, value in row.items() if value is not None]
    return f"{head}: {', '.join(filled)}"


def _shown(value: object) -> str:
    return "–" if value is None else str(value)
