"""Accounts: the only persons that Khiên knows, and only as its own users."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from khien.office.rights import Right, Role, rights_of
from khien.words import LANGUAGES


class User(AbstractBaseUser):
    """Somebody who signs in. Is never removed, only deactivated: the log speaks of them."""

    email = models.EmailField(max_length=200, unique=True)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=2, choices=[(lang, lang) for lang in LANGUAGES], default="vi")
    is_active = models.BooleanField(default=True)
    wants_mail = models.BooleanField(default=True, help_text="of what concerns them; of their own account always")
    created = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = BaseUserManager["User"]()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def roles(self) -> list[str]:
        """The roles held now, in alphabetical order; none for somebody who was deactivated."""
        return sorted({grant.role for grant in self._held()})

    @property
    def provinces(self) -> frozenset[str]:
        """Ids of the provinces whose rows this person may edit."""
        return frozenset(grant.place for grant in self._held() if grant.role == Role.PROVINCE_OFFICER and grant.place)

    @property
    def rights(self) -> frozenset[Right]:
        """What the roles allow."""
        return rights_of(self.roles)

    def _held(self) -> list[Grant]:
        """The grants, read once for each object: doors ask often while a page is made."""
        if not self.is_active:
            return []
        if not hasattr(self, "_grants"):
            self._grants = list(self.grants.all())
        return self._grants


class Grant(models.Model):
    """A role that somebody holds; a province officer's names the province."""

    user = models.ForeignKey(User, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=30, choices=[(role.value, role.value) for role in Role])
    place = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "role", "place"), name="office_grant_once"),)
        ordering = ("role", "place")


class Ticket(models.Model):
    """A link that lets somebody set a password, once, until it expires. Only a hash of its secret is kept."""

    class Kind(models.TextChoices):
        """Why the link was made."""

        SETUP = "setup"
        INVITATION = "invitation"
        RESET = "reset"

    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="tickets")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    secret_hash = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)


class Seat(models.Model):
    """A session that is signed in: what a person sees in the list of their own sessions, and can end."""

    user = models.ForeignKey(User, models.CASCADE, related_name="seats")
    session_key = models.CharField(max_length=40, unique=True)
    since = models.DateTimeField(auto_now_add=True)
    seen = models.DateTimeField()
    agent = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-seen",)


class Attempt(models.Model):
    """A sign-in that failed, by account and by address; both are kept as hashes, for a day."""

    subject = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("subject", "at"), name="office_attempt_recent"),)


class Token(models.Model):
    """What a program shows instead of a password. Only a hash of it is kept; it ends by itself."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.CharField(max_length=100)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True)
    used = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
