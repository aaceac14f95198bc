"""Pages of results in a real browser: axe finds nothing, nothing is complained of, nothing runs off a phone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tests.office.conftest import PASSWORD
from tests.office.outside import ask, served
from tests.office.showing import modest

from khien import read

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = """
from pathlib import Path
from khien import read
from khien.office.acts.bring import bring_plan
from khien.office.acts.versions import save_version
from khien.office.acts.proposals import decide, propose
people = {}
for role in (Role.ANALYST, Role.COUNCIL_SECRETARY):
    user = User(email=f"{role.value}@example.vn", name=role.value, language="vi")
    user.set_password("PASSWORD")
    user.save()
    Grant.objects.create(user=user, role=role)
    people[role] = Actor(user)
analyst = people[Role.ANALYST]
programme = read("ISLAND")
version = save_version(analyst, programme, None, "start")
decide(people[Role.COUNCIL_SECRETARY], propose(analyst, version, "hold"), adopt=True, reason="hold")
run = bring_plan(analyst, version, Path("PLAN").read_bytes())
print(json.dumps([run.pk, version.pk, programme.projects["id"][0], programme.organisations["id"][0]]))
"""
PATHS = (
    "/", "/plan/{r}/", "/plan/{r}/roadmap/", "/plan/{r}/money/", "/plan/{r}/people/", "/plan/{r}/outcome/",
    "/plan/{r}/why/", "/plan/{r}/frontier/", "/plan/{r}/projects/", "/plan/{r}/projects/{p}/",
    "/plan/compare/?a={r}&b={r}", "/what-if/{r}/", "/stress/ask/{r}/", "/reliance/{r}/",
    "/reliance/{r}/partners/{o}/", "/people/{r}/", "/complex/{v}/",
)  # fmt: skip
WAIT = 300_000
"""How long something may take, in milliseconds: on a machine with one busy core, a page's pictures take minutes."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, island: Path) -> Iterator[tuple[str, list[str]]]:
    """An office that holds the island and a plan of it; yields its address and its pages."""
    home, plan = tmp_path_factory.mktemp("office"), tmp_path_factory.mktemp("plan") / "plan.json"
    modest(read(island)).save(plan)
    code = PEOPLE.replace("PASSWORD", PASSWORD).replace("ISLAND", str(island)).replace("PLAN", str(plan))
    run, version, project, firm = ask(home, code)
    with served(home, setup=False) as (base, _):
        yield base, [path.format(r=run, v=version, p=project, o=firm) for path in PATHS]


def signed_in(browser: Browser, base: str, lang: str, complaints: list[str], scripts: bool) -> Page:
    """A page of the analyst in a language, that notes what the browser complains of."""
    page = browser.new_context(locale=lang, java_script_enabled=scripts).new_page()
    page.set_default_timeout(WAIT)
    page.goto(f"{base}/sign-in/")
    page.fill("input[name=email]", "analyst@example.vn")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button")
    if page.get_attribute("html", "lang") != lang:
        page.click(f"button[value={lang}]")
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("request", lambda r: None if r.url.startswith((base, "data:")) else complaints.append(f"asked {r.url}"))
    page.on("response", lambda r: complaints.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    return page


def drawn(page: Page, address: str) -> None:
    """Open a page and wait until its pictures are there; it comes again by itself while they are being drawn."""
    page.goto(address, timeout=WAIT)
    coming = page.locator(".coming")
    until = time.monotonic() + WAIT / 1000
    while time.monotonic() < until:  # between two pages there is nothing on either, so look again once it is loaded
        coming.first.wait_for(state="detached", timeout=WAIT)
        page.wait_for_load_state("load", timeout=WAIT)
        if coming.count() == 0:
            return
    pytest.fail(f"pictures of {address} are not drawn")


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
        drawn(page, base + path)
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], path
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, path
    assert complaints == []


def test_without_a_script_pictures_come_and_folds_open(browser: Browser, office: tuple[str, list[str]]) -> None:
    base, paths = office
    complaints: list[str] = []
    page = signed_in(browser, base, "vi", complaints, scripts=False)
    for path in paths:
        drawn(page, base + path)
        for picture in page.locator(".plot img").all()[:3]:
            if picture.is_visible():
                picture.scroll_into_view_if_needed()
                box = picture.bounding_box()
                assert box is not None
                assert box["height"] > 40, path
    page.goto(base + paths[1])
    page.locator("details.about summary").first.click()
    assert page.locator("details.about[open] dt").first.is_visible()
    assert complaints == []
