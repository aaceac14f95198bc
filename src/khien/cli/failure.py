"""What a command says when it cannot do its work: one clear line, and the right exit code."""

from __future__ import annotations

import argparse
import errno
import sys
import traceback
from typing import Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import print_json
from khien.words import t

THE_CALLERS = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EBUSY,
    errno.ELOOP,
    errno.EIO,
    errno.EMFILE,
    errno.EINVAL,
}
"""Troubles with a file or folder that whoever calls can mend: not there, not allowed, disk full."""


def report_failure(error: BaseException, args: argparse.Namespace) -> Exit:
    """Say what went wrong and return the exit code. A traceback is shown only with ``--debug``."""
    if args.debug and not isinstance(error, Stop):
        traceback.print_exception(error)
    code, message, details = describe(error, args.lang)
    if args.json:
        failure = {"code": int(code), "kind": code.name.lower(), "message": message}
        print_json({"command": args.command, "error": failure, **details})
    else:
        for line in [message, *details.pop("lines", [])]:
            print(line, file=sys.stderr)
    return code


def describe(error: BaseException, lang: str) -> tuple[Exit, str, dict[str, Any]]:
    """Exit code, message and further details of an error."""
    if isinstance(error, Stop):
        return error.code, error.message, dict(error.details)
    if isinstance(error, KeyboardInterrupt):
        return Exit.STOPPED, t("cli_stopped", lang), {}
    if isinstance(error, MemoryError):
        return Exit.OUR_FAULT, t("cli_no_memory", lang), {}
    if isinstance(error, _kind("xlsxwriter.exceptions", "FileCreateError")):
        error = error.args[0]  # the trouble with the file, wrapped
    if isinstance(error, OSError) and error.errno in THE_CALLERS:
        where = error.filename if error.filename is not None else "?"
        return Exit.WRONG_USE, t("cli_file_trouble", lang, path=where, reason=file_reason(error, lang)), {}
    return _describe_ours(error, lang)


def _describe_ours(error: BaseException, lang: str) -> tuple[Exit, str, dict[str, Any]]:
    """Errors of the rooms; anything else is a mistake of ours."""
    known: Any = error
    if isinstance(error, _kind("khien.programme.findings", "ProgrammeError")):
        from khien.cli.findings import describe_findings

        shocks = isinstance(error, _kind("khien.stress.shocks_in", "ShocksError"))
        return describe_findings(known.findings, lang, path=known.path, shocks=shocks)
    if isinstance(error, _kind("khien.plan", "NoPlan")):
        from khien.cli.clash import describe_clash

        return describe_clash(known, lang)
    for module, name, code in (
        ("khien.plan.settings", "SettingsError", Exit.WRONG_USE),
        ("khien.plan.ask.kept", "KeptError", Exit.WRONG_USE),
        ("khien.reliance.cuts", "UnknownTarget", Exit.WRONG_USE),
        ("khien.reliance.supply.network", "NetworkError", Exit.INPUT_ERRORS),
        ("khien.reliance.industry", "TableError", Exit.INPUT_ERRORS),
        ("khien.plan.result", "PlanFileError", Exit.INPUT_ERRORS),
        ("khien.plan.frames.replay", "PlanMismatch", Exit.INPUT_ERRORS),
        ("khien.stress.settings", "StressError", Exit.WRONG_USE),
        ("khien.draw.asides", "AsideError", Exit.INPUT_ERRORS),
    ):
        if isinstance(error, _kind(module, name)):
            return code, str(getattr(error, f"message_{lang}")), {}
    for module in ("psycopg", "django.db.utils"):
        if isinstance(error, _kind(module, "OperationalError")):
            reason = (str(error).splitlines() or ["?"])[0]
            return Exit.WRONG_USE, t("cli_database_trouble", lang, reason=reason), {}
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return Exit.OUR_FAULT, t("cli_our_fault", lang, what=what), {}


def _kind(module: str, name: str) -> type[BaseException]:
    """An error class of a room, without importing the room: if it is not loaded, it cannot have raised."""

    class Never(BaseException):
        """Stands for a class that is not loaded."""

    found: type[BaseException] = getattr(sys.modules.get(module), name, Never)
    return found


def file_reason(error: OSError, lang: str) -> str:
    """Why a file could not be read or written, in the language asked for."""
    match error.errno:
        case errno.ENOENT:
            return t("cli_file_not_there", lang)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return t("cli_file_not_allowed", lang)
        case errno.EISDIR:
            return t("cli_file_is_folder", lang)
        case errno.ENOTDIR | errno.EEXIST:
            return t("cli_file_in_the_way", lang)
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return t("cli_file_disk_full", lang)
        case _:
            return error.strerror or str(error)
