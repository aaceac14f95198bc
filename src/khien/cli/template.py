"""``khien template``: an empty workbook to be filled in."""

from __future__ import annotations

import argparse

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "template",
        run,
        lang,
        says=t("cli_template_says", lang),
        example="khien template ours.xlsx",
    )
    parser.add_argument("path", metavar="FILE", help=t("cli_template_path_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Write the workbook, with comments in the language of the command."""
    from khien.cli.paths import free
    from khien.programme import template

    path = free(args.path, args.lang)
    if path.suffix.lower() != ".xlsx":
        raise Stop(Exit.WRONG_USE, t("cli_template_xlsx", args.lang, path=path))
    template(path, args.lang)
    answer(args, {"path": str(path)}, [t("cli_template_written", args.lang, path=path)])
    return Exit.DONE
