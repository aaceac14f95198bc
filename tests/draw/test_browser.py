"""The page in a real browser: nothing leaves it, nothing is blocked, it fits a phone, and needs no script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass
class Visit:
    """A page, what it said, and what it asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def see_all(self) -> None:
        """Open every fold and look at the whole page at once, so that every picture comes alive."""
        width = self.page.viewport_size["width"]  # type: ignore[index]
        self.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": width, "height": height})
        waited = 0
        while self.count("figure.is-live") < self.count("figure[data-figure]") and waited < 20_000:
            self.page.wait_for_timeout(100)
            waited += 100

    def count(self, selector: str) -> int:
        """How many elements match."""
        return self.page.locator(selector).count()


@pytest.fixture
def visit(browser: Browser, report: Path, request: pytest.FixtureRequest) -> Iterator[Visit]:
    width, height, script = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=script)
    seen = Visit(context.new_page())
    seen.page.on("console", lambda message: seen.said.append(message.text))
    seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
    seen.page.on("request", lambda asked: seen.asked.append(asked.url))
    seen.page.goto((report / "report.vi.html").as_uri())
    yield seen
    context.close()


DESK, PHONE, NO_SCRIPT = (1440, 900, True), (390, 844, True), (390, 844, False)


@pytest.mark.parametrize("visit", [DESK, PHONE], indirect=True, ids=["desk", "phone"])
def test_every_picture_comes_alive_and_nothing_leaves_the_page(visit: Visit) -> None:
    visit.see_all()
    assert visit.count("figure.is-live") == visit.count("figure[data-figure]") > 10
    assert visit.said == []
    assert [url for url in visit.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert len([url for url in visit.asked if url.startswith("file:")]) == 1


@pytest.mark.parametrize("visit", [DESK, PHONE, NO_SCRIPT], indirect=True, ids=["desk", "phone", "no-script"])
def test_the_page_never_scrolls_sideways(visit: Visit) -> None:
    if visit.page.evaluate("1") and visit.count("html.js"):
        visit.see_all()
    wide = visit.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= visit.page.viewport_size["width"]  # type: ignore[index]


@pytest.mark.parametrize("visit", [NO_SCRIPT], indirect=True, ids=["no-script"])
def test_without_a_script_every_picture_and_fold_is_there(visit: Visit) -> None:
    visit.page.locator("summary").first.click()
    assert visit.page.locator("details[open]").count() == 1
    assert visit.page.locator("#fig-coverage .still.narrow svg").is_visible()
    assert not visit.page.locator("#fig-coverage .still.wide svg").is_visible()
    assert not visit.page.locator("[data-open]").first.is_visible(), "buttons that need a script are hidden"
    assert visit.said == []


@pytest.mark.parametrize("visit", [DESK], indirect=True, ids=["desk"])
def test_pointing_at_a_bar_tells_about_the_project(visit: Visit) -> None:
    page = visit.page
    page.locator("#roadmap [data-open=yes]").click()
    figure = page.locator("details[id^=group-] figure").first
    figure.scroll_into_view_if_needed()
    page.wait_for_timeout(700)
    bar = figure.locator(".live svg .mark-rect.role-mark path").nth(8)
    bar.scroll_into_view_if_needed()
    bar.hover(force=True)
    page.wait_for_timeout(300)
    tip = page.locator("#vg-tooltip-element.visible")
    assert "Dự án" in tip.inner_text()
    assert visit.said == []


@pytest.mark.parametrize("visit", [DESK], indirect=True, ids=["desk"])
def test_a_table_is_filtered_without_minding_accents(visit: Visit) -> None:
    page = visit.page
    page.locator("#chosen summary").click()
    rows = page.locator("#table-chosen tbody tr")
    everything = rows.count()
    page.locator("#chosen input").fill("dang thuc hien")
    left = [row for row in rows.all() if row.is_visible()]
    assert 0 < len(left) < everything
    assert all("Đang thực hiện" in row.inner_text() for row in left)


@pytest.mark.parametrize("visit", [DESK], indirect=True, ids=["desk"])
def test_a_picture_can_be_saved_with_its_caption(visit: Visit, tmp_path: Path) -> None:
    visit.see_all()
    with visit.page.expect_download() as saved:
        visit.page.locator("#fig-coverage button").click()
    saved.value.save_as(tmp_path / "coverage.svg")
    text = (tmp_path / "coverage.svg").read_text(encoding="utf-8")
    assert saved.value.suggested_filename == "coverage.svg"
    assert "minh họa" in text
    with visit.page.expect_download() as data:
        visit.page.locator("#fig-coverage a").click()
    assert data.value.suggested_filename == "coverage.csv"
