"""Writing a programme: a CSV folder or a workbook, whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from khien.programme.document import Programme
from khien.programme.tables import TABLES
from khien.programme.toml_settings import FILE, settings_toml


def write(programme: Programme, path: str | Path) -> None:
    """Write a programme to an .xlsx workbook or, for any other name, to a folder.

    Nothing is half-written: everything goes to a new place beside the old one first and then takes its name.
    Files in the folder that are not ours (a generator, notes) stay.

    Raises:
        FileExistsError: the folder holds something else than a programme.
        OSError: the disk is full, or the place may not be written; what was there before is still there.
    """
    path = Path(path).absolute()
    if path.suffix.lower() == ".xlsx":
        from khien.programme.workbook_out import write_workbook  # slow to import, and often not needed

        write_file(path, lambda place: write_workbook(programme, place))
    else:
        _write_folder(programme, path)


def write_file(path: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a file under another name in the same folder, then give it its name in one step.

    Where the path is a link, what it leads to is written. A device or a pipe (`/dev/stdout`) keeps its place and gets
    the bytes: put under its name, a file would take the device away from everybody.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        _pour(path, fill)
        return
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    with _as_wanted(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    place = Path(name)
    try:
        fill(place)
        _sync(place)
        os.chmod(place, 0o666 & ~_umask())
        os.replace(place, path)
    except Exception as error:
        for trouble in (error, *error.args[:1]):  # XlsxWriter wraps it
            if isinstance(trouble, OSError) and trouble.filename in (None, name):
                trouble.filename = str(path)  # the file that was wanted: a full disk names none
        raise
    finally:
        place.unlink(missing_ok=True)


@contextmanager
def _as_wanted(path: Path) -> Iterator[None]:
    """What cannot be made is told by the name that was asked for, not by that of the draft beside it."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def _pour(path: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a file elsewhere, then send its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"made{path.suffix}"
        fill(place)
        try:
            with place.open("rb") as made, path.open("wb") as target:
                shutil.copyfileobj(made, target)
        except OSError as error:
            error.filename = error.filename or str(path)
            raise


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8; it appears whole or not at all."""
    write_file(path, lambda place: _put(place, text))


def _put(place: Path, text: str) -> None:
    place.write_text(text, encoding="utf-8", newline="")


def csv_text(frame: pl.DataFrame) -> str:
    """A table as CSV: UTF-8, comma, decimal point, empty for missing."""
    return frame.write_csv(null_value="", date_format="%Y-%m-%d", line_terminator="\n")


def _write_folder(programme: Programme, folder: Path) -> None:
    if folder.exists() and not (folder / FILE).exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty and holds no {FILE}: not a programme's folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _as_wanted(folder):
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", dir=folder.parent))
    old = new.with_name(new.name + ".old")
    try:
        _fill(programme, new)
        if folder.exists():
            _keep_others(folder, new)
            os.rename(folder, old)
            try:
                os.rename(new, folder)
            except OSError:
                os.rename(old, folder)
                raise
        else:
            os.rename(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)


def _fill(programme: Programme, folder: Path) -> None:
    os.chmod(folder, 0o777 & ~_umask())
    texts = {FILE: settings_toml(programme.settings)}
    texts |= {f"{name}.csv": csv_text(frame) for name, frame in programme.frames.items() if frame.height}
    for name, text in texts.items():
        place = folder / name
        _put(place, text)
        _sync(place)


def _keep_others(folder: Path, new: Path) -> None:
    """Carry over what is not a table of ours; a table that became empty goes."""
    ours = {FILE, *(f"{name}.csv" for name in TABLES)}
    for entry in folder.iterdir():
        if entry.name not in ours:
            if entry.is_dir() and not entry.is_symlink():
                shutil.copytree(entry, new / entry.name, symlinks=True)
            else:
                shutil.copy2(entry, new / entry.name, follow_symlinks=False)


def _sync(place: Path) -> None:
    with place.open("rb") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
