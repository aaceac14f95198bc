"""Indicators: any set of them, what they lack is visible, and none changes its unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import khien
from khien.programme import ProgrammeError
from khien.watch.indicators import Indicators
from khien.watch.observe import BatchRefused


def row(name: str = "rain", **more: Any) -> dict[str, Any]:
    """One indicator with what it must have."""
    names = {"id": name, "name_vi": "Mưa", "name_en": "Rain"}
    return {**names, "unit": "mm", "frequency": "day", "place_level": "province", "owner": "Trực ban", **more}


def test_those_of_the_example_programme_are_held_whole(vietnam: Path) -> None:
    programme = khien.read(vietnam)
    found = Indicators.of(programme)
    assert len(found) == programme.indicators.height > 10
    assert Indicators.from_csv(found.to_csv()) == found
    assert Indicators.read(vietnam / "indicators.csv").units == found.units
    assert found["rain-24h"].unit == "mm"
    assert "rain-24h" in found
    assert "nothing" not in found


def test_a_set_of_any_size_is_held() -> None:
    many = Indicators.from_rows(row(f"i{n}") for n in range(3000))
    assert len(many) == 3000
    assert len(list(many)) == 3000
    assert many.joined(many) == many


def test_what_is_missing_is_visible() -> None:
    gaps = Indicators.from_rows([row(feed="gauges"), row("flow", unit="m³/s")]).gaps()
    assert [(f.row, f.column) for f in gaps] == [
        (2, "threat"),
        (2, "level_rule"),
        (3, "feed"),
        (3, "threat"),
        (3, "level_rule"),
    ]
    assert all(f.severity == "warning" and f.message("vi") and f.way_out("en") for f in gaps)


def test_rows_that_do_not_fit_are_all_told() -> None:
    rows = [row(), row(), row("Bad id"), row("x", frequency="often"), row("y", unit=None), {"id": "z"}]
    rows.append(row("w", what=1))
    with pytest.raises(ProgrammeError) as told:
        Indicators.from_rows(rows)
    found = {(f.row, f.column) for f in told.value.findings}
    assert {(4, "id"), (5, "frequency"), (6, "unit"), (7, "name_vi"), (8, "what"), (None, "id")} <= found
    assert all(f.message("vi") and f.way_out("vi") for f in told.value.findings)


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "indicators.csv"
    file.write_text("id,unit,frequency\nrain,mm,often\n", encoding="utf-8")
    with pytest.raises(ProgrammeError) as told:
        Indicators.read(file)
    assert "missing-column" in {f.code for f in told.value.findings}


def test_a_unit_is_never_changed_and_everything_else_may_be() -> None:
    mine = Indicators.from_rows([row()])
    assert mine.joined(Indicators.from_rows([row(owner="Trạm")]))["rain"].owner == "Trạm"
    with pytest.raises(BatchRefused, match="rain"):
        mine.joined(Indicators.from_rows([row(unit="cm")]))
    with pytest.raises(KeyError):
        mine["snow"]
