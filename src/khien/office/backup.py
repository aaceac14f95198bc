"""Backup and restore: one file with database, watch, a manifest and hashes; taken while the office runs.

Knows no web framework. SQLite is copied by its own online backup, which sees one moment; PostgreSQL gives every table
by COPY inside one read-only transaction at REPEATABLE READ, which sees one moment too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from khien.office import backup_watch
from khien.office.audit import Audit, rows_in, rows_of, verify
from khien.words import t

FORM: Final = 1
MANIFEST: Final = "manifest.json"
_PIECE: Final = 1024 * 1024
_SAFE: Final = re.compile(r"[a-z][a-z0-9_.]{0,80}")
_SQLITE: Final = "office.sqlite3"
_KEY: Final = "secret.key"


class BackupError(ValueError):
    """A backup cannot be made or restored; says why in both languages."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = t(key, "vi", **fields), t(key, "en", **fields)
        super().__init__(self.message_en)


@dataclass(frozen=True)
class Told:
    """What was backed up or restored.

    Attributes:
        engine: "sqlite" or "postgresql".
        entries: how many entries the log has.
        head: hash of the last one.
        made: when the backup was begun, UTC, ISO 8601.
        size: bytes of the backup file.
    """

    engine: str
    entries: int
    head: str
    made: str
    size: int


def backup(home: Path, out: Path, database: str = "", *, with_key: bool = True) -> Told:
    """Write a backup beside its place, read it back, rename it; what stands at `out` is always whole.

    Args:
        home: the data folder.
        database: address of PostgreSQL; empty for SQLite in the data folder.
        with_key: take the secret key along (sessions then go on after a restore).

    Raises:
        BackupError: there is no office, something stands at `out`, or the log's chain does not hold.
    """
    if out.exists():
        raise BackupError("office_backup_taken", path=out)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".khien-backup-") as place:
        work = Path(place)
        engine = "postgresql" if database else "sqlite"
        names = _postgresql(database, work) if database else [_sqlite(home, work)]
        names += backup_watch.pack(home, work)
        found = _log(engine, work)
        if found.faults:
            raise BackupError("office_backup_broken_log", seq=found.faults[0].seq)
        if with_key and (home / _KEY).is_file():
            (work / _KEY).write_bytes((home / _KEY).read_bytes())
            names.append(_KEY)
        manifest = {
            "khien-backup": FORM, "engine": engine, "made": made, "entries": found.entries, "head": found.head,
            "files": {name: {"sha256": _digest(work / name), "size": (work / name).stat().st_size} for name in names},
        }  # fmt: skip
        packed = work / "backup.zip"
        with os.fdopen(os.open(packed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as zipped:
                zipped.writestr(MANIFEST, json.dumps(manifest, indent=1))
                for name in names:
                    zipped.write(work / name, name)
            raw.flush()
            os.fsync(raw.fileno())
        check(packed)
        packed.rename(out)
    return Told(engine, found.entries, found.head, made, out.stat().st_size)


def check(path: Path) -> dict[str, Any]:
    """The manifest of a backup whose every file has the size and hash that it names.

    Raises:
        BackupError: it is no backup, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as zipped:
            manifest = json.loads(zipped.read(MANIFEST))
            if manifest.get("khien-backup") != FORM or manifest.get("engine") not in ("sqlite", "postgresql"):
                raise BackupError("office_backup_none", path=path)
            names = sorted(zipped.namelist())
            if names != sorted([MANIFEST, *manifest["files"]]) or not all(_SAFE.fullmatch(name) for name in names):
                raise BackupError("office_backup_damaged", path=path, what=MANIFEST)
            for name, told in manifest["files"].items():
                if zipped.getinfo(name).file_size != told["size"] or _hash(zipped.open(name)) != told["sha256"]:
                    raise BackupError("office_backup_damaged", path=path, what=name)
    except FileNotFoundError:
        raise BackupError("office_backup_none", path=path) from None
    except BackupError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, EOFError) as error:
        raise BackupError("office_backup_damaged", path=path, what=type(error).__name__) from error
    except Exception as error:  # zlib raises its own kind
        raise BackupError("office_backup_damaged", path=path, what=type(error).__name__) from error
    return dict(manifest)


def restore(path: Path, home: Path, database: str = "") -> Told:
    """Put a backup into an empty data folder (and an empty database on PostgreSQL), and check the log's chain there.

    Raises:
        BackupError: the folder or database is not empty, the backup is damaged, or its log does not hold.
    """
    if home.exists() and any(home.iterdir()):
        raise BackupError("office_restore_not_empty", path=home)
    manifest = check(path)
    if (manifest["engine"] == "postgresql") != bool(database):
        raise BackupError("office_restore_engine", engine=manifest["engine"])
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.absolute().parent, prefix=".khien-restore-") as place:
        work = Path(place)
        with zipfile.ZipFile(path) as zipped:
            for name in manifest["files"]:
                with zipped.open(name) as source, open(work / name, "wb") as target:
                    for piece in iter(lambda: source.read(_PIECE), b""):
                        target.write(piece)
                    target.flush()
                    os.fsync(target.fileno())
        watch = work / backup_watch.FILE
        if watch.exists() and not backup_watch.is_sound(watch):
            raise BackupError("office_backup_damaged", path=path, what=backup_watch.FILE)
        found = _log(manifest["engine"], work)
        if found.faults or (found.entries, found.head) != (manifest["entries"], manifest["head"]):
            seq = found.faults[0].seq if found.faults else found.entries
            raise BackupError("office_backup_broken_log", seq=seq)
        if database:
            names = [name for name in manifest["files"] if name.endswith(".copy")]
            _into_postgresql(database, work, names, found)
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if watch.exists():
            backup_watch.unpack(watch, home)
        for name in manifest["files"]:
            if not name.endswith(".copy") and name != backup_watch.FILE:
                (work / name).chmod(0o600)
                (work / name).rename(home / name)
    return Told(manifest["engine"], found.entries, found.head, str(manifest["made"]), path.stat().st_size)


def _sqlite(home: Path, work: Path) -> str:
    source = home / _SQLITE
    if not source.is_file():
        raise BackupError("office_backup_no_office", path=home)
    address = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=30)) as live,
        closing(sqlite3.connect(work / _SQLITE)) as copy,
    ):
        # In one step: page by page, a busy writer would make it begin again and again.
        live.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise BackupError("office_backup_damaged", path=source, what="integrity_check")
    return _SQLITE


_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"


def _postgresql(database: str, work: Path) -> list[str]:
    """Every table by COPY, and the log as lines that the chain's check reads, all of one moment."""
    from psycopg import sql

    names = []
    with _link(database) as link, link.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        tables = [row[0] for row in cursor.execute(_TABLES).fetchall()]
        if "office_log" not in tables:
            raise BackupError("office_backup_no_office", path=_plain(database))
        for table in tables:
            columns = _columns(cursor, table)
            names.append(f"{table}.copy")
            words = sql.SQL("COPY {} ({}) TO STDOUT").format(
                sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            with open(work / names[-1], "wb") as file:
                file.write(json.dumps(columns).encode() + b"\n")
                with cursor.copy(words) as copied:
                    for piece in copied:
                        file.write(piece)
        with open(work / "log.json", "w", encoding="utf-8") as file:
            json.dump(list(rows_in(cursor)), file)
    return [*names, "log.json"]


_STEPS: Final = "SELECT app || '.' || name FROM django_migrations ORDER BY 1"


def _into_postgresql(database: str, work: Path, names: list[str], due: Audit) -> None:
    """Fill tables that the schema has just made; all or nothing."""
    from psycopg import sql

    with _link(database) as link, link.cursor() as cursor:
        here = {row[0] for row in cursor.execute(_TABLES).fetchall()}
        tables = [name.removesuffix(".copy") for name in names]
        if "office_log" not in here or not set(tables) <= here:
            raise BackupError("office_restore_no_schema")
        if cursor.execute("SELECT EXISTS (SELECT 1 FROM office_log) OR EXISTS (SELECT 1 FROM office_user)").fetchone()[
            0
        ]:
            raise BackupError("office_restore_not_empty", path=_plain(database))
        steps = cursor.execute(_STEPS).fetchall()
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in tables:
            # What migrations put there themselves comes again with the backup.
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        for table in tables:
            _copy_in(cursor, table, work / f"{table}.copy")
        if cursor.execute(_STEPS).fetchall() != steps:
            raise BackupError("office_restore_release")
        if verify(rows_in(cursor)) != due:
            raise BackupError("office_backup_broken_log", seq=due.entries)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))
            _go_on_counting(cursor, table)


def _copy_in(cursor: Any, table: str, path: Path) -> None:
    from psycopg import sql

    with open(path, "rb") as file:
        columns = sql.SQL(", ").join(map(sql.Identifier, json.loads(file.readline())))
        words = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
        with cursor.copy(words) as copied:
            for piece in iter(lambda: file.read(_PIECE), b""):
                copied.write(piece)


def _columns(cursor: Any, table: str) -> list[str]:
    query = (
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s "
        "AND is_generated = 'NEVER' ORDER BY ordinal_position"
    )
    return [row[0] for row in cursor.execute(query, [table]).fetchall()]


def _go_on_counting(cursor: Any, table: str) -> None:
    """Set the counter of a table's own ids behind the largest that is there."""
    from psycopg import sql

    if "id" not in _columns(cursor, table):
        return
    counter = cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table]).fetchone()[0]
    if counter is not None:
        largest = sql.SQL("SELECT setval(%s, COALESCE((SELECT max(id) FROM {}), 0) + 1, false)")
        cursor.execute(largest.format(sql.Identifier(table)), [counter])


@contextmanager
def _link(database: str) -> Iterator[Any]:
    import psycopg

    with psycopg.connect(database) as link:
        yield link


def _log(engine: str, work: Path) -> Audit:
    """The chain of the copy."""
    if engine == "sqlite":
        return verify(rows_of(str(work / _SQLITE)))
    return verify(json.loads((work / "log.json").read_text(encoding="utf-8")))


def _digest(path: Path) -> str:
    return _hash(open(path, "rb"))


def _hash(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    with file:
        for piece in iter(lambda: file.read(_PIECE), b""):
            digest.update(piece)
    return digest.hexdigest()


def _plain(database: str) -> str:
    """The address without its password, for messages."""
    return re.sub(r"//([^:/@]*):[^@/]*@", r"//\1@", database)
