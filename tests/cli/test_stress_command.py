"""``khien stress`` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from khien.cli import main

PLAN = "plan.json"


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The island and a plan of it."""
    island = Path(__file__).resolve().parents[2] / "examples" / "island"
    out = tmp_path_factory.mktemp("plan")
    assert main(["plan", str(island), "--work", "2000", "--out", str(out)]) == 0
    return str(island), str(out / PLAN)


def test_it_prints_a_headline_and_writes_the_tables(
    planned: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["stress", *planned, "--draws", "500", "--paired", "50", "--ready", "embargo", "--out", str(tmp_path)]
    capsys.readouterr()
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "500 futures" in printed
    assert "Embargo" in printed
    assert {path.name for path in tmp_path.iterdir()} >= {"stress.json", "stress.xlsx", "stress_coverage.parquet"}
    assert main([*words, "--lang", "vi", "--push"]) == 0
    assert "500 tương lai" in capsys.readouterr().out


def test_json_holds_everything(planned: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["stress", *planned, "--draws", "200", "--paired", "20", "--json", "--out", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["command"] == "stress"
    assert told["draws"] == 200
    assert {row["measure"] for row in told["coverage"]} == {"coverage", "self_reliance"}
    assert told["ranking"]


@pytest.mark.parametrize(
    "extra, code, said",
    [
        (["--threads", "-1"], 2, "threads = -1"),
        (["--draws", "0"], 2, "draws = 0"),
        (["--vary", "weather"], 2, "weather"),
        (["--ready", "alien"], 2, "alien"),
        (["--shocks", "nowhere.csv"], 2, "nowhere.csv"),
    ],
)
def test_wrong_use_is_said_in_a_line(
    planned: tuple[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    extra: list[str],
    code: int,
    said: str,
) -> None:
    assert main(["stress", *planned, *extra, "--out", str(tmp_path)]) == code
    assert said in capsys.readouterr().err


def test_a_shock_on_an_unknown_partner_is_a_finding(
    planned: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shocks.csv"
    file.write_text(
        "id,name_vi,name_en,kind,key,from_quarter,duration_quarters\ngone,Mất,Gone,partner,nobody,2027Q1,4\n",
        encoding="utf-8",
    )
    assert main(["stress", *planned, "--shocks", str(file), "--out", str(tmp_path)]) == 1
    told = "".join(capsys.readouterr())
    assert "shock-key" in told
    assert "khien check" not in told  # it knows nothing of this file


def test_a_plan_of_another_programme_is_refused(
    planned: tuple[str, str], tmp_path: Path, vietnam: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stress", str(vietnam), planned[1], "--out", str(tmp_path)]) == 1
    assert "made from programme" in capsys.readouterr().err
