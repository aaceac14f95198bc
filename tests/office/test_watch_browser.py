"""The watch in a real browser: axe finds nothing, nothing is complained of, nothing runs off a phone; the slider moves
the day, and everything else works without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from tests.office.conftest import PASSWORD
from tests.office.outside import ask, served
from tests.office.test_pages_browser import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = """
from khien.office import watch_demo
people = {}
for role in (Role.DUTY_OFFICER, Role.WARNING_APPROVER):
    user = User(email=f"{role.value}@example.vn", name=role.value, language="vi")
    user.set_password("PASSWORD")
    user.save()
    Grant.objects.create(user=user, role=role)
    people[role] = Actor(user)
both = User(email="analyst@example.vn", name="both", language="vi")
both.set_password("PASSWORD")
both.save()
for role in (Role.DUTY_OFFICER, Role.WARNING_APPROVER):
    Grant.objects.create(user=both, role=role)
assert watch_demo.fill(people[Role.DUTY_OFFICER], people[Role.WARNING_APPROVER])
from khien.office import watching
print(json.dumps(list(watching.watch().desk().warnings)))
"""
PATHS = (
    "/watch/", "/watch/?map=dengue-cases", "/watch/indicators/rain-24h/?place=42",
    "/watch/indicators/dengue-cases/?place=79", "/watch/indicators/salinity-4permille/",
    "/watch/indicators/hand-foot-mouth-week/?place=79", "/watch/models/",
    "/watch/record/", "/watch/replay/", "/watch/desk/", "/watch/desk/new/",
)  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """An office with the illustrative watch; yields its address and its pages."""
    home = tmp_path_factory.mktemp("office")
    names = ask(home, PEOPLE.replace("PASSWORD", PASSWORD))
    with served(home, setup=False) as (base, _):
        yield base, [*PATHS, *(f"/watch/desk/{name}/" for name in names), f"/watch/desk/{names[-1]}/edit/"]


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_runs_off_the_page(
    browser: Browser, office: tuple[str, list[str]], lang: str, width: int
) -> None:
    base, paths = office
    complaints: list[str] = []
    page = signed_in(browser, base, lang, complaints, scripts=True)
    page.set_viewport_size({"width": width, "height": 900})
    for path in paths:
        page.goto(base + path)
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], path
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, path
    assert complaints == []


def test_the_slider_moves_the_day(browser: Browser, office: tuple[str, list[str]]) -> None:
    base, _ = office
    complaints: list[str] = []
    page = signed_in(browser, base, "en", complaints, scripts=True)
    page.goto(f"{base}/watch/replay/")
    slider = page.locator("form[data-replay] input[type=range]")
    assert slider.is_visible()
    before = page.input_value("form[data-replay] input[type=date]")
    slider.focus()
    with page.expect_navigation():
        slider.press("ArrowLeft")
    assert page.input_value("form[data-replay] input[type=date]") < before
    assert complaints == []


def test_without_a_script_a_day_is_chosen_and_a_warning_written(
    browser: Browser, office: tuple[str, list[str]]
) -> None:
    base, _ = office
    complaints: list[str] = []
    page = signed_in(browser, base, "en", complaints, scripts=False)
    page.goto(f"{base}/watch/replay/")
    assert not page.locator("form[data-replay] input[type=range]").is_visible()
    day = page.get_attribute("form[data-replay] input[type=date]", "min") or ""
    page.fill("form[data-replay] input[type=date]", day)
    page.click("form[data-replay] button")
    assert f"day={day}" in page.url
    page.goto(f"{base}/watch/desk/new/")
    page.select_option("select[name=hazard]", "fog")
    page.select_option("select[name=level]", "1")
    page.check("input[name=areas][value='01']")
    page.fill("input[name=headline_vi]", "Sương mù")
    page.fill("input[name=headline_en]", "Fog")
    page.click("button[value=look]")
    assert page.locator("#preview article").count() == 2
    page.fill("input[name=reason]", "seen from the tower")
    page.click("button[value=send]")
    assert re.search(r"/watch/desk/\d{4}-\d+-fog/$", page.url)
    assert page.locator("button[value=approve]").count() == 0
    assert complaints == []
