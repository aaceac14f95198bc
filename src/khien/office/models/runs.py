"""Runs: work that takes longer than a page, as rows that workers take."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from khien.office.models.people import User
from khien.office.models.versions import Blob, Version


class Run(models.Model):
    """One piece of work: what was asked, from what, by whom, how it goes and what came out."""

    class State(models.TextChoices):
        """Where the work stands. `LOST`: its worker went away; nothing is known of it, and it can be started again."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"
        LOST = "lost"

    ENDED: ClassVar = (State.DONE, State.FAILED, State.CANCELLED, State.LOST)

    kind = models.CharField(max_length=20)
    version = models.ForeignKey(Version, models.PROTECT, related_name="runs")
    source = models.ForeignKey("self", models.PROTECT, null=True, related_name="derived")
    settings = models.JSONField()
    seed = models.BigIntegerField(default=0)
    code = models.CharField(max_length=60)
    request_key = models.CharField(max_length=64, db_index=True)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, db_index=True)
    time_limit = models.IntegerField(help_text="seconds after which the work is stopped")
    cancel_asked = models.BooleanField(default=False)
    attempt = models.IntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    started = models.DateTimeField(null=True)
    beat = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    share = models.FloatField(null=True)
    stage = models.CharField(max_length=200, blank=True)
    log = models.TextField(blank=True)
    trouble_vi = models.TextField(blank=True)
    trouble_en = models.TextField(blank=True)
    headline = models.JSONField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("state", "id"), name="office_run_queue"),)

    def __str__(self) -> str:
        return f"{self.pk} {self.kind} {self.state}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in self.ENDED


class Artefact(models.Model):
    """A file that a run made."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="artefacts")
    name = models.CharField(max_length=120)
    media = models.CharField(max_length=100)
    blob = models.ForeignKey(Blob, models.PROTECT)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("run", "name"), name="office_artefact_once"),)
