"""The search for a plan that keeps every rule."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from tests.plan.small_programmes import random_programme

from khien.plan import feasible
from khien.plan.core.solve import solve
from khien.plan.feasible import Verdict, rules_only, sought
from khien.plan.model import compile_programme
from khien.plan.settings import PlanSettings


def test_ctrl_c_is_passed_on_to_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search keeps Ctrl-C to itself; else it would have to be pressed once for each set of rules."""
    c = compile_programme(random_programme(np.random.default_rng(1), 5, check=False), PlanSettings())
    rules = rules_only(c.problem, list(c.promises.values()))
    out = dataclasses.replace(solve(rules, work=1), why="interrupt")
    monkeypatch.setattr(feasible, "solve", lambda *_, **__: out)
    with pytest.raises(KeyboardInterrupt):
        sought(rules, Verdict(), 1, math.inf)
