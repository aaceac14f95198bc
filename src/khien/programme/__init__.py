"""The programme: tables defined once, read, checked, written and compared.

Every other room stands on this one.
"""

from khien.programme.checking import Checked, check, checked_programme, read
from khien.programme.columns import Column, Row, Table
from khien.programme.compare import Change, diff
from khien.programme.document import Programme
from khien.programme.findings import Finding, ProgrammeError
from khien.programme.reference import findings_page, json_schema, tables_page
from khien.programme.settings import Fact, Settings
from khien.programme.skeleton import new, skeleton, template
from khien.programme.tables import TABLES
from khien.programme.writing import write

__all__ = [
    "TABLES",
    "Change",
    "Checked",
    "Column",
    "Fact",
    "Finding",
    "Programme",
    "ProgrammeError",
    "Row",
    "Settings",
    "Table",
    "check",
    "checked_programme",
    "diff",
    "findings_page",
    "json_schema",
    "new",
    "read",
    "skeleton",
    "tables_page",
    "template",
    "write",
]
