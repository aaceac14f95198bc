"""The commands of the office when they are called wrongly: one clear line, exit code 2, nothing left behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from khien.cli import main

NOWHERE = "postgresql://khien:secret@127.0.0.1:1/khien"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["serve", "--port", "99999"], "--port must be from 0 to 65535"),
        (["serve", "--port", "-1"], "--port"),
        (["serve", "--workers", "-3"], "--workers"),
        (["serve", "--host", "192.0.2.1"], "192.0.2.1:8000"),
        (["worker", "--home", "none"], "none/office.sqlite3"),
        (["worker", "--home", "none", "--once"], "none/office.sqlite3"),
        (["audit", "verify", "--home", "none"], "none/office.sqlite3"),
        (["backup", "none", "office.backup"], "none: there is no such"),
        (["restore", "none", "office"], "none: there is no such"),
        (["restore", ".", "office"], "this is a folder"),
    ],
)
def test_wrong_use_is_one_line_and_leaves_nothing(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main([*words, "--lang", "en"]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert os.listdir(tmp_path) == []


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert main(["serve", "--home", str(tmp_path / "office"), "--port", port, "--lang", "en"]) == 2
    assert f"Port {port} is taken" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["audit", "verify"], ["backup", ".", "office.backup"]])
def test_a_database_that_does_not_answer_is_no_fault_of_ours(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert main([*words, "--lang", "en"]) == 2
    told = capsys.readouterr().err
    assert "DATABASE_URL" in told
    assert "secret" not in told
