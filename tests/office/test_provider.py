"""Signing in by way of OpenID Connect, against a small provider of our own."""

from __future__ import annotations

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import clear_url_caches, set_urlconf
from tests.office.test_second import code_of, with_app

from khien.office.acts import accounts
from khien.office.acts.record import Actor
from khien.office.config import Provider
from khien.office.models import Entry, User
from khien.office.rights import Role

Act = Callable[..., Actor]
CLIENT, SECRET = "khien", "between us"


class Elsewhere(ThreadingHTTPServer):
    """Says who somebody is: whoever `person` names. Keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.person: dict[str, Any] = {}
        self.told: dict[str, Any] = {}
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.challenge = ""


class Answers(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        here = self.server.issuer
        if self.path == "/.well-known/openid-configuration":
            ends = {"authorization": "authorize", "token": "token", "userinfo": "me"}
            self._say({
                "issuer": here, "jwks_uri": f"{here}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                **{f"{name}_endpoint": f"{here}/{path}" for name, path in ends.items()},
            })  # fmt: skip
        elif self.path == "/me":
            self._say(self.server.person)
        else:
            self._say({}, 404)

    def do_POST(self) -> None:
        fields = {n: v[0] for n, v in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        self.server.told = fields
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        proven = urlsafe_b64encode(digest).rstrip(b"=").decode() == self.server.challenge
        if fields.get("client_secret") != SECRET or fields.get("code") != "a code" or not proven:
            self._say({"error": "invalid_grant"}, 400)
            return
        now = int(time.time())
        claims = {"iss": self.server.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, **self.server.person}
        token = jwt.encode(claims, self.server.key, "RS256", {"kid": "1"})
        self._say({"access_token": "t", "token_type": "Bearer", "id_token": token})

    def _say(self, plain: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(plain).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[Elsewhere]:
    """The provider, and an office that knows it."""
    import dataclasses
    import importlib

    from khien.board import urls, urls_office

    server = Elsewhere()
    Thread(target=server.serve_forever, daemon=True).start()
    known = Provider(server.issuer, CLIENT, SECRET, "the ministry")
    settings.CONFIG = dataclasses.replace(settings.CONFIG, provider=known)
    told = {"provider_id": "oidc", "name": known.name, "client_id": CLIENT, "secret": SECRET}
    told["settings"] = {"server_url": known.issuer}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [told]}}

    def load() -> None:
        clear_url_caches()
        importlib.reload(urls_office)
        importlib.reload(urls)
        set_urlconf(None)

    load()
    yield server
    server.shutdown()
    server.server_close()
    settings.CONFIG = dataclasses.replace(settings.CONFIG, provider=None)
    load()


def go(client: Client, elsewhere: Elsewhere, **answer: str) -> Any:
    """There and back: where the office sends, and what it does with whom the provider names."""
    sent = client.get("/sign-in/oidc/login/?next=/runs/")
    assert sent.status_code == 302, sent.content
    asked = {name: value[0] for name, value in parse_qs(urlsplit(sent["Location"]).query).items()}
    assert sent["Location"].startswith(f"{elsewhere.issuer}/authorize?")
    assert asked["code_challenge_method"] == "S256"
    elsewhere.challenge = asked["code_challenge"]
    return client.get("/sign-in/oidc/login/callback/", {"code": "a code", "state": asked["state"], **answer})


def person(email: str, sub: str = "17", *, verified: bool = True) -> dict[str, Any]:
    return {"sub": sub, "email": email, "email_verified": verified, "name": "N"}


def test_who_was_invited_comes_in_and_is_tied_once(
    actor: Act, visit: Callable[..., Client], elsewhere: Elsewhere
) -> None:
    user, _ = accounts.invite(actor(Role.ADMINISTRATOR), "new@b.vn", "New", "vi", [(Role.VIEWER, "")])
    assert "the ministry" in Client().get("/sign-in/").content.decode()
    client, elsewhere.person = Client(), person("New@b.vn")
    assert go(client, elsewhere)["Location"] == "/runs/"
    assert client.get("/runs/").status_code == 200
    assert elsewhere.told["redirect_uri"].endswith("/sign-in/oidc/login/callback/")
    acts = Entry.objects.filter(actor_id=user.pk).values_list("act", flat=True)
    assert list(acts) == ["session.start", "account.tie"]
    # From then on it is the person there, whatever their address.
    elsewhere.person = person("other@b.vn")
    assert go(Client(), elsewhere)["Location"] == "/runs/"
    # Somebody else to whom the address went over there is not let in.
    elsewhere.person = person("new@b.vn", "18")
    assert go(Client(), elsewhere)["Location"] == "/sign-in/"
    # Until an administrator unties the account; sessions end, and the person is told.
    boss = visit(Role.ADMINISTRATOR)
    assert "Untie" in boss.get(f"/accounts/{user.pk}/").content.decode()
    assert visit(Role.AUDITOR).post(f"/accounts/{user.pk}/untie/").status_code == 403
    assert boss.post(f"/accounts/{user.pk}/untie/").status_code == 302
    assert client.get("/runs/").status_code == 302
    assert go(Client(), elsewhere)["Location"] == "/runs/"


@pytest.mark.parametrize(
    "told", [person("stranger@b.vn"), person("viewer@example.vn", verified=False), {"sub": "3"}],
    ids=["not invited", "not verified", "no address"],
)  # fmt: skip
def test_nobody_makes_an_account_by_themselves(actor: Act, elsewhere: Elsewhere, told: dict[str, Any]) -> None:
    actor(Role.VIEWER)
    before = User.objects.count()
    client, elsewhere.person = Client(), told
    assert go(client, elsewhere)["Location"] == "/sign-in/"
    assert "không có tài khoản nào gắn với người này" in client.get("/sign-in/").content.decode()
    assert (User.objects.count(), client.get("/").status_code) == (before, 302)


def test_a_closed_account_stays_closed(actor: Act, elsewhere: Elsewhere) -> None:
    user = actor(Role.VIEWER).person
    elsewhere.person = person(user.email)
    assert go(Client(), elsewhere)["Location"] == "/runs/"
    accounts.deactivate(actor(Role.ADMINISTRATOR), user)
    assert go(Client(), elsewhere)["Location"] == "/sign-in/"


def test_the_second_factor_is_asked_for_here_too(actor: Act, elsewhere: Elsewhere) -> None:
    user = actor(Role.VIEWER).person
    secret, _ = with_app(user)
    client, elsewhere.person = Client(), person(user.email)
    assert go(client, elsewhere)["Location"] == "/sign-in/second/?next=%2Fruns%2F"
    assert client.get("/").status_code == 302
    assert client.post("/sign-in/second/", {"code": code_of(secret), "next": "/runs/"})["Location"] == "/runs/"
    assert json.loads(Entry.objects.first().after) == {"by": "oidc+code"}  # type: ignore[union-attr]


def test_a_forged_or_failed_answer_leads_back(actor: Act, elsewhere: Elsewhere) -> None:
    elsewhere.person = person(actor(Role.VIEWER).person.email)
    for answer in ({"state": "forged"}, {"code": "stolen"}, {"error": "access_denied"}):
        assert go(Client(), elsewhere, **answer)["Location"] == "/sign-in/"
    client = Client()
    assert client.get("/sign-in/oidc/login/callback/", {"code": "a code", "state": "x"})["Location"] == "/sign-in/"
    elsewhere.person = person("viewer@example.vn") | {"aud": "somebody else"}
    assert go(Client(), elsewhere)["Location"] == "/sign-in/"


@pytest.mark.django_db
def test_a_provider_that_does_not_answer_is_no_fault_of_ours(elsewhere: Elsewhere) -> None:
    elsewhere.shutdown()
    elsewhere.server_close()
    client = Client()
    assert client.get("/sign-in/oidc/login/")["Location"] == "/sign-in/"
    assert "nhà cung cấp" in client.get("/sign-in/").content.decode()


@pytest.mark.django_db
def test_without_a_provider_there_is_no_such_page() -> None:
    assert Client().get("/sign-in/oidc/login/").status_code == 404
    assert "OpenID" not in Client().get("/sign-in/").content.decode()
