"""`reliance`: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from tests.plan.small_programmes import plan_of
from tests.reliance.test_under_shock import PICKS

import khien
from khien.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def plan(island: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The island's best plan, as a file."""
    return plan_of(khien.read(island), PICKS).save(tmp_path_factory.mktemp("island") / "plan.json")


def test_the_answer_of_the_island_can_be_read(island: Path, plan: Path, capsys: Capture) -> None:
    words = ["reliance", str(island), "--plan", str(plan), "--year", "2029", "--country", "xm", "--level", "0.9"]
    assert main([*words, "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "between 81.2 % (worst) and 85.0 % (best) is left" in out
    assert "11.2 … ∞" in out  # storm warning: 11.25 months at the worst
    assert "yard-harbour (xi)" in out
    assert main([*words, "--lang", "vi"]) == 0
    assert "còn lại từ 81,2 % (xấu nhất)" in capsys.readouterr().out


def test_as_json_it_holds_every_table(island: Path, plan: Path, capsys: Capture) -> None:
    assert main(["reliance", str(island), "--plan", str(plan), "--year", "2029", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["year"], found["months"], found["cut"]) == (2029, 12.0, "foreign")
    assert (found["coverage"], found["worst"], found["best"]) == pytest.approx((0.95, 0.8125, 0.85))
    assert [row["capability"] for row in found["capabilities"]] == ["all", "warn", "drink", "rescue", "guard"]
    assert {"survived", "dependence", "sites", "pairs", "red", "single_sources", "mastery"} <= set(found)
    assert found["sites"][0]["site"] == "yard-harbour"


def test_all_tables_are_written_as_workbook_or_folder(
    island: Path, plan: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ["reliance", str(island), "--plan", str(plan), "--out"]
    assert main([*words, str(tmp_path / "all.xlsx")]) == 0
    assert "red" in openpyxl.load_workbook(tmp_path / "all.xlsx").sheetnames
    assert main([*words, str(tmp_path / "tables")]) == 0
    assert (tmp_path / "tables" / "sites.csv").read_text(encoding="utf-8").startswith("site,organisation")
    capsys.readouterr()


@pytest.mark.slow
def test_a_shock_of_the_table_says_when_and_how_long(vietnam: Path, capsys: Capture) -> None:
    assert main(["reliance", str(vietnam), "--shock", "cut-cn", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["year"], found["months"], found["cut"]) == (2030, 24.0, "cut-cn")


@pytest.mark.parametrize(
    "words",
    [
        ["--country", "zz"],
        ["--partner", "nobody"],
        ["--site", "nowhere"],
        ["--shock", "nothing"],
        ["--year", "1999"],
        ["--level", "1.5"],
        ["--months", "0"],
    ],
)
def test_what_is_not_there_is_refused(island: Path, words: list[str], capsys: Capture) -> None:
    assert main(["reliance", str(island), *words, "--lang", "en"]) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert words[1] in captured.err or float(words[1]) == 0


def test_a_shock_of_money_stops_no_supplier(vietnam: Path, capsys: Capture) -> None:
    shocks = khien.read(vietnam).shocks
    money = shocks.filter(shocks["kind"] == "budget")["id"][0]
    assert main(["reliance", str(vietnam), "--shock", money, "--lang", "en"]) == 2
    assert "stops no supplier" in capsys.readouterr().err


def test_a_plan_of_another_programme_is_refused(vietnam: Path, plan: Path, capsys: Capture) -> None:
    assert main(["reliance", str(vietnam), "--plan", str(plan)]) == 1
    capsys.readouterr()


def test_fixes_need_a_plan_and_say_what_is_not_known(island: Path, plan: Path, capsys: Capture) -> None:
    assert main(["reliance", str(island), "--fixes", "--lang", "en"]) == 2
    assert "--plan" in capsys.readouterr().err
    words = ["reliance", str(island), "--plan", str(plan), "--year", "2029", "--fixes"]
    assert main([*words, "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "Fixes of 2 red sites" in out
    assert "these cells are empty: items|pump|price_mvnd" in out
    assert main([*words, "--json", "--lang", "vi"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["answer"] for row in found["fix_nodes"]] == ["unknown", "unknown"]
