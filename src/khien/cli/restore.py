"""``khien restore``: an office out of a backup, into an empty folder."""

from __future__ import annotations

import argparse
import os
import secrets
import tempfile
from pathlib import Path

from khien.cli.backup import trouble
from khien.cli.exits import Exit, Stop
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.cli.paths import existing_file
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places, "restore", run, lang, says=t("cli_restore_says", lang), example="khien restore office.backup office"
    )
    parser.add_argument("file", metavar="FILE", help=t("cli_restore_file_help", lang))
    parser.add_argument("home", metavar="DATA", help=t("cli_restore_home_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Restore, check the log's chain, say its head."""
    from khien.office.backup import BackupError, check, restore

    existing_file(args.file, args.lang)
    database = os.environ.get("DATABASE_URL", "")
    try:
        if database:
            check(Path(args.file))
            _schema(args)
        told = restore(Path(args.file), Path(args.home), database)
    except BackupError as error:
        raise Stop(Exit.INPUT_ERRORS, error.message_vi if args.lang == "vi" else error.message_en) from error
    except OSError as error:
        raise trouble(error, args.home, args.lang) from error
    head = t("cli_audit_head", args.lang, head=f"{told.entries}:{told.head}")
    lines = [t("cli_restore_done", args.lang, path=args.home, entries=told.entries, made=told.made), head]
    answer(args, {"home": args.home, **vars(told)}, lines)
    return Exit.DONE


def _schema(args: argparse.Namespace) -> None:
    """Make the tables on PostgreSQL, without touching the data folder that has to be empty."""
    from khien.cli.serve import open_office

    with tempfile.TemporaryDirectory() as place:
        os.environ.setdefault("KHIEN_SECRET_KEY", secrets.token_urlsafe(50))
        open_office(argparse.Namespace(home=place, lang=args.lang))
        from khien.office.start import make_ready

        make_ready()
