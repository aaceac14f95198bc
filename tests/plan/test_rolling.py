"""Conservation: re-planning never moves what has started, nor money that is spent."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import random_programme

from khien.plan.result import Plan
from khien.plan.rolling import replan
from khien.plan.settings import PlanSettings, apply
from khien.plan.solver import plan_programme
from khien.plan.verify import verify
from khien.plan.verify.book import Book
from khien.plan.verify.means import yearly_spend
from khien.plan.verify.picks import read_choices
from khien.programme import Programme

ASKED = PlanSettings(work=400)


def spend(programme: Programme, plan: Plan) -> dict[int, int]:
    book = Book(apply(programme, plan.settings))
    cohorts = list(plan.training.select("skill", "start", "cohorts").iter_rows())
    return dict(yearly_spend(book, read_choices(book, plan)[0], cohorts))


def before(frame: pl.DataFrame, quarter: str) -> list[tuple[object, ...]]:
    """What starts before a quarter, without whether it is fixed by now."""
    return sorted(frame.filter(pl.col("start_quarter") < quarter).drop("fixed", strict=False).iter_rows())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5])
def test_twenty_re_plans_conserve_what_has_started(seed: int) -> None:
    """Four successive re-plans of each of five programmes, each on the one before."""
    programme = random_programme(np.random.default_rng(seed), 6 + seed % 3, check=False)
    plan = plan_programme(programme, ASKED)
    for t in (2, 4, 7, 11):
        cut = programme.label(t)
        new = replan(programme, plan, cut, ASKED)
        assert verify(programme, new) == []
        assert before(new.choices, cut) == before(plan.choices, cut)
        assert before(new.training, cut) == before(plan.training, cut)
        past = [y for y in programme.years if y < int(cut[:4])]
        old, now = spend(programme, plan), spend(programme, new)
        assert [old[y] for y in past] == [now[y] for y in past]
        assert new.settings.from_quarter == cut
        plan = new


def test_a_re_plan_with_less_money_still_keeps_what_has_started() -> None:
    programme = random_programme(np.random.default_rng(5), 6, check=False)
    plan = plan_programme(programme, ASKED)
    cut = programme.label(8)
    asked = PlanSettings(work=400, budget_factor=0.95)
    new = replan(programme, plan, cut, asked)
    assert verify(programme, new) == []
    assert before(new.choices, cut) == before(plan.choices, cut)
    assert new.value <= plan.bound + 1e-9
