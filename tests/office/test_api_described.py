"""Whatever a program sends, the API answers as its description says, and never with a mistake of ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from khien.office.acts.record import Actor
from khien.office.acts.tokens import make_token
from khien.office.models import Version
from khien.office.rights import Role
from khien.office.wsgi import application

EXAMPLES = int(os.environ.get("API_EXAMPLES", "12"))
"""Made-up questions for each operation; set API_EXAMPLES for a longer hunt."""

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def described(db: None) -> Iterator[schemathesis.schemas.BaseSchema]:
    """The API's own description; the test's connection, with its transaction, stays open between questions."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR])
def test_every_answer_is_described(
    role: Role, described: schemathesis.schemas.BaseSchema, actor: Callable[..., Actor], first: Version
) -> None:
    _, secret = make_token(actor(role), "fuzz", ["read", "run", "log"], 1)
    count = 0
    for found in described.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def one(case: schemathesis.Case) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {secret}"}
            case.call_and_validate(checks=[not_a_server_error, status_code_conformance, response_schema_conformance])

        one()
        count += 1
    assert count >= 12
