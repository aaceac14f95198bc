"""What checking takes for committed projects is what planning takes: two writings of one rule must agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khien.plan.planning import charged_spend, quarter_spend
from khien.plan.planning import planning_values as planned
from khien.programme import Programme
from khien.programme.planned import charges, planning_values, spread

profiles = st.sampled_from(
    [None, "1", "0.2;0.8", "0.5;0.3;0.2", "0.1;0.2;0.3;0.4", "0;1", "0.333333;0.333333;0.333334"]
)


def test_durations_and_costs_agree(complete: Programme) -> None:
    ours = planning_values(complete.options, complete.settings)
    theirs = planned(complete)
    assert ours.select("id", "duration", "cost").rows() == theirs.rows()


@given(cost=st.integers(0, 10**9), duration=st.integers(1, 60), profile=profiles)
def test_spending_agrees_and_adds_up(cost: int, duration: int, profile: str | None) -> None:
    assert sum(spread(cost, duration, profile)) == cost
    assert spread(cost, duration, profile) == quarter_spend(cost, duration, profile)


@given(
    cost=st.integers(0, 10**6),
    duration=st.integers(1, 20),
    profile=profiles,
    start=st.integers(-25, 5),
    spent=st.none() | st.integers(0, 10**6),
)
def test_charges_of_what_is_under_way_agree(
    cost: int, duration: int, profile: str | None, start: int, spent: int | None
) -> None:
    first, amounts = charged_spend(cost, duration, profile, start, spent)
    assert list(charges(cost, duration, profile, start, spent)) == list(enumerate(amounts, first))


@pytest.mark.parametrize(("home", "foreign"), [("vn", {"mitsu"}), ("jp", {"h1"})])
def test_who_is_foreign(complete: Programme, home: str, foreign: set[str]) -> None:
    from khien.programme.owners import foreign_organisations

    assert foreign_organisations(complete.organisations, home) == foreign
