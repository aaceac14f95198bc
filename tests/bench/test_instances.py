"""A public programme-planning instance: the engine's figures against the format's own definition."""

from __future__ import annotations

import pytest
from bench.instances import load, to_problem, value_of, violations
from tests.data import data_path

from khien.plan.core.solve import solve


@pytest.mark.slow
def test_a_plan_of_an_instance_is_worth_what_the_format_says() -> None:
    instance = load(data_path("planning", "programme", "prog_n40_s1.json.xz"))
    problem = to_problem(instance)
    out = solve(problem, work=3000)
    firsts = {p: int(problem.opt_ptr[p]) for p in range(len(problem.must))}
    chosen = {p: (int(o) - firsts[p], int(out.s[p])) for p, o in enumerate(out.x) if o >= 0}
    assert chosen
    assert violations(instance, chosen) == []
    assert out.penalty == 0.0
    assert value_of(instance, chosen) == pytest.approx(out.value, rel=1e-12)
    assert out.bound >= out.value > value_of(instance, {})
