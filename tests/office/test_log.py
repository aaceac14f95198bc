"""The log: in the same transaction, chained, and checked from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from khien.office.acts.record import Actor, record
from khien.office.audit import Fault, verify
from khien.office.chain import FIELDS, START, entry_hash
from khien.office.models import Entry, Version
from khien.office.rights import Role

Act = Callable[..., Actor]


@pytest.fixture
def rows(actor: Act, first: Version) -> list[dict[str, Any]]:
    """The log after four acts."""
    for step in (1, 2, 3):
        with transaction.atomic():
            record(actor(Role.ANALYST), "version.save", first, {"step": step - 1}, {"step": step, "tên": "bước"})
    return list(Entry.objects.order_by("seq").values(*FIELDS, "hash"))


def test_a_log_that_nobody_touched_is_whole(rows: list[dict[str, Any]]) -> None:
    found = verify(rows)
    assert (found.entries, found.head, found.faults) == (4, rows[-1]["hash"], [])
    assert rows[0]["previous"] == START
    assert verify([]).head == START


@pytest.mark.parametrize("field", FIELDS)
def test_a_change_of_any_field_is_found(rows: list[dict[str, Any]], field: str) -> None:
    rows[1][field] = 7 if field in ("seq", "actor_id") else "forged"
    assert {fault.kind for fault in verify(rows).faults} & {"altered", "missing"}


def test_an_entry_taken_out_or_put_in_is_found(rows: list[dict[str, Any]]) -> None:
    assert Fault(3, "missing") in verify(rows[:1] + rows[2:]).faults
    assert Fault(1, "missing") not in verify(rows).faults
    forged = rows[1] | {"seq": 2, "after": "{}"}
    forged["hash"] = entry_hash(forged)
    assert verify([rows[0], forged, *rows[2:]]).faults == [Fault(3, "unlinked")]


def test_what_is_cut_off_at_the_end_is_found_by_a_published_head(rows: list[dict[str, Any]]) -> None:
    head = (4, rows[-1]["hash"])
    assert verify(rows, head).faults == []
    assert verify(rows[:-1]).faults == []  # why the head must be published
    assert verify(rows[:-1], head).faults == [Fault(4, "head")]


def test_an_act_that_fails_leaves_no_entry(actor: Act, first: Version) -> None:
    def fails() -> None:
        with transaction.atomic():
            record(actor(Role.ANALYST), "version.save", first)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert Entry.objects.count() == 1


def test_every_act_has_words(root: Any) -> None:
    import re

    from khien.words import t

    sources = "\n".join(p.read_text(encoding="utf-8") for p in (root / "src/khien/office/acts").glob("*.py"))
    acts = set(re.findall(r'record\([^"]*?"([a-z]+\.[a-z]+)"', sources)) | {
        f"proposal.{v}" for v in ("adopt", "refuse", "withdraw")
    }
    assert len(acts) > 12
    assert all(t(f"office_act_{act}", lang) for act in acts for lang in ("vi", "en"))


def test_no_secret_gets_into_the_log(actor: Act) -> None:
    from tests.office.conftest import PASSWORD

    from khien.office.acts.accounts import invite, use_ticket

    _, secret = invite(actor(Role.ADMINISTRATOR), "new@example.vn", "New", "vi", [(Role.VIEWER, "")])
    use_ticket(Actor(None), secret, PASSWORD)
    text = " ".join(f"{entry.before} {entry.after}" for entry in Entry.objects.all())
    assert "new@example.vn" in text
    assert secret not in text
    assert PASSWORD not in text
