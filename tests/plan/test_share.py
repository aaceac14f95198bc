"""Two searches that go on from one plan: what one has kept is repeated on the plan of the other."""

from __future__ import annotations

import numpy as np
import pytest
from tests.plan.test_core import problems

from khien.plan.core import share, state
from khien.plan.core.layout import layout
from khien.plan.core.problem import Problem
from khien.plan.core.search import valid
from khien.plan.core.walker import Walker, guide


@pytest.mark.parametrize("p", problems())
def test_a_repeated_step_keeps_every_rule_and_the_sums_exact(p: Problem) -> None:
    lay = layout(p)
    tables = guide(p, lay, np.random.default_rng(0).random(lay.size) / lay.scale * 0.3)
    first, second = Walker(p, 7), Walker(p, 8)
    for temperature in (1.0, 0.3, 0.05):
        for _ in range(6):
            for walker in (first, second):
                walker.go(tables, 0.5, temperature, 60)
            before = max(float(first.bv[0]), float(second.bv[0]))
            first.follow(second, temperature)
            fresh = state.new_state(p)
            state.rebuild(p, fresh, first.st.x, first.st.s, first.st.cohorts)
            for name in ("rem", "slack", "lhs", "ct", "ut"):
                np.testing.assert_array_equal(getattr(first.st, name), getattr(fresh, name), err_msg=name)
            for name in ("level", "bval", "value"):
                np.testing.assert_allclose(getattr(first.st, name), getattr(fresh, name), atol=1e-9)
            assert valid(p, first.st) == 0
            assert first.bv[0] >= before - 1e-9, "the best plan is never lost"
            assert second.bv[0] == first.bv[0]
            for mine, its in zip(second.st, first.st, strict=True):
                np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize("p", problems())
def test_repeated_on_the_plan_they_began_from_the_steps_lead_to_the_same_plan(p: Problem) -> None:
    """Nothing changed meanwhile, and every step is kept: the follower ends where the other stands."""
    lay = layout(p)
    tables = guide(p, lay, np.random.default_rng(1).random(lay.size) / lay.scale * 0.3)
    leader, follower = Walker(p, 3), Walker(p, 4)
    leader.go(tables, 0.5, 0.5, 80)
    follower.stand_at(leader)
    leader.go(tables, 0.5, 0.5, 40)
    share.follow(p, follower.st, leader.record, 1e12, follower.dice)
    np.testing.assert_array_equal(follower.st.x, leader.st.x)
    np.testing.assert_array_equal(follower.st.cohorts, leader.st.cohorts)
    chosen = leader.st.x >= 0
    np.testing.assert_array_equal(follower.st.s[chosen], leader.st.s[chosen])


def test_a_full_record_takes_no_more() -> None:
    p = problems()[1]
    lay = layout(p)
    tables = guide(p, lay, np.zeros(lay.size))
    walker = Walker(p, 5)
    walker.record = np.zeros((12, 4), dtype=np.int64)
    walker.go(tables, 0.5, 5.0, 500)
    assert 0 < walker.record[0, 0] < 12
