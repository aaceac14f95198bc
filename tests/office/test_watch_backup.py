"""The watch in a backup: it comes back with journal, observations and forecasts, also when taken under writes."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest
from tests.office.outside import ask, begin
from tests.office.watched import NOW, data

from khien.office.backup import BackupError, backup, check, restore
from khien.office.backup_watch import FILE, is_sound
from khien.office.watching import Watch

__all__ = ["data"]
FILL = """
from khien.office import watch_demo
people = {}
for role in (Role.DUTY_OFFICER, Role.WARNING_APPROVER):
    user = User.objects.create(email=f"{role.value}@b.vn", name=role.value)
    Grant.objects.create(user=user, role=role)
    people[role] = Actor(user)
assert watch_demo.fill(people[Role.DUTY_OFFICER], people[Role.WARNING_APPROVER])
"""
WRITE = """
from datetime import datetime, timedelta, timezone
from time import monotonic
import polars as pl
from khien.office import watching
from khien.office.acts import warnings as acts
duty = Actor(User.objects.get(name="duty-officer"))
from dataclasses import replace
watch, end, count = watching.watch(), monotonic() + 4, 0
base, now = next(iter(watch.desk().warnings.values())).content, datetime.now(timezone.utc)
while monotonic() < end:
    areas = (("01", "04", "08", "11", "12", "14", "15")[count % 7],)
    acts.propose(duty, replace(base, hazard="storm", areas=areas, onset=now + timedelta(days=10 * count + 10),
                               expires=now + timedelta(days=10 * count + 19)), "more")
    day = now - timedelta(days=count + 1)
    watch.store.append(pl.DataFrame({"indicator": ["rain-24h"], "place": ["vn"], "valid": [day], "issued": [now],
                                     "value": [float(count)], "unit": ["mm"]}), source="under writes")
    count += 1
print(count)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with the illustrative watch."""
    place = tmp_path_factory.mktemp("office")
    ask(place, FILL)
    return place


def files(home: Path) -> dict[str, bytes]:
    folder = home / "watch"
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {name: content for name, content in found.items() if not name.endswith(".lock")}


@pytest.mark.slow
def test_the_watch_comes_back_as_it_was(home: Path, tmp_path: Path) -> None:
    backup(home, tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "again")
    assert files(tmp_path / "again") == files(home)
    assert FILE in check(tmp_path / "b")["files"]
    with zipfile.ZipFile(tmp_path / "b") as zipped:
        zipped.extract(FILE, tmp_path)
    assert is_sound(tmp_path / FILE)
    there, here = Watch(tmp_path / "again" / "watch"), Watch(home / "watch")
    assert there.entries() == here.entries()
    rows = [w.store.as_of("rain-24h", NOW - timedelta(days=9)).collect() for w in (there, here)]
    assert rows[0].equals(rows[1])
    assert not (tmp_path / "again" / FILE).exists()
    assert (tmp_path / "again" / "watch" / "warnings.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_backup_under_writes_holds_whole_entries(home: Path, tmp_path: Path) -> None:
    writer = begin(home, WRITE)
    count = 0
    while writer.poll() is None:
        backup(home, tmp_path / f"b{count}")
        count += 1
        sleep(0.2)  # each is looked at in a process of its own
    told, _ = writer.communicate()
    assert writer.returncode == 0
    assert json.loads(told) > 2
    for number in range(count):
        restore(tmp_path / f"b{number}", tmp_path / f"r{number}")
        found = Watch(tmp_path / f"r{number}" / "watch")
        assert found.store.observations("rain-24h").collect().height > 20_000
        logged = ask(
            tmp_path / f"r{number}",
            "from khien.office.acts.warnings import catch_up\nfirst = catch_up()\n"
            "print(json.dumps([first, catch_up(), Entry.objects.filter(kind='warning').count()]))",
        )
        assert logged[1] == 0
        assert logged[2] == len(found.entries())


def test_names_in_a_packed_watch_are_never_paths(tmp_path: Path) -> None:
    for name in ("../out", "/out", "a/../../out", ".hidden", "a//b", "a\\..\\b"):
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as zipped:
            zipped.writestr(name, "x")
        assert not is_sound(tmp_path / "bad.zip"), name
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    assert not is_sound(tmp_path / "bad.zip")
    with pytest.raises(BackupError):
        backup(tmp_path / "nowhere", tmp_path / "c")
