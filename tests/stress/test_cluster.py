"""Draws over the workers of a Dask cluster are those of one machine."""

from __future__ import annotations

import distributed
import numpy as np
import pytest
from tests.stress.test_stress import case_of

from khien.stress import StressError, run, stress


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_two_workers_give_the_same_numbers() -> None:
    programme, plan, shocks = case_of(3)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True) as cluster:
        spread = stress(programme, plan, shocks, draws=12_000, paired=0, cluster=cluster.scheduler_address)
    alone = stress(programme, plan, shocks, draws=12_000, paired=0)
    assert np.array_equal(spread.values, alone.values)
    for name in ("coverage", "money", "finish", "promises", "shocks"):
        assert getattr(spread, name).equals(getattr(alone, name)), name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PATIENCE", 0.5)
    programme, plan, shocks = case_of(3)
    with pytest.raises(StressError, match=r"tcp://127\.0\.0\.1:9"):
        stress(programme, plan, shocks, draws=10, cluster="tcp://127.0.0.1:9")
