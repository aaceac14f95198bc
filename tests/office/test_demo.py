"""The demo office, and plans that are brought in."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from tests.office.outside import khien

from khien import Plan, PlanSettings, load_plan, plan_programme
from khien.office import demo
from khien.office.acts.bring import bring_plan
from khien.office.acts.proposals import adopted
from khien.office.acts.record import Actor
from khien.office.acts.runs import ask_run
from khien.office.acts.trouble import Trouble
from khien.office.doors import Refused
from khien.office.models import Entry, Run, User, Version
from khien.office.rights import Role
from khien.programme import Programme


@pytest.fixture(scope="module")
def plan(isle: Programme, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan of the island."""
    path = tmp_path_factory.mktemp("plan") / "plan.json"
    made: Plan = plan_programme(isle, PlanSettings(work=500))
    made.save(path)
    return path


def test_a_plan_made_elsewhere_is_brought_in_once_and_marked(
    actor: Callable[..., Actor], visit: Callable[..., Client], first: Version, plan: Path
) -> None:
    analyst = actor(Role.ANALYST)
    run = bring_plan(analyst, first, plan.read_bytes())
    assert (run.state, run.headline["brought"]) == ("done", True)
    assert bring_plan(analyst, first, plan.read_bytes()).pk == run.pk
    assert Entry.objects.filter(act="run.bring").count() == 1
    # It is a source for what goes on from it, and no answer to somebody who asks the office to plan.
    assert ask_run(analyst, "report", first, {}, source=run).source_id == run.pk
    assert ask_run(analyst, "plan", first, {"work": 500}).pk != run.pk
    assert "brought in" in visit(Role.VIEWER).get(f"/runs/{run.pk}/").content.decode()


def test_what_is_no_sound_plan_of_this_version_is_not_brought_in(
    actor: Callable[..., Actor], first: Version, plan: Path, tmp_path: Path
) -> None:
    analyst = actor(Role.ANALYST)
    text = plan.read_text(encoding="utf-8")
    dataclasses.replace(load_plan(plan), programme_hash="0" * 64).save(tmp_path / "other.json")
    for wrong, word in (
        ("no plan", "no plan"),
        ("[]", "no plan"),
        (text.replace(first.hash, "0" * 64), "no plan"),  # edited by hand, and so without its seal
        ((tmp_path / "other.json").read_text(encoding="utf-8"), "another programme"),
    ):
        with pytest.raises(Trouble, match=word):
            bring_plan(analyst, first, wrong.encode())
    with pytest.raises(Refused):
        bring_plan(actor(Role.VIEWER), first, plan.read_bytes())
    assert not Run.objects.exists()


def test_the_demo_fills_an_office_through_its_own_doors_and_goes_on_with_it(db: None, island: Path, plan: Path) -> None:
    people = demo.prepare(island, plan, "vi")
    assert {one.role for one in people} >= set(Role) - {Role.PROVINCE_OFFICER}
    assert adopted() is not None
    assert sorted(Run.objects.values_list("kind", "state")) == [("plan", "done"), ("stress", "waiting")]
    again = demo.prepare(island, plan, "vi")
    assert (Version.objects.count(), Run.objects.count(), User.objects.count()) == (1, 2, len(people))
    for old, new in zip(people, again, strict=True):
        user = User.objects.get(email=new.email)
        assert user.check_password(new.password)
        assert not user.check_password(old.password)


@pytest.mark.slow
def test_the_demo_starts_answers_once_and_stops(tmp_path: Path, root: Path, plan: Path) -> None:
    home = tmp_path / "office"
    words = ("serve", "--demo", str(root / "examples/island"), "--plan", str(plan), "--home", str(home), "--lang", "en")
    tried = khien(home, *words, "--try")
    said = tried.communicate(timeout=90)[0]
    assert tried.returncode == 0, said
    assert "health 200, Today 200" in said
    real = tmp_path / "real"
    real.mkdir()
    (real / "office.sqlite3").touch()
    refused: subprocess.Popen[str] = khien(real, *words[:5], "--home", str(real), "--lang", "en", "--try")
    assert "a real office, no demo" in refused.communicate(timeout=60)[0]
    assert refused.returncode == 2
