"""`network`: what it prints of a supply network, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from khien.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The worked table of docs/methods/survival.md."""
    nodes = [
        {"id": "P", "plant": "p", "inventory": 20, "ttr_weeks": 6, "demand_per_week": 10, "unit_margin": 3},
        {"id": "A", "plant": "a", "inventory": 5, "ttr_weeks": 6},
        {"id": "B", "plant": "b", "inventory": 0, "ttr_weeks": 6},
    ]
    plain = {
        "nodes": nodes,
        "arcs": [["A", "P", "M", 1], ["B", "P", "M", 1]],
        "plant_capacity_per_week": {"p": 15, "a": 10, "b": 4},
    }
    path = tmp_path / "net.json"
    path.write_text(json.dumps(plain), encoding="utf-8")
    return path


def test_the_table_of_the_page(file: Path, capsys: Capture) -> None:
    assert main(["network", str(file), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "3 nodes, 2 arcs; 2 cost something when they fail, 2 are red" in out
    assert "A + B  105.00              72.00" in out
    assert main(["network", str(file), "--no-pairs", "--lang", "vi"]) == 0
    assert "120,00" in capsys.readouterr().out


def test_as_json(file: Path, capsys: Capture) -> None:
    assert main(["network", str(file), "--top", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["node"] for row in found["singles"]] == ["P", "A", "B"]
    assert (len(found["pairs"]), found["pair_count"], found["hidden_pairs"]) == (1, 3, 0)


def test_a_file_that_is_no_network_is_an_error_of_the_input(tmp_path: Path, file: Path, capsys: Capture) -> None:
    (tmp_path / "x.json").write_text("[]", encoding="utf-8")
    assert main(["network", str(tmp_path / "x.json"), "--lang", "en"]) == 1
    assert "is no supply network" in capsys.readouterr().err
    assert main(["network", str(tmp_path / "nowhere.json")]) == 2
    assert main(["network", str(file), "--top", "0"]) == 2
    capsys.readouterr()
