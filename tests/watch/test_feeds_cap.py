"""CAP messages: every real one is read, the verdict is that of the schema, hostile ones are refused."""

from __future__ import annotations

import copy
import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.data import data_path, data_root

from khien.watch.feeds.cap import read_cap
from khien.watch.feeds.cap_check import schema_findings
from khien.watch.feeds.in_force import alert_states
from khien.watch.feeds.xml_in import parse
from khien.watch.observe import BatchRefused, Store, WatchFindings
from khien.watch.observe.schema import ALERTS

ALERTS_FOLDER = data_root() / "watch" / "alerts"
REAL = sorted(p.name for p in (ALERTS_FOLDER / "cap").glob("*.xml"))
INVALID = sorted(p.name for p in (ALERTS_FOLDER / "cap_invalid").glob("*.xml"))
MADE = Path(__file__).parent / "files" / "vietnam_flood.xml"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The published schema of CAP 1.2."""
    return etree.XMLSchema(etree.parse(data_path("watch", "alerts", "cap", "CAP-v1.2.xsd")))


@pytest.fixture(scope="module")
def index() -> dict[str, dict[str, str]]:
    """What is known of each real message."""
    with data_path("watch", "alerts", "cap_index.csv").open(encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def ours(data: bytes) -> bool:
    """Whether our rules find a message schema-valid."""
    findings = WatchFindings()
    root = parse(data, "x", findings)
    if root is not None:
        schema_findings(root, "x", findings)
    return not findings


@pytest.mark.parametrize("name", REAL)
def test_every_real_message_is_read_and_stored(name: str, index: dict[str, dict[str, str]], tmp_path: Path) -> None:
    told = index[f"cap/{name}"]
    reading = read_cap((ALERTS_FOLDER / "cap" / name).read_bytes(), name)
    assert reading.ok, [f.line("en") for f in reading.findings]
    rows = reading.records["alerts"]
    assert rows.height == max(1, int(told["n_info"]))
    assert rows["sender"][0] == told["sender"]
    assert rows["sent"][0] == datetime.fromisoformat(told["sent"])
    assert (rows["status"][0], rows["msgType"][0]) == (told["status"], told["msgType"])
    assert rows["signed"][0] is (told["signed"] == "True")
    if told["n_info"] != "0":
        assert rows["event"][0] == told["event"]
        areas = [area for text in rows["areas"].drop_nulls() for area in json.loads(text)]
        assert sum(len(area["circles"]) for area in areas) == int(told["n_circle"])
        bad = sum(f.code == "cap-polygon" and "open" not in f.fields["reason"] for f in reading.findings)
        assert sum(len(area["polygons"]) for area in areas) == int(told["n_polygon"]) - bad
    receipt = reading.into(Store(tmp_path / "store"))
    assert receipt.records == {"alerts": (1, 0)}


@pytest.mark.parametrize("name", [f"cap/{n}" for n in REAL] + [f"cap_invalid/{n}" for n in INVALID])
def test_the_verdict_is_that_of_the_published_schema(
    name: str, schema: etree.XMLSchema, index: dict[str, dict[str, str]]
) -> None:
    data = (ALERTS_FOLDER / name).read_bytes()
    if index[name]["root_ns"].endswith("1.2"):
        verdict = schema.validate(etree.fromstring(data))
        assert ours(data) == verdict == (index[name]["xsd_1_2_valid"] == "True")
    else:
        assert ours(data) == name.startswith("cap/")


@pytest.mark.parametrize("name", INVALID)
def test_every_invalid_one_gives_findings_with_lines_and_changes_nothing(name: str, tmp_path: Path) -> None:
    reading = read_cap((ALERTS_FOLDER / "cap_invalid" / name).read_bytes(), name)
    assert not reading.ok
    assert all(f.row and f.table == name and f.message("vi") and f.way_out("en") for f in reading.findings)
    store = Store(tmp_path / "store")
    with pytest.raises(BatchRefused):
        reading.into(store)
    assert not store.exists


def test_findings_name_element_and_line() -> None:
    reading = read_cap(data_path("watch", "alerts", "cap_invalid", "google_noaa_errors.xml").read_bytes(), "noaa")
    errors = [(f.code, f.row, f.column) for f in reading.findings.errors]
    assert errors == [("cap-value", 17, "urgency"), ("cap-value", 18, "severity"), ("cap-value", 19, "certainty")]
    swiss = read_cap((ALERTS_FOLDER / "cap_invalid" / "kde_alertswiss-TEST-1163.xml").read_bytes(), "swiss")
    assert ("cap-order", 5, "sender") in [(f.code, f.row, f.column) for f in swiss.findings]
    assert ("cap-missing", 12, "category") in [(f.code, f.row, f.column) for f in swiss.findings]


CHANGES = ["drop", "twice", "swap", "rename", "text", "attribute", "namespace", "blank", "time", "inside"]
TEXTS = ["", " ", "Actual", "actual", "en", "en-US", "-", "12", "1.5", "Met", "x" * 9, "2026-11-30", "+.5", "a b"]
TEXTS += ["2026-11-30T08:00:00+07:00", "2026-02-30T08:00:00+07:00", "2026-11-30T08:00:00Z", "https://a.vn/%zz?x#y"]
TEXTS += [" 2026-11-30T08:00:00+07:00 ", "2026-11-30T24:00:00+07:00", "https://a.vn:8080/đường?x={1}", "//a:b/c"]


@pytest.mark.slow
@settings(max_examples=400)
@given(
    name=st.sampled_from([n for n in REAL if "v1dot2" in n or n.startswith(("kde", "anin"))] or ["-"]),
    edits=st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 10**6), st.sampled_from(TEXTS)), max_size=3),
)
def test_broken_messages_are_judged_as_the_schema_judges_them(
    schema: etree.XMLSchema, name: str, edits: list[tuple[str, int, str]]
) -> None:
    root = etree.parse(data_path("watch", "alerts", "cap", name)).getroot()
    for change, where, text in edits:
        edit(root, change, where, text)
    data = etree.tostring(root)
    verdict = schema.validate(etree.fromstring(data))
    assert ours(data) == verdict, (data.decode()[:3000], schema.error_log)


def edit(root: etree._Element, change: str, where: int, text: str) -> None:
    """Do one kind of harm to one element."""
    nodes = [n for n in root.iter() if isinstance(n.tag, str)][1:]
    node = nodes[where % len(nodes)]
    parent = node.getparent()
    match change:
        case "drop" if len(nodes) > 1:
            parent.remove(node)
        case "twice":
            node.addnext(copy.deepcopy(node))
        case "swap" if node.getnext() is not None:
            node.getnext().addnext(node)
        case "rename":
            node.tag = nodes[(where // 7) % len(nodes)].tag
        case "text" | "time" if not len(node):
            node.text = text
        case "attribute":
            node.set("lang", "vi")
        case "namespace":
            node.tag = "{urn:x}" + etree.QName(node).localname
        case "blank" if not len(node):
            node.text = "  " + (node.text or "") + "\n"
        case "inside":
            node.tail = (node.tail or "") + text.strip()
        case _:
            pass


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">&c;</alert>"""
HOSTILE = {
    "xml-doctype": BOMB,
    "xml-deep": b"<a>" * 100_000,
    "xml": b"<alert><identifier>",
    "cap-root": b"<html><body>503</body></html>",
    "file-too-large": b"<a>" + b" " * 4_000_001,
}


@pytest.mark.parametrize("code", HOSTILE)
def test_hostile_input_is_a_finding(code: str) -> None:
    assert [f.code for f in read_cap(HOSTILE[code], "x").findings] == [code]


ODD = [b"\xff\xfe<\x00a\x00", b'<?xml version="1.0" encoding="ebcdic-xx"?><a/>', b"", b"\0\0", b"<a>\xff</a>"]


@pytest.mark.parametrize("data", ODD)
def test_wrong_encodings_are_findings(data: bytes) -> None:
    assert [f.code for f in read_cap(data, "x").findings] == ["xml"]


@given(st.binary(max_size=300))
def test_no_bytes_whatever_bring_a_traceback(data: bytes) -> None:
    assert not read_cap(data, "x").ok
    assert not read_cap(b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">' + data, "x").ok


def test_an_alert_of_the_future_changes_nothing(tmp_path: Path) -> None:
    data = MADE.read_bytes().replace(b"<sent>2025-09-28", b"<sent>2999-09-28")
    reading = read_cap(data, "future")
    store = Store(tmp_path / "store")
    with pytest.raises(BatchRefused) as refused:
        reading.into(store)
    assert "issued-future" in {f.code for f in refused.value.findings}
    assert store.state.number == 0


def test_severity_is_observed_at_the_places_that_are_named(tmp_path: Path) -> None:
    """A made-up message: two languages, two areas by name and one by code."""
    reading = read_cap(MADE.read_bytes(), "made")
    assert reading.ok
    found = reading.observations.sort("place")
    assert found.select("indicator", "place", "value").rows() == [
        ("cap-met", "22", 3.0),
        ("cap-met", "31", 3.0),
        ("cap-met", "37", 3.0),
    ]
    store = Store(tmp_path / "store")
    receipt = reading.into(store)
    assert (receipt.added, receipt.records) == (3, {"alerts": (1, 0)})
    again = reading.into(store)
    assert (again.added, again.duplicates, again.records) == (0, 3, {"alerts": (0, 1)})
    assert store.records("alerts").collect()["language"].to_list() == ["vi", "en"]


def test_a_test_message_is_kept_and_observes_nothing() -> None:
    reading = read_cap(MADE.read_bytes().replace(b"<status>Actual", b"<status>Exercise"), "x")
    assert reading.records["alerts"].height == 2
    assert reading.observations.height == 0


T0 = datetime(2026, 11, 1, tzinfo=UTC)


def alert(
    id: str, kind: str, hours: int, refers: list[str] | None = None, sender: str = "a", **more: object
) -> dict[str, object]:
    """One alert; references name messages as `id@hours`."""
    parts = [r.partition("@") for r in refers or []]
    texts = [f"{more.get('of', sender)},{i},{(T0 + timedelta(hours=int(h))).isoformat()}" for i, _, h in parts]
    row: dict[str, object] = {"identifier": id, "sender": sender, "sent": T0 + timedelta(hours=hours), "msgType": kind}
    row |= {"status": "Actual", "source": sender, "info": 0, "references": " ".join(texts) or None, "received": T0}
    return row | {k: v for k, v in more.items() if k != "of"}


def states(*rows: dict[str, object], at: int = 100) -> dict[str, str]:
    """Identifier to state."""
    found = alert_states(pl.DataFrame(list(rows), schema=ALERTS), T0 + timedelta(hours=at))
    return dict(found.select("identifier", "state").iter_rows())


def test_updates_and_cancels_are_resolved_in_any_order() -> None:
    rows = [alert("1", "Alert", 0), alert("2", "Update", 1, ["1@0"]), alert("3", "Cancel", 2, ["2@1"])]
    for order in (rows, rows[::-1]):
        assert states(*order, at=0) == {"1": "active"}
        assert states(*order, at=1) == {"1": "superseded", "2": "active"}
        assert states(*order, at=2) == {"1": "superseded", "2": "cancelled", "3": "none"}


def test_nobody_cancels_the_alert_of_another() -> None:
    findings = WatchFindings()
    rows = [alert("1", "Alert", 0), alert("2", "Cancel", 1, ["1@0"], sender="evil", of="a")]
    assert states(*rows)["1"] == "active"
    alert_states(pl.DataFrame(rows, schema=ALERTS), T0 + timedelta(days=9), findings=findings)
    assert [f.code for f in findings] == ["reference-foreign"]
    assert states(*[r | {"source": "hub"} for r in rows])["1"] == "cancelled"


def test_expiry_unknown_references_and_drafts() -> None:
    findings = WatchFindings()
    rows = [
        alert("1", "Alert", 0, expires=T0 + timedelta(hours=5)),
        alert("2", "Update", 1, ["9@0"]),
        alert("3", "Alert", 1, status="Draft"),
        alert("4", "Ack", 1, ["1@0"]),
    ]
    assert states(*rows, at=4) == {"1": "active", "2": "active", "3": "none", "4": "none"}
    assert states(*rows, at=5)["1"] == "expired"
    alert_states(pl.DataFrame(rows, schema=ALERTS), T0 + timedelta(hours=4), findings=findings)
    assert [f.code for f in findings] == ["reference-unknown"]


def test_what_had_not_been_received_did_not_count() -> None:
    rows = [alert("1", "Alert", 0), alert("2", "Cancel", 1, ["1@0"], received=T0 + timedelta(hours=9))]
    frame = pl.DataFrame(rows, schema=ALERTS)
    late = alert_states(frame, T0 + timedelta(hours=5), known_at=T0 + timedelta(hours=5))
    assert late["state"].to_list() == ["active"]
