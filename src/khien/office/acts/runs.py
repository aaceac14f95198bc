"""Asking for runs, stopping them and starting them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble
from khien.office.chain import canonical
from khien.office.code_version import code_version
from khien.office.doors import require
from khien.office.doors import runs as door
from khien.office.jobs.kinds import KINDS
from khien.office.models import Run, Version

_STANDING = (Run.State.WAITING, Run.State.RUNNING, Run.State.DONE)


def ask_run(
    actor: Actor, kind: str, version: Version, settings: Mapping[str, Any], seed: int = 0, source: Run | None = None
) -> Run:
    """Ask for a piece of work; the same request again gives the run that is there already.

    Args:
        kind: a key of `KINDS`.
        settings: what that kind takes; missing ones get their defaults, so that saying a default changes nothing.
        source: a finished run that the work starts from (the plan of a report); of the same version.

    Raises:
        Refused: the person may not start runs.
        Trouble: a setting is wrong, or the source is missing or not finished.
    """
    require(door.may_start(actor.person))
    told = KINDS[kind]
    try:
        plain = told.settings(settings)
    except (TypeError, ValueError, OverflowError):  # a list where a number belongs, and the like
        raise Trouble("office_trouble_settings") from None
    if not _storable(plain):
        raise Trouble("office_trouble_settings")
    if bool(told.sources) != (source is not None):
        raise Trouble("office_trouble_source")
    if source is not None and (source.kind not in told.sources or source.state != Run.State.DONE):
        raise Trouble("office_trouble_source")
    if source is not None and source.version_id != version.pk:
        raise Trouble("office_trouble_source")
    if not 0 <= seed < 2**31:
        raise Trouble("office_trouble_seed")
    key = _key(kind, version, plain, seed, source)
    with transaction.atomic():
        # Two people who ask at once share a run: on PostgreSQL the row of the version is what they wait for.
        Version.objects.select_for_update().get(pk=version.pk)
        standing = Run.objects.filter(request_key=key, state__in=_STANDING, cancel_asked=False).first()
        if standing is not None:
            return standing
        run = Run.objects.create(
            kind=kind, version=version, source=source, settings=plain, seed=seed, code=code_version(),
            request_key=key, asked_by=actor.person, time_limit=told.limit(plain),
        )  # fmt: skip
        told_of = {"kind": kind, "version": version.pk, "hash": version.hash, "settings": plain, "seed": seed}
        record(actor, "run.ask", run, None, {**told_of, "code": run.code})
    return run


def cancel_run(actor: Actor, run: Run) -> None:
    """Stop a run: at once when it waits, within seconds when it runs.

    Raises:
        Refused: the person may not, or it is over.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        require(door.may_cancel(actor.person, run))
        before = {"state": run.state}
        run.cancel_asked = True
        if run.state == Run.State.WAITING:
            run.state = Run.State.CANCELLED
        run.save(update_fields=("cancel_asked", "state"))
        record(actor, "run.cancel", run, before, {"state": run.state})


def restart_run(actor: Actor, run: Run) -> None:
    """Let a run that was lost, cancelled or failed wait for a worker again.

    Raises:
        Refused: the person may not, or it is none of these.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        require(door.may_restart(actor.person, run))
        before = {"state": run.state, "attempt": run.attempt, "code": run.code}
        run.state, run.cancel_asked, run.code = Run.State.WAITING, False, code_version()
        run.request_key = _key(run.kind, run.version, run.settings, run.seed, run.source)
        run.share, run.stage, run.worker, run.trouble_vi, run.trouble_en = None, "", "", "", ""
        run.started = run.beat = run.ended = None
        run.save()
        record(actor, "run.restart", run, before, {"state": run.state, "code": run.code})


def _storable(plain: Mapping[str, Any]) -> bool:
    """Whether a database can keep the settings: no NUL, no half of a letter, no number without end."""
    try:
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError):
        return False
    return len(text) < 100_000 and "\\u0000" not in text


def _key(kind: str, version: Version, settings: Mapping[str, Any], seed: int, source: Run | None) -> str:
    """What makes two requests the same: content, settings, seed, code, and what the work starts from."""
    parts = {"kind": kind, "hash": version.hash, "settings": settings, "seed": seed, "code": code_version()}
    parts["source"] = None if source is None else source.request_key
    return hashlib.sha256(canonical(parts).encode()).hexdigest()
