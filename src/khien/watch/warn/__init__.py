"""Warnings: from a probability to an official message in two languages, each step by a named person.

Here stands what the desk needs: the journal, the acts, the states and CAP. What computes (`exceed`, `costloss`,
`impact`, `cascade`, `statistics`, `reach`, `silence`) is imported from its own module.
"""

from khien.watch.warn.acts import (
    approve,
    cancel,
    confirmed,
    open_journal,
    propose,
    repeats,
    review,
    sent,
    stand_down,
    update,
)
from khien.watch.warn.cap import cap_message, identifier
from khien.watch.warn.content import Content
from khien.watch.warn.findings import WarnError, WarnFinding
from khien.watch.warn.journal import Entry, Journal
from khien.watch.warn.states import Desk, Message, Record, desk

__all__ = [
    "Content",
    "Desk",
    "Entry",
    "Journal",
    "Message",
    "Record",
    "WarnError",
    "WarnFinding",
    "approve",
    "cancel",
    "cap_message",
    "confirmed",
    "desk",
    "identifier",
    "open_journal",
    "propose",
    "repeats",
    "review",
    "sent",
    "stand_down",
    "update",
]
