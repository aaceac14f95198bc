"""Reading an XLSX workbook."""

from pathlib import Path

from khien.programme.findings import Findings
from khien.programme.raw import RawProgramme


def read_workbook(path: Path, findings: Findings) -> RawProgramme | None:
    return None
