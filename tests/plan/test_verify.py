"""Each rule broken alone on the tiny programme is named, and the good plan breaks none."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from tests.plan.small_programmes import plan_of
from tests.plan.tiny import PICKS, TRAINING, VALUE, changed_rows, good_plan, restated, tiny, with_tables

from khien.plan.result import Plan
from khien.plan.settings import PlanSettings
from khien.plan.verify import RULES, Violation, nothing_value, recomputed_value, verify
from khien.programme import Programme


def rules(programme: Programme, plan: Plan) -> list[str]:
    return [v.rule for v in verify(programme, plan)]


def only(programme: Programme, plan: Plan, rule: str) -> Violation:
    """The one violation there is; it names the rule and speaks both languages."""
    found = verify(programme, plan)
    assert [v.rule for v in found] == [rule]
    assert rule in RULES
    assert found[0].message("vi") != found[0].message("en")
    assert "{" not in found[0].message("vi") + found[0].message("en")
    return found[0]


def free() -> Programme:
    """Without treaty, limits and scarcity, so that a project may be left out or moved."""
    programme = changed_rows(tiny(), "obligations", pl.col("id") == "treaty", firm=False)
    programme = changed_rows(programme, "skill_supply", pl.lit(True), people=20)
    return with_tables(programme, limits=programme.limits.clear())


def with_choice(plan: Plan, at: str, **values: Any) -> pl.DataFrame:
    """The choices with values set in the row of the project `at`."""
    return plan.choices.with_columns(
        pl.when(pl.col("project") == at).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def test_a_good_plan_breaks_no_rule() -> None:
    programme = tiny()
    plan = good_plan(programme)
    assert verify(programme, plan) == []
    assert plan.value == pytest.approx(VALUE, abs=1e-12)
    assert recomputed_value(programme, plan) == pytest.approx(VALUE, abs=1e-12)
    assert nothing_value(programme, plan) == 0.0


def test_rows_of_choices_for_done_projects_mean_nothing() -> None:
    programme = changed_rows(tiny(), "projects", pl.col("id") == "engine-make", status="done", spent_mvnd=None)
    plan = plan_of(programme, PICKS, TRAINING)
    done = plan.choices.head(1).with_columns(
        project=pl.lit("engine-make"),
        option=pl.lit("engine-own"),
        start=pl.lit(-2, pl.Int64),
        end=pl.lit(2, pl.Int64),
        start_quarter=pl.lit("2025Q3"),
        end_quarter=pl.lit("2026Q2"),
        fixed=pl.lit(True),
    )
    assert verify(programme, plan) == []
    assert verify(programme, dataclasses.replace(plan, choices=pl.concat([done, plan.choices]))) == []


def test_programme() -> None:
    programme = tiny()
    only(programme, dataclasses.replace(good_plan(programme), programme_hash="0" * 64), "programme")


def test_settings() -> None:
    programme = tiny()
    plan = dataclasses.replace(good_plan(programme), settings=PlanSettings(pins=("nobody",)))
    found = only(programme, plan, "settings")
    assert "nobody" in found.message("vi")


@pytest.mark.parametrize(
    "project, values",
    [
        ("boat-make", {"project": "nobody"}),
        ("boat-make", {"option": "nothing"}),
        ("boat-make", {"option": "boat-design-own"}),
        ("drone-buy", {"end": 4}),
        ("drone-buy", {"start_quarter": "2026Q3"}),
        ("drone-buy", {"end_quarter": "2026Q4"}),
        ("drone-buy", {"fixed": True}),
    ],
)
def test_choice(project: str, values: dict[str, Any]) -> None:
    programme = free()
    plan = good_plan(programme)
    found = verify(programme, dataclasses.replace(plan, choices=with_choice(plan, project, **values)))
    assert [v.rule for v in found if v.rule != "value"] == ["choice"]


def test_choice_made_twice() -> None:
    programme = tiny()
    plan = good_plan(programme)
    again = plan.choices.filter(pl.col("project") == "drone-buy")
    only(programme, dataclasses.replace(plan, choices=pl.concat([plan.choices, again])), "choice")


def test_choice_of_a_stopped_project() -> None:
    programme = tiny()
    plan = good_plan(programme)
    stopped = changed_rows(programme, "projects", pl.col("id") == "drone-buy", status="stopped")
    stopped = changed_rows(stopped, "obligations", pl.col("id") == "treaty", firm=False)
    found = verify(stopped, dataclasses.replace(plan, programme_hash=stopped.hash))
    assert [v.rule for v in found if v.rule != "value"] == ["choice"]


@pytest.mark.parametrize("project", ["engine-make", "engine-up"])
def test_fixed_projects_may_not_be_left_out(project: str) -> None:
    programme = with_tables(free(), precedences=tiny().precedences.clear())
    plan = good_plan(programme)
    left_out = restated(programme, plan, choices=plan.choices.filter(project != pl.col("project")))
    assert only(programme, left_out, "fixed").rows == (project,)


def test_fixed_projects_may_not_move() -> None:
    programme = tiny()
    plan = good_plan(programme)
    moved = with_choice(plan, "engine-up", start=4, end=6, start_quarter="2027Q1", end_quarter="2027Q2")
    only(programme, restated(programme, plan, choices=moved), "fixed")


@pytest.mark.parametrize("window", [{"earliest": "2026Q3"}, {"latest": "2026Q1"}])
def test_window(window: dict[str, str]) -> None:
    programme = changed_rows(tiny(), "projects", pl.col("id") == "drone-buy", **window)
    assert only(programme, good_plan(programme), "window").rows == ("drone-buy",)


@pytest.mark.parametrize("start", [-1, 7])
def test_window_of_the_horizon(start: int) -> None:
    """A start before the horizon and an end after it."""
    programme = with_tables(free(), settings=tiny(agreements_bind=False).settings)
    picks = [*PICKS[:2], ("drone-buy", "drone-buy-licence", start)]
    only(programme, plan_of(programme, picks, TRAINING), "window")


def test_pins() -> None:
    must = changed_rows(tiny(), "projects", pl.col("id") == "drone-buy", pin="must")
    must = changed_rows(must, "obligations", pl.col("id") == "treaty", firm=False)
    only(must, plan_of(must, PICKS[:2], TRAINING), "pin")
    must_not = changed_rows(tiny(), "projects", pl.col("id") == "drone-buy", pin="must_not")
    only(must_not, good_plan(must_not), "pin")
    asked = PlanSettings(forbids=("boat-make",))
    only(tiny(), plan_of(tiny(), PICKS, TRAINING, asked), "pin")


def test_precedence_too_early() -> None:
    programme = changed_rows(tiny(), "precedences", pl.lit(True), lag_quarters=1)
    found = only(programme, good_plan(programme), "precedence")
    assert found.amounts == {"end": 2, "lag": 1, "start": 2}
    assert found.rows == ("engine-make|boat-make",)


def test_precedence_with_nothing_before() -> None:
    programme = tiny()
    rows = programme.precedences.with_columns(before=pl.lit("drone-buy"))
    programme = changed_rows(
        with_tables(programme, precedences=rows), "obligations", pl.col("id") == "treaty", firm=False
    )
    only(programme, plan_of(programme, PICKS[:2], TRAINING), "precedence")


def test_precedence_does_not_bind_what_is_fixed() -> None:
    programme = free()
    rows = programme.precedences.with_columns(before=pl.lit("boat-design"), after=pl.lit("engine-up"))
    programme = with_tables(programme, precedences=rows)
    assert verify(programme, plan_of(programme, [PICKS[2]], TRAINING)) == []


def test_stage() -> None:
    programme = free()
    only(programme, plan_of(programme, PICKS[1:], TRAINING), "stage")
    early = [("boat-design", "boat-design-own", 1), *PICKS[1:]]
    assert only(programme, plan_of(programme, early, TRAINING), "stage").rows == ("boat-make",)


def test_stage_is_reached_by_maturity_or_left_by_a_leap() -> None:
    programme = tiny()
    grown = pl.DataFrame(
        {"subject": ["boat"], "stage": ["design"], "level": [0.7], "domestic_share": [0.0]},
        schema=programme.maturity.schema,
    )
    mature = with_tables(programme, maturity=grown)
    assert verify(mature, plan_of(mature, PICKS[1:], TRAINING)) == []
    leap = with_tables(
        programme,
        projects=programme.projects.filter(pl.col("id") != "boat-design"),
        options=programme.options.filter(pl.col("project") != "boat-design"),
        efforts=programme.efforts.filter(pl.col("option") != "boat-design-own"),
    )
    assert verify(leap, plan_of(leap, PICKS[1:], TRAINING)) == []


@pytest.mark.parametrize("agreement", [{"until": "2026Q1"}, {"forms": "joint; purchase"}, {"party": "home-works"}])
def test_agreement(agreement: dict[str, str]) -> None:
    programme = changed_rows(tiny(), "agreements", pl.lit(True), **agreement)
    assert only(programme, good_plan(programme), "agreement").rows == ("drone-buy-licence",)
    free = with_tables(programme, settings=tiny(agreements_bind=False).settings)
    assert verify(free, good_plan(free)) == []


def test_training() -> None:
    programme = tiny()
    found = only(programme, plan_of(programme, PICKS, [*TRAINING, ("engineers", 3, 1)]), "training")
    assert found.amounts == {"cohorts": 2, "most": 1, "year": 2026}
    assert verify(programme, plan_of(programme, PICKS, [*TRAINING, ("engineers", 4, 1)])) == []
    plan = good_plan(programme)
    unknown = pl.concat([plan.training, plan.training.with_columns(skill=pl.lit("pilots"))])
    only(programme, dataclasses.replace(plan, training=unknown), "training")
    late = pl.concat(
        [plan.training, plan.training.with_columns(start=pl.lit(8, pl.Int64), start_quarter=pl.lit("2028Q1"))]
    )
    only(programme, dataclasses.replace(plan, training=late), "training")


def test_replan() -> None:
    programme = tiny()
    kept = [("boat-design", "boat-design-own", "2026Q1")]
    good = PlanSettings(from_quarter="2026Q2", kept_projects=kept, kept_training=[("engineers", "2026Q1", 1)])
    assert verify(programme, plan_of(programme, PICKS[1:], TRAINING, good)) == []
    forgot = dataclasses.replace(good, kept_training=())
    only(programme, plan_of(programme, PICKS[1:], TRAINING, forgot), "replan")
    later = dataclasses.replace(good, from_quarter="2026Q3")
    assert rules(programme, plan_of(programme, PICKS[1:], TRAINING, later)) == ["window"]


def test_money_carried_over() -> None:
    programme = changed_rows(tiny(), "money", pl.col("year") == 2026, amount_mvnd=151)
    found = only(programme, good_plan(programme), "money")
    assert found.amounts == {"year": 2026, "income": 151, "spend": 142, "left": 9, "reserve": 10}
    enough = changed_rows(tiny(), "money", pl.col("year") == 2026, amount_mvnd=152)
    assert verify(enough, good_plan(enough)) == []


def test_money_not_carried_over() -> None:
    poor = changed_rows(tiny(), "money", pl.col("year") == 2027, amount_mvnd=17)
    assert verify(poor, good_plan(poor)) == []
    alone = with_tables(poor, settings=tiny(carry_over=False).settings)
    assert only(alone, good_plan(alone), "money").amounts["left"] == 9


def test_people() -> None:
    programme = tiny()
    found = verify(programme, plan_of(programme, PICKS))
    assert [(v.rule, v.amounts["quarter_index"]) for v in found] == [
        ("people", 1),
        ("people", 2),
        ("people", 3),
    ]
    assert found[0].amounts == {"need": 6, "supply": 5, "quarter_index": 1}
    late = plan_of(programme, PICKS, [("engineers", 1, 1)])
    assert only(programme, late, "people").amounts["quarter_index"] == 1


def test_limits() -> None:
    low = changed_rows(tiny(), "limits", pl.col("id") == "korea", amount_mvnd=39)
    assert only(low, good_plan(low), "limit").amounts == {"spend": 40, "limit": Fraction(39), "total": 140}
    share = changed_rows(tiny(), "limits", pl.col("id") == "licences", share=0.2857)
    assert only(share, good_plan(share), "limit").amounts["limit"] == Fraction("39.998")
    floor = changed_rows(tiny(), "limits", pl.col("id") == "own-work", amount_mvnd=101)
    assert only(floor, good_plan(floor), "limit").rows == ("own-work",)
    later = changed_rows(low, "limits", pl.col("id") == "korea", from_year=2027)
    assert verify(later, good_plan(later)) == []


@pytest.mark.parametrize(
    "over, key",
    [("group", "rescue"), ("partner", "kr-works"), ("country", "vn"), ("risk_class", "low"), ("all", None)],
)
def test_limits_over_everything_that_can_be_limited(over: str, key: str | None) -> None:
    spend = {"group": 140, "partner": 40, "country": 100, "risk_class": 140, "all": 140}[over]
    at = pl.col("id") == "korea"
    enough = changed_rows(tiny(), "limits", at, over=over, key=key, amount_mvnd=spend)
    assert verify(enough, good_plan(enough)) == []
    low = changed_rows(tiny(), "limits", at, over=over, key=key, amount_mvnd=spend - 1)
    assert only(low, good_plan(low), "limit").amounts["spend"] == spend


def test_obligation() -> None:
    programme = changed_rows(tiny(), "obligations", pl.col("id") == "treaty", due="2026Q4")
    assert only(programme, good_plan(programme), "obligation").amounts == {"amount": 1.0, "promised": 2.0}
    soft = changed_rows(programme, "obligations", pl.col("id") == "treaty", firm=False)
    assert verify(soft, good_plan(soft)) == []
    firm = with_tables(soft, settings=tiny(obligations_firm=True).settings)
    assert rules(firm, good_plan(firm)) == ["obligation"]


def test_reliance_floor() -> None:
    programme = tiny()  # self-reliance of 2027 is (1 + 3 * 0.75) / 4 = 0.8125

    def asked(floor: float, year: int | None) -> Plan:
        return plan_of(programme, PICKS, TRAINING, PlanSettings(min_reliance=floor, min_reliance_from=year))

    assert verify(programme, asked(0.8125, 2027)) == []
    assert only(programme, asked(0.82, 2027), "reliance_floor").amounts["self_reliance"] == pytest.approx(0.8125)
    assert only(programme, asked(0.1, None), "reliance_floor").amounts["year"] == 2026


def test_survival_floor() -> None:
    programme = tiny()  # boat and drone serve from 2027 on; the chip lasts three months, then the drone loses half

    def asked(months: float, level: float, year: int | None = 2027) -> Plan:
        wanted = PlanSettings(min_survival_months=months, survival_level=level, min_reliance_from=year)
        return plan_of(programme, PICKS, TRAINING, wanted)

    assert verify(programme, asked(3, 1.0)) == []
    assert verify(programme, asked(24, 0.75)) == []
    assert only(programme, asked(3.5, 0.8), "survival_floor").amounts["left"] == pytest.approx(0.75)
    assert only(programme, asked(0, 0.1, None), "survival_floor").amounts["year"] == 2026


@pytest.mark.parametrize(
    "stated, rule", [({"value": 1.94}, "value"), ({"nothing": 0.1}, "nothing"), ({"bound": 1.9}, "bound")]
)
def test_statements(stated: dict[str, float], rule: str) -> None:
    programme = tiny()
    only(programme, good_plan(programme, **stated), rule)


def test_a_bound_that_is_no_number_is_no_bound() -> None:
    programme = tiny()
    only(programme, good_plan(programme, bound=float("nan")), "bound")
