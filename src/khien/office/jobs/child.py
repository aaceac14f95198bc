"""The process that does one run: ``python -m khien.office.jobs.child RUN WORKER ATTEMPT``."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

log = logging.getLogger("khien.worker")

LOG_EVERY = 2.0
"""Seconds between two lines of a run's log."""
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main(words: list[str]) -> int:
    """Do the run; 0 when its end was recorded, whatever it was."""
    _live_no_longer_than(os.getppid())
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khien.office.settings")
    django.setup()
    from khien.office.acts.queue import Claim

    do(Claim(int(words[0]), words[1], int(words[2])))
    return 0


def do(claim: object) -> None:
    """Do a claimed run and record how it ended."""
    from khien.office.acts import queue
    from khien.office.jobs.kinds import NoAnswer
    from khien.office.models import Run
    from khien.words import t

    assert isinstance(claim, queue.Claim)
    run = Run.objects.select_related("version__blob", "source").get(pk=claim.run)
    with tempfile.TemporaryDirectory(prefix="khien-run-") as place:
        try:
            headline, told = _worked(run, claim, Path(place))
        except NoAnswer as answer:
            queue.give_up(claim, Run.State.FAILED, answer.vi, answer.en)
        except KeyboardInterrupt:
            return  # the worker that asked us to stop says why
        except Exception as error:
            if hasattr(error, "message_vi"):  # settings that only the programme shows to be wrong
                queue.give_up(claim, Run.State.FAILED, error.message_vi, getattr(error, "message_en", str(error)))
                return
            log.exception("run %s failed", claim.run)
            vi, en = (t("office_run_our_fault", lang, run=claim.run) for lang in ("vi", "en"))
            queue.give_up(claim, Run.State.FAILED, vi, en, traceback.format_exc())
        else:
            queue.hand_in(claim, headline, Path(place) / "out", told)


def _worked(run: object, claim: object, place: Path) -> tuple[dict[str, object], str]:
    """Lay out the inputs, do the work, return the headline and the log."""
    from khien.office.acts import queue
    from khien.office.acts.programme_store import programme_of
    from khien.office.jobs.kinds import KINDS, Work
    from khien.office.models import Blob, Run
    from khien.office.standing import is_illustrative

    assert isinstance(run, Run)
    assert isinstance(claim, queue.Claim)
    began, due = time.monotonic(), [0.0, 0.0]
    lines: list[str] = []

    def tell(share: float | None, stage: str) -> None:
        now = time.monotonic()
        if now >= due[1]:
            due[1] = now + LOG_EVERY
            lines.append(f"{now - began:8.1f} s  {stage}")
        if now >= due[0]:
            due[0] = now + 1.0
            queue.tell(claim, share, stage)

    out, given = place / "out", place / "in"
    out.mkdir()
    given.mkdir()
    inputs = {}
    for artefact in run.source.artefacts.select_related("blob") if run.source else ():
        if "/" not in artefact.name:
            inputs[artefact.name] = given / artefact.name
            inputs[artefact.name].write_bytes(bytes(artefact.blob.content))
    if run.kind == "import":
        inputs["sent"] = given / "sent"
        inputs["sent"].write_bytes(bytes(Blob.objects.get(pk=run.settings["file"]).content))
    programme = programme_of(run.version)
    work = Work(programme, run.settings, run.seed, out, inputs, tell)
    headline = KINDS[run.kind].do(work)
    headline["illustrative"] = is_illustrative(programme)
    return headline, "\n".join(lines)


def _live_no_longer_than(parent: int) -> None:
    """Die when the worker dies, even by kill -9, so that no run goes on that nobody watches (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    with contextlib.suppress(OSError):
        os.nice(5)  # pages come first

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
