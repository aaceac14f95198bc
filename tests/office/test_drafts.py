"""Drafts in the grid: they survive a closed browser, belong to one person, and become a version as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from tests.office.conftest import dearer

from khien import Programme
from khien.board.views.grid import POLICY
from khien.office.acts import drafts
from khien.office.acts.programme_store import programme_of
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.acts.versions import save_version
from khien.office.doors import Refused
from khien.office.models import Draft, Entry, Version
from khien.office.rights import Role
from khien.programme import diff

Act = Callable[..., Actor]
Visit = Callable[..., Client]


def form(page: str) -> dict[str, str | list[str]]:
    """What a browser would send of the grid."""
    words: dict[str, str | list[str]] = {"key": re.findall(r'name="key" value="([^"]*)"', page)}
    words |= dict(re.findall(r'<input name="(cell-[^"]+)" value="([^"]*)"', page))
    for name, rest in re.findall(r'<select name="(cell-[^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', rest)
        words[name] = chosen[1] if chosen else ""
    words |= {f"gone-{n}": "on" for n in re.findall(r'name="gone-(\d+)"[^>]* checked', page)}
    return words


def place(page: str, key: str) -> int:
    return form(page)["key"].index(key)  # type: ignore[union-attr]


def test_what_is_typed_waits_and_becomes_a_version_as_a_whole(visit: Visit, first: Version) -> None:
    address, browser = f"/programme/{first.pk}/tables/groups/grid/", visit(Role.ANALYST)
    page = browser.get(address)
    assert page["Content-Security-Policy"] == POLICY
    text = page.content.decode()
    before = dict(programme_of(first).groups.select("id", "name_en").iter_rows())
    some = next(iter(before))
    words = form(text)
    words[f"cell-{place(text, some)}-name_en"] = "Something else"
    new = place(text, "+1")
    words |= {f"cell-{new}-id": "fresh", f"cell-{new}-name_vi": "Mới", f"cell-{new}-name_en": "Fresh"}
    assert browser.post(address, words | {"what": "keep"}).status_code == 302
    # Another browser of the same person, later; nobody else.
    again = visit(Role.ANALYST).get(address).content.decode()
    assert form(again)[f"cell-{place(again, some)}-name_en"] == "Something else"
    assert "fresh" in again
    assert address in visit(Role.ANALYST).get("/programme/").content.decode()
    assert "Something else" not in visit(Role.ANALYST, "another").get(address).content.decode()
    assert (Version.objects.count(), Entry.objects.filter(kind="draft").exists()) == (1, False)
    # The same again is no draft any more; the rest is saved.
    assert browser.post(address, form(again) | {"what": "save", "reason": "names"}).status_code == 302
    saved = Version.objects.first()
    assert saved is not None
    kinds = sorted((c.kind, c.key) for c in diff(programme_of(first), programme_of(saved)))
    assert kinds == sorted([("changed", some), ("added", "fresh")])
    assert not Draft.objects.exists()


def test_a_row_that_is_as_before_again_is_no_draft(actor: Act, first: Version) -> None:
    who, rows = actor(Role.ANALYST), drafts.as_text(first, "groups")
    key = next(iter(rows))
    assert drafts.keep_rows(who, first, "groups", {key: rows[key] | {"name_en": "X"}, "+1": {"id": " "}}) == 1
    assert drafts.keep_rows(who, first, "groups", {key: rows[key]}) == 0
    assert drafts.keep_rows(who, first, "groups", {key: None}) == 1


def test_findings_keep_the_draft_and_save_nothing(visit: Visit, first: Version) -> None:
    address, browser = f"/programme/{first.pk}/tables/money/grid/", visit(Role.ANALYST)
    text = browser.get(address).content.decode()
    words = form(text) | {"cell-0-amount_mvnd": "-5", "what": "check"}
    told = browser.post(address, words).content.decode()
    assert 'class="findings"' in told
    assert "-5" in told
    answer = browser.post(address, words | {"what": "save", "reason": "r"})
    assert (answer.status_code, Version.objects.count(), Draft.objects.count()) == (422, 1, 1)
    assert browser.post(address, {"what": "forget"}).status_code == 302
    assert not Draft.objects.exists()


def test_the_script_keeps_without_a_page(visit: Visit, first: Version) -> None:
    address, browser = f"/programme/{first.pk}/tables/groups/grid/", visit(Role.ANALYST)
    words = form(browser.get(address).content.decode()) | {"cell-0-name_en": "Y"}
    answer = browser.post(address, words, headers={"X-Quiet": "1"})
    assert (answer.status_code, answer.content) == (200, b"1")


def test_a_province_officer_saves_only_the_own_rows(actor: Act, land: Programme) -> None:
    version = save_version(actor(Role.ANALYST), land, None, "the land")
    provinces = land.places.filter(land.places["level"] == "province")["id"].to_list()
    officer = actor(Role.PROVINCE_OFFICER, "officer", provinces[0])
    rows = drafts.as_text(version, "places")
    drafts.keep_rows(officer, version, "places", {provinces[1]: rows[provinces[1]] | {"name_en": "Not mine"}})
    with pytest.raises(Refused, match="province"):
        drafts.save_draft(officer, version, "r")
    assert Draft.objects.count() == 1
    drafts.forget(officer, version)
    drafts.keep_rows(officer, version, "places", {provinces[0]: rows[provinces[0]] | {"name_en": "Mine"}})
    assert drafts.save_draft(officer, version, "r").version is not None


def test_who_may_not_write_gets_no_grid_and_rows_that_are_not_there_are_refused(
    visit: Visit, actor: Act, first: Version
) -> None:
    assert visit(Role.VIEWER).get(f"/programme/{first.pk}/tables/groups/grid/").status_code == 403
    with pytest.raises(Trouble, match="no row"):
        drafts.keep_rows(actor(Role.ANALYST), first, "groups", {"nobody": {"id": "nobody"}})
    answer = visit(Role.ANALYST).post(f"/programme/{first.pk}/tables/groups/grid/", {"key": ["nobody"]})
    assert answer.status_code == 422


def test_two_drafts_on_one_version_make_two_versions_that_can_be_merged(
    actor: Act, first: Version, isle: Programme
) -> None:
    who = actor(Role.ANALYST)
    save_version(who, dearer(isle), first, "meanwhile")
    rows = drafts.as_text(first, "groups")
    key = next(iter(rows))
    drafts.keep_rows(who, first, "groups", {key: rows[key] | {"name_en": "X"}})
    saved = drafts.save_draft(who, first, "mine").version
    assert saved is not None
    assert saved.parent == first
