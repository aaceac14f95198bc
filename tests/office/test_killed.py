"""Server and workers killed at random moments, a few times; `bench.office_kill` does it two hundred times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.office.conftest import cluster
from tests.office.outside import surroundings

pytestmark = pytest.mark.slow


def killed(root: Path, place: Path, **env: str) -> None:
    around = surroundings(place) | env
    around.pop("KHIEN_HOME")
    command = [sys.executable, "-m", "bench.office_kill", "--kills", "5", "--seed", str(os.getpid())]
    done = subprocess.run(command, env=around, cwd=root, stdout=subprocess.PIPE, timeout=500)
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert told["log_entries"] > 10
    assert sum(told["confirmed"].values()) > 0


def test_nothing_confirmed_is_lost_on_sqlite(root: Path, tmp_path: Path) -> None:
    killed(root, tmp_path)


def test_nothing_confirmed_is_lost_on_postgresql(root: Path, tmp_path: Path) -> None:
    with cluster() as place:
        killed(root, tmp_path, DATABASE_URL=f"postgresql://test@{quote(place, safe='')}/postgres")
