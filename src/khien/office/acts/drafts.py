"""Drafts: edits that wait on the server until they are saved as a version. They are nobody else's business, so no door
shows them to others and the log does not speak of them; what is saved meets every check and door of a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Count, Max

from khien.office import edit
from khien.office.acts.programme_store import programme_of
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.acts.versions import save_version
from khien.office.doors import require
from khien.office.doors import versions as door
from khien.office.intake import Intake
from khien.office.models import Draft, Version
from khien.programme import TABLES

MOST_ROWS: Final = 5_000
"""Rows that one person may keep on one version; who changes more sends a file."""
_LONGEST_CELL: Final = 10_000
Rows = Mapping[str, Mapping[str, str] | None]


@dataclass(frozen=True)
class Saved:
    """What came of saving a draft: a version, or the findings that stand in its way."""

    version: Version | None
    taken: Intake


def keep_rows(actor: Actor, version: Version, table: str, rows: Rows) -> int:
    """Keep rows of a table as they were typed; rows that are as in the version again are forgotten.

    Args:
        rows: by key, the cells as text; None for a row that is to go. Keys of rows to be added are `+1`, `+2` …

    Returns:
        How many rows are kept on this version now.

    Raises:
        Refused: the person may save no version.
        Trouble: too many rows, or a key that the table does not have.
    """
    require(door.may_write(actor.person))
    before = as_text(version, table)
    mine = Draft.objects.filter(user=actor.person, version=version)
    with transaction.atomic():
        for key, cells in rows.items():
            if not edit.is_new(key) and key not in before:
                raise Trouble("office_trouble_no_row", table=table, row=key[:80])
            if _says_nothing(key, cells, before):
                mine.filter(table=table, key=key).delete()
            else:
                kept = None if cells is None else {n: cells.get(n, "")[:_LONGEST_CELL] for n in TABLES[table].columns}
                Draft.objects.update_or_create(
                    user=actor.person, version=version, table=table, key=key[:300], defaults={"cells": kept}
                )
        count = mine.count()
        if count > MOST_ROWS:
            raise Trouble("office_trouble_large_draft", most=MOST_ROWS)
    return count


def kept(actor: Actor, version: Version, table: str | None = None) -> dict[str, dict[str, dict[str, str] | None]]:
    """What the person keeps on this version: by table, by key."""
    mine = Draft.objects.filter(user=actor.person, version=version).order_by("pk")
    found: dict[str, dict[str, dict[str, str] | None]] = {}
    for one in mine if table is None else mine.filter(table=table):
        found.setdefault(one.table, {})[one.key] = one.cells
    return found


def forget(actor: Actor, version: Version) -> None:
    """Throw the draft away."""
    Draft.objects.filter(user=actor.person, version=version).delete()


def check_draft(actor: Actor, version: Version) -> Intake:
    """What the check says of the version with the draft in it."""
    try:
        return edit.with_rows(programme_of(version), kept(actor, version))
    except edit.NoSuchRow as gone:
        raise Trouble("office_trouble_no_row", table="", row=str(gone.args[0])[:80]) from None


def save_draft(actor: Actor, version: Version, reason: str) -> Saved:
    """Save the draft as a new version on top of the one it was typed on; it is forgotten then, and only then.

    Raises:
        Refused: the person may not save these changes.
        Trouble: nothing was changed, or no reason.
    """
    taken = check_draft(actor, version)
    if taken.programme is None:
        return Saved(None, taken)
    with transaction.atomic():
        saved = save_version(actor, taken.programme, version, reason)
        forget(actor, version)
    return Saved(saved, taken)


def overview(actor: Actor) -> list[dict[str, object]]:
    """The person's drafts: version, table, rows kept, when last."""
    mine = Draft.objects.filter(user=actor.person).order_by("-version", "table").values("version", "table")
    return [dict(one) for one in mine.annotate(count=Count("pk"), last=Max("updated"))]


def as_text(version: Version, table: str) -> dict[str, dict[str, str]]:
    """Every row of a table by its key, cells as they stand in the CSV file."""
    return edit.text_rows(programme_of(version), TABLES[table])


def _says_nothing(key: str, cells: Mapping[str, str] | None, before: Mapping[str, Mapping[str, str]]) -> bool:
    if edit.is_new(key):
        return cells is None or not any(text.strip() for text in cells.values())
    return cells is not None and all(cells.get(n, "").strip() == text for n, text in before[key].items())
