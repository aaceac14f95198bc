"""What people may look at: each reading asks its door first."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.shortcuts import get_object_or_404

from khien.office.acts.record import Actor
from khien.office.doors import accounts as accounts_door
from khien.office.doors import hooks as hooks_door
from khien.office.doors import log as log_door
from khien.office.doors import require
from khien.office.doors import runs as runs_door
from khien.office.doors import versions as versions_door
from khien.office.models import Artefact, Entry, Hook, Notice, Proposal, Run, User, Version


def versions(actor: Actor) -> QuerySet[Version]:
    """All versions, newest first, without their content."""
    require(versions_door.may_read(actor.person))
    return Version.objects.select_related("author").order_by("-pk")


def version(actor: Actor, pk: int) -> Version:
    """One version; Http404 when there is none."""
    require(versions_door.may_read(actor.person))
    return get_object_or_404(Version.objects.select_related("parent", "merged", "author"), pk=pk)


def heads(actor: Actor) -> QuerySet[Version]:
    """Versions that nothing stands on yet: where work goes on."""
    return versions(actor).filter(children=None, merged_into=None)


def proposals(actor: Actor) -> QuerySet[Proposal]:
    """All proposals, newest first."""
    require(versions_door.may_read(actor.person))
    return Proposal.objects.select_related("version", "by", "decided_by").order_by("-pk")


def runs(actor: Actor) -> QuerySet[Run]:
    """All runs, newest first."""
    require(runs_door.may_read(actor.person))
    return Run.objects.select_related("version", "asked_by", "source").order_by("-pk")


def run(actor: Actor, pk: int) -> Run:
    """One run; Http404 when there is none."""
    require(runs_door.may_read(actor.person))
    return get_object_or_404(Run.objects.select_related("version", "asked_by", "source"), pk=pk)


def artefact(actor: Actor, run_pk: int, name: str) -> Artefact:
    """A file that a run made; Http404 when there is none."""
    require(runs_door.may_read(actor.person))
    return get_object_or_404(Artefact.objects.select_related("blob", "run"), run_id=run_pk, name=name)


def entries(actor: Actor) -> QuerySet[Entry]:
    """The whole log, newest first."""
    require(log_door.may_read(actor.person))
    return Entry.objects.order_by("-seq")


def hooks(actor: Actor) -> QuerySet[Hook]:
    """All web hooks, those that were ended last."""
    require(hooks_door.may_change(actor.person))
    return Hook.objects.select_related("by").order_by(F("ended").desc(nulls_first=True), "pk")


def notices(actor: Actor) -> QuerySet[Notice]:
    """What the office sent or is to send, newest first."""
    require(hooks_door.may_change(actor.person))
    return Notice.objects.select_related("to", "hook").order_by("-pk")


def accounts(actor: Actor) -> QuerySet[User]:
    """All accounts."""
    require(accounts_door.may_read(actor.person))
    return User.objects.prefetch_related("grants").order_by("name", "pk")


def account(actor: Actor, pk: int) -> User:
    """One account; Http404 when there is none."""
    require(accounts_door.may_read(actor.person))
    return get_object_or_404(User, pk=pk)
