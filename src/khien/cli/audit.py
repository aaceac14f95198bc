"""``khien audit verify``: is the office's log whole? Reads the database itself, without the office."""

from __future__ import annotations

import argparse
import os
import sqlite3
from pathlib import Path

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command, add_group
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command and its part to the parser."""
    parts = add_group(places, "audit", lang, says=t("cli_audit_says", lang))
    parser = add_command(
        parts, "verify", run, lang, says=t("cli_audit_verify_says", lang), example="khien audit verify --home office"
    )
    parser.add_argument("--home", metavar="DIR", help=t("cli_office_home_help", lang))
    parser.add_argument("--head", metavar="SEQ:HASH", help=t("cli_audit_head_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Walk the chain, print every fault and the head; 1 when there is a fault."""
    from khien.office.audit import rows_of, verify

    database = existing_database(args)
    try:
        found = verify(rows_of(database), _published(args))
    except sqlite3.DatabaseError as error:
        raise Stop(Exit.WRONG_USE, t("cli_audit_unreadable", args.lang, reason=error)) from error
    lines = [t(f"cli_audit_fault_{fault.kind}", args.lang, seq=fault.seq) for fault in found.faults]
    lines.append(t("cli_audit_whole" if not found.faults else "cli_audit_broken", args.lang, count=found.entries))
    lines.append(t("cli_audit_head", args.lang, head=f"{found.entries}:{found.head}"))
    faults = [{"seq": fault.seq, "kind": fault.kind} for fault in found.faults]
    answer(args, {"entries": found.entries, "head": found.head, "faults": faults}, lines)
    return Exit.INPUT_ERRORS if found.faults else Exit.DONE


def existing_database(args: argparse.Namespace) -> str:
    """Address or file of the office's database; a file must be there, or the folder is not that of an office."""
    from khien.office.config import DEFAULT_HOME

    home = args.home or os.environ.get("KHIEN_HOME") or DEFAULT_HOME
    database = os.environ.get("DATABASE_URL") or str(Path(home) / "office.sqlite3")
    if "://" not in database and not Path(database).is_file():
        raise Stop(Exit.WRONG_USE, t("cli_audit_no_database", args.lang, path=database))
    return database


def _published(args: argparse.Namespace) -> tuple[int, str] | None:
    if args.head is None:
        return None
    seq, sign, head = args.head.partition(":")
    if not sign or not seq.isdigit() or len(head) != 64:
        raise Stop(Exit.WRONG_USE, t("cli_audit_head_wrong", args.lang, text=args.head))
    return int(seq), head.lower()
