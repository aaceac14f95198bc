"""`khien warn`: the whole desk from the command line, as text and as JSON, and what it refuses."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from lxml import etree

from khien.cli import main

Capture = pytest.CaptureFixture[str]
WHO, BOSS = "Trực ban 48", "Chánh Văn phòng"


class Office:
    """The command line with one journal."""

    def __init__(self, folder: Path, capsys: Capture) -> None:
        self.folder, self.capsys = folder, capsys

    def run(self, *words: str, lang: str = "en", code: int = 0) -> str:
        assert main(["warn", *words, "--journal", str(self.folder), "--lang", lang]) == code
        told = self.capsys.readouterr()
        return told.out if code == 0 else told.err

    def json(self, *words: str) -> dict[str, Any]:
        assert main(["warn", *words, "--journal", str(self.folder), "--json"]) == 0
        told: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return told

    def propose(self, *more: str, code: int = 0, **changes: str) -> str:
        start = datetime.now(UTC) + timedelta(hours=30)
        told = {
            "hazard": "storm", "level": "4", "area": "48", "onset": start.isoformat(),
            "expires": (start + timedelta(hours=30)).isoformat(), "headline-vi": "Bão vào Đà Nẵng",
            "headline-en": "Storm at Da Nang", "probability": "0.7", "by": WHO, "reason": "bản tin 06 giờ", **changes,
        }  # fmt: skip
        return self.run("propose", *(f"--{key}={value}" for key, value in told.items()), *more, code=code)

    def official(self) -> None:
        self.propose()
        self.run("review", self.first, *who(WHO))
        self.run("approve", self.first, *who(BOSS))

    @property
    def first(self) -> str:
        return f"{datetime.now(UTC).year}-0001-storm"


def who(by: str, why: str = "thống nhất") -> list[str]:
    return ["--by", by, "--reason", why]


@pytest.fixture
def office(tmp_path: Path, capsys: Capture) -> Office:
    made = Office(tmp_path / "journal", capsys)
    names = ["--name-vi", "Ban Chỉ huy", "--name-en", "Command"]
    assert "is open" in made.run("open", "--sender", "pctt.gov.vn", *names, "--by", BOSS)
    return made


def test_from_a_signal_to_an_official_warning(office: Office) -> None:
    assert "[signal] level 4" in office.propose()
    assert "[under review]" in office.run("review", office.first, *who(WHO))
    assert "cannot approve it" in office.run("approve", office.first, *who(WHO.upper()), code=2)
    assert "[CHÍNH THỨC]" in office.run("approve", office.first, *who(BOSS), lang="vi")
    assert "OFFICIAL" in office.run("list")
    assert "new content waits" in office.run("update", office.first, "--level", "5", *who(WHO))
    assert office.json("show", office.first)["pending"]["level"] == 5
    office.run("review", office.first, *who(WHO))
    office.run("approve", office.first, *who(BOSS))
    assert "[stood down]" in office.run("stand-down", office.first, *who(BOSS))
    assert "no warnings" in office.run("list")
    assert office.first in office.run("list", "--all")
    told = office.json("list", "--all")["warnings"][0]
    assert [m["kind"] for m in told["messages"]] == ["Alert", "Update", "AllClear"]
    assert "entries, the chain holds" in office.run("verify")


def test_what_is_wrong_is_said_at_once_and_nothing_is_recorded(office: Office) -> None:
    before = office.json("verify")
    told = office.propose(code=2, level="9", area="99", probability="2")
    assert all(word in told for word in ("no level", "no code of the 34", "no probability"))
    assert "no moment" in office.propose(code=2, onset="tomorrow")
    assert "no warning" in office.run("review", "2026-0009-storm", *who(WHO), code=2)
    assert office.json("verify") == before


def test_a_preview_shows_both_languages_what_may_come_and_whom_it_may_hit(office: Office, vietnam: Path) -> None:
    office.official()
    text = office.run("show", office.first, "--programme", str(vietnam), lang="vi")
    assert "Bão vào Đà Nẵng" in text
    assert "Storm at Da Nang" in text
    assert "storm → flood: 6 đến 72 giờ [minh họa]" in text
    assert "Số người có thể bị ảnh hưởng" in text
    told = office.json("show", office.first, "--programme", str(vietnam))
    assert told["impact"]["illustrative"]
    assert told["impact"]["method"] == "Monte Carlo"
    assert told["impact"]["total"]["q05"] <= told["impact"]["total"]["mean"] <= told["impact"]["total"]["q95"]
    assert {effect["effect"] for effect in told["may_bring"]} >= {"flood", "water-crisis", "epidemic"}


def test_cap_and_the_feed_leave_the_house(office: Office, tmp_path: Path) -> None:
    office.propose("--exercise")
    drill = f"{office.first}-exercise"
    assert "has no message" in office.run("cap", drill, code=2)
    office.run("review", drill, *who(WHO))
    office.run("approve", drill, *who(BOSS))
    root = etree.fromstring(office.run("cap", drill).encode())
    assert root.findtext("{*}status") == "Exercise"
    out = tmp_path / "a.xml"
    office.run("cap", drill, "--out", str(out))
    assert etree.parse(str(out)).getroot().tag.endswith("alert")
    assert "1 CAP messages" in office.run("feed", "--out", str(tmp_path / "feed"))
    assert (tmp_path / "feed" / f"{drill}-1.cap.xml").exists()
    assert "both --key and --cert" in office.run("cap", drill, "--key", "k.pem", code=2)


def test_reach_and_statistics(office: Office, tmp_path: Path) -> None:
    office.official()
    assert "sent to 2, confirmed by 0" in office.run("reach", office.first, "--sent", "48", "--sent", "46", "--by", WHO)
    assert "Not confirmed: 46" in office.run("reach", office.first, "--confirmed", "48", "--by", WHO)
    assert "needs --by" in office.run("reach", office.first, "--sent", "48", code=2)
    events = tmp_path / "events.csv"
    onset = (datetime.now(UTC) + timedelta(hours=31)).isoformat()
    events.write_text(f"hazard,place,onset,level\nstorm,48,{onset},4\nflood,48,{onset},\n", encoding="utf-8")
    text = office.run("statistics", "--events", str(events), "--occasions", "365")
    assert "storm: 1 hits, 0 misses" in text
    assert "flood: 0 hits, 1 misses" in text
    assert office.json("statistics", "--events", str(events))["hazards"][0]["ets"] is None
    office.run("reach", office.first, "--confirmed", "20333", "--by", WHO)
    assert "no sending is recorded: 20333" in office.run("reach", office.first)
    for wrong in (["--level", "6"], ["--level", "0"], ["--occasions", "-5"]):
        assert wrong[0] in office.run("statistics", "--events", str(events), *wrong, code=2)
    events.write_text("hazard,place,onset,level\nstorm,48,yesterday,4\n,48,2026-01-01T00:00Z,7\n", encoding="utf-8")
    told = office.run("statistics", "--events", str(events), code=1)
    assert "events.csv:2:onset" in told
    assert "events.csv:3:level" in told


def test_a_table_in_another_encoding_is_told_with_the_way_out(office: Office, tmp_path: Path) -> None:
    """What a spreadsheet saves as "Unicode text" or in an old code page."""
    file = tmp_path / "events.csv"
    for encoding, met in (("utf-16", "UTF-16"), ("latin-1", "0xe3")):
        file.write_bytes("hazard,place,onset\nbão,48,2026-01-01T00:00Z\n".encode(encoding))
        assert met in office.run("statistics", "--events", str(file), code=1)
        for words in (["silent", str(file)], ["exceed", str(file), "--threshold", "1=1"]):
            assert main(["warn", *words, "--lang", "en"]) == 1
            told = office.capsys.readouterr().err
            assert "events.csv is not UTF-8" in told
            assert "CSV UTF-8" in told
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    assert main(["warn", "exceed", str(file), "--threshold", "1=1", "--lang", "en"]) == 1
    assert "events.csv lacks the column quantile" in office.capsys.readouterr().err


def test_the_journal_may_be_named_by_its_file(office: Office) -> None:
    office.official()
    there = office.run("list")
    office.folder = office.folder / "warnings.jsonl"
    assert office.run("list") == there


def test_a_broken_journal_is_named_and_the_exit_code_says_input(office: Office) -> None:
    office.official()
    path = office.folder / "warnings.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("Da Nang", "Ha Noi"), encoding="utf-8")
    assert "line 2" in office.run("list", code=1)
    assert "line 2" in office.run("verify", code=1)


def test_which_journal(capsys: Capture, monkeypatch: pytest.MonkeyPatch, office: Office) -> None:
    monkeypatch.delenv("KHIEN_WARNINGS", raising=False)
    assert main(["warn", "list"]) == 2
    assert "KHIEN_WARNINGS" in capsys.readouterr().err
    monkeypatch.setenv("KHIEN_WARNINGS", str(office.folder))
    assert main(["warn", "list"]) == 0
    monkeypatch.setenv("KHIEN_WARNINGS", str(office.folder / "none"))
    assert main(["warn", "list"]) == 2


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_exceedance_of_a_file_of_forecasts(tmp_path: Path, capsys: Capture, form: str) -> None:
    rows = [
        {"indicator": "dengue-cases", "place": "08", "reference": date(2026, 9, 1), "horizon": 1, "model": "m",
         "target": date(2026, 10, 1), "quantile": q, "value": v} for q, v in ((0.1, 10.0), (0.5, 20.0), (0.9, 40.0))
    ]  # fmt: skip
    path = tmp_path / f"f.{form}"
    getattr(pl.DataFrame(rows), f"write_{form}")(path)
    words = ["warn", "exceed", str(path), "--threshold", "1=30", "--threshold", "2=40", "--cost", "1", "--loss", "5"]
    assert main([*words, "--lang", "en"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "dengue-cases 08 2026-10-01 (30 days ahead, m): level 1 30.0 % → act",
        "dengue-cases 08 2026-10-01 (30 days ahead, m): level 2 10.0 % → not yet",
    ]
    thresholds = tmp_path / "t.csv"
    thresholds.write_text("level,threshold,place\n1,30,08\n", encoding="utf-8")
    assert main(["warn", "exceed", str(path), "--thresholds", str(thresholds), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["probability"] == pytest.approx(0.3)
    for wrong in (["--threshold=x"], ["--threshold=1=2", "--cost=1"], ["--threshold=1=2", "--cost=-1", "--loss=2"]):
        assert main(["warn", "exceed", str(path), *wrong]) == 2
    cases = tmp_path / "cases.csv"
    earlier = zip(range(2021, 2026), (8, 8, 10, 12, 12), strict=True)
    cases.write_text("place,period,cases\n" + "\n".join(f"08,{y}-10,{n}" for y, n in earlier), encoding="utf-8")
    assert main(["warn", "exceed", str(path), "--counts", str(cases), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["level"], row["threshold"]) for row in told] == [(1, 11.5), (2, 14.5)]
    cases.write_text("place,period,cases\n08,2025-13,5\n", encoding="utf-8")
    assert main(["warn", "exceed", str(path), "--counts", str(cases)]) == 1
    path.write_bytes(b"\xff\xfe\x00nonsense")
    assert main(["warn", "exceed", str(path), "--threshold", "1=2"]) == 1


def test_silent_feeds(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "feeds.csv"
    rows = ["rain-24h,hour,2026-11-30T00:00Z", "dengue-cases,week,2026-11-27T00:00Z", "fuel-stock,week,"]
    path.write_text("indicator,frequency,last_received\n" + "\n".join(rows), encoding="utf-8")
    words = ["warn", "silent", str(path), "--at", "2026-11-30T12:00Z"]
    assert main([*words, "--lang", "en"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "fuel-stock: never spoke, 0.0 h overdue", "rain-24h: silent, 11.0 h overdue",
    ]  # fmt: skip
    assert main([*words, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["feeds"]) == 3
    path.write_text("indicator,frequency,last_received\na,often,2026-11-30T00:00Z\n", encoding="utf-8")
    assert main(words) == 1
