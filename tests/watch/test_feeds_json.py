"""JSON from outside (GeoJSON, STIX, KEV, directories): broken, hostile and mistaken files store nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import data_path

import khien
from khien.watch.feeds import BYTES, read
from khien.watch.indicators import Indicators
from khien.watch.observe import BatchRefused, Store


def refused(path: Path, reading: Any) -> None:
    """Whatever is wrong keeps everything out."""
    assert not reading.ok
    assert all(f.message("vi") and f.way_out("vi") and f.message("en") and f.way_out("en") for f in reading.findings)
    store = Store(path / "store")
    with pytest.raises(BatchRefused):
        reading.into(store)
    assert not store.exists


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


NAMES = ["type", "id", "features", "properties", "geometry", "coordinates", "mag", "time", "updated", "objects", "name"]
NAMES += ["created", "modified", "spec_version", "labels", "external_references", "cveID", "dateAdded", "eventtype"]
NAMES += ["eventid", "severitydata", "severity", "url", "geometries", "pattern", "confidence"]




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
