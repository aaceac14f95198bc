"""People and programmes of a small office; PostgreSQL when it is asked for."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import Client

from khien import Programme, read
from khien.office.acts.record import Actor
from khien.office.acts.versions import save_version
from khien.office.models import Grant, User, Version
from khien.office.rights import Role

PASSWORD = "một câu khá dài để nhớ"


@contextmanager
def cluster() -> Iterator[str]:
    """A PostgreSQL of our own in memory, reached over a socket; yields the folder of the socket."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not homes:
        pytest.skip("postgresql is not installed")
    as_root = os.geteuid() == 0
    owner = pwd.getpwnam("postgres") if as_root else pwd.getpwuid(os.geteuid())
    who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if as_root else {}
    place = tempfile.mkdtemp(prefix="pg-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    os.chown(place, owner.pw_uid, owner.pw_gid)

    def run(program: str, *words: str) -> None:
        command = [str(homes[-1] / program), "-D", f"{place}/data", *words]
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        subprocess.run(command, check=True, cwd=place, env=env, stdout=subprocess.DEVNULL, **who)  # type: ignore[call-overload]

    quick = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
    try:
        run("initdb", "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        run("pg_ctl", "-w", "-l", f"{place}/log", "-o", f"{quick} -c unix_socket_directories={place}", "start")
        try:
            yield place
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """With KHIEN_TEST_DATABASE=postgresql the whole suite runs on a cluster that lives as long as the session."""
    if os.environ.get("KHIEN_TEST_DATABASE") != "postgresql":
        yield
        return
    from django.db import connections

    with cluster() as place:
        connections["default"].settings_dict.update(HOST=place, PORT="", USER="test")
        yield
        connections["default"].close()


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Makes somebody with a role: `person(Role.ANALYST)`; the same role again gives the same person."""
    known: dict[str, User] = {}

    def make(role: Role, name: str = "", place: str = "") -> User:
        name = name or role.value
        if name not in known:
            user = User(email=f"{name}@example.vn", name=name, language="en")
            user.set_password(PASSWORD)
            user.save()
            Grant.objects.create(user=user, role=role, place=place)
            known[name] = user
        return known[name]

    return make


@pytest.fixture
def actor(person: Callable[..., User]) -> Callable[..., Actor]:
    """The same as somebody who acts."""
    return lambda role, name="", place="": Actor(person(role, name, place))


@pytest.fixture
def visit(person: Callable[..., User]) -> Callable[..., Client]:
    """A browser in which somebody has signed in; forms need their token there, as in life."""

    def make(role: Role, name: str = "", place: str = "", *, strict: bool = False) -> Client:
        client = Client(enforce_csrf_checks=strict)
        client.force_login(person(role, name, place))
        return client

    return make


@pytest.fixture(scope="session")
def isle(island: Path) -> Programme:
    """The programme that can be solved by hand."""
    return read(island)


@pytest.fixture(scope="session")
def land(vietnam: Path) -> Programme:
    """The reference programme: it has provinces."""
    return read(vietnam)


@pytest.fixture
def first(actor: Callable[..., Actor], isle: Programme) -> Version:
    """The first version: the island."""
    return save_version(actor(Role.ANALYST), isle, None, "the beginning")


def dearer(programme: Programme, group: str = "", by: int = 1) -> Programme:
    """The programme with other sums of money: an edit that keeps it sound."""
    import polars as pl

    changed = programme.money.with_row_index("_n")
    amount = pl.when(pl.col("_n") == int(group or 0)).then(pl.col("amount_mvnd") + by).otherwise(pl.col("amount_mvnd"))
    return programme.replace(money=changed.with_columns(amount_mvnd=amount).drop("_n"))
