"""The pages of the watch: what they show, what they must not show of a past day, and who may do what to a warning."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from django.test import Client
from lxml import html
from tests.office.test_pages_structure import CHECKS
from tests.office.watched import NOW, bare, data, watched

from khien.office.acts import warnings as acts
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.audit import verify
from khien.office.chain import FIELDS
from khien.office.doors import Refused
from khien.office.models import Entry, Grant
from khien.office.rights import Role
from khien.office.watching import Watch
from khien.watch.feeds.cap import read_cap

__all__ = ["bare", "data", "watched"]
Visit = Callable[..., Client]
PARTS = ("waiting", "official")
Act = Callable[..., Actor]


@pytest.fixture
def ids(watched: Watch) -> dict[str, str]:
    """Ids of the warnings by their hazard; they carry the year."""
    desk = watched.desk()
    assert desk is not None
    return {record.content.hazard: name for name, record in desk.warnings.items()}


def pages(ids: dict[str, str]) -> list[str]:
    day = (NOW - timedelta(days=42)).date().isoformat()
    found = ["/watch/", "/watch/?map=warnings", "/watch/?map=dengue-cases", "/watch/?map=salinity-4permille"]
    found += [f"/watch/indicators/{name}/" for name in ("rain-24h?place=42", "dengue-cases", "salinity-4permille")]
    found = [path.replace("?place=42/", "/?place=42") for path in found]
    found += ["/watch/models/", "/watch/models/?indicator=dengue-cases", "/watch/desk/"]
    found += [f"/watch/desk/{name}/" for name in ids.values()]
    found += ["/watch/replay/", f"/watch/replay/?day={day}", f"/watch/replay/?day={day}&basis=issued"]
    return [*found, f"/watch/indicators/rain-24h/?day={day}", f"/watch/models/?day={day}"]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_page_is_there_and_keeps_to_the_rules_of_structure(visit: Visit, ids: dict[str, str], lang: str) -> None:
    browser = visit(Role.DUTY_OFFICER)
    browser.post("/language/", {"language": lang})
    wrong: list[str] = []
    for path in [*pages(ids), "/watch/desk/new/?hazard=rain&area=42", f"/watch/desk/{ids['rain']}/edit/"]:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        text = answer.content.decode()
        page = html.fromstring(text)
        wrong += [f"{path}: {fault}" for check in CHECKS for fault in check(page)]
        wrong += [f"{path}: {found}" for found in re.findall(r"<script>|<style|\sstyle=|\son[a-z]+=", text)]
        assert "'unsafe" not in answer["Content-Security-Policy"], path
        assert page.get("lang") == lang
        marked = {"vi": "SỐ LIỆU MINH HỌA", "en": "ILLUSTRATIVE DATA"}[lang]
        assert marked in text or "/desk/" in path, path
    assert wrong == []


def test_an_office_that_watches_nothing_yet_says_so(visit: Visit, bare: Watch) -> None:
    browser = visit(Role.WARNING_APPROVER)
    for path in ("/watch/", "/watch/models/", "/watch/desk/", "/watch/replay/"):
        assert browser.get(path).status_code == 200, path
    assert b"khien feed" in browser.get("/watch/").content
    assert browser.get("/watch/warnings.atom").status_code == 404
    assert browser.get("/watch/indicators/rain-24h/").status_code == 404
    begun = {"sender": "pctt.example.vn", "name_vi": "Ban Chỉ huy", "name_en": "Command"}
    assert visit(Role.DUTY_OFFICER).post("/watch/desk/", begun).status_code == 403
    assert browser.post("/watch/desk/", begun | {"sender": "?"}).status_code == 422
    assert not Entry.objects.filter(kind="warning").exists()
    assert browser.post("/watch/desk/", begun).status_code == 302
    assert Entry.objects.get(kind="warning").act == "warning.open"
    assert browser.get("/watch/warnings.atom").status_code == 200


def test_the_map_says_in_words_what_it_says_in_colours(visit: Visit, watched: Watch) -> None:
    page = html.fromstring(visit(Role.VIEWER).get("/watch/").content)
    tiles = page.xpath("//section[@id='map']//*[local-name()='title']/text()")
    assert len(tiles) == 36  # 34 provinces, and both special zones
    assert any("Hoàng Sa" in tile for tile in tiles)
    assert any("Trường Sa" in tile for tile in tiles)
    texts = page.xpath("//section[@id='map']//*[local-name()='text' and @font-weight='600']/text()")
    assert {"0", "EX"} <= set(texts)
    assert {text for text in texts if re.fullmatch(r"[1-5](–[1-5])?", text)}
    assert "exercise" in " ".join(tiles).lower()


# --- the desk


def form(**more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "hazard": "storm", "level": "3", "areas": ["22", "31"], "onset": (NOW + timedelta(hours=20)).isoformat(),
        "expires": (NOW + timedelta(hours=50)).isoformat(), "probability": "70", "headline_vi": "Bão vào Hải Phòng",
        "headline_en": "Storm at Hai Phong", "description_vi": "", "description_en": "", "instruction_vi": "",
        "instruction_en": "", "reason": "the track turned", "what": "send",
    }  # fmt: skip
    return told | more


def logged() -> list[tuple[str, dict[str, Any]]]:
    rows = Entry.objects.filter(kind="warning").order_by("seq").values_list("act", "after")
    return [(act, json.loads(after)) for act, after in rows]


def test_from_signal_to_all_clear_each_step_by_the_right_person(visit: Visit, watched: Watch) -> None:
    duty, approver = visit(Role.DUTY_OFFICER), visit(Role.WARNING_APPROVER)
    where = duty.post("/watch/desk/new/", form())["Location"]
    name = where.strip("/").split("/")[-1]

    def act(browser: Client, what: str, reason: str = "as decided") -> int:
        return browser.post(f"{where}act/", {"what": what, "reason": reason}).status_code

    assert act(duty, "review") == 403
    assert act(approver, "approve") == 403  # not in review yet
    assert act(approver, "review") == 302
    assert act(duty, "approve") == 403
    assert act(approver, "approve", reason=" ") == 422
    assert name not in duty.get("/watch/warnings.atom").content.decode()
    assert act(approver, "approve") == 302
    feed = duty.get("/watch/warnings.atom").content.decode()
    assert name in feed
    assert act(duty, "stand-down") == 403
    assert act(approver, "stand-down") == 302
    assert act(approver, "cancel") == 403  # it is over
    assert duty.get(f"{where}edit/").status_code == 403
    page = html.fromstring(duty.get(where).content)
    assert not page.xpath("//section[@id='acts']//button|//a[contains(@href, 'edit')]")
    desk = watched.desk()
    assert desk is not None
    record = desk.warnings[name]
    assert [step.act for step in record.steps] == ["propose", "review", "approve", "stand-down"]
    assert {step.reason for step in record.steps} == {"the track turned", "as decided"}
    mine = [after for act, after in logged() if act != "warning.found"][-4:]
    entries = [entry for entry in watched.entries() if entry.warning == name]
    assert [(m["entry"], m["entry_hash"]) for m in mine] == [(e.seq, e.hash) for e in entries]
    assert verify(Entry.objects.order_by("seq").values(*FIELDS, "hash")).faults == []


def test_who_wrote_a_part_never_approves_it_whatever_their_roles(
    watched: Watch, actor: Act, ids: dict[str, str]
) -> None:
    both = actor(Role.DUTY_OFFICER, "both")
    Grant.objects.create(user=both.person, role=Role.WARNING_APPROVER, place="")
    mine = acts.propose(both, watched_content(watched, ids["rain"]), "mine", despite=ids["rain"])
    with pytest.raises(Refused, match="You wrote a part"):
        acts.review(both, mine, "mine")
    acts.review(actor(Role.WARNING_APPROVER), mine, "looked at")
    with pytest.raises(Refused, match="You wrote a part"):
        acts.approve(both, mine, "mine")
    both.person.name = "another name"
    both.person.save()
    with pytest.raises(Refused, match="You wrote a part"):
        acts.approve(both, mine, "mine under another name")
    acts.approve(actor(Role.WARNING_APPROVER), mine, "sound")


def watched_content(watch: Watch, name: str) -> Any:
    desk = watch.desk()
    assert desk is not None
    return desk.warnings[name].content


def test_what_changed_meanwhile_is_not_approved_unread(
    visit: Visit, ids: dict[str, str], actor: Act, watched: Watch
) -> None:
    approver, where = visit(Role.WARNING_APPROVER), f"/watch/desk/{ids['epidemic']}/"
    page = html.fromstring(approver.get(where).content)
    seen = page.xpath("//input[@name='seen']/@value")[0]
    content = watched_content(watched, ids["epidemic"])
    acts.update(actor(Role.DUTY_OFFICER), ids["epidemic"], dataclasses.replace(content, level=4), "worse")
    acts.review(actor(Role.WARNING_APPROVER, "second"), ids["epidemic"], "looked at")
    answer = approver.post(f"{where}act/", {"what": "approve", "reason": "sound", "seen": seen})
    assert answer.status_code == 422
    assert b"changed after you opened" in answer.content


def test_a_wrong_form_is_told_whole_and_loses_nothing(visit: Visit, watched: Watch) -> None:
    duty, before = visit(Role.DUTY_OFFICER), (len(watched.entries()), len(logged()))
    bad = form(level="", areas=[], headline_en="", expires=(NOW - timedelta(days=1)).isoformat())
    answer = duty.post("/watch/desk/new/", bad)
    assert answer.status_code == 422
    page = html.fromstring(answer.content)
    fields = page.xpath("//ul[@class='findings']//code/text()")
    assert set(fields) >= {"level", "areas", "headline_en", "expires"}
    assert page.xpath("//input[@name='headline_vi']/@value") == ["Bão vào Hải Phòng"]
    assert page.xpath("//select[@name='hazard']//option[@selected]/@value") == ["storm"]
    for wrong in ({"onset": "soon"}, {"probability": "often"}, {"probability": "170"}, {"reason": ""}):
        assert duty.post("/watch/desk/new/", form(**wrong)).status_code == 422, wrong
    assert (len(watched.entries()), len(logged())) == before


def test_a_preview_is_the_message_itself_and_keeps_nothing(visit: Visit, watched: Watch) -> None:
    duty, before = visit(Role.DUTY_OFFICER), len(watched.entries())
    wrong = duty.post("/watch/desk/new/", form(reason="", expires=(NOW - timedelta(days=1)).isoformat(), areas=[]))
    told = html.fromstring(wrong.content.decode()).xpath("//*[@role='alert']")
    assert (wrong.status_code, len(told)) == (422, 2)
    assert len(told[1].xpath(".//li")) >= 2
    answer = duty.post("/watch/desk/new/", form(what="look", exercise="on"))
    assert answer.status_code == 200
    page = html.fromstring(answer.content)
    xml = page.xpath("//pre/code")[0].text_content()
    found = read_cap(xml.encode(), "preview.xml")
    assert not found.findings.errors
    assert found.records["alerts"]["language"].to_list() == ["vi-VN", "en-US"]
    assert found.records["alerts"]["status"].unique().to_list() == ["Exercise"]
    assert [node.get("lang") for node in page.xpath("//section[@id='preview']//article")] == ["vi", "en"]
    assert len(watched.entries()) == before


def test_new_content_for_what_is_official_shows_what_it_changes(visit: Visit, ids: dict[str, str]) -> None:
    page = html.fromstring(visit(Role.WARNING_APPROVER).get(f"/watch/desk/{ids['rain']}/").content)
    assert "4" in page.xpath("//ins/text()")
    assert "level 3" in page.xpath("//h1")[0].text_content()  # what holds, not what waits
    desk = html.fromstring(visit(Role.WARNING_APPROVER).get("/watch/desk/").content)
    levels = {part: desk.xpath(f"//section[@id='{part}']//tbody/tr[1]/td[1]")[0].text_content() for part in PARTS}
    assert levels == {"waiting": "4", "official": "3"}
    assert page.xpath("//section[@id='messages']//a[contains(@href, '-1.cap.xml')]")


def test_feed_and_messages_are_public_and_hold_only_what_is_official(ids: dict[str, str], watched: Watch) -> None:
    stranger = Client()
    answer = stranger.get("/watch/warnings.atom")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)
    atom = "{http://www.w3.org/2005/Atom}"
    told = [entry.findtext(f"{atom}id") or "" for entry in feed.findall(f"{atom}entry")]
    assert len(told) == 2
    assert {name.rpartition(":")[2] for name in told} == {ids["rain"], ids["flood"]}
    for link in feed.findall(f"{atom}entry/{atom}link"):
        message = stranger.get(f"/watch/{link.get('href')}")
        assert message.status_code == 200
        assert not read_cap(message.content, "m.xml").findings.errors
    assert stranger.get("/watch/feed.xml").status_code == 200
    assert stranger.post("/watch/warnings.atom").status_code == 405
    for path in ("/watch/", "/watch/desk/", f"/watch/desk/{ids['rain']}/", "/watch/situation.csv"):
        assert stranger.get(path)["Location"].startswith("/sign-in/"), path
    assert stranger.get(f"/watch/{ids['epidemic']}-1.cap.xml").status_code == 404


def test_the_feed_of_a_demo_is_not_for_strangers(watched: Watch, settings: Any, visit: Visit) -> None:
    settings.CONFIG = dataclasses.replace(settings.CONFIG, demo=True)
    assert Client().get("/watch/warnings.atom").status_code == 302
    assert visit(Role.VIEWER).get("/watch/warnings.atom").status_code == 200


def test_the_log_tells_what_the_journal_has_and_it_not(watched: Watch, actor: Act, ids: dict[str, str]) -> None:
    from khien.watch import warn

    warn.stand_down(watched.journal, ids["salinity"], by="Trực ban tỉnh", why="by the command line")
    made = acts.propose(actor(Role.DUTY_OFFICER), *another(watched, ids))
    acts.review(actor(Role.WARNING_APPROVER, "second"), made, "yes")
    found = [after for act, after in logged() if act == "warning.found" and after["by"] == "Trực ban tỉnh"]
    assert [(row["act"], row["reason"]) for row in found] == [("stand-down", "by the command line")]
    assert [after["entry"] for _, after in logged()] == list(range(1, len(watched.entries()) + 1))


def another(watch: Watch, ids: dict[str, str]) -> tuple[Any, str]:
    return dataclasses.replace(watched_content(watch, ids["rain"]), hazard="storm", areas=("01",)), "another"


def test_an_act_that_the_log_could_not_take_is_told_by_the_next(
    watched: Watch, actor: Act, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the database is away")

    count = len(logged())
    with monkeypatch.context() as patch:
        patch.setattr(acts, "record", fails)
        with pytest.raises(RuntimeError):
            acts.propose(actor(Role.DUTY_OFFICER), *another(watched, ids))
    assert len(logged()) == count
    assert acts.catch_up() == 1
    assert acts.catch_up() == 0
    assert logged()[-1][1]["act"] == "propose"


def test_a_journal_that_was_replaced_or_cut_is_not_written_to(
    watched: Watch, actor: Act, ids: dict[str, str], visit: Visit
) -> None:
    path = watched.journal.path
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-2]))
    with pytest.raises(Trouble, match="does not fit the log"):
        acts.propose(actor(Role.DUTY_OFFICER), *another(watched, ids))
    path.write_bytes(whole.replace(b'"level":3', b'"level":1', 1))
    for page in ("/watch/", "/watch/desk/", "/watch/replay/", "/watch/warnings.atom"):
        answer = visit(Role.AUDITOR).get(page)
        assert answer.status_code == 409, page
        assert b"chain of hashes" in answer.content


# --- what was known


def shown(content: bytes) -> str:
    """What a page shows between its head and its foot, whose tokens may hold any three digits."""
    return content.decode().partition("<main")[2].partition("</main>")[0]


def test_a_past_day_shows_only_what_was_known_then(visit: Visit, watched: Watch, ids: dict[str, str]) -> None:
    browser = visit(Role.VIEWER)
    day = (NOW - timedelta(days=10)).date()
    planted = pl.DataFrame({
        "indicator": ["rain-24h"] * 2, "place": ["01", "04"], "valid": [day, day], "value": [987.5, 876.5],
        "issued": [NOW, datetime.combine(day, time(3), UTC)], "received": [NOW, NOW], "unit": ["mm"] * 2,
    })  # fmt: skip
    watched.store.append(planted, source="a later revision")
    here = shown(browser.get(f"/watch/replay/?day={day}&map=rain-24h").content)
    assert "987" not in here
    assert "876" not in here
    assert ids["rain"] not in here
    published = shown(browser.get(f"/watch/replay/?day={day}&basis=issued").content)
    assert "987" not in published
    assert b"876.5" not in browser.get(f"/watch/situation.csv?day={day}&basis=received").content
    assert b"876.5" in browser.get(f"/watch/situation.csv?day={day}&basis=issued").content
    late = NOW.date() - timedelta(days=1)
    one = browser.get(f"/watch/indicators/rain-24h/fan.csv?place=01&day={late}").content.decode()
    assert "987.5" not in one
    assert max(re.findall(r"\d{4}-\d\d-\d\d", one)) <= (late + timedelta(days=3)).isoformat()
    now = browser.get("/watch/indicators/rain-24h/fan.csv?place=01").content.decode()
    assert "987.5" in now


def test_a_replayed_day_shows_the_warnings_of_that_day(visit: Visit, ids: dict[str, str]) -> None:
    browser = visit(Role.VIEWER)
    then = browser.get(f"/watch/replay/?day={(NOW - timedelta(days=42)).date()}").content.decode()
    assert ids["storm"] in then
    assert "level 4" in then
    before = browser.get(f"/watch/replay/?day={(NOW - timedelta(days=50)).date()}").content.decode()
    assert ids["storm"] not in before
    page = html.fromstring(then)
    form = page.xpath("//form[@data-replay]")[0]
    assert form.xpath(".//input[@type='date']/@value") == [(NOW - timedelta(days=42)).date().isoformat()]
    assert form.xpath(".//label[@hidden]//input[@type='range']")


MADE_UP = (
    "day=2026-13-40", "day=0001-01-01", "day=9999-12-31", "day=%00", "map=../x", "place=zz&horizon=99&model=none",
    "horizon=-1&valid=x", "basis=%F0%9F%92%A5&day=2026-01-01", "indicator=nothing",
)  # fmt: skip


@pytest.mark.parametrize(
    "queries", [("day=%00&map=../x&place=zz&horizon=-1&valid=x&basis=%F0%9F%92%A5",),
                pytest.param(MADE_UP, marks=pytest.mark.slow)],
    ids=["together", "each"],
)  # fmt: skip
def test_made_up_questions_are_answered(visit: Visit, watched: Watch, queries: tuple[str, ...]) -> None:
    browser = visit(Role.VIEWER)
    there = ("", "replay/", "indicators/dengue-cases/", "models/", "situation.csv")
    nowhere = ("indicators/no-such/", "indicators/rain-24h/none.csv", "desk/2026-9999-rain/")
    for query in queries:
        for path in (*there, *nowhere):
            code = 200 if path in there else 404
            assert browser.get(f"/watch/{path}?{query}").status_code == code, (path, query)


@pytest.mark.slow
def test_pictures_carry_their_letters_and_their_numbers_are_there(visit: Visit, watched: Watch) -> None:
    browser = visit(Role.VIEWER)
    for name in ("rain-24h", "dengue-cases"):
        for part in ("fan", "past", "skill", "vintages"):
            for size in ("wide", "narrow"):
                path = f"/watch/indicators/{name}/{part}.vi.{size}.svg?place=79"
                answer = browser.get(path)
                assert answer.status_code == 200, path
                root = ET.fromstring(answer.content)
                assert float(root.get("width", "0")) == {"wide": 960, "narrow": 360}[size]
                assert b"@font-face" in answer.content
                assert "Số liệu minh họa".encode() in answer.content
                assert "sandbox" in answer["Content-Security-Policy"]
            table = browser.get(f"/watch/indicators/{name}/{part}.csv?place=79")
            assert pl.read_csv(table.content).height > 0
            assert table["Content-Disposition"].startswith("attachment")
    assert browser.get("/watch/indicators/salinity-4permille/past.vi.wide.svg").status_code == 404
    assert ET.fromstring(browser.get("/watch/map.svg").content).tag.endswith("svg")


def test_the_demo_is_filled_once_and_says_what_it_is(watched: Watch, actor: Act) -> None:
    from khien.office import watch_demo

    assert watched.illustrative
    assert not watch_demo.fill(actor(Role.DUTY_OFFICER), actor(Role.WARNING_APPROVER))
    sources = watched.store.observations("rain-24h").select(pl.col("source").unique()).collect()["source"].to_list()
    assert sources == [watch_demo.SOURCE]
    desk = watched.desk()
    assert desk is not None
    texts = [(r.content.headline_vi, r.content.headline_en) for r in desk.warnings.values()]
    assert all("minh họa" in vi and "illustrative" in en for vi, en in texts)
    assert {r.state for r in desk.warnings.values()} == {"signal", "review", "official", "stood-down"}


def test_forecasts_are_read_from_any_file_and_the_last_one_counts(bare: Watch, data: Path) -> None:
    shutil.copytree(data, bare.folder)
    first = bare.forecasts("rain-24h")
    assert first.schema["reference"] == pl.Date
    more = first.head(23).with_columns(value=pl.lit(1.5), reference=pl.col("reference").cast(pl.Datetime))
    more.write_parquet(bare.folder / "forecasts" / "later.parquet")
    again = bare.forecasts("rain-24h")
    assert again.height == first.height
    assert again.head(23)["value"].unique().to_list() == [1.5]
    assert isinstance(again["target"][0], date)
