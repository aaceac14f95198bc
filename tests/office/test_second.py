"""Second factors: apps, keys, codes on paper; no way around them."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.test import Client
from django.utils import timezone
from tests.office.conftest import PASSWORD
from tests.office.soft_key import SoftKey

from khien.office.acts import accounts
from khien.office.acts.attempts import MOST_PER_ACCOUNT
from khien.office.acts.record import Actor
from khien.office.models import Attempt, Entry, Seat, User
from khien.office.rights import Role

Act = Callable[..., Actor]


def code_of(secret: str, later: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def signed_in(user: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    return client


def with_app(user: User) -> tuple[str, list[str]]:
    """Add an app by the page; its secret and the codes on paper."""
    client = signed_in(user)
    secret = re.search(r'<code class="long">(\w+)</code>', client.get("/account/second/").content.decode())
    assert secret
    words = {"what": "app", "code": code_of(secret[1], -1), "password": PASSWORD}
    text = client.post("/account/second/", words).content.decode()
    return secret[1], re.findall(r"<code>(\d{10})</code>", text)


def first_step(user: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    answer = client.post("/sign-in/", {"email": user.email, "password": PASSWORD, "next": "/runs/"})
    assert answer["Location"] == "/sign-in/second/?next=%2Fruns%2F"
    return client


def second_step(client: Client, **words: str) -> Any:
    return client.post("/sign-in/second/", {"next": "/runs/", **words})


def test_an_app_is_asked_for_from_then_on_and_a_code_counts_once(actor: Act) -> None:
    user = actor(Role.ANALYST).person
    secret, paper = with_app(user)
    assert len(paper) == 10
    client = first_step(user)
    assert client.get("/")["Location"].startswith("/sign-in/?next=")
    assert second_step(client, code="000000").status_code == 422
    assert second_step(client, code=code_of(secret))["Location"] == "/runs/"
    assert client.get("/").status_code == 200
    assert second_step(first_step(user), code=code_of(secret)).status_code == 422
    assert json.loads(Entry.objects.filter(act="session.start").first().after) == {"by": "password+code"}  # type: ignore[union-attr]


def test_a_code_on_paper_works_once_and_new_ones_replace_the_old(actor: Act) -> None:
    user = actor(Role.ANALYST).person
    _, paper = with_app(user)
    client = first_step(user)
    assert second_step(client, code=paper[0]).status_code == 302
    assert second_step(first_step(user), code=paper[0]).status_code == 422
    text = client.post("/account/second/", {"what": "codes", "password": PASSWORD}).content.decode()
    new = re.findall(r"<code>(\d{10})</code>", text)
    assert not set(new) & set(paper)
    assert second_step(first_step(user), code=paper[1]).status_code == 422
    assert second_step(first_step(user), code=new[3]).status_code == 302


def asked(page: str) -> dict[str, Any]:
    found = re.search(r'data-asked="([^"]+)"', page)
    assert found
    plain: dict[str, Any] = json.loads(html.unescape(found[1]))
    return plain


def test_a_key_signs_in_and_only_the_right_one_here(actor: Act) -> None:
    user = actor(Role.ANALYST).person
    client, key = signed_in(user), SoftKey("http://localhost", "localhost")
    page = client.get("/account/second/")
    assert "script-src 'self'" in page["Content-Security-Policy"]
    answer = key.create(asked(page.content.decode()))
    words = {"what": "key", "name": "on my ring", "password": PASSWORD}
    assert client.post("/account/second/", words | {"answer": answer, "password": "x"}).status_code == 422
    assert client.post("/account/second/", words | {"answer": "{}"}).status_code == 422
    page = client.get("/account/second/")
    done = client.post("/account/second/", words | {"answer": key.create(asked(page.content.decode()))})
    assert len(re.findall(r"<code>(\d{10})</code>", done.content.decode())) == 10

    client = first_step(user)
    wanted = asked(client.get("/sign-in/second/").content.decode())
    for other in (SoftKey("http://localhost", "localhost"), SoftKey("http://evil.example", "localhost")):
        assert second_step(client, answer=other.get(wanted)).status_code == 422
    wanted = asked(client.get("/sign-in/second/").content.decode())
    good = key.get(wanted)
    assert second_step(client, answer=good).status_code == 302
    assert second_step(first_step(user), answer=good).status_code == 422


NO_ANSWERS = ["", "[]", "nonsense", '{"id": 3}', '{"id":"YQ","rawId":"YQ","type":"public-key","response":{}}']


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_answers_that_are_none_are_refused(actor: Act, answer: str) -> None:
    user = actor(Role.ANALYST).person
    with_app(user)
    assert second_step(first_step(user), answer=answer).status_code == 422


def test_guessing_codes_is_stopped(actor: Act) -> None:
    user = actor(Role.ANALYST).person
    secret, _ = with_app(user)
    client = first_step(user)
    for _ in range(MOST_PER_ACCOUNT):
        second_step(client, code="000000")
    assert second_step(first_step(user), code=code_of(secret)).status_code == 422
    Attempt.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert second_step(first_step(user), code=code_of(secret)).status_code == 302


def test_the_first_step_runs_out_and_a_changed_password_voids_it(actor: Act) -> None:
    user = actor(Role.ANALYST).person
    secret, _ = with_app(user)
    client = first_step(user)
    session = client.session
    session["half"] = session["half"] | {"at": (timezone.now() - timedelta(minutes=11)).isoformat()}
    session.save()
    assert second_step(client, code=code_of(secret))["Location"] == "/sign-in/"
    client = first_step(user)
    link = accounts.make_reset_ticket(actor(Role.ADMINISTRATOR), user)
    accounts.use_ticket(Actor(None), link, "một câu khác cũng khá dài")
    assert second_step(client, code=code_of(secret))["Location"] == "/sign-in/"


def test_a_link_for_a_new_password_is_no_way_around(actor: Act) -> None:
    user = actor(Role.ANALYST).person
    with_app(user)
    link = accounts.make_reset_ticket(actor(Role.ADMINISTRATOR), user)
    client, new = Client(HTTP_HOST="localhost"), "một câu khác cũng khá dài"
    assert client.post(f"/link/{link}/", {"password": new, "again": new})["Location"].startswith("/sign-in/second/")
    assert client.get("/").status_code == 302


def test_removing_asks_for_the_password_and_the_last_takes_the_paper_along(actor: Act) -> None:
    user = actor(Role.ANALYST).person
    secret, _ = with_app(user)
    client = first_step(user)
    second_step(client, code=code_of(secret))
    app = str(Authenticator.objects.get(type="totp").pk)
    wrong = client.post("/account/second/", {"what": "remove", "factor": app, "password": "x"})
    assert (wrong.status_code, Authenticator.objects.count()) == (422, 2)
    client.post("/account/second/", {"what": "remove", "factor": app, "password": PASSWORD})
    assert not Authenticator.objects.exists()
    assert Client().post("/sign-in/", {"email": user.email, "password": PASSWORD})["Location"] == "/"


def test_a_session_left_open_is_not_enough_to_guess_the_password(actor: Act) -> None:
    user = actor(Role.ANALYST).person
    secret, _ = with_app(user)
    client = first_step(user)
    second_step(client, code=code_of(secret))
    for _ in range(MOST_PER_ACCOUNT // 2):
        assert client.post("/account/second/", {"what": "codes", "password": "x"}).status_code == 422
        assert client.post("/account/", {"old": "x", "new": "y" * 12, "again": "y" * 12}).status_code == 422
    answer = client.post("/account/second/", {"what": "codes", "password": PASSWORD})
    assert (answer.status_code, "too many" in answer.content.decode().lower()) == (422, True)


def test_somebody_elses_factor_stays(actor: Act) -> None:
    one, two = actor(Role.ANALYST).person, actor(Role.VIEWER).person
    with_app(one)
    app = str(Authenticator.objects.get(type="totp").pk)
    signed_in(two).post("/account/second/", {"what": "remove", "factor": app, "password": PASSWORD})
    assert Authenticator.objects.filter(type="totp").exists()


def test_an_administrator_helps_who_lost_all_and_nobody_else_can(actor: Act, visit: Callable[..., Client]) -> None:
    user = actor(Role.ANALYST).person
    secret, _ = with_app(user)
    client = first_step(user)
    second_step(client, code=code_of(secret))
    assert visit(Role.COUNCIL_SECRETARY).post(f"/accounts/{user.pk}/second/").status_code == 403
    assert visit(Role.ADMINISTRATOR).post(f"/accounts/{user.pk}/second/").status_code == 302
    assert client.get("/").status_code == 302
    assert not Authenticator.objects.exists()
    entry = Entry.objects.get(act="second.drop")
    assert (entry.actor_name, entry.object) == ("administrator", str(user.pk))


def test_secrets_are_sealed_in_the_database(actor: Act) -> None:
    secret, paper = with_app(actor(Role.ANALYST).person)
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    kept += json.dumps(list(Entry.objects.values_list("after", flat=True)))
    assert secret not in kept
    assert not any(code in kept for code in paper)


def test_where_it_is_required_everybody_is_led_there_first(actor: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    user = actor(Role.ANALYST).person
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, second_factor=True))
    client = signed_in(user)
    assert client.get("/runs/")["Location"] == "/account/second/"
    assert client.get("/account/second/").status_code == 200
    with_app(user)
    assert client.get("/runs/").status_code == 200
    app = str(Authenticator.objects.get(type="totp").pk)
    words = {"what": "remove", "factor": app, "password": PASSWORD}
    assert client.post("/account/second/", words).status_code == 422


def test_a_session_that_was_silent_is_over_and_the_oldest_of_too_many(
    actor: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    user = actor(Role.ANALYST).person
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, most_sessions=2, idle_minutes=30))
    one, two, three = (signed_in(user) for _ in range(3))
    assert [client.get("/").status_code for client in (one, two, three)] == [302, 200, 200]
    key = two.session.session_key
    Seat.objects.filter(session_key=key).update(seen=timezone.now() - timedelta(minutes=31))
    assert two.get("/")["Location"] == "/sign-in/"
    assert two.get("/")["Location"].startswith("/sign-in/?next=")
    assert json.loads(Entry.objects.first().after) == {"idle": True}  # type: ignore[union-attr]
