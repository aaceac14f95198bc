"""Where finished pages and pictures are kept: in memory, and in the data folder for the next start.

What lies here can be made again at any time; it may be removed while the office runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final

from django.conf import settings

FOLDER: Final = "shown"
"""Name of the folder in the data folder."""
IN_MEMORY: Final = 48 * 1024 * 1024
"""Bytes kept in memory."""
ON_DISK: Final = 60
"""Results whose pages are kept on disk; those not looked at for longest go first."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")

_held: OrderedDict[tuple[str, str], bytes] = OrderedDict()
_size = 0
_guard = Lock()
_making: dict[tuple[str, str], Lock] = {}


def kept(key: str, name: str, make: Callable[[], bytes]) -> bytes:
    """What is kept under a key and a name; made, and kept, when it is not there. Made once even if many ask at once."""
    found = look(key, name)
    if found is not None:
        return found
    with _guard:
        lock = _making.setdefault((key, name), Lock())
    with lock:
        found = look(key, name)
        if found is None:
            found = make()
            _write(key, name, found)
            _hold(key, name, found)
    with _guard:
        _making.pop((key, name), None)
    return found


def look(key: str, name: str) -> bytes | None:
    """What is kept, or None."""
    with _guard:
        if (key, name) in _held:
            _held.move_to_end((key, name))
            return _held[key, name]
    place = folder(key)
    if place is None:
        return None
    try:
        found = (place / _checked(name)).read_bytes()
    except OSError:
        return None
    _hold(key, name, found)
    return found


def there(key: str, name: str) -> bool:
    """Whether something is kept under a name, without reading it."""
    with _guard:
        if (key, name) in _held:
            return True
    place = folder(key)
    return place is not None and (place / _checked(name)).is_file()


def folder(key: str) -> Path | None:
    """The folder of a key; None where there is no data folder that can be written."""
    home: Path = settings.CONFIG.home
    return home / FOLDER / _checked(key) if home.is_dir() else None


def forget() -> None:
    """Let go of everything in memory."""
    global _size
    with _guard:
        _held.clear()
        _size = 0


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name for a file: {name!r}")
    return name


def _hold(key: str, name: str, content: bytes) -> None:
    global _size
    with _guard:
        _size += len(content) - len(_held.pop((key, name), b""))
        _held[key, name] = content
        while _size > IN_MEMORY and len(_held) > 1:
            _size -= len(_held.popitem(last=False)[1])


def _write(key: str, name: str, content: bytes) -> None:
    """Keep on disk, whole or not at all; a full or read-only disk costs only time later."""
    place = folder(key)
    if place is None:
        return
    with contextlib.suppress(OSError):
        new = not place.exists()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if new:
            _thin(place.parent)
        number, draft = tempfile.mkstemp(dir=place, prefix=".draft-")
        with os.fdopen(number, "wb") as file:
            file.write(content)
        os.replace(draft, place / _checked(name))


def _thin(shelf: Path) -> None:
    """Remove what nobody looked at for longest, when there are too many."""
    places = sorted((p for p in shelf.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)
    for place in places[:-ON_DISK]:
        for file in place.iterdir():
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            place.rmdir()
