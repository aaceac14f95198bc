"""The rules are read twice, by the frames and by the verifier: on random programmes they must agree."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.small_programmes import greedy_picks, plan_of, random_picks, random_programme

from khien.plan.carry import carried_over
from khien.plan.frames import all_frames, plan_value
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings, apply
from khien.plan.verify import recomputed_value, verify
from khien.plan.verify.book import Book
from khien.plan.verify.means import yearly_spend
from khien.plan.verify.picks import read_choices
from khien.programme import Programme

seeds = st.integers(0, 2**32 - 1)
FIRST = ("2026Q1", "2026Q3")


def draw(seed: int, *, check: bool = False) -> tuple[np.random.Generator, Programme]:
    rng = np.random.default_rng(seed)
    first = str(rng.choice(FIRST))
    return rng, random_programme(rng, int(rng.integers(2, 16)), first_quarter=first, check=check)


def questions(rng: np.random.Generator) -> PlanSettings:
    """Random what-ifs."""
    return PlanSettings(
        budget_factor=float(rng.choice([1.0, 0.9, 1.3])),
        reliance_weight=None if rng.random() < 0.5 else 2.0,
        without_country=() if rng.random() < 0.6 else ("aa",),
    )


def random_plan(rng: np.random.Generator, programme: Programme) -> Plan:
    asked = questions(rng)
    picks = random_picks(rng, apply(programme, asked))
    return plan_of(programme, picks, [("engineers", int(rng.integers(0, 8)), 1)], asked)


@pytest.mark.parametrize("seed", range(12))
def test_random_programmes_pass_the_checks_and_doing_nothing_is_a_plan(seed: int) -> None:
    _, programme = draw(seed, check=True)
    assert verify(programme, plan_of(programme, [])) == []


@pytest.mark.slow
@settings(max_examples=60)
@given(seeds)
def test_value(seed: int) -> None:
    rng, programme = draw(seed)
    plan = random_plan(rng, programme)
    assert abs(plan_value(programme, plan) - recomputed_value(programme, plan)) < 1e-9


@pytest.mark.slow
@settings(max_examples=25)
@given(seeds)
def test_money_and_people(seed: int) -> None:
    """Cash and heads of the frames fall short exactly where the verifier says so."""
    rng, programme = draw(seed)
    plan = random_plan(rng, programme)
    found, frames = verify(programme, plan), all_frames(programme, plan)
    book = Book(apply(programme, plan.settings))
    chosen, _ = read_choices(book, plan)
    cohorts = list(plan.training.select("skill", "start", "cohorts").iter_rows())
    spent = frames["money_by_year"].filter(~pl.col("kind").is_in(["income", "cash_end"]))
    by_year = dict(spent.group_by("year").agg(pl.col("amount_mvnd").sum()).iter_rows())
    assert by_year == {year: yearly_spend(book, chosen, cohorts)[year] for year in book.years}
    cash = frames["money_by_year"].filter(
        (pl.col("kind") == "cash_end") & (pl.col("amount_mvnd") < programme.settings.reserve_mvnd)
    )
    assert cash["year"].to_list() == [v.amounts["year"] for v in found if v.rule == "money"]
    people = frames["people_by_quarter"].filter(pl.col("need") > pl.col("supply"))
    short = [(v.rows[0], v.amounts["quarter_index"]) for v in found if v.rule == "people"]
    assert sorted(people.select("skill", "quarter").iter_rows()) == sorted(short)


@settings(max_examples=25)
@given(seeds)
def test_ceilings_and_spending(seed: int) -> None:
    """Spending by key adds up to the ceilings that the verifier finds broken."""
    rng, programme = draw(seed)
    plan = random_plan(rng, programme)
    by = all_frames(programme, plan)["spend_by"].filter(pl.col("kind") == "partner", pl.col("key") == "partner-b")
    most = programme.limits.filter(pl.col("id") == "b-most")["amount_mvnd"][0]
    broken = [v for v in verify(programme, plan) if v.rows == ("b-most",)]
    assert bool(broken) == (by["amount_mvnd"].sum() > most)


@pytest.mark.slow
@settings(max_examples=8)
@given(seeds)
def test_a_greedy_plan_passes_and_can_be_planned_on(seed: int) -> None:
    rng, programme = draw(seed)
    plan = plan_of(programme, greedy_picks(rng, programme, tries=3))
    assert verify(programme, plan) == []
    cut = programme.label(int(rng.integers(1, programme.n_quarters)))
    later = carried_over(plan, cut)
    kept = {project for project, _, _ in later.kept_projects}
    rest = [
        (p, o, s)
        for p, o, s, fixed in plan.choices.select("project", "option", "start", "fixed").iter_rows()
        if not fixed and p not in kept
    ]
    again = plan_of(programme, rest, settings=later)
    assert verify(programme, again) == []
    assert again.value == plan.value
    assert again.choices.drop("fixed").equals(plan.choices.drop("fixed"))


@settings(max_examples=10)
@given(seeds)
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    rng, programme = draw(seed)
    plan = random_plan(rng, programme)
    mixed = Programme(
        programme.settings,
        {n: f.sample(fraction=1.0, shuffle=True, seed=seed % 1000) for n, f in programme.frames.items()},
    )
    again = dataclasses.replace(plan, choices=plan.choices.reverse())
    assert plan_value(mixed, again) == pytest.approx(plan.value, abs=1e-12)
    assert recomputed_value(mixed, again) == pytest.approx(plan.value, abs=1e-12)
