"""Plans over sampled futures: by hand, by trying every plan, and read a second time."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import STATEMENTS, greedy_picks, plan_of, random_programme

from khien.plan import ahead
from khien.plan.ahead import spread
from khien.plan.compare import compare
from khien.plan.core import dual, state
from khien.plan.core.ascent import Ascent
from khien.plan.core.build import Builder
from khien.plan.core.layout import layout
from khien.plan.core.problem import Problem
from khien.plan.core.solve import Progress, solve
from khien.plan.explain import explain
from khien.plan.frames import plan_value
from khien.plan.futures import draw, mean_and_tail, tail_count, weighed
from khien.plan.model import compile_programme
from khien.plan.result import Plan, load_plan
from khien.plan.settings import PlanSettings, SettingsError, apply
from khien.plan.solver import plan_programme
from khien.plan.verify import nothing_value, recomputed_value, verify
from khien.plan.verify.bound import ONE, _prices, lagrangian, verify_bound
from khien.programme import Programme, read

WORK = 800
RISKY, SURE = [1.0, 1.0, 1.0, 0.0], [0.6] * 4


def unsure(seed: int, n: int = 5, **given: Any) -> Programme:
    """A programme whose options may well fail."""
    rng = np.random.default_rng(seed)
    made = random_programme(rng, n, check=False, **given)
    shares = pl.Series("success_share", rng.uniform(0.2, 0.9, len(made.options)))
    return Programme(made.settings, {**made.frames, "options": made.options.with_columns(shares)})


def two_ways(weight: float) -> Problem:
    """The worked example of docs/methods/scenarios.md: one project, a risky and a sure way, four futures."""
    b = Builder(2)
    b.funds = [10]
    b.tail_weight, b.tail_worst = weight, tail_count(4)
    b.add_project()
    futures = [b.add_accumulator() for _ in range(4)]
    for a in futures:
        b.add_goal(a, 1, 1.0, 0.25, block=b.add_future())
    for worths in (RISKY, SURE):
        c = b.add_condition()
        b.add_member(c, b.add_option(0, 1, [1], {}))
        b.add_unit([c], [(a, [x] * 4) for a, x in zip(futures, worths, strict=True)])
    return b.build()


def test_the_worked_example() -> None:
    assert mean_and_tail(RISKY) == (0.75, 0.0)
    assert mean_and_tail(SURE) == pytest.approx((0.6, 0.6))
    for weight, way, worth in ((0.0, 0, 0.75), (0.1, 0, 0.675), (0.3, 1, 0.6), (1.0, 1, 0.6)):
        out = solve(two_ways(weight), work=3000)
        assert (int(out.x[0]), out.value) == (way, pytest.approx(worth))
        assert worth - 1e-12 <= out.bound <= worth + 0.01


def test_weights_of_futures_prove_the_bound_of_the_worked_example() -> None:
    """A third of the value turns on the tail; all of it on the fourth future leaves 0.6, evenly spread 0.75."""
    p = two_ways(0.3)
    lay = layout(p)
    for prices, bound in ((np.array([0.0, 0.0, 0.0, 1.2]), 0.6), (np.full(4, 0.3), 0.75)):
        theta = np.zeros(lay.size)
        theta[lay.floors : lay.floors + 4] = prices
        slopes = 0.25 * (0.7 + prices)
        theta[lay.goals : lay.goals + 4] = slopes
        told, _ = dual.evaluate(p, lay, theta, 1.0, 1.0, np.zeros(lay.size), np.zeros(p.allow.shape))
        assert told == pytest.approx(bound)


def test_the_tail_is_a_twentieth_rounded_up() -> None:
    assert [tail_count(n) for n in (1, 2, 20, 21, 40, 41, 200)] == [1, 1, 1, 2, 2, 3, 10]


@pytest.mark.parametrize("seed", range(5))
def test_the_tail_never_lies_above_the_mean_and_more_weight_on_it_never_helps(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=7 + 11 * seed).tolist()
    mean, tail = mean_and_tail(values)
    assert tail <= mean
    worths = [weighed(values, w) for w in np.linspace(0, 1, 6)]
    assert worths == sorted(worths, reverse=True)
    assert worths[0] == pytest.approx(mean)
    assert worths[-1] == pytest.approx(tail)


def test_options_of_a_project_share_their_luck_and_a_seed_its_futures() -> None:
    options = [("a", "p", 0.3), ("b", "p", 0.6), ("c", "q", 0.6)]
    one, two = draw("pq", options, 500, 7), draw("pq", options, 500, 7)
    assert all((one[name] == two[name]).all() for name in one)
    assert (one["a"] <= one["b"]).all()
    assert (one["b"] != one["c"]).any()
    assert one["b"].mean() == pytest.approx(0.6, abs=0.08)


def sound(programme: Programme, plan: Plan) -> None:
    """Every rule holds, the plan says the truth about itself, and its bound is proven exactly."""
    assert verify(programme, plan) == []
    assert verify_bound(programme, plan) == []
    mean, tail = plan.expected_value, plan.tail_value
    assert mean is not None
    assert tail is not None
    weight = plan.settings.tail_weight
    assert tail <= mean + 1e-12
    assert plan.value == pytest.approx((1 - weight) * mean + weight * tail)
    assert plan.value == pytest.approx(recomputed_value(programme, plan), abs=1e-9)
    assert plan.value == pytest.approx(plan_value(programme, plan), abs=1e-9)
    assert plan.nothing == pytest.approx(nothing_value(programme, plan), abs=1e-9)
    assert plan.nothing - 1e-9 <= plan.value <= plan.bound < np.inf


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_plans_over_futures_keep_every_rule(seed: int) -> None:
    programme = unsure(seed, 8, carry_over=seed % 2 == 0)
    weight = (0.0, 0.3, 1.0)[seed % 3]
    plan = plan_programme(programme, PlanSettings(work=WORK, scenarios=21, tail_weight=weight, seed=seed))
    sound(programme, plan)


def every_plan(programme: Programme, settings: PlanSettings) -> Iterator[Plan]:
    """Every option at every start of every candidate, wherever the rules allow it."""
    ways = []
    for project in programme.projects.filter(pl.col("status") == "candidate")["id"].to_list():
        options = programme.options.filter(pl.col("project") == project)["id"].to_list()
        ways.append([None, *itertools.product([project], options, range(programme.n_quarters))])
    for picks in itertools.product(*ways):
        chosen = [p for p in picks if p is not None]
        plan = plan_of(programme, chosen, settings=PlanSettings(), value=0.0, nothing=0.0)
        if all(v.rule in STATEMENTS for v in verify(programme, plan)):
            yield dataclasses.replace(plan, settings=settings)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 11, 13])
def test_the_best_plan_over_futures_of_very_small_programmes_is_found(seed: int) -> None:
    made = unsure(seed, 4, years=2, max_options=2)
    programme = Programme(made.settings, {**made.frames, "training": made.training.clear()})
    asked = PlanSettings(work=WORK, scenarios=6, tail_weight=0.5)
    plan = plan_programme(programme, asked)
    sound(programme, plan)
    best = max(recomputed_value(programme, other) for other in every_plan(programme, asked))
    assert plan.value == pytest.approx(best, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_bound_holds_for_any_plan(seed: int) -> None:
    programme = unsure(seed, 8)
    asked = PlanSettings(work=400, scenarios=10, tail_weight=0.4)
    bound = plan_programme(programme, asked).bound
    rng = np.random.default_rng(seed)
    for _ in range(3):
        other = plan_of(programme, greedy_picks(rng, programme), settings=asked, value=0.0, nothing=0.0)
        assert recomputed_value(programme, other) <= bound


def test_where_everything_succeeds_futures_change_nothing() -> None:
    made = unsure(5, 8)
    sure = made.options.with_columns(pl.lit(1.0).alias("success_share"))
    programme = Programme(made.settings, {**made.frames, "options": sure})
    plain = plan_programme(programme, PlanSettings(work=WORK))
    plan = plan_programme(programme, PlanSettings(work=WORK, scenarios=20))
    sound(programme, plan)
    assert plan.value == pytest.approx(recomputed_value(programme, dataclasses.replace(plan, settings=PlanSettings())))
    assert plan.nothing == pytest.approx(plain.nothing)
    assert plan.value <= plain.bound
    assert plain.value <= plan.bound


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_one_future_is_the_programme_without_what_fails(seed: int) -> None:
    programme = unsure(seed, 8)
    asked = PlanSettings(work=WORK, scenarios=1, tail_weight=0.7, seed=seed)
    plan = plan_programme(programme, asked)
    sound(programme, plan)
    assert plan.expected_value == plan.tail_value
    success = plan.details["successes"]
    luck = {name: int(text, 16) >> 7 == 1 for name, text in success.items()}
    kept = plan.choices.filter(pl.col("project").is_in([name for name, good in luck.items() if good]))
    only = dataclasses.replace(plan, choices=kept, settings=PlanSettings())
    assert plan.value == pytest.approx(recomputed_value(programme, only), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [1, 7, 25])
def test_any_prices_give_the_same_bound_over_futures_in_both_readings(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    programme = unsure(seed, 8)
    asked = PlanSettings(scenarios=count, tail_weight=float(rng.random()), min_reliance=0.1 if seed % 2 else None)
    p = compile_programme(apply(programme, asked), asked).problem
    lay = layout(p)
    theta = rng.random(lay.size) * (rng.random(lay.size) < 0.6) / lay.scale * 0.2
    futures = slice(lay.floors + p.tail_from, lay.floors + len(p.b_floor))
    theta[futures] = rng.random(count) * 2 * asked.tail_weight * count
    where = np.flatnonzero(theta)
    prices = _prices(p, {"kind": "lagrangian", "size": lay.size, "at": where.tolist(), "price": theta[where].tolist()})
    assert prices is not None
    told, _ = dual.evaluate(p, lay, theta, 1.0, 1.0, np.zeros(lay.size), np.zeros(p.allow.shape))
    assert float(Fraction(lagrangian(p, prices), ONE)) == pytest.approx(told, rel=1e-11, abs=1e-11)


def test_the_loss_by_the_tail_follows_the_state() -> None:
    programme, asked = unsure(4, 9), PlanSettings(scenarios=30, tail_weight=0.25)
    c = compile_programme(programme, asked)
    st = state.new_state(c.problem)
    rng = np.random.default_rng(0)
    for project in rng.permutation(len(c.problem.must)).tolist():
        allowed = np.argwhere(c.problem.allow[c.problem.opt_ptr[project] : c.problem.opt_ptr[project + 1]])
        if len(allowed):
            option, start = allowed[rng.integers(len(allowed))].tolist()
            state.place(c.problem, st, project, int(c.problem.opt_ptr[project]) + option, start)
        values = c.of_futures(st.level)
        mean, tail = mean_and_tail(values)
        assert state.tail_loss(c.problem, st) == pytest.approx(0.25 * (mean - tail), abs=1e-12)
        assert sum(st.bval) == pytest.approx(mean)


@pytest.mark.slow
def test_a_floor_of_self_reliance_is_kept_beside_futures() -> None:
    programme = unsure(0, 4)
    floor = PlanSettings(work=WORK, min_reliance=0.05, min_reliance_from=2028, scenarios=10)
    sound(programme, plan_programme(programme, floor))


@pytest.fixture(scope="module")
def over_twelve() -> tuple[Programme, Plan]:
    """A plan over twelve futures, which no test changes."""
    programme = unsure(1)
    return programme, plan_programme(programme, PlanSettings(work=400, scenarios=12))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"expected_value": 9.0}, "expected"),
        ({"tail_value": None}, "worst 5 %"),
        ({"successes": {}}, "successes"),
    ],
)
def test_what_a_plan_says_of_its_futures_is_checked(
    changed: dict[str, Any], said: str, over_twelve: tuple[Programme, Plan]
) -> None:
    programme, plan = over_twelve
    found = verify(programme, dataclasses.replace(plan, details={**plan.details, **changed}))
    assert {v.rule for v in found} == {"futures"}
    assert any(said in v.message_en for v in found)


def test_other_successes_than_the_seed_gives_are_refused(over_twelve: tuple[Programme, Plan]) -> None:
    programme, plan = over_twelve
    turned = {name: f"{int(text, 16) ^ 0x8000:04x}" for name, text in plan.details["successes"].items()}
    found = verify(programme, dataclasses.replace(plan, details={**plan.details, "successes": turned}))
    assert set(found[0].rows) == set(turned)


def test_explained_losses_are_those_of_the_futures() -> None:
    programme = unsure(2, 8)
    plan = plan_programme(programme, PlanSettings(work=WORK, scenarios=10))
    for row in explain(programme, plan).filter("chosen").iter_rows(named=True):
        rest = plan.choices.filter(pl.col("project") != row["project"])
        without = recomputed_value(programme, dataclasses.replace(plan, choices=rest))
        assert row["worth"] == pytest.approx(plan.value - without, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_prices_spread_over_futures_prove_no_more_than_before(seed: int) -> None:
    programme, asked = unsure(seed, 9), PlanSettings(scenarios=15, tail_weight=0.3)
    plain, c = compile_programme(programme, PlanSettings()), compile_programme(programme, asked)
    ascent = Ascent(plain.problem)
    for _ in range(4):
        ascent.run_stage()
    over = Ascent(c.problem)
    over.begin(spread(plain, c, ascent.theta))
    assert over.best <= ascent.best + 1e-9
    assert over.stage > 0


@pytest.mark.parametrize(
    ("asked", "changed", "en", "vi"),
    [
        ({}, {"MOST_PROJECTS": 4}, "up to 4 projects; this one has", "tối đa 4 dự án"),
        ({}, {"MOST_GOALS": 2000}, "does not fit into memory", "không vừa bộ nhớ"),
        ({"time_limit": 0.001}, {}, "a limit of 0.001 seconds", "giới hạn 0.001 giây"),
    ],
)
def test_futures_that_do_not_fit_are_refused_with_what_would(
    asked: dict[str, Any], changed: dict[str, int], en: str, vi: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in changed.items():
        monkeypatch.setattr(ahead, name, value)
    with pytest.raises(SettingsError) as error:
        plan_programme(unsure(0, 8), PlanSettings(scenarios=100, **asked))
    assert en in error.value.message_en
    assert vi in error.value.message_vi
    if changed.get("MOST_PROJECTS"):
        return
    most = int(next(word for word in error.value.message_en.split("at most ")[1].split()))
    fits = PlanSettings(scenarios=most, **asked)
    ahead.check_futures(unsure(0, 8), fits)
    with pytest.raises(SettingsError):
        ahead.check_futures(unsure(0, 8), dataclasses.replace(fits, scenarios=most + 1))


def test_as_many_futures_as_asked_for_fit_under_a_work_limit() -> None:
    ahead.check_futures(unsure(0, 8), PlanSettings(scenarios=100, work=10, time_limit=0.001))


@pytest.mark.parametrize("early", [True, False])
def test_an_interrupt_keeps_the_best_plan_over_futures(early: bool) -> None:
    """Be it in the head start, where no value is told, or after it."""
    programme, seen = unsure(6, 8), []

    def stop(now: Progress) -> None:
        seen.append(now.value is None)
        if seen.count(early) == 2:
            raise KeyboardInterrupt

    plan = plan_programme(programme, PlanSettings(time_limit=6, scenarios=10), stop)
    assert plan.why_stopped == "interrupt"
    sound(programme, plan)


@pytest.mark.slow
def test_the_island_over_fifty_futures(island: Path, tmp_path: Path) -> None:
    programme = read(island)
    plan = plan_programme(programme, PlanSettings(work=2000, scenarios=50))
    sound(programme, plan)
    again = load_plan(plan.save(tmp_path / "plan.json"))
    sound(programme, again)
    told = again.summary("en")
    assert "50 sampled futures: expected value" in told
    assert "50 tương lai" in again.summary("vi")
    plain = plan_programme(programme, PlanSettings(work=2000))
    rows = compare(plain, plan).filter(pl.col("what") == "figure")["subject"].to_list()
    assert {"expected_value", "tail_value"} <= set(rows)
