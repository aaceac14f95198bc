"""``khien verify``: check every rule on a plan, with code that knows nothing of the solver."""

from __future__ import annotations

import argparse

from khien.cli.exits import Exit
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "verify",
        run,
        lang,
        says=t("cli_verify_says", lang),
        example="khien verify out/vietnam/plan.json examples/vietnam",
    )
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print every rule that the plan breaks; any gives exit code 1."""
    raise NotImplementedError
