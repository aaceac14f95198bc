"""What more of each thing wins for the whole plan: by hand, beside an outside answer, and what must always hold."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.plan.ask.shortage import shortage
from tests.plan.ask.whole import best
from tests.plan.small_programmes import plan_of, random_programme
from tests.plan.teams import teams

from khien.plan.ask.gains import TIMES, WholeGains, whole_gains
from khien.plan.ask.more import with_more
from khien.plan.ask.shadow import Resource, resources, shadow_prices
from khien.plan.core.solve import Outcome, solve
from khien.plan.model import compile_programme
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings, apply
from khien.plan.solver import plan_programme
from khien.plan.verify import verify
from khien.programme import Programme

WORK = 4000


def asked(programme: Programme, plan: Plan, **words: Any) -> WholeGains:
    return whole_gains(programme, plan, shadow_prices(programme, plan, 0), **({"work": WORK} | words))


def things(programme: Programme, plan: Plan) -> dict[tuple[str, str], Resource]:
    changed = apply(programme, plan.settings)
    return {(r.kind, r.what): r for r in resources(compile_programme(changed, plan.settings), plan)}


def test_the_relaxation_says_welders_and_the_whole_plan_says_engineers() -> None:
    """Worked by hand in docs/methods/prices.md."""
    programme = teams(welders=4)
    plan = plan_programme(programme, PlanSettings(work=WORK))
    prices = shadow_prices(programme, plan).prices
    assert prices["what"].to_list() == ["welders", "engineers"]
    assert prices["price"].to_list() == pytest.approx([11 / 128, 6 / 128])
    told = asked(programme, plan)
    rows = told.gains.to_dicts()
    assert [row["what"] for row in rows] == ["engineers", "welders", "korea", "2026"]
    assert [row["gain"] for row in rows] == pytest.approx([12 / 128, 33 / 128, 0, 0])
    assert [row["step"] for row in rows] == [0.1, 0.4, 0.4, 0.4]
    assert [row["more"] for row in rows] == pytest.approx([1, 2, 40, 40])
    assert all(row["proven"] and row["least"] == row["most"] == row["gain"] for row in rows)
    assert (told.value, told.better) == pytest.approx(((15 + 36) / 128, 0.0))
    assert (told.considered, told.interrupted) == (4, False)


def test_a_small_price_that_wins_much_is_found_by_looking() -> None:
    """Only one thing is planned for; it is not the one with the greatest price."""
    programme = teams(welders=4)
    told = asked(programme, plan_programme(programme, PlanSettings(work=WORK)), count=1)
    assert told.gains["what"].to_list() == ["engineers"]
    assert told.considered == 4


def test_room_and_floors_are_steps_of_what_is_asked() -> None:
    programme = teams(engineers=9, ceiling=15)
    told = asked(programme, plan_programme(programme, PlanSettings(work=WORK)))
    first = told.gains.row(0, named=True)
    assert (first["kind"], first["what"], first["step"], first["more"]) == ("limit", "korea", 0.4, 6.0)
    floored = PlanSettings(work=WORK, reliance_weight=0.0, min_reliance=0.5)
    programme = teams(engineers=2, money=10)
    plan = plan_of(programme, [("make-a", "own-a", 0)], settings=dataclasses.replace(floored, min_reliance=0.3))
    kinds = asked(programme, plan, step=0.2).gains["kind"].to_list()
    assert "reliance" in kinds


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 7])
def test_gains_are_those_of_the_best_plans_there_are(seed: int) -> None:
    """Each gain that is said to be proven is the difference of two optima that HiGHS proves by itself."""
    programme = shortage(seed, 7)
    plan = plan_programme(programme, PlanSettings(work=8000))
    told = asked(programme, plan, work=8000)
    before, picks = best(programme)
    assert not [v for v in verify(programme, plan_of(programme, picks)) if v.rule != "bound"]
    own = things(programme, plan)
    assert told.gains["proven"].any() or plan.status != "optimal"
    for row in told.gains.to_dicts():
        more = with_more(programme, own[row["kind"], row["what"]], row["step"])
        assert more is not None
        true = best(more)[0] - before
        assert row["least"] - 1e-7 <= true <= row["most"] + 1e-7
        if row["proven"]:
            assert row["gain"] == pytest.approx(true, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_more_of_anything_never_loses_and_the_same_question_has_one_answer(seed: int) -> None:
    programme = random_programme(np.random.default_rng(seed), 8, check=False)
    plan = plan_programme(programme, PlanSettings(work=800, min_reliance=0.05, min_reliance_from=2029))
    told = asked(programme, plan, work=800, count=6)
    assert told.gains.equals(asked(programme, plan, work=800, count=6).gains)
    assert told.value >= plan.value - 1e-9
    for row in told.gains.to_dicts():
        assert 0.0 <= row["least"] <= row["gain"] + 1e-9
        assert row["gain"] <= row["most"] + 1e-9
    wins = told.gains.filter(pl.col("gain") > 1e-9)
    for step in wins["step"].unique():
        assert (wins.filter(pl.col("step") == step)["gain"].diff().drop_nulls() <= 1e-12).all()
    assert wins["step"].is_sorted()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_longer_step_wins_no_less(seed: int) -> None:
    programme = random_programme(np.random.default_rng(seed), 6, check=False)
    plan = plan_programme(programme, PlanSettings(work=4000))
    for r in things(programme, plan).values():
        values = []
        for times in (0, *TIMES):
            more = with_more(programme, r, 0.25 * times)
            assert more is not None
            values.append(plan_programme(more, PlanSettings(work=4000)))
        for before, after in itertools.pairwise(values):
            assert after.bound >= before.value - 1e-9  # the truth between them rises


def test_ctrl_c_keeps_what_was_planned_for(monkeypatch: pytest.MonkeyPatch) -> None:
    programme = teams(welders=4)
    plan = plan_programme(programme, PlanSettings(work=WORK))
    searches: list[int] = []

    def pressed(*words: Any, **more: Any) -> Outcome:
        searches.append(1)
        out = solve(*words, **more)
        return dataclasses.replace(out, why="interrupt") if len(searches) > 3 else out

    monkeypatch.setattr("khien.plan.ask.gains.solve", pressed)
    told = asked(programme, plan)
    assert told.interrupted
    assert told.gains["what"].to_list() == ["welders"]
    assert told.gains["gain"].item() == pytest.approx(33 / 128)


def test_nonsense_is_refused() -> None:
    programme = teams()
    plan = plan_programme(programme, PlanSettings(work=400))
    for words in ({"step": 0.0}, {"count": 0}, {"work": 0}):
        with pytest.raises(ValueError, match="step"):
            asked(programme, plan, **words)
