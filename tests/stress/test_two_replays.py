"""The compiled replay against one written apart from it, draw by draw, on small programmes that use every rule."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import greedy_picks, plan_of, random_programme
from tests.stress.futures import drawn, random_shocks, replayed, spread
from tests.stress.slow import Slow

from khien.plan import Plan
from khien.programme import Programme
from khien.stress.build import base_shocks, make_case
from khien.stress.core.model import Model, Reals, no_twist
from khien.stress.core.pause import FAR
from khien.stress.core.replay import broken_for, draws_for, replay, work_for
from khien.stress.settings import StressSettings

DRAWS = 12


@cache
def made(seed: int) -> tuple[Programme, Plan, pl.DataFrame]:
    """A small programme, a plan of it and shocks."""
    rng = np.random.default_rng(seed)
    programme = spread(rng, random_programme(rng, 9, years=5, check=False, carry_over=bool(seed % 3)))
    plan = plan_of(programme, greedy_picks(rng, programme))
    return programme, plan, random_shocks(rng, programme)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("repair", [False, True])
def test_both_agree_in_every_draw(seed: int, repair: bool) -> None:
    programme, plan, shocks = made(seed)
    case = make_case(programme, plan, shocks, StressSettings(repair=repair))
    draws = replayed(case, DRAWS, repair=repair)
    slow = Slow(programme, plan, shocks.to_dicts())
    assert [row["project"] for row in case.rows] == slow.order()
    for n in range(DRAWS):
        what = drawn(case, draws, n)
        found = slow.repair(what) if repair else slow.push(what)
        mine = {
            row["project"]: (int(draws.start[i, n]), int(draws.end[i, n]))
            for i, row in enumerate(case.rows)
            if draws.end[i, n] < FAR
        }
        assert mine == found, n
        spend = slow.yearly(found, what)
        assert draws.spend[:, n].tolist() == [spend[year] for year in slow.book.years]
        assert draws.value[n] == pytest.approx(slow.worth(found, what).value, abs=1e-11)


@pytest.mark.slow
def test_shocks_and_repair_do_something_here() -> None:
    """The programmes above would not be worth comparing on if nothing ever happened in them."""
    left_out = late = struck = 0
    for seed in range(10):
        case = make_case(*made(seed), StressSettings())
        draws = replayed(case, DRAWS, repair=True)
        ends = np.array([row["end"] for row in case.rows])[:, None]
        left_out += int((draws.end >= FAR).sum())
        late += int(((draws.end > ends) & (draws.end < FAR)).sum())
        struck += int(draws.on.sum())
    assert left_out >= 5
    assert late > 50
    assert struck > 100


def values(model: Model) -> Reals:
    """Values of the first draws when delays push."""
    draws = draws_for(model, 100)
    replay(model, no_twist(model), 0, 0, False, work_for(model, 100), draws, broken_for(model))
    return draws.value


def test_what_one_shock_takes_is_the_same_beside_others() -> None:
    """Items that no two shocks can take at the same time are worked out for all draws at once, others one by one."""
    apart = 0
    for seed in range(3):
        case = make_case(*made(seed), StressSettings(repair=False))
        model = base_shocks(case.model, case.drawn)
        every = model.strikes._replace(
            meets=np.ones_like(model.strikes.meets), met=np.flatnonzero(model.strikes.takes_shock < case.drawn)
        )
        apart += int((model.strikes.meets == 0).sum())
        assert values(model) == pytest.approx(values(model._replace(strikes=every)), abs=1e-12)
    assert apart > 0
