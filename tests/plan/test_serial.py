"""The serial scheduler against a case solved by hand, the bench's own verifier, and public instances."""

import random
from pathlib import Path

import pytest
from bench.scheduling import faults, main, run
from bench.scheduling_read import Instance, best_known, parse, sets
from tests.data import data_path

from khien.plan.core.serial import build
from khien.plan.core.serial_solve import solve

# Two workers. a (3 long, both) and b (2, one), c (2, one) are free; d (1, two) comes after b.
# a needs both workers, as does d: b and c side by side 0-2, then a 3 and d 1 in either order: 6.
HAND = Instance("hand", [[(3, [2], [])], [(2, [1], [])], [(2, [1], [])], [(1, [2], [])]], [[], [3], [], []], [2], [])

# One task, quick for 5 of the stock or slow for 1; two such tasks, a stock of 6, one worker: quick + slow = 2 + 4.
MODES = Instance("modes", [[(2, [1], [5]), (4, [1], [1])]] * 2, [[], []], [1], [6])


def check(inst: Instance, **how) -> int:
    found = solve(build(inst.modes, inst.after, inst.capacity, inst.stock), **how)
    assert faults(inst, found.starts, found.modes) == []
    assert found.makespan == max(
        s + inst.modes[j][m][0] for j, (s, m) in enumerate(zip(found.starts, found.modes, strict=True)))
    assert found.bound <= found.makespan
    return found.makespan


def random_instance(seed: int) -> Instance:
    r = random.Random(seed)
    n, res, stocks = r.randint(1, 14), r.randint(0, 6), r.randint(0, 3)
    big = r.choice([1, 1, 5000])  # large capacities take wider lanes
    capacity = [r.randint(4, 9) * big for _ in range(res)]
    modes = [[(r.randint(0, 6), [r.randint(0, c) for c in capacity], [r.randint(0, 5) for _ in range(stocks)])
              for _ in range(r.randint(1, 3))] for _ in range(n)]
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


@pytest.mark.parametrize("seed", range(60))
def test_every_schedule_holds(seed):
    check(random_instance(seed), children=150, seed=seed + 1)


def test_equal_work_gives_equal_schedules():
    inst = random_instance(7)
    s = build(inst.modes, inst.after, inst.capacity, inst.stock)
    assert solve(s, children=400, seed=3) == solve(s, children=400, seed=3)


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
    (name, folder, texts), = sets(data_path("planning", "rcpsp", "j30.tar.xz"))
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
