"""What somebody sent, read and checked: a programme, or every finding beside the row that it speaks of."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from khien.office.unpack import LARGEST_UPLOAD, UploadError, unpack
from khien.programme import TABLES, Finding, Programme
from khien.programme.checking import check_raw
from khien.programme.findings import Findings
from khien.programme.folder import read_folder
from khien.programme.raw import RawProgramme
from khien.programme.toml_settings import FILE
from khien.programme.workbook_in import read_workbook

MOST_SHOWN: Final = 500


@dataclass(frozen=True)
class Beside:
    """A finding with the row of the file that it speaks of, column by column; no row where it speaks of none."""

    finding: Finding
    row: dict[str, str]


@dataclass(frozen=True)
class Intake:
    """What came of it.

    Attributes:
        programme: the programme, or None when there is an error.
        findings: errors first, then warnings, each beside its row; at most `MOST_SHOWN`.
        errors, warnings: how many there are in all.
    """

    programme: Programme | None
    findings: list[Beside]
    errors: int
    warnings: int


def take_in(name: str, content: bytes) -> Intake:
    """Read and check a zip of CSV files, an .xlsx workbook, or a zip of the two files of a CORDIS extract.

    Raises:
        UploadError: it is neither, or too large.
    """
    if len(content) > LARGEST_UPLOAD:
        raise UploadError("office_upload_too_large", most=LARGEST_UPLOAD // 1024 // 1024)
    if not content.startswith(b"PK"):
        raise UploadError("office_upload_not_a_zip")
    with tempfile.TemporaryDirectory() as place:
        if name.lower().endswith(".xlsx"):
            file = Path(place) / "programme.xlsx"
            file.write_bytes(content)
            findings = Findings()
            return _checked(read_workbook(file, findings), findings)
        names = unpack(content, Path(place))
        if (pair := _cordis(names)) is not None:
            return _from_cordis(*(Path(place) / one for one in pair))
        return take_in_folder(Path(place))


_PROJECTS: Final = ("project.csv", "projects.csv")
_PARTICIPANTS: Final = ("participants.csv", "participant.csv", "organization.csv", "organizations.csv")


def _cordis(names: list[str]) -> tuple[str, str] | None:
    """The two files of a CORDIS extract, when that is what the zip holds: no settings, and a file of participants."""
    lower = {name.lower(): name for name in names}
    projects = next((lower[name] for name in _PROJECTS if name in lower), None)
    participants = next((lower[name] for name in _PARTICIPANTS if name in lower), None)
    if FILE in lower or projects is None or participants is None:
        return None
    return projects, participants


def _from_cordis(projects: Path, participants: Path) -> Intake:
    """The programme that a CORDIS extract makes; what was repaired or left out is a warning."""
    from khien.programme.imports import import_cordis

    made = import_cordis(projects, participants, None)
    ordered = [*made.errors, *(f for f in made.findings if f.severity != "error")]
    beside = [Beside(finding, {}) for finding in ordered[:MOST_SHOWN]]
    return Intake(made.programme, beside, len(made.errors), len(made.findings) - len(made.errors))


def take_in_folder(folder: Path) -> Intake:
    """The same for a folder of CSV files."""
    findings = Findings()
    return _checked(read_folder(folder, findings), findings)


def _checked(raw: RawProgramme | None, findings: Findings) -> Intake:
    if raw is None:
        return _told(None, RawProgramme(), list(findings))
    checked = check_raw(raw, findings)
    return _told(checked.programme, raw, checked.findings)


def beside_rows(programme: Programme) -> list[Beside]:
    """The warnings of a programme that was read from its archive, beside their rows (line 2 is the first row)."""
    told = []
    for finding in programme.findings[:MOST_SHOWN]:
        row: dict[str, str] = {}
        if finding.table is not None and finding.table in TABLES and finding.row is not None:
            frame = programme.frames[finding.table]
            if 0 <= finding.row - 2 < frame.height:
                values = frame.row(finding.row - 2, named=True)
                row = {name: "" if value is None else str(value) for name, value in values.items()}
        told.append(Beside(finding, row))
    return told


def _told(programme: Programme | None, raw: RawProgramme, findings: list[Finding]) -> Intake:
    ordered = sorted(findings, key=lambda f: f.severity != "error")
    errors = sum(f.severity == "error" for f in findings)
    return Intake(programme, [Beside(f, _row(raw, f)) for f in ordered[:MOST_SHOWN]], errors, len(findings) - errors)


def _row(raw: RawProgramme, finding: Finding) -> dict[str, str]:
    """The cells of the file's row, as they were sent."""
    table = raw.tables.get(finding.table or "")
    if table is None or finding.row is None:
        return {}
    index = next((i for i, line in enumerate(table.lines) if line == finding.row), None)
    if index is None:
        return {}
    return {name: "" if cells[index] is None else str(cells[index]) for name, cells in table.columns.items()}
