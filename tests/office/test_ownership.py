"""On PostgreSQL the web works as a role that owns nothing: everything goes on, and the log cannot be touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.office.conftest import cluster
from tests.office.outside import ask, begin, khien, served, surroundings

from khien.office.audit import rows_of, verify
from khien.office.ownership import grants

pytestmark = pytest.mark.slow

WORK = """
import os
from pathlib import Path
from khien import read
from khien.office.acts import accounts, proposals, runs, tokens, versions
from khien.office.acts.trouble import Trouble
secret = accounts.make_setup_ticket()
boss = Actor(accounts.use_ticket(Actor(None), secret, "một câu khá dài để nhớ", "a@b.vn", "A", "vi"))
user, link = accounts.invite(boss, "b@b.vn", "B", "vi", [(Role.ANALYST, "")])
who = Actor(user)
version = versions.save_version(who, read("examples/island"), None, "the beginning")
proposals.propose(who, version, "because")
runs.ask_run(who, "plan", version, {"time_limit": 1.0})
tokens.make_token(who, "t", ["read"], 3)
accounts.deactivate(boss, user)
print("1")
"""

STANDS = """
from django.db import connection
from khien.office.ownership import could_change_log
print(json.dumps([could_change_log(connection), Run.objects.get().state]))
"""


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[tuple[Path, str, str]]:
    """A database with an owner and a role for the web: a data folder, and the addresses of both."""
    import psycopg

    with cluster() as place:
        with psycopg.connect(f"host={place} user=test dbname=postgres", autocommit=True) as link:
            for command in ("CREATE ROLE owner LOGIN", "CREATE ROLE web LOGIN", "CREATE DATABASE khien OWNER owner",
                            "CREATE DATABASE fresh OWNER owner"):  # fmt: skip
                link.execute(command)
        home = tmp_path_factory.mktemp("office")
        before = Path.cwd()
        os.chdir(root)
        yield home, *(f"postgresql://{who}@{quote(place, safe='')}/khien" for who in ("owner", "web"))
        os.chdir(before)


def told(home: Path, *words: str, **env: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "khien", *words]
    done = subprocess.run(
        command, env=surroundings(home) | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90
    )
    return done.returncode, done.stdout


def test_the_web_adds_to_the_log_and_can_do_nothing_else_to_it(roles: tuple[Path, str, str]) -> None:
    import psycopg

    home, owner, web = roles
    code, text = told(home, "serve", "--lang", "en", DATABASE_URL=web)
    assert (code, "older release" in text) == (2, True), text
    code, text = told(home, "serve", "--upgrade", "--grant", "web", "--json", DATABASE_URL=owner)
    assert code == 0, text
    assert "office.0001_first" in json.loads(text)["steps"]
    (home / "address").write_text(web, encoding="utf-8")
    assert ask(home, WORK) == 1
    worker = khien(home, "worker", "--once")
    assert worker.wait(120) == 0
    assert ask(home, STANDS) == [False, "done"]
    forbidden = [
        "UPDATE office_log SET act = 'x'", "DELETE FROM office_log", "TRUNCATE office_log", "DROP TABLE office_log",
        "ALTER TABLE office_log DISABLE TRIGGER ALL", "DROP TRIGGER office_log_no_change ON office_log",
        "UPDATE office_blob SET size = 0", "DELETE FROM office_version", "UPDATE office_version SET id = id",
        "CREATE TABLE own (a int)", "DELETE FROM django_migrations", "DROP FUNCTION office_only_grows() CASCADE",
        "SET session_replication_role = replica",
    ]  # fmt: skip
    with psycopg.connect(web, autocommit=True) as link:
        for command in forbidden:
            with pytest.raises(psycopg.Error):
                link.execute(command)
    assert verify(rows_of(web)).faults == []


def test_the_owner_is_refused_behind_tls_and_warned_of_without(roles: tuple[Path, str, str]) -> None:
    home, owner, web = roles
    code, text = told(home, "serve", "--lang", "en", "--port", "0", DATABASE_URL=owner, KHIEN_TLS="1")
    assert (code, "could drop what protects the log" in text) == (2, True), text
    (home / "address").write_text(owner, encoding="utf-8")
    process = khien(home, "serve", "--lang", "en", "--port", "0")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("WARNING")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=40)
    (home / "address").write_text(web, encoding="utf-8")
    with served(home, setup=False) as (base, _), urllib.request.urlopen(f"{base}/sign-in/", timeout=10) as page:
        assert page.status == 200


def test_machines_that_start_at_once_upgrade_in_turn(roles: tuple[Path, str, str], tmp_path: Path) -> None:
    _, owner, _ = roles
    (tmp_path / "address").write_text(owner.replace("/khien", "/fresh"), encoding="utf-8")
    both = [begin(tmp_path, "from khien.office.start import pending\nprint(len(pending()))") for _ in range(2)]
    assert [process.communicate(timeout=90)[0].strip() for process in both] == ["0", "0"]


def test_a_name_of_a_role_is_only_a_name() -> None:
    with pytest.raises(ValueError):
        grants('web"; DROP TABLE x; --', ["office_log"])
