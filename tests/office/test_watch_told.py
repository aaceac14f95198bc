"""What people tell the watch and what it tells them: events that happened, who signed an alert, late counts."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.test import Client
from lxml import html
from tests.office.test_pages_structure import CHECKS
from tests.office.watched import NOW, bare, data, watched

from khien.board.charts.watch_outside import trust
from khien.office.models import Entry
from khien.office.rights import Role
from khien.office.watch_demo_weeks import ID
from khien.office.watching import Watch
from khien.watch.feeds import read_trust
from khien.watch.feeds.cap import read_cap
from khien.watch.forecast.ledger import Ledger
from khien.watch.warn.signing import sign

__all__ = ["bare", "data", "watched"]
Visit = Callable[..., Client]
RECORD, EVENTS = "/watch/record/", "/watch/record/events/"
CAP = Path(__file__).parents[1] / "watch" / "files" / "vietnam_flood.xml"


def form(**more: str) -> dict[str, str]:
    told = {"hazard": "flood", "place": "48", "onset": "2026-10-02T06:30", "level": "3", "reason": "gauge at Cam Le"}
    return told | more


def page(answer: Any) -> Any:
    return html.fromstring(answer.content.decode())


def test_an_event_is_told_and_taken_back_with_a_reason_and_stands_in_the_log(visit: Visit, bare: Watch) -> None:
    duty = visit(Role.DUTY_OFFICER)
    assert b"Add an event" in duty.get(RECORD).content
    assert duty.post(EVENTS, form()).status_code == 302
    assert duty.post(EVENTS, form(hazard="rain", place="46", level="")).status_code == 302
    file = (bare.folder / "events.csv").read_text(encoding="utf-8")
    assert file.splitlines() == [
        "hazard,place,onset,level", "flood,48,2026-10-02T06:30:00+07:00,3", "rain,46,2026-10-02T06:30:00+07:00,",
    ]  # fmt: skip
    shown = page(duty.get(RECORD))
    assert [fault for check in CHECKS for fault in check(shown)] == []
    rows = shown.xpath("//*[@id='events']//tbody/tr")
    assert {row.xpath("string(./th)") for row in rows} == {"Flood, inundation", "Heavy rain"}
    back = {one.get("name"): one.get("value") for one in rows[0].xpath(".//input") if one.get("name") != "reason"}
    assert duty.post(EVENTS, back | {"reason": "the gauge was wrong"}).status_code == 302
    events = bare.events() or []
    assert len(events) == 1
    told = Entry.objects.filter(kind="event").order_by("seq")
    assert [entry.act for entry in told] == ["event.tell", "event.tell", "event.take-back"]
    assert json.loads(told[2].after)["reason"] == "the gauge was wrong"
    assert b"event taken back" in visit(Role.AUDITOR).get("/log/?kind=event").content


@pytest.mark.parametrize(
    "wrong",
    [{"hazard": "x"}, {"place": "00"}, {"onset": "soon"}, {"onset": "2999-01-01T00:00"}, {"reason": " "},
     {"what": "take-back", "onset": "2026-10-02T06:30:00+07:00"}, {"what": "take-back", "onset": "never"}],
)  # fmt: skip
def test_what_cannot_have_happened_is_refused_and_nothing_is_written(
    visit: Visit, bare: Watch, wrong: dict[str, str]
) -> None:
    duty = visit(Role.DUTY_OFFICER)
    answer = duty.post(EVENTS, form(**wrong))
    assert answer.status_code == 422
    assert page(answer).xpath("//*[@role='alert']")
    typed = page(answer).xpath("//*[@id='events']//input[@name='reason']/@value")
    assert typed[-1] == form(**wrong)["reason"]
    assert not (bare.folder / "events.csv").exists()
    assert not Entry.objects.filter(kind="event").exists()


def test_an_event_is_told_once_by_those_of_the_desk_alone(visit: Visit, bare: Watch) -> None:
    assert visit(Role.VIEWER).post(EVENTS, form()).status_code == 403
    assert b"Add an event" not in visit(Role.VIEWER).get(RECORD).content
    approver = visit(Role.WARNING_APPROVER)
    assert approver.post(EVENTS, form()).status_code == 302
    assert approver.post(EVENTS, form()).status_code == 422
    assert len(bare.events() or []) == 1


def test_columns_of_others_stay_and_a_broken_file_is_not_written(visit: Visit, bare: Watch) -> None:
    bare.folder.mkdir(parents=True)
    file, duty = bare.folder / "events.csv", visit(Role.DUTY_OFFICER)
    file.write_text("\ufeffplace,hazard,onset,note\n46,rain,2026-09-01T00:00:00+07:00,by hand\n\n", encoding="utf-8")
    assert duty.post(EVENTS, form()).status_code == 302
    assert file.read_text(encoding="utf-8").splitlines() == [
        "place,hazard,onset,note,level", "46,rain,2026-09-01T00:00:00+07:00,by hand,",
        "48,flood,2026-10-02T06:30:00+07:00,,3",
    ]  # fmt: skip
    broken = "hazard,place,onset\nrain,46,yesterday\n"
    file.write_text(broken, encoding="utf-8")
    answer = duty.post(EVENTS, form())
    assert answer.status_code == 422
    assert b"yesterday" in answer.content
    assert file.read_text(encoding="utf-8") == broken


def test_the_page_says_whether_an_alert_was_signed_and_whose_key_it_was(
    visit: Visit, bare: Watch, signer: tuple[Path, Path]
) -> None:
    now = datetime.now(UTC)
    made = CAP.read_bytes()
    for at, name in ((now - timedelta(hours=2), b"first"), (now - timedelta(hours=1), b"second"), (now, b"third")):
        raw = fresh(made, at - timedelta(minutes=5), name)
        if name == b"first":
            reading = read_cap(raw, "a.xml")
        elif name == b"second":
            reading = read_cap(sign(raw, *signer), "b.xml")
        else:
            reading = read_cap(sign(raw, *signer), "c.xml", trust=read_trust([signer[1]]))
        assert not [f for f in reading.findings if f.severity == "error"]
        reading.into(bare.store, now=now)
    browser = visit(Role.VIEWER)

    def told() -> list[str]:
        items = page(browser.get("/watch/")).xpath("//h2[@id='outside']/following-sibling::ul[1]/li")
        return [" ".join(item.xpath("string(.)").split()) for item in items]

    checked, unchecked, unsigned = told()
    assert "Signature checked" in checked
    assert "key of" not in checked
    assert "Signed, nobody checked it" in unchecked
    assert "Not signed" in unsigned
    bare.certificates.mkdir()
    shutil.copy(signer[1], bare.certificates / "danang.pem")
    (bare.certificates / "other.pem").write_text("no certificate")
    assert "signed with the key of Đà Nẵng, pctt.danang.gov.vn" in told()[0]
    shown = page(browser.get("/watch/"))
    assert [fault for check in CHECKS for fault in check(shown)] == []


def fresh(made: bytes, at: datetime, name: bytes) -> bytes:
    """The message as of now, under another identifier."""

    stamp = at.strftime("%Y-%m-%dT%H:%M:%S-00:00").encode()
    ends = (at + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S-00:00").encode()
    made = re.sub(rb"<sent>[^<]*", b"<sent>" + stamp, made)
    made = re.sub(rb"<(onset|effective)>[^<]*", rb"<\1>" + stamp, made)
    made = re.sub(rb"<expires>[^<]*", b"<expires>" + ends, made)
    return re.sub(rb"<identifier>[^<]*", b"<identifier>" + name, made)


@pytest.fixture
def signer(tmp_path: Path) -> tuple[Path, Path]:
    """A key and a certificate that it signed for itself, as PEM files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
    held = [(NameOID.ORGANIZATION_NAME, "Đà Nẵng"), (NameOID.COMMON_NAME, "pctt.danang.gov.vn")]
    name = x509.Name([x509.NameAttribute(oid, text) for oid, text in held])
    start = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=30)).sign(key, hashes.SHA256())
    )  # fmt: skip
    files = tmp_path / "key.pem", tmp_path / "cert.pem"
    plain = serialization.NoEncryption()
    files[0].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    files[1].write_bytes(made.public_bytes(pem))
    return files


def test_a_row_of_an_older_store_is_not_taken_for_more_than_it_says() -> None:
    assert trust({"signed": None, "signature": None}, {})["state"] == "unsigned"
    assert trust({"signed": True, "signature": None}, {})["state"] == "unchecked"


def test_a_nowcast_stands_beside_what_is_reported_and_is_no_forecast(
    visit: Visit, bare: Watch, data: Path
) -> None:
    shutil.copytree(data, bare.folder)
    assert bare.forecasts(ID).height == 0
    made = bare.nowcasts(ID)
    browser, path = visit(Role.VIEWER), f"/watch/indicators/{ID}/"
    shown = page(browser.get(f"{path}?place=79"))
    assert [fault for check in CHECKS for fault in check(shown)] == []
    rows = [[" ".join(c.xpath("string(.)").split()) for c in row] for row in
            shown.xpath("//h3[@id='coming']/following-sibling::div[1]//tbody/tr")]  # fmt: skip
    here = made.filter(pl.col("place") == "79", pl.col("quantile") == 0.5).sort("target", descending=True)
    assert [int(row[1]) for row in rows] == [-h for h in here["horizon"]]
    assert [int(row[3]) for row in rows] == [round(v) for v in here["value"]]
    assert b"Will come to" in browser.get(f"{path}fan.en.wide.svg?place=79").content
    kinds = pl.read_csv(browser.get(f"{path}fan.csv?place=79").content.removeprefix(b"\xef\xbb\xbf"))["kind"]
    assert set(kinds) == {"observed", "nowcast"}
    # Kept in the ledger it is shown in the same way, and on days before it was made it is not known.
    shutil.rmtree(bare.folder / "forecasts")
    Ledger(bare.folder / "promises").add(made.drop("issued", "added"), issued=NOW, data="0" * 64)
    assert b'id="coming"' in browser.get(f"{path}?place=79").content
    assert bare.forecasts(ID).height == 0
    past = (NOW - timedelta(days=9)).date()
    assert b'id="coming"' not in browser.get(f"{path}?place=79&day={past}").content


def test_the_page_says_which_forecasts_count_as_promises(visit: Visit, bare: Watch, data: Path) -> None:
    shutil.copytree(data, bare.folder)
    told = visit(Role.VIEWER).get("/watch/indicators/rain-24h/?place=42&model=demo-persistence").content.decode()
    assert "only lies in a file" in told
    assert "only lie in files" in told
    both = visit(Role.VIEWER).get("/watch/indicators/dengue-cases/?place=79&model=demo-ensemble").content.decode()
    assert "stand in the ledger of promises" in both
