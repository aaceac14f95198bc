"""One door per kind of object: functions that say whether somebody may do something to it, and why or why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from khien.office.models import User
from khien.office.rights import Right, Role, holders
from khien.words import t


@dataclass(frozen=True)
class Verdict:
    """A door's answer. True when it is yes.

    Attributes:
        allowed: whether the person may.
        key: key of the sentence that says why, in the catalogue of words.
        fields: what the sentence names; the values of `roles` are roles, which are translated.
    """

    allowed: bool
    key: str
    fields: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.allowed

    def why(self, lang: str) -> str:
        """The reason, in one language."""
        fields = dict(self.fields)
        if "roles" in fields:
            fields["roles"] = ", ".join(t(f"office_role_{role}", lang) for role in fields["roles"])
        return t(self.key, lang, **fields)


class Refused(Exception):
    """Somebody may not do what they asked for; carries the verdict that says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.why("en"))
        self.verdict = verdict


def require(verdict: Verdict) -> None:
    """Go on only when the door says yes.

    Raises:
        Refused: it says no.
    """
    if not verdict:
        raise Refused(verdict)


def by_right(user: User, right: Right) -> Verdict:
    """Whether one of the person's roles holds the right."""
    if not user.is_active:
        return Verdict(False, "office_why_inactive")
    through = [Role(role) for role in user.roles if role in set(Role) and Role(role) in holders(right)]
    if through:
        return Verdict(True, "office_why_role", {"roles": through})
    return Verdict(False, "office_why_no_role", {"roles": holders(right)})
