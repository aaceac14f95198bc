"""How workers take runs, say that they live, and hand in what came out. Every step is one conditional UPDATE, so that
any number of workers on any number of machines can try the same step, and one of them does it."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from khien.office.acts.programme_store import keep
from khien.office.acts.record import Actor, record
from khien.office.code_version import code_version
from khien.office.models import Artefact, Run

SILENCE: Final = timedelta(seconds=30)
"""A running run whose worker was not heard of for so long is lost."""
LARGEST_ARTEFACT: Final = 64 * 1024 * 1024
_LONGEST_LOG: Final = 20_000


@dataclass(frozen=True)
class Claim:
    """A run that a worker has taken: whoever holds another attempt of it has lost it."""

    run: int
    worker: str
    attempt: int


def take_next(worker: str) -> Claim | None:
    """Take the oldest run that waits; None when there is none."""
    for pk, attempt in Run.objects.filter(state=Run.State.WAITING).order_by("pk").values_list("pk", "attempt"):
        now = timezone.now()
        taken = Run.objects.filter(pk=pk, state=Run.State.WAITING, attempt=attempt).update(
            state=Run.State.RUNNING, worker=worker, attempt=attempt + 1, started=now, beat=now, ended=None,
            code=code_version(), share=None, stage="", log="",
        )  # fmt: skip
        if taken:
            return Claim(pk, worker, attempt + 1)
    return None


def beat(claim: Claim) -> bool:
    """Say that the work goes on; False when it should stop: cancelled, or given to somebody else."""
    held = _held(claim).update(beat=timezone.now())
    return bool(held) and not Run.objects.filter(pk=claim.run, cancel_asked=True).exists()


def tell(claim: Claim, share: float | None, stage: str) -> None:
    """Say how far the work is."""
    _held(claim).update(share=share, stage=stage[:200], beat=timezone.now())


def hand_in(claim: Claim, headline: Mapping[str, Any], folder: Path, log: str = "") -> bool:
    """Store what came out; False when the run is no longer ours or was cancelled, and nothing is stored then."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with transaction.atomic():
        ended = _held(claim).filter(cancel_asked=False).update(
            state=Run.State.DONE, ended=timezone.now(), share=1.0, headline=dict(headline), log=log[-_LONGEST_LOG:],
        )  # fmt: skip
        if not ended:
            return False
        digests = {}
        for path in files:
            name = path.relative_to(folder).as_posix()
            blob = keep(path.read_bytes())
            media = mimetypes.guess_type(name)[0] or "application/octet-stream"
            Artefact.objects.update_or_create(run_id=claim.run, name=name, defaults={"media": media, "blob": blob})
            digests[name] = blob.digest
        _log_end(claim, {"state": Run.State.DONE, "files": digests})
    return True


def give_up(claim: Claim, state: Run.State, vi: str = "", en: str = "", log: str = "") -> bool:
    """End a run without a result: failed, cancelled or lost."""
    with transaction.atomic():
        ended = _held(claim).update(
            state=state, ended=timezone.now(), trouble_vi=vi[:4000], trouble_en=en[:4000], log=log[-_LONGEST_LOG:]
        )
        if ended:
            _log_end(claim, {"state": state, "why": en[:500]})
    return bool(ended)


def find_lost() -> int:
    """Mark runs as lost whose worker has fallen silent; return how many."""
    silent = Run.objects.filter(state=Run.State.RUNNING, beat__lt=timezone.now() - SILENCE)
    claims = [Claim(*row) for row in silent.values_list("pk", "worker", "attempt")]
    count = 0
    for claim in claims:
        with transaction.atomic():
            still = _held(claim).filter(beat__lt=timezone.now() - SILENCE)
            if still.update(state=Run.State.LOST, ended=timezone.now()):
                _log_end(claim, {"state": Run.State.LOST, "worker": claim.worker})
                count += 1
    return count


def _held(claim: Claim) -> Any:
    """The row, as long as it is running for this worker and attempt."""
    return Run.objects.filter(pk=claim.run, worker=claim.worker, attempt=claim.attempt, state=Run.State.RUNNING)


def _log_end(claim: Claim, after: Mapping[str, Any]) -> None:
    run = Run.objects.get(pk=claim.run)
    record(Actor(None), "run.end", run, {"state": Run.State.RUNNING, "attempt": claim.attempt}, after)
