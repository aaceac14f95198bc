"""The frames of the tiny programme are the figures worked out by hand in tests/plan/tiny.py."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import plan_of, random_picks, random_programme
from tests.plan.tiny import PICKS, TRAINING, VALUE, changed_rows, good_plan, tiny, with_tables

from khien.plan import frames
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings
from khien.programme import Programme


@pytest.fixture(scope="module")
def programme() -> Programme:
    return tiny()


@pytest.fixture(scope="module")
def plan(programme: Programme) -> Plan:
    return good_plan(programme)


def test_value(programme: Programme, plan: Plan) -> None:
    assert frames.plan_value(programme, plan) == pytest.approx(VALUE, abs=1e-12)


def test_coverage_by_year(programme: Programme, plan: Plan) -> None:
    rows = frames.coverage_by_year(programme, plan).rows()
    assert rows == [
        (2026, "all", 0.125, 0.0, None, None),
        (2027, "all", 1.0, 0.8125, None, None),
        (2026, "reach", 0.125, 0.0, 2.0, 0.25),
        (2027, "reach", 1.0, 0.8125, 2.0, 2.0),
    ]


def test_years_without_a_requirement_are_left_out(programme: Programme) -> None:
    later = changed_rows(programme, "requirements", pl.lit(True), from_year=2027)
    rows = frames.coverage_by_year(later, good_plan(later)).rows()
    assert rows == [
        (2026, "all", None, None, None, None),
        (2027, "all", 1.0, 0.8125, None, None),
        (2027, "reach", 1.0, 0.8125, 2.0, 2.0),
    ]


def test_money_by_year(programme: Programme, plan: Plan) -> None:
    assert frames.money_by_year(programme, plan).rows() == [
        (2026, "cash_end", None, 18),
        (2026, "income", "state", 160),
        (2026, "obligation", "drill", 3),
        (2026, "spend", None, 135),
        (2026, "training", None, 4),
        (2027, "cash_end", None, 40),
        (2027, "income", "state", 30),
        (2027, "obligation", "drill", 3),
        (2027, "spend", None, 5),
        (2027, "training", None, 0),
    ]


def test_money_that_is_not_carried_over(programme: Programme) -> None:
    alone = with_tables(programme, settings=tiny(carry_over=False).settings)
    cash = frames.money_by_year(alone, good_plan(alone)).filter(pl.col("kind") == "cash_end")
    assert cash["amount_mvnd"].to_list() == [18, 22]


def test_people_by_quarter(programme: Programme, plan: Plan) -> None:
    people = frames.people_by_quarter(programme, plan)
    assert people["need"].to_list() == [5, 6, 6, 6, 2, 1, 1, 1]
    assert people["supply"].to_list() == [5, 6, 6, 6, 6, 6, 6, 6]
    assert people.row(4)[:3] == ("engineers", 4, "2027Q1")


def test_spend_by(programme: Programme, plan: Plan) -> None:
    assert frames.spend_by(programme, plan).rows() == [
        ("country", "kr", 2026, 40),
        ("country", "vn", 2026, 95),
        ("country", "vn", 2027, 5),
        ("form", "licence", 2026, 40),
        ("form", "own", 2026, 95),
        ("form", "own", 2027, 5),
        ("group", "rescue", 2026, 135),
        ("group", "rescue", 2027, 5),
        ("partner", "kr-works", 2026, 40),
        ("risk_class", "low", 2026, 135),
        ("risk_class", "low", 2027, 5),
    ]


def test_a_partner_named_beside_own_work_does_not_count(programme: Programme, plan: Plan) -> None:
    odd = changed_rows(programme, "options", pl.col("id") == "boat-make-own", partner="kr-works")
    found = frames.spend_by(odd, good_plan(odd))
    assert found.equals(frames.spend_by(programme, plan))
    assert frames.roadmap(odd, good_plan(odd)).filter(pl.col("project") == "boat-make")[
        "partner"
    ].to_list() == [None]


def test_roadmap(programme: Programme, plan: Plan) -> None:
    roadmap = frames.roadmap(programme, plan)
    assert roadmap.columns == list(frames.ROADMAP)
    assert roadmap["project"].to_list() == [
        "engine-make",
        "boat-design",
        "drone-buy",
        "boat-make",
        "engine-up",
    ]
    assert roadmap.row(2) == (
        "drone-buy",
        "drone-buy",
        "drone-buy",
        "rescue",
        "drone",
        "production",
        "low",
        "licence",
        "kr-works",
        "kr",
        1,
        3,
        "2026Q2",
        "2026Q3",
        40,
        1.0,
        False,
        "candidate",
    )


def test_refused(programme: Programme) -> None:
    refused = frames.refused(programme, plan_of(programme, PICKS[:1]))
    assert refused.select("project", "group", "subject", "options").rows() == [
        ("boat-make", "rescue", "boat", 1),
        ("drone-buy", "rescue", "drone", 1),
    ]


def test_what_a_question_leaves_without_options_is_still_refused(programme: Programme) -> None:
    plan = plan_of(programme, PICKS[:2], TRAINING, PlanSettings(without_country=("kr",)))
    assert frames.refused(programme, plan).select("project", "options").rows() == [("drone-buy", 0)]


def test_in_service(programme: Programme, plan: Plan) -> None:
    assert frames.in_service(programme, plan).rows() == [("boat", 4, 4), ("drone", 3, 3)]
    alone = plan_of(programme, PICKS[2:])
    assert frames.in_service(programme, alone).rows() == [("boat", None, None), ("drone", 3, 3)]


def test_a_chip_that_nobody_supplies_keeps_the_drone_out_only_where_it_stops(programme: Programme) -> None:
    none = with_tables(programme, supplies=programme.supplies.clear())
    assert frames.in_service(none, good_plan(none))["from_quarter"].to_list() == [4, 3]
    stops = changed_rows(none, "inputs", pl.col("input") == "chip", criticality="stops", lost_share=None)
    assert frames.in_service(stops, good_plan(stops))["from_quarter"].to_list() == [4, None]
    replaced = changed_rows(stops, "items", pl.col("id") == "chip", replaced_by="engine")
    assert frames.in_service(replaced, good_plan(replaced))["from_quarter"].to_list() == [4, 3]


def test_incomplete_transfer_leaves_the_drone_foreign(programme: Programme) -> None:
    poor = changed_rows(programme, "options", pl.col("id") == "drone-buy-licence", transfer_rights=None)
    assert frames.in_service(poor, good_plan(poor)).row(1) == ("drone", 3, None)
    # Three months of assurance: the drone itself is lost from the second quarter of a cut on.
    reliance = frames.coverage_by_year(poor, good_plan(poor)).filter(pl.col("capability") == "all")[
        "self_reliance"
    ]
    assert reliance.to_list() == [0.0, (1 + 3 * 0.5) / 4]


def test_an_empty_plan_has_all_frames(programme: Programme) -> None:
    bare = with_tables(programme, projects=programme.projects.filter(pl.col("status") == "candidate"))
    found = frames.all_frames(bare, plan_of(bare, []))
    assert set(found) == {
        "roadmap",
        "money_by_year",
        "people_by_quarter",
        "coverage_by_year",
        "spend_by",
        "refused",
        "in_service",
    }
    assert found["roadmap"].is_empty()
    assert found["spend_by"].is_empty()
    assert len(found["refused"]) == 3


def test_all_frames_are_the_single_ones(programme: Programme, plan: Plan) -> None:
    for name, frame in frames.all_frames(programme, plan).items():
        assert frame.equals(getattr(frames, name)(programme, plan), null_equal=True)


def test_a_plan_of_another_programme_is_refused(programme: Programme, plan: Plan) -> None:
    other = changed_rows(programme, "money", pl.col("year") == 2026, amount_mvnd=999)
    with pytest.raises(frames.PlanMismatch) as told:
        frames.roadmap(other, plan)
    assert other.hash[:12] in told.value.message_vi


def test_what_ifs_of_the_plan_are_applied(programme: Programme) -> None:
    plan = plan_of(programme, PICKS, TRAINING, PlanSettings(budget_factor=1.1, reliance_weight=0.0))
    income = frames.money_by_year(programme, plan).filter(pl.col("kind") == "income")
    assert income["amount_mvnd"].to_list() == [176, 33]
    assert plan.value == pytest.approx(4.5 / 4)


def test_discounting_and_partial_years() -> None:
    """From 2026Q3 to 2027Q4 with 10 %: the first year has two quarters, the second four."""
    programme = tiny(first_quarter="2026Q3", discount_rate=0.1, reliance_weight=0.0)
    plan = plan_of(programme, [("boat-design", "boat-design-own", 0), ("boat-make", "boat-make-own", 2)])
    assert plan.value == pytest.approx((0.5 + 0.5) / 4 / 1.1)  # the boat serves in quarters 4 and 5
    assert frames.coverage_by_year(programme, plan)["coverage"].to_list() == [0.0, 0.25, 0.0, 0.25]


@pytest.mark.slow
def test_three_thousand_projects_in_two_seconds() -> None:
    rng = np.random.default_rng(0)
    programme = random_programme(rng, 3000, years=20, max_options=4, check=False)
    plan = plan_of(programme, random_picks(rng, programme), value=0.0, nothing=0.0)
    assert len(plan.choices) > 1000
    begin = time.process_time()
    frames.all_frames(programme, plan)
    assert time.process_time() - begin < 6  # 2 s of wall clock on the reference machine; CPU of all threads
