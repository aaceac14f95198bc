"""Writing the log."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection, models, transaction

from khien.office.acts.notices import announce
from khien.office.chain import START, canonical, entry_hash
from khien.office.models import Entry, User

_LOCK: Final = 0x6B686965  # "khie": the lock on PostgreSQL that lets one writer at a time extend the chain


@dataclass(frozen=True)
class Actor:
    """On whose behalf something is done.

    Attributes:
        user: the person; None for the office itself (set-up, workers).
        request: id of the request in which it happens, the same in every entry and log line of it.
    """

    user: User | None
    request: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def person(self) -> User:
        """The person; acts that only people do ask for it."""
        if self.user is None:
            raise TypeError("this act needs a person")
        return self.user


def record(
    actor: Actor,
    act: str,
    what: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Entry:
    """Write one entry at the end of the chain, inside the transaction of the act itself.

    Args:
        act: `kind.verb`, also the key `office_act_{act}` of its words.
        what: the object it was done to, already saved.
        before, after: what changed, small and plain; never a password, a secret or a whole document.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an act writes its log entry in its own transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = Entry.objects.order_by("-seq").values("seq", "hash").first()
    user = actor.user
    entry = Entry(
        seq=1 if last is None else last["seq"] + 1,
        at=datetime.now(UTC).isoformat(timespec="microseconds"),
        request=actor.request,
        actor_id=None if user is None else user.pk,
        actor_name="" if user is None else user.name,
        roles="" if user is None else ",".join(user.roles),
        act=act,
        kind=what._meta.model_name or "",
        object=str(what.pk),
        before=canonical(before),
        after=canonical(after),
        previous=START if last is None else last["hash"],
    )
    entry.hash = entry_hash(entry.__dict__)
    entry.save(force_insert=True)
    announce(entry, what)
    return entry
