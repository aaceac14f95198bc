"""The office in a real browser, without JavaScript: each role's main job, at a desk and on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page
from tests.office.conftest import PASSWORD, dearer
from tests.office.outside import served

from khien.office.archive import pack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Playwright keeps an event loop in this thread, in which Django would refuse to touch a database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@dataclass
class Desk:
    """Somebody at a browser: what it complained of, and what it asked for elsewhere."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page of the office; once more if the one before came again by itself at that very moment."""
        address = path if path.startswith("http") else self.base + path
        try:
            self.page.goto(address)
        except Error as error:
            if "ERR_ABORTED" not in error.message:
                raise
            self.page.goto(address)

    def set_password(self, link: str) -> None:
        """Use a link."""
        self.go(link)
        for name in ("password", "again"):
            self.page.fill(f"input[name={name}]", PASSWORD)
        self.page.click("main form button")

    def heading(self) -> str:
        """What the page calls itself."""
        return self.page.inner_text("h1")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with served(tmp_path_factory.mktemp("office")) as (base, link):
        yield base, link


def desk(browser: Browser, base: str, width: int = 1440, lang: str = "vi") -> Desk:
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=False, locale=lang)
    seen = Desk(context.new_page(), base)
    seen.page.on("console", lambda message: seen.complaints.append(f"{seen.page.url}: {message.text}"))
    seen.page.on("request", lambda r: None if r.url.startswith(base) else seen.complaints.append(f"asked {r.url}"))
    seen.page.on("response", lambda r: seen.complaints.append(f"{r.status} {r.url}") if r.status >= 500 else None)
    return seen


def invite(boss: Desk, name: str, role: str, language: str) -> str:
    boss.go("/accounts/")
    boss.page.fill("input[name=name]", name)
    boss.page.fill("input[name=email]", f"{role}@example.vn")
    boss.page.select_option("select[name=language]", language)
    boss.page.check(f"input[value={role}]")
    boss.page.click("main form button")
    return boss.page.inner_text(".linkbox code")


def test_from_the_first_link_to_an_adopted_version(
    browser: Browser, office: tuple[str, str], island: Path, tmp_path: Path
) -> None:
    from khien import read

    base, link = office
    isle = read(island)
    boss = desk(browser, base)
    boss.go(link)
    boss.page.fill("input[name=name]", "Trần Quản Trị")
    boss.page.fill("input[name=email]", "admin@example.vn")
    for name in ("password", "again"):
        boss.page.fill(f"input[name={name}]", PASSWORD)
    boss.page.click("main form button")
    assert boss.heading() == "Hôm nay"

    analyst = desk(browser, base)
    analyst.set_password(invite(boss, "Nguyễn Phân Tích", "analyst", "vi"))
    for number, programme in enumerate((isle, dearer(isle)), 1):
        (tmp_path / f"{number}.zip").write_bytes(pack(programme))
        analyst.go("/programme/")
        analyst.page.set_input_files("input[type=file]", tmp_path / f"{number}.zip")
        analyst.page.fill("input[name=reason]", f"bản {number}")
        analyst.page.click("main form[enctype] button")
        assert analyst.heading().startswith(f"Phiên bản {number}")
    analyst.page.click("text=đã đổi gì")
    assert analyst.page.inner_text("td ins") != analyst.page.inner_text("td del")

    analyst.go("/runs/?version=2")
    analyst.page.fill("input[name=time_limit]", "3")
    analyst.page.click("main form button")
    # Without a script the page comes again by itself until the run is over.
    analyst.page.wait_for_selector(".tag.done", timeout=90_000)
    assert analyst.page.locator("text=Mức tự chủ").count()
    analyst.go("/programme/2/")
    analyst.page.fill("form[action$='propose/'] input[name=reason]", "trình hội đồng")
    analyst.page.click("form[action$='propose/'] button")

    secretary = desk(browser, base, lang="en")
    secretary.set_password(invite(boss, "Secretary Lê", "council-secretary", "en"))
    assert secretary.page.locator("text=You can decide.").count() == 1
    secretary.go("/programme/2/")
    secretary.page.fill("form[action*=proposals] input[name=reason]", "meeting of the council")
    secretary.page.click("button[value=adopt]")
    assert secretary.page.locator("text=This is the adopted version.").count() == 1

    boss.go("/log/")
    assert boss.page.locator("tbody td:text-is('thông qua phiên bản')").count() == 1
    assert [*boss.complaints, *analyst.complaints, *secretary.complaints] == []


PAGES = ("/", "/programme/", "/programme/2/", "/programme/2/tables/options/", "/programme/compare/?a=1&b=2",
         "/runs/", "/runs/1/", "/log/", "/accounts/", "/accounts/2/", "/account/")  # fmt: skip


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_page_fits_a_phone(browser: Browser, office: tuple[str, str], lang: str) -> None:
    phone = desk(browser, office[0], 390, lang)
    phone.go("/sign-in/")
    phone.page.fill("input[name=email]", "admin@example.vn")
    phone.page.fill("input[name=password]", PASSWORD)
    phone.page.click("main form button")
    assert not phone.page.locator("nav a").first.is_visible()
    phone.page.click("details.menu summary")  # what a phone's header folds away opens without a script
    assert phone.page.locator("nav a").first.is_visible()
    if lang == "en":
        phone.page.click("button[lang=en]")
    wide = []
    for path in PAGES:
        phone.go(path)
        assert phone.page.get_attribute("html", "lang") == lang
        if phone.page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(path)
    assert (wide, phone.complaints) == ([], [])
