"""Who may do what, and that the office can say why."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from khien.office.doors import Refused, by_right, require
from khien.office.models import User
from khien.office.rights import RIGHTS_OF, Right, Role, holders, rights_of


def test_every_role_and_every_right_has_a_place() -> None:
    assert set(RIGHTS_OF) == set(Role)
    assert all(holders(right) for right in Right)
    assert list(Right) == sorted(Right, key=lambda right: right.name)
    assert rights_of(["no-such-role"]) == frozenset()


def test_what_must_stay_apart_stays_apart() -> None:
    """Nobody holds by one role what would let them propose their own work and adopt it, or edit and hand out rights."""
    assert Right.VERSIONS_WRITE not in RIGHTS_OF[Role.COUNCIL_SECRETARY]
    assert Right.PROPOSALS_DECIDE not in RIGHTS_OF[Role.ANALYST]
    assert not RIGHTS_OF[Role.ADMINISTRATOR] & {Right.VERSIONS_WRITE, Right.PROPOSALS_DECIDE, Right.RUNS_START}
    seen = {Right.VERSIONS_READ, Right.RUNS_READ, Right.WATCH_READ}
    assert RIGHTS_OF[Role.AUDITOR] == seen | {Right.LOG_READ, Right.ACCOUNTS_READ}
    assert not [role for role in Role if RIGHTS_OF[role] >= {Right.WARNINGS_PROPOSE, Right.WARNINGS_APPROVE}]
    readers = [role for role in Role if Right.LOG_READ in RIGHTS_OF[role]]
    assert readers == [Role.AUDITOR, Role.ADMINISTRATOR]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_door_says_why(person: Callable[..., User], lang: str) -> None:
    yes = by_right(person(Role.ANALYST), Right.VERSIONS_WRITE)
    assert yes
    assert {"vi": "chuyên viên phân tích", "en": "analyst"}[lang] in yes.why(lang)
    no = by_right(person(Role.VIEWER), Right.VERSIONS_WRITE)
    assert not no
    assert {"vi": "Quản trị viên có thể cấp", "en": "An administrator can give it"}[lang] in no.why(lang)
    with pytest.raises(Refused, match="needs one of the roles"):
        require(no)


def test_a_closed_account_may_nothing(person: Callable[..., User]) -> None:
    user = person(Role.ANALYST)
    user.is_active = False
    assert not any(by_right(user, right) for right in Right)
    assert by_right(user, Right.VERSIONS_READ).why("en") == "The account is closed."


def test_every_right_role_and_act_has_words_in_both_languages(root: Path) -> None:
    """They are put together from values, so that nothing else would miss them before a page does."""
    from khien.words import catalogue

    known = catalogue()
    assert [right.name for right in Right if f"office_right_{right.name}" not in known] == []
    assert [role for role in Role if f"office_role_{role}" not in known] == []
    code = "\n".join(path.read_text(encoding="utf-8") for path in (root / "src/khien/office").rglob("*.py"))
    acts = set(re.findall(r'record\(\s*[^"]{1,80}?, "([a-z]+\.[a-z]+)"', code))
    assert len(acts) > 20
    assert [act for act in sorted(acts) if f"office_act_{act}" not in known] == []
