"""``khien calibrate``: what real projects say about durations and success."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command, add_group
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command and its sources to the parser."""
    sources = add_group(places, "calibrate", lang, says=t("cli_calibrate_says", lang))
    parser = add_command(
        sources,
        "techport",
        run_techport,
        lang,
        says=t("cli_calibrate_techport_says", lang),
        example="khien calibrate techport techport.csv --out out/priors.csv",
    )
    parser.add_argument("file", metavar="FILE", help=t("cli_calibrate_file_help", lang))
    parser.add_argument("--out", metavar="OUT", help=t("cli_calibrate_out_help", lang))
    says = t("cli_calibrate_strength_help", lang)
    parser.add_argument("--strength", type=float, default=10.0, metavar="N", help=says)


def run_techport(args: argparse.Namespace) -> Exit:
    """Print one line a step with the number of cases behind it, and write them when asked."""
    from khien.cli.findings import finding_lines
    from khien.cli.paths import existing
    from khien.programme.imports import calibrate_techport, write_calibration

    if not args.strength > 0 or (args.out and not args.out.lower().endswith((".csv", ".json"))):
        wrong = "--out" if args.strength > 0 else "--strength"
        raise Stop(Exit.WRONG_USE, t("cli_calibrate_wrong", args.lang, option=wrong))
    made = calibrate_techport(existing(args.file, args.lang), args.strength)
    lines = list(finding_lines(made.errors, args.lang))
    if not made.errors:
        lines += _lines(made.frame.to_dicts(), args.lang)
        counts = {name: number(made.summary[name], args.lang) for name in ("rows", "projects")}
        lines.append(t("cli_calibrate_summary", args.lang, **counts))
        if args.out:
            write_calibration(made, args.out)
            lines.append(t("cli_calibrate_written", args.lang, path=args.out))
    payload = {
        "summary": dict(made.summary),
        "steps": made.frame.to_dicts(),
        "findings": [finding.to_dict() for finding in made.findings],
    }
    answer(args, payload, lines)
    return Exit.INPUT_ERRORS if made.errors else Exit.DONE


def _lines(steps: list[dict[str, Any]], lang: str) -> Iterator[str]:
    headings = (
        t("cli_calibrate_step", lang),
        t("cli_calibrate_cases", lang),
        t("cli_calibrate_success", lang),
        t("cli_calibrate_quarters", lang),
    )
    yield "{:<12}{:>14}{:>14}{:>28}".format(*headings)
    for step in steps:
        spread = " / ".join(number(step[f"duration_{x}_quarters"], lang, 1) for x in ("low", "mode", "high"))
        name = f"TRL {step['from_trl']} → {step['to_trl']}"
        cases, share = number(step["cases"], lang), percent(step["success_share"], lang)
        yield f"{name:<12}{cases:>14}{share:>14}{spread:>28}"
