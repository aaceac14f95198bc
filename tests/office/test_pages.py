"""Every page, for every role, in both languages; and what a page may not do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html
from tests.office.conftest import dearer

from khien import Programme
from khien.board.middleware import POLICY
from khien.office.acts.record import Actor
from khien.office.acts.runs import ask_run
from khien.office.archive import pack
from khien.office.models import Run, User, Version
from khien.office.rights import Right, Role, rights_of

Visit = Callable[..., Client]

PAGES: dict[str, Right | None] = {
    "/": None,
    "/programme/": None,
    "/programme/{v}/": None,
    "/programme/{v}/tables/projects/": None,
    "/programme/{v}/tables/projects/?q=coi+bao": None,
    "/programme/{v}/programme.zip": None,
    "/programme/{v}/programme.xlsx": None,
    "/programme/compare/?a={v}&b={v}": None,
    "/runs/": None,
    "/runs/{r}/": None,
    "/log/": Right.LOG_READ,
    "/accounts/": Right.ACCOUNTS_READ,
    "/account/": None,
}


@pytest.fixture
def run(first: Version, actor: Callable[..., Actor]) -> Run:
    """A plan that waits."""
    return ask_run(actor(Role.ANALYST), "plan", first, {"time_limit": 1.0})


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_for_whom_it_may_and_says_why_for_whom_not(
    visit: Visit, first: Version, run: Run, role: Role
) -> None:
    browser = visit(role)
    for path, right in PAGES.items():
        answer = browser.get(path.format(v=first.pk, r=run.pk))
        allowed = right is None or right in rights_of([role])
        assert answer.status_code == (200 if allowed else 403), path
        if not allowed:
            assert "This needs one of the roles" in answer.content.decode()


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_pages_hold_no_script_no_style_and_nothing_from_elsewhere(
    visit: Visit, person: Callable[..., User], first: Version, run: Run, lang: str
) -> None:
    browser = visit(Role.ADMINISTRATOR)
    browser.post("/language/", {"language": lang})
    for path in PAGES:
        answer = browser.get(path.format(v=first.pk, r=run.pk))
        if "text/html" not in answer["Content-Type"]:
            assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
            continue
        text = answer.content.decode()
        assert answer["Content-Security-Policy"] == POLICY
        assert f'<html lang="{lang}">' in text
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", text), path
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text), path
        assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*PAGES, "/runs/start/", "/programme/upload/", "/programme/1/propose/"])
def test_nobody_gets_in_without_signing_in(path: str) -> None:
    path = path.format(v=1, r=1)
    for answer in (Client().get(path), Client().post(path)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/?next=")


@pytest.mark.django_db
def test_after_signing_in_nobody_is_sent_elsewhere(person: Callable[..., User]) -> None:
    from tests.office.conftest import PASSWORD

    person(Role.VIEWER)
    for where in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        words = {"email": "viewer@example.vn", "password": PASSWORD, "next": where}
        assert Client().post("/sign-in/", words)["Location"] == "/"


def test_acts_are_posts_with_the_token_of_the_form(visit: Visit, first: Version, run: Run) -> None:
    for path in ("/runs/start/", f"/runs/{run.pk}/cancel/", f"/programme/{first.pk}/propose/", "/sign-out/"):
        assert visit(Role.ANALYST).get(path).status_code == 405, path
        assert visit(Role.ANALYST, strict=True).post(path).status_code == 403, path
    assert Run.objects.get().cancel_asked is False


def test_an_upload_is_saved_or_its_findings_are_shown(visit: Visit, first: Version, isle: Programme) -> None:
    browser = visit(Role.ANALYST)

    def send(content: bytes, name: str = "p.zip") -> tuple[int, str]:
        file = SimpleUploadedFile(name, content)
        words = {"file": file, "parent": str(first.pk), "reason": "more money"}
        answer = browser.post("/programme/upload/", words)
        return answer.status_code, answer.content.decode()

    assert send(pack(dearer(isle)))[0] == 302
    assert Version.objects.count() == 2
    code, text = send(b"PK nothing")
    assert (code, "no .zip or .xlsx" in text) == (422, True)
    broken = _with_a_wrong_quarter(pack(isle))
    code, text = send(broken)
    assert code == 422
    assert 'class="hit"' in text
    assert "2026Q9" in text
    assert "Nothing was saved" in text
    assert Version.objects.count() == 2


def _with_a_wrong_quarter(content: bytes) -> bytes:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            target.writestr(name, text.replace(b"2026Q1", b"2026Q9", 1) if name == "projects.csv" else text)
    return out.getvalue()


@pytest.mark.django_db
def test_what_is_too_large_is_refused_before_it_is_read(visit: Visit) -> None:
    from khien.board.middleware import LARGEST_FORM
    from khien.office.unpack import LARGEST_UPLOAD

    def file(size: int) -> dict[str, SimpleUploadedFile]:
        return {"file": SimpleUploadedFile("p.zip", b"PK" + bytes(size))}

    assert Client().post("/sign-in/", file(LARGEST_FORM)).status_code == 413
    assert Client().post("/programme/upload/", file(LARGEST_FORM)).status_code == 413
    browser = visit(Role.ANALYST)
    answer = browser.post("/programme/upload/", file(LARGEST_UPLOAD))
    assert (answer.status_code, "larger than 20 MB" in answer.content.decode()) == (422, True)
    assert browser.post("/runs/start/", file(LARGEST_UPLOAD)).status_code == 413


def test_searching_needs_no_marks(visit: Visit, actor: Callable[..., Actor], land: Programme) -> None:
    from khien.office.acts.versions import save_version

    version = save_version(actor(Role.ANALYST), land, None, "the land")
    text = visit(Role.VIEWER).get(f"/programme/{version.pk}/tables/places/?q=da+nang").content.decode()
    assert "Đà Nẵng" in text
    assert "Hà Giang" not in text
    assert "illustrative" in text or "claimed" in text or "verified" in text


def test_the_same_request_leads_to_the_same_run(visit: Visit, first: Version, run: Run) -> None:
    words = {"kind": "plan", "version": str(first.pk), "time_limit": "1,0", "seed": "0"}
    assert visit(Role.ANALYST).post("/runs/start/", words)["Location"] == f"/runs/{run.pk}/"
    wrong = visit(Role.ANALYST).post("/runs/start/", words | {"time_limit": "soon"})
    assert (wrong.status_code, "is no number" in wrong.content.decode()) == (409, True)
    assert Run.objects.count() == 1


def test_a_run_that_goes_on_asks_again_by_itself_and_an_ended_one_does_not(visit: Visit, run: Run) -> None:
    assert visit(Role.VIEWER).get(f"/runs/{run.pk}/")["Refresh"] == f"3; url=/runs/{run.pk}/"
    Run.objects.update(state=Run.State.LOST)
    answer = visit(Role.VIEWER).get(f"/runs/{run.pk}/")
    assert "Refresh" not in answer
    assert "lost" in answer.content.decode()


def test_names_are_written_as_text(visit: Visit, person: Callable[..., User]) -> None:
    person(Role.VIEWER, "<script>alert(1)</script>")
    text = visit(Role.ADMINISTRATOR).get("/accounts/").content.decode()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_pages_ask_the_database_little(
    visit: Visit, first: Version, run: Run, django_assert_max_num_queries: Callable[..., object]
) -> None:
    browser = visit(Role.ANALYST)
    for path in ("/", "/programme/", f"/programme/{first.pk}/", "/runs/", f"/runs/{run.pk}/"):
        browser.get(path)
        with django_assert_max_num_queries(18):  # type: ignore[attr-defined]
            browser.get(path)


def test_a_province_that_is_no_longer_offered_is_kept_on_the_form_of_an_account(
    visit: Visit, actor: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = actor(Role.PROVINCE_OFFICER, "officer", "77")
    monkeypatch.setattr("khien.board.views.accounts.provinces", lambda _: [("01", "Hà Nội")])
    page = html.fromstring(visit(Role.ADMINISTRATOR).get(f"/accounts/{officer.person.pk}/").content.decode())
    options = {one.get("value"): one.get("selected") for one in page.xpath("//select[@name='places']/option")}
    assert options == {"01": None, "77": "selected"}
