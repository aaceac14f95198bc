"""Versions: saved whole, on a parent, with a reason; never overwritten."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from django.db import DatabaseError, connection, transaction
from tests.office.conftest import dearer

from khien import Programme
from khien.office.acts.programme_store import programme_of
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.acts.versions import common_ancestor, merge_versions, save_version
from khien.office.archive import open_archive, pack
from khien.office.doors import Refused
from khien.office.models import Blob, Entry, Version
from khien.office.rights import Role

Act = Callable[..., Actor]


def test_a_version_is_what_was_saved(first: Version, isle: Programme) -> None:
    assert programme_of(first).hash == first.hash == isle.hash
    assert (first.parent, first.author_name, first.reason) == (None, "analyst", "the beginning")
    entry = Entry.objects.get()
    assert (entry.act, entry.kind, entry.object) == ("version.save", "version", str(first.pk))
    assert isle.hash in entry.after


def test_equal_content_is_kept_once(actor: Act, first: Version, isle: Programme) -> None:
    other = save_version(actor(Role.ANALYST), dearer(isle), first, "more")
    back = save_version(actor(Role.ANALYST), isle, other, "and back")
    assert back.hash == first.hash
    assert back.blob_id == first.blob_id
    assert Blob.objects.count() == 2
    assert pack(isle) == pack(open_archive(pack(isle)))


def test_who_may_not_write_is_refused_and_nothing_is_left(actor: Act, isle: Programme) -> None:
    for role in (Role.VIEWER, Role.AUDITOR, Role.ADMINISTRATOR, Role.COUNCIL_SECRETARY):
        with pytest.raises(Refused):
            save_version(actor(role), isle, None, "mine")
    assert not Version.objects.exists()
    assert not Entry.objects.exists()


def test_a_reason_a_parent_and_a_difference_are_needed(actor: Act, first: Version, isle: Programme) -> None:
    with pytest.raises(Trouble, match="reason"):
        save_version(actor(Role.ANALYST), dearer(isle), first, "  ")
    with pytest.raises(Trouble, match="edited from"):
        save_version(actor(Role.ANALYST), dearer(isle), None, "why not")
    with pytest.raises(Trouble, match="does not differ"):
        save_version(actor(Role.ANALYST), isle, first, "again")
    assert Version.objects.count() == 1


ATTACKS = (
    "UPDATE office_version SET reason = 'another'",
    "UPDATE office_blob SET size = 1",
    "UPDATE office_log SET after = ''",
    "DELETE FROM office_version",
    "DELETE FROM office_blob",
    "DELETE FROM office_log",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_refuses_to_change_or_remove(first: Version, attack: str) -> None:
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


def test_the_database_refuses_what_goes_around_the_rows(first: Version) -> None:
    """SQLite can replace a row by inserting another one; PostgreSQL can empty a table at once."""
    if connection.vendor == "sqlite":
        attack = "INSERT OR REPLACE INTO office_log SELECT * FROM office_log"
    else:
        attack = "TRUNCATE office_log"
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


def test_edits_of_different_rows_merge(actor: Act, first: Version, isle: Programme) -> None:
    mine = save_version(actor(Role.ANALYST), dearer(isle, "0", 5), first, "first year")
    theirs = save_version(actor(Role.ANALYST, "second"), dearer(isle, "1", 7), first, "second year")
    merged = merge_versions(actor(Role.ANALYST), mine, theirs, "both").version
    assert merged is not None
    assert (merged.parent_id, merged.merged_id) == (mine.pk, theirs.pk)
    sums = programme_of(merged).money["amount_mvnd"] - isle.money["amount_mvnd"]
    assert sums.to_list()[:2] == [5, 7]
    ancestor = common_ancestor(merged, theirs)
    assert ancestor is not None
    assert ancestor.pk == theirs.pk
    with pytest.raises(Trouble, match="nothing to merge"):
        merge_versions(actor(Role.ANALYST), merged, theirs, "again")


def test_the_same_cell_is_a_conflict_and_saves_nothing(actor: Act, first: Version, isle: Programme) -> None:
    mine = save_version(actor(Role.ANALYST), dearer(isle, "0", 5), first, "five")
    theirs = save_version(actor(Role.ANALYST), dearer(isle, "0", 7), first, "seven")
    came = merge_versions(actor(Role.ANALYST), mine, theirs, "both")
    before = int(isle.money["amount_mvnd"][0])
    assert came.version is None
    assert [(c.table, c.column, c.base, c.ours, c.theirs) for c in came.conflicts] == [
        ("money", "amount_mvnd", before, before + 5, before + 7)
    ]
    assert Version.objects.count() == 3


def test_a_province_officer_edits_only_rows_of_the_province(actor: Act, land: Programme) -> None:
    base = save_version(actor(Role.ANALYST), land, None, "the beginning")
    places = land.forces.filter(
        pl.col("place").is_in(land.places.filter(pl.col("level") == "province")["id"].to_list())
    )
    own, other = places["place"].unique(maintain_order=True)[:2]
    officer = actor(Role.PROVINCE_OFFICER, "officer", own)

    def more_people(place: str) -> Programme:
        here = pl.when(pl.col("place") == place).then(pl.col("people") + 1).otherwise(pl.col("people"))
        return land.replace(forces=land.forces.with_columns(people=here))

    saved = save_version(officer, more_people(own), base, "counted again")
    assert saved.author_name == "officer"
    with pytest.raises(Refused, match=f"outside the province {own}"):
        save_version(officer, more_people(other), base, "theirs too")
    with pytest.raises(Refused, match="outside the province"):
        save_version(officer, dearer(land), base, "more money")
    with pytest.raises(Refused, match="names no province"):
        save_version(actor(Role.PROVINCE_OFFICER, "nowhere"), more_people(own), base, "mine")
