"""Editing one row on a page, and its history."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.test import Client

from khien import Programme
from khien.office import edit
from khien.office.acts.programme_store import programme_of
from khien.office.models import Version
from khien.office.rights import Role
from khien.programme import TABLES
from khien.programme.compare import row_key

Visit = Callable[..., Client]
MONEY = TABLES["money"]


@pytest.fixture
def key(isle: Programme) -> str:
    """The key of the first row of money."""
    return row_key(MONEY, isle.money.row(0, named=True))


@pytest.fixture
def place(first: Version, key: str) -> str:
    """The page of that row."""
    return f"/programme/{first.pk}/tables/money/row/?key={quote(key)}"


def sent(isle: Programme, key: str, **changes: str) -> dict[str, str]:
    cells = edit.cells_of(isle, MONEY, key) | changes
    return {f"cell-{name}": value for name, value in cells.items()} | {"reason": "corrected", "what": "save"}


@pytest.mark.parametrize("name", ["options", "stocks", "sources_of_facts"])
def test_a_row_that_is_sent_as_it_stood_changes_nothing(land: Programme, name: str) -> None:
    table = TABLES[name]
    key = row_key(table, land.frames[name].row(0, named=True))
    taken = edit.with_row(land, table, key, edit.cells_of(land, table, key))
    assert taken.programme is not None
    assert taken.programme.hash == land.hash


def test_saving_a_row_makes_a_version_with_one_change(
    visit: Visit, first: Version, isle: Programme, key: str, place: str
) -> None:
    browser = visit(Role.ANALYST)
    assert "amount_mvnd" in browser.get(place).content.decode()
    amount = int(isle.money["amount_mvnd"][0])
    answer = browser.post(place, sent(isle, key, amount_mvnd=str(amount + 9)))
    newest = Version.objects.latest("pk")
    assert answer["Location"] == f"/programme/compare/?a={first.pk}&b={newest.pk}"
    assert programme_of(newest).money["amount_mvnd"][0] == amount + 9
    text = browser.get(
        place.replace(f"/programme/{first.pk}/", f"/programme/{newest.pk}/") + "&history"
    ).content.decode()
    assert f"<del>{amount}</del> → <ins>{amount + 9}</ins>" in text
    assert "row added" in text


def test_what_is_wrong_is_shown_and_what_was_typed_stays(visit: Visit, isle: Programme, key: str, place: str) -> None:
    answer = visit(Role.ANALYST).post(place, sent(isle, key, amount_mvnd="lots of it"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.count("lots of it") >= 2
    assert 'class="hit"' in text
    assert Version.objects.count() == 1


def test_a_row_is_added_and_removed(visit: Visit, first: Version, isle: Programme) -> None:
    browser, page = visit(Role.ANALYST), f"/programme/{first.pk}/tables/skills/row/"
    new = {"cell-id": "diving", "cell-name_vi": "thợ lặn", "cell-name_en": "divers", "reason": "needed"}
    assert browser.post(page, new).status_code == 302
    added = Version.objects.latest("pk")
    assert programme_of(added).skills.height == isle.skills.height + 1
    there = f"/programme/{added.pk}/tables/skills/row/?key=diving"
    assert browser.post(there, {"what": "remove", "reason": "not needed"}).status_code == 302
    assert Version.objects.latest("pk").hash == isle.hash
    assert browser.get(f"/programme/{first.pk}/tables/skills/row/?key=diving").status_code == 404


def test_who_may_not_write_sees_the_row_and_why(visit: Visit, isle: Programme, key: str, place: str) -> None:
    browser = visit(Role.VIEWER)
    text = browser.get(place).content.decode()
    assert "This needs one of the roles" in text
    assert "cell-amount_mvnd" not in text
    assert browser.post(place, sent(isle, key)).status_code in (403, 422)
    assert Version.objects.count() == 1
