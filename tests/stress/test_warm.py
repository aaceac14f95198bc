"""What is compiled beforehand is what a stress test runs."""

from __future__ import annotations

from khien.plan.verify import verify
from khien.stress import stress
from khien.stress.core import replay
from khien.stress.warm import small


def test_the_smallest_plan_is_sound_and_goes_through_every_kernel() -> None:
    programme, plan = small()
    assert {v.rule for v in verify(programme, plan)} <= {"value", "nothing", "bound"}
    for repair in (True, False):
        result = stress(programme, plan, draws=2, repair=repair, paired=2, pairs=1)
        assert result.draws == 2
        assert not result.worth.is_empty()
    for kernel in (replay.repaired, replay.left_over, replay.worth, replay.keys_of):
        assert len(kernel.signatures) == 1, kernel
