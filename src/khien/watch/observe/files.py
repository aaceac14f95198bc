"""Where a store's files are: a local folder, or any place that fsspec knows. Files appear whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import io
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from khien.watch.observe.findings import StoreError

Source = str | io.BytesIO


class Files(Protocol):
    """What a store needs of the place where it lies; names are relative and use ``/``."""

    def names(self, folder: str) -> list[str]:
        """Names in a folder (not below it), sorted; none when there is no such folder."""

    def read(self, name: str) -> bytes:
        """The content of a file."""

    def put(self, name: str, data: bytes) -> None:
        """Write a small file, in place of one that may be there."""

    def create(self, name: str, data: bytes) -> bool:
        """Write a file that must be new; False when somebody else was first."""

    def put_table(self, name: str, frame: pl.DataFrame) -> int:
        """Write a Parquet file under a name that nobody else uses; bytes written."""

    def source(self, name: str) -> Source:
        """What Polars reads a Parquet file from."""

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""

    def age(self, name: str) -> float:
        """Seconds since a file was written."""

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Keeps other writers out, as far as the place allows."""


def files_at(path: str | os.PathLike[str]) -> Files:
    """The files of a store at a local path or, with ``scheme://``, at a place of fsspec."""
    text = os.fspath(path)
    return FsspecFiles(text) if "://" in text else LocalFiles(Path(text))


class LocalFiles:
    """A folder. A file is written beside its place, synced, and given its name in one step."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted."""
        try:
            return sorted(name for name in os.listdir(self.root / folder) if not name.startswith("."))
        except FileNotFoundError:
            return []

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return (self.root / name).read_bytes()

    def put(self, name: str, data: bytes) -> None:
        """Write a file, in place of one that may be there."""
        self._write(name, lambda place: place.write_bytes(data), os.replace)

    def create(self, name: str, data: bytes) -> bool:
        """Write a new file; a hard link takes its name only when it is free."""
        try:
            self._write(name, lambda place: place.write_bytes(data), os.link)
        except FileExistsError:
            return False
        return True

    def put_table(self, name: str, frame: pl.DataFrame) -> int:
        """Write a Parquet file."""
        self._write(name, lambda place: write_table(frame, place), os.replace)
        return (self.root / name).stat().st_size

    def source(self, name: str) -> Source:
        """The path of a file."""
        return str(self.root / name)

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        (self.root / name).unlink(missing_ok=True)

    def age(self, name: str) -> float:
        """Seconds since a file was written."""
        return time.time() - (self.root / name).stat().st_mtime

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Waits for the lock file; the system frees it when its holder dies, however it dies."""
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / ".lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)

    def _write(self, name: str, fill: Callable[[Path], Any], settle: Callable[[Path, Path], Any]) -> None:
        place = self.root / name
        _make_folder(place.parent)
        draft = place.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            fill(draft)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            settle(draft, place)
            _sync_folder(place.parent)
        finally:
            draft.unlink(missing_ok=True)

    def drafts(self) -> Iterator[tuple[str, float]]:
        """Files that a writer left unfinished when it died, with their age in seconds."""
        for place in self.root.rglob(".*.tmp"):
            with contextlib.suppress(FileNotFoundError):
                yield place.relative_to(self.root).as_posix(), time.time() - place.stat().st_mtime


class FsspecFiles:
    """A place that fsspec knows (``s3://``, ``memory://`` …).

    Object stores show a file only when it is complete. Two writers are kept apart by the log, whose entries
    are created only if they are new; a file system that cannot promise this is good for one writer at a time.
    """

    def __init__(self, url: str) -> None:
        try:
            fsspec: Any = importlib.import_module("fsspec")
        except ImportError:
            raise StoreError("watch_store_fsspec_missing", path=url) from None
        try:
            self.fs, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise StoreError("watch_store_fsspec_scheme", path=url, reason=str(error)) from None
        self.root = root.rstrip("/")

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted."""
        self.fs.invalidate_cache()
        try:
            found = self.fs.ls(f"{self.root}/{folder}", detail=False)
        except FileNotFoundError:
            return []
        return sorted(name for path in found if not (name := str(path).rstrip("/").rsplit("/", 1)[-1]).startswith("."))

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return bytes(self.fs.cat_file(f"{self.root}/{name}"))

    def put(self, name: str, data: bytes) -> None:
        """Write a file, in place of one that may be there."""
        self._folder_of(name)
        self.fs.pipe_file(f"{self.root}/{name}", data)

    def create(self, name: str, data: bytes) -> bool:
        """Write a new file."""
        self._folder_of(name)
        place = f"{self.root}/{name}"
        try:
            with self.fs.open(place, "xb") as file:
                file.write(data)
        except FileExistsError:
            return False
        except (ValueError, RuntimeError):  # a file system that cannot promise it
            if self.fs.exists(place):
                return False
            self.fs.pipe_file(place, data)
        return True

    def put_table(self, name: str, frame: pl.DataFrame) -> int:
        """Write a Parquet file."""
        buffer = io.BytesIO()
        write_table(frame, buffer)
        self.put(name, buffer.getvalue())
        return buffer.tell()

    def source(self, name: str) -> Source:
        """The bytes of a file."""
        return io.BytesIO(self.read(name))

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(f"{self.root}/{name}")

    def age(self, name: str) -> float:
        """Seconds since a file was written; 0 where the place does not say."""
        try:
            return time.time() - float(self.fs.modified(f"{self.root}/{name}").timestamp())
        except (RuntimeError, AttributeError):
            return 0.0

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """There is no lock to take: see the class."""
        yield

    def _folder_of(self, name: str) -> None:
        self.fs.makedirs(f"{self.root}/{name}".rsplit("/", 1)[0], exist_ok=True)


def write_table(frame: pl.DataFrame, place: Path | io.BytesIO) -> None:
    """Write Parquet with the statistics by which a read of a few places skips the rest."""
    frame.write_parquet(place, compression="zstd", compression_level=3, statistics=True, row_group_size=2**17)


def _make_folder(folder: Path) -> None:
    """Make a folder with those above it, each written down in the one that holds it before anything goes into it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
