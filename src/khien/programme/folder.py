"""A programme as a folder: one CSV file a table, and `programme.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from khien.programme.findings import Findings
from khien.programme.guesses import guess
from khien.programme.raw import RawProgramme
from khien.programme.tables import TABLES
from khien.programme.text_files import read_csv_table
from khien.programme.toml_settings import read_toml

_NOTES: Final = (
    "readme",
    "note",
    "notes",
    "ghi chú",
    "ghi_chu",
    "ghi-chu",
    "ghi chu",
    "huong dan",
    "hướng dẫn",
)


def read_folder(folder: Path, findings: Findings) -> RawProgramme:
    """All CSV files and the settings of a folder, as text. Other files and sub-folders are left alone."""
    raw = RawProgramme(settings=read_toml(folder, findings))
    try:
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".csv" and not p.is_dir())
    except OSError as error:
        findings.note("file-unreadable", value=folder.name, reason=error.strerror or str(error))
        return raw
    for path in files:
        name = path.stem
        if name in raw.tables or name in raw.broken:
            findings.note("duplicate-table", name, value=path.name)
        elif name in TABLES:
            if (table := read_csv_table(path, name, findings)) is not None:
                raw.tables[name] = table
            else:
                raw.broken.add(name)
        elif not is_note(name):
            findings.note("unknown-table", value=path.name, guess=guess(name, TABLES))
    return raw


def is_note(name: str) -> bool:
    """Whether a file or sheet is meant for people: its name starts with "_" or says note or readme."""
    plain = name.strip().lower()
    return plain.startswith("_") or any(plain == word or plain.startswith(word + " ") for word in _NOTES)
