"""The bench of what is asked of a plan, once and small."""

from __future__ import annotations

import pytest
from bench.reasons import main


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "says"),
    [("whatif", "worse"), ("reasons", "6 projects"), ("embargo", "kept in 100.0 %"), ("prices", "again: right")],
)
def test_every_bench_runs_on_the_island(what: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([what, "examples/island", "--small"]) == 0
    assert says in capsys.readouterr().out
