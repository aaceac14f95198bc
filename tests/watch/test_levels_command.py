"""`khien level`: what it prints, as text and as JSON, and what it refuses; its page in the docs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from khien.cli import main
from khien.cli.level import EXAMPLES
from khien.watch.levels import HAZARDS
from khien.watch.levels.page import levels_page

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("name", HAZARDS)
def test_the_example_of_every_hazard_gives_a_level(name: str, lang: str, capsys: Capture) -> None:
    words = ["level", name, *EXAMPLES[name].split()]
    assert main([*words, "--lang", lang]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Cấp độ" if lang == "vi" else "Level")
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["command"] == f"level {name}"
    assert told["level"] in range(1, 6)


def test_a_storm_over_a_province(capsys: Capture) -> None:
    assert main(["level", "storm", "--place", "48", "--beaufort", "12", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "Level 4 (very large, red): Art 42" in out
    assert "the Prime Minister directs" in out
    assert "Not verified: which region" in out


def test_old_provinces_that_differ_are_shown(capsys: Capture) -> None:
    words = ["level", "flash-flood", "--place", "51", "--rain-24h-mm", "150", "--susceptibility", "medium"]
    assert main([*words, "--lang", "en"]) == 0
    assert "By old province: Quảng Ngãi 1, Kon Tum 0" in capsys.readouterr().out


def test_a_range_names_what_would_decide(capsys: Capture) -> None:
    assert main(["level", "storm", "--beaufort", "12", "--lang", "vi"]) == 0
    out = capsys.readouterr().out
    assert "Cấp độ từ 3 đến 5" in out
    assert "tùy vùng (area)" in out


def test_wrong_inputs_are_wrong_use_and_all_are_said(capsys: Capture) -> None:
    assert main(["level", "storm", "--beaufort", "x", "--area", "y", "--lang", "en"]) == 2
    err = capsys.readouterr().err
    assert "“x” is no number" in err
    assert "“y” is no choice of area" in err
    assert main(["level", "storm", "--json", "--lang", "en"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert "beaufort" in told["error"]["message"], "one thing that is wrong stands on one line"
    assert told["findings"][0]["code"] == "missing"
    assert told["error"]["kind"] == "wrong_use"


def test_a_compound_outbreak_group_and_due(capsys: Capture) -> None:
    assert main(["level", "compound", "3", "2", "--lang", "en"]) == 0
    assert "Level 4" in capsys.readouterr().out
    assert main(["level", "compound", "3,2", "--lang", "en"]) == 0
    assert "Level 4" in capsys.readouterr().out
    for wrong in ("three", "3.5", "99", "-1"):
        assert main(["level", "compound", wrong, "2", "--lang", "en"]) == 2
        assert f"“{wrong}”" in capsys.readouterr().err
    words = ["--group", "B", "--linked", "5", "--scope", "beyond-province"]
    assert main(["level", "outbreak", *words, "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "epidemic: not endemic, 5 or more linked cases in a month (Art 16" in out
    assert "Civil-defence level 3" in out
    words = ["--fatality", "1-to-10", "--route", "enteric", "--means", "both", "--spread", "large"]
    assert main(["level", "group", *words, "--lang", "en"]) == 0
    assert "Group B: 2 + 2 + 1 + 2 = 7 points" in capsys.readouterr().out
    assert main(["level", "due", "cyber", "--at", "2026-11-30T18:30Z", "--serious", "--lang", "vi"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("NGAY")
    assert "02/12/2026 01:30" in out
    assert out.count("[chưa xác minh]") == 3
    assert main(["level", "due", "cyber", "--at", "2026-11-30T18:30"]) == 2


def test_a_file_of_cases(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "dengue.csv"
    rows = [f"{year}-05,{n}" for year, n in zip(range(2019, 2025), (8, 8, 10, 12, 12, 15), strict=True)]
    path.write_text("period,cases\n" + "\n".join(rows), encoding="utf-8")
    assert main(["level", "epidemic", str(path), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "2024-05: epidemic; 15 cases (warning from 12.0, epidemic above 14.0)" in out
    assert "No epidemic year was named" in out
    assert "speaks of weeks" not in out
    path.write_text("period,cases\n" + "\n".join([*rows[:-1], "2024-05,13"]), encoding="utf-8")
    assert main(["level", "epidemic", str(path), "--lang", "en"]) == 0
    assert "speaks of weeks" in capsys.readouterr().out
    assert main(["level", "epidemic", str(path), "--epidemic-years", "2023", "--from", "2024-01", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [p["state"] for p in told["periods"]] == ["unknown"]
    path.write_text("period,cases\n2024-5,1\n", encoding="utf-8")
    assert main(["level", "epidemic", str(path)]) == 1
    assert main(["level", "epidemic", str(tmp_path / "none.csv")]) == 2
    assert main(["level", "epidemic", str(path), "--epidemic-years", "twenty"]) == 2


def test_the_page_of_the_docs_is_fresh(root: Path) -> None:
    page = root / "docs" / "reference" / "legal-levels.md"
    assert page.read_text(encoding="utf-8") == levels_page(), "run `make docs-write`"


def test_levels_are_answered_without_anything_heavy() -> None:
    code = "import sys, khien.watch.levels; print(*[m for m in ('numpy', 'polars', 'pydantic') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []
