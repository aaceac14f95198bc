"""CAP 1.2 and Atom out: valid against the schema, both languages, references, drills, shapes, signatures."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.data import data_path

from khien.watch.feeds.cap import read_cap
from khien.watch.warn import acts
from khien.watch.warn.cap import NAMESPACE, area_name, cap_message, certainty, urgency
from khien.watch.warn.content import Content, provinces
from khien.watch.warn.feed import ATOM, FEED, write_feed
from khien.watch.warn.findings import WarnError
from khien.watch.warn.journal import Journal
from khien.watch.warn.shapes import read_shapes
from khien.watch.warn.signing import sign, verify
from khien.watch.warn.states import Desk, desk
from khien.watch.warn.threats import known_threats, rules, threat_name

NOW = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)
WHO, BOSS = "Trực ban Đà Nẵng", "Chánh Văn phòng"
N = {"c": NAMESPACE}


def storm(**changes: Any) -> Content:
    told: dict[str, Any] = {
        "hazard": "storm",
        "level": 4,
        "areas": ("46", "48"),
        "onset": NOW + timedelta(hours=30),
        "expires": NOW + timedelta(hours=60),
        "headline_vi": "Bão số 9 đổ bộ Đà Nẵng, Huế & Quảng Trị <gấp>",
        "headline_en": "Storm no. 9 makes landfall",
        "description_vi": "Gió giật cấp 15.",
        "instruction_vi": "Ở trong nhà.",
        "instruction_en": "Stay indoors.",
        "probability": 0.7,
    }
    return Content(**{**told, **changes})


def opened(folder: Path) -> Journal:
    made = Journal(folder)
    acts.open_journal(made, "pctt.danang.gov.vn", "Ban Chỉ huy Đà Nẵng", "Da Nang command", by=BOSS, now=NOW)
    return made


def official(journal: Journal, content: Content) -> str:
    ref = acts.propose(journal, content, by=WHO, why="mô hình", now=NOW).warning
    acts.review(journal, ref, by=WHO, why="đã xem", now=NOW)
    acts.approve(journal, ref, by=BOSS, why="thống nhất", now=NOW)
    return ref


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return opened(tmp_path / "journal")


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(data_path("watch", "alerts", "cap", "CAP-v1.2.xsd"))))


def last(known: Desk, ref: str, **options: Any) -> bytes:
    record = known.get(ref)
    return cap_message(known, record, record.messages[-1], **options)


def texts(message: bytes, path: str) -> list[str]:
    return [node.text or "" for node in etree.fromstring(message).findall(path, N)]


def test_the_first_message_is_valid_and_says_everything_in_both_languages(
    journal: Journal, schema: etree.XMLSchema
) -> None:
    ref = official(journal, storm())
    message = last(desk(journal.read()), ref)
    schema.assertValid(etree.fromstring(message))
    assert texts(message, "c:identifier") == ["2026-0001-storm-1"]
    assert texts(message, "c:sent") == ["2026-09-14T10:00:00+07:00"]
    assert texts(message, "c:status") == ["Actual"]
    assert texts(message, "c:info/c:language") == ["vi-VN", "en-US"]
    assert texts(message, "c:info/c:headline") == [storm().headline_vi, storm().headline_en]
    assert texts(message, "c:info/c:severity") == ["Extreme", "Extreme"]
    assert texts(message, "c:info/c:urgency") == ["Future", "Future"]
    assert texts(message, "c:info/c:certainty") == ["Likely", "Likely"]
    assert texts(message, "c:info/c:area/c:areaDesc") == ["Huế", "Đà Nẵng", "Hue", "Da Nang"]
    assert texts(message, "c:info/c:area/c:geocode/c:value") == ["46", "48", "46", "48"]
    assert texts(message, "c:info/c:onset")[0] == "2026-09-15T16:00:00+07:00"
    assert "Decision 18/2021/QĐ-TTg, Art 42" in texts(message, "c:info/c:parameter/c:value")
    assert texts(message, "c:references") == []


def test_what_goes_out_can_be_read_back_in_without_a_finding(journal: Journal, tmp_path: Path) -> None:
    square = {"id": "48", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
    shapes = read_shapes(geojson(tmp_path / "a.geojson", square))
    ref = official(journal, storm())
    acts.update(journal, ref, storm(level=5), by=WHO, why="mạnh thêm", now=NOW)
    acts.review(journal, ref, by=WHO, why="đã xem", now=NOW)
    acts.approve(journal, ref, by=BOSS, why="thống nhất", now=NOW)
    known = desk(journal.read())
    for message in known.get(ref).messages:
        found = read_cap(cap_message(known, known.get(ref), message, shapes), "ours.xml")
        assert list(found.findings) == []
        assert sorted(found.observations["place"].to_list()) == ["46", "48"]


def test_an_update_a_cancel_and_an_all_clear_refer_to_what_came_before(
    journal: Journal, schema: etree.XMLSchema
) -> None:
    ref = official(journal, storm())
    acts.update(journal, ref, storm(level=5), by=WHO, why="mạnh thêm", now=NOW)
    acts.review(journal, ref, by=WHO, why="đã xem", now=NOW)
    acts.approve(journal, ref, by=BOSS, why="thống nhất", now=NOW + timedelta(hours=1))
    known = desk(journal.read())
    update = last(known, ref)
    schema.assertValid(etree.fromstring(update))
    assert texts(update, "c:msgType") == ["Update"]
    first = "pctt.danang.gov.vn,2026-0001-storm-1,2026-09-14T10:00:00+07:00"
    assert texts(update, "c:references") == [first]
    acts.cancel(journal, ref, by=BOSS, why="gửi nhầm địa bàn", now=NOW + timedelta(hours=2))
    cancel = last(desk(journal.read()), ref)
    schema.assertValid(etree.fromstring(cancel))
    assert texts(cancel, "c:msgType") == ["Cancel"]
    assert texts(cancel, "c:references") == [first + " pctt.danang.gov.vn,2026-0001-storm-2,2026-09-14T11:00:00+07:00"]
    assert texts(cancel, "c:info/c:responseType") == ["AllClear", "AllClear"]
    assert texts(cancel, "c:info/c:headline")[0].startswith("THU HỒI: ")
    assert "gửi nhầm địa bàn" in texts(cancel, "c:note")[0]
    other = official(journal, storm(areas=("01",)))
    acts.stand_down(journal, other, by=BOSS, why="bão đã tan", now=NOW + timedelta(hours=3))
    clear = last(desk(journal.read()), other)
    schema.assertValid(etree.fromstring(clear))
    assert texts(clear, "c:msgType") == ["Update"]
    assert texts(clear, "c:info/c:urgency") == ["Past", "Past"]
    assert "bão đã tan" in texts(clear, "c:info/c:description")[0]


def test_a_drill_is_marked_wherever_it_is_read(journal: Journal, schema: etree.XMLSchema, tmp_path: Path) -> None:
    ref = official(journal, storm(exercise=True))
    known = desk(journal.read())
    message = last(known, ref)
    schema.assertValid(etree.fromstring(message))
    assert texts(message, "c:status") == ["Exercise"]
    assert "EXERCISE" in texts(message, "c:note")[0]
    for part in ("event", "headline", "description", "instruction"):
        vi, *_, en = texts(message, f"c:info/c:{part}")
        assert vi.startswith("[DIỄN TẬP]"), part
        assert en.startswith("[EXERCISE]"), part
    write_feed(known, tmp_path / "out", NOW)
    entry = etree.parse(str(tmp_path / "out" / FEED)).getroot().find("a:entry", {"a": ATOM})
    assert entry is not None
    assert "[EXERCISE]" in (entry.findtext("a:title", namespaces={"a": ATOM}) or "")
    assert {c.get("term") for c in entry.findall("a:category", {"a": ATOM})} >= {"Exercise"}


@pytest.mark.parametrize(
    "minutes, expected", [(-5, "Immediate"), (60, "Immediate"), (61, "Expected"), (1441, "Future")]
)
def test_urgency_follows_the_time_that_is_left(minutes: int, expected: str) -> None:
    assert urgency(storm(onset=NOW + timedelta(minutes=minutes)), NOW) == expected


@pytest.mark.parametrize(
    "probability, hours, expected",
    [(0.51, 1, "Likely"), (0.5, 1, "Possible"), (0.05, 1, "Possible"), (0.01, 1, "Unlikely"), (None, -1, "Observed"),
     (None, 1, "Unknown")],
)  # fmt: skip
def test_certainty_follows_the_probability(probability: float | None, hours: int, expected: str) -> None:
    assert certainty(storm(probability=probability, onset=NOW + timedelta(hours=hours)), NOW) == expected


def test_a_threat_outside_the_decision_has_its_name_and_no_colour(journal: Journal, schema: etree.XMLSchema) -> None:
    ref = official(journal, storm(hazard="epidemic", level=3))
    message = last(desk(journal.read()), ref)
    schema.assertValid(etree.fromstring(message))
    assert texts(message, "c:info/c:event") == ["Dịch bệnh truyền nhiễm ở người, cấp 3", "Epidemic in people, level 3"]
    assert texts(message, "c:info/c:category") == ["Health", "Health"]
    assert "khien:colour" not in texts(message, "c:info/c:parameter/c:valueName")


def test_every_severity_response_and_category_is_a_word_of_the_standard(schema: etree.XMLSchema) -> None:
    allowed = data_path("watch", "alerts", "cap", "CAP-v1.2.xsd").read_text(encoding="utf-8")
    for part in ("severity", "response", "category"):
        assert all(f'value="{word}"' in allowed for word in rules()[part].values())
    assert all(threat_name(one, "vi") and threat_name(one, "vi") != threat_name(one, "en") for one in known_threats())
    assert set(rules()["category"]) == set(known_threats())
    assert set(rules()["severity"]) == set(rules()["response"]) == {"1", "2", "3", "4", "5"}


letters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
free = st.text(letters, min_size=1, max_size=160)


@given(vi=free, en=free, why=free.filter(lambda s: len(s.strip()) >= 3), level=st.integers(1, 5), drill=st.booleans())
def test_any_text_makes_a_valid_message(
    vi: str, en: str, why: str, level: int, drill: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    schema = etree.XMLSchema(etree.parse(str(data_path("watch", "alerts", "cap", "CAP-v1.2.xsd"))))
    journal = opened(tmp_path_factory.mktemp("any"))
    told = {"headline_vi": "!" + vi[:150], "headline_en": "!" + en[:150], "description_en": en}
    content = storm(**told, level=level, exercise=drill)
    ref = official(journal, content)
    message = last(desk(journal.read()), ref)
    schema.assertValid(etree.fromstring(message))
    try:
        acts.cancel(journal, ref, by=BOSS, why=why, now=NOW)
    except WarnError:
        return
    schema.assertValid(etree.fromstring(last(desk(journal.read()), ref)))


SQUARE = [[108.0, 15.5], [108.5, 15.5], [108.5, 16.2], [108.0, 16.2], [108.0, 15.5]]


def geojson(path: Path, *features: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    return path


def test_shapes_go_out_as_closed_rings_with_the_latitude_first(
    journal: Journal, schema: etree.XMLSchema, tmp_path: Path
) -> None:
    small = [[108.2, 15.0], [108.3, 15.0], [108.3, 15.1], [108.2, 15.0]]
    feature = {"id": "48", "geometry": {"type": "MultiPolygon", "coordinates": [[small], [SQUARE]]}}
    other = {"id": "XX", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
    shapes = read_shapes(geojson(tmp_path / "a.geojson", feature, other))
    assert list(shapes) == ["48"]
    ref = official(journal, storm())
    message = last(desk(journal.read()), ref, shapes=shapes)
    schema.assertValid(etree.fromstring(message))
    rings = texts(message, "c:info/c:area/c:polygon")
    assert rings[0] == "15.5000,108.0000 15.5000,108.5000 16.2000,108.5000 16.2000,108.0000 15.5000,108.0000"
    assert len(rings) == 4


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"features": 3}',
        '{"features": [{"id": "48", "geometry": {"type": "Point", "coordinates": [1, 2]}}]}',
        '{"features": [{"id": "48", "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}}]}',
        '{"features": [{"id": "48", "geometry": {"type": "Polygon", "coordinates": [[[1, 99], [3, 4], [5, 6]]]}}]}',
        '{"features": [{"id": "48", "geometry": {"type": "Polygon", "coordinates": [[[1, NaN], [3, 4], [5, 6]]]}}]}',
        '{"features": [{"id": "99", "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [5, 6]]]}}]}',
        "[" * 100_000,
    ],
)
def test_a_file_of_shapes_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WarnError) as error:
        read_shapes(path)
    assert error.value.findings[0].code in ("shapes-wrong", "shapes-without-provinces")


def test_all_34_provinces_have_their_real_shapes(journal: Journal, schema: etree.XMLSchema) -> None:
    shapes = read_shapes(data_path("watch", "vietnam", "vn_provinces_34.geojson"))
    assert set(shapes) == set(provinces())
    ref = official(journal, storm(areas=tuple(provinces())))
    schema.assertValid(etree.fromstring(last(desk(journal.read()), ref, shapes=shapes)))
    assert area_name("79", "en") == "Ho Chi Minh City"
    assert area_name("48", "vi") == "Đà Nẵng"


def test_the_feed_names_what_is_official_and_the_files_are_beside_it(journal: Journal, tmp_path: Path) -> None:
    ref = official(journal, storm())
    acts.propose(journal, storm(hazard="flood"), by=WHO, why="mưa", now=NOW)
    gone = official(journal, storm(areas=("01",)))
    acts.stand_down(journal, gone, by=BOSS, why="đã tan", now=NOW + timedelta(minutes=1))
    known = desk(journal.read())
    files = write_feed(known, tmp_path / "out", NOW)
    assert files[-1].name == FEED
    root = etree.parse(str(files[-1])).getroot()
    links = [link.get("href") for link in root.findall("a:entry/a:link", {"a": ATOM})]
    assert links == [f"{gone}-2.cap.xml", f"{ref}-1.cap.xml"]
    assert {path.name for path in files[:-1]} == {f"{gone}-1.cap.xml", f"{gone}-2.cap.xml", f"{ref}-1.cap.xml"}
    assert "flood" not in files[-1].read_text(encoding="utf-8")
    required = ("id", "title", "updated")
    assert all(root.find(f"a:{name}", {"a": ATOM}) is not None for name in required)
    entries = root.findall("a:entry", {"a": ATOM})
    assert all(entry.find(f"a:{name}", {"a": ATOM}) is not None for entry in entries for name in required)
    later = write_feed(known, tmp_path / "later", NOW + timedelta(hours=61))
    assert [path.name for path in later] == [FEED]


@pytest.fixture(scope="module", params=["rsa", "ec"])
def keys(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and a certificate that it signed for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import NameOID

    make: dict[str, Callable[[], Any]] = {
        "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    }
    key = make[request.param]()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pctt.danang.gov.vn")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("keys")
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(private)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "key.pem", folder / "cert.pem"


def test_a_signed_message_is_valid_and_a_changed_one_is_refused(
    journal: Journal, schema: etree.XMLSchema, keys: tuple[Path, Path]
) -> None:
    ref = official(journal, storm())
    signed = sign(last(desk(journal.read()), ref), *keys)
    schema.assertValid(etree.fromstring(signed))
    assert b"Da Nang command" in verify(signed, keys[1])
    for forged in (signed.replace(b">Extreme<", b">Minor<"), signed.replace(b"Signature", b"Sign"), b"<alert/>", b"x"):
        with pytest.raises(WarnError) as error:
            verify(forged, keys[1])
        assert error.value.findings[0].code == "bad-signature"


def test_a_key_that_is_none_cannot_sign(journal: Journal, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("no key", encoding="utf-8")
    ref = official(journal, storm())
    with pytest.raises(WarnError) as error:
        sign(last(desk(journal.read()), ref), bad, bad)
    assert error.value.findings[0].code == "cannot-sign"
