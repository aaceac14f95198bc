"""`check`, `diff`, `hash`, `new`, `template` and `schema` on the island and on broken copies of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from khien.cli import main

Capture = pytest.CaptureFixture[str]


def answer(capsys: Capture) -> dict[str, object]:
    """The one JSON object on standard output."""
    captured = capsys.readouterr()
    assert captured.err == ""
    found = json.loads(captured.out)
    assert isinstance(found, dict)
    return found


@pytest.fixture
def broken(island: Path, tmp_path: Path) -> Path:
    """The island with two mistakes: a form that does not exist, and a dangling project."""
    folder = tmp_path / "broken"
    shutil.copytree(island, folder)
    options = folder / "options.csv"
    text = options.read_text(encoding="utf-8")
    options.write_text(
        text.replace(",own,", ",owned,", 1).replace("boat-make", "boat-mak", 1), encoding="utf-8"
    )
    return folder


def test_check_says_that_the_island_is_clean(island: Path, capsys: Capture) -> None:
    assert main(["check", str(island), "--lang", "en"]) == 0
    assert "no errors, no warnings" in capsys.readouterr().out


def test_check_lists_every_error_with_its_way_out(broken: Path, capsys: Capture) -> None:
    assert main(["check", str(broken), "--lang", "en"]) == 1
    out = capsys.readouterr().out
    assert "owned" in out
    assert "boat-mak" in out
    assert "→" in out
    assert main(["check", str(broken), "--lang", "vi"]) == 1
    assert "lỗi" in capsys.readouterr().out


def test_check_as_json_has_the_findings_in_both_languages(broken: Path, capsys: Capture) -> None:
    assert main(["check", str(broken), "--json"]) == 1
    found = answer(capsys)
    assert found["errors"] >= 2  # type: ignore[operator]
    finding = found["findings"][0]  # type: ignore[index]
    assert {"code", "severity", "table", "row", "column", "value", "message_vi", "message_en"} <= set(finding)


def test_other_commands_refuse_a_broken_programme_with_1(broken: Path, capsys: Capture) -> None:
    assert main(["hash", str(broken), "--lang", "en"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "owned" in captured.err
    assert main(["plan", str(broken), "--json"]) == 1
    found = answer(capsys)
    assert found["error"]["code"] == 1  # type: ignore[index]
    assert len(found["findings"]) >= 2  # type: ignore[arg-type]


def test_the_hash_is_that_of_the_content(island: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(island, copy)
    projects = copy / "projects.csv"
    head, *rows = projects.read_text(encoding="utf-8").splitlines()
    projects.write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")
    assert main(["hash", str(island)]) == 0
    first = capsys.readouterr().out
    assert main(["hash", str(copy)]) == 0
    assert capsys.readouterr().out == first


def test_diff_names_the_cell(island: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(island, copy)
    money = copy / "money.csv"
    money.write_text(money.read_text(encoding="utf-8").replace("60000", "70000"), encoding="utf-8")
    assert main(["diff", str(island), str(copy), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "amount_mvnd: 60000 → 70000" in out
    assert main(["diff", str(island), str(island), "--lang", "en"]) == 0
    assert "No difference" in capsys.readouterr().out
    assert main(["diff", str(island), str(copy), "--json"]) == 0
    assert answer(capsys)["changes"]


@pytest.mark.parametrize("name", ["ours", "ours.xlsx"])
def test_new_writes_a_programme_that_is_right(name: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / name
    assert main(["new", str(path)]) == 0
    assert main(["check", str(path)]) == 0
    capsys.readouterr()
    assert main(["new", str(path), "--lang", "en"]) == 2
    assert "does not write over it" in capsys.readouterr().err


def test_a_template_is_written_once(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "template.xlsx"
    assert main(["template", str(path)]) == 0
    assert path.stat().st_size > 0
    assert main(["template", str(path)]) == 2
    capsys.readouterr()


def test_the_schema_is_json(capsys: Capture) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert "projects" in json.dumps(schema)


def test_a_folder_that_cannot_be_written_is_wrong_use(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert main(["new", str(tmp_path / "file" / "below"), "--lang", "en"]) == 2
    assert "file" in capsys.readouterr().err
