"""Reading and checking a programme to the end: every finding at once, never a traceback for bad input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from khien.programme.cells import typed_table
from khien.programme.document import Programme
from khien.programme.findings import Finding, Findings, ProgrammeError
from khien.programme.folder import read_folder
from khien.programme.keys import check_keys
from khien.programme.raw import RawProgramme, RawTable
from khien.programme.rules import check_meaning
from khien.programme.settings import Settings
from khien.programme.sheet import Desk, Sheet
from khien.programme.tables import TABLES
from khien.programme.toml_settings import check_settings, settings_of
from khien.programme.typed import as_typed
from khien.programme.values import check_values
from khien.programme.workbook_in import read_workbook


@dataclass(frozen=True)
class Checked:
    """What checking found.

    Attributes:
        programme: the programme, or None when there is an error.
        findings: all errors and warnings, in the order of the tables.
    """

    programme: Programme | None
    findings: list[Finding]

    @property
    def errors(self) -> list[Finding]:
        """The findings that keep the programme from being used."""
        return [f for f in self.findings if f.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that do not."""
        return [f for f in self.findings if f.severity == "warning"]


def check(path: str | Path) -> Checked:
    """Read a folder or workbook to the end and report all that is wrong. Never raises for bad input."""
    findings = Findings()
    raw = _raw(Path(path), findings)
    return Checked(None, findings) if raw is None else check_raw(raw, findings)


def read(path: str | Path) -> Programme:
    """The programme in a folder of CSV files with `programme.toml`, or in an .xlsx workbook.

    Raises:
        ProgrammeError: at least one finding is an error; it carries all findings.
    """
    checked = check(path)
    if checked.programme is None:
        raise ProgrammeError(checked.findings, Path(path))
    return checked.programme


def checked_programme(settings: Settings, frames: Mapping[str, pl.DataFrame]) -> Programme:
    """A programme out of settings and frames; columns that may be empty can be left out.

    Raises:
        ProgrammeError: the content has an error.
        TypeError: no table has that name.
    """
    if unknown := set(frames) - set(TABLES):
        raise TypeError(f"no such table: {', '.join(sorted(unknown))}")
    findings = Findings()
    check_settings(settings, findings)
    usable = None if findings else settings
    sheets = {
        name: Sheet(table, as_typed(table, frames.get(name), findings)) for name, table in TABLES.items()
    }
    checked = _finish(sheets, RawProgramme(), usable, findings)
    if checked.programme is None:
        raise ProgrammeError(checked.findings)
    return checked.programme


def check_raw(raw: RawProgramme, findings: Findings) -> Checked:
    """Check tables that a reader handed over as text."""
    settings = None if raw.settings is None else settings_of(raw.settings, findings)
    sheets: dict[str, Sheet] = {}
    for name, table in TABLES.items():
        if (cells := raw.tables.get(name)) is None:
            sheets[name] = Sheet(table, pl.DataFrame(schema=table.schema), here=False)
        else:
            sheets[name] = Sheet(table, typed_table(table, cells, findings), cells.lines)
    return _finish(sheets, raw, settings, findings)


def _raw(path: Path, findings: Findings) -> RawProgramme | None:
    if path.is_dir():
        return read_folder(path, findings)
    if path.is_file():
        return read_workbook(path, findings)
    findings.note("path-missing", value=path.name)
    return None


def _finish(
    sheets: dict[str, Sheet], raw: RawProgramme, settings: Settings | None, findings: Findings
) -> Checked:
    clean = {}
    for name, sheet in sheets.items():
        frame = sheet.frame
        if frame.height:
            frame = check_values(sheet, partial(_unread, raw.tables.get(name), sheet), findings)
        clean[name] = Sheet(sheet.table, frame, sheet.lines, sheet.here)
    desk = Desk(clean, settings, findings, frozenset(raw.broken))
    check_keys(desk)
    check_meaning(desk)
    if settings is None or any(f.severity == "error" for f in findings):
        return Checked(None, findings)
    frames = {name: sheet.frame for name, sheet in clean.items()}
    return Checked(Programme(settings, frames, tuple(findings)), findings)


def _unread(raw: RawTable | None, sheet: Sheet, column: str) -> pl.Series | None:
    """Which cells of a column have a finding already because they, or the whole column, could not be read."""
    if raw is None:
        return None
    if column not in raw.columns:
        return pl.repeat(True, sheet.frame.height, eager=True, dtype=pl.Boolean)
    unread = raw.columns[column].is_not_null() & sheet.frame[column].is_null()
    told = raw.told.get(column)
    return unread if told is None else unread | told.fill_null(False)
