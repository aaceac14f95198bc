"""Every kind of difference between two plans is one row."""

from __future__ import annotations

import polars as pl
import pytest
from tests.plan.small_programmes import plan_of
from tests.plan.tiny import PICKS, TRAINING, changed_rows, good_plan, option, tiny, with_tables

from khien.plan.compare import COMPARISON, compare
from khien.programme import Programme


@pytest.fixture(scope="module")
def programme() -> Programme:
    made = tiny()
    slow = pl.DataFrame(
        [option("boat-make-slow", "boat-make", 3, 50)], schema=made.options.schema, orient="row"
    )
    return with_tables(made, options=pl.concat([made.options, slow]))


def test_a_plan_does_not_differ_from_itself(programme: Programme) -> None:
    found = compare(good_plan(programme), good_plan(programme), programme)
    assert found.is_empty()
    assert found.schema == COMPARISON


def test_everything_that_changes(programme: Programme) -> None:
    before = good_plan(programme)
    after = plan_of(programme, [("boat-design", "boat-design-own", 1), ("boat-make", "boat-make-slow", 3)])
    found = compare(before, after)
    assert found.filter(pl.col("what") == "project").drop("what").rows() == [
        ("boat-design", "moved", "boat-design-own @ 2026Q1", "boat-design-own @ 2026Q2", 1.0),
        ("boat-make", "option", "boat-make-own @ 2026Q3", "boat-make-slow @ 2026Q4", 1.0),
        ("drone-buy", "out", "drone-buy-licence @ 2026Q2", None, None),
    ]
    assert found.filter(pl.col("what") == "training").drop("what").rows() == [
        ("engineers @ 2026Q1", "changed", "1", "0", -1.0),
    ]
    value = found.filter((pl.col("what") == "figure") & (pl.col("subject") == "value"))
    assert value["difference"].to_list() == [after.value - before.value]
    assert "money" not in found["what"].to_list()
    assert compare(after, before).filter(pl.col("subject") == "drone-buy")["change"].to_list() == ["in"]


def test_money_by_year(programme: Programme) -> None:
    before, after = good_plan(programme), plan_of(programme, PICKS[:2], TRAINING)
    money = (
        compare(before, after, programme).filter(pl.col("what") == "money").drop("what", "before", "after")
    )
    assert money.rows() == [("2026", "cash_end", 40.0), ("2026", "spend", -40.0), ("2027", "cash_end", 40.0)]


def test_plans_of_two_programmes(programme: Programme) -> None:
    richer = changed_rows(programme, "money", pl.col("year") == 2027, amount_mvnd=50)
    money = compare(good_plan(programme), good_plan(richer), programme, richer).filter(
        pl.col("what") == "money"
    )
    assert money.drop("what").rows() == [
        ("2027", "cash_end", "40", "60", 20.0),
        ("2027", "income", "30", "50", 20.0),
    ]
