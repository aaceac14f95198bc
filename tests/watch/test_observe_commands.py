"""``khien feed`` and ``khien observe``: what a person types, sees and gets back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import polars as pl

MADE = Path(__file__).parent / "files" / "vietnam_flood.xml"
HUB = "target,location,date,as_of,value\n" + "".join(
    f"wk inc flu hosp,{place},2024-01-{day:02},2024-01-{issue},{value}\n"
    for place, value in (("US", 10), ("01", 2))
    for day, issue in ((6, 10), (6, 17), (13, 17))
)
CASES = "where,day,cases\nTuyên Quang,2020-01-01,5\nHà Giang,2020-01-01,7\n"
MAP = """
[file]
source = "made"
[place]
column = "where"
kind = "vn"
[valid]
column = "day"
[issued]
after = "3d"
[[values]]
column = "cases"
indicator = "cases"
unit = "cases"
"""
Khien = Callable[..., tuple[int, str, str]]


def as_json(told: tuple[int, str, str]) -> dict[str, Any]:
    """The one object on standard output."""
    found: dict[str, Any] = json.loads(told[1])
    return found


def test_a_file_is_checked_read_and_known_again(khien: Khien, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(HUB)
    code, out, _ = khien("feed", "check", "t.csv", "--kind", "hub")
    assert code == 0
    assert "6 observations" in out
    assert not list(tmp_path.glob("s*"))
    code, out, _ = khien("feed", "read", "t.csv", "--kind", "hub", "--store", "s")
    assert (code, "stored 6 observations" in out) == (0, True)
    assert "6 were there already" in khien("feed", "read", "t.csv", "--kind", "hub", "--store", "s")[1]
    found = as_json(khien("observe", "--store", "s", "wk-inc-flu-hosp", "--as-of", "2024-01-12", "--json"))
    assert [(v["place"], v["value"]) for v in found["values"]] == [("01", 2.0), ("US", 10.0)]
    code, out, _ = khien("observe", "--store", "s", "wk-inc-flu-hosp", "--place", "US", "--vintages", "2024-01-06")
    assert out.count("2024-01-06") == 2
    code, out, _ = khien("observe", "--store", "s", "wk-inc-flu-hosp", "--out", "known.parquet", "--lang", "vi")
    assert (code, "đã ghi 4 dòng" in out) == (0, True)
    assert pl.read_parquet(tmp_path / "known.parquet").height == 4
    assert "wk-inc-flu-hosp" in khien("observe", "--store", "s")[1]
    assert khien("observe", "compact", "--store", "s")[0] == 0


def test_provinces_of_any_time_are_brought_to_those_of_today(khien: Khien, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(CASES, encoding="utf-8")
    (tmp_path / "m.toml").write_text(MAP, encoding="utf-8")
    assert khien("feed", "read", "c.csv", "--kind", "table", "--mapping", "m.toml", "--store", "s")[0] == 0
    found = as_json(khien("observe", "--store", "s", "cases", "--json"))
    assert [v["place"] for v in found["values"]] == ["old-02", "old-08"]
    found = as_json(khien("observe", "--store", "s", "cases", "--provinces", "count", "--json"))
    assert [(v["place"], v["value"]) for v in found["values"]] == [("08", 12.0)]
    found = as_json(khien("observe", "--store", "s", "cases", "--provinces", "count", "--place", "old-02", "--json"))
    assert found["findings"][0]["code"] == "place-part-missing"


def test_a_store_that_knows_its_places_refuses_others(khien: Khien, tmp_path: Path, vietnam: Path) -> None:
    (tmp_path / "c.csv").write_text(CASES.replace("Hà Giang", "Tuyên Quangg"), encoding="utf-8")
    (tmp_path / "m.toml").write_text(MAP, encoding="utf-8")
    words = ["feed", "read", "c.csv", "--kind", "table", "--mapping", "m.toml", "--store", "s"]
    words += ["--programme", str(vietnam)]
    code, out, _ = khien(*words)
    assert code == 1
    assert "Tuyên Quang”?" in out
    assert "nothing was stored" in out
    code, out, _ = khien(*words, "--keep-good")
    assert (code, "stored 1 observations" in out) == (0, True)
    told = as_json(khien("observe", "--store", "s", "--json"))
    assert {"river-stage", "cases"} <= {row["id"] for row in told["indicators"]}
    assert {f["code"] for f in told["findings"]} == {"indicator-gap"}


def test_one_bad_file_does_not_keep_out_the_next(khien: Khien, tmp_path: Path) -> None:
    (tmp_path / "bad.xml").write_text("<a/>")
    code, out, _ = khien("feed", "read", "bad.xml", str(MADE), "--kind", "cap", "--store", "s", "--json")
    told = json.loads(out)["files"]
    assert code == 1
    assert told[0]["receipt"] is None
    assert told[1]["receipt"]["records"] == {"alerts": {"added": 1, "duplicates": 0}}
    code, out, _ = khien("observe", "--store", "s", "alerts", "--as-of", "2025-09-28T12:00:00+07:00")
    assert (code, "1 actual alerts hold, of 1 messages" in out) == (0, True)
    code, out, _ = khien("observe", "--store", "s", "alerts", "--lang", "vi")
    assert "hết hạn" in out


def test_many_files_may_go_in_together(khien: Khien, tmp_path: Path) -> None:
    (tmp_path / "bad.xml").write_text("<a/>")
    for number in range(3):
        text = MADE.read_text(encoding="utf-8").replace("0928-01", f"0928-{number}")
        text = text if number else text.replace("Severe", "Extreme")
        (tmp_path / f"{number}.xml").write_text(text, encoding="utf-8")
    words = ("feed", "read", "0.xml", "1.xml", "2.xml", "--kind", "cap", "--store", "s", "--together")
    code, out, _ = khien(*words[:5], "bad.xml", *words[5:])
    assert (code, "nothing was stored" in out) == (1, True)
    told = as_json(khien(*words, "--json"))
    assert told["receipt"]["records"] == {"alerts": {"added": 3, "duplicates": 0}}
    assert told["receipt"]["entry"] == 1
    found = as_json(khien("observe", "--store", "s", "cap-met", "--json"))
    assert {v["value"] for v in found["values"]} == {4.0}


def test_of_many_files_only_those_with_mistakes_stay_out(khien: Khien, tmp_path: Path) -> None:
    made = MADE.read_text(encoding="utf-8")
    for number in range(30):
        (tmp_path / f"{number:02}.xml").write_text(made.replace("0928-01", f"0928-{number}"), encoding="utf-8")
    (tmp_path / "bad.xml").write_text("<a/>")
    names = sorted(path.name for path in tmp_path.glob("*.xml"))
    code, out, _ = khien("feed", "read", *names, "--kind", "cap", "--store", "s", "--json")
    told = json.loads(out)["files"]
    assert code == 1
    assert [file["name"] for file in told if not file["stored"]] == ["bad.xml"]
    told = [file["receipt"]["records"] for file in told if file["receipt"]]
    assert told == [{"alerts": {"added": 30, "duplicates": 0}}]
    (tmp_path / "31.xml").write_text(made.replace("0928-01", "0928-7").replace("Bão mạnh", "Bão yếu"), encoding="utf-8")
    (tmp_path / "32.xml").write_text(made.replace("0928-01", "0928-32"), encoding="utf-8")
    names = sorted(path.name for path in tmp_path.glob("*.xml"))
    code, out, _ = khien("feed", "read", *names, "--kind", "cap", "--store", "s", "--json")
    told = json.loads(out)["files"]
    assert [file["name"] for file in told if not file["stored"]] == ["31.xml", "bad.xml"]
    assert sum(file["receipt"]["records"]["alerts"]["added"] for file in told if file["receipt"]) == 1


def test_wrong_use_is_told_without_a_traceback(khien: Khien, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").write_text("x")
    (tmp_path / "t.csv").write_text(HUB)
    khien("feed", "read", "t.csv", "--kind", "hub", "--store", "s")
    for words in (
        ("feed", "read", "t.csv", "--kind", "hub", "--store", "other"),
        ("feed", "check", "t.csv", "--kind", "nonsense"),
        ("feed", "check", "t.csv", "--kind", "hub", "--issued", "soon"),
        ("feed", "maps", "nothing"),
        ("feed", "check", "none.csv", "--kind", "hub"),
        ("feed", "check", ".", "--kind", "cap"),
        ("feed", "check", "t.csv", "--kind", "table"),
        ("feed", "check", "t.csv", "--kind", "hub", "--mapping", "vn-gdpm"),
        ("feed", "check", "t.csv", "--kind", "cap", "--limit-mb", "-1"),
        ("feed", "read", "t.csv", "--kind", "cap", "--store", "s", "--limit-mb", "1e300"),
        ("feed", "poll", "http://x", "--kind", "cap", "--store", "s", "--limit-mb", "nan"),
        ("feed", "poll", "http://x", "--kind", "cap", "--store", "s", "--every", "nan"),
        ("feed", "poll", "http://x", "--kind", "cap", "--store", "memory://s"),
        ("observe", "--store", "none"),
        ("observe", "--store", "s", "wk-inc-flu-hospp"),
        ("observe", "--store", "s", "wk-inc-flu-hosp", "--place", "USA"),
        ("observe", "--store", "s", "wk-inc-flu-hosp", "--as-of", "2024-13-01"),
        ("observe", "--store", "s", "wk-inc-flu-hosp", "--vintages", "2024-01-06"),
        ("observe", "--store", "s", "wk-inc-flu-hosp", "--out", "x.doc"),
    ):
        for lang in ("vi", "en"):
            code, out, err = khien(*words, "--lang", lang)
            assert (code, out) == (2, ""), words
            assert err.strip()
            assert "Traceback" not in err


def test_a_damaged_store_says_which_file(khien: Khien, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(HUB)
    khien("feed", "read", "t.csv", "--kind", "hub", "--store", "s")
    (tmp_path / "s" / "log" / "000000000001.json").write_text("{")
    code, _, err = khien("observe", "--store", "s", "wk-inc-flu-hosp")
    assert (code, "000000000001.json" in err) == (1, True)


def test_a_store_with_a_broken_or_missing_table_says_so(khien: Khien, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(HUB)
    khien("feed", "read", "t.csv", "--kind", "hub", "--store", "s")
    table = next((tmp_path / "s" / "observations").rglob("*.parquet"))
    table.write_bytes(table.read_bytes()[:50])
    for _ in range(2):
        code, out, err = khien("observe", "--store", "s", "wk-inc-flu-hosp")
        assert (code, out) == (1, "")
        assert "damaged" in err
        table.unlink(missing_ok=True)


def test_ready_mappings_are_listed_and_shown(khien: Khien) -> None:
    assert "vn-gdpm" in khien("feed", "maps")[1]
    pairs = zip(*(khien("feed", "maps", "--lang", lang)[1].splitlines() for lang in ("vi", "en")), strict=True)
    assert all(vi != en and not vi[24:].startswith("#") for vi, en in pairs), "each says in both languages what it is"
    (code, out, _), path = khien("feed", "check", __file__, "--kind", "table", "--mapping", "vn-gdp"), "mapping"
    assert (code, "Did you mean “vn-gdpm”?" in out, path in out) == (1, True, True)
    assert 'kind = "vn63"' in khien("feed", "maps", "vn-gdpm")[1]


def test_a_feed_is_polled(khien: Khien, tmp_path: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(MADE.read_bytes() if self.path == "/a" else b"<a/>")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    code, out, _ = khien("feed", "poll", url + "/a", "--kind", "cap", "--store", "s")
    assert (code, "something new" in out) == (0, True)
    assert (tmp_path / "s-polling").is_dir()
    code, out, _ = khien("feed", "poll", url + "/a", "--kind", "cap", "--store", "s", "--json")
    assert (code, json.loads(out)["polls"][0]["status"]) == (0, "early")
    assert json.loads(out)["polls"][0]["again"] > json.loads(out)["polls"][0]["at"]
    assert "from" in khien("feed", "poll", url + "/a", "--kind", "cap", "--store", "s")[1]
    code, out, _ = khien("feed", "poll", url + "/b", "--kind", "cap", "--store", "s", "--lang", "vi")
    assert (code, "không lưu gì" in out) == (1, True)
    server.shutdown()
    server.server_close()
    code, out, _ = khien("feed", "poll", url + "/c", "--kind", "cap", "--store", "s", "--timeout", "1")
    assert (code, "no answer" in out) == (1, True)
