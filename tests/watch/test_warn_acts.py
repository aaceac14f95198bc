"""Warnings and their journal: who may do what in which state, and that nothing confirmed is ever lost."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from khien.watch.warn import acts
from khien.watch.warn.content import Content
from khien.watch.warn.findings import WarnError
from khien.watch.warn.journal import FILE, Journal
from khien.watch.warn.states import Desk, Record, desk

NOW = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)
WHO, BOSS, THIRD = "Trực ban Đà Nẵng", "Chánh Văn phòng", "Phó Chánh Văn phòng"


def storm(**changes: Any) -> Content:
    told: dict[str, Any] = {
        "hazard": "storm",
        "level": 4,
        "areas": ("48", "46"),
        "onset": NOW + timedelta(hours=30),
        "expires": NOW + timedelta(hours=60),
        "headline_vi": "Bão số 9 đổ bộ Đà Nẵng, Huế",
        "headline_en": "Storm no. 9 makes landfall",
        "probability": 0.7,
    }
    return Content(**{**told, **changes})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "journal")
    acts.open_journal(made, "pctt.danang.gov.vn", "Ban Chỉ huy Đà Nẵng", "Da Nang command", by=BOSS, now=NOW)
    return made


def state(journal: Journal, ref: str) -> Record:
    return desk(journal.read()).get(ref)


def official(journal: Journal, content: Content | None = None, now: datetime = NOW) -> str:
    ref = acts.propose(journal, content or storm(), by=WHO, why="mô hình và ra-đa", now=now).warning
    acts.review(journal, ref, by=THIRD, why="xem bản tin 06 giờ", now=now)
    acts.approve(journal, ref, by=BOSS, why="thống nhất", now=now)
    return ref


def code(act: Callable[[], Any]) -> str:
    with pytest.raises(WarnError) as error:
        act()
    finding = error.value.findings[0]
    assert finding.message("vi") != finding.message("en")
    assert finding.way_out("vi") != finding.way_out("en")
    return finding.code


def test_a_warning_goes_from_signal_to_official_to_stood_down(journal: Journal) -> None:
    ref = acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW).warning
    assert ref == "2026-0001-storm"
    assert state(journal, ref).state == "signal"
    acts.review(journal, ref, by=THIRD, why="đã xem", now=NOW)
    assert state(journal, ref).state == "review"
    assert state(journal, ref).messages == []
    acts.approve(journal, ref, by=BOSS, why="thống nhất", now=NOW)
    found = state(journal, ref)
    assert (found.state, found.content.areas) == ("official", ("46", "48"))
    assert [m.kind for m in found.messages] == ["Alert"]
    acts.stand_down(journal, ref, by=BOSS, why="bão đã tan", now=NOW)
    found = state(journal, ref)
    assert (found.state, [m.kind for m in found.messages]) == ("stood-down", ["Alert", "AllClear"])
    assert [(s.act, s.by, s.reason) for s in found.steps][2] == ("approve", BOSS, "thống nhất")


@pytest.mark.parametrize("by", [WHO, "  trực  BAN đà nẵng ", unicodedata.normalize("NFD", WHO)])
def test_whoever_wrote_it_cannot_approve_it_under_any_spelling(journal: Journal, by: str) -> None:
    ref = acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW).warning
    acts.review(journal, ref, by=WHO, why="đã xem", now=NOW)
    assert code(lambda: acts.approve(journal, ref, by=by, why="tự duyệt", now=NOW)) == "own-proposal"
    assert state(journal, ref).state == "review"


@pytest.mark.parametrize("by", ["", " ", "khien", "Khiên", "SYSTEM", "tự động", "x", "a\x00b", "y" * 121])
def test_every_act_needs_somebody(journal: Journal, by: str) -> None:
    ref = acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW).warning
    before = journal.path.read_bytes()
    for act in (acts.review, acts.approve, acts.cancel, acts.stand_down):
        assert code(lambda act=act: act(journal, ref, by=by, why="lý do")) == "nobody"  # type: ignore[misc]
        assert code(lambda act=act: act(journal, ref, by=BOSS, why=" ")) == "no-reason"  # type: ignore[misc]
    assert code(lambda: acts.propose(journal, storm(hazard="flood"), by=by, why="mô hình", now=NOW)) == "nobody"
    assert journal.path.read_bytes() == before


def test_steps_cannot_be_left_out_or_repeated(journal: Journal) -> None:
    ref = acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW).warning
    assert code(lambda: acts.approve(journal, ref, by=BOSS, why="nhanh", now=NOW)) == "not-under-review"
    assert code(lambda: acts.cancel(journal, ref, by=BOSS, why="nhầm", now=NOW)) == "not-official"
    acts.review(journal, ref, by=THIRD, why="đã xem", now=NOW)
    assert code(lambda: acts.review(journal, ref, by=THIRD, why="lần nữa", now=NOW)) == "already-under-review"
    acts.approve(journal, ref, by=BOSS, why="thống nhất", now=NOW)
    assert code(lambda: acts.review(journal, ref, by=THIRD, why="lần nữa", now=NOW)) == "nothing-pending"
    acts.cancel(journal, ref, by=BOSS, why="gửi nhầm", now=NOW)
    assert code(lambda: acts.stand_down(journal, ref, by=BOSS, why="hết", now=NOW)) == "closed"
    assert code(lambda: acts.review(journal, "2026-0001-strom", by=BOSS, why="lỗi gõ", now=NOW)) == "no-such-warning"


def test_a_signal_may_be_laid_aside_and_sends_nothing(journal: Journal) -> None:
    ref = acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW).warning
    acts.stand_down(journal, ref, by=THIRD, why="đổi hướng", now=NOW)
    assert (state(journal, ref).state, state(journal, ref).messages) == ("stood-down", [])


def test_an_update_waits_for_somebody_else_while_the_old_text_holds(journal: Journal) -> None:
    ref = official(journal)
    acts.update(journal, ref, storm(level=5), by=THIRD, why="mạnh thêm", now=NOW)
    found = state(journal, ref)
    assert (found.state, found.content.level, found.pending and found.pending.level) == ("official", 4, 5)
    acts.review(journal, ref, by=WHO, why="đã xem", now=NOW)
    assert code(lambda: acts.approve(journal, ref, by=THIRD, why="tự duyệt", now=NOW)) == "own-proposal"
    acts.approve(journal, ref, by=BOSS, why="thống nhất", now=NOW)
    found = state(journal, ref)
    assert (found.content.level, found.pending) == (5, None)
    assert [(m.kind, m.content.level) for m in found.messages] == [("Alert", 4), ("Update", 5)]


def test_a_change_after_the_review_needs_a_new_review(journal: Journal) -> None:
    ref = acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW).warning
    acts.review(journal, ref, by=THIRD, why="đã xem", now=NOW)
    acts.update(journal, ref, storm(level=3), by=BOSS, why="giảm", now=NOW)
    assert state(journal, ref).state == "signal"
    assert code(lambda: acts.approve(journal, ref, by=THIRD, why="duyệt", now=NOW)) == "not-under-review"
    acts.review(journal, ref, by=THIRD, why="đã xem", now=NOW)
    # Both who proposed it and who changed it wrote it.
    assert code(lambda: acts.approve(journal, ref, by=BOSS, why="duyệt", now=NOW)) == "own-proposal"
    assert code(lambda: acts.approve(journal, ref, by=WHO, why="duyệt", now=NOW)) == "own-proposal"
    acts.approve(journal, ref, by=THIRD, why="duyệt", now=NOW)
    assert state(journal, ref).content.level == 3


def test_a_drill_never_becomes_a_warning_and_says_what_it_is(journal: Journal) -> None:
    ref = official(journal, storm(exercise=True))
    assert ref == "2026-0001-storm-exercise"
    assert code(lambda: acts.update(journal, ref, storm(), by=WHO, why="thật", now=NOW)) == "cannot-change"
    found = state(journal, ref)
    assert found.exercise
    assert found.content.text("headline", "vi").startswith("[DIỄN TẬP] ")
    assert found.content.text("headline", "en").startswith("[EXERCISE] ")
    assert found.content.text("instruction", "en") == ""


def test_time_runs_out_without_anybody_doing_anything(journal: Journal) -> None:
    ref = official(journal)
    assert not state(journal, ref).expired(NOW + timedelta(hours=59))
    assert state(journal, ref).expired(NOW + timedelta(hours=60))
    assert state(journal, ref).state == "official"
    late = NOW + timedelta(hours=61)
    ref = acts.propose(journal, storm(expires=NOW + timedelta(hours=90)), by=WHO, why="đợt hai", now=late).warning
    acts.review(journal, ref, by=WHO, why="đã xem", now=late)
    over = NOW + timedelta(hours=90)
    assert code(lambda: acts.approve(journal, ref, by=BOSS, why="muộn", now=over)) == "already-over"


def test_what_is_open_already_is_not_proposed_again(journal: Journal) -> None:
    ref = official(journal)
    again = storm(areas=("48",), level=3)
    assert code(lambda: acts.propose(journal, again, by=THIRD, why="nguồn khác", now=NOW)) == "repeats"
    acts.propose(journal, again, by=THIRD, why="cơn bão khác", despite=ref, now=NOW)
    acts.propose(journal, storm(areas=("01",)), by=THIRD, why="nơi khác", now=NOW)
    acts.propose(journal, storm(hazard="flood"), by=THIRD, why="loại khác", now=NOW)
    acts.propose(journal, storm(exercise=True), by=THIRD, why="diễn tập", now=NOW)
    later = storm(onset=NOW + timedelta(hours=60), expires=NOW + timedelta(hours=70))
    acts.propose(journal, later, by=THIRD, why="lúc khác", now=NOW)


def test_everything_wrong_with_a_text_is_said_at_once(journal: Journal) -> None:
    bad = storm(
        hazard="Bão", level=6, areas=("99", "48"), expires=NOW, headline_en=" ", probability=1.5, description_vi="a\x07"
    )
    with pytest.raises(WarnError) as error:
        acts.propose(journal, bad, by=WHO, why="mô hình", now=NOW)
    assert [f.code for f in error.value.findings] == [
        "not-a-hazard", "not-a-level", "not-an-area", "ends-before-it-begins", "not-a-probability",
        "no-headline", "control-character",
    ]  # fmt: skip
    naive = storm(onset=datetime(2026, 9, 15))  # noqa: DTZ001
    assert code(lambda: acts.propose(journal, naive, by=WHO, why="mô hình", now=NOW)) == "no-zone"
    long = storm(headline_vi="x" * 161)
    assert code(lambda: acts.propose(journal, long, by=WHO, why="mô hình", now=NOW)) == "text-too-long"
    assert code(lambda: acts.propose(journal, storm(areas=()), by=WHO, why="mô hình", now=NOW)) == "no-area"
    past = storm(onset=NOW - timedelta(hours=3), expires=NOW - timedelta(hours=1))
    assert code(lambda: acts.propose(journal, past, by=WHO, why="mô hình", now=NOW)) == "already-over"


def test_what_is_warned_of_has_a_name_in_both_languages(journal: Journal) -> None:
    typo = storm(hazard="strom")
    assert code(lambda: acts.propose(journal, typo, by=WHO, why="gõ nhầm", now=NOW)) == "threat-without-name"
    half = storm(hazard="locusts", event_vi="Châu chấu")
    assert code(lambda: acts.propose(journal, half, by=WHO, why="tin báo", now=NOW)) == "threat-without-name"
    whole = storm(hazard="locusts", event_vi="Châu chấu", event_en="Locusts")
    found = state(journal, acts.propose(journal, whole, by=WHO, why="tin báo", now=NOW).warning).content
    assert (found.event("vi"), found.event("en")) == ("Châu chấu", "Locusts")
    assert storm(hazard="epidemic").event("vi") == "Dịch bệnh truyền nhiễm ở người"
    assert storm().event("en") == "Storm, tropical depression"


def test_an_update_that_waits_counts_for_what_is_open_too(journal: Journal) -> None:
    ref = official(journal, storm(areas=("48",)))
    acts.update(journal, ref, storm(areas=("46",)), by=WHO, why="đổi hướng", now=NOW)
    for area in ("46", "48"):
        again = storm(areas=(area,), level=2)
        assert code(lambda again=again: acts.propose(journal, again, by=WHO, why="tin", now=NOW)) == "repeats"  # type: ignore[misc]


def test_who_was_reached_and_who_confirmed(journal: Journal) -> None:
    ref = official(journal)
    acts.sent(journal, ref, ["48", "20333", "don-bien-phong-1"], by=WHO, now=NOW)
    acts.confirmed(journal, ref, ["48"], by=WHO, now=NOW + timedelta(minutes=7))
    found = state(journal, ref).reached
    assert set(found) == {"48", "20333", "don-bien-phong-1"}
    assert found["48"]["confirmed"] - found["48"]["sent"] == timedelta(minutes=7)
    for wrong in ("0905123456", "Nguyễn Văn A", "a@b.vn", "48 "):
        assert code(lambda wrong=wrong: acts.sent(journal, ref, [wrong], by=WHO)) == "not-a-receiver"  # type: ignore[misc]
    assert code(lambda: acts.sent(journal, ref, [], by=WHO)) == "no-receiver"
    signal_id = acts.propose(journal, storm(hazard="flood"), by=WHO, why="mưa", now=NOW).warning
    assert code(lambda: acts.sent(journal, signal_id, ["48"], by=WHO)) == "not-official"


def test_a_journal_is_opened_once_and_by_a_sender_that_cap_can_name(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert code(journal.read) == "no-journal"
    assert code(lambda: acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW)) == "no-journal"
    assert not journal.folder.exists()
    for wrong in ("a b", "a,b", "", "<x>"):
        assert code(lambda w=wrong: acts.open_journal(journal, w, "Tên", "Name", by=BOSS)) == "not-a-sender"  # type: ignore[misc]
    assert not journal.folder.exists()
    acts.open_journal(journal, "a.gov.vn", "Tên", "Name", by=BOSS)
    assert code(lambda: acts.open_journal(journal, "a.gov.vn", "Tên", "Name", by=BOSS)) == "already-open"


@pytest.mark.parametrize("change", ["edit", "drop", "swap", "insert", "hash", "garbage"])
def test_a_changed_past_is_never_read(journal: Journal, change: str) -> None:
    official(journal)
    lines = journal.path.read_text(encoding="utf-8").splitlines(keepends=True)
    if change == "edit":
        lines[3] = lines[3].replace("Chánh", "Phó Chánh")
    elif change == "drop":
        del lines[2]
    elif change == "swap":
        lines[1], lines[2] = lines[2], lines[1]
    elif change == "insert":
        lines.insert(2, lines[1])
    elif change == "hash":
        lines[2] = json.dumps({**json.loads(lines[2]), "hash": "0" * 64}) + "\n"
    else:
        lines[2] = "[" * 100_000 + "\n"
    journal.path.write_text("".join(lines), encoding="utf-8")
    before = journal.path.read_bytes()
    assert code(journal.read) == "journal-broken"
    assert code(lambda: acts.propose(journal, storm(hazard="flood"), by=WHO, why="x y z", now=NOW)) == "journal-broken"
    assert journal.path.read_bytes() == before


def test_half_a_line_was_never_confirmed_and_is_put_aside(journal: Journal) -> None:
    ref = official(journal)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + b'{"seq":5,"at":"2026-09')
    assert state(journal, ref).state == "official"
    acts.stand_down(journal, ref, by=BOSS, why="đã tan", now=NOW)
    assert journal.path.read_bytes().startswith(whole)
    assert state(journal, ref).state == "stood-down"
    torn = list(journal.folder.glob("*.torn-*"))
    assert [path.read_bytes() for path in torn] == [b'{"seq":5,"at":"2026-09']


def test_a_full_disk_confirms_nothing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    before = journal.path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW)
    assert journal.path.read_bytes() == before


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from khien.watch.warn import acts
from khien.watch.warn.content import Content
from khien.watch.warn.journal import Journal
journal, who = Journal(Path(sys.argv[1])), sys.argv[2]
now = datetime.now(UTC)
n = 0
while True:
    text = Content("storm", 1 + n % 5, ("48",), now, now + timedelta(hours=9), f"{who} {n}", "Storm")
    entry = acts.update(journal, sys.argv[3], text, by=who, why="thử")
    print(entry.seq, entry.hash, flush=True)
    n += 1
"""


def test_writers_that_are_killed_lose_nothing_they_confirmed(journal: Journal, tmp_path: Path) -> None:
    """Three at a time, killed at different moments: every line that any of them printed is in the journal."""
    ref = official(journal, storm(expires=datetime.now(UTC) + timedelta(days=30)), now=datetime.now(UTC))
    script = tmp_path / "writer.py"
    script.write_text(WRITER, encoding="utf-8")
    printed = []
    for wait in (0.25, 0.4):
        running = [
            subprocess.Popen(
                [sys.executable, str(script), str(journal.folder), f"Người {n}", ref],
                stdout=subprocess.PIPE,
                text=True,
            )
            for n in (1, 2, 3)
        ]
        for process in running:
            assert process.stdout is not None
            printed.append(process.stdout.readline().split())
        time.sleep(wait)
        for process in running:
            process.send_signal(signal.SIGKILL)
            rest, _ = process.communicate()
            printed += [line.split() for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    kept = {str(entry.seq): entry.hash for entry in journal.read()}
    assert len(printed) > 6
    assert [line for line in printed if kept.get(line[0]) != line[1]] == []
    acts.update(journal, ref, storm(expires=datetime.now(UTC) + timedelta(days=9)), by=WHO, why="sau đó")


@given(st.lists(st.text(min_size=3, max_size=30), max_size=5))
def test_any_reason_survives_the_journal(tmp_path_factory: pytest.TempPathFactory, reasons: list[str]) -> None:
    journal = Journal(tmp_path_factory.mktemp("any"))
    acts.open_journal(journal, "a.gov.vn", "Tên", "Name", by=BOSS, now=NOW)
    kept = []
    for n, why in enumerate(reasons):
        content = storm(areas=(("01", "04", "08", "11", "12")[n],))
        sound = unicodedata.normalize("NFC", why).strip()
        if len(sound) < 3 or re.search(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]", sound):
            assert code(lambda: acts.propose(journal, content, by=WHO, why=why, now=NOW)) == "no-reason"  # noqa: B023
        else:
            kept.append((acts.propose(journal, content, by=WHO, why=why, now=NOW).warning, sound))
    for ref, why in kept:
        assert state(journal, ref).steps[0].reason == why


class Desks(RuleBasedStateMachine):
    """Anything anybody may try, in any order: only a reviewed text of somebody else ever becomes official."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.journal = Journal(Path(self.folder.name))
        acts.open_journal(self.journal, "a.gov.vn", "Tên", "Name", by=BOSS, now=NOW)
        self.ids: list[str] = ["2026-0001-storm"]

    people = st.sampled_from([WHO, BOSS, THIRD])

    @rule(by=people, area=st.sampled_from(["01", "04"]), exercise=st.booleans())
    def propose(self, by: str, area: str, exercise: bool) -> None:
        content = storm(areas=(area,), exercise=exercise)
        self.attempt(lambda: acts.propose(self.journal, content, by=by, why="thử", now=NOW))

    @rule(by=people, n=st.integers(0, 3), act=st.sampled_from(["review", "approve", "cancel", "stand_down"]))
    def step(self, by: str, n: int, act: str) -> None:
        self.attempt(lambda: getattr(acts, act)(self.journal, self.ids[n % len(self.ids)], by=by, why="thử", now=NOW))

    @rule(by=people, n=st.integers(0, 3), level=st.integers(1, 5), exercise=st.booleans())
    def update(self, by: str, n: int, level: int, exercise: bool) -> None:
        content = storm(level=level, exercise=exercise)
        ref = self.ids[n % len(self.ids)]
        self.attempt(lambda: acts.update(self.journal, ref, content, by=by, why="thử", now=NOW))

    def attempt(self, act: Callable[[], Any]) -> None:
        try:
            made = act()
        except WarnError:
            return
        if made.act == "propose":
            self.ids.append(made.warning)

    @invariant()
    def only_others_make_it_official(self) -> None:
        entries = self.journal.read()
        known: Desk = desk(entries)
        for record in known.warnings.values():
            for message in record.messages:
                if message.kind in ("Alert", "Update"):
                    assert [e.act for e in entries if e.warning == record.id and e.seq <= message.entry][-2:] == [
                        "review", "approve",
                    ]  # fmt: skip
            authors: set[str] = set()
            for entry in entries:
                if entry.warning != record.id:
                    continue
                if entry.act in ("propose", "update"):
                    authors.add(entry.by)
                elif entry.act == "approve":
                    assert entry.by not in authors
                    authors = set()
            assert (record.official is not None) == any(step.act == "approve" for step in record.steps)

    def teardown(self) -> None:
        self.folder.cleanup()


def test_no_order_of_acts_makes_a_warning_official_by_its_author() -> None:
    from hypothesis import settings

    run_state_machine_as_test(Desks, settings=settings(max_examples=25, stateful_step_count=15, deadline=None))  # type: ignore[no-untyped-call]


FORGED: list[list[tuple[str, str, dict[str, Any]]]] = [
    [("approve", BOSS, {"reason": "nhanh"})],
    [("review", WHO, {"reason": "xem"}), ("approve", WHO.upper(), {"reason": "tự duyệt"})],
    [("review", WHO, {"reason": "xem"}), ("approve", "khien", {"reason": "máy"})],
    [("review", WHO, {"reason": "xem"}), ("approve", BOSS, {"reason": ""})],
    [("review", WHO, {"reason": "xem"}), ("review", WHO, {"reason": "xem"})],
    [("cancel", BOSS, {"reason": "chưa phát"})],
    [("stand-down", BOSS, {"reason": "thôi"}), ("review", WHO, {"reason": "xem"})],
    [("sent", BOSS, {"receivers": ["48"]})],
    [("update", BOSS, {"reason": "thật", "content": storm(exercise=True).to_dict()})],
    [("update", BOSS, {"reason": "thật", "content": {"hazard": "storm"}})],
    [("review", WHO, {})],
]


@pytest.mark.parametrize("steps", FORGED)
def test_a_whole_chain_that_was_made_up_cannot_show_what_nobody_could_do(
    journal: Journal, steps: list[tuple[str, str, dict[str, Any]]]
) -> None:
    ref = acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW).warning
    for act, by, data in steps:
        journal.append(by, lambda entries, act=act, data=data: (act, ref, data), NOW)  # type: ignore[misc]
    journal.read()  # the chain itself holds
    assert code(lambda: desk(journal.read())) == "entry-not-allowed"
    assert code(lambda: acts.propose(journal, storm(hazard="flood"), by=WHO, why="tin", now=NOW)) == "entry-not-allowed"


def test_an_empty_journal_was_never_opened_and_still_can_be(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.path.touch()
    assert code(lambda: acts.propose(journal, storm(), by=WHO, why="mô hình", now=NOW)) == "not-opened"
    assert code(lambda: desk(journal.read())) == "not-opened"
    acts.open_journal(journal, "a.gov.vn", "Tên", "Name", by=BOSS, now=NOW)
    assert desk(journal.read()).warnings == {}


def test_an_act_of_a_newer_version_is_not_guessed(journal: Journal) -> None:
    journal.append(BOSS, lambda entries: ("merge", "", {}), NOW)
    assert code(lambda: desk(journal.read())) == "act-unknown"


def test_the_journal_is_lines_that_other_programs_can_read(journal: Journal) -> None:
    official(journal)
    lines = (journal.folder / FILE).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["act"] for line in lines] == ["open", "propose", "review", "approve"]
    assert "Đà Nẵng" in lines[1]
