"""Broken, hostile and mistaken files: all that is wrong is told with its line, and nothing is stored."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import data_path

from khien.watch.feeds import BYTES, read
from khien.watch.feeds.mapping import parsed
from khien.watch.feeds.tables import read_table, week_day
from khien.watch.observe import BatchRefused, Store, WatchFindings
from khien.watch.observe.findings import WATCH_CODES
from khien.words import catalogue

MAP = """
[file]
source = "made"
[place]
column = "where"
kind = "vn34"
[valid]
column = "day"
[issued]
column = "published"
[[values]]
column = "cases"
indicator = "made-cases"
unit = "cases"
"""
HEAD = "where,day,published,cases\n"


def table(path: Path, text: str | bytes, mapping: str = MAP) -> list[tuple[str, int | None, str | None]]:
    """Findings of a CSV file as (code, line, column); nothing may get into a store."""
    file = path / "made.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    findings = WatchFindings()
    made = parsed(mapping, "made.toml", findings)
    assert made is not None, [f.line("en") for f in findings]
    reading = read_table(file, made)
    refused(path, reading)
    return [(f.code, f.row, f.column) for f in reading.findings]


def refused(path: Path, reading: Any) -> None:
    """Whatever is wrong keeps everything out."""
    assert all(f.message("vi") and f.way_out("vi") and f.message("en") and f.way_out("en") for f in reading.findings)
    if reading.ok:
        return
    store = Store(path / "store")
    with pytest.raises(BatchRefused):
        reading.into(store)
    assert not store.exists


CELLS = {
    "good": ("Hà Nội,2026-01-01,2026-01-05,7", []),
    "number": ("Hà Nội,2026-01-01,2026-01-05,seven", [("number", 2, "cases")]),
    "huge": ("Hà Nội,2026-01-01,2026-01-05,1e400", []),
    "day": ("Hà Nội,2026-02-30,2026-01-05,7", [("time", 2, "day"), ("skipped", 2, "valid")]),
    "published": ("Hà Nội,2026-01-01,soon,7", [("time", 2, "published"), ("skipped", 2, "issued")]),
    "place": ("Ha Nooi,2026-01-01,2026-01-05,7", [("place-unknown", 2, "where"), ("skipped", 2, "place")]),
    "old": ("Hà Giang,2026-01-01,2026-01-05,7", [("place-gone", 2, "where"), ("skipped", 2, "place")]),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_that_cannot_be_read_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    line, expected = CELLS[name]
    assert table(tmp_path, HEAD + line + "\n") == expected


def test_a_number_beyond_all_numbers_is_refused_by_the_guard(tmp_path: Path) -> None:
    (tmp_path / "made.csv").write_text(HEAD + "Hà Nội,2026-01-01,2026-01-05,1e400\n", encoding="utf-8")
    made = parsed(MAP, "x", WatchFindings())
    assert made is not None
    with pytest.raises(BatchRefused, match=r"made\.csv:2:value: .*no finite number"):
        read_table(tmp_path / "made.csv", made).into(Store(tmp_path / "store"))
    assert Store(tmp_path / "store").state.number == 0


def test_all_troubles_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    lines = [CELLS[name][0] for name in ("number", "day", "published", "place")]
    found = table(tmp_path, HEAD + "\n".join(lines) + "\n")
    assert {(code, row) for code, row, _ in found} >= {("number", 2), ("time", 3), ("time", 4), ("place-unknown", 5)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "file-empty"),
        (b"\xff\xfew\x00h\x00", "encoding"),
        ("where,day,published,cases\nHà Nội,2026-01-01,2026-01-05,7\n".encode("cp1258", errors="replace"), None),
        (HEAD.encode() + b"H\xe0 N\xf4i,2026-01-01,2026-01-05,7\n", "encoding"),
        (b"where,day,cases\nx,2026-01-01,7\n", "column-missing"),
        (b'where,day,published,cases\n"x,2026-01-01', "csv"),
        (b"where,day,published,cases\na,b,c,d,e,f\n", "csv"),
        (b"\x00\x01\x02\x03" * 100, "encoding"),
        (b"where,day,published,cases\n", "nothing"),
        (b"," * 1_000_000, "csv"),
        (b"," * 1_000_000 + b"\n1", "csv"),
    ],
)
def test_files_that_are_no_table(text: bytes, code: str | None, tmp_path: Path) -> None:
    found = [c for c, _, _ in table(tmp_path, text)]
    if code is not None:
        assert found[:1] == [code]


def test_a_file_of_100_megabytes_is_not_even_read_to_its_end(tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    with big.open("wb") as file:
        file.truncate(100 * 10**6)
    for kind in ("table", *BYTES):
        reading = read(big, kind, mapping="vn-wards")
        assert [f.code for f in reading.findings] == ["file-too-large"], kind
    assert [f.code for f in read(big, "hub").findings] == ["file-too-large"]


def test_a_gzip_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.json.gz"
    with gzip.open(bomb, "wb") as file:
        for _ in range(200):
            file.write(b" " * 10**6)
    assert bomb.stat().st_size < 10**6
    assert [f.code for f in read(bomb, "stix").findings] == ["file-too-large"]
    bomb.write_bytes(gzip.compress(b"{}" * 1000)[:-9])
    assert [f.code for f in read(bomb, "stix").findings] == ["gzip"]


def test_a_file_that_makes_the_reader_panic_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(*args: Any, **more: Any) -> pl.LazyFrame:
        raise pl.exceptions.PanicException("called `Result::unwrap()` on an `Err` value")

    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr(pl, "scan_parquet", panic)
    assert [f.code for f in read(tmp_path / "x.parquet", "hub").findings] == ["parquet"]


def test_a_parquet_file_cut_anywhere_is_a_finding(tmp_path: Path) -> None:
    whole = data_path("watch", "epi", "dengue_peru_weekly_department.parquet").read_bytes()
    for share in (0.0, 0.1, 0.5, 0.9, 0.999):
        cut = tmp_path / "cut.parquet"
        cut.write_bytes(whole[: int(len(whole) * share)])
        for kind in ("table", "hub"):
            reading = read(cut, kind, mapping="dengue-peru")
            assert [f.code for f in reading.findings] == ["parquet"], share
            refused(tmp_path, reading)
    broken = bytearray(whole)
    for at in range(200, len(broken) - 200, 97):
        broken[at] ^= 0xFF
    (tmp_path / "cut.parquet").write_bytes(bytes(broken))
    assert not read(tmp_path / "cut.parquet", "table", mapping="dengue-peru").ok


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (('source = "made"', ""), "file.source"),
        (('column = "where"', ""), "place"),
        (('column = "published"', 'after = "soon"'), "issued"),
        (('unit = "cases"', 'units = "cases"'), "values.0.units"),
        (('kind = "vn34"', 'kind = "mars"'), "place.kind"),
    ],
)
def test_a_mapping_is_checked_before_anything_is_read(change: tuple[str, str], where: str) -> None:
    findings = WatchFindings()
    assert parsed(MAP.replace(*change), "m.toml", findings) is None
    assert where in {f.column for f in findings}
    assert {f.code for f in findings} == {"mapping"}
    assert all(f.message("vi") for f in findings)


def test_a_mapping_that_is_no_toml_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("[file", encoding="utf-8")
    for name in (tmp_path / "m.toml", tmp_path / "none.toml", "no-such-name", None):
        found = [f.code for f in read("x.csv", "table", mapping=name).findings]
        assert found == ["mapping-file"]


def test_hub_files_say_what_they_lack(tmp_path: Path) -> None:
    file = tmp_path / "hub.csv"
    file.write_text("location,date,value\nUS,2024-01-06,5\n", encoding="utf-8")
    lacking = {(f.code, f.column) for f in read(file, "hub").findings}
    assert lacking == {("hub-issued", "as_of"), ("hub-columns", "target")}
    told = read(file, "hub", issued="2024-01-10", target="wk inc flu hosp")
    assert told.observations["indicator"].to_list() == ["wk-inc-flu-hosp"]
    unknown = read(file, "hub", issued="2024-01-10", target="wk inc dengue")
    assert [f.code for f in unknown.findings] == ["hub-target"]
    assert read(file, "hub", issued="2024-01-10", target="wk inc dengue", unit="cases").ok
    file.write_text("target,location,date,as_of,value\nx,US,2024-01-06,2024-01-10,five\nx,US,soon,2024-01-10,NA\n")
    assert {(f.code, f.row) for f in read(file, "hub", unit="cases").findings} == {("number", 2), ("time", 3)}


@pytest.mark.parametrize("kind", [*BYTES, "hub", "table"])
@given(data=st.binary(max_size=200))
def test_no_bytes_whatever_bring_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: bytes
) -> None:
    file = tmp_path_factory.mktemp("any") / "x.csv"
    file.write_bytes(data)
    reading = read(file, kind, mapping="vn-wards")
    assert reading.observations.height == 0


def test_ids_that_grow_too_long_or_clash_are_findings(tmp_path: Path) -> None:
    long = MAP.replace('indicator = "made-cases"', 'indicator = "made-{where}-' + "x" * 64 + '"')
    assert [c for c, _, _ in table(tmp_path, HEAD + CELLS["good"][0] + "\n", long)][:1] == ["indicator-row"]
    other = '[[values]]\ncolumn = "cases"\nindicator = "made-cases"\nunit = "deaths"\n'
    found = table(tmp_path, HEAD + CELLS["good"][0] + "\n", MAP + other)
    assert [c for c, _, _ in found] == ["indicator-changed"]
    hub = tmp_path / "hub.csv"
    hub.write_text("target,location,date,as_of,value\n" + "x" * 80 + ",US,2024-01-06,2024-01-10,5\n")
    reading = read(hub, "hub", unit="cases")
    assert [f.code for f in reading.findings] == ["indicator-row"]
    refused(tmp_path, reading)


def test_letters_that_are_put_together_differently_are_the_same(tmp_path: Path) -> None:
    import unicodedata

    text = unicodedata.normalize("NFD", HEAD + CELLS["good"][0] + "\n")
    assert table(tmp_path, text) == []


def test_a_limit_may_be_raised_for_a_source_that_is_trusted(tmp_path: Path) -> None:
    made = Path(__file__).parent / "files" / "vietnam_flood.xml"
    big = tmp_path / "big.xml"
    big.write_bytes(made.read_bytes().replace(b"</alert>", b"<!--" + b" " * 5_000_000 + b"--></alert>"))
    assert [f.code for f in read(big, "cap").findings] == ["file-too-large"]
    assert read(big, "cap", limit_mb=6).ok


def test_the_mapping_on_the_page_does_what_it_says(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "how" / "feeds.md").read_text(encoding="utf-8")
    text = page.split("```toml\n")[1].split("```")[0]
    made = parsed(text, "page", WatchFindings())
    assert made is not None
    file = tmp_path / "cases.csv"
    rows = "Tỉnh;Năm;Tháng;Bệnh;Số ca\nHà Nội;2026;9;Sốt xuất huyết;12\nHuế;2026;9;Sởi;...\n"
    file.write_text(rows, encoding="utf-8")
    found = read_table(file, made)
    assert found.ok
    assert found.observations.select("indicator", "place", "value").rows() == [("sot-xuat-huyet-cases", "01", 12.0)]


def test_every_code_is_on_the_page_on_feeds(root: Path) -> None:
    page = (root / "docs" / "how" / "feeds.md").read_text(encoding="utf-8")
    assert not [code for code in WATCH_CODES if f"`{code}`" not in page]


def test_weeks_are_those_of_their_calendars() -> None:
    """ISO against the standard library; epidemiological weeks against dates that CDC publishes."""
    for year in range(1990, 2035):
        for week in range(1, 54):
            try:
                monday = date.fromisocalendar(year, week, 1)
            except ValueError:
                continue
            assert week_day(year, week, "iso", "start") in (monday, None)
    assert week_day(2024, 1, "epi", "end") == date(2024, 1, 6)
    assert week_day(2023, 40, "epi", "end") == date(2023, 10, 7)
    assert week_day(2020, 53, "epi", "end") == date(2021, 1, 2)
    assert week_day(2021, 53, "epi", "end") is None
    assert week_day(2015, 1, "epi", "start") == date(2015, 1, 4)


def test_every_code_has_its_texts() -> None:
    keys = set(catalogue())
    lacking = [c for c in WATCH_CODES if f"watch_bad_{c}" not in keys or f"watch_way_{c}" not in keys]
    assert not lacking
    known = {k[10:] for k in keys if k.startswith(("watch_bad_", "watch_way_"))}
    assert known == set(WATCH_CODES)


def test_a_wide_table_gives_a_value_a_month(tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text("year;where;Jan;Feb\n2024;Hà Nội;1,5;-\n", encoding="utf-8")
    text = """
[file]
source = "made"
delimiter = ";"
decimal = ","
[place]
column = "where"
kind = "vn"
[valid]
year = "year"
[issued]
after = "3w"
[[values]]
column = "Jan"
month = 1
indicator = "rain"
unit = "mm"
factor = 10
missing = "keep"
[[values]]
column = "Feb"
month = 2
indicator = "rain"
unit = "mm"
missing = "keep"
"""
    made = parsed(text, "x", WatchFindings())
    assert made is not None
    found = read_table(file, made).observations
    assert found.select(pl.col("valid").dt.date(), pl.col("issued").dt.date(), "value").rows() == [
        (date(2024, 1, 1), date(2024, 1, 22), 15.0),
        (date(2024, 2, 1), date(2024, 2, 22), None),
    ]
