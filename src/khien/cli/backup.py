"""``khien backup``: the whole office in one file, while it runs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.cli.paths import existing
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places, "backup", run, lang, says=t("cli_backup_says", lang), example="khien backup office office.backup"
    )
    parser.add_argument("home", metavar="DATA", help=t("cli_office_home_help", lang))
    parser.add_argument("out", metavar="OUT", help=t("cli_backup_out_help", lang))
    parser.add_argument("--without-key", action="store_true", help=t("cli_backup_without_key_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Back up, say what is in it and its log's head."""
    from khien.office.backup import BackupError, backup

    existing(args.home, args.lang)
    try:
        told = backup(
            Path(args.home), Path(args.out), os.environ.get("DATABASE_URL", ""), with_key=not args.without_key
        )
    except BackupError as error:
        raise Stop(Exit.INPUT_ERRORS, error.message_vi if args.lang == "vi" else error.message_en) from error
    except OSError as error:
        raise trouble(error, args.out, args.lang) from error
    head = t("cli_audit_head", args.lang, head=f"{told.entries}:{told.head}")
    lines = [t("cli_backup_done", args.lang, path=args.out, entries=told.entries), head]
    if not args.without_key:
        lines.append(t("cli_backup_keep_safe", args.lang))
    answer(args, {"file": args.out, **vars(told)}, lines)
    return Exit.DONE


def trouble(error: OSError, path: str, lang: str) -> Stop:
    """What a file of the office could not be written for, by the name that was asked for."""
    from khien.cli.failure import file_reason

    return Stop(Exit.WRONG_USE, t("cli_file_trouble", lang, path=path, reason=file_reason(error, lang)))
