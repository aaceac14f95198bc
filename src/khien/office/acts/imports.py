"""Files that are read by a worker: sent now, looked at when the run has ended, saved as a version by a person."""

from __future__ import annotations

from khien.office.acts.programme_store import keep
from khien.office.acts.record import Actor
from khien.office.acts.runs import ask_run
from khien.office.acts.trouble import Trouble
from khien.office.acts.versions import save_version
from khien.office.archive import open_archive
from khien.office.doors import require
from khien.office.doors import runs as runs_door
from khien.office.doors import versions as door
from khien.office.models import Run, Version
from khien.office.unpack import LARGEST_UPLOAD, UploadError


def ask_import(actor: Actor, version: Version, name: str, content: bytes) -> Run:
    """Store a file and ask for the run that reads it; the same file for the same version gives the run that is there.

    Args:
        version: what it is compared with, and what a version made of it will stand on.

    Raises:
        Refused: the person may not write versions or not start runs.
        UploadError: it is too large, or no zip and no workbook.
    """
    require(door.may_write(actor.person))
    require(runs_door.may_start(actor.person))
    if len(content) > LARGEST_UPLOAD:
        raise UploadError("office_upload_too_large", most=LARGEST_UPLOAD // 1024 // 1024)
    if not content.startswith(b"PK"):
        raise UploadError("office_upload_not_a_zip")
    plain = "".join(c for c in name if c.isprintable())[-200:] or "?"
    return ask_run(actor, "import", version, {"file": keep(content).digest, "name": plain})


def save_import(actor: Actor, run: Run, reason: str) -> Version:
    """Save what a finished import found sound, as a version on top of the one it was sent for.

    Raises:
        Refused: the person may not save these changes.
        Trouble: the run is no import that ended with a sound programme; nothing differs; no reason.
    """
    found = run.artefacts.filter(name="programme.zip").select_related("blob").first()
    if run.kind != "import" or run.state != Run.State.DONE or found is None:
        raise Trouble("office_trouble_no_import")
    return save_version(actor, open_archive(bytes(found.blob.content)), run.version, reason, run.pk)
