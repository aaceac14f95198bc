"""Accounts: invitations, roles, passwords, deactivation."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone, translation

from khien.office.acts.attempts import own_password
from khien.office.acts.notices import mail_link
from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble
from khien.office.doors import accounts as door
from khien.office.doors import require
from khien.office.models import Grant, Seat, Ticket, User
from khien.office.rights import Role
from khien.office.sealing import hashed

LIFETIME: Final = {
    Ticket.Kind.SETUP: timedelta(days=1),
    Ticket.Kind.INVITATION: timedelta(days=7),
    Ticket.Kind.RESET: timedelta(hours=4),
}


def make_setup_ticket() -> str | None:
    """The secret of a new set-up link, or None when there are accounts already. Older set-up links stop working."""
    with transaction.atomic():
        if User.objects.exists():
            return None
        Ticket.objects.filter(kind=Ticket.Kind.SETUP, used=None).update(used=timezone.now())
        return _ticket(Actor(None), None, Ticket.Kind.SETUP)


def invite(actor: Actor, email: str, name: str, language: str, roles: Iterable[tuple[Role, str]]) -> tuple[User, str]:
    """Make an account without a password; return it and the secret of the link with which it sets one.

    Raises:
        Refused: the person may not.
        Trouble: the address or name is missing or taken, no role, or a province officer without a province.
    """
    require(door.may_invite(actor.person))
    wanted = _checked_roles(roles)
    with transaction.atomic():
        user = _new_user(email, name, language)
        Grant.objects.bulk_create(Grant(user=user, role=role, place=place) for role, place in wanted)
        record(actor, "account.invite", user, None, _shown(user))
        return user, _ticket(actor, user, Ticket.Kind.INVITATION)


def set_roles(actor: Actor, user: User, roles: Iterable[tuple[Role, str]]) -> None:
    """Give an account exactly these roles.

    Raises:
        Refused: the person may not, it is their own account, or nobody would be administrator any more.
        Trouble: no role, or a province officer without a province.
    """
    wanted = _checked_roles(roles)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        keeps = any(role == Role.ADMINISTRATOR for role, _ in wanted)
        require(door.may_change(actor.person, user) if keeps else door.may_deactivate(actor.person, user))
        before = _shown(user)
        user.grants.all().delete()
        Grant.objects.bulk_create(Grant(user=user, role=role, place=place) for role, place in wanted)
        user = User.objects.get(pk=user.pk)
        record(actor, "account.roles", user, before, _shown(user))


def make_reset_ticket(actor: Actor, user: User) -> str:
    """The secret of a link with which somebody sets a new password; handed over by the administrator.

    Raises:
        Refused: the person may not.
    """
    require(door.may_change(actor.person, user))
    with transaction.atomic():
        kind = Ticket.Kind.RESET if user.has_usable_password() else Ticket.Kind.INVITATION
        return _ticket(actor, user, kind)


def make_office_ticket(user: User) -> str:
    """The secret of a link that the office itself makes for an account that is there: for the demo, whose people get
    new passwords at every start. No page reaches this."""
    with transaction.atomic():
        return _ticket(Actor(None), user, Ticket.Kind.RESET, mailed=False)


def ask_reset(actor: Actor, email: str) -> None:
    """Mail somebody who forgot the password a link for a new one. Whoever asks learns nothing, also not by the time
    it takes: the mail is sent later, by a worker.

    Raises:
        Trouble: the office has no mail server, so an administrator has to hand the link over.
    """
    if settings.CONFIG.mail is None:
        raise Trouble("office_trouble_no_mail")
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email=email.strip().lower()[:200], is_active=True).first()
        recent = timezone.now() - timedelta(minutes=10)
        if user is not None and not user.tickets.filter(created__gt=recent, kind=Ticket.Kind.RESET).exists():
            _ticket(actor, user, Ticket.Kind.RESET)


def deactivate(actor: Actor, user: User) -> None:
    """Close an account: its sessions end, its links stop working, its name stays in the log.

    Raises:
        Refused: the person may not, or it is the last administrator.
    """
    _switch(actor, user, active=False)


def reactivate(actor: Actor, user: User) -> None:
    """Open an account again, with its roles.

    Raises:
        Refused: the person may not.
    """
    _switch(actor, user, active=True)


def _switch(actor: Actor, user: User, *, active: bool) -> None:
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        require(door.may_change(actor.person, user) if active else door.may_deactivate(actor.person, user))
        if user.is_active == active:
            return
        before = _shown(user)
        user.is_active = active
        user.save(update_fields=("is_active",))
        if not active:
            end_sessions(user)
            user.tickets.filter(used=None).update(used=timezone.now())
        record(actor, "account.reactivate" if active else "account.deactivate", user, before, _shown(user))


def find_ticket(secret: str) -> Ticket | None:
    """The ticket of a link, when it still works."""
    found = Ticket.objects.select_related("user").filter(secret_hash=hashed(secret), used=None).first()
    if found is None or found.expires < timezone.now():
        return None
    return None if found.user is not None and not found.user.is_active else found


def use_ticket(actor: Actor, secret: str, password: str, email: str = "", name: str = "", language: str = "vi") -> User:
    """Set a password with a link. With a set-up link this makes the first account, an administrator.

    Raises:
        Trouble: the link was used or has expired, the password is too weak, or (at set-up) address or name is wrong.
    """
    with transaction.atomic():
        locked = Ticket.objects.select_for_update().filter(secret_hash=hashed(secret)).first()
        ticket = find_ticket(secret)
        if locked is None or ticket is None:
            raise Trouble("office_trouble_link")
        user = ticket.user
        if user is None:
            if User.objects.exists():
                raise Trouble("office_trouble_link")
            user = _new_user(email, name, language)
            Grant.objects.create(user=user, role=Role.ADMINISTRATOR)
        _set_password(user, password, language if ticket.user is None else user.language)
        ticket.used = timezone.now()
        ticket.save(update_fields=("used",))
        user.tickets.filter(used=None).update(used=timezone.now())
        end_sessions(user)
        record(Actor(user, actor.request), "account.password", user, None, {"by": ticket.kind, **_shown(user)})
    return user


def change_password(actor: Actor, old: str, new: str, keep_session: str) -> None:
    """Change one's own password; all other sessions end.

    Raises:
        Trouble: the old one is wrong, or the new one too weak.
    """
    user = actor.person
    own_password(user, old)
    with transaction.atomic():
        _set_password(user, new, user.language)
        end_sessions(user, keep_session)
        record(actor, "account.password", user, None, {"by": "self"})


def untie(actor: Actor, user: User) -> None:
    """Forget who somebody is at the sign-in provider: the next person there who has their verified address is tied.

    Raises:
        Refused: the person may not; never for oneself.
    """
    require(door.may_change(actor.person, user))
    with transaction.atomic():
        ties = SocialAccount.objects.filter(user_id=user.pk)
        before = list(ties.values("provider", "uid"))
        if before:
            ties.delete()
            end_sessions(user)
            record(actor, "account.untie", user, {"ties": before}, None)


def set_wishes(actor: Actor, *, mail: bool) -> None:
    """Whether the person wants mail of what concerns them; of their own account they get it in any case."""
    user = actor.person
    if user.wants_mail != mail:
        with transaction.atomic():
            user.wants_mail = mail
            user.save(update_fields=("wants_mail",))
            record(actor, "account.wishes", user, {"mail": not mail}, {"mail": mail})


def end_sessions(user: User, keep: str = "") -> None:
    """End the sessions of a person, but for one."""
    keys = list(user.seats.exclude(session_key=keep).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    Seat.objects.filter(session_key__in=keys).delete()


def _ticket(actor: Actor, user: User | None, kind: Ticket.Kind, *, mailed: bool = True) -> str:
    if user is not None:
        user.tickets.filter(used=None).update(used=timezone.now())
    secret = secrets.token_urlsafe(32)
    expires = timezone.now() + LIFETIME[kind]
    ticket = Ticket.objects.create(user=user, kind=kind, secret_hash=hashed(secret), expires=expires)
    record(actor, "account.link", ticket, None, {"kind": kind, "for": None if user is None else user.pk})
    if user is not None and mailed:
        mail_link(user, secret, kind)
    return secret


def _new_user(email: str, name: str, language: str) -> User:
    email, name = email.strip().lower(), " ".join(name.split())
    try:
        validate_email(email)
    except ValidationError:
        raise Trouble("office_trouble_email", value=email) from None
    if not name or len(name) > 200 or len(email) > 200:
        raise Trouble("office_trouble_name")
    if User.objects.filter(email=email).exists():
        raise Trouble("office_trouble_email_taken", value=email)
    user = User(email=email, name=name, language=language if language in ("vi", "en") else "vi")
    user.set_unusable_password()
    user.save()
    return user


def _set_password(user: User, password: str, lang: str) -> None:
    try:
        with translation.override(lang):
            validate_password(password, user)
    except ValidationError as error:
        raise Trouble("office_trouble_password", why=" ".join(error.messages)) from None
    user.set_password(password)
    user.save(update_fields=("password",))


def _checked_roles(roles: Iterable[tuple[Role, str]]) -> list[tuple[Role, str]]:
    wanted = sorted(set(roles))
    if not wanted:
        raise Trouble("office_trouble_no_role")
    if any(role == Role.PROVINCE_OFFICER and not place for role, place in wanted):
        raise Trouble("office_trouble_no_province")
    return wanted


def _shown(user: User) -> dict[str, object]:
    """What the log keeps of an account."""
    grants = [f"{grant.role}:{grant.place}".rstrip(":") for grant in user.grants.order_by("role", "place")]
    return {"email": user.email, "name": user.name, "active": user.is_active, "roles": grants}
