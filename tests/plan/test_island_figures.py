"""The island's best plan, solved by hand in docs/start/island.md, has the figures of that page."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.plan.small_programmes import Picks, plan_of

from khien.plan import frames
from khien.plan.verify import recomputed_value, verify
from khien.programme import read

BEST: Picks = [
    ("membrane-make", "membrane-licence", 0),
    ("purifier-make", "purifier-own", 4),
    ("boat-make", "boat-buy", 7),
    ("sentry-make", "sentry-own", 10),
    ("boat-upkeep", "upkeep-own", 14),
]


def moved(project: str, start: int) -> Picks:
    return [(p, o, start if p == project else s) for p, o, s in BEST]


def test_the_best_plan(island: Path) -> None:
    programme = read(island)
    plan = plan_of(programme, BEST)
    assert verify(programme, plan) == []
    assert plan.value == pytest.approx(7.8, abs=1e-12)
    assert recomputed_value(programme, plan) == pytest.approx(7.8, abs=1e-12)
    assert plan.nothing == pytest.approx(2.85, abs=1e-12)
    cash = frames.money_by_year(programme, plan).filter(pl.col("kind") == "cash_end")["amount_mvnd"]
    assert cash.to_list() == [32_000, 16_000, 12_000, 12_000, 32_000, 72_000]


def test_the_runners_up(island: Path) -> None:
    programme = read(island)
    upkeep = plan_of(programme, moved("boat-upkeep", 15))
    assert verify(programme, upkeep) == []
    assert upkeep.value == pytest.approx(7.75, abs=1e-12)


@pytest.mark.parametrize(
    "project, start, rule",
    [
        ("boat-make", 6, "money"),
        ("sentry-make", 9, "money"),
        ("boat-upkeep", 13, "people"),
        ("purifier-make", 3, "precedence"),
    ],
)
def test_why_nothing_can_be_earlier(island: Path, project: str, start: int, rule: str) -> None:
    programme = read(island)
    assert rule in {v.rule for v in verify(programme, plan_of(programme, moved(project, start)))}
