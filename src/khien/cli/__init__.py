"""The command line: one file a command, each a thin skin over the Python functions of the rooms.

Standard output carries the answer (text, or one JSON object with ``--json``), standard error carries
progress and complaints. Exit codes are those of :class:`khien.cli.exits.Exit`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from khien.cli.exits import Exit, Stop
from khien.cli.language import pick_language
from khien.cli.output import encoding_of
from khien.cli.parser import COMMON_OPTIONS, Parser, make_parser
from khien.cli.paths import in_order
from khien.words import t

COMMANDS = (
    "check",
    "plan",
    "whatif",
    "frontier",
    "prices",
    "alternatives",
    "report",
    "explain",
    "stress",
    "verify",
    "reliance",
    "industry",
    "network",
    "feed",
    "observe",
    "forecast",
    "nowcast",
    "backtest",
    "level",
    "warn",
    "ledger",
    "compare",
    "new",
    "template",
    "diff",
    "hash",
    "schema",
    "import_",
    "calibrate",
    "serve",
    "worker",
    "audit",
    "backup",
    "restore",
    "doctor",
    "version",
)
"""Module names of the commands, in the order of the help."""


def build_parser(lang: str, only: str | None = None) -> Parser:
    """The parser with all commands, or only one of them; each module adds its own, and none imports a room yet."""
    parser, places = make_parser(lang)
    for name in COMMANDS if only is None else (only,):
        importlib.import_module(f"khien.cli.{name}").add(places, lang)
    return parser


def command_of(words: Sequence[str]) -> str | None:
    """The module of the command that stands first behind the common options; None where none is named there."""
    rest = iter(words)
    for word in rest:
        if word == "--lang":
            next(rest, None)
        elif word not in ("--json", "--debug") and not word.startswith("--lang="):
            return next((name for name in COMMANDS if name.rstrip("_") == word), None)
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; only ``--help`` leaves by SystemExit, as argparse does."""
    words = list(sys.argv[1:] if argv is None else argv)
    lang = pick_language(words)
    args = argparse.Namespace(json="--json" in words, lang=lang, debug="--debug" in words, command=None)
    _letters_for_all()
    try:
        parser = build_parser(lang, command_of(words))
        if not words:
            parser.print_help(sys.stderr)
            return Exit.WRONG_USE
        args, unknown = parser.parse_known_args(words)
        if args.run is None:
            parser.error("the following arguments are required: " + t("cli_command_metavar", lang))
        if unknown:
            args.parser.unknown(unknown)
        in_order(args)
        _stop_politely()
        code = int(args.run(args))
        sys.stdout.flush()  # a reader that has gone or a disk that is full is met here, and not when Python ends
        return code
    except BrokenPipeError:
        # The reader went away (`khien check . | head`): nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except (Exception, KeyboardInterrupt) as error:
        from khien.cli.failure import report_failure

        return int(report_failure(error, args))


def _letters_for_all() -> None:
    """Where the terminal's encoding lacks Vietnamese letters: UTF-8 for plain ASCII, signs in their place elsewhere."""
    for stream in (sys.stdout, sys.stderr):
        encoding = encoding_of(stream)
        if encoding != "utf-8" and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8" if encoding == "ascii" else None, errors="backslashreplace")


def _stop_politely() -> None:
    """A polite kill (SIGTERM) is treated like Ctrl-C: what has been found is kept."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Outside the main thread no handler can be set: whoever called us there has his own.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGTERM, interrupt)


__all__ = ["COMMANDS", "COMMON_OPTIONS", "Exit", "Stop", "build_parser", "main"]
