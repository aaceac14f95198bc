"""Broken, hostile and mistaken files: all that is wrong is told with its line, and nothing is stored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import data_path

import khien
from khien.watch.feeds import BYTES, read
from khien.watch.feeds.mapping import parsed
from khien.watch.feeds.tables import read_table, week_day
from khien.watch.indicators import Indicators
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


DEEP = b"[" * 100_000 + b"]" * 100_000
JSON = {
    "json-deep": DEEP,
    "json": b'{"type": "FeatureCollection", "features": [',
    "json-form": b'{"type": "Nothing"}',
    "encoding": b'{"a": "\xff"}',
    "number": b'{"type": "FeatureCollection", "features": [NaN]}',
    "file-empty": b"  \n",
}


@pytest.mark.parametrize("kind", ["geojson", "stix", "kev", "directory"])
@pytest.mark.parametrize("code", JSON)
def test_json_that_is_broken_or_hostile(kind: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(JSON[code])
    reading = read(tmp_path / "x.json", kind)
    assert [f.code for f in reading.findings] == [code]
    refused(tmp_path, reading)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" * 5000, "Infinity", "NaN"])
def test_numbers_that_are_none_do_not_get_through(number: str) -> None:
    text = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"mag":%s,"time":1}}]}' % number  # noqa: UP031
    assert not BYTES["geojson"](text.encode(), "x", None).ok


def quake(**more: Any) -> bytes:
    """A feed of one earthquake."""
    told = {"mag": 5.0, "time": 1_700_000_000_000, "updated": 1_700_000_100_000, "type": "earthquake"} | more
    geometry = told.pop("geometry", {"type": "Point", "coordinates": [105.8, 21.0, 10.0]})
    feature = {"type": "Feature", "id": "q", "properties": told, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


QUAKES: dict[str, tuple[dict[str, Any], str]] = {
    "text for a number": ({"mag": "big"}, "number"),
    "a truth value for a number": ({"mag": True}, "number"),
    "no time": ({"time": None}, "time"),
    "a time beyond the calendar": ({"time": 10**18}, "time"),
    "not on Earth": ({"geometry": {"type": "Point", "coordinates": [500.0, 0.0]}}, "geometry"),
    "text for a position": ({"geometry": {"type": "Point", "coordinates": ["a", "b"]}}, "geometry"),
    "no geometry at all": ({"geometry": {"type": "Blob"}}, "geometry"),
    "a polygon that is a point": ({"geometry": {"type": "Polygon", "coordinates": [1, 2]}}, "geometry"),
}


@pytest.mark.parametrize("name", QUAKES)
def test_events_that_cannot_be(name: str, tmp_path: Path) -> None:
    more, code = QUAKES[name]
    reading = BYTES["geojson"](quake(**more), "x", None)
    assert [f.code for f in reading.findings] == [code]
    refused(tmp_path, reading)


def test_an_event_of_the_future_and_one_too_large_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for more in ({"time": 4_000_000_000_000, "updated": 4_000_000_000_000}, {"mag": 1e300}):
        reading = BYTES["geojson"](quake(**more), "x", None)
        assert reading.ok
        with pytest.raises(BatchRefused):
            reading.into(store)
    assert store.state.number == 0


def test_events_of_gdacs_as_geojson(tmp_path: Path) -> None:
    told = {
        "eventtype": "TC",
        "eventid": 1001150,
        "name": "Cyclone",
        "fromdate": "2024-09-05T00:00:00",
        "todate": "2024-09-08T00:00:00",
        "datemodified": "2024-09-07T06:00:00",
        "alertlevel": "Red",
        "severitydata": {"severity": 240.0, "severityunit": "km/h"},
        "iso3": "VNM",
    }
    feature = {"type": "Feature", "properties": told, "geometry": {"type": "Point", "coordinates": [107.0, 20.9]}}
    data = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    reading = BYTES["geojson"](data, "x", None)
    event = reading.records["events"].row(0, named=True)
    assert (event["id"], event["kind"], event["level"], event["country"]) == ("TC1001150", "cyclone", "Red", "VNM")
    receipt = reading.into(Store(tmp_path / "store"))
    assert receipt.added == 1
    assert reading.observations.select("indicator", "place", "value").rows() == [("cyclone-wind", "22", 240.0)]
    del told["severitydata"]
    told["fromdate"] = "soon"
    broken = BYTES["geojson"](json.dumps({"type": "FeatureCollection", "features": [feature]}).encode(), "x", None)
    assert [f.code for f in broken.findings] == ["time"]


@pytest.mark.parametrize("top", [{"objects": [], "arcs": []}, {"objects": {"a": 1}, "arcs": []}, {"objects": {}}])
def test_a_topology_without_its_parts(top: dict[str, Any]) -> None:
    found = BYTES["geojson"](json.dumps({"type": "Topology", **top}).encode(), "x", None).findings
    assert [f.code for f in found] == ["json-form"]


def test_what_a_programme_says_of_an_indicator_stays_and_its_unit_holds(tmp_path: Path, vietnam: Path) -> None:
    programme = khien.read(vietnam)
    store = Store(tmp_path / "store")
    store.register(Indicators.of(programme), programme.places["id"].to_list())
    assert BYTES["geojson"](quake(), "x", None).into(store).added == 1
    assert store.indicators["quake-magnitude"].owner == "Trực ban địa chấn"
    assert len(store.indicators) == programme.indicators.height
    other = Store(tmp_path / "other")
    row = programme.indicators.filter(pl.col("id") == "quake-magnitude").row(0, named=True)
    other.register(Indicators.from_rows([row | {"unit": "Richter"}]))
    with pytest.raises(BatchRefused, match="Richter"):
        BYTES["geojson"](quake(), "x", None).into(other)
    assert other.state.number == 0


def test_a_quake_near_a_province_is_told_of_it_and_its_revision_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    BYTES["geojson"](quake(), "x", None).into(store)
    receipt = BYTES["geojson"](quake(mag=5.4, updated=1_700_000_900_000), "x", None).into(store)
    assert (receipt.added, receipt.revisions) == (1, 1)
    found = store.as_of("quake-magnitude").collect()
    assert found.select("place", "value").rows() == [("01", 5.4)]
    assert store.records("events").collect()["magnitude"].to_list() == [5.0, 5.4]


def stix(**more: Any) -> bytes:
    """A bundle of one indicator."""
    item = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
        "created": "2024-01-01T00:00:00.000Z",
        "modified": "2024-01-02T00:00:00.000Z",
        "pattern": "[ipv4-addr:value = '198.51.100.1']",
        "pattern_type": "stix",
        "valid_from": "2024-01-01T00:00:00Z",
    } | more
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": [item]}).encode()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"id": "malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}, "id"),
        ({"id": "indicator--1"}, "id"),
        ({"id": None}, "type, id"),
        ({"spec_version": "2.0"}, "spec_version 2.0"),
        ({"modified": "yesterday"}, "modified"),
        ({"modified": "2020-01-01T00:00:00Z"}, "modified < created"),
        ({"created": "2024-01-01T00:00:00"}, "created"),
        ({"confidence": 101}, "confidence"),
        ({"pattern": ""}, "pattern"),
        ({"valid_until": "never"}, "valid_until"),
    ],
)
def test_stix_objects_that_break_the_specification(more: dict[str, Any], reason: str, tmp_path: Path) -> None:
    reading = BYTES["stix"](stix(**more), "x", None)
    assert [(f.code, f.fields["reason"]) for f in reading.findings] == [("stix-id", reason)]
    refused(tmp_path, reading)


def test_the_same_version_of_a_stix_object_with_other_content_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    BYTES["stix"](stix(), "x", None).into(store)
    with pytest.raises(BatchRefused, match="other content"):
        BYTES["stix"](stix(pattern="[ipv4-addr:value = '203.0.113.9']"), "x", None).into(store)
    newer = BYTES["stix"](stix(revoked=True, modified="2024-02-01T00:00:00Z"), "x", None).into(store)
    assert newer.records == {"threats": (1, 0)}
    assert store.records("threats").collect()["revoked"].to_list() == [False, True]


def kev(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The first entries of the catalogue, changed."""
    top = json.loads(data_path("watch", "alerts", "cyber", "cisa_kev_to_2024.json").read_text(encoding="utf-8"))
    top |= {"vulnerabilities": top["vulnerabilities"][:5], "count": 5}
    change(top)
    return json.dumps(top).encode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t["vulnerabilities"][1].update(cveID="CVE-1"), "kev-id"),
        (lambda t: t["vulnerabilities"][1].update(dateAdded="2024-13-01"), "time"),
        (lambda t: t["vulnerabilities"].append(7), "json-form"),
        (lambda t: t.update(count=9), "json-form"),
        (lambda t: t.update(dateReleased="x"), "json-form"),
        (lambda t: t["vulnerabilities"][1].update(cveID=t["vulnerabilities"][0]["cveID"]), "kev-id"),
    ],
)
def test_a_catalogue_that_is_not_whole(change: Callable[[dict[str, Any]], object], code: str, tmp_path: Path) -> None:
    reading = BYTES["kev"](kev(change), "x", None)
    assert code in {f.code for f in reading.findings}
    refused(tmp_path, reading)


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


NAMES = ["type", "id", "features", "properties", "geometry", "coordinates", "mag", "time", "updated", "objects", "name"]
NAMES += ["created", "modified", "spec_version", "labels", "external_references", "cveID", "dateAdded", "eventtype"]
NAMES += ["eventid", "severitydata", "severity", "url", "geometries", "pattern", "confidence"]


@pytest.mark.parametrize("kind", [*BYTES, "hub", "table"])
@given(data=st.binary(max_size=200))
def test_no_bytes_whatever_bring_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: bytes
) -> None:
    file = tmp_path_factory.mktemp("any") / "x.csv"
    file.write_bytes(data)
    reading = read(file, kind, mapping="vn-wards")
    assert reading.observations.height == 0


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner),
    max_leaves=8,
)


SHELL: dict[str, dict[str, Any]] = {
    "geojson": {"type": "Feature", "properties": {"mag": 1, "time": 1}, "geometry": None},
    "stix": json.loads(stix())["objects"][0],
    "kev": {"cveID": "CVE-2024-1234", "dateAdded": "2024-01-01", "dueDate": "2024-01-01"},
    "directory": {},
}


@given(items=st.lists(ANY, max_size=3), top=st.dictionaries(st.sampled_from(NAMES), ANY, max_size=4))
def test_no_json_whatever_brings_a_traceback(items: list[Any], top: dict[str, Any]) -> None:
    for kind, inside in (("geojson", "features"), ("stix", "objects"), ("kev", "vulnerabilities"), ("directory", "x")):
        types = {"geojson": "FeatureCollection", "stix": "bundle"}
        whole = top | {"type": types.get(kind), inside: items, "dateReleased": "2024-01-01T00:00:00Z"}
        near = whole | {inside: [SHELL[kind] | item for item in items if isinstance(item, dict)]}
        for data in (whole, near, items, top):
            reading = BYTES[kind](json.dumps(data).encode(), "x", None)
            assert all(f.message("vi") for f in reading.findings)


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
