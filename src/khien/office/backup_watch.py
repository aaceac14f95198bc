"""The folder of the watch in a backup: one file beside the database, whole at some moment after that of the database.

Stores and ledgers only grow: an entry of their log is there after the files that it names. So the logs are packed
first, and whatever they name is there when the rest is packed. Of the journal the lines that are finished are taken.
What it has beyond the log of the database is told there at the next act.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILE: Final = "watch.zip"
FOLDER: Final = "watch"
JOURNAL: Final = "warnings.jsonl"
LOG: Final = "log"
_PART: Final = re.compile(r"(?!\.)[A-Za-z0-9._=+-]{1,200}")


def pack(home: Path, work: Path) -> list[str]:
    """Pack the folder into a file of `work`; return its name, or nothing where nothing is watched."""
    folder = home / FOLDER
    if not folder.is_dir():
        return []
    # Parquet is packed already; the file that all this goes into is compressed once more.
    with zipfile.ZipFile(work / FILE, "w", zipfile.ZIP_STORED) as zipped:
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            if name == JOURNAL:
                whole = path.read_bytes()
                zipped.writestr(name, whole[: whole.rfind(b"\n") + 1])
            else:
                zipped.write(path, name)
    return [FILE]


def _files(folder: Path) -> Iterator[Path]:
    """Files that are no drafts or locks: first the journal, then entries of logs, then what they name."""
    yield from (path for path in [folder / JOURNAL] if path.is_file())
    logs = [path for path in _all(folder) if path.parent.name == LOG]
    yield from logs
    taken = {*logs, folder / JOURNAL}
    yield from (path for path in _all(folder) if path not in taken and path.parent.name != LOG)


def _all(folder: Path) -> list[Path]:
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(path for path in found if _named(path.relative_to(folder).parts))


def _named(parts: tuple[str, ...]) -> bool:
    return bool(parts) and all(_PART.fullmatch(part) for part in parts)


def is_sound(path: Path) -> bool:
    """Whether every name in a packed folder stays in it."""
    try:
        with zipfile.ZipFile(path) as zipped:
            return all(_named(tuple(name.split("/"))) for name in zipped.namelist())
    except zipfile.BadZipFile:
        return False


def unpack(path: Path, home: Path) -> None:
    """Put a packed folder into a data folder that has none, readable by its owner alone."""
    with zipfile.ZipFile(path) as zipped:
        for name in zipped.namelist():
            place = home / FOLDER / name
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with zipped.open(name) as source, open(place, "wb") as target:
                shutil.copyfileobj(source, target)
            place.chmod(0o600)
