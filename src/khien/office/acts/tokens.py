"""Tokens with which programs ask the office: made and revoked by the person for whom they speak."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.utils import timezone

from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble
from khien.office.models import Token
from khien.office.sealing import hashed

PREFIX: Final = "khien_"
"""So that a token that leaked into a file can be searched for."""
LONGEST_DAYS: Final = 366
MOST: Final = 20
_USED_EVERY: Final = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token is good for; never more than the person may."""

    READ = "read"
    RUN = "run"
    LOG = "log"


def make_token(actor: Actor, name: str, scopes: Iterable[str], days: int) -> tuple[Token, str]:
    """A token of one's own and its secret, which is shown once.

    Raises:
        Trouble: no name, no scope, a lifetime out of bounds, or too many tokens that still work.
    """
    name = " ".join(name.split())[:100]
    wanted = sorted({Scope(scope) for scope in scopes if scope in set(Scope)})
    if not name or not wanted or not 1 <= days <= LONGEST_DAYS:
        raise Trouble("office_trouble_token", most=LONGEST_DAYS)
    secret = PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        if actor.person.tokens.filter(revoked=None, expires__gt=now).count() >= MOST:
            raise Trouble("office_trouble_many_tokens", most=MOST)
        token = Token.objects.create(
            user=actor.person, name=name, secret_hash=hashed(secret), scopes=",".join(wanted),
            expires=now + timedelta(days=days),
        )  # fmt: skip
        told = {"name": name, "scopes": token.scopes, "expires": token.expires.isoformat()}
        record(actor, "token.make", token, None, told)
    return token, secret


def revoke_token(actor: Actor, pk: int) -> None:
    """Make one of one's own tokens useless at once; nothing happens when it is so already."""
    with transaction.atomic():
        if Token.objects.filter(pk=pk, user=actor.person, revoked=None).update(revoked=timezone.now()):
            token = Token.objects.get(pk=pk)
            record(actor, "token.revoke", token, {"name": token.name, "scopes": token.scopes}, None)


def find_token(secret: str) -> Token | None:
    """The token of a secret, as long as it works and its person's account is open."""
    now = timezone.now()
    found = Token.objects.select_related("user").filter(secret_hash=hashed(secret), revoked=None).first()
    if found is None or found.expires <= now or not found.user.is_active:
        return None
    if found.used is None or found.used < now - _USED_EVERY:
        Token.objects.filter(pk=found.pk).update(used=now)
    return found
