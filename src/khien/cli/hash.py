"""``khien hash``: the fingerprint of a programme's content."""

from __future__ import annotations

import argparse

from khien.cli.exits import Exit
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(places, "hash", run, lang, says=t("cli_hash_says", lang), example="khien hash examples/island")
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print the hash: the same for a folder and a workbook with the same content, in whatever order."""
    import khien
    from khien.cli.paths import existing

    programme = khien.read(existing(args.path, args.lang))
    answer(args, {"path": str(args.path), "hash": programme.hash}, [programme.hash])
    return Exit.DONE
