"""Signatures of incoming CAP: good ones are taken in, and everything forged is a finding that changes nothing."""

from __future__ import annotations

import copy
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from lxml import etree

from khien.cli import main
from khien.watch.feeds import read, read_trust
from khien.watch.feeds.cap import read_cap
from khien.watch.feeds.in_force import alert_states
from khien.watch.feeds.polling import Feed, poll
from khien.watch.observe import BatchRefused, Store, WatchFindings
from khien.watch.observe.schema import ALERTS
from khien.watch.warn.signing import sign

MADE = (Path(__file__).parent / "files" / "vietnam_flood.xml").read_bytes()
NOW = datetime(2026, 11, 30, tzinfo=UTC)
DS = "http://www.w3.org/2000/09/xmldsig#"
CAP = "urn:oasis:names:tc:emergency:cap:1.2"
Make = Callable[..., tuple[Path, Path, Path]]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes a key, a certificate that it signed for itself, and its public key, as PEM files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def made(days: int = 30) -> tuple[Path, Path, Path]:
        folder = tmp_path_factory.mktemp("keys")
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pctt.danang.gov.vn")])
        start = datetime.now(UTC) - timedelta(days=60)
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=60 + days))
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
        public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        (folder / "public.pem").write_bytes(public)
        return folder / "key.pem", folder / "cert.pem", folder / "public.pem"

    return made


@pytest.fixture(scope="module")
def ours(make: Make) -> tuple[Path, Path, Path]:
    """The publisher's key."""
    return make()


@pytest.fixture(scope="module")
def signed(ours: tuple[Path, Path, Path]) -> bytes:
    """A message that the publisher signed."""
    return sign(MADE, *ours[:2])


def refused(message: bytes, certificate: Path, tmp_path: Path) -> tuple[str, str]:
    """Code and reason of the one finding; nothing is stored."""
    reading = read_cap(message, "m.xml", trust=read_trust([certificate]))
    store = Store(tmp_path / "store")
    with pytest.raises(BatchRefused):
        reading.into(store, now=NOW)
    assert not store.exists
    [found] = reading.findings
    assert found.row
    assert found.message("vi") != found.message("en")
    return found.code, str(found.fields.get("reason", ""))


@pytest.mark.parametrize("named", [1, 2])
def test_a_good_one_is_stored_with_the_key_that_signed(
    signed: bytes, ours: tuple[Path, ...], named: int, tmp_path: Path
) -> None:
    reading = read_cap(signed, "m.xml", trust=read_trust([ours[named]]))
    assert not reading.findings
    store = Store(tmp_path / "store")
    reading.into(store, now=NOW)
    rows = store.records("alerts").collect()
    assert rows["signed"].all()
    assert re.fullmatch("sha256:[0-9a-f]{64}", rows["signature"][0])
    plain = read_cap(MADE, "m.xml").records["alerts"]
    assert rows["sha256"].to_list() == plain["sha256"].to_list()
    assert rows.drop("received", "signed", "signature").equals(plain.drop("received", "signed", "signature"))


def test_an_old_and_a_new_certificate_both_count(
    signed: bytes, ours: tuple[Path, ...], make: Make, tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(make()[1].read_bytes() + ours[1].read_bytes())
    assert read_cap(signed, "m.xml", trust=read_trust([both])).ok
    assert read_cap(signed, "m.xml", trust=read_trust([make()[1], ours[2]])).ok


def test_a_file_may_hold_several_keys_and_certificates(make: Make, tmp_path: Path) -> None:
    made = [make(), make(), make()]
    (tmp_path / "all.pem").write_bytes(made[0][2].read_bytes() + made[1][1].read_bytes() + made[2][2].read_bytes())
    trust = read_trust([tmp_path / "all.pem"])
    assert (len(trust.certificates), len(trust.keys)) == (1, 2)
    for key, certificate, _ in made:
        assert read_cap(sign(MADE, key, certificate), "m.xml", trust=trust).ok


def test_without_a_named_key_it_is_kept_and_marked(signed: bytes, tmp_path: Path) -> None:
    assert read_cap(signed, "m.xml").records["alerts"]["signature"].unique().to_list() == ["unchecked"]
    assert read_cap(MADE, "m.xml").records["alerts"]["signature"].null_count() > 0
    (tmp_path / "m.xml").write_bytes(signed)
    assert read(tmp_path / "m.xml", "cap").ok


def test_an_altered_byte_is_refused(signed: bytes, ours: tuple[Path, ...], tmp_path: Path) -> None:
    for old, new in ((b">Severe<", b">Minor<"), (b"<sender>", b"<sender>x")):
        assert old in signed
        forged = signed.replace(old, new, 1)
        assert refused(forged, ours[1], tmp_path) == ("signature-bad", "watch_why_altered")
    value = signed.index(b"SignatureValue>") + 20
    forged = signed[:value] + (b"A" if signed[value : value + 1] != b"A" else b"B") + signed[value + 1 :]
    assert refused(forged, ours[1], tmp_path) == ("signature-bad", "watch_why_other_key")


def test_another_key_is_refused_also_one_that_the_message_brings(
    signed: bytes, ours: tuple[Path, ...], make: Make, tmp_path: Path
) -> None:
    other = make()
    for named in (1, 2):
        assert refused(signed, other[named], tmp_path) == ("signature-bad", "watch_why_other_key")
    assert refused(sign(MADE, *other[:2]), ours[1], tmp_path) == ("signature-bad", "watch_why_other_key")


def test_a_certificate_out_of_its_time_is_refused(make: Make, tmp_path: Path) -> None:
    old = make(-1)
    assert refused(sign(MADE, *old[:2]), old[1], tmp_path) == ("signature-bad", "watch_why_certificate")


def test_a_message_without_a_signature_is_refused_where_one_is_wanted(ours: tuple[Path, ...], tmp_path: Path) -> None:
    assert refused(MADE, ours[1], tmp_path) == ("signature-missing", "")


def wrapped(signed: bytes, where: str) -> bytes:
    """The signed message hidden within a forged one, its signature where it looks right."""
    root = etree.fromstring(signed)
    genuine = copy.deepcopy(root)
    for node in root.iter(f"{{{CAP}}}severity"):
        node.text = "Minor"
    signature = root.find(f"{{{DS}}}Signature")
    assert signature is not None
    if where == "object":
        etree.SubElement(signature, f"{{{DS}}}Object").append(genuine)
    elif where == "reference":
        inner = etree.SubElement(signature, f"{{{DS}}}Object")
        inner.append(genuine)
        genuine.set("Id", "genuine")
        signature.find(f".//{{{DS}}}Reference").set("URI", "#genuine")
    elif where == "info":
        root.remove(signature)
        info = root.find(f"{{{CAP}}}info")
        assert info is not None
        info.append(signature)
    else:
        root.append(copy.deepcopy(signature))
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("object", "watch_why_one_signature"),
        ("reference", "watch_why_one_signature"),
        ("info", ""),
        ("twice", "watch_why_one_signature"),
    ],
)
def test_a_signature_over_something_else_is_refused(
    where: str, reason: str, signed: bytes, ours: tuple[Path, ...], tmp_path: Path
) -> None:
    reading = read_cap(wrapped(signed, where), "m.xml", trust=read_trust([ours[1]]))
    assert not reading.ok
    assert not reading.records
    if reason:
        assert [(f.code, f.fields["reason"]) for f in reading.findings] == [("signature-bad", reason)]


def resigned(ours: tuple[Path, ...], uri: str, within: str = "") -> bytes:
    """A message whose signer, with the right key, let the reference point elsewhere."""
    from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod
    from signxml.signer import XMLSigner

    root = etree.fromstring(MADE)
    part = etree.fromstring(f'<x xmlns="urn:x" Id="part">{within}</x>')
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloping, signature_algorithm="ecdsa-sha256",
        digest_algorithm=DigestAlgorithm.SHA256,
    )  # fmt: skip
    made = signer.sign(part, key=ours[0].read_bytes(), cert=ours[1].read_text(encoding="ascii"), reference_uri="part")
    made.find(f".//{{{DS}}}Reference").set("URI", uri)
    root.append(made)
    return bytes(etree.tostring(root))


def test_a_part_that_is_signed_does_not_vouch_for_the_rest(ours: tuple[Path, ...], tmp_path: Path) -> None:
    assert refused(resigned(ours, "#part"), ours[1], tmp_path) == ("signature-bad", "watch_why_part")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/x", "https://example.org/x", "file:///etc/passwd", "other.xml"])
def test_a_reference_to_the_outside_is_refused_without_asking(
    uri: str, ours: tuple[Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*args: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", asked)
    assert refused(resigned(ours, uri), ours[1], tmp_path) == ("signature-bad", "watch_why_outside")


def test_a_transform_that_hides_content_is_refused(signed: bytes, ours: tuple[Path, ...], tmp_path: Path) -> None:
    root = etree.fromstring(signed)
    transforms = root.find(f".//{{{DS}}}Transforms")
    assert transforms is not None
    etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
    assert refused(bytes(etree.tostring(root)), ours[1], tmp_path) == ("signature-bad", "watch_why_transform")


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_no_certificate_is_told(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.pem").write_text(text, encoding="utf-8")
    (tmp_path / "m.xml").write_bytes(MADE)
    words = ["feed", "check", str(tmp_path / "m.xml"), "--kind", "cap", "--certificate", str(tmp_path / "x.pem")]
    assert main(words) == 2
    assert "x.pem" in capsys.readouterr().err
    assert main([*words[:-1], str(tmp_path / "none.pem")]) == 2
    assert main([*words[:4], "hub", *words[5:]]) == 2


def test_an_update_without_a_checked_signature_does_not_end_one_that_has_it(
    signed: bytes, ours: tuple[Path, ...]
) -> None:
    first = read_cap(signed, "m.xml", "hub", trust=read_trust([ours[1]])).records["alerts"]
    head = first.row(0, named=True)
    told = f"{head['sender']},{head['identifier']},{head['sent'].isoformat()}"
    cancel = MADE.replace(b"<msgType>Alert</msgType>", b"<msgType>Cancel</msgType>")
    cancel = cancel.replace(head["identifier"].encode(), b"forged-1")
    cancel = re.sub(rb"(</scope>)", rb"\1<references>" + told.encode() + rb"</references>", cancel)
    states = {}
    for name, message, trust in (("plain", cancel, None), ("signed", sign(cancel, *ours[:2]), read_trust([ours[1]]))):
        second = read_cap(message, "c.xml", "hub", trust=trust)
        assert second.ok, second.findings
        found = WatchFindings()
        rows = pl.concat([first, second.records["alerts"]])
        made = alert_states(rows, head["sent"] + timedelta(hours=1), findings=found)
        states[name] = (made.filter(pl.col("identifier") == head["identifier"])["state"][0], [f.code for f in found])
    assert states == {"plain": ("active", ["reference-unsigned"]), "signed": ("cancelled", [])}


def test_a_copy_without_a_checked_signature_takes_nothing_from_the_checked_one(
    signed: bytes, ours: tuple[Path, ...]
) -> None:
    checked = read_cap(signed, "m.xml", "hub", trust=read_trust([ours[1]])).records["alerts"]
    head = checked.row(0, named=True)
    copy = read_cap(MADE, "m.xml", "hub").records["alerts"]
    told = f"{head['sender']},{head['identifier']},{head['sent'].isoformat()}"
    cancel = copy.with_columns(msgType=pl.lit("Cancel"), references=pl.lit(told), identifier=pl.lit("forged-1"))
    found = WatchFindings()
    made = alert_states(pl.concat([copy, cancel, checked]), head["sent"] + timedelta(hours=1), findings=found)
    ours_ = made.filter(pl.col("identifier") == head["identifier"])
    assert [f.code for f in found] == ["reference-unsigned"]
    assert set(ours_["state"]) == {"active"}
    assert ours_["signature"].str.starts_with("sha256:").all()


@pytest.mark.parametrize("again", [False, True])
def test_what_came_first_without_a_signature_does_not_keep_the_signed_message_out(
    signed: bytes, ours: tuple[Path, ...], tmp_path: Path, again: bool
) -> None:
    trust = read_trust([ours[1]])
    for name, first in (("copy", MADE), ("forged", MADE.replace(b">Severe<", b">Minor<"))):
        store = Store(tmp_path / name)
        read_cap(first, "m.xml", "hub").into(store, now=NOW)
        store = Store(tmp_path / name) if again else store
        assert read_cap(signed, "m.xml", "hub", trust=trust).into(store, now=NOW).entry is not None, name
        store = Store(tmp_path / name) if again else store
        assert read_cap(signed, "m.xml", "hub", trust=trust).into(store, now=NOW).entry is None, name
        assert read_cap(MADE, "m.xml", "hub").into(store, now=NOW).entry is None, name
        with pytest.raises(BatchRefused) as refused:
            read_cap(MADE.replace(b">Severe<", b">Extreme<"), "m.xml", "hub").into(store, now=NOW)
        assert [f.code for f in refused.value.findings] == ["record-conflict"]
        held = alert_states(store.records("alerts").collect(), NOW)
        assert held["signature"].str.starts_with("sha256:").all()
        assert held.height == read_cap(MADE, "m.xml").records["alerts"].height


def test_alerts_of_an_older_store_are_read_as_unchecked(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    read_cap(MADE, "m.xml").into(store, now=NOW)
    [file] = (tmp_path / "store" / "alerts").glob("*.parquet")
    pl.read_parquet(file).drop("signature").write_parquet(file)
    rows = Store(tmp_path / "store").records("alerts").collect()
    assert rows.columns == list(ALERTS)
    assert rows["signature"].null_count() == rows.height


def test_the_command_and_polling_take_the_certificate(
    signed: bytes,
    ours: tuple[Path, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, message in (("good", signed), ("bad", signed.replace(b">Severe<", b">Minor<", 1)), ("plain", MADE)):
        (tmp_path / f"{name}.xml").write_bytes(message)
    store = str(tmp_path / "s")
    words = ["--kind", "cap", "--store", store, "--certificate", str(ours[1]), "--lang", "en"]
    assert main(["feed", "read", str(tmp_path / "bad.xml"), *words]) == 1
    assert "changed after it was signed" in capsys.readouterr().out
    assert main(["feed", "read", str(tmp_path / "good.xml"), *words]) == 0
    assert main(["observe", "alerts", "--store", store, "--lang", "vi"]) == 0
    assert "đã kiểm" in capsys.readouterr().out

    from khien.watch.feeds import polling
    from khien.watch.feeds.fetching import Answer

    monkeypatch.setattr(polling, "fetch", lambda *a, **k: Answer(200, MADE))
    feed = Feed("http://x.vn/a", "cap", tmp_path / "state.json", trust=read_trust([ours[1]]))
    [polled] = poll(feed, Store(tmp_path / "p"), clock=lambda: NOW)
    assert (polled.status, [f.code for f in polled.findings]) == ("refused", ["signature-missing"])
    assert not Store(tmp_path / "p").exists


def test_of_an_rss_feed_each_linked_message_must_be_signed(
    signed: bytes, ours: tuple[Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from khien.watch.feeds import polling
    from khien.watch.feeds.fetching import Answer

    told = "<title>t</title><pubDate>Sun, 28 Sep 2025 03:00:00 GMT</pubDate>"
    items = "".join(f"<item>{told}<link>http://x.vn/{name}.xml</link></item>" for name in ("good", "plain"))
    index = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()
    pages = {"http://x.vn/feed": index, "http://x.vn/good.xml": signed, "http://x.vn/plain.xml": MADE}
    monkeypatch.setattr(polling, "fetch", lambda url, *a, **k: Answer(200, pages[url]))
    feed = Feed("http://x.vn/feed", "rss", tmp_path / "state.json", pause=0, trust=read_trust([ours[1]]))
    [polled] = poll(feed, Store(tmp_path / "s"), clock=lambda: NOW)
    assert polled.followed == 1
    assert "signature-missing" in [f.code for f in polled.findings]
    assert Store(tmp_path / "s").records("alerts").collect()["signature"].null_count() == 0
