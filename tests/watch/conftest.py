"""What tests of the watch's commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from khien.cli import main


@pytest.fixture
def khien(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in an empty folder; its code, output and complaints."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run
