"""``khien new``: begin a programme of your own from an example or from nothing."""

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
        "new",
        run,
        lang,
        says=t("cli_new_says", lang),
        example="khien new ours\nkhien new ours.xlsx",
    )
    parser.add_argument("path", metavar="PATH", help=t("cli_new_path_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Write a small programme that is right as it stands; nothing is written over."""
    from khien.cli.paths import free
    from khien.programme import new

    path = free(args.path, args.lang)
    new(path)
    answer(args, {"path": str(path)}, [t("cli_new_written", args.lang, path=path)])
    return Exit.DONE
