"""Pages that use a script: it is a file of ours, nothing is inline, and all works without it but for keys."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from tests.office.test_second import first_step, with_app

from khien.office.acts.record import Actor
from khien.office.models import Version
from khien.office.rights import Role

INLINE = r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:"
ELSEWHERE = r"""(?:src|href|action)=["'](?:https?:)?//"""


def strict(text: str, policy: str) -> None:
    assert not re.search(INLINE, text)
    assert not re.search(ELSEWHERE, text)
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    for address in re.findall(r'<script src="([^"]+)"', text):
        assert Client().get(address).status_code == 200, address


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_pages_beside_the_programme_keep_to_the_policy(visit: Callable[..., Client], first: Version, lang: str) -> None:
    pages = {
        Role.ANALYST: ("/account/second/", f"/programme/{first.pk}/tables/groups/grid/", "/account/"),
        Role.ADMINISTRATOR: ("/accounts/hooks/", "/accounts/", "/account/second/"),
    }
    for role, addresses in pages.items():
        browser = visit(role)
        browser.post("/language/", {"language": lang})
        for address in addresses:
            answer = browser.get(address)
            assert answer.status_code == 200, address
            text = answer.content.decode()
            assert f'<html lang="{lang}">' in text
            strict(text, answer["Content-Security-Policy"])


def test_pages_before_signing_in_keep_to_the_policy(actor: Callable[..., Actor]) -> None:
    user = actor(Role.ANALYST).person
    with_app(user)
    second = first_step(user).get("/sign-in/second/")
    for answer in (second, Client().get("/sign-in/"), Client().get("/sign-in/forgot/")):
        assert answer.status_code == 200
        strict(answer.content.decode(), answer["Content-Security-Policy"])
    picture = Client().get("/account/second/picture.svg")
    assert picture.status_code == 302


def test_the_picture_of_a_secret_is_for_its_session_alone(visit: Callable[..., Client]) -> None:
    browser = visit(Role.ANALYST)
    assert browser.get("/account/second/picture.svg").status_code == 404
    browser.get("/account/second/")
    answer = browser.get("/account/second/picture.svg")
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, "image/svg+xml", "no-store")
    assert b"<script" not in answer.content
