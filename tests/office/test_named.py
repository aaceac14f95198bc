"""Pages name things: columns, tables, what an id stands for, browsers, settings, what an act changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from lxml import html
from tests.office.conftest import dearer

from khien import Programme
from khien.board.templatetags.board import browser, label
from khien.office.acts.record import Actor
from khien.office.acts.runs import ask_run
from khien.office.acts.versions import save_version
from khien.office.models import Version
from khien.office.rights import Role

Visit = Callable[..., Client]


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
         "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
         "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.0", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_session_is_told_by_browser_and_system(agent: str, said: str) -> None:
    assert browser(agent) == said


def test_a_heading_is_what_stands_before_bracket_and_colon() -> None:
    assert label("phương án đã chọn (bắt buộc nếu đã cam kết)") == "Phương án đã chọn"
    assert label("pin of the planner: must, must not") == "Pin of the planner"


def test_a_table_is_headed_in_words_and_names_what_its_ids_stand_for(
    visit: Visit, first: Version, isle: Programme
) -> None:
    page = html.fromstring(visit(Role.VIEWER).get(f"/programme/{first.pk}/tables/projects/").content)
    heads = [" ".join(th.xpath("string(.)").split()) for th in page.xpath("//table[@class='rows']//thead//th")]
    assert "Technology or product subject" in [" ".join(th.itertext()) for th in page.xpath("//thead//th")]
    assert all(heads)
    project = isle.projects.row(0, named=True)
    rows = [*isle.technologies.iter_rows(named=True), *isle.products.iter_rows(named=True)]
    name = next(row["name_en"] for row in rows if row["id"] == project["subject"])
    first_row = page.xpath("//table[@class='rows']//tbody/tr[1]")[0]
    assert name in first_row.xpath(".//span[@class='help']/text()")


def test_what_changed_and_what_was_asked_is_told_in_words(
    visit: Visit, actor: Callable[..., Actor], first: Version, isle: Programme
) -> None:
    analyst = actor(Role.ANALYST)
    second = save_version(analyst, dearer(isle), first, "more")
    shown = visit(Role.VIEWER).get(f"/programme/compare/?a={first.pk}&b={second.pk}").content.decode()
    assert "<td>Money</td>" in shown
    assert "<td>Amount</td>" in shown
    project = isle.projects.filter(isle.projects["status"] == "candidate").row(0, named=True)
    run = ask_run(analyst, "plan", second, {"time_limit": 1.0, "forbids": [project["id"]]})
    told = html.fromstring(visit(Role.VIEWER).get(f"/runs/{run.pk}/").content.decode())
    assert project["name_en"] in told.xpath("//details[@class='about']//dd/text()")
    log = html.fromstring(visit(Role.AUDITOR).get("/log/?act=version.save").content)
    assert "Reason" in log.xpath("//td//dt/text()")
