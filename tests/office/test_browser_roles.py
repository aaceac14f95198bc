"""The main job of the roles that `test_browser` does not walk through, in a real browser without JavaScript: province
officer, auditor, fund officer, duty officer and who approves warnings, council member."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser
from tests.office.conftest import PASSWORD
from tests.office.outside import ask, served
from tests.office.showing import modest
from tests.office.test_browser import Desk, desk

from khien import read, write
from khien.office.rights import Role

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = """
from pathlib import Path
from khien import read
from khien.office.acts import warnings
from khien.office.acts.bring import bring_plan
from khien.office.acts.proposals import decide, propose
from khien.office.acts.versions import save_version
people = {}
for role in Role:
    user = User(email=f"{role.value}@example.vn", name=role.value, language="en")
    user.set_password("PASSWORD")
    user.save()
    Grant.objects.create(user=user, role=role, place="01" if role == Role.PROVINCE_OFFICER else "")
    people[role] = Actor(user)
analyst = people[Role.ANALYST]
version = save_version(analyst, read("PROGRAMME"), None, "start")
decide(people[Role.COUNCIL_SECRETARY], propose(analyst, version, "hold"), adopt=True, reason="hold")
run = bring_plan(analyst, version, Path("PLAN").read_bytes())
warnings.begin(people[Role.WARNING_APPROVER], "office.example.vn", "Văn phòng", "Office")
print(json.dumps([version.pk, run.pk]))
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, island: Path, vietnam: Path) -> Iterator[tuple[str, int, int]]:
    """An office that holds the island with the provinces of Viet Nam, and a plan; address, version and run."""
    home, place = tmp_path_factory.mktemp("office"), tmp_path_factory.mktemp("made")
    provinces = read(vietnam).places.filter(pl.col("level") != "commune")
    write(read(island).replace(places=provinces), place / "programme")
    modest(read(place / "programme")).save(place / "plan.json")
    told = {"PASSWORD": PASSWORD, "PROGRAMME": str(place / "programme"), "PLAN": str(place / "plan.json")}
    code = PEOPLE
    for name, value in told.items():
        code = code.replace(name, value)
    version, run = ask(home, code)
    with served(home, setup=False) as (base, _):
        yield base, version, run


def at_desk(browser: Browser, base: str, role: Role, width: int = 1440) -> Desk:
    """Somebody of a role, who has signed in."""
    seen = desk(browser, base, width, "en")
    seen.go("/sign-in/")
    seen.page.fill("input[name=email]", f"{role.value}@example.vn")
    seen.page.fill("input[name=password]", PASSWORD)
    seen.page.click("main form button")
    assert seen.heading() == "Today"
    return seen


def test_a_province_officer_saves_the_own_province_and_no_other(
    browser: Browser, office: tuple[str, int, int]
) -> None:
    base, version, _ = office
    officer = at_desk(browser, base, Role.PROVINCE_OFFICER)
    for place, saved in (("48", False), ("01", True)):
        officer.go(f"/programme/{version}/tables/places/row/?key={place}")
        officer.page.fill("input[name='cell-people']", "8800000")
        officer.page.fill("input[name=reason]", "the census of the year")
        officer.page.click("button[value=save]")
        assert (officer.page.locator("td ins").count() == 1) == saved
        assert (officer.page.locator("[role=alert]").count() > 0) != saved
    assert "8800000" in officer.page.inner_text("td ins")
    assert officer.complaints == [complaint for complaint in officer.complaints if "403" in complaint]


def test_an_auditor_reads_who_did_what_and_changes_nothing(browser: Browser, office: tuple[str, int, int]) -> None:
    base, version, _ = office
    auditor = at_desk(browser, base, Role.AUDITOR)
    auditor.page.click("nav a:has-text('Log')")
    auditor.page.fill("input[name=who]", "council-secretary")
    auditor.page.click("main form button")
    row = auditor.page.locator("tbody tr", has_text="adopted").first
    row.locator("summary").click()
    assert "hold" in row.inner_text()
    auditor.page.click("nav a:has-text('Accounts')")
    auditor.page.click("text=fund-officer")
    assert auditor.page.locator("main form").count() == 0
    auditor.go(f"/programme/{version}/")
    assert auditor.page.locator("main button").count() == 0
    assert auditor.complaints == []


def test_a_fund_officer_asks_what_less_money_would_mean(browser: Browser, office: tuple[str, int, int]) -> None:
    base, _, run = office
    fund = at_desk(browser, base, Role.FUND_OFFICER)
    fund.page.click("nav a:has-text('What if')")
    assert fund.page.url.endswith(f"/what-if/{run}/")
    fund.page.fill("input[name=budget_factor]", "1,1")
    fund.page.fill("input[name=time_limit]", "2")
    fund.page.click("main form.stack button")
    # The page comes again by itself until the answer is there.
    fund.page.wait_for_selector("text=Value", timeout=180_000)
    assert "1.1" in fund.page.inner_text("main")
    fund.go("/programme/")
    assert fund.page.locator("main form[enctype]").count() == 0
    assert fund.complaints == []


def test_from_a_signal_to_an_official_warning_and_its_end(browser: Browser, office: tuple[str, int, int]) -> None:
    base, _, _ = office
    duty = at_desk(browser, base, Role.DUTY_OFFICER, 390)
    assert not duty.page.locator("nav a:has-text('Watch')").is_visible()
    duty.page.click("details.menu summary")
    duty.page.click("nav a:has-text('Watch')")
    duty.page.click(".tabs a:has-text('Warning desk')")
    duty.page.click("text=Write a new signal")
    duty.page.select_option("select[name=hazard]", "fog")
    duty.page.select_option("select[name=level]", "1")
    duty.page.check("input[name=areas][value='01']")
    for lang, headline in (("vi", "Sương mù dày"), ("en", "Dense fog")):
        duty.page.fill(f"input[name=headline_{lang}]", headline)
    duty.page.fill("input[name=reason]", "seen from the tower")
    duty.page.click("button[value=send]")
    assert duty.page.locator("button[value=approve]").count() == 0

    approver = at_desk(browser, base, Role.WARNING_APPROVER)
    assert approver.page.locator("text=You can take it into review.").count() == 1
    approver.page.click("main a:has-text('Fog')")
    for act in ("review", "approve"):
        approver.page.fill("form[action$='act/'] input[name=reason]", "confirmed by two stations")
        approver.page.click(f"button[value={act}]")
    assert "<headline>Dense fog" in approver.page.locator("pre").first.text_content()  # type: ignore[operator]

    member = at_desk(browser, base, Role.COUNCIL_MEMBER)
    held = member.page.locator("li", has_text="Dense fog")
    assert held.count() == 1
    held.locator("a").click()
    assert member.page.locator("form[action$='act/'] button").count() == 0

    approver.page.fill("form[action$='act/'] input[name=reason]", "the fog has lifted")
    approver.page.click("button[value=stand-down]")
    member.go("/")
    assert member.page.locator("li", has_text="Dense fog").count() == 0
    assert [*duty.complaints, *approver.complaints, *member.complaints] == []
