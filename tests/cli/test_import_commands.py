"""`import cordis` and `calibrate techport` on the real public files, and on files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.data import data_path

from khien.cli import main

Capture = pytest.CaptureFixture[str]
PORTFOLIO = ("industry", "portfolio")


def test_real_projects_become_a_programme_that_checks(tmp_path: Path, capsys: Capture) -> None:
    projects = data_path(*PORTFOLIO, "eu_security_projects.csv")
    people = data_path(*PORTFOLIO, "eu_security_participants.csv")
    out = tmp_path / "eu"
    words = ["import", "cordis", str(projects), str(people), str(out)]
    assert main([*words, "--set", "money_share=0.4", "--lang", "en"]) == 0
    assert "projects" in capsys.readouterr().out
    assert main(["check", str(out)]) == 0
    capsys.readouterr()
    assert main([*words, "--lang", "en"]) == 2
    assert "does not write over it" in capsys.readouterr().err


def test_a_file_of_another_kind_is_an_error_and_writes_nothing(tmp_path: Path, capsys: Capture) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    out = tmp_path / "out"
    assert main(["import", "cordis", str(other), str(other), str(out), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["path"] is None
    assert not out.exists()
    assert main(["calibrate", "techport", str(other), "--lang", "en"]) == 1
    assert "error" in capsys.readouterr().out


@pytest.mark.parametrize("change", ["money_share", "=3", "x="])
def test_a_setting_needs_name_and_value(change: str, tmp_path: Path, capsys: Capture) -> None:
    assert main(["import", "cordis", "a", "b", str(tmp_path / "out"), "--set", change, "--lang", "en"]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


def test_calibrating_says_how_many_cases_stand_behind_each_step(tmp_path: Path, capsys: Capture) -> None:
    file = data_path(*PORTFOLIO, "nasa_techport_trl.csv")
    out = tmp_path / "priors.csv"
    assert main(["calibrate", "techport", str(file), "--out", str(out), "--lang", "en"]) == 0
    assert "TRL 3 → 4" in capsys.readouterr().out
    assert out.read_text(encoding="utf-8").startswith("from_trl,to_trl,cases")
    assert main(["calibrate", "techport", str(file), "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert all(step["cases"] >= 0 for step in steps)
    assert main(["calibrate", "techport", str(file), "--out", "x.doc", "--lang", "en"]) == 2
    capsys.readouterr()
