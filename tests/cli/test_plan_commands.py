"""`plan`, `verify`, `compare`, `explain` and `report`: what they print, and each exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import khien
from khien.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def island_plan(island: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a plan of the island, by work: a clock may end before anything is found."""
    out = tmp_path_factory.mktemp("island")
    assert main(["plan", str(island), "--work", "500", "--out", str(out)]) == 0
    return out


def answer(capsys: Capture) -> dict[str, Any]:
    """The one JSON object on standard output."""
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_plan_prints_the_headline_and_says_where_the_plan_is(
    island: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["plan", str(island), "--time-limit", "3", "--out", str(tmp_path), "--lang", "en"]) == 0
    captured = capsys.readouterr()
    assert "Self-reliance" in captured.out
    assert str(tmp_path / "plan.json") in captured.out
    assert "bound" in captured.err
    assert main(["plan", str(island), "--work", "50", "--out", str(tmp_path), "--lang", "vi"]) == 0
    captured = capsys.readouterr()
    assert "Tự chủ" in captured.out


def test_plan_as_json_says_value_bound_gap_and_why_it_stopped(
    island: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["plan", str(island), "--time-limit", "3", "--out", str(tmp_path), "--json"]) == 0
    found = answer(capsys)
    assert found["command"] == "plan"
    assert found["nothing"] <= found["value"] <= found["bound"] + 1e-9
    assert found["why_stopped"] in {"optimal", "gap", "time", "work"}
    assert [year["year"] for year in found["years"]] == [2026, 2027, 2028, 2029, 2030, 2031]
    assert Path(found["plan"]).exists()


def test_a_work_limit_gives_the_same_plan_twice(island: Path, tmp_path: Path, capsys: Capture) -> None:
    for name in ("one", "two"):
        assert main(["plan", str(island), "--work", "50", "--seed", "3", "--out", str(tmp_path / name)]) == 0
    one, two = (
        json.loads((tmp_path / name / "plan.json").read_text(encoding="utf-8")) for name in ("one", "two")
    )
    assert one["choices"] == two["choices"]
    assert one["value"] == two["value"]
    assert one["clocked"] is False
    capsys.readouterr()


def test_verify_accepts_the_plan_and_refuses_a_changed_one(
    island: Path, island_plan: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["verify", str(island_plan), str(island), "--lang", "en"]) == 0
    assert "keeps all" in capsys.readouterr().out
    plain = json.loads((island_plan / "plan.json").read_text(encoding="utf-8"))
    plain["value"] += 1
    plain["choices"]["start"][-1] -= 40
    (tmp_path / "plan.json").write_text(json.dumps(plain), encoding="utf-8")
    assert main(["verify", str(tmp_path), str(island), "--lang", "en"]) == 1
    assert "BROKEN" in capsys.readouterr().out
    assert main(["verify", str(tmp_path), str(island), "--json"]) == 1
    found = answer(capsys)
    assert found["verified"] is False
    assert found["violations"]


def test_a_file_that_is_no_plan_is_an_error_of_the_input(
    island: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "plan.json").write_text("{}", encoding="utf-8")
    assert main(["verify", str(tmp_path), str(island), "--lang", "en"]) == 1
    assert "plan.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change", [{"project": "no-such"}, {"option": "boat-joint"}, {"start": -999}, {"project": "sentry-make"}]
)
def test_no_figures_are_told_of_a_plan_whose_choices_were_edited(
    island: Path, island_plan: Path, tmp_path: Path, capsys: Capture, change: dict[str, Any]
) -> None:
    plan = json.loads((island_plan / "plan.json").read_text(encoding="utf-8"))
    row = plan["choices"]["project"].index("boat-make")
    for column, value in change.items():
        plan["choices"][column][row] = value
    _refused_by_all(plan, island, tmp_path, capsys)


def test_no_figures_are_told_of_a_plan_that_was_edited_to_look_right(
    island: Path, island_plan: Path, tmp_path: Path, capsys: Capture
) -> None:
    """A choice moved together with its labels, or a better value: nothing is odd but that no search found it."""
    before = (island_plan / "plan.json").read_text(encoding="utf-8")
    moved, richer = json.loads(before), json.loads(before)
    choices = moved["choices"]
    row = choices["project"].index("sentry-make")
    for column in ("start", "end"):
        choices[column][row] += 1
    choices["start_quarter"][row], choices["end_quarter"][row] = "2028Q4", "2029Q3"
    richer["value"] += 0.01
    for plan in (moved, richer):
        _refused_by_all(plan, island, tmp_path, capsys)
        assert main(["compare", str(tmp_path), str(island_plan), "--lang", "en"]) == 1
        assert "changed by hand" in capsys.readouterr().err
        assert main(["verify", str(tmp_path), str(island), "--lang", "en"]) == 1
        assert "BROKEN" in capsys.readouterr().out
    (tmp_path / "plan.json").write_text(json.dumps(json.loads(before), indent=4), encoding="utf-8")
    assert main(["compare", str(tmp_path), str(island_plan)]) == 0, "another layout says the same"


@pytest.mark.parametrize("by", [-(10**7), -8, 2, 10**7])
def test_no_figures_are_told_of_a_choice_that_was_moved_out_of_its_time(
    island: Path, island_plan: Path, tmp_path: Path, capsys: Capture, by: int
) -> None:
    """Compiled steps would read beyond the end of their tables."""
    plan = json.loads((island_plan / "plan.json").read_text(encoding="utf-8"))
    choices = plan["choices"]
    row = max(range(len(choices["end"])), key=lambda i: (not choices["fixed"][i], choices["end"][i]))
    for column in ("start", "end"):
        choices[column][row] += by
    if by > 0:
        choices["end_quarter"][row], choices["start_quarter"][row] = "2099Q4", "2099Q1"
    _refused_by_all(plan, island, tmp_path, capsys)


def _refused_by_all(plan: dict[str, Any], island: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    told = (["explain", str(tmp_path), str(island), "--quick"], ["reliance", str(island), "--plan", str(tmp_path)])
    for words in (*told, ["prices", str(tmp_path), str(island)]):
        assert main([*words, "--lang", "en"]) == 1, words
        assert "khien verify" in capsys.readouterr().err


def test_plan_and_programme_may_be_named_in_either_order(island: Path, island_plan: Path, capsys: Capture) -> None:
    said = []
    for words in ([island_plan, island], [island, island_plan], [island, island_plan / "plan.json"]):
        assert main(["verify", *map(str, words)]) == 0
        said.append(capsys.readouterr().out)
    assert len(set(said)) == 1


def test_compare_names_what_moved(island: Path, island_plan: Path, tmp_path: Path, capsys: Capture) -> None:
    assert (
        main(["plan", str(island), "--time-limit", "3", "--forbid", "boat-make", "--out", str(tmp_path)])
        == 0
    )
    capsys.readouterr()
    assert main(["compare", str(island_plan), str(tmp_path), "--programme", str(island), "--lang", "en"]) == 0
    assert "boat-make" in capsys.readouterr().out
    assert main(["compare", str(island_plan), str(island_plan), "--lang", "en"]) == 0
    assert "choose the same" in capsys.readouterr().out


def test_explain_says_why(island: Path, island_plan: Path, capsys: Capture) -> None:
    assert main(["explain", str(island_plan), str(island), "boat-make", "--lang", "en"]) == 0
    assert "boat-make" in capsys.readouterr().out
    assert main(["explain", str(island_plan), str(island), "--lang", "vi"]) == 0
    assert main(["explain", str(island_plan), str(island), "boat-makee", "--lang", "en"]) == 2
    assert "boat-make" in capsys.readouterr().err


@pytest.mark.slow
def test_report_writes_every_form_in_both_languages(
    island: Path, island_plan: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["report", str(island_plan), str(island), "--out", str(tmp_path), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    for lang in ("vi", "en"):
        for form in ("html", "pdf"):
            assert list(tmp_path.rglob(f"*.{lang}.{form}")), (lang, form)
    assert list(tmp_path.rglob("*.xlsx"))
    assert list(tmp_path.rglob("*.parquet"))
    assert "report.en.html" in out


def test_replanning_keeps_what_has_started(
    island: Path, island_plan: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ["plan", str(island), "--time-limit", "3", "--out", str(tmp_path)]
    assert main([*words, "--replan-from", "2027Q3", "--previous", str(island_plan)]) == 0
    before, after = khien.load_plan(island_plan), khien.load_plan(tmp_path)
    started = [row for row in before.choices.to_dicts() if row["start_quarter"] < "2027Q3"]
    kept = {row["project"]: row for row in after.choices.to_dicts()}
    assert started
    for row in started:
        assert kept[row["project"]]["option"] == row["option"]
        assert kept[row["project"]]["start"] == row["start"]
    assert main(["verify", str(tmp_path), str(island)]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--pin", "boat-mak"], "boat-mak"),
        (["--without-country", "xx"], "xx"),
        (["--without-partner", "nobody"], "nobody"),
        (["--min-reliance", "1.2"], "1.2"),
        (["--budget-factor", "-1"], "-1"),
        (["--pin", "boat-make", "--forbid", "boat-make"], "boat-make"),
    ],
)
def test_settings_that_make_no_sense_are_wrong_use(
    words: list[str], says: str, island: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert (
        main(["plan", str(island), "--out", str(tmp_path), "--time-limit", "5", *words, "--lang", "en"]) == 2
    )
    assert says in capsys.readouterr().err
    assert not (tmp_path / "plan.json").exists()


def test_when_no_plan_exists_the_clash_is_named_and_the_code_is_4(
    island: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ["plan", str(island), "--pin", "boat-upkeep", "--forbid", "boat-make", "--out", str(tmp_path)]
    assert main([*words, "--lang", "en"]) == 4
    captured = capsys.readouterr()
    assert "boat-upkeep" in captured.err
    assert "boat-make" in captured.err
    assert not (tmp_path / "plan.json").exists()
    assert main([*words, "--json"]) == 4
    found = answer(capsys)
    assert found["error"]["kind"] == "no_plan"
    assert len(found["clash"]) >= 2
    assert found["certain"] is True


def test_a_fault_of_ours_is_one_clear_line_and_5(
    island: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the solver fell over")

    monkeypatch.setattr(khien, "plan_programme", fail, raising=False)
    words = ["plan", str(island), "--out", str(tmp_path)]
    assert main([*words, "--lang", "en"]) == 5
    captured = capsys.readouterr()
    assert "the solver fell over" in captured.err
    assert "Traceback" not in captured.err
    assert main([*words, "--debug"]) == 5
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.slow
def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    island: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "plan.json"))

    monkeypatch.setattr(os, "replace", full)
    assert main(["plan", str(island), "--time-limit", "3", "--out", str(tmp_path), "--lang", "en"]) == 2
    assert "disk" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_the_best_plan_and_gives_3(
    kind: signal.Signals, vietnam: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "khien",
        "plan",
        str(vietnam),
        "--time-limit",
        "120",
        "--out",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if any(digit in line.partition("best")[2].partition("bound")[0] for digit in "123456789"):
                break
        process.send_signal(kind)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert str(tmp_path / "plan.json") in out
    assert khien.load_plan(tmp_path).why_stopped == "interrupt"
    assert main(["verify", str(tmp_path), str(vietnam)]) == 0


def test_an_interrupt_before_there_is_a_plan_gives_130(
    island: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(khien, "plan_programme", interrupt, raising=False)
    assert main(["plan", str(island), "--out", str(tmp_path), "--lang", "en"]) == 130
    assert "Stopped as asked" in capsys.readouterr().err


def test_futures_are_told_by_plan_and_compare(
    island: Path, island_plan: Path, tmp_path: Path, capsys: Capture
) -> None:
    asked = ["--scenarios", "20", "--tail-weight", "0.5", "--work", "400", "--out", str(tmp_path)]
    assert main(["--lang", "en", "plan", str(island), *asked]) == 0
    assert "mean of the worst 5 %" in capsys.readouterr().out
    assert main(["--lang", "en", "compare", str(island_plan), str(tmp_path / "plan.json")]) == 0
    told = capsys.readouterr().out
    assert "Expected value" in told
    assert "Mean of the worst 5 %" in told
    assert main(["plan", str(island), "--tail-weight", "0.5"]) == 2
