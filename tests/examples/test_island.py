"""The island: the hand solution of docs/start/island.md against every plan that exists."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from island_rules import Island, Pick, Plan

BY_HAND = (
    Pick("siren-make", "siren-own", -2, 2),
    Pick("membrane-make", "membrane-licence", 0, 4),
    Pick("purifier-make", "purifier-own", 4, 8),
    Pick("boat-make", "boat-buy", 7, 9),
    Pick("boat-upkeep", "upkeep-own", 14, 18),
    Pick("sentry-make", "sentry-own", 10, 14),
)


@pytest.fixture(scope="module")
def rules(island: Path) -> Island:
    return Island(island)


@pytest.fixture(scope="module")
def plans(rules: Island) -> list[Plan]:
    return list(rules.plans())


def test_doing_nothing_is_worth_114_points(rules: Island) -> None:
    assert rules.value(rules.fixed()) * 40 == 114


def test_the_hand_solution_is_worth_312_points(rules: Island) -> None:
    assert rules.value(BY_HAND) == Fraction(312, 40) == Fraction("7.8")


def test_the_page_counts_the_plans(plans: list[Plan], root: Path) -> None:
    page = (root / "docs" / "start" / "island.md").read_text(encoding="utf-8")
    assert f"{len(plans):,}" in page


@pytest.mark.slow
def test_no_other_plan_is_as_good(rules: Island, plans: list[Plan]) -> None:
    ranked = sorted(plans, key=rules.rough, reverse=True)[:2]
    assert ranked[0] == BY_HAND
    assert rules.value(ranked[1]) == Fraction("7.75")


@pytest.mark.slow
def test_without_weight_on_self_reliance_the_island_buys(island: Path, plans: list[Plan]) -> None:
    rules = Island(island, reliance_weight=0)
    best = max(plans, key=rules.rough)
    assert rules.value(best) == Fraction("4.4")
    assert rules.value(BY_HAND) < rules.value(best)
    assert {p.option for p in best} >= {"purifier-joint", "sentry-buy", "boat-buy"}


@pytest.mark.slow
def test_discounting_does_not_move_the_answer(island: Path, plans: list[Plan]) -> None:
    rules = Island(island, discount_rate="0.25")
    assert max(plans, key=rules.rough) == BY_HAND
    assert rules.value(BY_HAND) == Fraction("3.891464")
