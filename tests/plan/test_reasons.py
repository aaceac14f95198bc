"""Reasons: every project has one, hand-worked cases are met, flips are flips by another way of asking."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import random_programme
from tests.plan.teams import BOTH, A, B, teams
from tests.plan.test_solver import bare, best_by_hand
from tests.plan.tiny import changed_rows

import khien
from khien.plan.ask.reasons import Reasons, reasons
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings, apply
from khien.plan.solver import plan_programme
from khien.programme import Programme

WORK = 800


def told_of(programme: Programme, **asked: object) -> tuple[Plan, Reasons]:
    plan = plan_programme(programme, PlanSettings(work=WORK, **asked))  # type: ignore[arg-type]
    return plan, reasons(programme, plan, steps=200)


@pytest.mark.parametrize(
    ("given", "kind", "what", "change"),
    [
        ({"engineers": 3}, "people", "engineers", 1.0),
        ({"engineers": 9, "money": 15}, "money", "", 5.0),
        ({"engineers": 9, "ceiling": 15}, "limit", "korea", 5.0),  # or money: what is given is not spent there
    ],
)
def test_the_smallest_change_that_lets_the_second_team_in(
    given: dict[str, int], kind: str, what: str, change: float
) -> None:
    plan, told = told_of(teams(**given))
    assert plan.value == pytest.approx(A)
    rows = {r["project"]: r for r in told.projects.to_dicts()}
    assert rows["make-a"]["lost"] == pytest.approx(A - B)
    assert rows["make-b"]["kind"] == "refused"
    assert rows["make-b"]["short"] == pytest.approx(A - B)
    assert rows["make-b"]["least"] - 1e-8 <= A - B <= rows["make-b"]["most"] + 1e-8
    flips = {f["kind"]: f for f in told.flips.to_dicts()}
    assert set(flips) == ({"money", "limit"} if kind == "limit" else {kind})
    for flip in flips.values():
        assert (flip["project"], flip["what"]) == ("make-b", what if flip["kind"] == kind else "")
        assert flip["change"] == change
        assert flip["confirmed"]
        assert flip["refused_at"] < flip["share"] <= 0.5


def test_a_change_is_a_change_of_the_programme_too() -> None:
    """One engineer more, as the flip says, and both teams work."""
    assert plan_programme(teams(engineers=4), PlanSettings(work=WORK)).value == pytest.approx(BOTH)
    cheap = changed_rows(
        teams(engineers=9, money=15), "options", pl.col("id") == "own-b",
        cost_low_mvnd=5, cost_mode_mvnd=5, cost_high_mvnd=5,
    )  # fmt: skip
    assert plan_programme(cheap, PlanSettings(work=WORK)).value == pytest.approx(BOTH)


def test_what_nothing_needs_is_idle_for_certain() -> None:
    programme = changed_rows(teams(), "yields", pl.col("product") == "b", capability="a", amount=0.0)
    programme = changed_rows(programme, "requirements", pl.col("capability") == "b", capability="a", level=1.0)
    _, told = told_of(programme)
    assert told.projects.row(by_predicate=pl.col("project") == "make-b", named=True)["kind"] in ("idle", "useless")
    assert told.flips.is_empty()


def test_what_no_agreement_covers_comes_in_with_one() -> None:
    programme = teams(engineers=9, agreements_bind=True)
    plan, told = told_of(programme)
    assert plan.value == 0.0
    assert told.projects["kind"].to_list() == ["closed", "closed"]
    assert told.flips.select("project", "kind", "confirmed").rows() == [
        ("make-a", "agreement", True), ("make-b", "agreement", True)
    ]  # fmt: skip
    assert "thỏa thuận" in told.projects["reason_vi"][0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_every_project_has_its_reason_in_both_languages(seed: int) -> None:
    programme = random_programme(np.random.default_rng(seed), 10, check=False)
    plan, told = told_of(programme)
    assert told.projects["project"].to_list() == programme.projects["id"].to_list()
    assert told.projects["reason_vi"].str.len_chars().min() > 0  # type: ignore[operator]
    assert (told.projects["reason_vi"] != told.projects["reason_en"]).all()
    assert told.better >= -1e-9
    assert told.value <= told.bound + 1e-9
    if told.better < 1e-9:
        assert set(told.projects.filter("chosen")["project"]) == set(plan.choices["project"])
    known = told.projects.drop_nulls(["least", "most"])
    assert (known["least"] <= known["most"] + 1e-9).all()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 11, 13])
def test_losses_are_those_of_the_best_plans(seed: int) -> None:
    """Against every plan there is: without each chosen project, and with each refused one."""
    programme = bare(seed)
    plan, told = told_of(programme)
    best = best_by_hand(programme)
    assert plan.value == pytest.approx(best)
    checked = 0
    for row in told.projects.to_dicts():
        if row["kind"] == "chosen":
            rest = apply(programme, PlanSettings(forbids=(row["project"],)))
            assert row["lost"] == pytest.approx(best - best_by_hand(rest), abs=1e-7)
            assert row["least"] - 1e-7 <= row["lost"] <= row["most"] + 1e-7
            checked += 1
        if row["kind"] in ("refused", "useless") and row["short"] is not None:
            held = apply(programme, PlanSettings(pins=(row["project"],)))
            assert row["short"] == pytest.approx(best - best_by_hand(held), abs=1e-7)
            checked += 1
    assert checked


def test_the_same_plan_gives_the_same_reasons(island: Path) -> None:
    programme = khien.read(island)
    plan = plan_programme(programme, PlanSettings(work=WORK, forbids=("boat-upkeep",), budget_factor=0.9))
    first, second = (reasons(programme, plan, steps=200) for _ in range(2))
    assert first.projects.equals(second.projects)
    assert first.flips.equals(second.flips)


def test_the_island_without_one_project(island: Path) -> None:
    """Without boats 266 of the 312 points are left, without upkeep 304, without the sentry 296."""
    programme = khien.read(island)
    plan = plan_programme(programme, PlanSettings(work=20_000))
    lost = {r["project"]: r["lost"] for r in reasons(programme, plan).projects.to_dicts()}
    assert lost["boat-make"] == pytest.approx(46 / 40)
    assert lost["boat-upkeep"] == pytest.approx(8 / 40)
    assert lost["sentry-make"] == pytest.approx(16 / 40)
    assert lost["purifier-make"] >= lost["boat-make"]


def test_one_project_can_be_asked_for(island: Path) -> None:
    programme = khien.read(island)
    plan = plan_programme(programme, PlanSettings(work=WORK))
    told = reasons(programme, plan, ["boat-make"], steps=200)
    assert told.projects["project"].to_list() == ["boat-make"]
