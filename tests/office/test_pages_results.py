"""The pages that show results: for every role, in both languages, with pictures, numbers and where they come from."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.office.conftest import dearer
from tests.office.showing import brought, free

from khien import Programme
from khien.board.charts import shelf, show, sight
from khien.board.middleware import POLICY
from khien.office.acts.record import Actor
from khien.office.acts.versions import save_version
from khien.office.models import Run, User, Version
from khien.office.rights import Right, Role, rights_of

Visit = Callable[..., Client]
PAGES = (
    "/", "/plan/", "/plan/{r}/", "/plan/{r}/roadmap/", "/plan/{r}/money/", "/plan/{r}/people/", "/plan/{r}/outcome/",
    "/plan/{r}/why/", "/plan/{r}/frontier/", "/plan/{r}/projects/", "/plan/{r}/projects/?q=xuong&is=in",
    "/plan/{r}/projects/{p}/", "/plan/compare/?a={r}&b={r}", "/what-if/", "/what-if/{r}/", "/stress/",
    "/stress/ask/{r}/", "/reliance/", "/reliance/{r}/", "/reliance/{r}/partners/{o}/", "/people/", "/people/{r}/",
    "/complex/", "/complex/{v}/",
)  # fmt: skip
SAYS = {
    "en": ("Date", "Version", "Source", "Status", "Uncertainty"),
    "vi": ("Ngày", "Phiên bản", "Nguồn", "Tình trạng", "Độ không chắc chắn"),
}


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Nothing that another test made."""
    shelf.forget()
    sight.forget()


@pytest.fixture
def run(actor: Callable[..., Actor], isle: Programme, tmp_path: Path) -> Run:
    """A plan of the island."""
    return brought(actor(Role.ANALYST), isle, tmp_path)


def at(path: str, run: Run, programme: Programme) -> str:
    """The address of a page about a plan."""
    firms, projects = programme.organisations["id"], programme.projects["id"]
    return path.format(r=run.pk, v=run.version_id, p=projects[0], o=firms[0])


def text_of(browser: Client, path: str) -> str:
    """What a page says, with the redirects that lead to it followed."""
    answer = browser.get(path, follow=True)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_everybody_may_look_and_only_some_may_ask(visit: Visit, run: Run, isle: Programme) -> None:
    asked = 0
    for number, role in enumerate(Role, 2):
        browser = visit(role)
        for path in PAGES:
            text_of(browser, at(path, run, isle))
        asks = Right.RUNS_START in rights_of([role])
        # What was asked before would be no new run.
        whatif, draws = {"budget_factor": f"0.{number}"}, {"draws": str(number)}
        for path, form in ((f"/what-if/{run.pk}/", whatif), (f"/stress/ask/{run.pk}/", draws)):
            assert browser.post(path, form).status_code == (302 if asks else 403), (role, path)
        asked += 2 * asks
        assert Run.objects.filter(source=run).count() == asked, role
    assert asked > 0


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_pages_of_results_hold_nothing_that_the_policy_forbids_and_no_missing_word(
    visit: Visit, person: Callable[..., User], run: Run, isle: Programme, lang: str
) -> None:
    browser = visit(Role.ANALYST)
    browser.post("/language/", {"language": lang})
    for path in PAGES:
        answer = browser.get(at(path, run, isle), follow=True)
        text = answer.content.decode()
        assert answer["Content-Security-Policy"] == POLICY
        assert f'<html lang="{lang}">' in text
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", text), path
        assert not re.search(r"""(?:src|href|action|srcset)=["'](?:https?:)?//""", text), path
        assert not re.search(r"\b(?:pages|board|draw|office)_[a-z]+_?[a-z]*\b", re.sub(r"<[^>]+>", " ", text)), path
        assert "<!--picture" not in text


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_picture_is_a_file_with_its_own_letters_and_its_numbers(visit: Visit, run: Run, lang: str) -> None:
    browser = visit(Role.ANALYST)
    browser.post("/language/", {"language": lang})
    seen = 0
    for path in ("/", f"/plan/{run.pk}/", f"/plan/{run.pk}/money/", f"/reliance/{run.pk}/", f"/people/{run.pk}/"):
        text = text_of(browser, path)
        for source in re.findall(r'(?:src|srcset)="(/pictures/[^"]+)"', text):
            answer = browser.get(source.replace("&amp;", "&"))
            svg = answer.content.decode()
            assert answer["Content-Type"] == "image/svg+xml"
            assert "immutable" in answer["Cache-Control"]
            assert "@font-face" in svg
            assert "unsafe" not in answer["Content-Security-Policy"]
            assert " style=" not in svg
            assert not re.search(r'(?:href|src)="(?!#)|url[(](?!#|data:)', svg), source
            seen += 1
        for source in re.findall(r'href="(/pictures/[^"]+\.csv)"', text):
            rows = list(csv.reader(io.StringIO(browser.get(source).content.decode("utf-8-sig"))))
            assert rows[0], source
            assert all(len(row) == len(rows[0]) for row in rows)
        for source in re.findall(r'href="(/pictures/[^"]+\.svg\?save)"', text):
            assert browser.get(source)["Content-Disposition"].startswith("attachment")
    assert seen >= 8


def test_a_picture_that_is_not_there_is_not_found_and_nobody_gets_one_unsigned(visit: Visit, run: Run) -> None:
    browser = visit(Role.VIEWER)
    here = f"/pictures/{run.pk}/plan/coverage.en.wide.svg"
    assert browser.get(here).status_code == 200
    assert "no-store" in browser.get(here)["Cache-Control"]
    for there in (
        f"/pictures/{run.pk}/plan/nothing.en.wide.svg", f"/pictures/{run.pk}/nopart/coverage.en.wide.svg",
        f"/pictures/{run.pk}/plan/coverage.fr.wide.svg", f"/pictures/{run.pk}/plan/nothing.csv",
        "/pictures/99999/plan/coverage.en.wide.svg", f"/plan/{run.pk}/nopart/", f"/plan/{run.pk}/projects/none/",
        f"/reliance/{run.pk}/partners/none/", "/plan/99999/", "/stress/99999/",
    ):  # fmt: skip
        assert browser.get(there).status_code == 404, there
    assert Client().get(here).status_code == 302


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_number_says_where_it_comes_from_and_how_sure_it_is(visit: Visit, run: Run, lang: str) -> None:
    browser = visit(Role.ANALYST)
    browser.post("/language/", {"language": lang})
    for part in ("", "roadmap/", "money/", "people/", "outcome/"):
        text = text_of(browser, f"/plan/{run.pk}/{part}")
        blocks = len(re.findall(r'class="big"|<figure |<table class="result"', text))
        told = re.findall(r'<details class="about">.*?</details>', text, flags=re.DOTALL)
        assert len(told) >= blocks > 0, part
        for about in told:
            assert all(f"<dt>{word}</dt>" in about for word in SAYS[lang])
            assert run.version.hash[:12] in about


def test_the_parts_that_have_addresses_are_those_that_can_be_made() -> None:
    from khien.board.charts.chapters import PARTS

    assert set(show.NAMES) == set(PARTS)


def test_without_a_plan_the_pages_say_so(visit: Visit, first: Version) -> None:
    browser = visit(Role.ANALYST)
    for path in ("/plan/", "/what-if/", "/stress/", "/reliance/", "/people/"):
        assert "There is no plan to look at yet." in text_of(browser, path)
    assert "Nucleus" in text_of(browser, "/complex/")


def test_what_if_asks_what_was_marked_and_leads_to_its_answer(visit: Visit, run: Run, isle: Programme) -> None:
    browser = visit(Role.ANALYST)
    name = isle.projects.filter(isle.projects["status"] == "candidate")["id"][0]
    form = {"budget_factor": "0,9", "reliance_weight": "", "without_country": ["xi"], "pins": [name], "time_limit": "5"}
    answer = browser.post(f"/what-if/{run.pk}/", form)
    asked = Run.objects.get(kind="whatif")
    assert answer["Location"] == f"/what-if/{asked.pk}/"
    wanted = {"budget_factor": 0.9, "without_country": ["xi"], "pins": [name], "time_limit": 5.0}
    assert asked.settings == wanted
    assert asked.source_id == run.pk
    waiting = browser.get(f"/what-if/{asked.pk}/")
    assert waiting["Refresh"]
    assert "0.9" in waiting.content.decode()
    wrong = browser.post(f"/what-if/{run.pk}/", {"budget_factor": "a lot", "pins": [name]})
    assert wrong.status_code == 422
    assert f'value="{name}" selected' in wrong.content.decode()


def test_stress_asks_for_the_shocks_that_are_ticked(visit: Visit, run: Run, isle: Programme) -> None:
    browser, shocks = visit(Role.ANALYST), isle.shocks["id"].to_list()
    page = text_of(browser, f"/stress/ask/{run.pk}/")
    assert page.count('type="checkbox"') == len(shocks)
    base = {"draws": "300", "seed": "2", "shocks": "1"}
    asked: list[dict[str, Any]] = []
    for ticked in (shocks, shocks[:1], []):
        answer = browser.post(f"/stress/ask/{run.pk}/", {**base, "shock": ticked})
        assert answer.status_code == 302
        asked.append(Run.objects.get(pk=int(re.findall(r"\d+", answer["Location"])[0])).settings)
    assert "shocks" not in asked[0]
    if len(shocks) > 1:
        assert asked[1]["shocks"] == shocks[:1]
    assert "shocks" not in asked[2]["vary"]
    assert browser.post(f"/stress/ask/{run.pk}/", {**base, "draws": "many"}).status_code == 422


def test_two_plans_side_by_side(
    visit: Visit, run: Run, actor: Callable[..., Actor], isle: Programme, tmp_path: Path
) -> None:
    other = brought(actor(Role.ANALYST), dearer(isle), tmp_path)
    text = text_of(visit(Role.ANALYST), f"/plan/compare/?a={run.pk}&b={other.pk}")
    assert "different versions" in text
    assert "No project changed." in text
    assert "Change of money by year" in text


def test_the_list_of_last_year_against_this_year(
    visit: Visit, actor: Callable[..., Actor], first: Version, isle: Programme
) -> None:
    import polars as pl

    firms = isle.organisations
    gone, turned = firms["id"][0], firms["id"][1]
    role = pl.when(pl.col("id") == turned).then(pl.lit("participant")).otherwise(pl.col("role"))
    name = pl.when(pl.col("id") == turned).then(pl.lit("=1+1")).otherwise(pl.col("name_en"))
    now = isle.replace(organisations=firms.with_columns(role=role, name_en=name))
    assert gone in now.organisations["id"].to_list()
    second = save_version(actor(Role.ANALYST), now, first, "a year later")
    text = text_of(visit(Role.ANALYST), f"/complex/{second.pk}/?before={first.pk}")
    assert f"Against version {first.pk}: 1 changes" in text
    listed = visit(Role.ANALYST).get(f"/complex/{second.pk}/list.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(listed)))
    assert len(rows) == firms.height
    row = next(row for row in rows if row["id"] == turned)
    assert (row["role"], row["name"]) == ("participant", "'=1+1")


def test_pages_are_kept_on_disk_and_found_after_a_restart(
    visit: Visit, run: Run, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path)
    monkeypatch.setattr("khien.board.charts.pictures.draw_later", lambda key, makers: len(list(makers)))
    browser = visit(Role.ANALYST)
    first = browser.get(f"/plan/{run.pk}/")
    assert first["Refresh"]
    assert "being drawn" in first.content.decode()
    svg = browser.get(f"/pictures/{run.pk}/plan/coverage.en.wide.svg").content
    shelf.forget()
    sight.forget()
    show._layout.cache_clear()
    monkeypatch.setattr(show, "_made", lambda *_: pytest.fail("made again"))
    monkeypatch.setattr(show, "picture", lambda *_: pytest.fail("drawn again"))
    assert browser.get(f"/plan/{run.pk}/").status_code == 200
    assert browser.get(f"/pictures/{run.pk}/plan/coverage.en.wide.svg").content == svg
    packed = browser.get(f"/pictures/{run.pk}/plan/coverage.en.wide.svg", headers={"Accept-Encoding": "gzip"})
    assert (packed["Content-Encoding"], gzip.decompress(packed.content)) == ("gzip", svg)
    # A page holds a token of its forms, which its length could tell.
    assert "Content-Encoding" not in browser.get(f"/plan/{run.pk}/", headers={"Accept-Encoding": "gzip"})
    assert all(oct(p.stat().st_mode)[-2:] == "00" for p in (tmp_path / shelf.FOLDER).iterdir())


def test_self_reliance_is_worked_out_behind_the_page(
    visit: Visit, run: Run, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path)
    monkeypatch.setattr("khien.board.charts.pictures.draw_later", lambda key, makers: len(list(makers)))
    begun: list[Any] = []
    monkeypatch.setattr("khien.board.charts.pictures.make_later", lambda *asked: begun.append(asked))
    browser = visit(Role.VIEWER)
    for path in (f"/reliance/{run.pk}/", f"/reliance/{run.pk}/partners/nucleus/"):
        answer = browser.get(path)
        if answer.status_code == 404:
            continue
        assert answer["Refresh"]
        assert "worked out for the first time" in answer.content.decode()
    assert browser.get(f"/plan/{run.pk}/").status_code == 200
    shelf.kept(*begun[0])
    answer = browser.get(f"/reliance/{run.pk}/")
    assert "worked out for the first time" not in answer.content.decode()
    assert "network" in answer.content.decode()


def test_an_answer_that_cannot_be_read_leaves_the_plan_in_view(
    visit: Visit, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    words = {"version": run.version, "source": run, "settings": {"draws": 9}, "code": "old", "asked_by": run.asked_by}
    old = Run.objects.create(kind="stress", state="done", request_key="k", time_limit=1, headline={}, **words)
    assert "not been stress-tested" in text_of(visit(Role.VIEWER), f"/plan/{run.pk}/")
    assert "cannot be read any more" in text_of(visit(Role.VIEWER), f"/stress/{old.pk}/")
    assert "cannot be shown" in caplog.text


@pytest.mark.slow
def test_the_reference_programme_shows_its_map_with_both_special_zones(
    visit: Visit, actor: Callable[..., Actor], land: Programme, tmp_path: Path
) -> None:
    run = brought(actor(Role.ANALYST), free(land), tmp_path)
    browser = visit(Role.VIEWER)
    text = text_of(browser, "/")
    source = re.findall(r'src="(/pictures/\d+/today/map-[^"]+)"', text)[0]
    svg = browser.get(source).content.decode()
    assert "Hoàng" in svg
    assert "Trường" in svg
    assert "network" in text_of(browser, f"/reliance/{run.pk}/")
