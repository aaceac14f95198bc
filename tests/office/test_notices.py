"""Mail and web hooks: queued with the act, sent by a worker, signed, and never to an address inside."""

from __future__ import annotations

import dataclasses
import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from tests.office.conftest import PASSWORD
from tests.office.listeners import HookServer, MailServer, running
from tests.office.outside import ask, khien

from khien.office import post
from khien.office.acts import accounts, hooks, notices, proposals, queue, runs
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.config import Mail
from khien.office.doors import Refused
from khien.office.models import Entry, Hook, Notice, Run, User, Version
from khien.office.rights import Role

Act = Callable[..., Actor]
Visit = Callable[..., Client]


@pytest.fixture
def mail(settings: Any) -> Iterator[MailServer]:
    """An office with a mail server."""
    server = MailServer()
    told = Mail("127.0.0.1", server.port, "", "", "", "office@khien.example")
    settings.CONFIG = dataclasses.replace(settings.CONFIG, mail=told, url="https://khien.example")
    with running(server):
        yield server


@pytest.fixture
def hook(settings: Any) -> Iterator[HookServer]:
    """An office that may call hooks of this machine."""
    server = HookServer()
    settings.CONFIG = dataclasses.replace(settings.CONFIG, hooks_private=True)
    with running(server):
        yield server


def test_who_decides_gets_a_mail_and_who_proposed_the_answer(mail: MailServer, actor: Act, first: Version) -> None:
    analyst = actor(Role.ANALYST)
    for role in (Role.VIEWER, Role.COUNCIL_SECRETARY):
        actor(role)
    silent = actor(Role.COUNCIL_SECRETARY, "silent")
    accounts.set_wishes(silent, mail=False)
    proposal = proposals.propose(analyst, first, "because <b>")
    assert mail.mails == []
    assert notices.send_due() == 1
    to, message = mail.mails.pop()
    assert (to, message["From"]) == ("council-secretary@example.vn", "office@khien.example")
    assert f"https://khien.example/programme/{first.pk}/" in message.get_content()
    assert "because" not in message.get_content()
    decider = actor(Role.COUNCIL_SECRETARY, "decider")
    proposals.decide(decider, proposal, adopt=False, reason="not yet")
    assert notices.send_due() == 1
    assert mail.mails.pop()[0] == "analyst@example.vn"


def test_own_account_is_always_told_and_a_run_to_who_asked(mail: MailServer, actor: Act, first: Version) -> None:
    who = actor(Role.ANALYST)
    accounts.set_wishes(who, mail=False)
    accounts.change_password(Actor(User.objects.get(pk=who.person.pk)), PASSWORD, "một câu khác cũng khá dài", "")
    assert notices.send_due() == 1
    who = Actor(User.objects.get(pk=who.person.pk))
    accounts.set_wishes(who, mail=True)
    runs.ask_run(who, "plan", first, {"time_limit": 1.0})
    claim = queue.take_next("here")
    assert claim is not None
    queue.give_up(claim, Run.State.FAILED, "hỏng", "broken")
    assert notices.send_due() == 1
    assert [to for to, _ in mail.mails] == ["analyst@example.vn"] * 2
    assert "/runs/" in mail.mails[1][1].get_content()


def test_a_link_travels_by_mail_once_and_is_not_kept(mail: MailServer, actor: Act) -> None:
    accounts.invite(actor(Role.ADMINISTRATOR), "new@b.vn", "New", "vi", [(Role.VIEWER, "")])
    kept = json.dumps(list(Notice.objects.values_list("content", flat=True)))
    notices.send_due()
    text = mail.mails[0][1].get_content()
    secret = text.partition("https://khien.example/link/")[2].partition("/")[0]
    assert secret not in kept
    assert accounts.find_ticket(secret) is not None
    assert "link" not in (Notice.objects.get(to__email="new@b.vn").content or {})
    # Asking for a new password says the same of everybody, and mails nobody twice in ten minutes.
    answers = [Client().post("/sign-in/forgot/", {"email": email}) for email in ("new@b.vn", "no@b.vn", "new@b.vn")]
    assert {answer.status_code for answer in answers} == {200}
    assert notices.send_due() == 1
    assert mail.mails[-1][0] == "new@b.vn"


def test_without_a_mail_server_nothing_is_queued(actor: Act, first: Version) -> None:
    proposals.propose(actor(Role.ANALYST), first, "because")
    assert not Notice.objects.exists()
    answer = Client().post("/sign-in/forgot/", {"email": "a@b.vn"})
    assert (answer.status_code, "quản trị viên" in answer.content.decode()) == (422, True)


def test_an_act_that_is_taken_back_tells_nobody(hook: HookServer, actor: Act, first: Version) -> None:
    hooks.add_hook(actor(Role.ADMINISTRATOR), "h", hook.url, ["proposal"])
    who = actor(Role.ANALYST)
    with transaction.atomic():
        proposals.propose(who, first, "because")
        assert Notice.objects.exists()
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_a_hook_is_called_signed_with_what_stands_in_the_log(hook: HookServer, actor: Act, first: Version) -> None:
    _, secret = hooks.add_hook(actor(Role.ADMINISTRATOR), "h", hook.url, ["proposal", "run.ask"])
    proposals.propose(actor(Role.ANALYST), first, "vì vậy")
    assert notices.send_due() == 1
    headers, body = hook.calls.pop()
    entry = Entry.objects.get(act="proposal.make")
    told = json.loads(body)
    assert (told["id"], told["hash"], told["after"]["reason"]) == (entry.seq, entry.hash, "vì vậy")
    sign = headers["x-khien-signature"]
    assert post.is_signed(secret, sign, body, time.time())
    assert not post.is_signed(secret, sign, body + b" ", time.time())
    assert not post.is_signed("another", sign, body, time.time())
    assert not post.is_signed(secret, sign, body, time.time() + 600)
    assert not post.is_signed(secret, "nonsense", body, time.time())
    assert secret not in json.dumps(list(Entry.objects.values_list("after", flat=True)))
    assert secret not in Hook.objects.get().secret
    hooks.end_hook(actor(Role.ADMINISTRATOR), Hook.objects.get().pk)
    runs.ask_run(actor(Role.ANALYST), "plan", first, {"time_limit": 1.0})
    assert (notices.send_due(), hook.calls) == (0, [])


def test_what_fails_is_tried_again_later_and_given_up_at_last(hook: HookServer, actor: Act, first: Version) -> None:
    hooks.add_hook(actor(Role.ADMINISTRATOR), "h", hook.url, [])
    Notice.objects.all().delete()
    hook.status = 500
    proposals.propose(actor(Role.ANALYST), first, "because")
    for tries in range(1, notices.MOST_TRIES + 1):
        assert notices.send_due() == 0
        kept = Notice.objects.get()
        assert (kept.tries, kept.trouble, len(hook.calls)) == (tries, "HTTP 500", tries)
        assert notices.send_due() == 0
        assert len(hook.calls) == tries
        Notice.objects.update(due=timezone.now())
    assert kept.given_up is not None
    Notice.objects.update(given_up=None, tries=0, due=timezone.now())
    hook.status = 200
    assert notices.send_due() == 1
    assert Notice.objects.get().sent is not None


def test_redirects_are_not_followed(hook: HookServer, actor: Act, first: Version) -> None:
    hooks.add_hook(actor(Role.ADMINISTRATOR), "h", hook.url, ["proposal"])
    hook.status, hook.elsewhere = 302, hook.url.replace("/hook", "/inside")
    proposals.propose(actor(Role.ANALYST), first, "because")
    assert (notices.send_due(), len(hook.calls)) == (0, 1)


INSIDE = [
    "https://127.0.0.1/", "https://localhost/", "https://10.0.0.8/x", "https://192.168.1.1/", "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[fd00::1]/", "https://[fe80::1]/",
    "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/", "https://0.0.0.0/",
    "https://100.64.0.1/", "https://2130706433/", "https://0x7f.1/", "https://224.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("url", INSIDE)
def test_addresses_inside_are_never_called(url: str) -> None:
    with pytest.raises(post.NotSent):
        post.check_url(url, private=False)


@pytest.mark.parametrize(
    "url", ["http://93.184.216.34/", "ftp://a.example/", "https://", "https://u:p@93.184.216.34/", "https://x:99999/",
            "https://93.184.216.34/a b", "nonsense", "https://93.184.216.34/\r\nX: y", "file:///etc/passwd"],
)  # fmt: skip
def test_addresses_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(post.NotSent):
        post.check_url(url, private=False)


def test_a_name_that_changes_its_answer_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch, hook: HookServer) -> None:
    """First an address outside, then this machine: only what was looked at is called."""
    import socket

    asked: list[str] = []

    def answer(host: str, port: int, **rest: object) -> list[Any]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    called: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], timeout: float) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(post.NotSent):
        post.call_hook("https://rebinding.example/", "s", {}, private=False)
    assert (asked, called) == (["rebinding.example"], [("93.184.216.34", 443)])


def test_only_an_administrator_adds_hooks_and_inside_is_refused_in_words(actor: Act, visit: Visit) -> None:
    with pytest.raises(Refused):
        hooks.add_hook(actor(Role.AUDITOR), "h", "https://93.184.216.34/", [])
    with pytest.raises(Trouble, match="outside the own network"):
        hooks.add_hook(actor(Role.ADMINISTRATOR), "h", "https://127.0.0.1/", [])
    assert visit(Role.AUDITOR).get("/accounts/hooks/").status_code == 403
    browser = visit(Role.ADMINISTRATOR)
    words = {"name": "h", "url": "https://93.184.216.34/", "acts": "proposal, run.end"}
    assert "khs_" in browser.post("/accounts/hooks/", words).content.decode()
    assert browser.post("/accounts/hooks/", words | {"url": "https://10.0.0.1/"}).status_code == 422
    assert "proposal,run.end" in browser.get("/accounts/hooks/").content.decode()


def test_several_workers_send_each_message_once(hook: HookServer, actor: Act, first: Version) -> None:
    hooks.add_hook(actor(Role.ADMINISTRATOR), "h", hook.url, ["proposal"])
    proposals.propose(actor(Role.ANALYST), first, "because")
    # Another worker has just taken it: its time lies ahead.
    Notice.objects.update(tries=1, due=timezone.now() + timedelta(seconds=60))
    assert (notices.send_due(), hook.calls) == (0, [])
    Notice.objects.update(due=timezone.now())
    assert (notices.send_due(), len(hook.calls)) == (1, 1)


ACT = """
from khien import read
from khien.office.acts import accounts, hooks
from khien.office.acts.runs import ask_run
from khien.office.acts.versions import save_version
link = accounts.make_setup_ticket()
boss = Actor(accounts.use_ticket(Actor(None), link, "một câu khá dài để nhớ", "a@b.vn", "A", "vi"))
hooks.add_hook(boss, "h", {url!r}, ["account.invite"])
user, _ = accounts.invite(boss, "b@b.vn", "B", "vi", [(Role.ANALYST, "")])
version = save_version(Actor(user), read("examples/island"), None, "the beginning")
ask_run(Actor(user), "plan", version, {{"time_limit": 300.0, "scenarios": 64}})
"""


STANDS = """
from khien.office.health import health
print(json.dumps([health()["workers"], Run.objects.get().state]))
"""


@pytest.mark.slow
def test_a_worker_sends_while_it_works_and_says_that_it_lives(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    mails, calls = MailServer(), HookServer()
    told = {"KHIEN_MAIL": f"smtp+plain://127.0.0.1:{mails.port}", "KHIEN_MAIL_FROM": "o@khien.example"}
    told |= {"KHIEN_URL": "https://khien.example", "KHIEN_HOOKS_PRIVATE": "1", "KHIEN_LOG_FORM": "json"}
    (tmp_path / "env").write_text("\n".join(f"{n}={v}" for n, v in told.items()), encoding="utf-8")
    with running(mails), running(calls):
        ask(tmp_path, ACT.format(url=calls.url))
        worker = khien(tmp_path, "worker")
        try:
            for _ in range(200):
                if len(mails.mails) >= 2 and calls.calls:
                    break
                time.sleep(0.2)
            assert sorted(to for to, _ in mails.mails) == ["a@b.vn", "b@b.vn"]
            assert len(calls.calls) == 1
            assert ask(tmp_path, STANDS) == [1, "running"]
        finally:
            worker.send_signal(signal.SIGTERM)
            out, _ = worker.communicate(timeout=40)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert any(line.get("run") for line in lines)


def test_old_messages_are_forgotten_and_waiting_ones_are_not(hook: HookServer, actor: Act, first: Version) -> None:
    hooks.add_hook(actor(Role.ADMINISTRATOR), "h", hook.url, [])
    proposals.propose(actor(Role.ANALYST), first, "because")
    Notice.objects.update(created=timezone.now() - notices.KEPT - timedelta(days=1))
    notices.clear_old()
    waiting = Notice.objects.count()
    assert waiting
    notices.send_due()
    notices.clear_old()
    assert not Notice.objects.exists()
