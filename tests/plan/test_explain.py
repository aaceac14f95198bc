"""Reasons: one row per project, worths that the verifier agrees with, words in both languages."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import random_programme

from khien.plan.explain import explain
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings
from khien.plan.solver import plan_programme
from khien.plan.verify import recomputed_value
from khien.programme import Programme


@cache
def drawn(seed: int, **asked: object) -> tuple[Programme, Plan]:
    programme = random_programme(np.random.default_rng(seed), 8, check=False)
    return programme, plan_programme(programme, PlanSettings(work=400, **asked))  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_every_project_has_its_reason_and_the_worth_that_is_lost_without_it(seed: int) -> None:
    programme, plan = drawn(seed)
    told = explain(programme, plan)
    assert told["project"].to_list() == programme.projects["id"].to_list()
    assert told["reason_vi"].str.len_chars().min() > 0  # type: ignore[operator]
    assert (told["reason_vi"] != told["reason_en"]).all()
    assert set(told.filter(pl.col("chosen"))["project"]) == set(plan.choices["project"])
    for row in told.filter(pl.col("chosen")).iter_rows(named=True):
        rest = dataclasses.replace(plan, choices=plan.choices.filter(pl.col("project") != row["project"]))
        assert row["worth"] == pytest.approx(plan.value - recomputed_value(programme, rest), abs=1e-7)
    free = told.filter(pl.col("project").is_in(plan.choices.filter(~pl.col("fixed"))["project"].to_list()))
    assert free["price"].null_count() == 0


def test_one_project_can_be_asked_for() -> None:
    programme, plan = drawn(1)
    whole = explain(programme, plan)
    name = programme.projects["id"][5]
    assert explain(programme, plan, name).equals(whole.filter(pl.col("project") == name))


@pytest.mark.slow
def test_a_forbidden_project_is_said_to_be_forbidden() -> None:
    programme, _ = drawn(1)
    name = programme.projects.filter(pl.col("status") == "candidate")["id"][0]
    plan = plan_programme(programme, PlanSettings(work=400, forbids=(name,)))
    row = explain(programme, plan, name).row(0, named=True)
    assert not row["chosen"]
    assert row["worth"] is None


def test_a_plan_without_prices_still_says_what_is_lost() -> None:
    programme, plan = drawn(2)
    told = explain(programme, dataclasses.replace(plan, certificate=None))
    assert told["price"].null_count() == len(told)
    assert told.filter(pl.col("chosen"))["worth"].null_count() == 0
