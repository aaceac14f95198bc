"""In a real browser with scripts: a key signs in, and what is typed into the grid survives a closed browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.office.conftest import PASSWORD
from tests.office.outside import ask, served

pytestmark = [pytest.mark.browser, pytest.mark.slow]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PEOPLE = f"""
from khien import read
from khien.office.acts import accounts, versions
user = User.objects.create(email="a@b.vn", name="A", language="en")
user.set_password({PASSWORD!r})
user.save()
Grant.objects.create(user=user, role=Role.ANALYST)
versions.save_version(Actor(user), read("examples/island"), None, "the beginning")
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[str]:
    home, before = tmp_path_factory.mktemp("office"), Path.cwd()
    os.chdir(root)
    ask(home, PEOPLE)
    with served(home, setup=False) as (base, _):
        yield base
    os.chdir(before)


def opened(browser: Browser, base: str, complaints: list[str]) -> Page:
    """A tab of a browser of its own, after the first step of signing in."""
    page = browser.new_context(locale="en").new_page()
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{base}/sign-in/")
    page.fill("input[name=email]", "a@b.vn")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button")
    return page


def test_what_is_typed_into_the_grid_survives_a_closed_browser(browser: Browser, office: str) -> None:
    complaints: list[str] = []
    page = opened(browser, office, complaints)
    page.goto(f"{office}/programme/1/tables/groups/grid/")
    cell = page.locator("input[name=cell-0-name_en]")
    cell.fill("Typed and not sent")
    page.locator("#kept.good").wait_for(timeout=15_000)
    page.context.close()
    again = opened(browser, office, complaints)
    again.goto(f"{office}/programme/1/tables/groups/grid/")
    assert again.input_value("input[name=cell-0-name_en]") == "Typed and not sent"
    assert complaints == []


def test_a_key_is_added_and_signs_in(browser: Browser, office: str) -> None:
    complaints: list[str] = []
    page = opened(browser, office, complaints)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(f"{office}/account/second/")
    page.fill("#key input[name=name]", "soft")
    page.fill("#key input[name=password]", PASSWORD)
    page.click("#key button[type=button]")
    page.locator(".card .columns code").first.wait_for(timeout=15_000)
    assert page.locator(".card .columns code").count() == 10
    page.goto(f"{office}/")
    page.click("form[action$='sign-out/'] button")
    page.fill("input[name=email]", "a@b.vn")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button")
    assert "/sign-in/second/" in page.url
    page.click("form[data-key=get] button[type=button]")
    page.wait_for_url(f"{office}/")
    assert complaints == []
