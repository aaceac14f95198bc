"""Behind a proxy that speaks TLS: cookies, addresses and forms as the settings say; and the office's own clock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.office.outside import PRELUDE, surroundings

pytestmark = pytest.mark.slow

BEHIND = {
    "KHIEN_TLS": "1", "KHIEN_URL": "https://khien.example", "KHIEN_HOSTS": "khien.example",
    "KHIEN_ZONE": "Asia/Ho_Chi_Minh",
}  # fmt: skip


def told(home: Path, code: str, **env: str) -> Any:
    """What code in an office with these settings prints as JSON."""
    command, around = [sys.executable, "-c", PRELUDE + code], surroundings(home) | BEHIND | env
    done = subprocess.run(command, env=around, stdout=subprocess.PIPE, check=True, timeout=90)
    return json.loads(done.stdout)


ASK = """
from django.test import Client
from khien.office.acts import accounts
from khien.office.models import Attempt, Seat
PASSWORD = "một câu khá dài để nhớ"
link = accounts.make_setup_ticket()
client = Client(enforce_csrf_checks=True, headers={"host": "khien.example"})
def proxied(who="203.0.113.7"):
    return {"X-Forwarded-Proto": "https", "X-Forwarded-For": f"10.9.9.9, {who}", "Origin": "https://khien.example",
            "Referer": "https://khien.example/"}
page = client.get(f"/link/{link}/", headers=proxied())
token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
words = {"name": "A", "email": "a@b.vn", "password": PASSWORD, "again": PASSWORD, "csrfmiddlewaretoken": token}
inside = client.post(f"/link/{link}/", words, headers=proxied())
forged = client.post("/sign-out/", {"csrfmiddlewaretoken": token}, headers=proxied() | {"Origin": "https://evil.example"})
cookies = {name: [bool(one["secure"]), bool(one["httponly"]), one["samesite"]] for name, one in client.cookies.items()}
other = Client(headers={"host": "khien.example"})
for n in range(3):
    other.post("/sign-in/", {"email": f"x{n}@b.vn", "password": "x"}, headers=proxied("198.51.100.9"))
    other.post("/sign-in/", {"email": f"x{n}@b.vn", "password": "x"}, headers=proxied(f"198.51.100.{n + 20}"))
by = sorted(Attempt.objects.values_list("subject", flat=True))
most = max(by.count(one) for one in set(by))
stranger = Client(headers={"host": "evil.example"}).get("/sign-in/").status_code
print(json.dumps([inside.status_code, forged.status_code, cookies, page["Strict-Transport-Security"], most, stranger]))
"""


def test_cookies_forms_and_guesses_behind_a_proxy(tmp_path: Path) -> None:
    inside, forged, cookies, hsts, most, stranger = told(tmp_path, ASK)
    assert (inside, forged, stranger) == (302, 403, 400)
    assert cookies == {"sessionid": [True, True, "Lax"], "csrftoken": [True, True, "Lax"]}
    assert hsts == "max-age=31536000"
    # Three guesses from one address are counted under it; what a browser may have sent before it is not believed.
    assert most == 3


WHEN = """
from datetime import datetime, timezone
from khien.board.templatetags.board import when
moment = datetime(2026, 12, 31, 18, 30, tzinfo=timezone.utc)
print(json.dumps([when({"lang": lang}, moment, to) for lang in ("vi", "en") for to in ("minute", "second")]))
"""


def test_times_are_those_of_the_office(tmp_path: Path) -> None:
    there = ["01/01/2027 01:30", "01/01/2027 01:30:00", "2027-01-01 01:30", "2027-01-01 01:30:00"]
    assert told(tmp_path, WHEN) == there
    paris = ["31/12/2026 19:30", "31/12/2026 19:30:00", "2026-12-31 19:30", "2026-12-31 19:30:00"]
    assert told(tmp_path, WHEN, KHIEN_ZONE="Europe/Paris") == paris
