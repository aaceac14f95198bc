"""The stress test as people use it: what stays the same, what must grow, and what is refused."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plan.small_programmes import greedy_picks, plan_of, random_programme
from tests.plan.tiny import VALUE, good_plan, tiny
from tests.stress.futures import random_shocks, spread

import khien
from khien.plan import Plan
from khien.plan.frames import coverage_by_year, money_by_year
from khien.plan.frames.replay import PlanMismatch
from khien.plan.verify import verify
from khien.programme import TABLES, Programme, ProgrammeError
from khien.stress import StressError, StressResult, future, ready, stress
from khien.stress.build import base_shocks, make_case
from khien.stress.core.model import no_twist
from khien.stress.core.replay import broken_for, draws_for, replay, work_for
from khien.stress.settings import StressSettings

Case = tuple[Programme, Plan, pl.DataFrame]


@cache
def case_of(seed: int) -> Case:
    """A small programme with wide estimates, a plan of it and shocks."""
    rng = np.random.default_rng(seed)
    programme = spread(rng, random_programme(rng, 8, years=5, check=False))
    return programme, plan_of(programme, greedy_picks(rng, programme)), random_shocks(rng, programme)


def certain(programme: Programme, plan: Plan, repair: bool) -> StressResult:
    return stress(programme, plan, draws=3, vary=(), repair=repair, paired=0)


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_without_chance_everything_goes_as_planned(seed: int, repair: bool) -> None:
    programme, plan, _ = case_of(seed)
    result = certain(programme, plan, repair)
    assert np.allclose(result.values, plan.value, rtol=0, atol=1e-12)
    frame = coverage_by_year(programme, plan).filter(pl.col("capability") == "all", pl.col("coverage").is_not_null())
    for measure in ("coverage", "self_reliance"):
        mine = result.coverage.filter(pl.col("measure") == measure)
        assert mine["mean"].to_list() == pytest.approx(frame[measure].to_list(), abs=1e-9)
        assert mine["q50"].to_list() == pytest.approx(frame[measure].to_list(), abs=0.000051)
    for kind in ("spend", "cash_end"):
        planned = money_by_year(programme, plan).filter(pl.col("kind") == kind)["amount_mvnd"].to_list()
        assert result.money.filter(pl.col("kind") == kind)["mean_mvnd"].to_list() == planned
    assert result.finish["left_out_share"].sum() == 0
    assert result.finish["on_time_share"].to_list() == [1.0] * len(result.finish)


def test_the_tiny_plan_is_worth_what_was_worked_out_by_hand() -> None:
    programme = tiny()
    result = certain(programme, good_plan(programme), True)
    assert result.planned_value == pytest.approx(VALUE)
    assert result.expected_value == pytest.approx(VALUE)
    assert result.tail_value == pytest.approx(VALUE)


def test_success_alone_is_worth_its_chance_on_the_island(island: Path) -> None:
    """One project, one product: the mean value is the chance of success times the value with success."""
    programme = khien.read(island)
    only = [("sentry-make", "sentry-buy", 8)]
    plan = plan_of(programme, only)
    nothing = plan_of(programme, [])
    result = stress(programme, plan, draws=40_000, vary=("success",), paired=256, pairs=0)
    row = result.worth.filter(pl.col("project") == "sentry-make").row(0, named=True)
    assert row["success_worth"] == pytest.approx(plan.value - nothing.value)
    share = dict(programme.options.select("id", "success_share").iter_rows())
    gained = plan.value - nothing.value
    base = stress(programme, nothing, draws=1, vary=(), paired=2, pairs=0).worth["success_worth"][0]
    expected = nothing.value - (1 - share["siren-own"]) * base + share["sentry-buy"] * gained
    assert result.expected_value == pytest.approx(expected, abs=4 * result.expected_error)


@pytest.mark.parametrize("repair", [False, True])
def test_the_same_seed_gives_the_same_numbers_whatever_the_threads(repair: bool) -> None:
    programme, plan, shocks = case_of(1)
    asked: dict[str, Any] = {"draws": 9_000, "repair": repair, "paired": 200, "seed": 11}
    one, three = (stress(programme, plan, shocks, threads=n, **asked) for n in (1, 3))
    assert np.array_equal(one.values, three.values)
    for name in ("coverage", "money", "finish", "worth", "ranking", "promises", "shocks"):
        assert getattr(one, name).equals(getattr(three, name)), name
    other = stress(programme, plan, shocks, **(asked | {"seed": 12, "paired": 0}))
    assert not np.array_equal(one.values, other.values)


def test_fewer_draws_are_the_first_of_more() -> None:
    programme, plan, shocks = case_of(2)
    few, many = (stress(programme, plan, shocks, draws=n, paired=0) for n in (100, 1_000))
    assert np.array_equal(few.values, many.values[:100])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), project=st.integers(0, 100), delay=st.integers(1, 8))
def test_more_delay_never_finishes_earlier_when_delays_push(seed: int, project: int, delay: int) -> None:
    programme, plan, shocks = case_of(seed % 7)
    case = make_case(programme, plan, shocks, StressSettings())
    model, ends = base_shocks(case.model, case.drawn), []
    for longer in (0, delay):
        draws, twist = draws_for(model, 20), no_twist(model)
        twist.delay[project % len(case.rows)] = longer
        replay(model, twist, seed, 0, False, work_for(model, 20), draws, broken_for(model))
        ends.append(draws.end.copy())
    assert (ends[1] >= ends[0]).all()


def test_durations_and_costs_are_spread_as_the_planning_values_say() -> None:
    """Shares of durations and quantiles of costs against the PERT-beta they are cut from."""
    from scipy.special import betainc

    from khien.programme.planned import pert_quantile

    programme, plan, _ = case_of(3)
    case = make_case(programme, plan, programme.shocks, StressSettings())
    draws = draws_for(case.model, 20_000)
    replay(case.model, no_twist(case.model), 4, 0, False, work_for(case.model, 20_000), draws, broken_for(case.model))
    for i, row in enumerate(case.rows):
        if row["start"] < 0:
            continue
        low, mode, high = (row[f"duration_{part}_quarters"] for part in ("low", "mode", "high"))
        if low < high:
            alpha, beta = 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)
            for length in range(low, high):
                share = betainc(alpha, beta, (length - low) / (high - low))
                assert (draws.time[i] <= length).mean() == pytest.approx(share, abs=0.015)
        low, mode, high = (row[f"cost_{part}_mvnd"] for part in ("low", "mode", "high"))
        for share in (0.1, 0.5, 0.9):
            value = float(pert_quantile(low, mode, high, share))
            assert np.quantile(draws.cost[i], share) == pytest.approx(value, abs=1 + 0.03 * (high - low))


def test_shocks_that_come_together_share_their_luck() -> None:
    programme, plan, _ = case_of(1)
    table = TABLES["shocks"].schema
    common = {"name_vi": "x", "name_en": "x", "kind": "budget", "from_quarter": programme.label(0)}
    rows = [
        common | {"id": "a", "duration_quarters": 4, "chance_share": 0.4, "loss_share": 0.1},
        common | {"id": "b", "duration_quarters": 4, "chance_share": 0.2, "loss_share": 0.1, "correlated_with": "a"},
        common | {"id": "c", "duration_quarters": 4, "chance_share": 0.4, "loss_share": 0.1},
    ]
    case = make_case(programme, plan, pl.DataFrame(rows, schema=table), StressSettings())
    model = base_shocks(case.model, case.drawn)
    draws = draws_for(model, 20_000)
    replay(model, no_twist(model), 0, 0, False, work_for(model, 20_000), draws, broken_for(model))
    on = draws.on.astype(bool)
    assert on.mean(axis=0) == pytest.approx([0.4, 0.2, 0.4], abs=0.015)
    assert on[on[:, 1], 0].all()
    assert on[on[:, 2], 0].mean() == pytest.approx(0.4, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_repaired_future_keeps_every_rule_of_the_book(seed: int) -> None:
    """What the verifier finds in a future is also broken by what is fixed alone, or cannot be mended by waiting."""
    programme, plan, _ = case_of(seed)
    shocks = whole_years(programme)
    names = {row["id"] for row in programme.limits.to_dicts() if row["kind"] == "floor"}
    for draw in range(15):
        found = future(programme, plan, draw, shocks)
        of_plan = verify(found.programme, found.plan)
        of_fixed = verify(found.programme, plan_of(found.programme, [], value=0.0, nothing=0.0))
        unmended = {v.rule for v in of_fixed}
        allowed = {"value", "nothing", "bound", "obligation", "pin", "limit"} | unmended
        broken = {v.rule for v in of_plan}
        assert broken <= allowed, (draw, broken, unmended)
        ceilings = [v for v in of_plan if v.rule == "limit"]
        alone = {v.rows for v in of_fixed if v.rule == "limit"}
        assert all(v.rows[0] in names or v.rows in alone for v in ceilings)


@pytest.mark.slow
def test_a_future_is_worth_what_the_verifier_says() -> None:
    programme, plan, _ = case_of(4)
    for draw in range(10):
        found = future(programme, plan, draw, whole_years(programme), vary=("time", "cost", "shocks"))
        assert "value" not in {v.rule for v in verify(found.programme, found.plan)}


def whole_years(programme: Programme) -> pl.DataFrame:
    """Shocks on money and people that last whole years, so that yearly tables can tell them."""
    first = programme.years[0]
    common = {"name_vi": "x", "name_en": "x", "chance_share": 0.5, "loss_share": 0.3}
    rows: list[dict[str, Any]] = [
        common | {"id": "poor", "kind": "budget", "from_quarter": f"{first + 1}Q1", "duration_quarters": 8},
    ]
    for i, skill in enumerate(programme.skills["id"].to_list()):
        span = {"from_quarter": f"{first + 1 + i}Q1", "duration_quarters": 4}
        rows.append(common | span | {"id": f"drain-{i}", "kind": "skill", "key": skill})
    return pl.DataFrame(rows, schema=TABLES["shocks"].schema)


def test_a_plan_of_another_version_is_refused_with_both_hashes() -> None:
    programme, plan, shocks = case_of(0)
    other = programme.replace(money=programme.money.with_columns(pl.col("amount_mvnd") + 1))
    with pytest.raises(PlanMismatch) as caught:
        stress(other, plan, shocks, draws=1)
    assert plan.programme_hash[:12] in str(caught.value)
    assert other.hash[:12] in str(caught.value)


def test_a_shock_on_an_unknown_partner_is_one_finding(tmp_path: Path) -> None:
    programme, plan, shocks = case_of(0)
    file = tmp_path / "mine.csv"
    rows = shocks.head(2).with_columns(
        kind=pl.lit("partner"), key=pl.Series(["nobody", programme.organisations["id"][0]])
    )
    rows.with_columns(correlated_with=pl.lit(None, dtype=pl.String)).write_csv(file)
    for source in (file, rows.with_columns(correlated_with=pl.lit(None, dtype=pl.String))):
        with pytest.raises(ProgrammeError) as caught:
            stress(programme, plan, source, draws=1)
        (finding,) = [f for f in caught.value.findings if f.severity == "error"]
        assert (finding.code, finding.table, finding.row, finding.value) == ("shock-key", "shocks", 2, "nobody")


@pytest.mark.parametrize(
    "asked",
    [{"draws": 0}, {"seed": -1}, {"vary": ("weather",)}, {"paired": -1}, {"ready": ["alien-landing"]}],
)
def test_settings_that_make_no_sense_are_refused(asked: dict[str, Any]) -> None:
    programme, plan, shocks = case_of(0)
    with pytest.raises(StressError):
        stress(programme, plan, shocks, **asked)


def test_a_plan_that_breaks_rules_is_refused() -> None:
    programme, plan, _ = case_of(0)
    poor = programme.replace(money=programme.money.with_columns(pl.lit(0, dtype=pl.Int64).alias("amount_mvnd")).head(0))
    picks = [(r["project"], r["option"], r["start"]) for r in plan.choices.filter(~pl.col("fixed")).to_dicts()]
    with pytest.raises(StressError, match="breaks rules"):
        stress(poor, plan_of(poor, picks), draws=1)


def test_ctrl_c_gives_what_was_done_so_far() -> None:
    programme, plan, shocks = case_of(1)

    def stop(state: Any) -> None:
        raise KeyboardInterrupt

    result = stress(programme, plan, shocks, draws=50_000, repair=False, threads=1, progress=stop)
    assert result.why_stopped == "interrupt"
    assert 0 < result.draws < 50_000
    assert result.draws == len(result.values)
    assert result.ranking.is_empty()


def test_results_are_written_and_say_what_they_stand_on(tmp_path: Path) -> None:
    programme, plan, shocks = case_of(1)
    result = stress(programme, plan, shocks, draws=300, paired=40)
    written = result.write(tmp_path)
    assert all(path.stat().st_size for path in written)
    told = json.loads((tmp_path / "stress.json").read_text(encoding="utf-8"))
    assert told["programme_hash"] == programme.hash
    assert told["settings"]["seed"] == 0
    assert told["draws"] == 300
    assert told["why_stopped"] == "draws"
    assert pl.read_parquet(tmp_path / "stress_coverage.parquet").equals(result.coverage)


def test_every_ready_shock_can_be_drawn(vietnam: Path) -> None:
    from khien.plan.frames.replay import Replay
    from khien.stress.library import ready_shocks

    programme = khien.read(vietnam)
    rows = ready_shocks(Replay.of(programme, plan_of(programme, [], value=0.0, nothing=0.0)), ready())
    assert set(rows["kind"].to_list()) == {"partner", "country", "place", "budget", "skill"}
    assert programme.replace(shocks=rows).shocks.equals(rows)


def test_the_room_can_be_called() -> None:
    programme, plan, shocks = case_of(1)
    assert khien.stress(programme, plan, shocks, draws=10, paired=0).draws == 10  # type: ignore[operator]
