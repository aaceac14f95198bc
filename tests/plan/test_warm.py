"""What is compiled beforehand is all that a plan, its reasons and its prices run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import importlib, pkgutil
import khien
import khien.plan.core as core
from numba.core.dispatcher import Dispatcher
from khien.plan.core.warm import warm

def compiled():
    out = {}
    for found in pkgutil.iter_modules(core.__path__):
        if found.name == "simplex":  # a program of its own
            continue
        module = importlib.import_module(f"khien.plan.core.{found.name}")
        for name, kernel in vars(module).items():
            if isinstance(kernel, Dispatcher):
                out[f"{kernel.py_func.__module__}.{name}"] = set(kernel.signatures)
    return out

warm()
before = compiled()
from khien.plan.ask.frontier import frontier
from khien.plan.ask.reasons import reasons
from khien.plan.ask.shadow import shadow_prices
from khien.plan.ask.whatif import asked, what_if
island = khien.read("examples/island")
for settings in ({"work": 500}, {"work": 500, "scenarios": 8, "tail_weight": 0.3}, {"time_limit": 1.0}):
    plan = khien.plan_programme(island, khien.PlanSettings(**settings))
    reasons(island, plan, steps=50)
what_if(island, plan, asked(plan, budget_factor=1.1, time_limit=1.0))
shadow_prices(island, plan)
frontier(island, "reliance", 2, khien.PlanSettings(time_limit=2.0))
vietnam = khien.read("examples/vietnam")
khien.plan_programme(vietnam, khien.PlanSettings(time_limit=4.0))
print(sorted(name for name, now in compiled().items() if now - before[name]))
"""


@pytest.mark.slow
def test_nothing_is_left_to_compile_while_a_plan_is_made(root: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, timeout=300, check=False
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[-1] == "[]"
