"""What-ifs change the programme where they should and nowhere else; nonsense is named in both languages."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from tests.plan.small_programmes import plan_of
from tests.plan.tiny import PICKS, TRAINING, changed_rows, good_plan, tiny

from khien.plan.carry import carried_over
from khien.plan.settings import PlanSettings, SettingsError, apply
from khien.plan.verify import verify
from khien.programme import Programme


@pytest.fixture(scope="module")
def programme() -> Programme:
    return tiny()


def changed_tables(programme: Programme, settings: PlanSettings) -> set[str]:
    after = apply(programme, settings)
    return {name for name, frame in programme.frames.items() if not frame.equals(after.frames[name])}


def test_without_what_ifs_the_programme_itself_comes_back(programme: Programme) -> None:
    assert apply(programme, PlanSettings(time_limit=5, min_reliance=0.5, scenarios=10)) is programme


def test_budget_factor_rounds_every_row_down(programme: Programme) -> None:
    odd = changed_rows(programme, "money", pl.col("year") == 2027, amount_mvnd=33)
    after = apply(odd, PlanSettings(budget_factor=0.7))
    assert after.money["amount_mvnd"].to_list() == [112, 23]  # 23.1; and 0.7 * 160 is 112, not 111.99…
    assert changed_tables(odd, PlanSettings(budget_factor=0.7)) == {"money"}
    assert odd.money["amount_mvnd"].to_list() == [160, 33]


def test_reliance_weight(programme: Programme) -> None:
    settings = PlanSettings(reliance_weight=0.0)
    assert apply(programme, settings).settings.reliance_weight == 0.0
    assert changed_tables(programme, settings) == set()


@pytest.mark.parametrize("without", [{"without_country": ("kr",)}, {"without_partner": ("kr-works",)}])
def test_options_of_a_partner_that_drops_out_are_gone(programme: Programme, without: dict[str, Any]) -> None:
    after = apply(programme, PlanSettings(**without))
    assert set(programme.options["id"]) - set(after.options["id"]) == {"drone-buy-licence"}
    assert set(programme.efforts["option"]) - set(after.efforts["option"]) == {"drone-buy-licence"}
    assert changed_tables(programme, PlanSettings(**without)) == {"options", "efforts"}


def test_control_from_a_country_counts_as_that_country(programme: Programme) -> None:
    owned = changed_rows(
        programme, "organisations", pl.col("id") == "home-works", controlled_by="kr-works", control_share=0.6
    )
    owned = changed_rows(
        owned, "options", pl.col("id") == "boat-make-own", form="joint", partner="home-works"
    )
    after = apply(owned, PlanSettings(without_country=("kr",)))
    assert set(owned.options["id"]) - set(after.options["id"]) == {"drone-buy-licence", "boat-make-own"}


def test_what_is_committed_keeps_its_partner(programme: Programme) -> None:
    tied = changed_rows(
        programme, "options", pl.col("id") == "engine-up-own", form="joint", partner="kr-works"
    )
    assert "engine-up-own" in set(apply(tied, PlanSettings(without_country=("kr",))).options["id"])


def test_own_work_has_no_partner_to_drop_out(programme: Programme) -> None:
    odd = changed_rows(programme, "options", pl.col("id") == "boat-make-own", partner="kr-works")
    assert "boat-make-own" in set(apply(odd, PlanSettings(without_partner=("kr-works",))).options["id"])


def test_pins(programme: Programme) -> None:
    after = apply(programme, PlanSettings(pins=("boat-make",), forbids=("drone-buy",))).projects
    assert dict(after.select("id", "pin").iter_rows()) == {
        "engine-make": None,
        "engine-up": None,
        "boat-design": None,
        "boat-make": "must",
        "drone-buy": "must_not",
    }


def test_a_replan_raises_the_earliest_start_of_candidates_alone(programme: Programme) -> None:
    early = changed_rows(programme, "projects", pl.col("id") == "drone-buy", earliest="2027Q2")
    after = apply(early, PlanSettings(from_quarter="2026Q4")).projects
    assert after["earliest"].to_list() == [None, None, "2026Q4", "2026Q4", "2027Q2"]


def test_what_an_earlier_plan_started_is_running_in_the_replan(programme: Programme) -> None:
    plan = good_plan(programme)
    settings = carried_over(plan, "2026Q3", PlanSettings(seed=3))
    assert settings.seed == 3
    assert settings.kept_projects == (
        ("boat-design", "boat-design-own", "2026Q1"),
        ("drone-buy", "drone-buy-licence", "2026Q2"),
        ("engine-make", "engine-own", "2025Q3"),
    )
    assert settings.kept_training == (("engineers", "2026Q1", 1),)
    after = apply(programme, settings).projects
    assert after["status"].to_list() == ["running", "committed", "running", "candidate", "running"]
    assert after["spent_mvnd"].to_list() == [30, None, None, None, None]
    again = plan_of(programme, [PICKS[1]], TRAINING, settings)
    assert verify(programme, again) == []
    assert again.value == plan.value
    assert again.choices.filter("fixed")["project"].to_list() == [
        "engine-make",
        "boat-design",
        "drone-buy",
        "engine-up",
    ]


def test_where_the_tables_have_moved_on_they_are_right(programme: Programme) -> None:
    settings = carried_over(good_plan(programme), "2026Q3")
    stopped = changed_rows(programme, "projects", pl.col("id") == "drone-buy", status="stopped")
    assert apply(stopped, settings).projects["status"].to_list()[4] == "stopped"


@pytest.mark.parametrize(
    "values, names",
    [
        ({"pins": ("nobody",)}, "nobody"),
        ({"pins": ("engine-up",)}, "engine-up"),
        ({"pins": ("boat-make",), "forbids": ("boat-make",)}, "boat-make"),
        ({"without_country": ("xx",)}, "xx"),
        ({"without_partner": ("nobody",)}, "nobody"),
        ({"from_quarter": "2031Q1"}, "2031Q1"),
        ({"min_reliance": 0.5, "min_reliance_from": 2100}, "2100"),
        ({"from_quarter": "2026Q2", "kept_projects": (("nobody", "o", "2026Q1"),)}, "nobody"),
        ({"from_quarter": "2026Q2", "kept_projects": (("boat-make", "o", "2026Q1"),)}, "boat-make: o"),
    ],
)
def test_questions_about_what_is_not_there(programme: Programme, values: dict[str, Any], names: str) -> None:
    with pytest.raises(SettingsError) as told:
        apply(programme, PlanSettings(**values))
    assert names in told.value.message_vi
    assert names in told.value.message_en


@pytest.mark.parametrize(
    "values",
    [
        {"time_limit": -1},
        {"time_limit": float("nan")},
        {"budget_factor": -0.1},
        {"min_reliance": 1.1},
        {"seed": -1},
        {"reliance_weight": float("inf")},
        {"scenarios": -1},
        {"tail_weight": 1.5},
        {"gap_target": 2},
        {"from_quarter": "soon"},
        {"pins": "boat-make"},
        {"kept_training": [("engineers", "2026Q1", 1)]},
        {"kept_projects": [("p", "o", "2026Q1")]},
        {"from_quarter": "2026Q2", "kept_training": [("engineers", "early", 1)]},
    ],
)
def test_settings_that_make_no_sense(values: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as told:
        PlanSettings(**values)
    assert told.value.message_vi != told.value.message_en


def test_settings_come_back_from_json() -> None:
    settings = PlanSettings(
        pins=("a", "b"),
        from_quarter="2028Q1",
        kept_training=(("s", "2026Q1", 2),),
        kept_projects=(("p", "o", "2026Q1"),),
        work=5,
        min_reliance=0.1,
    )
    assert PlanSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    with pytest.raises(SettingsError):
        PlanSettings.from_dict({"speed": 3})
