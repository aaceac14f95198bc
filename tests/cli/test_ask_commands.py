"""`whatif`, `explain`, `prices`, `frontier` and `alternatives`: what they print, and their exit codes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

import khien
from khien.cli import main
from khien.plan.ask.reasons import _Asker
from khien.plan.core.solve import Outcome, solve

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


@pytest.mark.slow
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


def test_explain_searches_unless_it_has_to_be_quick(island: Path, island_plan: Path, capsys: Capture) -> None:
    words = ["explain", str(island_plan), str(island)]
    assert main([*words, "--steps", "100", "--json"]) == 0
    found = answer(capsys)
    assert len(found["reasons"]) == 6
    assert found["flips"] == []
    assert found["better"] == pytest.approx(0.0, abs=1e-9)
    lost = {row["project"]: row["lost"] for row in found["reasons"]}
    assert lost["boat-make"] == pytest.approx(46 / 40)
    assert main([*words, "boat-make", "--lang", "vi"]) == 0
    assert "giá trị giảm 1,1500" in capsys.readouterr().out
    assert main([*words, "--quick", "--lang", "en"]) == 0
    assert "no re-planning" in capsys.readouterr().out
    assert main([*words, "--steps", "0"]) == 2


def test_stopped_reasons_are_kept_and_gone_on_with(
    island: Path, island_plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    words = ["explain", str(island_plan), str(island), "--steps", "50", "--out", str(tmp_path)]
    about, left = _Asker.about, [khien.read(island).projects["id"][3]]

    def pressed(self: _Asker, name: str) -> Any:
        if name in left:
            left.remove(name)
            raise KeyboardInterrupt
        return about(self, name)

    monkeypatch.setattr(_Asker, "about", pressed)
    assert main([*words, "--lang", "en"]) == 3
    assert "3 of 6 projects were asked about. The same command" in capsys.readouterr().out
    told = json.loads((tmp_path / "reasons.json").read_text())
    assert (len(told["reasons"]), told["interrupted"]) == (3, True)
    assert main([*words[:4], "60", *words[5:], "--lang", "en"]) == 2
    assert "another question (steps)" in capsys.readouterr().err
    assert main([*words, "--json"]) == 0
    found = answer(capsys)
    assert not (tmp_path / "reasons-searches.json").exists()
    assert main([*words[:5], "--json"]) == 0
    whole = answer(capsys)
    assert (found["reasons"], found["flips"]) == (whole["reasons"], whole["flips"])


@pytest.mark.slow
def test_frontier_prints_a_line_for_every_promise(island: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ["frontier", str(island), "--points", "3", "--work", "8000"]
    assert main([*words, "--out", str(tmp_path), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "52.5 %" in said
    assert "~ purifier-make" in said
    assert {path.name for path in tmp_path.iterdir()} == {"points.csv", "bought.csv", "01", "02", "03"}
    assert main(["verify", str(tmp_path / "03"), str(island)]) == 0
    capsys.readouterr()
    assert main([*words, "--measure", "survival", "--min-months", "9", "--level", "0.45", "--json"]) == 0
    found = answer(capsys)
    assert [row["promise"] for row in found["points"]] == [0.0, 4.5, 9.0]
    assert all(row["reached"] for row in found["points"])


@pytest.mark.slow
def test_a_stopped_frontier_says_so_and_goes_on(
    island: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    words = ["frontier", str(island), "--points", "2", "--work", "4000", "--out", str(tmp_path)]
    count = [0]

    def pressed(*given: Any, **asked: Any) -> Outcome:
        count[0] += 1
        return dataclasses.replace(solve(*given, **asked), why="interrupt" if count[0] == 2 else "work")

    monkeypatch.setattr("khien.plan.ask.frontier.solve", pressed)
    assert main([*words, "--lang", "en"]) == 3
    assert "The same command goes on" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"points.csv", "bought.csv", "searches.json", "01"}
    assert main(["verify", str(tmp_path / "01"), str(island)]) == 0
    assert main([*words, "--seed", "1", "--lang", "en"]) == 2
    assert "another question (seed)" in capsys.readouterr().err
    assert main([*words, "--lang", "vi"]) == 0
    assert "giữ lại 2 lần" in capsys.readouterr().err
    assert count[0] == 4
    assert {path.name for path in tmp_path.iterdir()} == {"points.csv", "bought.csv", "01", "02"}


@pytest.mark.parametrize(
    "words", [["--points", "1"], ["--level", "0.4"], ["--min-months", "9"], ["--measure", "survival", "--level", "0.4"]]
)
def test_frontier_refuses_what_makes_no_sense(words: list[str], island: Path, capsys: Capture) -> None:
    assert main(["frontier", str(island), *words, "--lang", "en"]) == 2
    assert words[-2] in capsys.readouterr().err


def test_prices_say_what_is_scarce_and_over_which_step(island: Path, island_plan: Path, capsys: Capture) -> None:
    words = ["prices", str(island_plan), str(island)]
    assert main([*words, "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "money of 2026" in said
    assert "relaxation" in said
    assert main([*words, "--lang", "vi"]) == 0
    assert "tiền năm 2026" in capsys.readouterr().out
    assert main([*words, "--checked", "1", "--json"]) == 0
    found = answer(capsys)
    assert found["exact"]
    assert [row["step_up"] is None for row in found["prices"]][:2] == [False, True]
    assert main([*words, "--checked", "-1"]) == 2


def test_prices_are_confirmed_by_planning_again(island: Path, island_plan: Path, capsys: Capture) -> None:
    words = ["prices", str(island_plan), str(island), "--checked", "0", "--confirm", "2", "--work", "800"]
    assert main([*words, "--lang", "en"]) == 0
    said, told = capsys.readouterr()
    assert "What the whole plan wins" in said
    assert "2 of 2 things" in told
    assert main([*words, "--lang", "vi", "--step", "0.5"]) == 0
    assert "thêm 50 %" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    whole = answer(capsys)["whole"]
    assert len(whole["gains"]) == 2
    assert whole["considered"] > 2
    assert whole["value"] == pytest.approx(7.8)
    for wrong in (["--step", "0"], ["--step", "nan"], ["--work", "0"]):
        assert main([*words, *wrong]) == 2
    assert main([*words[:3], "--step", "0.2", "--lang", "en"]) == 2
    assert "--confirm" in capsys.readouterr().err


@pytest.mark.slow
def test_alternatives_stand_side_by_side(island: Path, island_plan: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ["alternatives", str(island_plan), str(island), "--within", "0.05", "--count", "1"]
    assert main([*words, "--out", str(tmp_path), "--lang", "vi"]) == 0
    assert "kém hơn" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "01"), str(island)]) == 0
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    found = answer(capsys)
    assert [row["plan"] for row in found["plans"]] == [0, 1]
    assert main([*words, "--within", "0", "--lang", "en"]) == 0
    assert "No other plan" in capsys.readouterr().out
    assert main([*words, "--count", "0"]) == 2
