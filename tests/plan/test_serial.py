"""The serial scheduler against a case solved by hand, the bench's own verifier, and public instances."""

import itertools
import random
from pathlib import Path

import numpy as np
import pytest
from bench.scheduling import faults, main, run, spread
from bench.scheduling_read import Instance, best_known, parse, sets
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data import data_path

from khien.plan.core.serial import build, by_finish, run_pass
from khien.plan.core.serial_solve import solve

# Two workers. a (3 long, both) and b (2, one), c (2, one) are free; d (1, two) comes after b.
# a needs both workers, as does d: b and c side by side 0-2, then a 3 and d 1 in either order: 6.
HAND = Instance("hand", [[(3, [2], [])], [(2, [1], [])], [(2, [1], [])], [(1, [2], [])]], [[], [3], [], []], [2], [])

# One task, quick for 5 of the stock or slow for 1; two such tasks, a stock of 6, one worker: quick + slow = 2 + 4.
MODES = Instance("modes", [[(2, [1], [5]), (4, [1], [1])]] * 2, [[], []], [1], [6])

# docs/methods/scheduling.md: two workers; a (2 long, one), b (1, two), c (2, one), d (1, two); b before c.
PAGE = Instance("page", [[(2, [1], [])], [(1, [2], [])], [(2, [1], [])], [(1, [2], [])]], [[], [2], [], []], [2], [])


def check(inst: Instance, **how) -> int:
    found = solve(build(inst.modes, inst.after, inst.capacity, inst.stock), **how)
    assert faults(inst, found.starts, found.modes) == []
    assert found.makespan == max(
        s + inst.modes[j][m][0] for j, (s, m) in enumerate(zip(found.starts, found.modes, strict=True))
    )
    assert found.bound <= found.makespan
    return found.makespan


def random_instance(seed: int) -> Instance:
    r = random.Random(seed)
    n, res, stocks = r.randint(1, 14), r.randint(0, 6), r.randint(0, 3)
    big = r.choice([1, 1, 5000])  # large capacities take wider lanes
    capacity = [r.randint(4, 9) * big for _ in range(res)]
    modes = [
        [
            (r.randint(0, 6), [r.randint(0, c) for c in capacity], [r.randint(0, 5) for _ in range(stocks)])
            for _ in range(r.randint(1, 3))
        ]
        for _ in range(n)
    ]
    # The first modes together always fit, so that every instance has a schedule.
    stock = [sum(m[0][2][k] for m in modes) for k in range(stocks)]
    names = list(range(n))
    r.shuffle(names)
    after: list[list[int]] = [[] for _ in range(n)]
    for i in range(n):
        for j in range(i + 1, n):
            if r.random() < 0.15:
                after[names[i]].append(names[j])
    return Instance(f"random{seed}", modes, after, capacity, stock)


@pytest.mark.parametrize("inst, makespan", [(HAND, 6), (MODES, 6)])
def test_solved_by_hand(inst, makespan):
    assert check(inst, children=300) == makespan


def test_to_and_fro_as_worked_by_hand():
    s = build(PAGE.modes, PAGE.after, PAGE.capacity, PAGE.stock)
    place = np.argsort(s.task_of)
    left, grid, g = np.zeros(0, np.int64), np.empty((s.horizon + 1, 1), np.int64), np.array([1], np.uint64)
    finish, order, count = np.zeros(4, np.int64), place.copy(), np.empty(s.horizon + 3, np.int64)
    to, fro = (s.before_at, s.before), (s.after_at, s.after)
    ends = []
    for way in (to, fro, to):
        longest = run_pass(s, *way, order, np.arange(4), left, 0.0, grid, finish, g)
        ends.append(([int(finish[j]) for j in place], longest))
        by_finish(finish, longest, way is to, count, order)
    assert ends[0] == ([2, 3, 5, 6], 6)
    assert ends[1] == ([3, 4, 3, 1], 4)  # counted from the end: a lies at 1-3, b at 0-1, c at 1-3, d at 3-4
    assert ends[2] == ([3, 1, 3, 4], 4)
    assert check(PAGE, children=100) == 4


def least(inst: Instance) -> int:
    """The shortest makespan: every list with every choice of modes, placed by plain code."""
    n, best = len(inst.modes), 10**9
    before = [[a for a in range(n) if b in inst.after[a]] for b in range(n)]
    lists = [
        p
        for p in itertools.permutations(range(n))
        if all(p.index(a) < p.index(b) for a in range(n) for b in inst.after[a])
    ]
    for chosen in itertools.product(*inst.modes):
        if any(sum(m[2][k] for m in chosen) > limit for k, limit in enumerate(inst.stock)):
            continue
        for one in lists:
            end: dict[int, int] = {}
            load: dict[tuple[int, int], int] = {}
            for j in one:
                d, needs, _ = chosen[j]
                t = max((end[a] for a in before[j]), default=0)
                while any(
                    load.get((r, u), 0) + a > inst.capacity[r] for r, a in enumerate(needs) for u in range(t, t + d)
                ):
                    t += 1
                for r, a in enumerate(needs):
                    for u in range(t, t + d):
                        load[r, u] = load.get((r, u), 0) + a
                end[j] = t + d
            best = min(best, max(end.values()))
    return best


def small_instance(seed: int) -> Instance:
    r = random.Random(seed)
    n = r.randint(2, 4)
    modes = [
        [(r.randint(1, 4), [r.randint(0, 3), r.randint(0, 3)], [r.randint(0, 3)]) for _ in range(r.randint(1, 2))]
        for _ in range(n)
    ]
    after = [[b for b in range(a + 1, n) if r.random() < 0.25] for a in range(n)]
    return Instance(f"small{seed}", modes, after, [3, 4], [sum(m[0][2][0] for m in modes)])


@pytest.mark.parametrize("seed", range(25))
def test_small_ones_against_all_lists_and_modes(seed):
    inst = small_instance(seed)
    assert check(inst, children=400, seed=seed + 1) == least(inst)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_a_project_run_backwards_takes_as_long(seed):
    inst = small_instance(seed)
    back = [[a for a in range(len(inst.modes)) if b in inst.after[a]] for b in range(len(inst.modes))]
    mirror = Instance("mirror", inst.modes, back, inst.capacity, inst.stock)
    assert check(inst, children=400) == check(mirror, children=400)


@pytest.mark.parametrize("seed", range(60))
def test_every_schedule_holds(seed):
    check(random_instance(seed), children=150, seed=seed + 1)


def test_equal_work_gives_equal_schedules():
    inst = random_instance(7)
    s = build(inst.modes, inst.after, inst.capacity, inst.stock)
    for threads in (1, 2):
        assert solve(s, children=400, seed=3, threads=threads) == solve(s, children=400, seed=3, threads=threads)


def test_a_sample_is_spread_evenly():
    texts = [(str(i), "") for i in range(10)]
    assert [stem for stem, _ in spread(texts, 3)] == ["1", "5", "8"]
    assert spread(texts, 0) == spread(texts, 99) == texts


def test_no_choice_of_modes_fits():
    inst = Instance("none", [[(1, [], [4])]] * 2, [[], []], [], [6])
    found = solve(build(inst.modes, inst.after, inst.capacity, inst.stock), children=10)
    assert found.starts == []
    assert run(inst, 1.0, 1, 5)["verified"] is False


def test_what_cannot_be_built():
    with pytest.raises(ValueError, match="circle"):
        build([[(1, [], [])]] * 2, [[1], [0]], [], [])
    with pytest.raises(ValueError, match="more than there is"):
        build([[(1, [3], [])]], [[]], [2], [])
    with pytest.raises(ValueError, match="too large"):
        build([[(1, [1], [])]], [[]], [1 << 40], [])


def test_the_verifier_sees_every_kind_of_fault():
    assert any("before job" in f for f in faults(HAND, [4, 0, 0, 1], [0] * 4))
    assert any("renewable 1 is overdrawn at 0" in f for f in faults(HAND, [0, 0, 3, 5], [0] * 4))
    assert any("non-renewable" in f for f in faults(MODES, [0, 2], [0, 0]))
    for starts, modes in (([0], [0]), ([0, 4], [0, 7]), ([-1, 4], [0, 1])):
        assert faults(MODES, starts, modes)
    assert faults(MODES, [0, 2], [0, 1]) == []


def test_j30_sample_is_near_the_optimum():
    ((name, folder, texts),) = sets(data_path("planning", "rcpsp", "j30.tar.xz"))
    known = best_known(name, folder)
    total = best = 0
    for stem, text in texts[::16]:
        total += check(parse(stem, text), children=3000)
        best += known[stem]
    assert best <= total <= 1.02 * best


def test_loose_files_and_both_formats(capsys):
    for parts in (("rcpsp", "j3010_1.sm"), ("mrcpsp", "j1010_1.mm"), ("mrcpsp", "Jall100_5.mm")):
        path: Path = data_path("planning", *parts)
        assert main([str(path), "--time-limit", "0.3", "--json"]) == 0
    assert '"gap_pct"' in capsys.readouterr().out
