"""The worker: takes runs one after another, each done by a child process that can be stopped whatever it does."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, OperationalError, close_old_connections

from khien.office.acts import notices, queue
from khien.office.jobs import errands
from khien.office.models import Run
from khien.words import t

log = logging.getLogger("khien.worker")

PAUSE: Final = 0.5
"""Seconds between two looks at the queue, and at the child."""
BEAT: Final = 2.0
GRACE: Final = 10.0
"""Seconds that a child has to end by itself when it is asked to."""


def work(stop: Callable[[], bool], *, once: bool = False) -> int:
    """Take runs until `stop` says so (with `once`: until none waits); return how many were taken."""
    name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"[:80]
    taken = 0
    errand = None if once else errands.begin(name)
    while not stop():
        try:
            close_old_connections()
            if lost := queue.find_lost():
                log.warning("lost %s runs of workers that fell silent", lost)
            claim = queue.take_next(name)
        except DatabaseError as error:
            if once:
                raise
            # A database that is away comes back; it says itself what is wrong, and a traceback says no more.
            away = isinstance(error, OperationalError)
            log.error("the queue cannot be read: %s; trying again", str(error).splitlines()[0], exc_info=not away)
            time.sleep(5)
            continue
        if claim is not None:
            taken += 1
            _do(claim, stop)
        elif once:
            break
        else:
            time.sleep(PAUSE)
    if errand is not None:
        errand.set()
    else:
        while notices.send_due():
            pass
    return taken


def _do(claim: queue.Claim, stop: Callable[[], bool]) -> None:
    """Let a child do the work; watch over it."""
    log.info("run %s: attempt %s", claim.run, claim.attempt, extra={"run": claim.run})
    limit = Run.objects.values_list("time_limit", flat=True).get(pk=claim.run)
    words = [sys.executable, "-m", "khien.office.jobs.child", str(claim.run), claim.worker, str(claim.attempt)]
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + limit
    why = _watch(claim, child, end, stop)
    if why is not None:
        _stop(child)
    if why == "cancelled":
        queue.give_up(claim, Run.State.CANCELLED)
    elif why == "late":
        queue.give_up(claim, Run.State.FAILED, *(t("office_run_late", lang, seconds=limit) for lang in ("vi", "en")))
    elif why == "stopping":
        queue.give_up(claim, Run.State.LOST)
    elif child.returncode:
        # The child says itself what went wrong, unless it was killed from outside.
        code = child.returncode
        queue.give_up(claim, Run.State.FAILED, *(t("office_run_died", lang, code=code) for lang in ("vi", "en")))
    log.info("run %s: %s", claim.run, Run.objects.values_list("state", flat=True).get(pk=claim.run))


def _watch(claim: queue.Claim, child: subprocess.Popen[bytes], end: float, stop: Callable[[], bool]) -> str | None:
    """Wait for the child; None when it ended by itself, else why it has to end."""
    due = time.monotonic()
    while child.poll() is None:
        now = time.monotonic()
        if stop():
            return "stopping"
        if now > end:
            return "late"
        if now >= due:
            due = now + BEAT
            try:
                goes_on = queue.beat(claim)
            except DatabaseError:
                log.exception("run %s: cannot say that it lives; going on", claim.run)
                continue
            if not goes_on and child.poll() is None:
                return "cancelled"
        time.sleep(PAUSE / 2)
    return None


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to end, then end it with everything that it started."""
    for number, seconds in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            break
        try:
            child.wait(seconds)
            break
        except subprocess.TimeoutExpired:
            continue
