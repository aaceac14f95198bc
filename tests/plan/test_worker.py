"""The child that solves linear programmes: whatever it does, a search ends with a plan and leaves nothing behind."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.plan.test_core import drawn

from khien.plan.core import search, state, worker
from khien.plan.core.branch import Tree
from khien.plan.core.layout import layout
from khien.plan.core.problem import Problem
from khien.plan.core.simplex import frame
from khien.plan.core.solve import Outcome, Progress, solve

pytestmark = pytest.mark.slow

HANGS = "while True: pass"
ENDS = "pass"
DIES = "import os, sys; sys.stdin.buffer.read(20); os._exit(3)"
DEAF = "import time; time.sleep(1e6)"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    worker.crew.end()
    yield
    worker.crew.end()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[worker.Worker]:
    """Every child that is started from now on."""
    seen: list[worker.Worker] = []
    begin = worker.Worker.__init__

    def noted(self: worker.Worker) -> None:
        begin(self)
        seen.append(self)

    monkeypatch.setattr(worker.Worker, "__init__", noted)
    return seen


def instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    """Let children run another program."""
    program = tmp_path / "program.py"
    program.write_text(text)
    monkeypatch.setattr(worker, "PROGRAM", program)


def problem() -> Problem:
    """One whose gap only a tree closes."""
    return drawn(128, projects=6, most_options=2)


def sound(p: Problem, out: Outcome) -> None:
    st = state.new_state(p)
    state.rebuild(p, st, out.x, out.s, out.cohorts)
    assert search.valid(p, st) == 0
    assert float(st.value[0]) == pytest.approx(out.value)
    assert math.isfinite(out.bound)
    assert out.bound >= out.value - 1e-9


def countdown(seconds: float) -> Callable[[], float]:
    end = time.perf_counter() + seconds
    return lambda: end - time.perf_counter()


@pytest.mark.parametrize("text", [HANGS, DEAF])
def test_a_child_that_hangs_is_killed_and_the_search_keeps_its_limit(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[worker.Worker]
) -> None:
    instead(monkeypatch, tmp_path, text)
    p = problem()
    out = solve(p, time_limit=2.0)
    sound(p, out)
    assert started
    assert all(child.process.returncode == -signal.SIGKILL for child in started)
    assert worker.crew.idle == []


@pytest.mark.parametrize("text", [ENDS, DIES, "no python"])
def test_a_child_that_dies_counts_as_a_limit_that_was_reached(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instead(monkeypatch, tmp_path, text)
    p = problem()
    tree = Tree(p, layout(p))
    tree.explore(-20.0, 5, lambda: math.inf)
    assert tree.finished
    assert math.isinf(tree.bound)
    sound(p, solve(p, work=20_000))


def test_no_python_to_start_counts_as_a_limit_that_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    p = problem()
    sound(p, solve(p, work=20_000))


def test_a_child_is_kept_for_the_next_problem_and_replaced_when_it_was_killed(started: list[worker.Worker]) -> None:
    bounds = []
    for kill in (False, False, True):
        for p in (drawn(104, projects=3, most_options=1), problem()):
            tree = Tree(p, layout(p))
            tree.explore(-20.0, 8, lambda: math.inf)
            bounds.append(tree.bound)
        if kill:
            assert len(started) == 1
            started[0].process.kill()
            started[0].process.wait()
    tree = Tree(p, layout(p))
    tree.explore(-20.0, 8, lambda: math.inf)
    assert len(started) == 2
    assert bounds[:2] == bounds[2:4] == bounds[4:]
    assert tree.bound == bounds[1]


def test_a_call_that_is_halted_ends_the_child(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[worker.Worker]
) -> None:
    instead(monkeypatch, tmp_path, HANGS)
    p = problem()
    tree = Tree(p, layout(p))
    began, asked = time.perf_counter(), []

    def left() -> float:
        asked.append(0)
        return 0.0 if time.perf_counter() - began > 0.2 else math.inf

    tree.explore(-20.0, 5, left)
    assert len(asked) > 1
    assert not tree.finished, "the part is looked at once more later"
    assert started[0].process.returncode == -signal.SIGKILL


def test_an_interrupt_does_not_wait_for_a_child_that_hangs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[worker.Worker]
) -> None:
    instead(monkeypatch, tmp_path, HANGS)
    p = problem()

    def stop(_: Progress) -> None:
        if started:
            raise KeyboardInterrupt

    out = solve(p, time_limit=3600.0, progress=stop)
    assert out.why == "interrupt"
    sound(p, out)
    assert [child.process.returncode for child in started] == [-signal.SIGKILL]


def test_a_mistake_in_the_child_is_not_hidden() -> None:
    child = worker.Worker()
    with pytest.raises(worker.Failed, match="KeyError"):
        child.ask(frame(("least", 7, ())), countdown(60))
    child.end()


def test_equal_work_is_equal_bit_for_bit_with_new_and_with_used_children() -> None:
    told = []
    for fresh in (True, False, True):
        if fresh:
            worker.crew.end()
        out = solve(problem(), work=20_000)
        assert out.proof is not None
        proof = [(prices.at.tolist(), prices.price.tolist(), *rest) for prices, *rest in out.proof]
        told.append((out.x.tolist(), out.s.tolist(), out.value, out.bound, out.steps, out.why, proof))
    assert told[0] == told[1] == told[2]


SCRIPT = """
import math, os, sys, time
from tests.plan.test_core import drawn
from khien.plan.core import worker
from khien.plan.core.branch import Tree
from khien.plan.core.layout import layout
p = drawn(128, projects=6, most_options=2)
def bound(parts=8):
    tree = Tree(p, layout(p))
    tree.explore(-20.0, parts, lambda: math.inf)
    return tree.bound
"""
PIDS = "print(worker.crew.idle[0].process.pid, flush=True)\n"


def script(root: Path, text: str, **given: Any) -> subprocess.Popen[str]:
    """Run Python from its standard input, as a person types it: there is no file and no guard."""
    env = os.environ | {"PYTHONPATH": str(root), "PYTHONWARNINGS": "error::ResourceWarning"}
    run = subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", SCRIPT + text], cwd=root, env=env, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, **given,
    )  # fmt: skip
    return run


def gone(pid: int) -> bool:
    """Whether a process has ended, given half a minute."""
    for _ in range(600):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except ProcessLookupError:
            return True
        except FileNotFoundError:
            pass  # there is no such folder on this system, or the process ended just now
        time.sleep(0.05)
    return False


def test_a_script_without_a_guard_leaves_no_child_and_no_warning(root: Path) -> None:
    run = script(root, "print(bound())\n" + PIDS)
    told, wrong = run.communicate(timeout=120)
    assert run.returncode == 0
    assert wrong == ""
    first, pid = told.split()
    assert math.isfinite(float(first))
    assert gone(int(pid))


def test_a_process_that_is_killed_leaves_no_child(root: Path) -> None:
    run = script(root, "bound()\n" + PIDS + "time.sleep(1e6)\n")
    assert run.stdout is not None
    pid = int(run.stdout.readline())
    run.kill()
    run.communicate()
    assert gone(pid)


def test_a_process_that_is_killed_leaves_no_child_in_the_middle_of_a_calculation(root: Path) -> None:
    text = """
import numpy as np
from khien.plan.core.simplex import frame
rng = np.random.default_rng(0)
n, m = 1500, 1200
rows = -rng.random((n, m)) * (rng.random((n, m)) < 0.2)
from scipy.sparse import csr_matrix
rows = csr_matrix(rows)
child = worker.Worker()
written = (np.full(m, 9.0), np.ones(m), rows.data, rows.indices, rows.indptr, 5 + rng.random(n), np.arange(n), False)
child.ask(frame(("load", 1, written)), lambda: math.inf)
os.write(child.into, frame(("least", 1, (np.arange(n), np.zeros(n), 1.0, 10**8, 1e9))))
time.sleep(0.5)
print(child.process.pid, child.process.poll(), flush=True)
time.sleep(1e6)
"""
    run = script(root, text)
    assert run.stdout is not None
    pid, still = run.stdout.readline().split()
    assert still == "None"
    run.kill()
    run.communicate()
    assert gone(int(pid))


def test_ctrl_c_prints_no_traceback_of_the_child(root: Path) -> None:
    wait = f"try:\n    {PIDS}    time.sleep(1e6)\nexcept KeyboardInterrupt:\n    print(bound(), flush=True)\n"
    run = script(root, "bound()\n" + wait, start_new_session=True)
    assert run.stdout is not None
    pid = int(run.stdout.readline())
    os.killpg(run.pid, signal.SIGINT)
    told, wrong = run.communicate(timeout=120)
    assert math.isfinite(float(told)), "the child still answers"
    assert wrong == ""
    assert gone(pid)


def test_a_forked_process_starts_its_own_child(root: Path) -> None:
    text = """
one = bound()
pid = os.fork()
two = bound()
print(one == two, worker.crew.idle[0].process.pid, flush=True)
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
print(bound() == one, flush=True)
"""
    run = script(root, text)
    told, _ = run.communicate(timeout=120)
    lines = [line.split() for line in told.splitlines()]
    assert [line[0] for line in lines] == ["True"] * 3
    children = {int(line[1]) for line in lines if len(line) > 1}
    assert len(children) == 2
    assert all(gone(pid) for pid in children)
