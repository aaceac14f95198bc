"""What leaves the office by mail or web hook, and the workers that see to it."""

from __future__ import annotations

from django.db import models

from khien.office.models.people import User


class Hook(models.Model):
    """Another system that is told of acts. Is never removed, only ended."""

    name = models.CharField(max_length=100)
    url = models.CharField(max_length=500)
    secret = models.TextField(help_text="what calls are signed with, sealed")
    acts = models.CharField(max_length=500, help_text="names of acts or their beginnings, with commas; empty for all")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)


class Notice(models.Model):
    """One message on its way: written in the transaction of the act it tells of, sent later by a worker."""

    to = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    hook = models.ForeignKey(Hook, models.PROTECT, null=True, related_name="notices")
    act = models.CharField(max_length=60)
    content = models.JSONField(null=True, help_text="what it says; a link that is good for somebody is sealed")
    created = models.DateTimeField(auto_now_add=True)
    due = models.DateTimeField()
    tries = models.IntegerField(default=0)
    sent = models.DateTimeField(null=True)
    given_up = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("due",), condition=models.Q(sent=None, given_up=None), name="office_notice_due"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(to=None, hook__isnull=False) | models.Q(to__isnull=False, hook=None),
                name="office_notice_one_way",
            ),
        )


class Helper(models.Model):
    """A worker that was heard of lately; the health page looks here."""

    name = models.CharField(max_length=80, unique=True)
    started = models.DateTimeField()
    beat = models.DateTimeField(db_index=True)
    code = models.CharField(max_length=60)
