"""The API: tokens, rights, what it answers; the client gives the objects that the library knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.office.outside import ask, served

import khien
from khien.office.acts.record import Actor
from khien.office.acts.tokens import make_token, revoke_token
from khien.office.acts.trouble import Trouble
from khien.office.models import Entry, Run, Token, Version
from khien.office.rights import Role

Say = Callable[..., Any]


@pytest.fixture
def say(client: Client, actor: Callable[..., Actor]) -> Say:
    """`say(role, "get", "/versions")`: status and JSON, with a token of that role."""

    def ask_it(role: Role, method: str, path: str, body: object = None, scopes: tuple[str, ...] = ("read",)) -> Any:
        _, secret = make_token(actor(role), "a test", scopes, 1)
        kwargs: dict[str, Any] = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer = getattr(client, method)(f"/api{path}", headers={"Authorization": f"Bearer {secret}"}, **kwargs)
        return answer.status_code, answer.json()

    return ask_it


def test_versions_rows_and_findings(say: Say, first: Version, isle: khien.Programme) -> None:
    status, told = say(Role.VIEWER, "get", "/versions")
    assert (status, told[0]["hash"], told[0]["adopted"]) == (200, isle.hash, False)
    status, told = say(Role.VIEWER, "get", f"/versions/{first.pk}/tables/projects?most=2")
    assert told["rows"] == isle.projects.head(2).to_dicts()
    assert told["total"] == isle.projects.height
    assert say(Role.VIEWER, "get", f"/versions/{first.pk}/findings") == (200, [f.to_dict() for f in isle.findings])
    for path in ("/versions/999", f"/versions/{first.pk}/tables/nothing", "/runs/999", "/runs/1/files/x"):
        assert say(Role.VIEWER, "get", path)[0] == 404, path
    assert say(Role.VIEWER, "get", "/versions?most=1000")[0] == 422


def test_runs_are_asked_and_stopped_through_the_same_doors(say: Say, first: Version) -> None:
    asked = {"kind": "plan", "version": first.pk, "settings": {"work": 10}}
    status, told = say(Role.ANALYST, "post", "/runs", asked, ("read", "run"))
    assert (status, told["state"]) == (200, "waiting")
    assert say(Role.ANALYST, "post", "/runs", asked, ("run",))[1]["id"] == told["id"]
    assert say(Role.VIEWER, "post", "/runs", asked, ("run",))[0] == 403
    assert say(Role.ANALYST, "post", "/runs", asked)[0] == 403  # a token to read
    assert say(Role.VIEWER, "post", f"/runs/{told['id']}/cancel", {}, ("run",))[0] == 403
    assert say(Role.ANALYST, "post", f"/runs/{told['id']}/cancel", {}, ("run",))[1]["state"] == "cancelled"
    for wrong in ({"points": [1]}, {"time_limit": "long"}, {"measure": {}}, {"points": 10**400}):
        status, why = say(Role.ANALYST, "post", "/runs", asked | {"kind": "frontier", "settings": wrong}, ("run",))
        assert status == 409, wrong
        assert why["why_vi"] != why["why_en"]
    for settings in ({"pins": ["\0"]}, {"pins": ["\ud800"]}):
        assert say(Role.ANALYST, "post", "/runs", asked | {"settings": settings}, ("run",))[0] == 409
    assert Run.objects.count() == 1


def test_the_log_is_for_auditors(say: Say, first: Version) -> None:
    assert say(Role.ANALYST, "get", "/log", None, ("log",))[0] == 403
    assert say(Role.AUDITOR, "get", "/log", None, ("read",))[0] == 403
    status, told = say(Role.AUDITOR, "get", "/log", None, ("log",))
    assert status == 200
    assert told[0]["hash"] == Entry.objects.get(seq=told[0]["seq"]).hash


def test_a_token_ends_and_a_session_is_none(
    client: Client, actor: Callable[..., Actor], visit: Callable[..., Client]
) -> None:
    me = actor(Role.VIEWER)
    token, secret = make_token(me, "mine", ["read"], 1)
    bearer = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/versions", headers=bearer).status_code == 200
    assert secret not in repr(list(Token.objects.values())) + repr(list(Entry.objects.values()))
    assert visit(Role.VIEWER).get("/api/versions").status_code == 401
    assert client.get("/api/versions", headers={"Authorization": "Bearer é"}).status_code == 401
    Token.objects.filter(pk=token.pk).update(expires=timezone.now() - timedelta(seconds=1))
    assert client.get("/api/versions", headers=bearer).status_code == 401
    Token.objects.filter(pk=token.pk).update(expires=timezone.now() + timedelta(days=1))
    revoke_token(actor(Role.ANALYST), token.pk)  # not theirs
    assert client.get("/api/versions", headers=bearer).status_code == 200
    me.person.is_active = False
    me.person.save()
    assert client.get("/api/versions", headers=bearer).status_code == 401
    me.person.is_active = True
    me.person.save()
    revoke_token(me, token.pk)
    assert client.get("/api/versions", headers=bearer).status_code == 401
    assert list(Entry.objects.order_by("seq").values_list("act", flat=True)) == ["token.make", "token.revoke"]
    for name, scopes, days in (("", ["read"], 1), ("x", ["all"], 1), ("x", ["read"], 0), ("x", ["read"], 400)):
        with pytest.raises(Trouble):
            make_token(me, name, scopes, days)


def test_guessing_tokens_is_stopped(client: Client, db: None) -> None:
    told = [client.get("/api/versions", headers={"Authorization": f"Bearer x{n}"}).status_code for n in range(42)]
    assert (told[0], told[-1]) == (401, 429)


def test_tokens_are_made_and_revoked_on_ones_own_page(visit: Callable[..., Client]) -> None:
    me = visit(Role.VIEWER)
    page = me.post("/account/tokens/", {"name": "script", "scope": ["read"], "days": "30"}).content.decode()
    assert "khien_" in page
    own = me.get("/account/").content.decode()
    assert "script" in own
    assert "khien_" not in own
    assert me.post("/account/tokens/", {"name": "script", "days": "x"}).status_code == 422
    me.post(f"/account/tokens/{Token.objects.get().pk}/revoke/")
    assert "script" not in me.get("/account/").content.decode()


def test_the_token_leaves_for_nowhere_unsafe() -> None:
    with pytest.raises(khien.connect.OfficeError, match="https"):
        khien.connect("http://example.org", "x")
    assert "secret" not in repr(khien.connect("https://example.org", "secret"))
    assert repr(khien.connect("https://example.org/api/", "x")) == "Office('https://example.org')"
    for token in ("", "sec ret", "secret\n", "sécret"):
        with pytest.raises(khien.connect.OfficeError, match="token") as caught:
            khien.connect("https://example.org", token)
        assert "ret" not in str(caught.value)
    with pytest.raises(khien.connect.OfficeError, match="does not answer") as nobody:
        khien.connect("http://127.0.0.1:1", "x").versions()
    assert nobody.value.status == 0


@pytest.mark.slow
def test_the_client_gives_what_the_library_knows(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    secret = ask(tmp_path, """
from khien import read
from khien.office.acts.tokens import make_token
from khien.office.acts.versions import save_version
user = User.objects.create(email="a@b.vn", name="A")
Grant.objects.create(user=user, role=Role.ANALYST)
save_version(Actor(user), read("examples/island"), None, "the beginning")
from khien.office import watch_demo
people = []
for role in (Role.DUTY_OFFICER, Role.WARNING_APPROVER):
    people.append(User.objects.create(email=f"{role.value}@b.vn", name=role.value))
    Grant.objects.create(user=people[-1], role=role)
watch_demo.fill(*map(Actor, people))
print(json.dumps(make_token(Actor(user), "t", ["read", "run"], 1)[1]))
""")  # fmt: skip
    with served(tmp_path, setup=False) as (base, _):
        office = khien.connect(base, secret)
        programme = office.programme()
        assert programme.hash == khien.read("examples/island").hash
        run = office.ask("plan", settings={"work": 300})
        plan = office.plan(office.wait(run["id"], 120))
        assert plan.programme_hash == programme.hash
        assert len(office.table(run["version"], "projects")) == programme.projects.height
        assert {one["state"] for one in office.warnings()} == {"signal", "review", "official"}
        assert len(office.warnings(every=True)) > len(office.warnings())
        assert "rain-24h" in {one["id"] for one in office.indicators()}
        assert len(office.latest("rain-24h")) == 34
        assert len(office.forecasts("rain-24h")) == 34 * 3 * 3  # places, models, days ahead
        assert {one["place"] for one in office.forecasts("rain-24h", "42", "demo-ensemble")} == {"42"}
        with pytest.raises(khien.connect.OfficeError, match="403"):
            office.log()
        with pytest.raises(khien.connect.OfficeError, match="404"):
            office.run(999)
