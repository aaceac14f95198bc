"""Edits that were not saved yet: they wait on the server, so that a closed browser loses nothing."""

from __future__ import annotations

from django.db import models

from khien.office.models.people import User
from khien.office.models.versions import Version


class Draft(models.Model):
    """One row of a table as somebody wants it, on top of a version. Seen by that person alone, and in no log."""

    user = models.ForeignKey(User, models.CASCADE, related_name="drafts")
    version = models.ForeignKey(Version, models.PROTECT, related_name="drafts")
    table = models.CharField(max_length=40)
    key = models.CharField(max_length=300, help_text="of the row as it is in the version; +1, +2 … for new rows")
    cells = models.JSONField(null=True, help_text="column to text as in the CSV file; null: the row is to go")
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "version", "table", "key"), name="office_draft_once"),
        )
        ordering = ("id",)
