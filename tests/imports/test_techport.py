"""Readiness steps: the worked table of the method page, the real file, and files that are not right."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khien.programme.imports import Calibration, calibrate_techport, write_calibration

sys.path.insert(0, str(Path(__file__).parents[1]))
from data import data_path

HEADER = ("projectId", "startDate", "endDate", "status", "trlBegin", "trlCurrent", "trlEnd")
BY_HAND = [
    # begin, reached, aim, end; all start on 2020-01-01; the fifth is still running, the sixth lacks its aim
    ("1", "2020-01-01", "2021-12-31", "Completed", "3", "5", "5"),
    ("2", "2020-01-01", "2020-12-31", "Completed", "3", "4", "5"),
    ("3", "2020-01-01", "2020-12-31", "Completed", "4", "5", "5"),
    ("4", "2020-01-01", "2020-12-31", "Completed", "3", "3", "4"),
    ("5", "2020-01-01", "2025-12-31", "Active", "3", "3", "4"),
    ("6", "2020-01-01", "2020-07-01", "Completed", "4", "5", ""),
]


def write(path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([header, *rows])
    return path


@pytest.fixture
def by_hand(tmp_path: Path) -> Calibration:
    return calibrate_techport(write(tmp_path / "t.csv", BY_HAND))


def step(calibration: Calibration, level: int) -> dict[str, float]:
    (row,) = calibration.frame.filter(pl.col("from_trl") == level).to_dicts()
    return row


def test_the_worked_table_success(by_hand: Calibration) -> None:
    # Step 3 to 4: projects 1, 2 and 4 tried, 1 and 2 made it. Step 4 to 5: 1, 2 and 3 tried, 1 and 3 made it.
    assert (step(by_hand, 3)["cases"], step(by_hand, 3)["reached"]) == (3, 2)
    assert (step(by_hand, 4)["cases"], step(by_hand, 4)["reached"]) == (3, 2)
    assert by_hand.summary["pooled_success_share"] == pytest.approx(4 / 6, abs=1e-6)
    assert step(by_hand, 3)["success_raw"] == pytest.approx(0.6667)
    assert step(by_hand, 3)["success_share"] == pytest.approx((2 + 10 * 4 / 6) / 13, abs=1e-4)
    assert step(by_hand, 3)["pooled_share"] == pytest.approx(10 / 13, abs=1e-4)


def test_the_worked_table_durations(by_hand: Calibration) -> None:
    year = 365 / (365.25 / 4)  # 2020-01-01 to 2020-12-31 in quarters
    one = 730 / 2 / (365.25 / 4)  # project 1 took two years for two steps
    half = 182 / (365.25 / 4)
    assert step(by_hand, 3)["durations"] == 2
    assert step(by_hand, 4)["durations"] == 3
    assert step(by_hand, 3)["duration_q50"] == pytest.approx((year + one) / 2, abs=1e-3)
    assert step(by_hand, 4)["duration_q50"] == pytest.approx(year, abs=1e-3)
    logs = [math.log(v) for v in (one, year, one, year, half)]
    centre = sum(logs) / 5
    pulled = (math.log(one) + math.log(year) + 10 * centre) / 12
    assert step(by_hand, 3)["duration_mode_quarters"] == pytest.approx(math.exp(pulled), abs=1e-3)
    spread = math.sqrt(sum((v - centre) ** 2 for v in logs) / 4)
    high = math.exp(pulled + 1.2815515655446004 * spread)
    assert step(by_hand, 3)["duration_high_quarters"] == pytest.approx(high, abs=1e-3)


def test_a_step_nobody_tried_is_all_prior(by_hand: Calibration) -> None:
    row = step(by_hand, 8)
    assert (row["cases"], row["durations"], row["success_raw"], row["duration_q50"]) == (0, 0, None, None)
    assert row["success_share"] == pytest.approx(4 / 6, abs=1e-4)
    assert row["pooled_share"] == 1.0


def test_what_was_left_out_is_told(by_hand: Calibration) -> None:
    assert [(f.code, f.row) for f in by_hand.findings] == [
        ("import-not-finished", 6),
        ("import-trl-missing", 7),
    ]
    assert all(f.message_vi and f.way_out_en for f in by_hand.findings)


def test_steps_put_together_make_a_prior(by_hand: Calibration) -> None:
    prior = by_hand.prior(3, 5)
    assert prior.success_share == pytest.approx(
        step(by_hand, 3)["success_share"] * step(by_hand, 4)["success_share"], abs=1e-4
    )
    assert prior.duration_low_quarters <= prior.duration_mode_quarters <= prior.duration_high_quarters
    assert prior.cases == 3
    with pytest.raises(ValueError, match="level"):
        by_hand.prior(5, 3)


def test_more_strength_pulls_harder(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv", [*BY_HAND, *[("9", "2020-01-01", "2020-12-31", "Completed", "6", "6", "7")] * 8]
    )
    loose, tight = calibrate_techport(path, strength=1), calibrate_techport(path, strength=100)
    pooled = loose.summary["pooled_success_share"]
    assert abs(step(tight, 6)["success_share"] - pooled) < abs(step(loose, 6)["success_share"] - pooled)
    assert step(loose, 6)["success_share"] > 0


def test_it_is_written_as_csv_and_json(by_hand: Calibration, tmp_path: Path) -> None:
    write_calibration(by_hand, tmp_path / "c.csv")
    write_calibration(by_hand, tmp_path / "c.json")
    assert pl.read_csv(tmp_path / "c.csv", schema=by_hand.frame.schema).equals(by_hand.frame)
    told = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert told["steps"] == by_hand.frame.to_dicts()
    assert told["summary"]["strength"] == 10
    with pytest.raises(ValueError, match="csv"):
        write_calibration(by_hand, tmp_path / "c.txt")


@pytest.mark.parametrize(
    ("rows", "header", "code"),
    [
        ([], HEADER, "import-nothing"),
        (BY_HAND, tuple("abcdefg"), "import-column-missing"),
        ([("1", "2020-01-01", "2020-12-31", "Completed", "12", "x", "3.5")], HEADER, "import-nothing"),
        ([("1", "2020-01-01", "2019-12-31", "Completed", "2", "3", "3")], HEADER, "import-nothing"),
    ],
)
def test_a_file_without_a_case_says_so(
    tmp_path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...], code: str
) -> None:
    result = calibrate_techport(write(tmp_path / "t.csv", rows, header))
    assert code in {f.code for f in result.errors}
    assert result.frame.is_empty()


def test_levels_out_of_range_and_aims_below_the_beginning_are_told(tmp_path: Path) -> None:
    rows = [("1", "2020-01-01", "2020-12-31", "Completed", "0", "3", "3")]
    rows += [("2", "2020-01-01", "2020-12-31", "Completed", "3", "4", "2")]
    codes = [f.code for f in calibrate_techport(write(tmp_path / "t.csv", rows)).findings]
    assert codes == ["import-trl-range", "import-trl-missing", "import-trl-no-step"]


def test_the_real_file() -> None:
    real = calibrate_techport(data_path("industry", "portfolio", "nasa_techport_trl.csv"))
    assert real.errors == []
    assert real.summary["rows"] == 263
    assert real.summary["findings"]["import-trl-missing"] == 84
    assert real.frame["cases"].sum() == real.summary["steps_tried"] > 300
    assert real.frame["success_share"].is_between(0.75, 0.95).all()
    assert real.frame["duration_mode_quarters"].is_between(3, 9).all()
    assert (real.frame["success_low"] <= real.frame["success_share"]).all()
    assert (real.frame["success_high"] >= real.frame["success_share"]).all()


cell = st.one_of(
    st.sampled_from(["", "1", "9", "4.0", "nan", "-3", "2020-01-01", "2021-06-30", "Completed"]),
    st.text(max_size=6),
)


@settings(max_examples=60)
@given(rows=st.lists(st.tuples(*[cell] * 7), max_size=6))
def test_no_row_raises(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]) -> None:
    plain = [tuple(c.encode("utf-8", "ignore").decode().replace("\0", "") for c in row) for row in rows]
    result = calibrate_techport(write(tmp_path_factory.mktemp("t") / "t.csv", plain))
    assert result.errors or len(result.frame) == 8
