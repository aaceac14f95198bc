"""``khien check``: every finding in a programme at once."""

from __future__ import annotations

import argparse

from khien.cli.exits import Exit
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "check",
        run,
        lang,
        says=t("cli_check_says", lang),
        example="khien check examples/vietnam\nkhien check programme.xlsx --json",
    )
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("--all", action="store_true", help=t("cli_check_all_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Check and print the findings; errors give exit code 1, warnings alone 0."""
    import khien
    from khien.cli.findings import SHOWN, finding_lines
    from khien.cli.paths import existing

    checked = khien.check(existing(args.path, args.lang))
    errors = sum(finding.severity == "error" for finding in checked.findings)
    warnings = len(checked.findings) - errors
    programme = checked.programme
    summary = t(
        "cli_check_clean" if not checked.findings else "cli_check_summary",
        args.lang,
        path=args.path,
        errors=number(errors, args.lang),
        warnings=number(warnings, args.lang),
    )
    lines = [*finding_lines(checked.findings, args.lang, None if args.all else SHOWN), summary]
    if programme is not None:
        lines.append(t("cli_check_hash", args.lang, hash=programme.hash[:12]))
    payload = {
        "path": str(args.path),
        "errors": errors,
        "warnings": warnings,
        "hash": None if programme is None else programme.hash,
        "findings": [finding.to_dict() for finding in checked.findings],
    }
    answer(args, payload, lines)
    return Exit.INPUT_ERRORS if errors else Exit.DONE
