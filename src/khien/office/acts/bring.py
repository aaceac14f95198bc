"""Bringing a finished plan into the office: one made elsewhere, checked by the verifier, and marked as brought in."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from khien.office.acts.programme_store import keep, programme_of
from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble
from khien.office.doors import require
from khien.office.doors import runs as door
from khien.office.jobs.kinds import Work
from khien.office.models import Artefact, Run, Version
from khien.office.standing import is_illustrative

LARGEST_PLAN = 64 * 1024 * 1024


def bring_plan(actor: Actor, version: Version, content: bytes) -> Run:
    """Store a plan that was made elsewhere as a finished run; the same plan again gives the run that is there.

    The run is marked (`headline["brought"]`), carries the code version that the plan names, and never answers a
    request for a plan: what the office computed itself and what it was handed stay two things.

    Raises:
        Refused: the person may not start runs.
        Trouble: it is no plan, belongs to another programme, or breaks a rule.
    """
    from khien.office.jobs.plan import headline
    from khien.plan import load_plan
    from khien.plan.verify import verify

    require(door.may_start(actor.person))
    if len(content) > LARGEST_PLAN:
        raise Trouble("office_trouble_no_plan_file")
    programme = programme_of(version)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "plan.json"
        path.write_bytes(content)
        try:
            plan = load_plan(path)
        except (ValueError, KeyError, TypeError):
            raise Trouble("office_trouble_no_plan_file") from None
        if plan.programme_hash != version.hash:
            raise Trouble("office_trouble_other_programme")
        if broken := verify(programme, plan):
            told = {lang: broken[0].message(lang) for lang in ("vi", "en")}
            raise Trouble("office_trouble_broken_plan", why=told)
        work = Work(programme, {}, plan.seed, Path(place), {}, lambda share, what: None)
        told_of = headline(work, plan) | {"illustrative": is_illustrative(programme), "brought": True}
    plain = dataclasses.replace(plan.settings).to_dict()
    plain.pop("seed", None)
    key = hashlib.sha256(b"brought\0" + version.hash.encode() + content).hexdigest()
    with transaction.atomic():
        Version.objects.select_for_update().get(pk=version.pk)
        if (standing := Run.objects.filter(request_key=key, state=Run.State.DONE).first()) is not None:
            return standing
        now = timezone.now()
        run = Run.objects.create(
            kind="plan", version=version, settings=plain, seed=plan.seed, code=str(plan.version)[:60], request_key=key,
            asked_by=actor.person, time_limit=0, state=Run.State.DONE, started=now, ended=now, share=1.0,
            headline=told_of,
        )  # fmt: skip
        blob = keep(content)
        Artefact.objects.create(run=run, name="plan.json", media="application/json", blob=blob)
        after = {"version": version.pk, "hash": version.hash, "file": blob.digest, "code": run.code}
        record(actor, "run.bring", run, None, after)
    return run
