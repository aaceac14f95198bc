"""What warnings and promises were worth, on a page; what of the watch needs a person, on Today and for programs."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from django.test import Client
from lxml import html
from tests.office.test_pages_structure import CHECKS
from tests.office.watched import NOW, bare, data, watched

from khien.board.asking import wishes
from khien.board.charts.watch_now import unit_name
from khien.board.charts.watch_plot import Plot
from khien.office.acts.record import Actor
from khien.office.acts.tokens import make_token
from khien.office.acts.trouble import Trouble
from khien.office.rights import Role
from khien.office.watch_demo import INDICATORS
from khien.office.watch_demo_past import MISSED, WARNED
from khien.office.watching import Watch

__all__ = ["bare", "data", "watched"]
Visit = Callable[..., Client]


def table(content: bytes) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(content.removeprefix(b"\xef\xbb\xbf")))


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_record_keeps_to_the_rules_of_structure_and_says_what_it_counts(
    visit: Visit, watched: Watch, lang: str
) -> None:
    browser = visit(Role.VIEWER)
    browser.post("/language/", {"language": lang})
    for path in ("/watch/record/", "/watch/record/?level=4&indicator=rain-24h&model=demo-climatology",
                 f"/watch/record/?day={NOW.date().replace(day=1)}&model=%00&level=x"):  # fmt: skip
        answer = browser.get(path)
        page = html.fromstring(answer.content.decode())
        assert [fault for check in CHECKS for fault in check(page)] == []
        assert not re.search(r"<script>|<style|\sstyle=|\son[a-z]+=", answer.content.decode())
    page = html.fromstring(browser.get("/watch/record/").content.decode())
    assert len(page.xpath("//section[@id='warnings']//tbody/tr")) == len({hazard for hazard, *_ in WARNED})
    for image in page.xpath("//main//img/@src"):
        assert b"<svg" in browser.get(image).content
    assert len(page.xpath("//section[@id='promises']//figure")) == 2


def test_hits_misses_and_false_alarms_are_those_of_the_events(visit: Visit, watched: Watch) -> None:
    found = table(visit(Role.VIEWER).get("/watch/record/warnings.csv").content)
    row = {one["hazard"]: one for one in found.to_dicts()}
    # By hand: warned and came, came unwarned, warned and nothing came; the drill and what still runs are not counted.
    for hazard, one in row.items():
        warned = [(areas, events) for name, _, _, areas, _, events in WARNED if name == hazard]
        hits = sum(place in areas for areas, events in warned for place, _, _ in events)
        came = sum(len(events) for _, events in warned) + sum(name == hazard for name, *_ in MISSED)
        pairs = sum(len(areas) for areas, _ in warned)
        assert (one["hits"], one["misses"], one["false_alarms"]) == (hits, came - hits, pairs - hits), hazard
    # 22 to 30 hours after the signals, which became official two hours later.
    assert row["storm"]["median_lead_hours"] == 23.0
    assert row["rain"]["waiting"] == 3


def test_a_file_for_spreadsheets_runs_nothing(visit: Visit, watched: Watch) -> None:
    (watched.folder / "events.csv").write_text("hazard,place,onset,level\n=1+1,31,2026-01-01T00:00:00+00:00,4\n")
    found = table(visit(Role.VIEWER).get("/watch/record/warnings.csv").content)
    assert "'=1+1" in found["hazard"].to_list()


def test_promises_are_parted_by_when_they_were_kept(visit: Visit, watched: Watch) -> None:
    browser = visit(Role.VIEWER)
    told = table(browser.get("/watch/record/scores.csv").content)
    assert set(told["kept"]) == {"before", "after"}
    chances = table(browser.get("/watch/record/chances.csv?model=demo-ensemble").content)
    assert set(chances["kept"]) == {"before"}
    scored = told.filter(pl.col("model") == "demo-ensemble", pl.col("brier").is_not_null())
    assert chances["n"].sum() == scored["n"].sum()
    levels = table(browser.get("/watch/record/quantiles.csv?model=demo-ensemble").content)
    assert levels["below"].is_between(0, 1).all()
    assert browser.get("/watch/record/nothing.csv").status_code == 404


def test_what_is_wrong_with_a_file_is_said_and_the_rest_of_the_page_stands(visit: Visit, watched: Watch) -> None:
    (watched.folder / "events.csv").write_text("hazard,place,onset,level\nstorm,31,yesterday,4\n,31,2026-01-01,9\n")
    entry = sorted((watched.folder / "promises" / "log").iterdir())[0]
    entry.write_text(entry.read_text().replace("demo", "dome"))
    answer = visit(Role.VIEWER).get("/watch/record/")
    page = html.fromstring(answer.content.decode())
    assert answer.status_code == 200
    findings = [item.text_content() for item in page.xpath("//*[@role='alert']//li")]
    assert any("yesterday" in text for text in findings)
    assert len(findings) == 3
    assert visit(Role.VIEWER).get("/watch/record/warnings.csv").status_code == 404
    (watched.folder / "events.csv").write_text("hazard,place,onset,level\n")
    (watched.folder / "warnings.jsonl").write_text("{}\n")
    answer = visit(Role.VIEWER).get("/watch/record/")
    assert answer.status_code == 200
    assert len(html.fromstring(answer.content.decode()).xpath("//*[@role='alert']//li")) == 2
    assert visit(Role.VIEWER).get("/watch/record/chances.en.svg").status_code == 404


def test_an_office_without_events_and_promises_says_how_they_come(visit: Visit, bare: Watch) -> None:
    text = visit(Role.VIEWER).get("/watch/record/").content.decode()
    assert "events.csv" in text
    assert "khien ledger add" in text


def test_today_names_warnings_drafts_and_silent_feeds(visit: Visit, watched: Watch) -> None:
    page = visit(Role.WARNING_APPROVER).get("/").content.decode()
    for word in ("Warnings in force", "Heavy rain", "You can approve it.", "You can take it into review.", "silent"):
        assert word in page, word
    assert "You can" not in visit(Role.VIEWER).get("/").content.decode()
    (watched.folder / "warnings.jsonl").write_text("{}\n")
    answer = visit(Role.VIEWER).get("/")
    assert (answer.status_code, b"alert" in answer.content) == (200, True)


def test_programs_read_warnings_values_and_forecasts(
    client: Client, actor: Callable[..., Actor], watched: Watch
) -> None:
    _, secret = make_token(actor(Role.VIEWER), "a test", ["read"], 1)

    def ask(path: str) -> Any:
        answer = client.get(f"/api/watch{path}", headers={"Authorization": f"Bearer {secret}"})
        return answer.status_code, json.loads(answer.content)

    status, told = ask("/warnings")
    assert (status, {one["state"] for one in told}) == (200, {"signal", "review", "official"})
    assert ask(f"/warnings/{told[0]['id']}")[1] == told[0]
    assert len(ask("/warnings?all=true")[1]) == len(told) + len(WARNED)
    assert [one["id"] for one in ask("/indicators")[1]] == sorted(one["id"] for one in INDICATORS)
    values = ask("/indicators/rain-24h/latest")[1]
    assert (len(values), values[0]["level_high"] >= values[-1]["level_high"]) == (34, True)
    found = ask("/indicators/rain-24h/forecasts?place=42&model=demo-ensemble")[1]
    assert (found["total"], [one["horizon"] for one in found["forecasts"]]) == (3, [1, 2, 3])
    assert len(found["forecasts"][0]["quantiles"]) == len(found["forecasts"][0]["values"])
    for path in ("/warnings/none", "/indicators/none/latest", "/indicators/none/forecasts"):
        assert ask(path)[0] == 404, path
    file = watched.folder / "forecasts" / "demo.parquet"
    broken = pl.read_parquet(file).with_columns(value=pl.lit(float("nan")), model=pl.lit("broken"))
    broken.write_parquet(file.with_name("zz.parquet"))
    assert ask("/indicators/rain-24h/forecasts?model=broken")[1] == {"total": 0, "forecasts": []}


@pytest.mark.parametrize("path", ["/warnings", "/warnings/x", "/indicators", "/indicators/rain-24h/latest",
                                  "/indicators/rain-24h/forecasts"])  # fmt: skip
def test_a_program_needs_a_token_that_may_read(client: Client, actor: Callable[..., Actor], path: str) -> None:
    _, secret = make_token(actor(Role.ANALYST), "a test", ["run"], 1)
    for headers, code in (({}, 401), ({"Authorization": f"Bearer {secret}"}, 403)):
        assert client.get(f"/api/watch{path}", headers=headers).status_code == code


def test_the_record_is_for_people_who_signed_in(client: Client) -> None:
    for path in ("", "warnings.csv", "scores.csv", "chances.csv", "chances.en.svg"):
        assert client.get(f"/watch/record/{path}").status_code == 302, path


def test_units_are_written_in_the_language_of_the_page() -> None:
    said = {unit: unit_name(unit, "en") for unit in ("ca", "cases", "mm", "Lỗ hổng")}
    assert said == {"ca": "cases", "cases": "cases", "mm": "mm", "Lỗ hổng": "vulnerabilities"}
    assert unit_name("cases", "vi") == "ca"


def test_the_name_of_a_level_stands_where_no_line_runs_through_it() -> None:
    plot = Plot("en", False, (0, 100), (0, 10), "", "")
    plot.levels([("epidemic", 5.0)])
    plot.line([(0, 5.2), (50, 5.2), (50, 0), (100, 0)], "#000000")
    name = re.search(r'<text x="([\d.]+)"[^>]*>epidemic<', plot.svg([]))
    assert name is not None
    assert float(name[1]) > plot.x(50)


def test_who_is_cut_off_is_chosen_by_kind_and_name() -> None:
    assert wishes("reliance", {"cut": "country:jp", "year": "2035"}) == {"country": "jp", "year": 2035}
    assert wishes("reliance", {"cut": ""}) == {}
    for wrong in ("planet:mars", "country:", "jp"):
        with pytest.raises(Trouble):
            wishes("reliance", {"cut": wrong})
