"""A demo office: the reference programme loaded, adopted and planned, a stress run waiting, one person a role, and an
illustrative watch.

Everything goes through the doors and acts that people use, so that its log reads like that of a real office.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from khien.office import watch_demo
from khien.office.acts import accounts
from khien.office.acts.bring import bring_plan
from khien.office.acts.proposals import adopted, decide, propose
from khien.office.acts.record import Actor
from khien.office.acts.runs import ask_run
from khien.office.acts.versions import save_version
from khien.office.models import User, Version
from khien.office.rights import Role
from khien.programme import Programme, read
from khien.words import t

DRAWS: Final = 2_000
"""Futures of the stress run that waits: seconds of work, enough to see what the page shows."""


@dataclass(frozen=True)
class Persona:
    """Somebody of the demo, with the password that is shown once."""

    role: Role
    email: str
    password: str


def address(role: Role) -> str:
    """The address of a role's person; the domain can never exist."""
    return f"{role.value}@demo.invalid"


def prepare(folder: Path, plan: Path | None, lang: str) -> list[Persona]:
    """Fill the office, or go on with the one that is there; every person gets a new password.

    Raises:
        ProgrammeError: the folder holds errors.
        Trouble: the plan belongs to another programme or breaks a rule.
    """
    programme = read(folder)
    people = list(_people(programme, lang))
    users = {person.role: User.objects.get(email=person.email) for person in people}
    analyst, secretary = Actor(users[Role.ANALYST]), Actor(users[Role.COUNCIL_SECRETARY])
    version = Version.objects.filter(hash=programme.hash).order_by("-pk").first()
    if version is None:
        parent = Version.objects.order_by("-pk").first()
        version = save_version(analyst, programme, parent, t("office_demo_reason", lang))
    if (holds := adopted()) is None or holds.hash != programme.hash:
        proposal = version.proposals.filter(state="open").first()
        proposal = proposal or propose(analyst, version, t("office_demo_reason", lang))
        decide(secretary, proposal, adopt=True, reason=t("office_demo_reason", lang))
    if plan is not None:
        run = bring_plan(analyst, version, plan.read_bytes())
        ask_run(analyst, "stress", version, {"draws": DRAWS}, source=run)
    watch_demo.fill(Actor(users[Role.DUTY_OFFICER]), Actor(users[Role.WARNING_APPROVER]))
    return people


def _people(programme: Programme, lang: str) -> Iterator[Persona]:
    """The administrator first, who invites the others; a province officer has the first province."""
    provinces = programme.places.filter(programme.places["level"] == "province")["id"].to_list()
    order = sorted(Role, key=lambda role: role != Role.ADMINISTRATOR)
    for role in order:
        if role == Role.PROVINCE_OFFICER and not provinces:
            continue
        email, password = address(role), secrets.token_urlsafe(12)
        name = t("office_demo_name", lang, role=t(f"office_role_{role}", lang))
        user = User.objects.filter(email=email).first()
        if user is not None:
            secret = accounts.make_office_ticket(user)
        elif role == Role.ADMINISTRATOR:
            secret = accounts.make_setup_ticket() or ""
        else:
            place = provinces[0] if role == Role.PROVINCE_OFFICER else ""
            chief = Actor(User.objects.get(email=address(Role.ADMINISTRATOR)))
            _, secret = accounts.invite(chief, email, name, lang, [(role, place)])
        accounts.use_ticket(Actor(None), secret, password, email, name, lang)
        yield Persona(role, email, password)
