"""The bench of supply networks on a public file."""

from __future__ import annotations

import json

import pytest
from bench.supply import main
from tests.data import data_path


def test_the_smallest_public_network_meets_its_references(capsys: pytest.CaptureFixture[str]) -> None:
    folder = data_path("planning", "supply_networks")
    assert main([str(folder), "--small", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["missed"] == []
    assert row["pairs"] == row["nodes"] * (row["nodes"] - 1) // 2
