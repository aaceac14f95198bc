"""The run that reads and checks what somebody sent: tables as CSV or XLSX, or a CORDIS extract. It saves no version:
that a person does, who has seen what came of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from khien.office.archive import pack
from khien.office.intake import Intake, take_in
from khien.office.jobs.kinds import NoAnswer, Work
from khien.office.jobs.told import figure, table
from khien.office.unpack import UploadError
from khien.programme import diff
from khien.words import LANGUAGES, t

MOST = 500


def do(work: Work) -> dict[str, Any]:
    """Read, check, compare with the version it was sent for; write `programme.zip` when it is sound, and all findings.

    Raises:
        NoAnswer: it is no file that can be read.
    """
    work.tell(0.1, str(work.settings["name"]))
    try:
        taken = take_in(work.settings["name"], work.inputs["sent"].read_bytes())
    except UploadError as error:
        raise NoAnswer(error.message_vi, error.message_en) from error
    work.tell(0.7, "")
    findings = [one.finding.to_dict() | {"cells": one.row} for one in taken.findings]
    text = json.dumps(findings, ensure_ascii=False, indent=1, default=str)
    (work.folder / "findings.json").write_text(text, encoding="utf-8")
    kinds: Counter[str] = Counter()
    if taken.programme is not None:
        (work.folder / "programme.zip").write_bytes(pack(taken.programme))
        kinds.update(change.kind for change in diff(work.programme, taken.programme))
    rows = 0 if taken.programme is None else sum(frame.height for frame in taken.programme.frames.values())
    return {
        "sound": taken.programme is not None,
        "hash": None if taken.programme is None else taken.programme.hash,
        "figures": [
            figure("rows", rows, "whole"), figure("errors", taken.errors, "whole"),
            figure("warnings", taken.warnings, "whole"),
            *(figure(f"rows_{kind}", kinds[kind], "whole") for kind in ("added", "changed", "removed")),
        ],
        "tables": [table("findings", "severity:text place:text message:text way:text", _told(taken))],
    }  # fmt: skip


def _told(taken: Intake) -> list[dict[str, Any]]:
    return [
        {
            "severity": {lang: t(f"severity.{f.severity}", lang) for lang in LANGUAGES},
            "place": f.place,
            "message": {"vi": f.message_vi, "en": f.message_en},
            "way": {"vi": f.way_out_vi, "en": f.way_out_en},
        }
        for f in (one.finding for one in taken.findings[:MOST])
    ]
