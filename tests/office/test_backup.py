"""Backup while people write, restore, check; what is damaged is refused."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.office.conftest import cluster
from tests.office.outside import ask, begin, khien

from khien.office.audit import rows_of, verify
from khien.office.backup import BackupError, backup, check, restore

FILL = """
from pathlib import Path
from khien import read
from khien.office.acts.versions import save_version
user = User.objects.create(email="a@b.vn", name="A")
Grant.objects.create(user=user, role=Role.ANALYST)
save_version(Actor(user), read("examples/island"), None, "the beginning")
"""
WRITE = """
from time import monotonic
user, end, count = User.objects.get(), monotonic() + 4, 0
while monotonic() < end:
    with transaction.atomic():
        record(Actor(user), "session.start", user)
    count += 1
print(count)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """An office with the island in it."""
    place = tmp_path_factory.mktemp("office")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        ask(place, FILL)
    return place


@pytest.fixture(scope="module")
def saved(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    path = tmp_path_factory.mktemp("backup") / "office.backup"
    backup(home, path)
    return path


def test_what_comes_back_is_what_was_there(home: Path, saved: Path, tmp_path: Path) -> None:
    told = restore(saved, tmp_path / "new")
    found = verify(rows_of(str(tmp_path / "new/office.sqlite3")))
    assert (found.faults, found.entries, found.head) == ([], told.entries, told.head)
    assert (tmp_path / "new/secret.key").read_text() == (home / "secret.key").read_text()
    dumps = []
    for place in (home, tmp_path / "new"):
        link = sqlite3.connect(place / "office.sqlite3")
        dumps.append(list(link.iterdump()))
        link.close()
    assert dumps[0] == dumps[1]
    assert saved.stat().st_mode & 0o077 == 0


def test_nothing_is_overwritten(home: Path, saved: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="overwrites nothing"):
        backup(home, saved)
    with pytest.raises(BackupError, match="empty place only"):
        restore(saved, home)
    with pytest.raises(BackupError, match="no office"):
        backup(tmp_path, tmp_path / "x")
    with pytest.raises(BackupError, match="no backup"):
        restore(tmp_path / "missing", tmp_path / "y")
    with pytest.raises(BackupError, match="backup of sqlite"):
        restore(saved, tmp_path / "y", "postgresql://nowhere/x")
    assert not (tmp_path / "y").exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_backup_is_refused_or_means_the_same(saved: Path, tmp_path: Path, data: st.DataObject) -> None:
    """A byte changed, or the end cut off: refused, unless the byte means nothing (a time stamp inside the zip)."""
    raw = bytearray(saved.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[at] ^= data.draw(st.integers(1, 255))
    else:
        del raw[at:]
    path = tmp_path / "damaged"
    path.write_bytes(raw)
    try:
        manifest = check(path)
    except BackupError:
        return
    assert manifest == check(saved)


def test_a_log_that_was_changed_is_not_backed_up(saved: Path, tmp_path: Path) -> None:
    restore(saved, tmp_path / "new")
    link = sqlite3.connect(tmp_path / "new/office.sqlite3", isolation_level=None)
    link.execute("DROP TRIGGER office_log_no_update")
    link.execute("UPDATE office_log SET actor_name = 'somebody else' WHERE seq = 1")
    link.close()
    with pytest.raises(BackupError, match="entry 1"):
        backup(tmp_path / "new", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_in_a_backup_are_never_paths(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "forged"
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("../outside", "x")
    with pytest.raises(BackupError, match="damaged"):
        restore(path, tmp_path / "new")


@pytest.mark.slow
def test_a_backup_under_writes_is_one_moment(home: Path, tmp_path: Path) -> None:
    writers = [begin(home, WRITE) for _ in range(2)]
    heads = []
    for n in range(4):
        made = khien(home, "backup", str(home), str(tmp_path / f"{n}.backup"), "--json")
        assert made.wait(60) == 0
        heads.append(restore(tmp_path / f"{n}.backup", tmp_path / f"new{n}"))
    counts = [int(writer.communicate(timeout=60)[0]) for writer in writers]
    assert min(counts) > 0
    assert heads[0].entries < heads[-1].entries
    live = {row["seq"]: row["hash"] for row in rows_of(str(home / "office.sqlite3"))}
    assert all(live[told.entries] == told.head for told in heads)
    audit = khien(tmp_path, "audit", "verify", "--home", str(tmp_path / "new3"))
    assert audit.wait(60) == 0


@pytest.mark.slow
def test_the_same_on_postgresql(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    monkeypatch.chdir(root)
    with cluster() as place:
        with psycopg.connect(host=place, user="test", dbname="postgres", autocommit=True) as link:
            link.execute("CREATE DATABASE khien")
            link.execute("CREATE DATABASE other")
        addresses = [f"postgresql://test@{quote(place, safe='')}/{name}" for name in ("khien", "other")]
        home = tmp_path / "home"
        home.mkdir()
        (home / "address").write_text(addresses[0], encoding="utf-8")
        ask(home, FILL)
        writer = begin(home, WRITE)
        made = khien(home, "backup", str(home), str(tmp_path / "one.backup"), "--lang", "en")
        said = made.communicate(timeout=60)[0]
        assert made.returncode == 0, said
        assert int(writer.communicate(timeout=60)[0]) > 0
        there = tmp_path / "there"
        there.mkdir()
        (there / "address").write_text(addresses[1], encoding="utf-8")
        back = khien(there, "restore", str(tmp_path / "one.backup"), str(tmp_path / "new"), "--lang", "en")
        said = back.communicate(timeout=60)[0]
        assert back.returncode == 0, said
        assert "chain is whole" in said
        assert ask(there, "print(json.dumps(Version.objects.count()))") == 1
        ask(
            there,
            'with transaction.atomic():\n    record(Actor(User.objects.get()), "session.start", User.objects.get())',
        )
        ask(there, 'User.objects.create(email="c@d.vn", name="C")')  # ids go on where they were
        assert not verify(rows_of(addresses[1])).faults
        with psycopg.connect(addresses[1]) as link, pytest.raises(psycopg.Error, match="only grows"):
            link.execute("DELETE FROM office_log")
