"""Workers in processes of their own: runs are done, stopped, lost and found; many hands, one chain."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.office.conftest import cluster
from tests.office.outside import ask, begin, khien

from khien.office.audit import rows_of, verify

pytestmark = pytest.mark.slow

ISLE = """
from pathlib import Path
from khien import read
from khien.office.acts.versions import save_version
user = User.objects.create(email="a@b.vn", name="A")
Grant.objects.create(user=user, role=Role.ANALYST)
version = save_version(Actor(user), read("examples/island"), None, "the beginning")
"""
A_RUN = """
from khien.office.acts.runs import ask_run
user, version = User.objects.get(), Version.objects.get()
print(ask_run(Actor(user), "plan", version, {settings}, {seed}).pk)
"""
LONG = '{"time_limit": 300.0, "scenarios": 64}'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Path]:
    """An office with the island in it."""
    place = tmp_path_factory.mktemp("office")
    before = Path.cwd()
    os.chdir(root)
    ask(place, ISLE)
    yield place
    os.chdir(before)


def row(home: Path, run: int) -> sqlite3.Row:
    link = sqlite3.connect(home / "office.sqlite3")
    link.row_factory = sqlite3.Row
    try:
        return link.execute("SELECT * FROM office_run WHERE id = ?", [run]).fetchone()  # type: ignore[no-any-return]
    finally:
        link.close()


def wait_for(home: Path, run: int, *states: str) -> sqlite3.Row:
    for _ in range(400):
        found = row(home, run)
        if found["state"] in states:
            return found
        time.sleep(0.25)
    raise AssertionError(f"run {run} is {found['state']}, not {states}")


def end(worker: subprocess.Popen[str]) -> str:
    worker.send_signal(signal.SIGTERM)
    return worker.communicate(timeout=40)[0]


def whole(home: Path) -> bool:
    return not verify(rows_of(str(home / "office.sqlite3"))).faults


def test_a_plan_is_made_once_and_then_given_again(home: Path) -> None:
    run = ask(home, A_RUN.format(settings='{"work": 2000}', seed=3))
    said = khien(home, "worker", "--once").communicate(timeout=120)[0]
    assert row(home, run)["state"] == "done", said
    headline = ask(home, f"print(json.dumps(Run.objects.get(pk={run}).headline))")
    assert headline["value"] <= headline["bound"] + 1e-6
    assert headline["illustrative"] is True
    assert headline["years"][0]["year"] == 2026
    assert ask(home, A_RUN.format(settings='{"work": 2000}', seed=3)) == run
    assert whole(home)


def test_cancelling_reaches_the_work(home: Path) -> None:
    run = ask(home, A_RUN.format(settings=LONG, seed=1))
    worker = khien(home, "worker")
    wait_for(home, run, "running")
    cancel = (
        "from khien.office.acts.runs import cancel_run\ncancel_run(Actor(User.objects.get()), Run.objects.get(pk={}))"
    )
    ask(home, cancel.format(run))
    assert wait_for(home, run, "cancelled", "done")["state"] == "cancelled"
    end(worker)
    assert whole(home)


def test_a_killed_worker_takes_its_child_along_and_the_run_can_be_started_again(home: Path) -> None:
    run = ask(home, A_RUN.format(settings=LONG, seed=2))
    worker = khien(home, "worker")
    wait_for(home, run, "running")
    time.sleep(1.5)
    worker.kill()
    worker.communicate()
    link = sqlite3.connect(home / "office.sqlite3", isolation_level=None, timeout=20)
    link.execute("UPDATE office_run SET beat = '2020-01-01 00:00:00' WHERE id = ?", [run])
    time.sleep(3)  # a child that lived on would say so now
    assert row(home, run)["beat"] == "2020-01-01 00:00:00"
    other = khien(home, "worker")
    assert wait_for(home, run, "lost")["attempt"] == 1
    again = (
        "from khien.office.acts.runs import restart_run\nrestart_run(Actor(User.objects.get()), Run.objects.get(pk={}))"
    )
    ask(home, again.format(run))
    assert wait_for(home, run, "running")["attempt"] == 2
    end(other)
    assert row(home, run)["state"] == "lost"  # a worker that is stopped politely says so itself
    assert whole(home)


def test_many_hands_take_every_run_once_and_keep_one_chain(home: Path) -> None:
    ask(home, """
from khien.office.acts.runs import ask_run
user, version = User.objects.get(), Version.objects.get()
for seed in range(100, 140):
    ask_run(Actor(user), "plan", version, {"work": 1}, seed)
""")  # fmt: skip
    hands = [begin(home, f"""
from khien.office.acts import queue
took = []
while (claim := queue.take_next("hand {n}")) is not None:
    took.append(claim.run)
    queue.give_up(claim, Run.State.FAILED, "vi", "en")
print(json.dumps(took))
""") for n in range(4)]  # fmt: skip
    took = [run for hand in hands for run in json.loads(hand.communicate(timeout=120)[0])]
    assert all(hand.returncode == 0 for hand in hands)
    assert len(took) == len(set(took)) == 40
    assert whole(home)


def test_the_command_finds_what_was_changed_behind_the_office(home: Path) -> None:
    check = khien(home, "audit", "verify", "--json", "--home", str(home))
    assert check.communicate(timeout=60)[0]
    assert check.returncode == 0
    link = sqlite3.connect(home / "office.sqlite3", isolation_level=None)
    link.execute("DROP TRIGGER office_log_no_update")
    link.execute("UPDATE office_log SET actor_name = 'somebody else' WHERE seq = 2")
    check = khien(home, "audit", "verify", "--lang", "en", "--home", str(home))
    assert "Entry 2 was altered" in check.communicate(timeout=60)[0]
    assert check.returncode == 1


def test_the_same_on_postgresql(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Office, worker and audit in processes of their own, on a server of its own."""
    import psycopg

    monkeypatch.chdir(root)
    with cluster() as place:
        with psycopg.connect(host=place, user="test", dbname="postgres", autocommit=True) as link:
            link.execute("CREATE DATABASE khien")
        address = f"postgresql://test@{quote(place, safe='')}/khien"
        (tmp_path / "address").write_text(address, encoding="utf-8")
        ask(tmp_path, ISLE)
        run = ask(tmp_path, A_RUN.format(settings='{"work": 500}', seed=1))
        assert khien(tmp_path, "worker", "--once").communicate(timeout=120)[0]
        assert ask(tmp_path, f"print(json.dumps(Run.objects.get(pk={run}).state))") == "done"
        check = khien(tmp_path, "audit", "verify", "--lang", "en")
        assert "The log is whole: 3 entries" in check.communicate(timeout=60)[0]
        with psycopg.connect(address, autocommit=True) as link:
            link.execute("ALTER TABLE office_log DISABLE TRIGGER ALL")
            link.execute("UPDATE office_log SET after = '{}' WHERE seq = 1")
        check = khien(tmp_path, "audit", "verify", "--lang", "en")
        assert "Entry 1 was altered" in check.communicate(timeout=60)[0]
        assert check.returncode == 1
