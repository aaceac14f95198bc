"""What a worker sees to beside the runs: it says that it lives, and sends messages, in a thread of its own, so that a
long run delays neither."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from threading import Event, Thread
from typing import Final

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from khien.office.acts import notices
from khien.office.code_version import code_version
from khien.office.models import Helper

log = logging.getLogger("khien.worker")

PAUSE: Final = 1.0
BEAT: Final = 5.0
"""Seconds between two signs of life."""
ALIVE: Final = timedelta(seconds=30)
"""A worker that was not heard of for so long counts as gone."""
_CLEAR: Final = 600.0


def begin(name: str) -> Event:
    """Start the thread; it ends when the event is set, or with the process."""
    stop = Event()
    Thread(target=_go, args=(name, stop), name="errands", daemon=True).start()
    return stop


def _go(name: str, stop: Event) -> None:
    due = {"beat": 0.0, "clear": time.monotonic() + _CLEAR}
    while not stop.wait(PAUSE):
        try:
            close_old_connections()
            now = time.monotonic()
            if now >= due["beat"]:
                due["beat"] = now + BEAT
                beat(name)
            notices.send_due()
            if now >= due["clear"]:
                due["clear"] = now + _CLEAR
                notices.clear_old()
                Helper.objects.filter(beat__lt=timezone.now() - timedelta(days=1)).delete()
        except DatabaseError as error:
            log.error("the database cannot be used: %s; trying again", str(error).splitlines()[0])
            stop.wait(5)
        except Exception:
            log.exception("an errand failed; going on")
            stop.wait(5)
    connection.close()


def beat(name: str) -> None:
    """Say that the worker lives."""
    now = timezone.now()
    if not Helper.objects.filter(name=name).update(beat=now):
        Helper.objects.create(name=name, started=now, beat=now, code=code_version())


def alive() -> int:
    """How many workers were heard of lately."""
    return Helper.objects.filter(beat__gt=timezone.now() - ALIVE).count()
