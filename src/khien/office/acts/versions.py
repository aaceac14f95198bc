"""Saving versions, and merging two."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from khien.office.acts.programme_store import keep_programme, programme_of
from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble, reason_of
from khien.office.doors import require
from khien.office.doors import versions as door
from khien.office.merge import Conflict, merge
from khien.office.models import Version
from khien.programme import Programme, diff


@dataclass(frozen=True)
class Merged:
    """What came of merging two versions: a new version, or the conflicts that people have to settle first."""

    version: Version | None
    conflicts: list[Conflict]


def save_version(
    actor: Actor, programme: Programme, parent: Version | None, reason: str, run: int | None = None
) -> Version:
    """Save a programme as a new version on top of `parent` (None: the first one of all).

    Args:
        run: the run that read and checked it, when one did; the log names it.

    Raises:
        Refused: the person may not save what differs from the parent.
        Trouble: no reason, nothing differs from the parent, or a parent is needed.
    """
    user = actor.person
    require(door.may_write(user))
    reason = reason_of(reason)
    if parent is None and Version.objects.exists():
        raise Trouble("office_trouble_parent_needed")
    before = None if parent is None else programme_of(parent)
    changes = [] if before is None else diff(before, programme)
    if before is not None and not changes:
        raise Trouble("office_trouble_nothing_changed")
    require(door.may_save(user, before, programme, changes))
    return _store(actor, programme, parent, None, reason, len(changes), run)


def merge_versions(actor: Actor, ours: Version, theirs: Version, reason: str) -> Merged:
    """Put the changes of `theirs` since the common ancestor on top of `ours`, as a new version.

    Raises:
        Refused: the person may not save what the merge brings in.
        ProgrammeError: each is sound, both together are not.
        Trouble: one is an ancestor of the other, so there is nothing to merge; or no reason.
    """
    user = actor.person
    require(door.may_write(user))
    reason = reason_of(reason)
    ancestor = common_ancestor(ours, theirs)
    if ancestor is None or ancestor.pk in (ours.pk, theirs.pk):
        raise Trouble("office_trouble_nothing_to_merge")
    mine = programme_of(ours)
    merged = merge(programme_of(ancestor), mine, programme_of(theirs))
    if isinstance(merged, list):
        return Merged(None, merged)
    changes = diff(mine, merged)
    if not changes:
        raise Trouble("office_trouble_nothing_to_merge")
    require(door.may_save(user, mine, merged, changes))
    return Merged(_store(actor, merged, ours, theirs, reason, len(changes)), [])


def common_ancestor(a: Version, b: Version) -> Version | None:
    """The newest version that both stand on (either may be it)."""
    above = _ancestors(a)
    both = above & _ancestors(b)
    return Version.objects.filter(pk__in=both).order_by("-pk").first() if both else None


def _ancestors(version: Version) -> set[int]:
    """Ids of a version and all it stands on; one query, for an office has thousands of versions and not millions."""
    parents = {pk: [p for p in rest if p] for pk, *rest in Version.objects.values_list("pk", "parent", "merged")}
    found: set[int] = set()
    waiting = [version.pk]
    while waiting:
        pk = waiting.pop()
        if pk not in found:
            found.add(pk)
            waiting.extend(parents[pk])
    return found


def _store(
    actor: Actor, programme: Programme, parent: Version | None, merged: Version | None, reason: str, changes: int,
    run: int | None = None,
) -> Version:  # fmt: skip
    user = actor.person
    with transaction.atomic():
        version = Version.objects.create(
            hash=programme.hash,
            blob=keep_programme(programme),
            parent=parent,
            merged=merged,
            author=user,
            author_name=user.name,
            reason=reason,
            rows=sum(frame.height for frame in programme.frames.values()),
            warnings=len(programme.findings),
        )
        before = None if parent is None else {"version": parent.pk, "hash": parent.hash}
        after = {"hash": version.hash, "reason": reason, "changes": changes} | ({} if run is None else {"run": run})
        record(actor, "version.save", version, before, {**after, "merged": None if merged is None else merged.pk})
    return version
