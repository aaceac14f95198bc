"""The log: one row an act, chained by hashes; the database refuses to change or remove a row."""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One act. All that the hash covers is text, exactly as hashed, so that nothing is lost on the way back."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.CharField(max_length=32)
    request = models.CharField(max_length=36)
    # No foreign key: an entry outlives whoever made it, and carries the name as it was.
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    roles = models.CharField(max_length=300)
    act = models.CharField(max_length=60, db_index=True)
    kind = models.CharField(max_length=30)
    object = models.CharField(max_length=80)
    before = models.TextField()
    after = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        db_table = "office_log"
        ordering = ("-seq",)
        indexes = (models.Index(fields=("kind", "object"), name="office_log_object"),)

    def __str__(self) -> str:
        return f"{self.seq} {self.at} {self.actor_name} {self.act} {self.kind} {self.object}"
