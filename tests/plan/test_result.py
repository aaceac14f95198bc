"""A plan says what it is, and comes back from its file bit for bit."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.plan.tiny import PICKS, good_plan, tiny

from khien.plan.result import (
    CHOICES,
    Plan,
    PlanFileError,
    choices_frame,
    fixed_picks,
    load_plan,
    training_frame,
)
from khien.plan.settings import PlanSettings


@pytest.fixture
def plan() -> Plan:
    history = pl.DataFrame({"seconds": [0.1, 1.0], "value": [1.0, 1.9375], "bound": [math.inf, 2.0]})
    settings = PlanSettings(seed=7, pins=("boat-make",), min_reliance=0.1, min_reliance_from=2027)
    return dataclasses.replace(
        good_plan(tiny()),
        bound=2.0,
        seconds=1 / 3,
        seed=7,
        history=history,
        settings=settings,
        details={"scenarios": {"mean": 0.1 + 0.2}},
        certificate={"duals": [0.1, -1e-300]},
    )


def same(a: Plan, b: Plan) -> bool:
    return a.to_dict() == b.to_dict() and all(
        getattr(a, name).equals(getattr(b, name)) for name in ("choices", "training", "history")
    )


def test_gaps(plan: Plan) -> None:
    assert plan.gap == pytest.approx((2 - 1.9375) / 2)
    assert plan.relative_gap == pytest.approx((2 - 1.9375) / 2)
    assert dataclasses.replace(plan, nothing=1.0).gap == pytest.approx(0.0625)
    assert dataclasses.replace(plan, bound=1.9375).gap == 0.0
    assert dataclasses.replace(plan, bound=math.inf).gap == math.inf
    assert dataclasses.replace(plan, bound=0.0, value=0.0).relative_gap == 0.0
    nothing_to_win = dataclasses.replace(plan, bound=1e-12, value=0.0, nothing=0.0)
    assert (nothing_to_win.gap, nothing_to_win.relative_gap) == (0.0, 0.0)


def test_a_plan_comes_back_from_its_file(plan: Plan, tmp_path: Path) -> None:
    assert plan.save(tmp_path / "out") == tmp_path / "out" / "plan.json"
    assert same(load_plan(tmp_path / "out"), plan)
    assert same(load_plan(tmp_path / "out" / "plan.json"), plan)
    assert plan.save(tmp_path / "mine.json") == tmp_path / "mine.json"
    assert same(load_plan(tmp_path / "mine.json"), plan)
    assert load_plan(tmp_path / "mine.json").settings == plan.settings
    again = load_plan(tmp_path / "mine.json").save(tmp_path / "again.json")
    assert again.read_bytes() == (tmp_path / "mine.json").read_bytes()


def test_a_plan_without_bound_comes_back(plan: Plan, tmp_path: Path) -> None:
    unbounded = dataclasses.replace(plan, bound=math.inf)
    assert load_plan(unbounded.save(tmp_path)).bound == math.inf


def test_an_empty_plan_comes_back(plan: Plan, tmp_path: Path) -> None:
    empty = dataclasses.replace(
        plan, choices=plan.choices.clear(), training=plan.training.clear(), history=plan.history.clear()
    )
    assert same(load_plan(empty.save(tmp_path)), empty)


def test_nothing_half_written_stays_behind(plan: Plan, tmp_path: Path) -> None:
    plan.save(tmp_path)
    before = (tmp_path / "plan.json").read_bytes()
    broken = dataclasses.replace(plan, details={"what": object()})
    with pytest.raises(TypeError):
        broken.save(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]
    assert (tmp_path / "plan.json").read_bytes() == before


def _change(plain: dict[str, Any], key: str, value: Any) -> str:
    return json.dumps(plain | {key: value})


def test_files_that_are_no_plan(plan: Plan, tmp_path: Path) -> None:
    plain = plan.to_dict()
    cases = {
        "no.json": "not JSON",
        "list.json": "[]",
        "other.json": _change(plain, "format", "khien-plan-99"),
        "status.json": _change(plain, "status", "splendid"),
        "column.json": _change(plain, "choices", {"project": ["a"]}),
        "setting.json": _change(plain, "settings", {"speed": 3}),
        "missing.json": json.dumps({k: v for k, v in plain.items() if k != "value"}),
        "text.json": _change(plain, "choices", plain["choices"] | {"start": ["soon"] * 5}),
        "huge.json": _change(plain, "choices", plain["choices"] | {"start": [10**30] * 5}),
        "deep.json": "[" * 100_000,
        "certificate.json": _change(plain, "certificate", 5),
        "details.json": _change(plain, "details", "none"),
        "seed.json": _change(plain, "seed", "x"),
        "factor.json": _change(plain, "settings", plain["settings"] | {"budget_factor": -1}),
    }
    for name, text in cases.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(PlanFileError) as told:
            load_plan(tmp_path / name)
        assert name in told.value.message_vi
        assert name in told.value.message_en
        assert "\n" not in told.value.message_en
        assert ".." not in told.value.message_en
    with pytest.raises(PlanFileError):
        load_plan(tmp_path / "nowhere")


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("why", ["optimal", "gap", "time", "work", "interrupt"])
def test_the_summary_tells_all(plan: Plan, lang: str, why: str) -> None:
    text = dataclasses.replace(plan, why_stopped=why, clocked=why == "time").summary(lang)
    assert plan.programme_hash[:12] in text
    assert ("1,9375" if lang == "vi" else "1.9375") in text
    assert ("3,1" if lang == "vi" else "3.1") in text  # the gap, 3.125 %
    assert len(text.splitlines()) == (6 if why == "time" else 5)
    assert "{" not in text


def test_the_summary_says_when_there_is_no_bound(plan: Plan) -> None:
    assert "none" in dataclasses.replace(plan, bound=math.inf).summary("en")
    assert str(plan) == plan.summary("en")


def test_unknown_status_and_reason_are_refused(plan: Plan) -> None:
    with pytest.raises(ValueError):
        dataclasses.replace(plan, status="splendid")
    with pytest.raises(ValueError):
        dataclasses.replace(plan, why_stopped="bored")


def test_numbers_of_other_kinds_become_plain(plan: Plan, tmp_path: Path) -> None:
    odd = dataclasses.replace(
        plan, value=np.float64(1.5), choices=plan.choices.with_columns(pl.col("start").cast(pl.Int32))
    )
    assert type(odd.value) is float
    assert odd.choices.schema == CHOICES
    assert load_plan(odd.save(tmp_path)).value == 1.5


def test_choices_are_filled_in_from_the_programme() -> None:
    programme = tiny()
    assert fixed_picks(programme) == [("engine-make", "engine-own", -2), ("engine-up", "engine-up-own", 3)]
    frame = choices_frame(programme, [*PICKS, *fixed_picks(programme)])
    assert frame.row(0) == ("engine-make", "engine-own", -2, 2, "2025Q3", "2026Q2", True)
    assert frame.filter(pl.col("project") == "drone-buy").row(0)[2:] == (1, 3, "2026Q2", "2026Q3", False)
    assert choices_frame(programme, []).schema == CHOICES
    assert training_frame(programme, [("engineers", 4, 2), ("engineers", 1, 0)]).rows() == [
        ("engineers", 4, "2027Q1", 2)
    ]
