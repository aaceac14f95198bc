"""Whether the office is well: what a monitor asks, with nothing in it that is secret."""

from __future__ import annotations

import shutil
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection

import khien
from khien.office.jobs.errands import alive

LEAST_SPACE: Final = 200 * 1024 * 1024
"""Bytes that must be free in the data folder; with less, the next backup or version may not fit."""


def health() -> dict[str, Any]:
    """What is well and what is not.

    Returns:
        well: whether the office can do its work: the database answers and is of this release, and there is space.
        database: "well", "old" (an upgrade is due), or "away".
        workers: how many were heard of in the last half minute; none is no reason for the web to stop.
        waiting: runs that wait for a worker; late: messages that should have left five minutes ago.
        space_mb: free in the data folder. version: the release.
    """
    told: dict[str, Any] = {"well": False, "version": khien.__version__, "space_mb": _space()}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        told["database"] = "well" if _is_current() else "old"
        if told["database"] == "well":
            told |= _work()
    except DatabaseError:
        told["database"] = "away"
    enough = told["space_mb"] is None or told["space_mb"] * 1024 * 1024 >= LEAST_SPACE
    told["well"] = told["database"] == "well" and enough
    return told


_current = False


def _is_current() -> bool:
    """Whether the schema is of this release; looked at until it is, and then known."""
    global _current
    if not _current:
        from khien.office.start import pending

        try:
            _current = not pending()
        except ValueError:
            return False
    return _current


def _work() -> dict[str, int]:
    from datetime import timedelta

    from django.utils import timezone

    from khien.office.models import Notice, Run

    late = timezone.now() - timedelta(minutes=5)
    return {
        "workers": alive(),
        "waiting": Run.objects.filter(state=Run.State.WAITING).count(),
        "late": Notice.objects.filter(sent=None, given_up=None, due__lt=late).count(),
    }


def _space() -> int | None:
    try:
        return shutil.disk_usage(settings.CONFIG.home).free // (1024 * 1024)
    except OSError:
        return None
