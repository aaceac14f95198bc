"""An office of its own in a folder, as people run it: in other processes, with the commands of the product."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PRELUDE = """
import json, sys
from khien.office.start import configure, make_ready
configure()
make_ready()
from khien.office.models import *
from khien.office.acts.record import Actor, record
from khien.office.rights import Role
from django.db import transaction
"""


def surroundings(home: Path) -> dict[str, str]:
    """The environment of such an office: nothing of the tests' own Django in it.

    A file `address` in its folder names the PostgreSQL that it uses, a file `env` holds settings, one a line.
    """
    kept = {n: v for n, v in os.environ.items() if n not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")}
    kept = {n: v for n, v in kept.items() if not n.startswith("KHIEN_")}
    address = home / "address"
    database = {"DATABASE_URL": address.read_text(encoding="utf-8")} if address.exists() else {}
    told = (home / "env").read_text(encoding="utf-8").split() if (home / "env").exists() else []
    more = dict(line.split("=", 1) for line in told)
    return kept | database | more | {"KHIEN_HOME": str(home), "PYTHONUNBUFFERED": "1"}


def begin(home: Path, code: str) -> subprocess.Popen[str]:
    """Start a process in which this code runs in the office."""
    command = [sys.executable, "-c", PRELUDE + code]
    return subprocess.Popen(command, env=surroundings(home), stdout=subprocess.PIPE, text=True)


def ask(home: Path, code: str) -> Any:
    """Run code in the office; what it prints is JSON."""
    process = begin(home, code)
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(told) if told.strip() else None


def khien(home: Path, *words: str) -> subprocess.Popen[str]:
    """A command of the product in the office."""
    command = [sys.executable, "-m", "khien", *words]
    return subprocess.Popen(
        command, env=surroundings(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@contextmanager
def served(home: Path, *, setup: bool = True) -> Iterator[tuple[str, str]]:
    """`khien serve` on a free port; yields its address and the set-up link (none in an office with people)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = khien(home, "serve", "--port", str(port), "--lang", "en")
    try:
        assert process.stdout is not None
        first = "".join(process.stdout.readline() for _ in range(2 if setup else 1))
        link = re.search(r"http://\S+/link/\S+", first)
        assert link or not setup, first
        base = f"http://localhost:{port}"
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{base}/health/", timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        yield base, link.group() if link else ""
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)
