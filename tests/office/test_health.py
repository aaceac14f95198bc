"""The health page, and the server's log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from khien.office import health
from khien.office.acts.record import Actor
from khien.office.jobs import errands
from khien.office.models import Helper
from khien.office.rights import Role
from khien.office.telling import REQUEST, Json, Line


@pytest.mark.django_db
def test_a_monitor_sees_what_is_well_and_nothing_secret() -> None:
    told = Client().get("/health/").json()
    assert (told["well"], told["database"], told["workers"], told["waiting"]) == (True, "well", 0, 0)
    assert set(told) == {"well", "version", "space_mb", "database", "workers", "waiting", "late"}
    assert Client().get("/health/?need=worker").status_code == 503
    errands.beat("a")
    errands.beat("a")
    assert Client().get("/health/?need=worker").json()["workers"] == 1
    Helper.objects.update(beat=timezone.now() - timedelta(minutes=1))
    assert Client().get("/health/?need=worker").status_code == 503


@pytest.mark.django_db
def test_a_database_that_is_away_or_old_and_a_full_disk_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_current", False)
    monkeypatch.setattr("khien.office.start.pending", lambda: ["office.9999_next"])
    answer = Client().get("/health/")
    assert (answer.status_code, answer.json()["database"]) == (503, "old")
    monkeypatch.setattr(health, "_current", True)
    monkeypatch.setattr(health, "_space", lambda: 12)
    assert Client().get("/health/").status_code == 503

    def away(*args: object) -> Any:
        raise OperationalError("password authentication failed for user khien")

    monkeypatch.setattr(connection, "cursor", away)
    told = health.health()
    assert (told["well"], told["database"]) == (False, "away")
    assert "password" not in json.dumps(told)


def record(**more: object) -> logging.LogRecord:
    made = logging.LogRecord("khien.web", logging.INFO, "f", 1, "one\nforged %s", ("đ",), None)
    made.__dict__.update(more)
    return made


def test_the_log_is_a_line_an_event_and_names_the_request() -> None:
    token = REQUEST.set("r-1")
    try:
        plain = json.loads(Json().format(record(path="/runs/", status=200)))
        line = Line().format(record(path="/a\nb"))
    finally:
        REQUEST.reset(token)
    assert (plain["request"], plain["path"], plain["status"], plain["level"]) == ("r-1", "/runs/", 200, "info")
    assert plain["message"] == "one\nforged đ"
    assert "\n" not in line
    assert "r-1 one\\nforged đ path=/a\\nb" in line


def test_what_went_wrong_stands_in_the_log_with_its_trace() -> None:
    import sys

    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        made = record(exc_info=sys.exc_info())
    assert "ZeroDivisionError" in json.loads(Json().format(made))["trace"]


def test_answers_are_told_without_secret_links(
    actor: Callable[..., Actor], caplog: pytest.LogCaptureFixture
) -> None:
    from khien.office.acts import accounts

    secret = accounts.make_reset_ticket(actor(Role.ADMINISTRATOR), actor(Role.VIEWER).person)
    with caplog.at_level(logging.INFO, "khien.web"):
        answer = Client().get(f"/link/{secret}/?token=abc")
        Client().get("/health/")
    assert answer.status_code == 200
    told = [one for one in caplog.records if one.name == "khien.web"]
    assert [(one.path, one.status) for one in told] == [("/link/…", 200)]  # type: ignore[attr-defined]
    assert secret not in caplog.text


def test_what_django_itself_tells_of_a_link_is_without_its_secret() -> None:
    made = logging.LogRecord("django.request", 30, "f", 1, "Unprocessable Entity: %s", ("/link/abc-DEF_1/",), None)
    assert Line().format(made).endswith("Unprocessable Entity: /link/…/")
    assert "abc" not in Json().format(made)
