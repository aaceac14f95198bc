"""An office that was begun with the first release goes on with this one, its data and its log with it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import call_command
from tests.office.conftest import cluster
from tests.office.outside import ask, khien, surroundings

from khien.office.audit import rows_of, verify

FIRST = """
import json, sys
from datetime import datetime, timezone
from pathlib import Path
from khien.office.start import configure
configure()
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
Path(settings.CONFIG.home).mkdir(parents=True, exist_ok=True)
steps = [name for app, name in MigrationExecutor(connection).loader.graph.leaf_nodes() if app == "office"]
graph = MigrationExecutor(connection).loader.graph
chain = [name for app, name in graph.forwards_plan(("office", steps[0])) if app == "office"]
call_command("migrate", "office", chain[0], interactive=False, verbosity=0)
call_command("migrate", "sessions", interactive=False, verbosity=0)
apps = MigrationExecutor(connection).loader.project_state([("office", chain[0])]).apps
Model = lambda name: apps.get_model("office", name)
from django.contrib.auth.hashers import make_password
from khien import read
from khien.office.archive import digest, pack
from khien.office.chain import START, canonical, entry_hash
now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
isle = read("examples/island")
secret = make_password("old words, long")
user = Model("User").objects.create(email="old@b.vn", name="Old", language="vi", password=secret)
Model("Grant").objects.create(user=user, role="analyst", place="")
content = pack(isle)
blob = Model("Blob").objects.create(digest=digest(content), content=content, size=len(content))
version = Model("Version").objects.create(hash=isle.hash, blob=blob, author=user, author_name="Old", reason="first",
    rows=1, warnings=0)
run = Model("Run").objects.create(kind="plan", version=version, settings={"time_limit": 1.0}, code="0.0.1", seed=7,
    request_key="k" * 64, asked_by=user, state="lost", time_limit=600, attempt=1)
Model("Proposal").objects.create(version=version, by=user, reason="why", state="open")
previous = START
for seq in (1, 2, 3):
    entry = Model("Entry")(seq=seq, at=now.isoformat(), request="r", actor_id=user.pk, actor_name="Old",
        roles="analyst", act="version.save", kind="version", object=str(seq), before="", after=canonical({"n": seq}),
        previous=previous)
    entry.hash = entry_hash(entry.__dict__)
    entry.save(force_insert=True)
    previous = entry.hash
print(json.dumps([chain, previous]))
"""

NOW = """
from khien.office.acts.programme_store import programme_of
from khien.office.acts.runs import restart_run
from khien.office.models import *
from khien.office.start import pending
user = User.objects.get(email="old@b.vn")
version = Version.objects.get()
programme = programme_of(version)
restart_run(Actor(user), Run.objects.get())
refused = []
for command in ("UPDATE office_log SET act = 'x'", "DELETE FROM office_blob", "DELETE FROM office_version"):
    from django.db import DatabaseError, connection, transaction
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(command)
    except DatabaseError:
        refused.append(command)
print(json.dumps([user.check_password("old words, long"), user.roles, user.wants_mail, programme.hash == version.hash,
                  Proposal.objects.get().state, len(refused), pending()]))
"""


def begun(home: Path) -> list[Any]:
    """Make the office of the first release: its schema and its rows."""
    import json

    done = subprocess.run([sys.executable, "-c", FIRST], env=surroundings(home), stdout=subprocess.PIPE, check=True)
    return list(json.loads(done.stdout))


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path, root: Path) -> Iterator[Path]:
    before = Path.cwd()
    os.chdir(root)
    if request.param == "sqlite":
        yield tmp_path
    else:
        with cluster() as place:
            address = f"postgresql://test@{quote(place, safe='')}/postgres"
            (tmp_path / "address").write_text(address, encoding="utf-8")
            yield tmp_path
    os.chdir(before)


@pytest.mark.slow
def test_from_the_first_schema_on_everything_is_kept(home: Path) -> None:
    steps, head = begun(home)
    assert len(steps) >= 4
    address = home / "address"
    database = address.read_text(encoding="utf-8") if address.exists() else str(home / "office.sqlite3")
    assert verify(rows_of(database), (3, head)).faults == []
    # As people do it: the new release starts, and upgrades.
    code = khien(home, "serve", "--upgrade").wait(90)
    assert code == 0
    told = ask(home, NOW)
    assert told == [True, ["analyst"], True, True, "open", 3, []]
    found = verify(rows_of(database), (3, head))
    assert (found.faults, found.entries) == ([], 4)
    assert khien(home, "worker", "--once").wait(120) == 0
    assert ask(home, "print(json.dumps(Run.objects.get().state))") == "done"


@pytest.mark.slow
def test_a_database_of_a_newer_release_is_left_alone(tmp_path: Path, root: Path) -> None:
    ask(tmp_path, "from django.db.migrations.recorder import MigrationRecorder\nfrom django.db import connection\n"
        "MigrationRecorder(connection).record_applied('office', '9999_later')")  # fmt: skip
    process = khien(tmp_path, "serve", "--port", "0", "--lang", "en")
    told, _ = process.communicate(timeout=60)
    assert (process.returncode, "newer release (step 9999_later)" in told) == (2, True)


@pytest.mark.django_db
def test_models_and_steps_say_the_same() -> None:
    out = io.StringIO()
    call_command("makemigrations", "office", check=True, dry_run=True, stdout=out)
    assert "No changes" in out.getvalue()
