"""Signing in and out, with limits on guessing."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble
from khien.office.models import Attempt, Seat, User

WINDOW: Final = timedelta(minutes=15)
MOST_PER_ACCOUNT: Final = 8
MOST_PER_ADDRESS: Final = 40
"""More often than an account: many people may share one address."""


def sign_in(request: HttpRequest, email: str, password: str) -> User:
    """Sign somebody in and start a fresh session.

    Raises:
        Trouble: address or password is wrong (it is not said which), or there were too many failures lately.
    """
    email = email.strip().lower()[:200]
    subjects = {_subject("account", email): MOST_PER_ACCOUNT, _subject("address", _address(request)): MOST_PER_ADDRESS}
    since = timezone.now() - WINDOW
    if any(Attempt.objects.filter(subject=s, at__gt=since).count() >= most for s, most in subjects.items()):
        raise Trouble("office_trouble_too_often", minutes=int(WINDOW.total_seconds() // 60))
    found = authenticate(request, username=email, password=password)
    if not isinstance(found, User):
        with transaction.atomic():
            Attempt.objects.filter(at__lt=timezone.now() - timedelta(days=1)).delete()
            Attempt.objects.bulk_create(Attempt(subject=s, at=timezone.now()) for s in subjects)
        raise Trouble("office_trouble_sign_in")
    with transaction.atomic():
        login(request, found)
        request.session.save()
        key = request.session.session_key or ""
        agent = request.headers.get("User-Agent", "")[:200]
        Seat.objects.create(user=found, session_key=key, seen=timezone.now(), agent=agent)
        Attempt.objects.filter(subject=_subject("account", email)).delete()
        record(Actor(found), "session.start", found)
    return found


def sign_out(actor: Actor, request: HttpRequest) -> None:
    """End the session of this request."""
    with transaction.atomic():
        Seat.objects.filter(session_key=request.session.session_key or "").delete()
        record(actor, "session.end", actor.person)
        logout(request)


def end_seat(actor: Actor, seat_pk: int) -> None:
    """End one of one's own other sessions; nothing happens when it is gone already."""
    with transaction.atomic():
        seat = Seat.objects.filter(pk=seat_pk, user=actor.person).first()
        if seat is not None:
            Session.objects.filter(session_key=seat.session_key).delete()
            seat.delete()
            record(actor, "session.end", actor.person, None, {"other": True})


def address_subject(request: HttpRequest) -> str:
    """What guesses from the request's address are counted under."""
    return _subject("address", _address(request))


def _subject(kind: str, value: str) -> str:
    """A hash that cannot be turned back without the office's key: no list of addresses is kept."""
    return hashlib.sha256(f"{settings.SECRET_KEY}\0{kind}\0{value}".encode()).hexdigest()


def _address(request: HttpRequest) -> str:
    """Where the request comes from: behind the proxy, what the proxy itself added last."""
    if settings.CONFIG.tls and (told := request.headers.get("X-Forwarded-For")):
        return str(told).rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
