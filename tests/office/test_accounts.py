"""Accounts: links, roles, passwords, guessing, sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.office.conftest import PASSWORD

from khien.office.acts import accounts
from khien.office.acts.attempts import MOST_PER_ACCOUNT
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.doors import Refused
from khien.office.models import Attempt, Seat, Ticket, User
from khien.office.rights import Role

Act = Callable[..., Actor]
NOBODY = Actor(None)


def sign_in(client: Client, email: str, password: str) -> int:
    return int(client.post("/sign-in/", {"email": email, "password": password}).status_code)


@pytest.mark.django_db
def test_a_new_office_is_opened_by_one_link_and_once() -> None:
    old, new = accounts.make_setup_ticket(), accounts.make_setup_ticket()
    assert old is not None
    assert new is not None
    assert accounts.find_ticket(old) is None
    user = accounts.use_ticket(NOBODY, new, PASSWORD, "First@Example.vn", "First", "vi")
    assert (user.email, user.roles) == ("first@example.vn", ["administrator"])
    assert accounts.make_setup_ticket() is None
    with pytest.raises(Trouble, match="was used"):
        accounts.use_ticket(NOBODY, new, PASSWORD, "b@example.vn", "B")
    assert not Ticket.objects.filter(secret_hash__contains=new[:10]).exists()


def test_an_invitation_sets_the_password_and_expires(actor: Act) -> None:
    user, secret = accounts.invite(actor(Role.ADMINISTRATOR), "a@b.vn", "A", "vi", [(Role.VIEWER, "")])
    assert not user.has_usable_password()
    with pytest.raises(Trouble, match="password"):
        accounts.use_ticket(NOBODY, secret, "short")
    Ticket.objects.filter(user=user).update(expires=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Trouble, match="expired"):
        accounts.use_ticket(NOBODY, secret, PASSWORD)
    again = accounts.make_reset_ticket(actor(Role.ADMINISTRATOR), user)
    assert accounts.use_ticket(NOBODY, again, PASSWORD).check_password(PASSWORD)


@pytest.mark.parametrize(
    "email, name, roles",
    [("nonsense", "A", [(Role.VIEWER, "")]), ("a@b.vn", " ", [(Role.VIEWER, "")]), ("a@b.vn", "A", []),
     ("a@b.vn", "A", [(Role.PROVINCE_OFFICER, "")]), ("administrator@example.vn", "A", [(Role.VIEWER, "")])],
)  # fmt: skip
def test_invitations_that_make_no_sense(actor: Act, email: str, name: str, roles: list[tuple[Role, str]]) -> None:
    with pytest.raises(Trouble):
        accounts.invite(actor(Role.ADMINISTRATOR), email, name, "vi", roles)
    assert User.objects.count() == 1


def test_only_an_administrator_invites_and_nobody_raises_oneself(actor: Act) -> None:
    with pytest.raises(Refused):
        accounts.invite(actor(Role.ANALYST), "a@b.vn", "A", "vi", [(Role.ADMINISTRATOR, "")])
    boss = actor(Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="their own rights"):
        accounts.set_roles(boss, boss.person, [(Role.ADMINISTRATOR, ""), (Role.COUNCIL_SECRETARY, "")])


def test_the_last_administrator_stays(actor: Act) -> None:
    one, two = actor(Role.ADMINISTRATOR), actor(Role.ADMINISTRATOR, "second")
    accounts.deactivate(one, two.person)
    gone = Actor(User.objects.get(pk=two.person.pk))
    with pytest.raises(Refused, match="closed"):
        accounts.deactivate(gone, one.person)
    accounts.reactivate(one, gone.person)
    back = Actor(User.objects.get(pk=two.person.pk))
    accounts.set_roles(back, one.person, [(Role.VIEWER, "")])
    assert User.objects.get(pk=one.person.pk).roles == ["viewer"]


def test_a_closed_account_is_out_at_once(actor: Act) -> None:
    user, client = actor(Role.ANALYST).person, Client()
    assert sign_in(client, user.email, PASSWORD) == 302
    assert client.get("/").status_code == 200
    secret = accounts.make_reset_ticket(actor(Role.ADMINISTRATOR), user)
    accounts.deactivate(actor(Role.ADMINISTRATOR), user)
    assert client.get("/").status_code == 302
    assert sign_in(Client(), user.email, PASSWORD) == 422
    assert accounts.find_ticket(secret) is None
    assert not Seat.objects.exists()


def test_guessing_is_stopped_and_the_right_password_waits_too(actor: Act) -> None:
    user = actor(Role.VIEWER).person
    for _ in range(MOST_PER_ACCOUNT):
        assert sign_in(Client(), user.email, "wrong") == 422
    assert sign_in(Client(), user.email, PASSWORD) == 422
    assert sign_in(Client(), "somebody@else.vn", "x") == 422
    Attempt.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert sign_in(Client(), user.email, PASSWORD) == 302
    assert user.email not in " ".join(Attempt.objects.values_list("subject", flat=True))


def test_own_sessions_are_listed_and_ended(actor: Act) -> None:
    user, here, there = actor(Role.VIEWER).person, Client(), Client()
    for client in (here, there):
        sign_in(client, user.email, PASSWORD)
    other = Seat.objects.exclude(session_key=here.session.session_key).get()
    assert here.get("/account/").content.count(b"/end/") == 1
    here.post(f"/account/sessions/{other.pk}/end/")
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200
    assert here.post("/sign-out/").status_code == 302
    assert not Seat.objects.exists()


def test_a_new_password_ends_the_other_sessions(actor: Act) -> None:
    user, here, there = actor(Role.VIEWER).person, Client(), Client()
    for client in (here, there):
        sign_in(client, user.email, PASSWORD)
    new = "một câu khác cũng khá dài"
    wrong = here.post("/account/", {"old": "no", "new": new, "again": new})
    assert (wrong.status_code, "wrong" in wrong.content.decode()) == (422, True)
    assert here.post("/account/", {"old": PASSWORD, "new": new, "again": new}).status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


def test_somebody_elses_session_cannot_be_ended(actor: Act) -> None:
    mine, theirs = Client(), Client()
    sign_in(mine, actor(Role.VIEWER).person.email, PASSWORD)
    sign_in(theirs, actor(Role.ANALYST).person.email, PASSWORD)
    seat = Seat.objects.get(session_key=theirs.session.session_key)
    mine.post(f"/account/sessions/{seat.pk}/end/")
    assert theirs.get("/").status_code == 200
