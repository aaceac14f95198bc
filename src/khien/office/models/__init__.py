"""What the office records. Models hold columns and constraints; what may happen to them stands in ``acts``."""

from khien.office.models.drafts import Draft
from khien.office.models.log import Entry
from khien.office.models.notices import Helper, Hook, Notice
from khien.office.models.people import Attempt, Grant, Seat, Ticket, Token, User
from khien.office.models.runs import Artefact, Run
from khien.office.models.versions import Blob, Proposal, Version

__all__ = [
    "Artefact",
    "Attempt",
    "Blob",
    "Draft",
    "Entry",
    "Grant",
    "Helper",
    "Hook",
    "Notice",
    "Proposal",
    "Run",
    "Seat",
    "Ticket",
    "Token",
    "User",
    "Version",
]
