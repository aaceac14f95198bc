"""Paths that a command was given: refused early and by name when they cannot be what is needed."""

from __future__ import annotations

import argparse
import difflib
import errno
import os
from pathlib import Path

from khien.cli.exits import Exit, Stop
from khien.words import t


def existing(path: str, lang: str) -> Path:
    """The path, which must be there."""
    found = Path(path)
    if not path or not found.exists():
        raise Stop(Exit.WRONG_USE, t("cli_file_trouble", lang, path=path, reason=t("cli_file_not_there", lang)))
    return found


def existing_file(path: str, lang: str) -> Path:
    """The path, which must be there and no folder."""
    found = existing(path, lang)
    if found.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    return found


def free(path: str, lang: str) -> Path:
    """The path, where nothing may stand yet."""
    found = Path(path)
    if found.exists():
        raise Stop(Exit.WRONG_USE, t("cli_path_taken", lang, path=path))
    return found


def writable(folder: Path) -> Path:
    """The folder, which can be made and written to: said before hours of search, and not after them.

    Raises:
        OSError: it cannot, as writing itself would say it.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    if not os.access(there, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))
    return folder


def in_order(args: argparse.Namespace) -> None:
    """Take PLAN and PATH in either order: swap the two where each is plainly the other.

    Commands about a plan name it first, commands about a programme that one; nobody has to remember which is which.
    """
    plan, path = getattr(args, "plan", None), getattr(args, "path", None)
    if plan and path and _holds_plan(path) and not _holds_plan(plan) and _holds_programme(plan):
        args.plan, args.path = path, plan


def _holds_plan(path: str) -> bool:
    place = Path(path)
    return place.suffix.lower() == ".json" or (place / "plan.json").is_file()


def _holds_programme(path: str) -> bool:
    place = Path(path)
    return place.suffix.lower() == ".xlsx" or (place / "programme.toml").is_file()


def default_out(programme_path: str) -> Path:
    """Where results go when nobody says: ``out/`` and the name of the programme's folder or workbook."""
    return Path("out") / Path(programme_path).resolve().stem


def unknown_id(what: str, wanted: str, known: list[str], lang: str) -> str:
    """Say that there is no such id, with the nearest one that there is."""
    near = difflib.get_close_matches(wanted, known, n=1)
    if near:
        return t("cli_unknown_id_near", lang, what=what, id=wanted, near=near[0])
    return t("cli_unknown_id", lang, what=what, id=wanted)
