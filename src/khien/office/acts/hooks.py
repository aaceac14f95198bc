"""Web hooks: other systems that are told of acts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble
from khien.office.doors import hooks as door
from khien.office.doors import require
from khien.office.models import Hook
from khien.office.post import NotSent, check_url
from khien.office.sealing import seal

MOST: Final = 20


def add_hook(actor: Actor, name: str, url: str, acts: Iterable[str]) -> tuple[Hook, str]:
    """A hook and the secret that its calls are signed with, which is shown once.

    Args:
        acts: names of acts, or what they begin with (`proposal`); none for all.

    Raises:
        Refused: the person may not.
        Trouble: no name, an address that may not be called, or too many hooks.
    """
    require(door.may_change(actor.person))
    name, url = " ".join(name.split())[:100], url.strip()[:500]
    wanted = sorted({act.strip() for act in acts if act.strip().replace(".", "").isalnum()})
    if not name:
        raise Trouble("office_trouble_hook_name")
    try:
        check_url(url, private=settings.CONFIG.hooks_private)
    except NotSent as error:
        raise Trouble("office_trouble_hook_url", why=error.text) from None
    secret = "khs_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        if Hook.objects.filter(ended=None).count() >= MOST:
            raise Trouble("office_trouble_many_hooks", most=MOST)
        told = ",".join(wanted)[:500]
        hook = Hook.objects.create(name=name, url=url, secret=seal(secret), acts=told, by=actor.person)
        record(actor, "hook.add", hook, None, {"name": name, "url": url, "acts": hook.acts})
    return hook, secret


def end_hook(actor: Actor, pk: int) -> None:
    """Tell another system nothing any more.

    Raises:
        Refused: the person may not.
    """
    require(door.may_change(actor.person))
    with transaction.atomic():
        if Hook.objects.filter(pk=pk, ended=None).update(ended=timezone.now()):
            hook = Hook.objects.get(pk=pk)
            record(actor, "hook.end", hook, {"name": hook.name, "url": hook.url}, None)
