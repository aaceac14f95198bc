"""Counting what failed, so that nobody can guess for long: by account, by address, kept as hashes for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from khien.office.acts.trouble import Trouble
from khien.office.models import Attempt, User

WINDOW: Final = timedelta(minutes=15)
MOST_PER_ACCOUNT: Final = 8
MOST_PER_ADDRESS: Final = 40
"""More often than an account: many people may share one address."""


def not_too_often(subjects: Mapping[str, int]) -> None:
    """Go on only while each subject has failed less often than it may.

    Raises:
        Trouble: there were too many failures lately.
    """
    since = timezone.now() - WINDOW
    if any(Attempt.objects.filter(subject=s, at__gt=since).count() >= most for s, most in subjects.items()):
        raise Trouble("office_trouble_too_often", minutes=int(WINDOW.total_seconds() // 60))


def failed(subjects: Mapping[str, int]) -> None:
    """Count a failure of each subject."""
    with transaction.atomic():
        Attempt.objects.filter(at__lt=timezone.now() - timedelta(days=1)).delete()
        Attempt.objects.bulk_create(Attempt(subject=s, at=timezone.now()) for s in subjects)


def subject(kind: str, value: str) -> str:
    """A hash that cannot be turned back without the office's key: no list of addresses is kept."""
    return hashlib.sha256(f"{settings.SECRET_KEY}\0{kind}\0{value}".encode(errors="replace")).hexdigest()


def own_password(user: User, password: str) -> None:
    """Whether somebody who is signed in knows the own password; a session left open is not enough to guess it.

    Raises:
        Trouble: it is wrong, or was wrong too often lately.
    """
    subjects = {subject("own", str(user.pk)): MOST_PER_ACCOUNT}
    not_too_often(subjects)
    if not user.check_password(password):
        failed(subjects)
        raise Trouble("office_trouble_old_password")


def address_subject(request: HttpRequest) -> str:
    """What guesses from the request's address are counted under."""
    return subject("address", _address(request))


def _address(request: HttpRequest) -> str:
    """Where the request comes from: behind the proxy, what the proxy itself added last."""
    if settings.CONFIG.tls and (told := request.headers.get("X-Forwarded-For")):
        return str(told).rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
