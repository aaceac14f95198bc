"""`whatif`, `explain`, `prices`, `frontier` and `alternatives`: what they print, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import khien
from khien.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def island_plan(island: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a plan of the island."""
    out = tmp_path_factory.mktemp("island")
    assert main(["plan", str(island), "--work", "20000", "--out", str(out)]) == 0
    return out


def answer(capsys: Capture) -> dict[str, Any]:
    """The one JSON object on standard output."""
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_whatif_says_what_moved_and_keeps_the_plan_where_asked(
    island: Path, island_plan: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ["whatif", str(island), str(island_plan), "--forbid", "boat-make", "--work", "4000"]
    assert main([*words, "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "boat-upkeep" in said
    assert "it waits for boat-make" in said
    assert "Money freed" in said
    assert main([*words, "--lang", "vi"]) == 0
    assert "phải chờ boat-make" in capsys.readouterr().out
    assert main([*words, "--json", "--out", str(tmp_path)]) == 0
    found = answer(capsys)
    assert found["after"]["value"] == pytest.approx(6.65)
    assert {row["project"] for row in found["moves"]} == {"boat-make", "boat-upkeep", "sentry-make"}
    assert khien.load_plan(tmp_path).settings.forbids == ("boat-make",)
    assert main(["verify", str(tmp_path), str(island)]) == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--limit-change", "x"], 2, "ID=NUMBER"),
        (["--limit-change", "no-such=1"], 2, "no-such"),
        (["--from", "2030"], 2, "--min-reliance"),
        (["--pin", "boat-upkeep", "--forbid", "boat-make"], 4, "boat-make"),
    ],
)
def test_whatif_refuses_what_makes_no_sense(
    words: list[str], code: int, says: str, island: Path, island_plan: Path, capsys: Capture
) -> None:
    assert main(["whatif", str(island), str(island_plan), "--work", "400", "--lang", "en", *words]) == code
    assert says in capsys.readouterr().err
