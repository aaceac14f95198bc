"""``khien worker``: takes the office's runs one after another; as many as wanted, on as many machines."""

from __future__ import annotations

import argparse
import os
import signal

from khien.cli.exits import Exit
from khien.cli.parser import Parser, add_command
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places, "worker", run, lang, says=t("cli_worker_says", lang), example="khien worker --home office"
    )
    parser.add_argument("--home", metavar="DIR", help=t("cli_office_home_help", lang))
    parser.add_argument("--once", action="store_true", help=t("cli_worker_once_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Work until stopped: the run in hand is then given back as lost, to be started again."""
    from khien.cli.audit import existing_database
    from khien.cli.serve import open_office

    existing_database(args)
    open_office(args)
    from khien.office.jobs.worker import work

    stopped: list[int] = []
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, frame: stopped.append(got))
    # Under `khien serve` the worker ends when its parent does.
    work(lambda: bool(stopped) or os.getppid() != parent, once=args.once)
    return Exit.DONE
