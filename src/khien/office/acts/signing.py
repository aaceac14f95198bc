"""Signing in and out: password or another provider, second factor, limits on guessing and on sessions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from khien.office.acts import second
from khien.office.acts.attempts import (
    MOST_PER_ACCOUNT,
    MOST_PER_ADDRESS,
    address_subject,
    failed,
    not_too_often,
    subject,
)
from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble
from khien.office.models import Attempt, Seat, User

_SEEN_EVERY: Final = timedelta(minutes=1)
HALF: Final = "half"
"""Key of the session under which stands who gave the first factor and owes the second."""
HALF_LASTS: Final = timedelta(minutes=10)
BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


def sign_in(request: HttpRequest, email: str, password: str) -> User | None:
    """Sign somebody in and start a fresh session; None when the second factor is still owed.

    Raises:
        Trouble: address or password is wrong (it is not said which), or there were too many failures lately.
    """
    email = email.strip().lower()[:200]
    subjects = {subject("account", email): MOST_PER_ACCOUNT, address_subject(request): MOST_PER_ADDRESS}
    not_too_often(subjects)
    found = authenticate(request, username=email, password=password)
    if not isinstance(found, User):
        failed(subjects)
        raise Trouble("office_trouble_sign_in")
    return arrive(request, found, "password")


def arrive(request: HttpRequest, user: User, by: str) -> User | None:
    """Go on with somebody whose first factor is right: into the office, or to the second factor (None)."""
    if not second.has_second(user):
        _start(request, user, by)
        return user
    request.session.cycle_key()
    request.session[HALF] = {
        "user": user.pk, "by": by, "at": timezone.now().isoformat(), "stamp": user.get_session_auth_hash(),
    }  # fmt: skip
    return None


def half_way(request: HttpRequest) -> User | None:
    """Who gave the first factor in this session, not long ago, and owes the second."""
    told = request.session.get(HALF)
    if not told or datetime.fromisoformat(told["at"]) < timezone.now() - HALF_LASTS:
        return None
    user = User.objects.filter(pk=told["user"], is_active=True).first()
    # A password changed meanwhile makes the first factor void.
    return user if user is not None and user.get_session_auth_hash() == told["stamp"] else None


def second_step(request: HttpRequest, user: User, code: str, answer: str) -> None:
    """Finish signing in with a code or a key.

    Raises:
        Trouble: it is wrong, or there were too many wrong ones lately.
    """
    subjects = {subject("second", str(user.pk)): MOST_PER_ACCOUNT, address_subject(request): MOST_PER_ADDRESS}
    not_too_often(subjects)
    if not (second.right_key(user, answer) if answer else second.right_code(user, code)):
        failed(subjects)
        raise Trouble("office_trouble_key" if answer else "office_trouble_code")
    by = request.session[HALF]["by"]
    request.session.pop(HALF, None)
    Attempt.objects.filter(subject=subject("second", str(user.pk))).delete()
    _start(request, user, f"{by}+{'key' if answer else 'code'}")


def _start(request: HttpRequest, user: User, by: str) -> None:
    """A fresh session; the oldest of too many ends."""
    with transaction.atomic():
        login(request, user, backend=BACKEND)
        request.session.save()
        key = request.session.session_key or ""
        agent = request.headers.get("User-Agent", "").replace("\0", "")[:200]
        Seat.objects.create(user=user, session_key=key, seen=timezone.now(), agent=agent)
        seats = list(user.seats.order_by("-seen", "-pk").values_list("session_key", flat=True))
        old = seats[settings.CONFIG.most_sessions :]
        Session.objects.filter(session_key__in=old).delete()
        Seat.objects.filter(session_key__in=old).delete()
        Attempt.objects.filter(subject=subject("account", user.email)).delete()
        record(Actor(user, getattr(request, "id", "") or Actor(None).request), "session.start", user, None, {"by": by})


def sign_out(actor: Actor, request: HttpRequest) -> None:
    """End the session of this request."""
    with transaction.atomic():
        Seat.objects.filter(session_key=request.session.session_key or "").delete()
        record(actor, "session.end", actor.person)
        logout(request)


def go_on(request: HttpRequest, user: User) -> bool:
    """Note that this session is in use; False when it asked for nothing for too long, and was ended.

    Most requests only read: a write, even one that finds no row, would wait for whoever writes.
    """
    now, key = timezone.now(), request.session.session_key or ""
    seen = Seat.objects.filter(session_key=key).values_list("seen", flat=True).first()
    if seen is None or seen > now - _SEEN_EVERY:
        return True
    if seen > now - timedelta(minutes=settings.CONFIG.idle_minutes):
        Seat.objects.filter(session_key=key).update(seen=now)
        return True
    with transaction.atomic():
        Seat.objects.filter(session_key=key).delete()
        record(Actor(user), "session.end", user, None, {"idle": True})
        logout(request)
    return False


def end_seat(actor: Actor, seat_pk: int) -> None:
    """End one of one's own other sessions; nothing happens when it is gone already."""
    with transaction.atomic():
        seat = Seat.objects.filter(pk=seat_pk, user=actor.person).first()
        if seat is not None:
            Session.objects.filter(session_key=seat.session_key).delete()
            seat.delete()
            record(actor, "session.end", actor.person, None, {"other": True})


def count_ask(request: HttpRequest) -> None:
    """Count a question that anybody may ask, with the failures of the request's address.

    Raises:
        Trouble: there were too many lately.
    """
    subjects = {address_subject(request): MOST_PER_ADDRESS}
    not_too_often(subjects)
    failed(subjects)
