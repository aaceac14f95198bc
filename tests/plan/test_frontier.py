"""The frontier: known by hand on the island, met by brute force, monotone, every promise kept."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.plan.small_programmes import STATEMENTS, plan_of, random_programme
from tests.plan.test_solver import bare, sound

import khien
from khien.plan.ask.charges import SHARES, between, charges, weighed
from khien.plan.ask.desk import Desk
from khien.plan.ask.frontier import Frontier, frontier
from khien.plan.ask.kept import Kept, KeptError, asked_of, load_kept
from khien.plan.ask.shadow import Program
from khien.plan.core.ascent import Ascent
from khien.plan.core.layout import layout
from khien.plan.core.solve import Outcome, solve
from khien.plan.model import compile_programme
from khien.plan.settings import PlanSettings, apply
from khien.plan.verify import recomputed_value, verify
from khien.programme import Programme


def lawful(programme: Programme, told: Frontier) -> None:
    """Every plan keeps its promise, values and bounds never rise, steps add up."""
    reached = told.points.filter("reached")
    assert reached.height == len(told.plans)
    assert (told.points["promise"].diff().drop_nulls() >= 0).all()
    for row, plan in zip(reached.to_dicts(), told.plans, strict=True):
        sound(programme, plan)
        assert row["value"] == pytest.approx(plan.value)
        assert row["value"] <= row["bound"] + 1e-9
    for column in ("value", "bound"):
        assert (reached[column].diff().drop_nulls() <= 1e-9).all()
    for before, after in itertools.pairwise(zip(reached.to_dicts(), told.plans, strict=True)):
        step = told.bought.filter(pl.col("promise") == after[0]["promise"])
        chosen = set(before[1].choices["project"]) | set(step.filter(change="in")["project"])
        assert chosen - set(step.filter(change="out")["project"]) == set(after[1].choices["project"])


@pytest.mark.slow
def test_the_island_pays_for_independence_with_an_eighth_of_a_point(island: Path) -> None:
    """Worked by hand in docs/methods/frontier.md: 176 points of coverage, 171 with our own water, 170 with all ours."""
    told = frontier(khien.read(island), points=10, settings=PlanSettings(work=16_000))
    lawful(khien.read(island), told)
    assert told.from_year == 2029
    assert told.points["promise"].to_list()[0] == pytest.approx(0.525, abs=1e-6)
    assert told.points["promise"].to_list()[-1] == pytest.approx(0.775, abs=1e-6)
    assert sorted({round(v * 40) for v in told.points["value"]}) == [170, 171, 176]


@pytest.mark.slow
def test_the_island_survives_nine_months_only_with_its_own_water(island: Path) -> None:
    told = frontier(khien.read(island), "survival", 4, PlanSettings(work=10_000))
    lawful(khien.read(island), told)
    assert told.level == pytest.approx(0.45)
    assert told.points["promise"].to_list() == [0.0, 3.0, 6.0, 9.0]
    assert [round(v * 40) for v in told.points["value"]] == [176, 176, 176, 171]


def best_with_floor(programme: Programme, floor: float, year: int) -> float:
    """Most coverage of any plan with that self-reliance, by trying every plan."""
    wanted = programme.projects.filter(pl.col("status") == "candidate")["id"].to_list()
    asked = PlanSettings(min_reliance=floor, min_reliance_from=year, reliance_weight=0.0)
    ways = []
    for project in wanted:
        options = programme.options.filter(pl.col("project") == project)["id"].to_list()
        ways.append([None, *itertools.product([project], options, range(programme.n_quarters))])
    best = -np.inf
    for picks in itertools.product(*ways):
        plan = plan_of(programme, [p for p in picks if p is not None], settings=asked, value=0.0, nothing=0.0)
        if all(v.rule in STATEMENTS for v in verify(programme, plan)):
            best = max(best, recomputed_value(programme, plan))
    return best


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 11])
def test_points_are_the_best_plans_there_are(seed: int) -> None:
    programme = bare(seed)
    told = frontier(programme, points=3, settings=PlanSettings(work=6000))
    lawful(programme, told)
    for row in told.points.filter("reached").to_dicts():
        assert row["value"] == pytest.approx(best_with_floor(programme, row["promise"], told.from_year), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "measure"), [(0, "reliance"), (1, "survival"), (5, "reliance"), (6, "survival")])
def test_frontiers_of_random_programmes_are_lawful(seed: int, measure: str) -> None:
    programme = random_programme(np.random.default_rng(seed), 10, check=False)
    told = frontier(programme, measure, 4, PlanSettings(work=4000))
    lawful(programme, told)
    again = frontier(programme, measure, 4, PlanSettings(work=4000))
    assert told.points.equals(again.points)
    assert told.bought.equals(again.bought)


@pytest.mark.parametrize("written_out", [True, False])
def test_a_promise_moves_the_bound_as_it_moves_the_relaxation(
    written_out: bool, island: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the relaxation is written out or its price of the promise is looked for: 4.49 without, 4.32 with all."""
    programme = khien.read(island)
    if not written_out:
        monkeypatch.setattr("khien.plan.ask.frontier.promising", lambda p, lay: False)
        monkeypatch.setattr("khien.plan.core.closing.promising", lambda p, lay: False)
    told = frontier(programme, points=3, settings=PlanSettings(work=2000 if written_out else 8000))
    lawful(programme, told)
    near = 1e-6 if written_out else 0.01
    for row in told.points.to_dicts():
        asked = dataclasses.replace(told.plans[0].settings, min_reliance=row["promise"])
        p = compile_programme(apply(programme, asked), asked).problem
        relaxed, _ = Program(p, layout(p)).solved(np.zeros(layout(p).size))
        assert relaxed - 1e-6 <= row["bound"] <= relaxed * (1.0 + near)
    assert told.points["bound"][-1] == pytest.approx(4.3225, rel=near)


def test_a_mixture_of_prices_proves_at_least_what_they_prove_in_the_mean(island: Path) -> None:
    programme = khien.read(island)
    asked = PlanSettings(reliance_weight=0.0, min_reliance=0.65, min_reliance_from=2029)
    c = compile_programme(apply(programme, asked), asked)
    known = [np.zeros(layout(c.problem).size), *charges(c, np.zeros(layout(c.problem).size), 1.0, None)]
    bounds = [Desk.of(c, prices).bound for prices in between(known)]
    ends, mixed = bounds[: len(known)], bounds[len(known) :]
    lines = [a + share * (b - a) for a, b in itertools.pairwise(ends) for share in SHARES]
    assert all(found <= line + 1e-9 for found, line in zip(mixed, lines, strict=True))


@pytest.mark.parametrize("price", [0.0, 0.05, 0.4])
def test_the_price_of_a_floor_can_be_held_in_a_problem_without_it(price: float, island: Path) -> None:
    """With the price held, L is that of the weighed problem less price x floor; no plan that keeps it is worth more."""
    programme = khien.read(island)
    asked = PlanSettings(reliance_weight=0.0, min_reliance=0.77, min_reliance_from=2029)
    c = compile_programme(apply(programme, asked), asked)
    q = weighed(c.problem, price)
    ascent = Ascent(q)
    for _ in range(4):
        ascent.run_stage()
    whole = np.concatenate((ascent.theta, np.full(len(c.problem.b_floor), price)))
    bound = Desk.of(c, whole).bound
    assert bound == pytest.approx(ascent.best - price * float(c.problem.b_floor.sum()), abs=1e-6)
    assert bound >= 170 / 40


def test_what_is_out_of_reach_is_said(island: Path) -> None:
    asked = PlanSettings(work=8000, min_survival_months=24.0, survival_level=0.99, min_reliance_from=2026)
    told = frontier(khien.read(island), "survival", 3, asked)
    assert told.points["reached"].to_list() == [False] * 3
    assert told.plans == []


def pressed_in(search: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ctrl-C in the search of this number (the plan without a promise not counted), and in every later one."""
    searches: list[str] = []

    def pressed(*words: Any, **asked: Any) -> Outcome:
        searches.append("search")
        out = solve(*words, **asked)
        return dataclasses.replace(out, why="interrupt") if len(searches) >= search else out

    monkeypatch.setattr("khien.plan.ask.frontier.solve", pressed)
    return searches


def test_ctrl_c_in_any_search_ends_them_all_and_keeps_what_is_done(
    island: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = khien.read(island)
    searches = pressed_in(1, monkeypatch)
    told = frontier(programme, "reliance", 3, PlanSettings(work=4000))
    assert len(searches) == 1
    assert told.interrupted
    assert told.points["promise"].to_list() == [pytest.approx(0.525, abs=1e-6)]
    lawful(programme, told)
    searches = pressed_in(3, monkeypatch)
    told = frontier(programme, "reliance", 3, PlanSettings(work=4000))
    assert len(searches) == 3
    assert told.points["promise"].to_list() == pytest.approx([0.525, 0.775], abs=1e-6)
    lawful(programme, told)


def test_before_there_is_a_plan_ctrl_c_is_passed_on(island: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*words: Any, **asked: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("khien.plan.ask.frontier.plan_programme", pressed)
    with pytest.raises(KeyboardInterrupt):
        frontier(khien.read(island), "reliance", 3, PlanSettings(work=100))


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["reliance", "survival"])
def test_what_is_stopped_and_gone_on_with_is_what_was_never_stopped(
    measure: str, island: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit under a work limit, wherever it was stopped, and through the file."""
    programme, asked, file = khien.read(island), PlanSettings(work=6000), tmp_path / "searches.json"
    whole = frontier(programme, measure, 3, asked)
    done = None
    for search in (1, 2, 1, 2):
        with monkeypatch.context() as patch:
            pressed_in(search, patch)
            frontier(programme, measure, 3, asked, kept=done, keep=lambda now: now.save(file))
        done = load_kept(file, asked_of(programme, measure, 3, asked))
    assert done is not None
    assert done.count == 3
    counts: list[int] = []
    told = frontier(programme, measure, 3, asked, kept=done, keep=lambda now: counts.append(now.count))
    assert counts == [3, 4, 5]
    assert not told.interrupted
    assert told.points.equals(whole.points)
    assert told.bought.equals(whole.bought)
    for one, other in zip(told.plans, whole.plans, strict=True):
        assert one.certificate == other.certificate
        assert one.choices.equals(other.choices)


def test_searches_of_another_question_are_refused(island: Path, tmp_path: Path) -> None:
    programme, file = khien.read(island), tmp_path / "searches.json"
    asked = asked_of(programme, "reliance", 3, PlanSettings(work=100))
    Kept(asked).save(file)
    assert load_kept(file, asked_of(programme, "reliance", 3, PlanSettings(work=100, time_limit=5.0))).count == 0
    for other in (
        asked_of(programme, "survival", 3, PlanSettings(work=100)),
        asked_of(programme, "reliance", 3, PlanSettings(work=100, seed=1)),
        asked | {"programme": "x"},
    ):
        with pytest.raises(KeptError, match="another question"):
            load_kept(file, other)
    for text in ("", "{}", "[]", file.read_text()[:-9], file.read_text().replace('"points": []', '"points": [{}]')):
        file.write_text(text)
        with pytest.raises(KeptError, match="cannot be read"):
            load_kept(file, asked)


def test_nonsense_is_refused(island: Path) -> None:
    for measure, points in (("beauty", 10), ("reliance", 1)):
        with pytest.raises(ValueError, match="points"):
            frontier(khien.read(island), measure, points)
