"""Versions of the programme, and proposals to adopt one."""

from __future__ import annotations

from django.db import models

from khien.office.models.people import User


class Blob(models.Model):
    """Bytes under their own hash. Never changed: the same bytes are kept once."""

    digest = models.CharField(primary_key=True, max_length=64)
    content = models.BinaryField()
    size = models.BigIntegerField()


class Version(models.Model):
    """A programme as it was saved: whole, by whom, on what, why. Two versions may hold the same content."""

    hash = models.CharField(max_length=64, db_index=True)
    blob = models.ForeignKey(Blob, models.PROTECT)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    merged = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged_into")
    author = models.ForeignKey(User, models.PROTECT)
    author_name = models.CharField(max_length=200)
    reason = models.CharField(max_length=1000)
    created = models.DateTimeField(auto_now_add=True)
    rows = models.BigIntegerField()
    warnings = models.IntegerField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.pk} {self.hash[:12]}"


class Proposal(models.Model):
    """The wish that a version be adopted, and what became of it."""

    class State(models.TextChoices):
        """Where the proposal stands."""

        OPEN = "open"
        ADOPTED = "adopted"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    version = models.ForeignKey(Version, models.PROTECT, related_name="proposals")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000)
    created = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided = models.DateTimeField(null=True)
    decision = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("version",), condition=models.Q(state="open"), name="office_one_open_proposal"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("by"))
                | models.Q(state="withdrawn"),
                name="office_proposer_does_not_decide",
            ),
        )
