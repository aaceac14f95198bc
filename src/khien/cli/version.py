"""``khien version``: which Khiên this is."""

from __future__ import annotations

import argparse

from khien.cli.exits import Exit
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    add_command(places, "version", run, lang, says=t("cli_version_says", lang), example="khien version")


def run(args: argparse.Namespace) -> Exit:
    """Print the version of Khiên and of Python."""
    from importlib.metadata import version
    from platform import python_version

    own = version("khien")
    answer(args, {"khien": own, "python": python_version()}, [f"khien {own} (Python {python_version()})"])
    return Exit.DONE
